/* snapshot_reader.c - a snapshot into empty tables. Nothing is believed before its hash is checked, and no length before it is compared with what
 * there is: bytes come from a disk. */
#include "state/snapshot_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where bytes come from: a file, or memory. */
struct source {
    int fd; /* -1: memory */
    struct cx_str rest;
    uint64_t size, taken;
};
struct parser {
    struct source source;
    const struct cx_snapshot_head *wanted;
    struct cx_state *state;
    struct cx_snapshot *found;
    char *bytes; /* CX_PIECE_BYTES: the head, then each block */
    uint64_t joined;
    uint32_t number;
    struct cx_error *err;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct parser *p, const char *format, ...)
{
    char why[200];
    va_list values;
    va_start(values, format);
    vsnprintf(why, sizeof why, format, values);
    va_end(values);
    return cx_fail(p->err, CX_EXIT_DATA, "%s", why);
}

/* Bytes taken, fewer than len only at the end; -1 when reading failed. */
static ssize_t take(struct parser *p, char *into, size_t len)
{
    struct source *s = &p->source;
    size_t got = 0;
    if (s->fd < 0) {
        got = len < s->rest.len ? len : s->rest.len;
        if (got)
            memcpy(into, s->rest.ptr, got);
        s->rest = cx_str_skip(s->rest, got);
    }
    while (s->fd >= 0 && got < len) {
        ssize_t n = read(s->fd, into + got, len - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return cx_fail(p->err, CX_EXIT_IO, "reading failed: %s", strerror(errno));
        if (n == 0)
            break;
        got += (size_t)n;
    }
    s->taken += got;
    return (ssize_t)got;
}

static int take_all(struct parser *p, char *into, size_t len, const char *what)
{
    ssize_t got = take(p, into, len);
    if (got < 0)
        return -1;
    return (size_t)got == len ? 0 : refuse(p, "it ends after %llu bytes, inside %s", (unsigned long long)p->source.taken, what);
}

/* ---- the head ---- */

struct cursor {
    const char *at;
    size_t left;
    bool is_short;
};
static const char *cut(struct cursor *c, size_t len)
{
    static const char zeros[CX_SNAPSHOT_TEXT_MAX];
    if (c->left < len) {
        c->is_short = true;
        return zeros;
    }
    const char *at = c->at;
    c->at += len;
    c->left -= len;
    return at;
}
static struct cx_str cut_text(struct cursor *c)
{
    size_t len = (uint8_t)*cut(c, 1);
    return cx_str_n(cut(c, len), len);
}

static int check_text(struct parser *p, const char *what, struct cx_str found, struct cx_str wanted)
{
    if (!wanted.ptr || cx_str_eq(found, wanted))
        return 0;
    return refuse(p, "it is of %s %.*s, not %.*s", what, CX_STR_ARG(found), CX_STR_ARG(wanted));
}

static int check_identity(struct parser *p)
{
    const struct cx_snapshot_head *found = &p->found->head, *wanted = p->wanted;
    CX_TRY(check_text(p, "cluster", found->cluster, wanted->cluster));
    CX_TRY(check_text(p, "topic", found->topic, wanted->topic));
    CX_TRY(check_text(p, "chain", found->chain, wanted->chain));
    CX_TRY(check_text(p, "stage", found->stage, wanted->stage));
    CX_TRY(check_text(p, "process", found->owner, wanted->owner));
    if (found->partition != wanted->partition)
        return refuse(p, "it is of partition %d, not %d", found->partition, wanted->partition);
    return 0;
}

/* No more than the file can hold. */
static void make_room(struct parser *p, struct cx_state_table *t, uint64_t keys)
{
    uint64_t most = p->source.size / sizeof(struct cx_id);
    if (t->row->kind == CX_TABLE_HASH)
        cx_hash_table_reserve(&t->hash, keys < most ? keys : most);
}

static int check_tables(struct parser *p, struct cursor *c)
{
    int count = (uint8_t)*cut(c, 1);
    if (count != p->state->table_count)
        return refuse(p, "it has %d tables, and this stage %d: another version wrote it", count, p->state->table_count);
    for (int i = 0; i < count; i++) {
        const struct cx_table *row = p->state->tables[i].row;
        int kind = (uint8_t)*cut(c, 1);
        uint32_t value_size = cx_get_u32(cut(c, 4));
        struct cx_str name = cut_text(c);
        uint64_t keys = cx_get_u64(cut(c, 8));
        if (kind != (int)row->kind || value_size != row->value_size || !cx_str_is(name, row->name))
            return refuse(p, "its table %d is not laid out as this program's '%s': another version wrote it", i, row->name);
        make_room(p, &p->state->tables[i], keys);
    }
    return c->left == 0 && !c->is_short ? 0 : refuse(p, "its head is not as long as it says");
}

static void keep_texts(struct cx_snapshot *found)
{
    struct cx_str *texts[] = { &found->head.cluster, &found->head.topic, &found->head.chain, &found->head.stage, &found->head.owner };
    char *at = found->texts;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; at += texts[i++]->len) {
        if (texts[i]->len)
            memcpy(at, texts[i]->ptr, texts[i]->len);
        texts[i]->ptr = at;
    }
}

