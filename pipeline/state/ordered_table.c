#include "state/ordered_table.h"
#include "base/hash.h"
#include "state/block.h"

static uint64_t prefix_of(struct cx_str key)
{
    uint8_t padded[8] = { 0 };
    if (key.len)
        memcpy(padded, key.ptr, key.len < 8 ? key.len : 8);
    uint64_t prefix = 0;
    for (int i = 0; i < 8; i++)
        prefix = prefix << 8 | padded[i];
    return prefix;
}

/* Every fourth node of a level is on the next one too. */
static unsigned height_of(struct cx_str key)
{
    uint64_t h = cx_hash64(key.ptr, key.len) | UINT64_C(1) << 2 * (CX_ORDERED_LEVELS - 1);
    return 1 + (unsigned)__builtin_ctzll(h) / 2;
}

static inline bool is_before(const struct cx_ordered_node *node, uint64_t prefix, struct cx_str key, bool or_equal)
{
    if (node->prefix != prefix)
        return node->prefix < prefix;
    int order = cx_str_cmp(cx_ordered_key(node), key);
    return order < 0 || (or_equal && order == 0);
}

/* The first node not before `key`; *links[level] is the link that leads there, if links is not NULL. */
static struct cx_ordered_node *descend(const struct cx_ordered_table *table, struct cx_str key, bool or_equal, struct cx_ordered_node ***links)
{
    uint64_t prefix = prefix_of(key);
    struct cx_ordered_node *const *level_links = table->first;
    struct cx_ordered_node *beyond = NULL; /* known not to be before the key: not compared again on the levels below */
    for (int level = CX_ORDERED_LEVELS - 1; level >= 0; level--) {
        struct cx_ordered_node *node;
        while ((node = level_links[level]) != beyond && is_before(node, prefix, key, or_equal))
            level_links = node->next;
        beyond = node;
        if (links)
            links[level] = (struct cx_ordered_node **)&level_links[level];
    }
    return beyond;
}

struct cx_ordered_node *cx_ordered_seek(const struct cx_ordered_table *table, struct cx_str from, bool after)
{
    return descend(table, from, after, NULL);
}

struct cx_ordered_node *cx_ordered_find(const struct cx_ordered_table *table, struct cx_str key)
{
    struct cx_ordered_node *node = descend(table, key, false, NULL);
    return node && cx_str_eq(cx_ordered_key(node), key) ? node : NULL;
}

static size_t node_bytes(unsigned height, size_t key_len)
{
    return sizeof(struct cx_ordered_node) + height * sizeof(struct cx_ordered_node *) + key_len;
}

struct cx_ordered_node *cx_ordered_insert(struct cx_ordered_table *table, struct cx_str key, struct cx_block *value)
{
    struct cx_ordered_node **links[CX_ORDERED_LEVELS];
    descend(table, key, false, links);
    unsigned height = height_of(key);
    struct cx_ordered_node *node = cx_state_alloc(node_bytes(height, key.len));
    *node = (struct cx_ordered_node){ .value = value, .prefix = prefix_of(key), .key_len = (uint8_t)key.len, .height = (uint8_t)height };
    memcpy(&node->next[height], key.ptr, key.len);
    for (unsigned level = 0; level < height; level++) {
        node->next[level] = *links[level];
        *links[level] = node;
    }
    table->count++;
    table->bytes += node_bytes(height, key.len);
    return node;
}

struct cx_block *cx_ordered_remove(struct cx_ordered_table *table, struct cx_str key)
{
    struct cx_ordered_node **links[CX_ORDERED_LEVELS];
    struct cx_ordered_node *node = descend(table, key, false, links);
    cx_assert(node && cx_str_eq(cx_ordered_key(node), key));
    for (unsigned level = 0; level < node->height; level++)
        *links[level] = node->next[level];
    struct cx_block *value = node->value;
    table->count--;
    table->bytes -= node_bytes(node->height, node->key_len);
    free(node);
    return value;
}

void cx_ordered_free(struct cx_ordered_table *table)
{
    for (struct cx_ordered_node *node = table->first[0], *next; node; node = next) {
        next = node->next[0];
        free(node->value);
        free(node);
    }
    *table = (struct cx_ordered_table){ .count = 0 };
}
