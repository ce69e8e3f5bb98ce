#include "codec/avro_out.h"
#include "codec/sorted_map.h"

struct cx_out_room cx_out_begin(struct cx_buf *out, size_t bound)
{
    struct cx_out_room room = { .out = out };
    if (bound <= out->max - out->len && cx_buf_reserve(out, bound)) {
        room.at = out->ptr + out->len;
    } else {
        room.at = room.beside = malloc(bound);
        cx_assert(room.beside != NULL);
    }
    room.end = room.at + bound;
    return room;
}

void cx_out_end(struct cx_out_room *room, const char *p)
{
    cx_assert(p <= room->end);
    if (room->beside == NULL) {
        room->out->len += (size_t)(p - room->at);
        return;
    }
    cx_buf_add(room->out, room->beside, (size_t)(p - room->beside));
    free(room->beside);
}

/* The count, the items, and the block of none that ends the list. */
size_t cx_bound_str_list(struct cx_str_list list)
{
    size_t bound = CX_AVRO_MAX_VARINT + 1;
    for (size_t i = 0; i < list.len; i++)
        bound += CX_AVRO_MAX_VARINT + list.items[i].len;
    return bound;
}

size_t cx_bound_str_map(struct cx_str_map map)
{
    size_t bound = CX_AVRO_MAX_VARINT + 1;
    for (size_t i = 0; i < map.len; i++)
        bound += 2 * CX_AVRO_MAX_VARINT + map.items[i].key.len + map.items[i].value.len;
    return bound;
}

size_t cx_bound_i64_map(struct cx_i64_map map)
{
    size_t bound = CX_AVRO_MAX_VARINT + 1;
    for (size_t i = 0; i < map.len; i++)
        bound += 2 * CX_AVRO_MAX_VARINT + map.items[i].key.len;
    return bound;
}

char *cx_put_str_list(char *p, struct cx_str_list list)
{
    if (list.len != 0)
        p = cx_put_long(p, (int64_t)list.len);
    for (size_t i = 0; i < list.len; i++)
        p = cx_put_string(p, list.items[i]);
    return cx_put_long(p, 0);
}

char *cx_put_str_map(char *p, struct cx_str_map map)
{
    if (map.len == 0)
        return cx_put_long(p, 0);
    struct cx_sorted_map sorted;
    cx_sorted_map_begin(&sorted, map.items, map.len, sizeof *map.items);
    const struct cx_str_entry *entries = sorted.entries;
    p = cx_put_long(p, (int64_t)map.len);
    for (size_t i = 0; i < map.len; i++)
        p = cx_put_string(cx_put_string(p, entries[i].key), entries[i].value);
    cx_sorted_map_end(&sorted);
    return cx_put_long(p, 0);
}

char *cx_put_i64_map(char *p, struct cx_i64_map map)
{
    if (map.len == 0)
        return cx_put_long(p, 0);
    struct cx_sorted_map sorted;
    cx_sorted_map_begin(&sorted, map.items, map.len, sizeof *map.items);
    const struct cx_i64_entry *entries = sorted.entries;
    p = cx_put_long(p, (int64_t)map.len);
    for (size_t i = 0; i < map.len; i++)
        p = cx_put_long(cx_put_string(p, entries[i].key), entries[i].value);
    cx_sorted_map_end(&sorted);
    return cx_put_long(p, 0);
}
