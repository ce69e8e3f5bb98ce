/* state.c - the tables as stages see them. Every change first writes to the undo log what was. */
#include "state/internal.h"
#include "base/failpoint.h"

static size_t fixed_size(const struct cx_table *row)
{
    return (row->value_size + 3) & ~(size_t)3;
}

struct cx_state *cx_state_new(const struct cx_table *tables)
{
    struct cx_state *state = cx_state_alloc(sizeof *state);
    *state = (struct cx_state){ .table_count = 0 };
    while (tables[state->table_count].kind != CX_TABLE_END)
        state->table_count++;
    cx_assert(state->table_count <= UINT8_MAX);
    state->tables = cx_state_alloc((size_t)state->table_count * sizeof *state->tables + 1);
    for (int i = 0; i < state->table_count; i++) {
        const struct cx_table *row = &tables[i];
        cx_assert(row->is_dead == NULL || (row->kind == CX_TABLE_HASH && row->value_size != 0));
        state->tables[i] = (struct cx_state_table){ .row = row };
        if (row->kind == CX_TABLE_HASH)
            cx_hash_table_init(&state->tables[i].hash, row->value_size ? fixed_size(row) : sizeof(struct cx_block *));
    }
    return state;
}

void cx_state_free(struct cx_state *state)
{
    if (state == NULL)
        return;
    cx_assert(state->walk == NULL);
    cx_state_abort(state); /* the log gives back what it owns */
    for (int i = 0; i < state->table_count; i++) {
        struct cx_state_table *table = &state->tables[i];
        if (table->row->kind == CX_TABLE_ORDERED) {
            cx_ordered_free(&table->ordered);
            continue;
        }
        for (uint32_t n = 0; table->row->value_size == 0 && n < table->hash.count; n++)
            free(cx_block_at(cx_hash_table_value(&table->hash, n)));
        cx_hash_table_free(&table->hash);
    }
    free(state->tables);
    free(state->log.bytes);
    free(state->touched.slots);
    free(state);
}

static inline struct cx_state_table *table_of(const struct cx_state *state, int table, enum cx_table_kind kind)
{
    cx_assert(table >= 0 && table < state->table_count);
    cx_assert(state->tables[table].row->kind == kind);
    return &state->tables[table];
}

/* Appends a record without its old bytes and returns the place for them. */
static char *log_change(struct cx_state *state, int table, enum cx_undo_kind kind, struct cx_str key, uint32_t entry, size_t old_len)
{
    struct cx_undo_log *log = &state->log;
    size_t size = (offsetof(struct cx_undo, key) + key.len + old_len + 7) & ~(size_t)7;
    if (log->cap - log->len < size) {
        log->cap = 2 * (log->cap + size) + 4096;
        log->bytes = realloc(log->bytes, log->cap);
        cx_assert(log->bytes != NULL);
    }
    struct cx_undo *undo = (struct cx_undo *)(log->bytes + log->len);
    undo->size = (uint32_t)size;
    undo->previous = log->last;
    undo->old_len = (uint32_t)old_len;
    undo->entry = entry;
    undo->table = (uint8_t)table;
    undo->kind = (uint8_t)kind;
    undo->key_len = (uint8_t)key.len;
    memcpy(undo->key, key.ptr, key.len);
    log->len += size;
    log->last = (uint32_t)size;
    log->count++;
    log->blocks += kind == CX_UNDO_BLOCK;
    return undo->key + key.len;
}

static void log_bytes(struct cx_state *state, int table, struct cx_str key, uint32_t entry, const void *old, size_t len)
{
    memcpy(log_change(state, table, CX_UNDO_BYTES, key, entry, len), old, len);
}

static void log_block(struct cx_state *state, int table, struct cx_str key, uint32_t entry, struct cx_block *old)
{
    memcpy(log_change(state, table, CX_UNDO_BLOCK, key, entry, sizeof old), &old, sizeof old);
}

static struct cx_str id_view(const struct cx_id *key)
{
    return cx_str_n(key->bytes, sizeof key->bytes);
}

