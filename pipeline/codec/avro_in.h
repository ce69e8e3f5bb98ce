/* avro_in.h - reading Avro's binary encoding, bounded everywhere. For the generated decoders and the resolver, inside this room only.
 *
 * Every function answers false after noting in->error and then must not be called again. Views point into the bytes read. Nothing is
 * allocated in proportion to what a length or count claims, only to bytes that are there. */
#ifndef CX_CODEC_AVRO_IN_H
#define CX_CODEC_AVRO_IN_H
#include <endian.h>
#include "codec/codec.h"

/* Array and map items in one record, all lists together. */
#define CX_AVRO_MAX_ITEMS 100000

struct cx_avro_in {
    const uint8_t *at, *end, *start;
    struct cx_arena *arena;
    uint32_t items_left; /* of CX_AVRO_MAX_ITEMS */
    enum cx_decode_error error;
    uint32_t section_at[CX_SECTIONS]; /* where the sections of an Interaction stand, counted from start */
};

/* An array or map being read: it comes in blocks, nearly always one. Zero at first. */
struct cx_in_list {
    void *items;
    size_t len, cap;
    size_t more;              /* items of this block still to be read */
    const uint8_t *block_end; /* where the writer says this block ends; NULL: not said */
};

bool cx_in_fail(struct cx_avro_in *in, enum cx_decode_error error) __attribute__((cold));
bool cx_in_long_slow(struct cx_avro_in *in, int64_t *value);
bool cx_in_non_ascii(struct cx_avro_in *in, struct cx_str text);
/* Opens the next block of a list without keeping its items. False when the list is complete, and on error. */
bool cx_in_next_block(struct cx_avro_in *in, struct cx_in_list *list, size_t min_size);
/* cx_in_more behind its shortcut for the empty list. */
bool cx_in_block(struct cx_avro_in *in, struct cx_in_list *list, size_t min_size, size_t item_size);
bool cx_in_str_list(struct cx_avro_in *in, struct cx_str_list *list);
bool cx_in_str_map(struct cx_avro_in *in, struct cx_str_map *map);
bool cx_in_i64_map(struct cx_avro_in *in, struct cx_i64_map *map);

static inline void cx_in_init(struct cx_avro_in *in, struct cx_arena *arena, struct cx_str body)
{
    in->at = in->start = (const uint8_t *)body.ptr;
    in->end = in->at + body.len;
    in->arena = arena;
    in->items_left = CX_AVRO_MAX_ITEMS;
    in->error = body.len > UINT32_MAX ? CX_DECODE_LENGTH : CX_DECODE_OK;
}
static inline size_t cx_in_left(const struct cx_avro_in *in)
{
    return (size_t)(in->end - in->at);
}
/* The verdict on a whole body: `ok` and nothing left over. */
static inline enum cx_decode_error cx_in_done(const struct cx_avro_in *in, bool ok)
{
    if (!ok || in->error != CX_DECODE_OK)
        return in->error;
    return in->at == in->end ? CX_DECODE_OK : CX_DECODE_TRAILING;
}
static inline bool cx_in_section(struct cx_avro_in *in, enum cx_section section)
{
    in->section_at[section] = (uint32_t)(in->at - in->start);
    return true;
}

/* Numbers of one byte, nearly all lengths and indexes, are settled in line. */
static inline bool cx_in_long(struct cx_avro_in *in, int64_t *value)
{
    if (__builtin_expect(in->at != in->end && *in->at < 0x80, 1)) {
        unsigned byte = *in->at++;
        *value = (int64_t)(byte >> 1) ^ -(int64_t)(byte & 1);
        return true;
    }
    return cx_in_long_slow(in, value);
}
static inline bool cx_in_int(struct cx_avro_in *in, int32_t *value)
{
    int64_t wide;
    if (!cx_in_long(in, &wide))
        return false;
    *value = (int32_t)wide;
    return *value == wide || cx_in_fail(in, CX_DECODE_VARINT);
}
static inline bool cx_in_index(struct cx_avro_in *in, int count, int *index)
{
    int64_t wide;
    if (!cx_in_long(in, &wide))
        return false;
    *index = (int)wide;
    return (wide >= 0 && wide < count) || cx_in_fail(in, CX_DECODE_ENUM);
}
/* The branch of a ["null", T]. */
static inline bool cx_in_present(struct cx_avro_in *in, bool *present)
{
    int index;
    if (!cx_in_index(in, 2, &index))
        return false;
    *present = index;
    return true;
}
static inline bool cx_in_bool(struct cx_avro_in *in, bool *value)
{
    if (in->at == in->end)
        return cx_in_fail(in, CX_DECODE_TRUNCATED);
    uint8_t byte = *in->at++;
    *value = byte;
    return byte <= 1 || cx_in_fail(in, CX_DECODE_ENUM);
}
static inline bool cx_in_double(struct cx_avro_in *in, double *value)
{
    uint64_t bits;
    if (cx_in_left(in) < sizeof bits)
        return cx_in_fail(in, CX_DECODE_TRUNCATED);
    memcpy(&bits, in->at, sizeof bits);
    bits = le64toh(bits);
    memcpy(value, &bits, sizeof bits);
    in->at += sizeof bits;
    return true;
}
static inline bool cx_in_float(struct cx_avro_in *in, float *value)
{
    uint32_t bits;
    if (cx_in_left(in) < sizeof bits)
        return cx_in_fail(in, CX_DECODE_TRUNCATED);
    memcpy(&bits, in->at, sizeof bits);
    bits = le32toh(bits);
    memcpy(value, &bits, sizeof bits);
    in->at += sizeof bits;
    return true;
}
static inline bool cx_in_id_view(struct cx_avro_in *in, const struct cx_id **id)
{
    if (cx_in_left(in) < sizeof **id)
        return cx_in_fail(in, CX_DECODE_TRUNCATED);
    *id = (const struct cx_id *)in->at; /* bytes only: no alignment to keep */
    in->at += sizeof **id;
    return true;
}
static inline bool cx_in_id(struct cx_avro_in *in, struct cx_id *id)
{
    const struct cx_id *view;
    if (!cx_in_id_view(in, &view))
        return false;
    *id = *view;
    return true;
}

