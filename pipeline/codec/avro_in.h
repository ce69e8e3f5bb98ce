/* avro_in.h - reading Avro's binary encoding, bounded everywhere. For the generated decoders and the resolver, inside this room only.
 *
 * Every function reads at `p` and answers where the next value begins, or NULL after noting in->error. So the place stays in a register.
 * Views point into the bytes read. Nothing is allocated in proportion to what a length or count claims, only to bytes that are there. */
#ifndef CX_CODEC_AVRO_IN_H
#define CX_CODEC_AVRO_IN_H
#include <endian.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include "codec/codec.h"

/* The compiler would rather call these than repeat them; a record is a hundred such values. */
#define CX_IN_LINE static inline __attribute__((always_inline))

/* Array and map items in one record, all lists together. */
#define CX_AVRO_MAX_ITEMS 100000

struct cx_avro_in {
    const uint8_t *start, *end;
    struct cx_arena *arena;
    int64_t number;      /* what cx_in_long_slow read */
    uint32_t items_left; /* of CX_AVRO_MAX_ITEMS */
    enum cx_decode_error error;
    uint32_t section_at[CX_SECTIONS]; /* where the sections of an Interaction stand, counted from start */
};

/* An array or map being read: it comes in blocks, nearly always one. Zero at first. */
struct cx_in_list {
    void *items;
    size_t len, cap;
    size_t more;              /* items of this block still to be read; 0 after cx_in_more: the list is complete */
    const uint8_t *block_end; /* where the writer says this block ends; NULL: not said */
};

const uint8_t *cx_in_fail(struct cx_avro_in *in, enum cx_decode_error error) __attribute__((cold));
const uint8_t *cx_in_long_slow(struct cx_avro_in *in, const uint8_t *p);
/* Opens the next block of a list without keeping its items. */
const uint8_t *cx_in_next_block(struct cx_avro_in *in, const uint8_t *p, struct cx_in_list *list, size_t min_size);
/* cx_in_more behind its shortcut for the end of a list. */
const uint8_t *cx_in_block(struct cx_avro_in *in, const uint8_t *p, struct cx_in_list *list, size_t min_size, size_t item_size);
const uint8_t *cx_in_str_list(struct cx_avro_in *in, const uint8_t *p, struct cx_str_list *list);
const uint8_t *cx_in_str_map(struct cx_avro_in *in, const uint8_t *p, struct cx_str_map *map);
const uint8_t *cx_in_i64_map(struct cx_avro_in *in, const uint8_t *p, struct cx_i64_map *map);

/* Answers where the first value begins. */
static inline const uint8_t *cx_in_init(struct cx_avro_in *in, struct cx_arena *arena, struct cx_str body)
{
    in->start = (const uint8_t *)(body.ptr ? body.ptr : "");
    in->end = in->start + body.len;
    in->arena = arena;
    in->items_left = CX_AVRO_MAX_ITEMS;
    in->error = CX_DECODE_OK;
    return body.len > UINT32_MAX ? cx_in_fail(in, CX_DECODE_LENGTH) : in->start;
}
/* The verdict on a whole body: read, and nothing left over. */
static inline enum cx_decode_error cx_in_done(const struct cx_avro_in *in, const uint8_t *p)
{
    return p == in->end ? CX_DECODE_OK : p ? CX_DECODE_TRAILING : in->error;
}
static inline size_t cx_in_left(const struct cx_avro_in *in, const uint8_t *p)
{
    return (size_t)(in->end - p);
}
CX_IN_LINE const uint8_t *cx_in_section(struct cx_avro_in *in, const uint8_t *p, enum cx_section section)
{
    in->section_at[section] = (uint32_t)(p - in->start);
    return p;
}

