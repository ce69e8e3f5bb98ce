/* Snapshots: written while the tables go on changing, and refused when anything about them is wrong. */
#include <criterion/criterion.h>
#include "state/snapshot_format.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DYING, FIXED, ANY, SORTED, TABLES, KEYS = 120 };
static bool is_dead(const struct cx_state *state, const struct cx_id *key, const void *value)
{
    (void)state;
    (void)key;
    return *(const uint8_t *)value < 80;
}
static const struct cx_table tables[] = {
    { "dying", CX_TABLE_HASH, 8, "A third of its entries is dead.", is_dead },
    { "fixed", CX_TABLE_HASH, 12, "Twelve bytes a key." },
    { "any", CX_TABLE_HASH, 0, "Any size." },
    { "sorted", CX_TABLE_ORDERED, 0, "In order." },
    { 0 },
};
static const struct cx_table other_tables[] = {
    { "dying", CX_TABLE_HASH, 8, "As above.", is_dead },
    { "fixed", CX_TABLE_HASH, 16, "Another size." },
    { "any", CX_TABLE_HASH, 0, "Any size." },
    { "sorted", CX_TABLE_ORDERED, 0, "In order." },
    { 0 },
};

static char folder[] = "/tmp/snapshot-unit-XXXXXX", path[100];
static void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s.snapshot", folder);
}
static void teardown(void)
{
    char temporary[120];
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    unlink(path);
    cr_expect_eq(unlink(temporary), -1, "a temporary file was left");
    rmdir(folder);
}
TestSuite(snapshot, .init = setup, .fini = teardown, .timeout = 120);

static struct cx_snapshot_head head_at(int64_t offset)
{
    return (struct cx_snapshot_head){ .cluster = CX_STR("c1"),
                                      .topic = CX_STR("log"),
                                      .chain = CX_STR("a-b"),
                                      .stage = CX_STR("a"),
                                      .owner = CX_STR("0"),
                                      .partition = 3,
                                      .generation = { "0123456789abcde" },
                                      .generation_offset = 1,
                                      .offset = offset,
                                      .taken_ms = 1700000000000 };
}

static uint64_t seed;
static uint32_t random_below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(seed >> 33) % n;
}

static void change(struct cx_state *state)
{
    char value[200], name[24];
    int table = (int)random_below(TABLES);
    uint32_t n = random_below(KEYS);
    struct cx_id id = cx_hash128(&n, sizeof n);
    struct cx_str key = cx_str_n(name, (size_t)snprintf(name, sizeof name, "%.*s%u", (int)(n % 5), "aaaaa", n));
    size_t len = table == DYING ? 8 : table == FIXED ? 12 : random_below(sizeof value);
    for (size_t i = 0; i < len; i++)
        value[i] = (char)random_below(256);
    bool deletes = random_below(2) == 0;
    if (table == SORTED)
        deletes ? cx_state_odel(state, table, key) : cx_state_oput(state, table, key, cx_str_n(value, len));
    else
        deletes ? cx_state_del(state, table, &id) : cx_state_put(state, table, &id, value, len);
}

/* The changelog of a test, and committed records of it applied to tables. */
static struct {
    struct {
        char key[40], value[200];
        size_t key_len, value_len;
        bool is_deleted;
    } records[60000];
    size_t count;
} changelog;
static int append(void *context, struct cx_str key, struct cx_str value)
{
    (void)context;
    cr_assert_lt(changelog.count, sizeof changelog.records / sizeof *changelog.records);
    size_t n = changelog.count++;
    memcpy(changelog.records[n].key, key.ptr, key.len);
    changelog.records[n].key_len = key.len;
    changelog.records[n].is_deleted = value.ptr == NULL;
    changelog.records[n].value_len = value.len;
    if (value.ptr)
        memcpy(changelog.records[n].value, value.ptr, value.len);
    return 0;
}
static void replay(struct cx_state *state, size_t from)
{
    for (size_t i = from; i < changelog.count; i++)
        cr_assert_eq(cx_state_restore(
                         state, cx_str_n(changelog.records[i].key, changelog.records[i].key_len),
                         changelog.records[i].is_deleted ? CX_STR_NULL : cx_str_n(changelog.records[i].value, changelog.records[i].value_len), NULL),
                     0);
}

