/* seen.h - in how many texts features are, whatever is counted as a feature. */
#ifndef CX_LEARN_SEEN_H
#define CX_LEARN_SEEN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct learn_seen {
    uint32_t feature, texts;  /* texts: 0: an empty slot */
    size_t last;              /* the text counted last */
    const uint32_t *features; /* of a word: its features */
    uint32_t count;
    bool is_favoured; /* and whether texts have it that are to be expected */
};
/* Open addressing; slots[0..cap-1] are in no order that means anything. */
struct learn_seen_table {
    struct learn_seen *slots;
    size_t cap, count;
};
void learn_seen_open(struct learn_seen_table *table);
/* The slot of a feature, made if there is none, with `text` counted once; texts have numbers from 1 on. Slots move when others are made. */
struct learn_seen *learn_seen_add(struct learn_seen_table *table, uint32_t feature, size_t text);
bool learn_seen_has(const struct learn_seen_table *table, uint32_t feature);
void learn_seen_close(struct learn_seen_table *table);
#endif
