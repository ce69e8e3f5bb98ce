#include "base/hash.h"
#include "base/error.h"
#define XXH_INLINE_ALL /* short keys: the call would cost as much as the hash */
#include <xxhash.h>

uint64_t cx_hash64(const void *bytes, size_t len)
{
    return XXH3_64bits(bytes, len);
}

struct cx_id cx_hash128(const void *bytes, size_t len)
{
    XXH128_canonical_t canonical;
    struct cx_id id;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, len));
    memcpy(id.bytes, canonical.digest, sizeof id.bytes);
    return id;
}

/* The framed parts make one stream of bytes. A block that fills up with more to come is replaced by its hash. */
static void feed(struct cx_hasher *h, const void *bytes, size_t len)
{
    const char *from = bytes;
    while (len > sizeof h->bytes - h->len) {
        size_t room = sizeof h->bytes - h->len;
        memcpy(h->bytes + h->len, from, room);
        from += room;
        len -= room;
        struct cx_id block = cx_hash128(h->bytes, sizeof h->bytes);
        memcpy(h->bytes, block.bytes, sizeof block.bytes);
        h->len = sizeof block.bytes;
    }
    if (len) {
        memcpy(h->bytes + h->len, from, len);
        h->len += len;
    }
}

static void feed_framed(struct cx_hasher *h, const void *bytes, uint32_t len)
{
    const uint8_t frame[4] = { (uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16), (uint8_t)(len >> 24) };
    feed(h, frame, sizeof frame);
    if (bytes)
        feed(h, bytes, len);
}

void cx_hasher_init(struct cx_hasher *h, const char *domain)
{
    h->len = 0;
    cx_hasher_str(h, cx_str(domain));
}

void cx_hasher_str(struct cx_hasher *h, struct cx_str part)
{
    cx_assert(part.len < UINT32_MAX);
    feed_framed(h, part.ptr, part.ptr ? (uint32_t)part.len : UINT32_MAX);
}

void cx_hasher_i64(struct cx_hasher *h, int64_t part)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)((uint64_t)part >> 8 * i);
    feed_framed(h, bytes, sizeof bytes);
}

void cx_hasher_id(struct cx_hasher *h, struct cx_id part)
{
    feed_framed(h, part.bytes, sizeof part.bytes);
}

struct cx_id cx_hasher_end(struct cx_hasher *h)
{
    return cx_hash128(h->bytes, h->len);
}

static uint32_t little_endian32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint32_t cx_murmur2(struct cx_str key)
{
    const uint32_t m = 0x5bd1e995, seed = 0x9747b28c;
    const uint8_t *at = (const uint8_t *)key.ptr;
    size_t left = key.len;
    uint32_t h = seed ^ (uint32_t)left;
    for (; left >= 4; at += 4, left -= 4) {
        uint32_t k = little_endian32(at) * m;
        h = h * m ^ (k ^ k >> 24) * m;
    }
    if (left) {
        for (size_t i = 0; i < left; i++)
            h ^= (uint32_t)at[i] << 8 * i;
        h *= m;
    }
    h = (h ^ h >> 13) * m;
    return h ^ h >> 15;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c_sse42(uint32_t crc, const uint8_t *at, size_t len)
{
    uint64_t wide = crc;
    for (; len >= 8; at += 8, len -= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; len; at++, len--)
        crc = __builtin_ia32_crc32qi(crc, *at);
    return crc;
}
#endif

static uint32_t crc32c_portable(uint32_t crc, const uint8_t *at, size_t len)
{
    static const uint32_t of_nibble[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    for (; len; at++, len--) {
        crc ^= *at;
        crc = crc >> 4 ^ of_nibble[crc & 15];
        crc = crc >> 4 ^ of_nibble[crc & 15];
    }
    return crc;
}

uint32_t cx_crc32c(const void *bytes, size_t len)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2"))
        return ~crc32c_sse42(~0u, bytes, len);
#endif
    return ~crc32c_portable(~0u, bytes, len);
}

void cx_id_hex(struct cx_id id, char out[32])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        out[2 * i] = digits[id.bytes[i] >> 4];
        out[2 * i + 1] = digits[id.bytes[i] & 15];
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool cx_id_from_hex(struct cx_str hex, struct cx_id *out)
{
    if (hex.len != 2 * sizeof out->bytes)
        return false;
    struct cx_id id;
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        int high = hex_digit(hex.ptr[2 * i]), low = hex_digit(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        id.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = id;
    return true;
}
