/* hash.h - hashes and 16-byte ids.
 * Ids and hashes written to topics are XXH3-128 in canonical (big-endian) form: the same bytes on every machine and for ever. */
#ifndef CX_BASE_HASH_H
#define CX_BASE_HASH_H
#include "base/str.h"

struct cx_id {
    uint8_t bytes[16];
};
static inline bool cx_id_eq(struct cx_id a, struct cx_id b)
{
    return memcmp(a.bytes, b.bytes, sizeof a.bytes) == 0;
}
static inline bool cx_id_is_zero(struct cx_id a)
{
    return cx_id_eq(a, (struct cx_id){ { 0 } });
}
uint64_t cx_hash64(const void *bytes, size_t len);
struct cx_id cx_hash128(const void *bytes, size_t len);

/* Hash of a sequence of parts, each framed by its length so that ("ab","c") and ("a","bc") differ; null differs from empty.
 * Parts up to 512 bytes in all cost one pass over a stack buffer. */
struct cx_hasher {
    uint8_t bytes[512];
    size_t len;
};
void cx_hasher_init(struct cx_hasher *h, const char *domain);
void cx_hasher_str(struct cx_hasher *h, struct cx_str part);
void cx_hasher_i64(struct cx_hasher *h, int64_t part);
void cx_hasher_id(struct cx_hasher *h, struct cx_id part);
struct cx_id cx_hasher_end(struct cx_hasher *h);

/* Kafka's partitioner (Java client, murmur2 with seed 0x9747b28c): what "murmur2 of the key" means everywhere. */
uint32_t cx_murmur2(struct cx_str key);
static inline int32_t cx_murmur2_partition(struct cx_str key, int32_t partitions)
{
    return (int32_t)((cx_murmur2(key) & 0x7fffffffu) % (uint32_t)partitions);
}
uint32_t cx_crc32c(const void *bytes, size_t len);

/* 32 lower-case hex digits, no NUL. Reading takes upper case too. */
void cx_id_hex(struct cx_id id, char out[32]);
bool cx_id_from_hex(struct cx_str hex, struct cx_id *out);
#endif