/* Replaces a value of any size: in place where the size stays, which is the usual case and costs no allocation. */
static struct cx_block *replace(struct cx_state *state, int table, struct cx_str key, uint32_t entry, struct cx_block *old, struct cx_str value,
                                size_t *bytes)
{
    if (old->len == value.len && value.len <= 256) {
        log_bytes(state, table, key, entry, old->bytes, old->len);
        if (value.len)
            memmove(old->bytes, value.ptr, value.len);
        return old;
    }
    struct cx_block *block = cx_block_new(value.ptr, value.len);
    log_block(state, table, key, entry, old);
    *bytes += value.len - old->len;
    return block;
}

/* ---- hash tables ---- */
/* For a mistake on purpose: did this transaction bring the key? */
static bool is_uncommitted(const struct cx_state *state, int table, const struct cx_id *key)
{
    for (size_t at = 0; at < state->log.len;) {
        const struct cx_undo *record = (const struct cx_undo *)(state->log.bytes + at);
        if (record->kind == CX_UNDO_ABSENT && record->table == table && record->key_len == sizeof *key && memcmp(record->key, key, sizeof *key) == 0)
            return true;
        at += record->size;
    }
    return false;
}

const void *cx_state_get(const struct cx_state *state, int table, const struct cx_id *key, size_t *len)
{
    struct cx_state_table *t = table_of(state, table, CX_TABLE_HASH);
    uint32_t entry = cx_hash_table_find(&t->hash, key);
    if (cx_failpoint_bug(CX_BUG_STATE_BEHIND) && t->row->is_dead && is_uncommitted(state, table, key))
        return NULL;
    return entry == CX_NO_ENTRY ? NULL : cx_state_entry_value(t, entry, len);
}

void cx_state_prefetch(const struct cx_state *state, int table, const struct cx_id *key)
{
    cx_hash_table_prefetch(&table_of(state, table, CX_TABLE_HASH)->hash, key);
}

void *cx_state_edit(struct cx_state *state, int table, const struct cx_id *key, bool *is_new)
{
    struct cx_state_table *t = table_of(state, table, CX_TABLE_HASH);
    cx_assert(t->row->value_size != 0);
    uint32_t entry = cx_hash_table_find(&t->hash, key);
    *is_new = entry == CX_NO_ENTRY;
    if (*is_new) {
        entry = cx_hash_table_insert(&t->hash, key);
        log_change(state, table, CX_UNDO_ABSENT, id_view(key), entry, 0);
        t->inserted++;
    } else {
        log_bytes(state, table, id_view(key), entry, cx_hash_table_value(&t->hash, entry), t->hash.value_size);
    }
    return cx_hash_table_value(&t->hash, entry);
}

static void put_any_size(struct cx_state *state, int table, const struct cx_id *key, struct cx_str value)
{
    struct cx_state_table *t = &state->tables[table];
    uint32_t entry = cx_hash_table_find(&t->hash, key);
    struct cx_block *block;
    if (entry != CX_NO_ENTRY) {
        block = replace(state, table, id_view(key), entry, cx_block_at(cx_hash_table_value(&t->hash, entry)), value, &t->block_bytes);
    } else {
        block = cx_block_new(value.ptr, value.len);
        entry = cx_hash_table_insert(&t->hash, key);
        log_change(state, table, CX_UNDO_ABSENT, id_view(key), entry, 0);
        t->block_bytes += sizeof *block + value.len;
    }
    memcpy(cx_hash_table_value(&t->hash, entry), &block, sizeof block);
}

void cx_state_put(struct cx_state *state, int table, const struct cx_id *key, const void *value, size_t len)
{
    struct cx_state_table *t = table_of(state, table, CX_TABLE_HASH);
    cx_assert(len <= CX_STATE_VALUE_MAX);
    if (t->row->value_size == 0) {
        put_any_size(state, table, key, cx_str_n(value, len));
        return;
    }
    cx_assert(len <= t->hash.value_size);
    bool is_new;
    char *place = cx_state_edit(state, table, key, &is_new);
    if (len)
        memcpy(place, value, len);
    memset(place + len, 0, t->hash.value_size - len);
}

