/* snapshot_format.h - the numbers that snapshot_writer.c and snapshot_reader.c agree on.
 *
 * head:   "CXSNAPSH" u32 version, u32 length of what follows | text cluster, topic, chain, stage, owner; i32 partition; generation; i64
 *         generation_offset, offset, taken_ms; u8 tables, each: u8 kind, u32 value size, text name, u64 keys at the
 *         beginning (about what there will be, for making room) | u64 hash of all before
 * block:  u64 hash of what follows | u32 number, u32 payload bytes, u32 table, u32 entries | payload
 *         entry of a hash table: key, value; with values of any size: key, u32 length, value; of an ordered table: u8 length, key, u32 length, value
 * end:    a block of table END_TABLE: u64 entries, u64 hash of the hashes
 * A text is u8 length, bytes. */
#ifndef CX_STATE_SNAPSHOT_FORMAT_H
#define CX_STATE_SNAPSHOT_FORMAT_H
#include "state/durable_file.h"
#include "state/internal.h"
#include "state/snapshot.h"

#define CX_SNAPSHOT_MAGIC "CXSNAPSH"
enum {
    CX_SNAPSHOT_PREFIX = 16,      /* magic, version, length */
    CX_SNAPSHOT_HEAD_MAX = 65536, /* bytes between prefix and hash */
    CX_SNAPSHOT_FRAME = 24,       /* of a block, before its payload */
};
#define CX_SNAPSHOT_END UINT32_MAX /* "table" of the last block */

static inline void cx_put_u32(char *at, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(n >> 8 * i);
}
static inline void cx_put_u64(char *at, uint64_t n)
{
    for (int i = 0; i < 8; i++)
        at[i] = (char)(n >> 8 * i);
}
static inline uint32_t cx_get_u32(const char *at)
{
    uint32_t n = 0;
    for (int i = 0; i < 4; i++)
        n |= (uint32_t)(uint8_t)at[i] << 8 * i;
    return n;
}
static inline uint64_t cx_get_u64(const char *at)
{
    return cx_get_u32(at) | (uint64_t)cx_get_u32(at + 4) << 32;
}
/* Joins one more block's hash to the hash of the hashes before it. */
static inline uint64_t cx_snapshot_join(uint64_t joined, uint64_t hash)
{
    char both[16];
    cx_put_u64(both, joined);
    cx_put_u64(both + 8, hash);
    return cx_hash64(both, sizeof both);
}
#endif
