/* changelog.c - the tables to and from changelog records, and their digest. */
#include "state/internal.h"

/* What a changed key holds now; null ptr: nothing. */
static struct cx_str value_now(const struct cx_state *state, const struct cx_undo *record)
{
    const struct cx_state_table *t = &state->tables[record->table];
    if (t->row->kind == CX_TABLE_ORDERED)
        return cx_state_oget(state, record->table, cx_str_n(record->key, record->key_len));
    struct cx_str value = CX_STR_NULL;
    uint32_t entry = cx_hash_table_find_near(&t->hash, (const struct cx_id *)record->key, record->entry);
    if (entry != CX_NO_ENTRY)
        value.ptr = cx_state_entry_value(t, entry, &value.len);
    return value;
}

static void touched_clear(struct cx_touched *touched, size_t records)
{
    size_t wanted = 64;
    while (wanted < 2 * records)
        wanted *= 2;
    if (wanted > touched->cap) {
        free(touched->slots);
        touched->slots = cx_state_alloc(wanted * sizeof *touched->slots);
        touched->cap = wanted;
    }
    memset(touched->slots, 0, touched->cap * sizeof *touched->slots);
}

/* True the first time a record of this table and key comes. */
static bool is_first(struct cx_state *state, const struct cx_undo *record)
{
    struct cx_touched *touched = &state->touched;
    size_t mask = touched->cap - 1;
    size_t at = (size_t)(cx_hash64(record->key, record->key_len) + record->table) & mask;
    for (; touched->slots[at]; at = (at + 1) & mask) {
        const struct cx_undo *other = (const struct cx_undo *)(state->log.bytes + (size_t)(touched->slots[at] - 1) * 8);
        if (other->table == record->table && other->key_len == record->key_len && memcmp(other->key, record->key, record->key_len) == 0)
            return false;
    }
    size_t number = (size_t)((const char *)record - state->log.bytes) / 8 + 1;
    cx_assert(number <= UINT32_MAX);
    touched->slots[at] = (uint32_t)number;
    return true;
}

int cx_state_changes(struct cx_state *state, cx_state_change_fn *each, void *context)
{
    char key[1 + UINT8_MAX];
    touched_clear(&state->touched, state->log.count);
    for (size_t at = 0; at < state->log.len;) {
        const struct cx_undo *record = (const struct cx_undo *)(state->log.bytes + at);
        at += record->size;
        if (!is_first(state, record))
            continue;
        key[0] = (char)record->table;
        memcpy(key + 1, record->key, record->key_len);
        CX_TRY(each(context, cx_str_n(key, 1u + record->key_len), value_now(state, record)));
    }
    return 0;
}

int cx_state_restore(struct cx_state *state, struct cx_str key, struct cx_str value, struct cx_error *err)
{
    cx_assert(!cx_state_is_changed(state));
    if (key.len < 2)
        return cx_fail(err, CX_EXIT_CONFIG, "changelog record with a key of %zu bytes: this is no changelog of ours", key.len);
    int table = (uint8_t)key.ptr[0];
    if (table >= state->table_count)
        return cx_fail(err, CX_EXIT_CONFIG,
                       "changelog record of table %d, and this stage has %d: the changelog is another stage's or a newer version's", table,
                       state->table_count);
    const struct cx_state_table *t = &state->tables[table];
    size_t key_len = key.len - 1;
    if (t->row->kind == CX_TABLE_HASH ? key_len != sizeof(struct cx_id) : key_len > UINT8_MAX)
        return cx_fail(err, CX_EXIT_CONFIG, "changelog record of table '%s' with a key of %zu bytes: this is no changelog of ours", t->row->name,
                       key_len);
    bool is_fixed = t->row->kind == CX_TABLE_HASH && t->row->value_size != 0;
    if (value.ptr && (is_fixed ? value.len != t->hash.value_size : value.len > CX_STATE_VALUE_MAX))
        return cx_fail(
            err, CX_EXIT_CONFIG,
            "changelog record of table '%s' with a value of %zu bytes: another version wrote it; start that one again, or begin this stage's state "
            "anew (docs/operating.md, \"another version\")",
            t->row->name, value.len);
    cx_state_set(state, table, cx_str_skip(key, 1), value);
    return 0;
}

/* Sums of entry hashes do not depend on their order, and unlike xor they notice an entry that is there twice. */
struct digest {
    uint64_t low, high;
};
static void digest_add(struct digest *digest, int table, struct cx_str key, struct cx_str value)
{
    struct cx_hasher hasher;
    cx_hasher_init(&hasher, "cx.state.v1");
    cx_hasher_i64(&hasher, table);
    cx_hasher_str(&hasher, key);
    cx_hasher_str(&hasher, value);
    struct cx_id id = cx_hasher_end(&hasher);
    uint64_t low, high;
    memcpy(&low, id.bytes, 8);
    memcpy(&high, id.bytes + 8, 8);
    digest->low += low;
    digest->high += high;
}

static void digest_hash_table(const struct cx_state *state, int table, struct digest *digest)
{
    const struct cx_state_table *t = &state->tables[table];
    for (uint32_t n = 0; n < t->hash.count; n++) {
        struct cx_id key;
        const uint8_t *entry = cx_hash_table_entry(&t->hash, n);
        memcpy(key.bytes, entry, sizeof key);
        const void *value = entry + sizeof key;
        if (t->row->is_dead && t->row->is_dead(state, &key, value))
            continue;
        const struct cx_block *block = t->row->value_size ? NULL : cx_block_at(value);
        digest_add(digest, table, cx_str_n(&key, sizeof key), block ? cx_str_n(block->bytes, block->len) : cx_str_n(value, t->hash.value_size));
    }
}

struct cx_id cx_state_digest(const struct cx_state *state)
{
    struct digest digest = { 0, 0 };
    for (int i = 0; i < state->table_count; i++) {
        const struct cx_state_table *t = &state->tables[i];
        if (t->row->kind == CX_TABLE_HASH)
            digest_hash_table(state, i, &digest);
        else
            for (const struct cx_ordered_node *node = t->ordered.first[0]; node; node = node->next[0])
                digest_add(&digest, i, cx_ordered_key(node), cx_str_n(node->value->bytes, node->value->len));
    }
    struct cx_id id;
    memcpy(id.bytes, &digest.low, 8);
    memcpy(id.bytes + 8, &digest.high, 8);
    return id;
}