/* Items that are rejected now and then, a transaction that is aborted now and then. */
static void transact(struct cx_state *state)
{
    for (uint32_t items = random_below(4); items; items--) {
        struct cx_savepoint savepoint = cx_state_savepoint(state);
        for (uint32_t changes = random_below(8); changes; changes--)
            change(state);
        if (random_below(3) == 0)
            cx_state_rollback(state, savepoint);
    }
    if (random_below(4) == 0) {
        cx_state_abort(state);
        return;
    }
    cx_state_changes(state, append, NULL);
    cx_state_commit(state);
}

/* A snapshot in slices of a few entries, with transactions between them; then the file and the records from its offset on. */
static void write_among_transactions(uint64_t from)
{
    struct cx_error err = { 0 };
    struct cx_snapshot found;
    seed = from;
    changelog.count = 0;
    struct cx_state *state = cx_state_new(tables);
    for (uint32_t before = random_below(200); before; before--)
        transact(state);
    struct cx_snapshot_head head = head_at((int64_t)changelog.count);
    struct cx_snapshot_writer *writer = cx_snapshot_begin(path, state, &head);
    enum cx_snapshot_status status = CX_SNAPSHOT_MORE;
    for (int slices = 0; slices < 150 && status == CX_SNAPSHOT_MORE; slices++) {
        for (uint32_t n = random_below(4); n; n--)
            transact(state);
        status = cx_snapshot_step(writer, 1 + random_below(300), &err);
    }
    if (status == CX_SNAPSHOT_MORE)
        status = cx_snapshot_finish(writer, &err);
    cr_assert_eq(status, CX_SNAPSHOT_DONE, "%s", err.text);
    cx_snapshot_end(writer);
    for (uint32_t after = random_below(50); after; after--)
        transact(state);

    struct cx_state *restored = cx_state_new(tables);
    cr_assert_eq(cx_snapshot_load(path, &head, restored, &found, &err), 0, "%s", err.text);
    cr_assert_eq(found.head.offset, head.offset);
    replay(restored, (size_t)found.head.offset);
    cr_assert(cx_id_eq(cx_state_digest(state), cx_state_digest(restored)), "seed %lu: not the same tables", (unsigned long)from);
    cx_state_free(state);
    cx_state_free(restored);
}

Test(snapshot, written_among_transactions_it_gives_the_tables_with_the_records_from_its_offset_on)
{
    for (uint64_t s = 1; s <= 400; s++)
        write_among_transactions(s);
}

/* Records below the offset are in the file: to apply them once more in front of the others changes nothing. */
Test(snapshot, records_applied_twice_change_nothing)
{
    struct cx_error err = { 0 };
    struct cx_snapshot found;
    for (seed = 1; seed < 1000000; seed += 99991) {
        changelog.count = 0;
        struct cx_state *state = cx_state_new(tables), *restored = cx_state_new(tables);
        struct cx_snapshot_head head = head_at(0);
        size_t earlier = 0;
        for (int i = 0; i < 100; i++) {
            transact(state);
            earlier = i == 50 ? changelog.count : earlier;
        }
        struct cx_snapshot_writer *writer = cx_snapshot_begin(path, state, &head);
        cr_assert_eq(cx_snapshot_finish(writer, &err), CX_SNAPSHOT_DONE, "%s", err.text);
        cx_snapshot_end(writer);
        cr_assert_eq(cx_snapshot_load(path, &head, restored, &found, &err), 0, "%s", err.text);
        replay(restored, earlier);
        cr_assert(cx_id_eq(cx_state_digest(state), cx_state_digest(restored)));
        cx_state_free(state);
        cx_state_free(restored);
    }
}

/* So large that a block is full before its table is through, and the next value is met again in the next one. */
Test(snapshot, of_large_values_takes_several_blocks)
{
    static char value[300000];
    struct cx_state *state = cx_state_new(tables), *restored = cx_state_new(tables);
    struct cx_snapshot_head head = head_at(0);
    struct cx_snapshot found;
    struct cx_error err = { 0 };
    for (uint32_t n = 0; n < 20; n++) {
        struct cx_id id = cx_hash128(&n, sizeof n);
        memset(value, (int)n, sizeof value);
        cx_state_put(state, ANY, &id, value, sizeof value - n);
        cx_state_oput(state, SORTED, cx_str_n(&n, sizeof n), cx_str_n(value, sizeof value - n));
    }
    cx_state_commit(state);
    struct cx_snapshot_writer *writer = cx_snapshot_begin(path, state, &head);
    cr_assert_eq(cx_snapshot_finish(writer, &err), CX_SNAPSHOT_DONE, "%s", err.text);
    cx_snapshot_end(writer);
    cr_assert_eq(cx_snapshot_load(path, &head, restored, &found, &err), 0, "%s", err.text);
    cr_assert_eq(found.entries, 40);
    cr_assert(cx_id_eq(cx_state_digest(state), cx_state_digest(restored)));
    cx_state_free(state);
    cx_state_free(restored);
}

