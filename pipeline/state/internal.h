/* internal.h - the state room's own: tables with the log of what was changed in the open transaction.
 *
 * The undo log is a sequence of records, newest last. Each tells what a key was before one change. Walking back from the end to a savepoint
 * and putting every key back is a rollback; walking forward, the first record of a key tells that and when it was first touched. */
#ifndef CX_STATE_INTERNAL_H
#define CX_STATE_INTERNAL_H
#include "state/block.h"
#include "state/hash_table.h"
#include "state/ordered_table.h"
#include "state/state.h"

struct cx_state_table {
    const struct cx_table *row;
    struct cx_hash_table hash;
    struct cx_ordered_table ordered;
    size_t block_bytes; /* values of a hash table with values of any size */
    uint32_t inserted;  /* in the open transaction: how much the sweep owes */
    uint32_t swept;     /* entry number where the next sweep begins */
};

enum cx_undo_kind {
    CX_UNDO_ABSENT, /* the key was not there */
    CX_UNDO_BYTES,  /* it had the bytes that follow */
    CX_UNDO_BLOCK,  /* it had the block whose address follows; the log owns it now */
};
struct cx_undo {
    uint32_t size;     /* of this record with its key and what follows; a multiple of 8 */
    uint32_t previous; /* size of the record before, 0 for the first */
    uint32_t old_len;
    uint32_t entry; /* of a hash table: where the key stood, so that it need not be looked up again */
    uint8_t table;
    uint8_t kind;
    uint8_t key_len;
    char key[]; /* then what the key had */
};
struct cx_undo_log {
    char *bytes;
    size_t len, cap;
    size_t count;
    uint32_t last; /* size of the newest record */
    size_t blocks; /* records of kind CX_UNDO_BLOCK */
};
static inline const char *cx_undo_old(const struct cx_undo *undo)
{
    return undo->key + undo->key_len;
}

/* For telling first changes from later ones: undo records by key. */
struct cx_touched {
    uint32_t *slots; /* record's offset / 8 + 1; 0: free */
    size_t cap;
};

/* Where a snapshot's writer is (snapshot_writer.c). */
struct cx_walked_again {
    int table;
    struct cx_id key;
};
struct cx_walk {
    int table;
    uint32_t entry; /* of a hash table: those below are still to be met */
    uint8_t key_len;
    char key[UINT8_MAX];           /* of an ordered table: the last one met; none when key_len is 0 */
    struct cx_walked_again *again; /* keys of hash tables that a rollback put back, where they may not be met */
    size_t again_count, again_cap;
};

struct cx_state {
    struct cx_state_table *tables;
    int table_count;
    struct cx_undo_log log;
    struct cx_touched touched;
    struct cx_walk *walk; /* NULL: no snapshot is being written */
};

/* Sets or (null ptr) deletes without a trace in the undo log. */
void cx_state_set(struct cx_state *state, int table, struct cx_str key, struct cx_str value);
/* Takes dead entries out; between transactions. */
void cx_state_sweep(struct cx_state *state);
static inline struct cx_block *cx_block_at(const void *place)
{
    struct cx_block *block;
    memcpy(&block, place, sizeof block);
    return block;
}
static inline const void *cx_state_entry_value(const struct cx_state_table *table, uint32_t entry, size_t *len)
{
    const void *value = cx_hash_table_value(&table->hash, entry);
    const struct cx_block *block = table->row->value_size ? NULL : cx_block_at(value);
    if (len)
        *len = block ? block->len : table->hash.value_size;
    return block ? block->bytes : value;
}
#endif
