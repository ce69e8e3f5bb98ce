/* snapshot_writer.c - the tables, slice by slice, between transactions.
 *
 * What keeps the offset rule: a key that no changelog record from `offset` on speaks of must be met exactly as it is.
 *   Ordered tables are walked upwards by key: whatever comes and goes, a key that stays is met once.
 *   Entries of a hash table are walked downwards by number. A removal moves the last entry into the hole: the last one is either met already, or
 *   stays below the cursor. An insertion goes to the end, above the cursor: a new key has its record on the changelog. But a rollback puts a
 *   removed key, which did not change, at the end: those are noted (transaction.c) and written last.
 * A key may so be written twice; the reader takes the later. Dead entries are left out: they stay dead until a record writes them again. */
#include "state/snapshot_format.h"

struct cx_snapshot_writer {
    struct cx_state *state;
    struct cx_durable_file *file;
    struct cx_walk walk;
    size_t again_next; /* of the keys noted by rollbacks */
    bool is_walked, is_finished;
    char *piece; /* the block at hand, NULL: none */
    size_t used;
    int block_table;
    uint32_t block_entries, block_number;
    uint64_t joined, entries, bytes;
};

/* ---- blocks ---- */

static bool open_block(struct cx_snapshot_writer *w, int table, bool wait)
{
    w->piece = cx_durable_file_piece(w->file, wait);
    w->used = CX_SNAPSHOT_FRAME;
    w->block_table = table;
    w->block_entries = 0;
    return w->piece != NULL;
}

static void send(struct cx_snapshot_writer *w, uint64_t hash)
{
    cx_durable_file_send(w->file, w->used);
    w->joined = cx_snapshot_join(w->joined, hash);
    w->bytes += w->used;
    w->piece = NULL;
}

static void close_block(struct cx_snapshot_writer *w, uint32_t table)
{
    cx_put_u32(w->piece + 8, w->block_number++);
    cx_put_u32(w->piece + 12, (uint32_t)(w->used - CX_SNAPSHOT_FRAME));
    cx_put_u32(w->piece + 16, table);
    cx_put_u32(w->piece + 20, w->block_entries);
    uint64_t hash = cx_hash64(w->piece + 8, w->used - 8);
    cx_put_u64(w->piece, hash);
    w->entries += w->block_entries;
    send(w, hash);
}

static void put(struct cx_snapshot_writer *w, const void *bytes, size_t len)
{
    if (len)
        memcpy(w->piece + w->used, bytes, len);
    w->used += len;
}
static void put_u32(struct cx_snapshot_writer *w, uint32_t n)
{
    cx_put_u32(w->piece + w->used, n);
    w->used += 4;
}
static void put_u64(struct cx_snapshot_writer *w, uint64_t n)
{
    cx_put_u64(w->piece + w->used, n);
    w->used += 8;
}
static void put_text(struct cx_snapshot_writer *w, struct cx_str text)
{
    cx_assert(text.len <= CX_SNAPSHOT_TEXT_MAX);
    char len = (char)text.len;
    put(w, &len, 1);
    put(w, text.ptr, text.len);
}

