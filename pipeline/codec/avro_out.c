#include "codec/avro_out.h"
#include "codec/sorted_map.h"

/* A list is one block and the block of none that ends it; an empty one only the latter. */
static size_t size_of_blocks(size_t len)
{
    return len == 0 ? 1 : cx_size_long((int64_t)len) + 1;
}

size_t cx_size_str_list(struct cx_str_list list)
{
    size_t size = size_of_blocks(list.len);
    for (size_t i = 0; i < list.len; i++)
        size += cx_size_string(list.items[i]);
    return size;
}

size_t cx_size_str_map(struct cx_str_map map)
{
    size_t size = size_of_blocks(map.len);
    for (size_t i = 0; i < map.len; i++)
        size += cx_size_string(map.items[i].key) + cx_size_string(map.items[i].value);
    return size;
}

size_t cx_size_i64_map(struct cx_i64_map map)
{
    size_t size = size_of_blocks(map.len);
    for (size_t i = 0; i < map.len; i++)
        size += cx_size_string(map.items[i].key) + cx_size_long(map.items[i].value);
    return size;
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
