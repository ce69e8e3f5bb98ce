#include "codec/sorted_map.h"
#include "base/error.h"

static int by_key(const void *a, const void *b)
{
    return cx_str_cmp(*(const struct cx_str *)a, *(const struct cx_str *)b);
}

static bool in_order(const char *entries, size_t len, size_t entry_size)
{
    for (size_t i = 1; i < len; i++)
        if (by_key(entries + (i - 1) * entry_size, entries + i * entry_size) > 0)
            return false;
    return true;
}

void cx_sorted_map_begin(struct cx_sorted_map *sorted, const void *entries, size_t len, size_t entry_size)
{
    sorted->entries = entries;
    sorted->on_heap = NULL;
    if (in_order(entries, len, entry_size))
        return;
    void *copy = sorted->room;
    if (len * entry_size > sizeof sorted->room) {
        copy = sorted->on_heap = malloc(len * entry_size);
        cx_assert(copy != NULL);
    }
    memcpy(copy, entries, len * entry_size);
    qsort(copy, len, entry_size, by_key);
    sorted->entries = copy;
}

void cx_sorted_map_end(struct cx_sorted_map *sorted)
{
    free(sorted->on_heap);
}