static void write_head(struct cx_snapshot_writer *w, const struct cx_snapshot_head *head)
{
    struct cx_str texts[] = { head->cluster, head->topic, head->chain, head->stage, head->owner };
    w->used = 0;
    put(w, CX_SNAPSHOT_MAGIC, 8);
    put_u32(w, CX_SNAPSHOT_VERSION);
    put_u32(w, 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        put_text(w, texts[i]);
    put_u32(w, (uint32_t)head->partition);
    put(w, head->generation.bytes, sizeof head->generation.bytes);
    put_u64(w, (uint64_t)head->generation_offset);
    put_u64(w, (uint64_t)head->offset);
    put_u64(w, (uint64_t)head->taken_ms);
    char count = (char)w->state->table_count;
    put(w, &count, 1);
    for (int i = 0; i < w->state->table_count; i++) {
        const struct cx_table *row = w->state->tables[i].row;
        char kind = (char)row->kind;
        put(w, &kind, 1);
        put_u32(w, (uint32_t)row->value_size);
        put_text(w, cx_str(row->name));
        put_u64(w, cx_state_count(w->state, i));
    }
    cx_put_u32(w->piece + 12, (uint32_t)(w->used - CX_SNAPSHOT_PREFIX));
    uint64_t hash = cx_hash64(w->piece, w->used);
    put_u64(w, hash);
    send(w, hash);
}

/* ---- entries ---- */

static bool has_room(const struct cx_snapshot_writer *w, size_t len)
{
    return CX_PIECE_BYTES - w->used >= len;
}

/* False: the block is full. */
static bool put_hash_entry(struct cx_snapshot_writer *w, const struct cx_state_table *t, uint32_t entry)
{
    const uint8_t *at = cx_hash_table_entry(&t->hash, entry);
    struct cx_id key;
    memcpy(&key, at, sizeof key);
    if (t->row->is_dead && t->row->is_dead(w->state, &key, at + sizeof key))
        return true;
    if (t->row->value_size) {
        if (!has_room(w, t->hash.stride))
            return false;
        put(w, at, t->hash.stride);
    } else {
        const struct cx_block *block = cx_block_at(at + sizeof key);
        if (!has_room(w, sizeof key + 4 + block->len))
            return false;
        put(w, &key, sizeof key);
        put_u32(w, block->len);
        put(w, block->bytes, block->len);
    }
    w->block_entries++;
    return true;
}

static bool put_node(struct cx_snapshot_writer *w, const struct cx_ordered_node *node)
{
    if (!has_room(w, 1u + node->key_len + 4 + node->value->len))
        return false;
    struct cx_str key = cx_ordered_key(node);
    put(w, &node->key_len, 1);
    put(w, key.ptr, key.len);
    put_u32(w, node->value->len);
    put(w, node->value->bytes, node->value->len);
    w->block_entries++;
    return true;
}

/* Each of these fills the block at hand and returns true when its table is through. */
static bool walk_hash(struct cx_snapshot_writer *w, const struct cx_state_table *t, size_t until)
{
    if (w->walk.entry > t->hash.count)
        w->walk.entry = t->hash.count;
    while (w->walk.entry > 0 && w->used < until) {
        if (!put_hash_entry(w, t, w->walk.entry - 1))
            return false;
        w->walk.entry--;
    }
    return w->walk.entry == 0;
}

static bool walk_ordered(struct cx_snapshot_writer *w, const struct cx_state_table *t, size_t until)
{
    const struct cx_ordered_node *node = cx_ordered_seek(&t->ordered, cx_str_n(w->walk.key, w->walk.key_len), w->walk.key_len != 0);
    const struct cx_ordered_node *last = NULL;
    for (; node && w->used < until && put_node(w, node); node = node->next[0])
        last = node;
    if (last) {
        w->walk.key_len = last->key_len;
        memcpy(w->walk.key, cx_ordered_key(last).ptr, last->key_len);
    }
    return node == NULL;
}

/* Keys that a rollback put back, one table after the other. */
static bool walk_again(struct cx_snapshot_writer *w, size_t until)
{
    for (; w->again_next < w->walk.again_count && w->used < until; w->again_next++) {
        const struct cx_walked_again *again = &w->walk.again[w->again_next];
        const struct cx_state_table *t = &w->state->tables[again->table];
        uint32_t entry = cx_hash_table_find(&t->hash, &again->key);
        if (again->table != w->block_table)
            return false;
        if (entry != CX_NO_ENTRY && !put_hash_entry(w, t, entry))
            return false;
    }
    return w->again_next == w->walk.again_count;
}

/* ---- the walk ---- */

static void enter_table(struct cx_snapshot_writer *w, int table)
{
    w->walk.table = table;
    w->walk.key_len = 0;
    w->walk.entry = table < w->state->table_count && w->state->tables[table].row->kind == CX_TABLE_HASH ? w->state->tables[table].hash.count : 0;
}

/* About so many bytes, at most one block; false when the disk is behind. */
static bool slice_table(struct cx_snapshot_writer *w, size_t bytes, bool wait)
{
    int table = w->walk.table;
    const struct cx_state_table *t = &w->state->tables[table];
    if (!w->piece && !open_block(w, table, wait))
        return false;
    size_t until = w->used + bytes;
    bool is_through = t->row->kind == CX_TABLE_HASH ? walk_hash(w, t, until) : walk_ordered(w, t, until);
    if (is_through)
        enter_table(w, table + 1);
    if (is_through || w->used < until)
        close_block(w, (uint32_t)table);
    return true;
}

static bool slice_again(struct cx_snapshot_writer *w, size_t bytes, bool wait)
{
    if (!w->piece && w->again_next == w->walk.again_count) {
        w->is_walked = true;
        return true;
    }
    if (!w->piece && !open_block(w, w->walk.again[w->again_next].table, wait))
        return false;
    size_t until = w->used + bytes;
    if (walk_again(w, until) || w->used < until)
        close_block(w, (uint32_t)w->block_table);
    return true;
}

static bool write_end(struct cx_snapshot_writer *w, bool wait)
{
    if (!w->piece && !open_block(w, 0, wait))
        return false;
    put_u64(w, w->entries);
    put_u64(w, w->joined);
    close_block(w, CX_SNAPSHOT_END);
    cx_durable_file_finish(w->file);
    w->is_finished = true;
    w->state->walk = NULL;
    return true;
}

static uint64_t encoded(const struct cx_snapshot_writer *w)
{
    return w->bytes + (w->piece ? w->used : 0);
}

static enum cx_snapshot_status step(struct cx_snapshot_writer *w, size_t bytes, bool wait, struct cx_error *err)
{
    cx_assert(!cx_state_is_changed(w->state));
    uint64_t until = encoded(w) + bytes;
    bool goes_on = true;
    while (goes_on && !w->is_walked && encoded(w) < until) {
        size_t left = (size_t)(until - encoded(w));
        goes_on = w->walk.table < w->state->table_count ? slice_table(w, left, wait) : slice_again(w, left, wait);
    }
    if (goes_on && w->is_walked && !w->is_finished)
        write_end(w, wait);
    switch (cx_durable_file_status(w->file, wait, err)) {
    case CX_DURABLE_WORKING:
        return CX_SNAPSHOT_MORE;
    case CX_DURABLE_DONE:
        return CX_SNAPSHOT_DONE;
    case CX_DURABLE_FAILED:
        break;
    }
    return CX_SNAPSHOT_FAILED;
}

struct cx_snapshot_writer *cx_snapshot_begin(const char *path, struct cx_state *state, const struct cx_snapshot_head *head)
{
    struct cx_snapshot_writer *w = cx_state_alloc(sizeof *w);
    cx_assert(!cx_state_is_changed(state) && state->walk == NULL);
    *w = (struct cx_snapshot_writer){ .state = state, .file = cx_durable_file_begin(path) };
    state->walk = &w->walk;
    enter_table(w, 0);
    w->piece = cx_durable_file_piece(w->file, false);
    if (w->piece) /* else it has failed already, as the first step will tell */
        write_head(w, head);
    return w;
}

enum cx_snapshot_status cx_snapshot_step(struct cx_snapshot_writer *w, size_t bytes, struct cx_error *err)
{
    return step(w, bytes, false, err);
}

enum cx_snapshot_status cx_snapshot_finish(struct cx_snapshot_writer *w, struct cx_error *err)
{
    enum cx_snapshot_status status;
    while ((status = step(w, CX_PIECE_BYTES, true, err)) == CX_SNAPSHOT_MORE)
        ;
    return status;
}

uint64_t cx_snapshot_written(const struct cx_snapshot_writer *w, uint64_t *entries)
{
    *entries = w->entries;
    return encoded(w);
}

void cx_snapshot_end(struct cx_snapshot_writer *w)
{
    if (w == NULL)
        return;
    if (!w->is_finished)
        w->state->walk = NULL;
    cx_durable_file_end(w->file);
    free(w->walk.again);
    free(w);
}