/* Numbers of one byte, nearly all lengths and indexes, are settled in line. */
CX_IN_LINE const uint8_t *cx_in_long(struct cx_avro_in *in, const uint8_t *p, int64_t *value)
{
    if (__builtin_expect(p != in->end && *p < 0x80, 1)) {
        *value = (int64_t)(*p >> 1) ^ -(int64_t)(*p & 1);
        return p + 1;
    }
    p = cx_in_long_slow(in, p);
    *value = in->number;
    return p;
}
CX_IN_LINE const uint8_t *cx_in_int(struct cx_avro_in *in, const uint8_t *p, int32_t *value)
{
    int64_t wide;
    p = cx_in_long(in, p, &wide);
    *value = (int32_t)wide;
    return p == NULL || *value == wide ? p : cx_in_fail(in, CX_DECODE_VARINT);
}
CX_IN_LINE const uint8_t *cx_in_index(struct cx_avro_in *in, const uint8_t *p, int count, int *index)
{
    int64_t wide;
    p = cx_in_long(in, p, &wide);
    *index = (int)wide;
    return p == NULL || (uint64_t)wide < (uint64_t)count ? p : cx_in_fail(in, CX_DECODE_ENUM);
}
/* The branch of a ["null", T]. */
CX_IN_LINE const uint8_t *cx_in_present(struct cx_avro_in *in, const uint8_t *p, bool *present)
{
    int index;
    p = cx_in_index(in, p, 2, &index);
    *present = p && index;
    return p;
}
CX_IN_LINE const uint8_t *cx_in_bool(struct cx_avro_in *in, const uint8_t *p, bool *value)
{
    if (p == in->end)
        return cx_in_fail(in, CX_DECODE_TRUNCATED);
    *value = *p;
    return *p <= 1 ? p + 1 : cx_in_fail(in, CX_DECODE_ENUM);
}
CX_IN_LINE const uint8_t *cx_in_double(struct cx_avro_in *in, const uint8_t *p, double *value)
{
    uint64_t bits;
    if (cx_in_left(in, p) < sizeof bits)
        return cx_in_fail(in, CX_DECODE_TRUNCATED);
    memcpy(&bits, p, sizeof bits);
    bits = le64toh(bits);
    memcpy(value, &bits, sizeof bits);
    return p + sizeof bits;
}
CX_IN_LINE const uint8_t *cx_in_float(struct cx_avro_in *in, const uint8_t *p, float *value)
{
    uint32_t bits;
    if (cx_in_left(in, p) < sizeof bits)
        return cx_in_fail(in, CX_DECODE_TRUNCATED);
    memcpy(&bits, p, sizeof bits);
    bits = le32toh(bits);
    memcpy(value, &bits, sizeof bits);
    return p + sizeof bits;
}
CX_IN_LINE const uint8_t *cx_in_id_view(struct cx_avro_in *in, const uint8_t *p, const struct cx_id **id)
{
    if (cx_in_left(in, p) < sizeof **id)
        return cx_in_fail(in, CX_DECODE_TRUNCATED);
    *id = (const struct cx_id *)p; /* bytes only: no alignment to keep */
    return p + sizeof **id;
}
CX_IN_LINE const uint8_t *cx_in_id(struct cx_avro_in *in, const uint8_t *p, struct cx_id *id)
{
    if (cx_in_left(in, p) < sizeof *id)
        return cx_in_fail(in, CX_DECODE_TRUNCATED);
    memcpy(id, p, sizeof *id);
    return p + sizeof *id;
}

/* Whether `len` bytes are all below 0x80; `left` bytes may be looked at. Most strings are short, and few stand at the very end. */
CX_IN_LINE bool cx_in_ascii(const uint8_t *bytes, size_t len, size_t left)
{
    uint64_t word, all = 0;
#ifdef __SSE2__
    if (len <= 16 && left >= 16)
        return ((unsigned)_mm_movemask_epi8(_mm_loadu_si128((const __m128i *)bytes)) & ((1u << len) - 1)) == 0;
#else
    (void)left;
#endif
    if (len < 8) {
        for (size_t i = 0; i < len; i++)
            all |= bytes[i];
        return all < 0x80;
    }
    for (size_t i = 0; i + 8 < len; i += 8) {
        memcpy(&word, bytes + i, 8);
        all |= word;
    }
    memcpy(&word, bytes + len - 8, 8);
    return ((all | word) & 0x8080808080808080u) == 0;
}
CX_IN_LINE const uint8_t *cx_in_bytes(struct cx_avro_in *in, const uint8_t *p, struct cx_str *bytes)
{
    int64_t len;
    p = cx_in_long(in, p, &len);
    if (p == NULL || (uint64_t)len > cx_in_left(in, p))
        return p ? cx_in_fail(in, CX_DECODE_LENGTH) : NULL;
    *bytes = cx_str_n(p, (size_t)len);
    return p + len;
}
static inline const uint8_t *cx_in_string(struct cx_avro_in *in, const uint8_t *p, struct cx_str *text)
{
    p = cx_in_bytes(in, p, text);
    if (p == NULL || cx_in_ascii((const uint8_t *)text->ptr, text->len, text->len + cx_in_left(in, p)) || cx_utf8_valid(*text))
        return p;
    return cx_in_fail(in, CX_DECODE_UTF8);
}
/* Opens the next block and makes room for its items, each of at least `min_size` bytes in Avro and `item_size` in C. */
CX_IN_LINE const uint8_t *cx_in_more(struct cx_avro_in *in, const uint8_t *p, struct cx_in_list *list, size_t min_size, size_t item_size)
{
    if (p != in->end && *p == 0 && list->block_end == NULL) {
        list->more = 0;
        return p + 1;
    }
    return cx_in_block(in, p, list, min_size, item_size);
}
#endif
