/* avro_out.h - writing Avro's binary encoding: first room for the most a record can take, then the bytes, so that writing needs no checks.
 * For the generated encoders, inside this room only. Each cx_put_ writes at p and answers where the next value goes. */
#ifndef CX_CODEC_AVRO_OUT_H
#define CX_CODEC_AVRO_OUT_H
#include <endian.h>
#include "codec/codec.h"

#define CX_AVRO_MAX_VARINT 10

/* Where a record is written: in the buffer, or beside it where only the record, not the bound, may fit below the buffer's maximum. */
struct cx_out_room {
    struct cx_buf *out;
    char *at, *end;
    char *beside;
};
struct cx_out_room cx_out_begin(struct cx_buf *out, size_t bound);
/* `p`: where the bytes end. Beyond the buffer's maximum nothing is kept and its overflow is set. */
void cx_out_end(struct cx_out_room *room, const char *p);

size_t cx_bound_str_list(struct cx_str_list list);
size_t cx_bound_str_map(struct cx_str_map map);
size_t cx_bound_i64_map(struct cx_i64_map map);
char *cx_put_str_list(char *p, struct cx_str_list list);
char *cx_put_str_map(char *p, struct cx_str_map map); /* sorted by key */
char *cx_put_i64_map(char *p, struct cx_i64_map map);

static inline uint64_t cx_zigzag(int64_t value)
{
    return ((uint64_t)value << 1) ^ (uint64_t)(value >> 63);
}
static inline char *cx_put_long(char *p, int64_t value)
{
    uint64_t bits = cx_zigzag(value);
    for (; bits >= 0x80; bits >>= 7)
        *p++ = (char)(bits | 0x80);
    *p++ = (char)bits;
    return p;
}
static inline char *cx_put_bool(char *p, bool value)
{
    *p = value;
    return p + 1;
}
static inline char *cx_put_double(char *p, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole64(bits);
    memcpy(p, &bits, sizeof bits);
    return p + sizeof bits;
}
static inline char *cx_put_float(char *p, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = htole32(bits);
    memcpy(p, &bits, sizeof bits);
    return p + sizeof bits;
}
static inline char *cx_put_id(char *p, const struct cx_id *id)
{
    memcpy(p, id->bytes, sizeof id->bytes);
    return p + sizeof id->bytes;
}
/* Short strings, nearly all, are copied by words that overlap. */
static inline char *cx_put_bytes(char *p, struct cx_str bytes)
{
    if (bytes.len > 16 || bytes.len < 4) {
        if (bytes.len > 16)
            memcpy(p, bytes.ptr, bytes.len);
        else
            for (size_t i = 0; i < bytes.len; i++)
                p[i] = bytes.ptr[i];
    } else if (bytes.len >= 8) {
        uint64_t first, last;
        memcpy(&first, bytes.ptr, 8);
        memcpy(&last, bytes.ptr + bytes.len - 8, 8);
        memcpy(p, &first, 8);
        memcpy(p + bytes.len - 8, &last, 8);
    } else {
        uint32_t first, last;
        memcpy(&first, bytes.ptr, 4);
        memcpy(&last, bytes.ptr + bytes.len - 4, 4);
        memcpy(p, &first, 4);
        memcpy(p + bytes.len - 4, &last, 4);
    }
    return p + bytes.len;
}
static inline char *cx_put_string(char *p, struct cx_str text)
{
    return cx_put_bytes(cx_put_long(p, (int64_t)text.len), text);
}
/* The index of a branch is 0 for null and 1 for a value; as a zigzag number 0 and 2. */
static inline char *cx_put_present(char *p, bool present)
{
    *p = present ? 2 : 0;
    return p + 1;
}
static inline char *cx_put_opt_string(char *p, struct cx_str text)
{
    p = cx_put_present(p, text.ptr);
    return text.ptr ? cx_put_string(p, text) : p;
}
static inline char *cx_put_opt_id(char *p, const struct cx_id *id)
{
    p = cx_put_present(p, id);
    return id ? cx_put_id(p, id) : p;
}
static inline char *cx_put_opt_bool(char *p, struct cx_opt_bool value)
{
    p = cx_put_present(p, value.set);
    return value.set ? cx_put_bool(p, value.value) : p;
}
static inline char *cx_put_opt_long(char *p, struct cx_opt_i64 value)
{
    p = cx_put_present(p, value.set);
    return value.set ? cx_put_long(p, value.value) : p;
}
static inline char *cx_put_opt_int(char *p, struct cx_opt_i64 value)
{
    cx_assert(!value.set || (value.value >= INT32_MIN && value.value <= INT32_MAX));
    return cx_put_opt_long(p, value);
}
static inline char *cx_put_opt_double(char *p, struct cx_opt_f64 value)
{
    p = cx_put_present(p, value.set);
    return value.set ? cx_put_double(p, value.value) : p;
}
static inline char *cx_put_opt_float(char *p, struct cx_opt_f64 value)
{
    p = cx_put_present(p, value.set);
    return value.set ? cx_put_float(p, (float)value.value) : p;
}
static inline char *cx_put_enum(char *p, int value, int symbols)
{
    cx_assert(value >= 0 && value < symbols);
    return cx_put_long(p, value);
}
static inline char *cx_put_opt_enum(char *p, int value, int symbols)
{
    p = cx_put_present(p, value >= 0);
    return value >= 0 ? cx_put_enum(p, value, symbols) : p;
}
#endif