/* ---- what is refused ---- */

static char bytes[1 << 20];
static size_t len;
static void read_file(void)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
}

static struct cx_state *filled(void)
{
    struct cx_state *state = cx_state_new(tables);
    seed = 7;
    changelog.count = 0;
    for (int i = 0; i < 300; i++)
        transact(state);
    return state;
}

static void write_snapshot(struct cx_state *state)
{
    struct cx_snapshot_head head = head_at(42);
    struct cx_error err = { 0 };
    struct cx_snapshot_writer *writer = cx_snapshot_begin(path, state, &head);
    cr_assert_eq(cx_snapshot_finish(writer, &err), CX_SNAPSHOT_DONE, "%s", err.text);
    cx_snapshot_end(writer);
    read_file();
}

static int parse(const struct cx_table *rows, const struct cx_snapshot_head *wanted, struct cx_error *err)
{
    struct cx_state *state = cx_state_new(rows);
    struct cx_snapshot found;
    int rc = cx_snapshot_parse(cx_str_n(bytes, len), wanted, state, &found, err);
    cx_state_free(state);
    return rc;
}

/* F19: every damage is noticed, and what is restored then in full has the same digest. */
Test(snapshot, is_refused_when_cut_short_or_when_a_bit_is_wrong)
{
    struct cx_state *state = filled();
    struct cx_snapshot_head wanted = head_at(42);
    struct cx_id digest = cx_state_digest(state);
    write_snapshot(state);
    cx_state_free(state);
    size_t whole = len;
    for (uint64_t s = 1; s <= 100; s++) {
        struct cx_error err = { 0 };
        seed = s;
        len = random_below((uint32_t)whole);
        cr_assert_eq(parse(tables, &wanted, &err), -1, "cut to %zu of %zu", len, whole);
        len = whole;
        size_t at = random_below((uint32_t)whole);
        char mask = (char)(1 << random_below(8));
        bytes[at] ^= mask;
        cr_assert_eq(parse(tables, &wanted, &err), -1, "byte %zu of %zu", at, whole);
        cr_assert_gt(strlen(err.text), 10);
        bytes[at] ^= mask;
    }
    cr_assert_eq(parse(tables, &wanted, NULL), 0, "the undamaged one");
    struct cx_state *restored = cx_state_new(tables);
    replay(restored, 0);
    cr_assert(cx_id_eq(cx_state_digest(restored), digest));
    cx_state_free(restored);
}

Test(snapshot, is_refused_when_blocks_of_it_are_missing_or_change_places)
{
    struct cx_state *state = filled();
    struct cx_snapshot_head wanted = head_at(42);
    struct cx_error err = { 0 };
    write_snapshot(state);
    cx_state_free(state);
    size_t blocks[8] = { 16 + (uint8_t)bytes[12] + 256 * (size_t)(uint8_t)bytes[13] + 8 }, count = 0;
    for (size_t at = blocks[0]; at < len; at = blocks[++count] = at + 24 + cx_get_u32(bytes + at + 12))
        ;
    cr_assert_eq(count, TABLES + 1); /* and the end */
    size_t first = blocks[1] - blocks[0], second = blocks[2] - blocks[1];
    static char other[sizeof bytes];
    memcpy(other, bytes, len);
    memmove(bytes + blocks[0], bytes + blocks[1], len - blocks[1]);
    len -= first;
    cr_expect_eq(parse(tables, &wanted, &err), -1);
    len += first;
    memcpy(bytes, other, len);
    memcpy(bytes + blocks[0], other + blocks[1], second);
    memcpy(bytes + blocks[0] + second, other + blocks[0], first);
    cr_expect_eq(parse(tables, &wanted, &err), -1);
    memcpy(bytes, other, len++);
    cr_expect_eq(parse(tables, &wanted, &err), -1, "a byte too many");
}

