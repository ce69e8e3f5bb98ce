/* tree.h - JSON nodes made by hand: what a decoder of another format hands to the mapping. All memory is the arena's. */
#ifndef NORMALIZE_TREE_H
#define NORMALIZE_TREE_H
#include "base/json.h"

/* An object or array that grows at its end. */
struct normalize_tree {
    struct cx_arena *arena;
    struct cx_json *node, *last;
};
/* A new object or array; `parent` NULL: the top. `key` is null inside arrays. */
struct normalize_tree normalize_tree_new(struct cx_arena *arena, struct normalize_tree *parent, struct cx_str key, enum cx_json_type type);
/* Adds a string; nothing when `value` is null. */
void normalize_tree_string(struct normalize_tree *parent, struct cx_str key, struct cx_str value);
/* Adds a node that stands elsewhere (shallow copy under a new key); nothing when NULL. */
void normalize_tree_link(struct normalize_tree *parent, struct cx_str key, const struct cx_json *node);

/* A node as text: a string's contents, a number as sent, anything else as JSON; null for JSON null. */
struct cx_str normalize_tree_text(struct cx_arena *arena, const struct cx_json *node);
/* a, then separator, then b. */
struct cx_str normalize_concat(struct cx_arena *arena, struct cx_str a, struct cx_str separator, struct cx_str b);
#endif
