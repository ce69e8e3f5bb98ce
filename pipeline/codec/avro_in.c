#include "codec/avro_in.h"

bool cx_in_fail(struct cx_avro_in *in, enum cx_decode_error error)
{
    in->error = error;
    return false;
}

bool cx_in_long_slow(struct cx_avro_in *in, int64_t *value)
{
    uint64_t bits = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (in->at == in->end)
            return cx_in_fail(in, CX_DECODE_TRUNCATED);
        uint64_t byte = *in->at++;
        if (shift == 63 && byte > 1)
            return cx_in_fail(in, CX_DECODE_VARINT); /* an eleventh byte, or more than 64 bits */
        bits |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return true;
        }
    }
    return cx_in_fail(in, CX_DECODE_VARINT);
}

bool cx_in_non_ascii(struct cx_avro_in *in, struct cx_str text)
{
    return cx_utf8_valid(text) || cx_in_fail(in, CX_DECODE_UTF8);
}

/* The count of a block, and its size where the writer gives it (a negative count). */
static bool block_head(struct cx_avro_in *in, struct cx_in_list *list)
{
    int64_t count, size;
    list->block_end = NULL;
    if (!cx_in_long(in, &count))
        return false;
    if (count < 0) {
        if (!cx_in_long(in, &size))
            return false;
        if ((uint64_t)size > cx_in_left(in))
            return cx_in_fail(in, CX_DECODE_LENGTH);
        list->block_end = in->at + size;
        count = count < -CX_AVRO_MAX_ITEMS ? INT64_MAX : -count; /* INT64_MIN cannot be negated */
    }
    if (count > in->items_left)
        return cx_in_fail(in, CX_DECODE_COUNT);
    in->items_left -= (uint32_t)count;
    list->more = (size_t)count;
    return true;
}

bool cx_in_next_block(struct cx_avro_in *in, struct cx_in_list *list, size_t min_size)
{
    if (list->block_end != NULL && list->block_end != in->at)
        return cx_in_fail(in, CX_DECODE_LENGTH);
    if (!block_head(in, list) || list->more == 0)
        return false;
    return list->more * min_size <= cx_in_left(in) || cx_in_fail(in, CX_DECODE_TRUNCATED);
}

bool cx_in_block(struct cx_avro_in *in, struct cx_in_list *list, size_t min_size, size_t item_size)
{
    if (!cx_in_next_block(in, list, min_size))
        return false;
    if (list->len + list->more > list->cap) {
        size_t cap = list->len == 0 ? list->more : 2 * (list->len + list->more);
        void *items = cx_arena_alloc(in->arena, cap * item_size);
        if (list->len != 0)
            memcpy(items, list->items, list->len * item_size);
        list->items = items;
        list->cap = cap;
    }
    return true;
}

bool cx_in_str_list(struct cx_avro_in *in, struct cx_str_list *out)
{
    struct cx_in_list list = { 0 };
    while (cx_in_more(in, &list, 1, sizeof(struct cx_str))) {
        struct cx_str *items = list.items;
        for (; list.more != 0; list.more--)
            if (!cx_in_string(in, &items[list.len++]))
                return false;
    }
    *out = (struct cx_str_list){ list.items, list.len };
    return in->error == CX_DECODE_OK;
}

bool cx_in_str_map(struct cx_avro_in *in, struct cx_str_map *out)
{
    struct cx_in_list list = { 0 };
    while (cx_in_more(in, &list, 2, sizeof(struct cx_str_entry))) {
        struct cx_str_entry *items = list.items;
        for (; list.more != 0; list.more--, list.len++)
            if (!cx_in_string(in, &items[list.len].key) || !cx_in_string(in, &items[list.len].value))
                return false;
    }
    *out = (struct cx_str_map){ list.items, list.len };
    return in->error == CX_DECODE_OK;
}

bool cx_in_i64_map(struct cx_avro_in *in, struct cx_i64_map *out)
{
    struct cx_in_list list = { 0 };
    while (cx_in_more(in, &list, 2, sizeof(struct cx_i64_entry))) {
        struct cx_i64_entry *items = list.items;
        for (; list.more != 0; list.more--, list.len++)
            if (!cx_in_string(in, &items[list.len].key) || !cx_in_long(in, &items[list.len].value))
                return false;
    }
    *out = (struct cx_i64_map){ list.items, list.len };
    return in->error == CX_DECODE_OK;
}
