/* sorted_map.h - a map's entries in the order of their keys: maps are written sorted, so that equal records are equal bytes. */
#ifndef CX_CODEC_SORTED_MAP_H
#define CX_CODEC_SORTED_MAP_H
#include "base/str.h"

struct cx_sorted_map {
    const void *entries; /* the given ones, where they were in order already */
    void *on_heap;
    char room[2048];
};
/* Entries begin with a struct cx_str key. Give back with cx_sorted_map_end. */
void cx_sorted_map_begin(struct cx_sorted_map *sorted, const void *entries, size_t len, size_t entry_size);
void cx_sorted_map_end(struct cx_sorted_map *sorted);
#endif