static int read_head(struct parser *p, struct cursor *c)
{
    struct cx_snapshot_head *head = &p->found->head;
    CX_TRY(take_all(p, p->bytes, CX_SNAPSHOT_PREFIX, "its head"));
    if (memcmp(p->bytes, CX_SNAPSHOT_MAGIC, 8) != 0)
        return refuse(p, "it is no snapshot of ours");
    uint32_t version = cx_get_u32(p->bytes + 8), len = cx_get_u32(p->bytes + 12);
    if (version != CX_SNAPSHOT_VERSION)
        return refuse(p, "it has format %u, and this program reads format %u", version, CX_SNAPSHOT_VERSION);
    if (len > CX_SNAPSHOT_HEAD_MAX)
        return refuse(p, "its head says to have %u bytes", len);
    CX_TRY(take_all(p, p->bytes + CX_SNAPSHOT_PREFIX, len + 8, "its head"));
    p->joined = cx_get_u64(p->bytes + CX_SNAPSHOT_PREFIX + len);
    if (p->joined != cx_hash64(p->bytes, CX_SNAPSHOT_PREFIX + len))
        return refuse(p, "its head is damaged");
    p->joined = cx_snapshot_join(0, p->joined);
    *c = (struct cursor){ p->bytes + CX_SNAPSHOT_PREFIX, len, false };
    head->cluster = cut_text(c);
    head->topic = cut_text(c);
    head->chain = cut_text(c);
    head->stage = cut_text(c);
    head->owner = cut_text(c);
    head->partition = (int32_t)cx_get_u32(cut(c, 4));
    memcpy(head->generation.bytes, cut(c, sizeof head->generation.bytes), sizeof head->generation.bytes);
    head->generation_offset = (int64_t)cx_get_u64(cut(c, 8));
    head->offset = (int64_t)cx_get_u64(cut(c, 8));
    head->taken_ms = (int64_t)cx_get_u64(cut(c, 8));
    keep_texts(p->found);
    return c->is_short ? refuse(p, "its head is not as long as it says") : 0;
}

/* ---- blocks ---- */

/* Key and value of one size, the larger part of most snapshots: what the look-ups will read is asked for a few entries ahead. */
static int load_fixed(struct parser *p, struct cx_state_table *t, struct cx_str payload, uint32_t entries)
{
    enum { AHEAD = 16 };
    size_t stride = t->hash.stride;
    if (payload.len != entries * stride)
        return refuse(p, "block %u is %zu bytes for %u entries of %zu", p->number, payload.len, entries, stride);
    for (uint32_t i = 0; i < entries; i++) {
        struct cx_id key;
        if (i + AHEAD < entries)
            cx_hash_table_prefetch(&t->hash, (const struct cx_id *)(payload.ptr + (i + AHEAD) * stride));
        memcpy(&key, payload.ptr + i * stride, sizeof key);
        uint32_t entry = cx_hash_table_find(&t->hash, &key);
        if (entry == CX_NO_ENTRY)
            entry = cx_hash_table_insert(&t->hash, &key);
        memcpy(cx_hash_table_value(&t->hash, entry), payload.ptr + i * stride + sizeof key, stride - sizeof key);
    }
    return 0;
}

static int load_any(struct parser *p, int table, struct cx_str payload, uint32_t entries)
{
    const struct cx_state_table *t = &p->state->tables[table];
    struct cursor c = { payload.ptr, payload.len, false };
    for (uint32_t i = 0; i < entries; i++) {
        struct cx_str key = t->row->kind == CX_TABLE_HASH ? cx_str_n(cut(&c, sizeof(struct cx_id)), sizeof(struct cx_id)) : cut_text(&c);
        uint32_t len = cx_get_u32(cut(&c, 4));
        if (c.is_short || len > c.left || len > CX_STATE_VALUE_MAX || key.len == 0)
            return refuse(p, "block %u has a damaged entry", p->number);
        cx_state_set(p->state, table, key, cx_str_n(cut(&c, len), len));
    }
    return c.left == 0 ? 0 : refuse(p, "block %u has bytes left over", p->number);
}

