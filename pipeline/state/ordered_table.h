/* ordered_table.h - keys of 1..255 bytes in byte order to values of any size: a skip list.
 * A node's height is a function of its key, so that the shape depends on the contents alone. */
#ifndef CX_STATE_ORDERED_TABLE_H
#define CX_STATE_ORDERED_TABLE_H
#include "base/str.h"

struct cx_block;
#define CX_ORDERED_LEVELS 14
struct cx_ordered_node {
    struct cx_block *value; /* owned by whoever put it there; never NULL in a linked node */
    uint64_t prefix;        /* first eight bytes of the key, big-endian: most comparisons end here */
    uint8_t key_len;
    uint8_t height;
    struct cx_ordered_node *next[]; /* height links, then the key's bytes */
};
struct cx_ordered_table {
    struct cx_ordered_node *first[CX_ORDERED_LEVELS];
    size_t count;
    size_t bytes; /* of nodes and values */
};
static inline struct cx_str cx_ordered_key(const struct cx_ordered_node *node)
{
    return cx_str_n(&node->next[node->height], node->key_len);
}
/* First node with a key >= `from` (> when after), or NULL. */
struct cx_ordered_node *cx_ordered_seek(const struct cx_ordered_table *table, struct cx_str from, bool after);
/* The node of this key, or NULL. */
struct cx_ordered_node *cx_ordered_find(const struct cx_ordered_table *table, struct cx_str key);
/* Adds a key that is not there. */
struct cx_ordered_node *cx_ordered_insert(struct cx_ordered_table *table, struct cx_str key, struct cx_block *value);
/* Takes out a key that is there and hands back its value. */
struct cx_block *cx_ordered_remove(struct cx_ordered_table *table, struct cx_str key);
void cx_ordered_free(struct cx_ordered_table *table); /* with all values */
#endif