void cx_state_del(struct cx_state *state, int table, const struct cx_id *key)
{
    struct cx_state_table *t = table_of(state, table, CX_TABLE_HASH);
    uint32_t entry = cx_hash_table_find(&t->hash, key);
    if (entry == CX_NO_ENTRY)
        return;
    void *value = cx_hash_table_value(&t->hash, entry);
    if (t->row->value_size == 0) {
        struct cx_block *block = cx_block_at(value);
        t->block_bytes -= sizeof *block + block->len;
        log_block(state, table, id_view(key), entry, block);
    } else {
        log_bytes(state, table, id_view(key), entry, value, t->hash.value_size);
    }
    cx_hash_table_remove(&t->hash, key);
}

/* ---- ordered tables ---- */
static void check_key(struct cx_str key)
{
    cx_assert(key.len >= 1 && key.len <= UINT8_MAX);
}

struct cx_str cx_state_oget(const struct cx_state *state, int table, struct cx_str key)
{
    struct cx_state_table *t = table_of(state, table, CX_TABLE_ORDERED);
    check_key(key);
    const struct cx_ordered_node *node = cx_ordered_find(&t->ordered, key);
    return node ? cx_str_n(node->value->bytes, node->value->len) : CX_STR_NULL;
}

void cx_state_oput(struct cx_state *state, int table, struct cx_str key, struct cx_str value)
{
    struct cx_state_table *t = table_of(state, table, CX_TABLE_ORDERED);
    check_key(key);
    cx_assert(value.len <= CX_STATE_VALUE_MAX);
    struct cx_ordered_node *node = cx_ordered_find(&t->ordered, key);
    if (node) {
        node->value = replace(state, table, key, 0, node->value, value, &t->ordered.bytes);
        return;
    }
    /* The copy comes first: key and value may be views of this very table. */
    struct cx_block *block = cx_block_new(value.ptr, value.len);
    log_change(state, table, CX_UNDO_ABSENT, key, 0, 0);
    cx_ordered_insert(&t->ordered, key, block);
    t->ordered.bytes += sizeof *block + value.len;
}

void cx_state_odel(struct cx_state *state, int table, struct cx_str key)
{
    struct cx_state_table *t = table_of(state, table, CX_TABLE_ORDERED);
    check_key(key);
    struct cx_ordered_node *node = cx_ordered_find(&t->ordered, key);
    if (node == NULL)
        return;
    struct cx_block *block = node->value;
    t->ordered.bytes -= sizeof *block + block->len;
    log_block(state, table, key, 0, block);
    cx_ordered_remove(&t->ordered, key);
}

bool cx_state_seek(const struct cx_state *state, int table, struct cx_str from, bool after, struct cx_str *key, struct cx_str *value)
{
    struct cx_state_table *t = table_of(state, table, CX_TABLE_ORDERED);
    const struct cx_ordered_node *node = cx_ordered_seek(&t->ordered, from, after);
    if (node == NULL)
        return false;
    *key = cx_ordered_key(node);
    *value = cx_str_n(node->value->bytes, node->value->len);
    return true;
}

/* ---- sizes ---- */
size_t cx_state_count(const struct cx_state *state, int table)
{
    cx_assert(table >= 0 && table < state->table_count);
    const struct cx_state_table *t = &state->tables[table];
    return t->row->kind == CX_TABLE_HASH ? t->hash.count : t->ordered.count;
}

size_t cx_state_bytes(const struct cx_state *state)
{
    size_t bytes = state->log.cap + state->touched.cap * sizeof *state->touched.slots;
    for (int i = 0; i < state->table_count; i++) {
        const struct cx_state_table *t = &state->tables[i];
        bytes += t->row->kind == CX_TABLE_HASH ? cx_hash_table_bytes(&t->hash) + t->block_bytes : t->ordered.bytes;
    }
    return bytes;
}