/* Whether all bytes are below 0x80; reads words that overlap at the end. */
static inline bool cx_in_ascii(const uint8_t *bytes, size_t len)
{
    uint64_t word, all = 0;
    uint32_t first, last;
    if (len >= 8) {
        for (size_t i = 0; i + 8 < len; i += 8) {
            memcpy(&word, bytes + i, 8);
            all |= word;
        }
        memcpy(&word, bytes + len - 8, 8);
        return ((all | word) & 0x8080808080808080u) == 0;
    }
    if (len >= 4) {
        memcpy(&first, bytes, 4);
        memcpy(&last, bytes + len - 4, 4);
        return ((first | last) & 0x80808080u) == 0;
    }
    return len == 0 || (bytes[0] | bytes[len / 2] | bytes[len - 1]) < 0x80;
}
static inline bool cx_in_bytes(struct cx_avro_in *in, struct cx_str *bytes)
{
    int64_t len;
    if (!cx_in_long(in, &len))
        return false;
    if ((uint64_t)len > cx_in_left(in))
        return cx_in_fail(in, CX_DECODE_LENGTH);
    *bytes = cx_str_n(in->at, (size_t)len);
    in->at += len;
    return true;
}
static inline bool cx_in_string(struct cx_avro_in *in, struct cx_str *text)
{
    return cx_in_bytes(in, text) && (cx_in_ascii((const uint8_t *)text->ptr, text->len) || cx_in_non_ascii(in, *text));
}

/* Opens the next block and makes room for its items, each of at least `min_size` bytes in Avro and `item_size` in C. False when the
 * list is complete, and on error: the caller looks at in->error. */
static inline bool cx_in_more(struct cx_avro_in *in, struct cx_in_list *list, size_t min_size, size_t item_size)
{
    if (in->at != in->end && *in->at == 0 && list->block_end == NULL) {
        in->at++;
        return false;
    }
    return cx_in_block(in, list, min_size, item_size);
}

static inline bool cx_in_opt_string(struct cx_avro_in *in, struct cx_str *text)
{
    bool present;
    if (!cx_in_present(in, &present))
        return false;
    if (present)
        return cx_in_string(in, text);
    *text = CX_STR_NULL;
    return true;
}
static inline bool cx_in_opt_id(struct cx_avro_in *in, const struct cx_id **id)
{
    bool present;
    *id = NULL;
    return cx_in_present(in, &present) && (!present || cx_in_id_view(in, id));
}
static inline bool cx_in_opt_bool(struct cx_avro_in *in, struct cx_opt_bool *value)
{
    value->value = false;
    return cx_in_present(in, &value->set) && (!value->set || cx_in_bool(in, &value->value));
}
static inline bool cx_in_opt_long(struct cx_avro_in *in, struct cx_opt_i64 *value)
{
    value->value = 0;
    return cx_in_present(in, &value->set) && (!value->set || cx_in_long(in, &value->value));
}
static inline bool cx_in_opt_int(struct cx_avro_in *in, struct cx_opt_i64 *value)
{
    int32_t narrow = 0;
    bool ok = cx_in_present(in, &value->set) && (!value->set || cx_in_int(in, &narrow));
    value->value = narrow;
    return ok;
}
static inline bool cx_in_opt_double(struct cx_avro_in *in, struct cx_opt_f64 *value)
{
    value->value = 0;
    return cx_in_present(in, &value->set) && (!value->set || cx_in_double(in, &value->value));
}
static inline bool cx_in_opt_float(struct cx_avro_in *in, struct cx_opt_f64 *value)
{
    float narrow = 0;
    bool ok = cx_in_present(in, &value->set) && (!value->set || cx_in_float(in, &narrow));
    value->value = narrow;
    return ok;
}
#endif
