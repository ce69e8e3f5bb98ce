/* seen.c - a table that doubles when it is two thirds full. */
#include "learn/seen.h"
#include "base/error.h"

#define CAP_FIRST ((size_t)1 << 20)

static struct learn_seen *find(const struct learn_seen_table *table, uint32_t feature)
{
    size_t at = (size_t)(feature * 0x9e3779b1u) & (table->cap - 1);
    while (table->slots[at].texts > 0 && table->slots[at].feature != feature)
        at = (at + 1) & (table->cap - 1);
    return &table->slots[at];
}

static struct learn_seen_table sized(size_t cap)
{
    struct learn_seen_table table = { calloc(cap, sizeof *table.slots), cap, 0 };
    cx_assert(table.slots != NULL);
    return table;
}

static void grow(struct learn_seen_table *table)
{
    struct learn_seen_table bigger = sized(table->cap * 2);
    bigger.count = table->count;
    for (size_t i = 0; i < table->cap; i++)
        if (table->slots[i].texts > 0)
            *find(&bigger, table->slots[i].feature) = table->slots[i];
    free(table->slots);
    *table = bigger;
}

void learn_seen_open(struct learn_seen_table *table)
{
    *table = sized(CAP_FIRST);
}

struct learn_seen *learn_seen_add(struct learn_seen_table *table, uint32_t feature, size_t text)
{
    if (table->count * 3 > table->cap * 2)
        grow(table);
    struct learn_seen *seen = find(table, feature);
    table->count += seen->texts == 0;
    seen->feature = feature;
    seen->texts += seen->last != text;
    seen->last = text;
    return seen;
}

bool learn_seen_has(const struct learn_seen_table *table, uint32_t feature)
{
    return find(table, feature)->texts > 0;
}

void learn_seen_close(struct learn_seen_table *table)
{
    free(table->slots);
    *table = (struct learn_seen_table){ 0 };
}
