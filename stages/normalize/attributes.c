#include "stages/normalize/attributes.h"
#include "stages/normalize/tree.h"
#include "stages/normalize/zeros.h"

enum { FIRST_CAPACITY = 8 };

static bool has_key(const struct normalize_attributes *a, struct cx_str key)
{
    for (size_t i = 0; i < a->len; i++)
        if (cx_str_eq(a->items[i].key, key))
            return true;
    return false;
}

void normalize_attributes_add(struct normalize_attributes *a, struct cx_str key, struct cx_str value)
{
    key = normalize_without_zeros(a->arena, key);
    value = normalize_without_zeros(a->arena, value);
    if (value.ptr == NULL || key.ptr == NULL || has_key(a, key))
        return;
    if (a->len == NORMALIZE_ATTRIBUTES_MAX) {
        a->is_over = true;
        return;
    }
    if (a->len == a->cap) {
        a->cap = a->cap == 0 ? FIRST_CAPACITY : a->cap * 2;
        struct cx_str_entry *items = cx_arena_alloc(a->arena, a->cap * sizeof *items);
        if (a->len > 0)
            memcpy(items, a->items, a->len * sizeof *items);
        a->items = items;
    }
    a->items[a->len++] = (struct cx_str_entry){ key, value };
}

void normalize_attributes_node(struct normalize_attributes *a, struct cx_str key, const struct cx_json *node)
{
    if (!a->is_over)
        normalize_attributes_add(a, key, normalize_tree_text(a->arena, node));
}

bool normalize_attributes_end(const struct normalize_attributes *a, struct cx_interaction *record, struct normalize_fault *fault)
{
    if (a->is_over)
        return normalize_fail(fault, NORMALIZE_TOO_LARGE, CX_STR("more than 512 members without a field"));
    record->attributes = (struct cx_str_map){ a->items, a->len };
    return true;
}
