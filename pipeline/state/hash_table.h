/* hash_table.h - 16-byte keys to values of one size. The undo log and the changelog are above this.
 *
 * Entries (key, then value) stand in one dense sequence of chunks and never move when the table grows. Beside them is an index of 4-byte entry
 * numbers in buckets of one cache line: 12 one-byte tags, compared at once, and 12 numbers. Buckets are grouped in segments; a directory of segments
 * is looked up by the first bits of the hash. A segment that is full is split in two, so that growing stalls for one segment at most.
 *
 * An entry that finds its home bucket full goes to the next one of its segment, and each bucket counts the entries that passed it: a search ends at
 * the first bucket nobody passed, and a removal leaves no tombstone. The last entry of the sequence moves into the place of a removed one. */
#ifndef CX_STATE_HASH_TABLE_H
#define CX_STATE_HASH_TABLE_H
#include "base/hash.h"

struct cx_segment;
struct cx_slab;
struct cx_hash_table {
    size_t value_size;
    size_t stride; /* bytes of an entry */
    uint8_t **chunks;
    size_t chunk_count;
    uint32_t count; /* entries 0 .. count - 1 are in use */
    struct cx_segment **directory;
    unsigned depth;       /* the directory has 1 << depth rows */
    uint32_t bucket_mask; /* of every segment */
    size_t index_bytes;
    struct cx_slab *slabs;            /* where segments of full size come from */
    struct cx_segment *free_segments; /* those that were split */
};
#define CX_CHUNK_BITS 16
#define CX_NO_ENTRY   UINT32_MAX

void cx_hash_table_init(struct cx_hash_table *table, size_t value_size);
void cx_hash_table_free(struct cx_hash_table *table);
/* Makes an empty table ready for so many keys, so that filling it splits (almost) nothing. */
void cx_hash_table_reserve(struct cx_hash_table *table, uint64_t keys);
/* Number of the key's entry, or CX_NO_ENTRY. A number is valid until the next removal. */
uint32_t cx_hash_table_find(const struct cx_hash_table *table, const struct cx_id *key);
void cx_hash_table_prefetch(const struct cx_hash_table *table, const struct cx_id *key);
/* Adds a key that is not there; its value is zeroed. */
uint32_t cx_hash_table_insert(struct cx_hash_table *table, const struct cx_id *key);
/* Removes a key that is there. Entry number count - 1 takes over the number that becomes free. */
void cx_hash_table_remove(struct cx_hash_table *table, const struct cx_id *key);
size_t cx_hash_table_bytes(const struct cx_hash_table *table);

/* Entry by number: its key; the value follows. */
static inline uint8_t *cx_hash_table_entry(const struct cx_hash_table *table, uint32_t number)
{
    return table->chunks[number >> CX_CHUNK_BITS] + (number & ((1u << CX_CHUNK_BITS) - 1)) * table->stride;
}
static inline void *cx_hash_table_value(const struct cx_hash_table *table, uint32_t number)
{
    return cx_hash_table_entry(table, number) + sizeof(struct cx_id);
}
/* As find, for who knows where the key stood a while ago: mostly that is right, and reading the index is saved. */
static inline uint32_t cx_hash_table_find_near(const struct cx_hash_table *table, const struct cx_id *key, uint32_t hint)
{
    if (hint < table->count && memcmp(cx_hash_table_entry(table, hint), key, sizeof *key) == 0)
        return hint;
    return cx_hash_table_find(table, key);
}
#endif
