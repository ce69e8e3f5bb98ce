/* transaction.c - savepoints, rollback, commit, abort: the undo log walked. */
#include "state/internal.h"

struct cx_savepoint cx_state_savepoint(const struct cx_state *state)
{
    return (struct cx_savepoint){ state->log.count, state->log.len };
}

bool cx_state_is_changed(const struct cx_state *state)
{
    return state->log.count != 0;
}

/* Makes `block` the value of a key in a table of values of any size; NULL takes the key out. What it held before is freed. */
static void set_block(struct cx_state *state, int table, struct cx_str key, struct cx_block *block)
{
    struct cx_state_table *t = &state->tables[table];
    bool is_hash = t->row->kind == CX_TABLE_HASH;
    size_t *bytes = is_hash ? &t->block_bytes : &t->ordered.bytes;
    const struct cx_id *id = (const struct cx_id *)key.ptr;
    uint32_t entry = is_hash ? cx_hash_table_find(&t->hash, id) : CX_NO_ENTRY;
    struct cx_ordered_node *node = is_hash ? NULL : cx_ordered_find(&t->ordered, key);
    if (node || entry != CX_NO_ENTRY) {
        struct cx_block *old = node ? node->value : cx_block_at(cx_hash_table_value(&t->hash, entry));
        *bytes -= sizeof *old + old->len;
        free(old);
    }
    if (block == NULL) {
        if (node)
            cx_ordered_remove(&t->ordered, key);
        else if (entry != CX_NO_ENTRY)
            cx_hash_table_remove(&t->hash, id);
        return;
    }
    *bytes += sizeof *block + block->len;
    if (is_hash) {
        entry = entry == CX_NO_ENTRY ? cx_hash_table_insert(&t->hash, id) : entry;
        memcpy(cx_hash_table_value(&t->hash, entry), &block, sizeof block);
    } else if (node) {
        node->value = block;
    } else {
        cx_ordered_insert(&t->ordered, key, block);
    }
}

void cx_state_set(struct cx_state *state, int table, struct cx_str key, struct cx_str value)
{
    struct cx_state_table *t = &state->tables[table];
    if (t->row->kind == CX_TABLE_ORDERED || t->row->value_size == 0) {
        set_block(state, table, key, value.ptr ? cx_block_new(value.ptr, value.len) : NULL);
        return;
    }
    const struct cx_id *id = (const struct cx_id *)key.ptr;
    uint32_t entry = cx_hash_table_find(&t->hash, id);
    if (value.ptr)
        memcpy(cx_hash_table_value(&t->hash, entry == CX_NO_ENTRY ? cx_hash_table_insert(&t->hash, id) : entry), value.ptr, value.len);
    else if (entry != CX_NO_ENTRY)
        cx_hash_table_remove(&t->hash, id);
}

/* A removed key that comes back stands at the end now, where a walk has been already. */
static void note_return(struct cx_walk *walk, int table, struct cx_str key)
{
    if (walk->again_count == walk->again_cap) {
        walk->again_cap = 2 * walk->again_cap + 64;
        walk->again = realloc(walk->again, walk->again_cap * sizeof *walk->again);
        cx_assert(walk->again != NULL);
    }
    struct cx_walked_again *again = &walk->again[walk->again_count++];
    again->table = table;
    memcpy(&again->key, key.ptr, sizeof again->key);
}

static void put_back(struct cx_state *state, const struct cx_undo *record)
{
    struct cx_str key = cx_str_n(record->key, record->key_len);
    switch ((enum cx_undo_kind)record->kind) {
    case CX_UNDO_ABSENT:
        cx_state_set(state, record->table, key, CX_STR_NULL);
        return;
    case CX_UNDO_BYTES:
        cx_state_set(state, record->table, key, cx_str_n(cx_undo_old(record), record->old_len));
        return;
    case CX_UNDO_BLOCK:
        set_block(state, record->table, key, cx_block_at(cx_undo_old(record)));
        state->log.blocks--;
        return;
    }
}

static void undo(struct cx_state *state, const struct cx_undo *record)
{
    const struct cx_state_table *t = &state->tables[record->table];
    uint32_t before = t->hash.count;
    put_back(state, record);
    if (state->walk && t->row->kind == CX_TABLE_HASH && t->hash.count > before)
        note_return(state->walk, record->table, cx_str_n(record->key, record->key_len));
}

void cx_state_rollback(struct cx_state *state, struct cx_savepoint to)
{
    struct cx_undo_log *log = &state->log;
    cx_assert(to.bytes <= log->len && to.undo <= log->count);
    while (log->len > to.bytes) {
        const struct cx_undo *record = (const struct cx_undo *)(log->bytes + log->len - log->last);
        undo(state, record);
        log->len -= record->size;
        log->last = record->previous;
        log->count--;
    }
    cx_assert(log->count == to.undo);
}

void cx_state_abort(struct cx_state *state)
{
    cx_state_rollback(state, (struct cx_savepoint){ 0, 0 });
    for (int i = 0; i < state->table_count; i++)
        state->tables[i].inserted = 0;
}

void cx_state_commit(struct cx_state *state)
{
    struct cx_undo_log *log = &state->log;
    for (size_t at = 0; log->blocks; at += ((const struct cx_undo *)(log->bytes + at))->size) {
        const struct cx_undo *record = (const struct cx_undo *)(log->bytes + at);
        if (record->kind != CX_UNDO_BLOCK)
            continue;
        free(cx_block_at(cx_undo_old(record)));
        log->blocks--;
    }
    log->len = log->count = log->last = 0;
    cx_state_sweep(state);
}

/* A new entry pays for two visits and a dead one that is found for four more: little where nothing dies, and at most about a third of a table waits.
 */
#define VISITS_PER_INSERT 2
#define VISITS_PER_DEAD   4
#define VISITS_AT_LEAST   16
#define VISITS_AT_MOST    64 /* times the inserts: a commit must not stall for all that died in a long silence */

static void sweep_table(struct cx_state *state, struct cx_state_table *t)
{
    uint64_t visits = VISITS_AT_LEAST + (uint64_t)VISITS_PER_INSERT * t->inserted;
    uint64_t at_most = VISITS_AT_MOST * (uint64_t)(t->inserted + VISITS_AT_LEAST);
    for (; visits && at_most && t->hash.count; visits--, at_most--) {
        if (t->swept >= t->hash.count)
            t->swept = 0;
        const uint8_t *entry = cx_hash_table_entry(&t->hash, t->swept);
        struct cx_id key;
        memcpy(key.bytes, entry, sizeof key);
        if (t->row->is_dead(state, &key, entry + sizeof key)) {
            cx_hash_table_remove(&t->hash, &key); /* the last entry moves here and is looked at next */
            visits += VISITS_PER_DEAD;
        } else {
            t->swept++;
        }
    }
}

void cx_state_sweep(struct cx_state *state)
{
    for (int i = 0; i < state->table_count; i++) {
        if (state->tables[i].row->is_dead)
            sweep_table(state, &state->tables[i]);
        state->tables[i].inserted = 0;
    }
}