/* A block whose hash is right into `bytes`; its frame is at the start. */
static int read_block(struct parser *p)
{
    CX_TRY(take_all(p, p->bytes, CX_SNAPSHOT_FRAME, "a block"));
    uint32_t number = cx_get_u32(p->bytes + 8), len = cx_get_u32(p->bytes + 12);
    if (number != p->number || len > CX_PIECE_BYTES - CX_SNAPSHOT_FRAME)
        return refuse(p, "block %u is damaged", p->number);
    CX_TRY(take_all(p, p->bytes + CX_SNAPSHOT_FRAME, len, "a block"));
    if (cx_get_u64(p->bytes) != cx_hash64(p->bytes + 8, CX_SNAPSHOT_FRAME - 8 + len))
        return refuse(p, "block %u is damaged", p->number);
    return 0;
}

static int read_end(struct parser *p, struct cx_str payload)
{
    char beyond;
    if (payload.len != 16 || cx_get_u64(payload.ptr) != p->found->entries || cx_get_u64(payload.ptr + 8) != p->joined)
        return refuse(p, "blocks are missing or not its own");
    ssize_t got = take(p, &beyond, 1);
    return got == 0 ? 0 : got < 0 ? -1 : refuse(p, "there are bytes after its end");
}

static int read_blocks(struct parser *p)
{
    for (p->number = 0;; p->number++) {
        CX_TRY(read_block(p));
        struct cx_str payload = cx_str_n(p->bytes + CX_SNAPSHOT_FRAME, cx_get_u32(p->bytes + 12));
        uint32_t table = cx_get_u32(p->bytes + 16), entries = cx_get_u32(p->bytes + 20);
        if (table == CX_SNAPSHOT_END)
            return read_end(p, payload);
        if (table >= (uint32_t)p->state->table_count)
            return refuse(p, "block %u is of table %u", p->number, table);
        struct cx_state_table *t = &p->state->tables[table];
        bool is_fixed = t->row->kind == CX_TABLE_HASH && t->row->value_size != 0;
        CX_TRY(is_fixed ? load_fixed(p, t, payload, entries) : load_any(p, (int)table, payload, entries));
        p->joined = cx_snapshot_join(p->joined, cx_get_u64(p->bytes));
        p->found->entries += entries;
    }
}

/* wanted NULL: only the head, of any tables. */
static int parse(struct source source, const struct cx_snapshot_head *wanted, struct cx_state *state, struct cx_snapshot *found, struct cx_error *err)
{
    struct parser p = { .source = source, .wanted = wanted, .state = state, .found = found, .err = err };
    struct cursor rest;
    *found = (struct cx_snapshot){ 0 };
    p.bytes = cx_state_alloc(CX_PIECE_BYTES);
    int rc = read_head(&p, &rest);
    if (rc == 0 && wanted)
        rc = check_identity(&p) || check_tables(&p, &rest) || read_blocks(&p) ? -1 : 0;
    found->bytes = p.source.taken;
    free(p.bytes);
    return rc;
}

static int open_and_parse(const char *path, const struct cx_snapshot_head *wanted, struct cx_state *state, struct cx_snapshot *found,
                          struct cx_error *err)
{
    struct source source = { .fd = open(path, O_RDONLY | O_CLOEXEC) };
    struct stat what;
    if (source.fd < 0)
        return errno == ENOENT ? 1 : cx_fail(err, CX_EXIT_IO, "opening failed: %s", strerror(errno));
    if (fstat(source.fd, &what) == 0)
        source.size = (uint64_t)what.st_size;
    (void)posix_fadvise(source.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    int rc = parse(source, wanted, state, found, err);
    close(source.fd);
    return rc;
}

int cx_snapshot_load(const char *path, const struct cx_snapshot_head *wanted, struct cx_state *state, struct cx_snapshot *found, struct cx_error *err)
{
    cx_assert(wanted != NULL && !cx_state_is_changed(state));
    return open_and_parse(path, wanted, state, found, err);
}

int cx_snapshot_parse(struct cx_str bytes, const struct cx_snapshot_head *wanted, struct cx_state *state, struct cx_snapshot *found,
                      struct cx_error *err)
{
    cx_assert(wanted != NULL && !cx_state_is_changed(state));
    return parse((struct source){ .fd = -1, .rest = bytes, .size = bytes.len }, wanted, state, found, err);
}

int cx_snapshot_read_head(const char *path, struct cx_snapshot *found, struct cx_error *err)
{
    return open_and_parse(path, NULL, NULL, found, err);
}
