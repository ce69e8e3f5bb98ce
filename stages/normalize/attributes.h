/* attributes.h - what a channel sent that has no field, on its way into the record's map. */
#ifndef NORMALIZE_ATTRIBUTES_H
#define NORMALIZE_ATTRIBUTES_H
#include "stages/normalize/normalize.h"

enum { NORMALIZE_ATTRIBUTES_MAX = 512 };
struct normalize_attributes {
    struct cx_arena *arena;
    struct cx_str_entry *items;
    size_t len, cap;
    bool is_over; /* more than fit were added */
};
static inline void normalize_attributes_init(struct normalize_attributes *attributes, struct cx_arena *arena)
{
    *attributes = (struct normalize_attributes){ .arena = arena };
}
/* Nothing happens when the value is null or the key is there already: the first stands. */
void normalize_attributes_add(struct normalize_attributes *attributes, struct cx_str key, struct cx_str value);
/* A node under a key: text as it is, anything else as JSON text. */
void normalize_attributes_node(struct normalize_attributes *attributes, struct cx_str key, const struct cx_json *node);
/* Into the record; false and *fault when there were too many. */
bool normalize_attributes_end(const struct normalize_attributes *attributes, struct cx_interaction *record, struct normalize_fault *fault);
#endif
