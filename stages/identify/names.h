/* names.h - a fixed set of names, made at open and looked up per identifier. */
#ifndef IDENTIFY_NAMES_H
#define IDENTIFY_NAMES_H
#include "base/arena.h"
#include "base/hash.h"

struct identify_names {
    struct cx_str *names;
    uint32_t *slots; /* number of the name + 1; 0: free */
    uint32_t count, mask;
};
static inline void identify_names_init(struct identify_names *set, struct cx_arena *arena, uint32_t capacity)
{
    uint32_t slots = 8;
    while (slots < 2 * capacity)
        slots *= 2;
    *set = (struct identify_names){ CX_NEW_ARRAY(arena, struct cx_str, capacity), CX_NEW_ARRAY(arena, uint32_t, slots), 0, slots - 1 };
}
static inline uint32_t *identify_names_slot_(const struct identify_names *set, struct cx_str name)
{
    uint32_t at = (uint32_t)cx_hash64(name.ptr, name.len) & set->mask;
    while (set->slots[at] && !cx_str_eq(set->names[set->slots[at] - 1], name))
        at = (at + 1) & set->mask;
    return &set->slots[at];
}
/* Its number, or -1. */
static inline int identify_names_find(const struct identify_names *set, struct cx_str name)
{
    return (int)*identify_names_slot_(set, name) - 1;
}
/* Its number, old or new. */
static inline int identify_names_add(struct identify_names *set, struct cx_str name)
{
    uint32_t *slot = identify_names_slot_(set, name);
    if (*slot == 0) {
        set->names[set->count] = name;
        *slot = ++set->count;
    }
    return (int)*slot - 1;
}
#endif