Test(snapshot, of_another_cluster_topic_chain_stage_partition_or_layout_is_refused_by_name)
{
    struct cx_state *state = filled();
    struct cx_snapshot_head wanted[6];
    struct cx_error err = { 0 };
    static const char *const telling[] = { "cluster c1", "topic log", "chain a-b", "stage a", "partition 3", "process 0" };
    write_snapshot(state);
    cx_state_free(state);
    for (int i = 0; i < 6; i++)
        wanted[i] = head_at(42);
    wanted[0].cluster = wanted[1].topic = wanted[2].chain = wanted[3].stage = wanted[5].owner = CX_STR("other");
    wanted[4].partition = 4;
    for (int i = 0; i < 6; i++) {
        cr_expect_eq(parse(tables, &wanted[i], &err), -1);
        cr_expect_not_null(strstr(err.text, telling[i]), "%s", err.text);
    }
    struct cx_snapshot_head same = head_at(42);
    cr_expect_eq(parse(other_tables, &same, &err), -1);
    cr_expect_not_null(strstr(err.text, "table 1 is not laid out"), "%s", err.text);
    bytes[8]++;
    cr_expect_eq(parse(tables, &same, &err), -1);
    cr_expect_not_null(strstr(err.text, "format 2"), "%s", err.text);
}

Test(snapshot, its_head_can_be_read_alone)
{
    struct cx_state *state = filled();
    struct cx_snapshot found;
    struct cx_error err = { 0 };
    cr_expect_eq(cx_snapshot_read_head(path, &found, &err), 1);
    write_snapshot(state);
    cx_state_free(state);
    cr_expect_eq(cx_snapshot_read_head(path, &found, &err), 0, "%s", err.text);
    cr_expect(cx_str_is(found.head.cluster, "c1") && cx_str_is(found.head.topic, "log") && cx_str_is(found.head.owner, "0"));
    cr_expect(found.head.partition == 3 && found.head.offset == 42 && found.head.taken_ms == 1700000000000);
}

Test(snapshot, that_is_given_up_leaves_the_one_before)
{
    struct cx_state *state = filled();
    struct cx_snapshot_head other = head_at(99);
    struct cx_snapshot found;
    struct cx_error err = { 0 };
    write_snapshot(state);
    struct cx_snapshot_writer *writer = cx_snapshot_begin(path, state, &other);
    cr_expect_eq(cx_snapshot_step(writer, 100, &err), CX_SNAPSHOT_MORE);
    cx_snapshot_end(writer);
    cx_state_free(state);
    cr_expect_eq(cx_snapshot_read_head(path, &found, &err), 0);
    cr_expect_eq(found.head.offset, 42);
}

Test(snapshot, two_writers_of_one_path_do_not_mix)
{
    struct cx_state *state = filled(), *twin = filled();
    struct cx_snapshot_head head = head_at(42);
    struct cx_error err = { 0 };
    struct cx_snapshot_writer *first = cx_snapshot_begin(path, state, &head), *second = NULL;
    while (access(path, F_OK) != 0 && !second) { /* until the first has its file */
        char temporary[120];
        snprintf(temporary, sizeof temporary, "%s.tmp", path);
        if (access(temporary, F_OK) == 0)
            second = cx_snapshot_begin(path, twin, &head);
    }
    enum cx_snapshot_status two = cx_snapshot_finish(second, &err), one = cx_snapshot_finish(first, &err);
    cr_expect((one == CX_SNAPSHOT_DONE) != (two == CX_SNAPSHOT_DONE), "%d %d: %s", one, two, err.text);
    cx_snapshot_end(first);
    cx_snapshot_end(second);
    cx_state_free(state);
    cx_state_free(twin);
    read_file();
    cr_expect_eq(parse(tables, &head, &err), 0, "%s", err.text);
}

/* A path without a folder is in the folder where the process is; who does not want to know why gets no reason; nothing to end is ended. */
Test(snapshot, files_may_stand_where_the_process_is)
{
    char here[1024];
    cr_assert_not_null(getcwd(here, sizeof here));
    cr_assert_eq(chdir(folder), 0);
    struct cx_durable_file *file = cx_durable_file_begin("s.snapshot");
    char *piece = cx_durable_file_piece(file, true);
    cr_assert_not_null(piece);
    memcpy(piece, "whole", 5);
    cx_durable_file_send(file, 5);
    cx_durable_file_finish(file);
    cr_expect_eq(cx_durable_file_status(file, true, NULL), CX_DURABLE_DONE);
    cx_durable_file_end(file);
    cr_assert_eq(chdir(here), 0);
    read_file();
    cr_expect(len == 5 && memcmp(bytes, "whole", 5) == 0);
    file = cx_durable_file_begin("/nowhere/s.snapshot");
    cx_durable_file_finish(file);
    cr_expect_eq(cx_durable_file_status(file, true, NULL), CX_DURABLE_FAILED);
    cx_durable_file_end(file);
    cx_durable_file_end(NULL);
    cx_snapshot_end(NULL);
}
