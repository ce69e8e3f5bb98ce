#include "codec/avro_in.h"

const uint8_t *cx_in_fail(struct cx_avro_in *in, enum cx_decode_error error)
{
    in->error = error;
    return NULL;
}

const uint8_t *cx_in_long_slow(struct cx_avro_in *in, const uint8_t *p)
{
    uint64_t bits = 0;
    in->number = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (p == in->end)
            return cx_in_fail(in, CX_DECODE_TRUNCATED);
        uint64_t byte = *p++;
        if (shift == 63 && byte > 1)
            break; /* an eleventh byte, or more than 64 bits */
        bits |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            in->number = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return p;
        }
    }
    return cx_in_fail(in, CX_DECODE_VARINT);
}

/* The count of a block, and its size where the writer gives it (a negative count). */
static const uint8_t *block_head(struct cx_avro_in *in, const uint8_t *p, struct cx_in_list *list)
{
    int64_t count, size;
    list->block_end = NULL;
    p = cx_in_long(in, p, &count);
    if (p != NULL && count < 0) {
        p = cx_in_long(in, p, &size);
        if (p != NULL && (uint64_t)size > cx_in_left(in, p))
            return cx_in_fail(in, CX_DECODE_LENGTH);
        list->block_end = p ? p + size : NULL;
        count = count < -CX_AVRO_MAX_ITEMS ? INT64_MAX : -count; /* INT64_MIN cannot be negated */
    }
    if (p == NULL || count > in->items_left)
        return p ? cx_in_fail(in, CX_DECODE_COUNT) : NULL;
    in->items_left -= (uint32_t)count;
    list->more = (size_t)count;
    return p;
}

const uint8_t *cx_in_next_block(struct cx_avro_in *in, const uint8_t *p, struct cx_in_list *list, size_t min_size)
{
    if (list->block_end != NULL && list->block_end != p)
        return cx_in_fail(in, CX_DECODE_LENGTH);
    p = block_head(in, p, list);
    return p == NULL || list->more * min_size <= cx_in_left(in, p) ? p : cx_in_fail(in, CX_DECODE_TRUNCATED);
}

const uint8_t *cx_in_block(struct cx_avro_in *in, const uint8_t *p, struct cx_in_list *list, size_t min_size, size_t item_size)
{
    p = cx_in_next_block(in, p, list, min_size);
    if (p != NULL && list->len + list->more > list->cap) {
        size_t cap = list->len == 0 ? list->more : 2 * (list->len + list->more);
        void *items = cx_arena_alloc(in->arena, cap * item_size);
        if (list->len != 0)
            memcpy(items, list->items, list->len * item_size);
        list->items = items;
        list->cap = cap;
    }
    return p;
}

const uint8_t *cx_in_str_list(struct cx_avro_in *in, const uint8_t *p, struct cx_str_list *out)
{
    struct cx_in_list list = { 0 };
    while ((p = cx_in_more(in, p, &list, 1, sizeof(struct cx_str))) && list.more != 0) {
        struct cx_str *items = list.items;
        for (; list.more != 0; list.more--)
            if (!(p = cx_in_string(in, p, &items[list.len++])))
                return NULL;
    }
    *out = (struct cx_str_list){ list.items, list.len };
    return p;
}

const uint8_t *cx_in_str_map(struct cx_avro_in *in, const uint8_t *p, struct cx_str_map *out)
{
    struct cx_in_list list = { 0 };
    while ((p = cx_in_more(in, p, &list, 2, sizeof(struct cx_str_entry))) && list.more != 0) {
        struct cx_str_entry *items = list.items;
        for (; list.more != 0; list.more--, list.len++)
            if (!(p = cx_in_string(in, p, &items[list.len].key)) || !(p = cx_in_string(in, p, &items[list.len].value)))
                return NULL;
    }
    *out = (struct cx_str_map){ list.items, list.len };
    return p;
}

const uint8_t *cx_in_i64_map(struct cx_avro_in *in, const uint8_t *p, struct cx_i64_map *out)
{
    struct cx_in_list list = { 0 };
    while ((p = cx_in_more(in, p, &list, 2, sizeof(struct cx_i64_entry))) && list.more != 0) {
        struct cx_i64_entry *items = list.items;
        for (; list.more != 0; list.more--, list.len++)
            if (!(p = cx_in_string(in, p, &items[list.len].key)) || !(p = cx_in_long(in, p, &items[list.len].value)))
                return NULL;
    }
    *out = (struct cx_i64_map){ list.items, list.len };
    return p;
}
