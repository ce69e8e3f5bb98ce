/* Files whose hashes are right and whose content is not: another program's, or one with a mistake. No length in them is believed. */
#include <criterion/criterion.h>
#include "base/buf.h"
#include "state/snapshot_format.h"

static const struct cx_table tables[] = {
    { "fixed", CX_TABLE_HASH, 4, "Four bytes a key." },
    { "any", CX_TABLE_HASH, 0, "Any size." },
    { "sorted", CX_TABLE_ORDERED, 0, "In order." },
    { 0 },
};
enum { FIXED, ANY, SORTED, TABLES };

/* ---- the file ---- */
static struct cx_buf file;
static uint64_t joined, entries_in_all;
static uint32_t blocks;

static void put_u32(uint32_t n)
{
    char bytes[4];
    cx_put_u32(bytes, n);
    cx_buf_add(&file, bytes, sizeof bytes);
}
static void put_u64(uint64_t n)
{
    char bytes[8];
    cx_put_u64(bytes, n);
    cx_buf_add(&file, bytes, sizeof bytes);
}
static void put_text(const char *text)
{
    cx_buf_byte(&file, (char)strlen(text));
    cx_buf_str(&file, cx_str(text));
}

/* Everything up to the tables, then `count` of them; more or fewer bytes than the length of the head says. */
static void put_head(int count, int more)
{
    static const char zeros[64];
    cx_buf_reset(&file);
    blocks = 0;
    joined = entries_in_all = 0;
    cx_buf_str(&file, CX_STR(CX_SNAPSHOT_MAGIC));
    put_u32(CX_SNAPSHOT_VERSION);
    put_u32(0);
    for (const char *const *text = (const char *const[]){ "c", "t", "a", "s", "0", NULL }; *text; text++)
        put_text(*text);
    put_u32(0);
    cx_buf_add(&file, zeros, sizeof(struct cx_id) + 3 * 8);
    cx_buf_byte(&file, (char)count);
    for (int i = 0; i < count; i++) {
        cx_buf_byte(&file, (char)tables[i % TABLES].kind);
        put_u32((uint32_t)tables[i % TABLES].value_size);
        put_text(tables[i % TABLES].name);
        put_u64(1);
    }
    if (more > 0)
        cx_buf_add(&file, zeros, (size_t)more);
    else
        file.len -= (size_t)-more;
    cx_put_u32(file.ptr + 12, (uint32_t)(file.len - CX_SNAPSHOT_PREFIX));
    uint64_t hash = cx_hash64(file.ptr, file.len);
    put_u64(hash);
    joined = cx_snapshot_join(0, hash);
}

static void put_block_numbered(uint32_t number, uint32_t table, uint32_t entries, struct cx_str payload)
{
    size_t at = file.len;
    put_u64(0);
    put_u32(number);
    put_u32((uint32_t)payload.len);
    put_u32(table);
    put_u32(entries);
    cx_buf_str(&file, payload);
    uint64_t hash = cx_hash64(file.ptr + at + 8, file.len - at - 8);
    cx_put_u64(file.ptr + at, hash);
    joined = cx_snapshot_join(joined, hash);
    entries_in_all += entries;
}
static void put_block(uint32_t table, uint32_t entries, struct cx_str payload)
{
    put_block_numbered(blocks++, table, entries, payload);
}

static void put_end(size_t len, uint64_t entries, uint64_t hashes)
{
    char payload[17] = "";
    cx_put_u64(payload, entries);
    cx_put_u64(payload + 8, hashes);
    put_block(CX_SNAPSHOT_END, 0, cx_str_n(payload, len));
}

/* What is said about it; empty: it is taken. */
static const char *verdict(struct cx_str bytes)
{
    static struct cx_error err;
    struct cx_snapshot_head wanted = { .cluster = CX_STR("c") }; /* null texts are not compared */
    struct cx_snapshot found;
    struct cx_state *state = cx_state_new(tables);
    err.text[0] = 0;
    int rc = cx_snapshot_parse(bytes, &wanted, state, &found, &err);
    cr_assert_eq(rc, err.text[0] ? -1 : 0);
    cx_state_free(state);
    return err.text;
}

static void setup(void)
{
    cx_buf_init(&file, 4 << 20);
}
static void teardown(void)
{
    cx_buf_free(&file);
}
TestSuite(snapshot_format, .init = setup, .fini = teardown);

#define KEY "0123456789abcdef"
#define EXPECT(because)                                                                                                                              \
    do {                                                                                                                                             \
        const char *said = verdict(cx_buf_view(&file));                                                                                              \
        cr_expect(strstr(said, because) != NULL, "%s", said);                                                                                        \
    } while (0)
#define EXPECT_BLOCK(table, entries, payload, because)                                                                                               \
    do {                                                                                                                                             \
        put_head(TABLES, 0);                                                                                                                         \
        put_block(table, entries, cx_str_n(payload, sizeof payload - 1));                                                                            \
        put_end(16, entries_in_all, joined);                                                                                                         \
        EXPECT(because);                                                                                                                             \
    } while (0)

Test(snapshot_format, a_file_made_here_is_taken)
{
    put_head(TABLES, 0);
    put_block(FIXED, 1, CX_STR(KEY "1234"));
    put_block(ANY, 1, cx_str_n(KEY "\x02\x00\x00\x00xy", 22));
    put_block(SORTED, 2, cx_str_n("\x01k\x00\x00\x00\x00\x01l\x01\x00\x00\x00z", 13));
    put_end(16, entries_in_all, joined);
    cr_assert_str_empty(verdict(cx_buf_view(&file)));
    cx_buf_byte(&file, 0);
    EXPECT("bytes after its end");
}

Test(snapshot_format, a_head_of_another_length_or_of_other_tables_is_refused)
{
    put_head(TABLES, 3);
    EXPECT("its head is not as long as it says");
    put_head(TABLES, -3);
    EXPECT("its head is not as long as it says");
    put_head(TABLES, -8); /* nothing is left over, and something is missing */
    EXPECT("its head is not as long as it says");
    put_head(TABLES, -57); /* inside the times */
    EXPECT("it has 0 tables");
    put_head(0, -1 - 8);
    EXPECT("its head is not as long as it says");
    put_head(TABLES + 1, 0);
    EXPECT("it has 4 tables, and this stage 3");
    put_head(TABLES, 0);
    cx_put_u32(file.ptr + 12, CX_SNAPSHOT_HEAD_MAX + 1);
    EXPECT("its head says to have 65537 bytes");
    put_head(TABLES, 0);
    file.ptr[0] = 'c';
    EXPECT("no snapshot of ours");
}

Test(snapshot_format, entries_that_do_not_fill_their_block_are_refused)
{
    EXPECT_BLOCK(FIXED, 2, KEY "1234", "block 0 is 20 bytes for 2 entries of 20");
    EXPECT_BLOCK(ANY, 1, KEY "\x03\x00\x00\x00xy", "a damaged entry");
    EXPECT_BLOCK(ANY, 1, KEY "\x02\x00", "a damaged entry");
    EXPECT_BLOCK(ANY, 1, KEY "\x01\x00\x00\x00xy", "bytes left over");
    EXPECT_BLOCK(ANY, UINT32_MAX, KEY "\x02\x00\x00\x00xy", "a damaged entry");
    EXPECT_BLOCK(SORTED, 1, "\x00\x01\x00\x00\x00z", "a damaged entry");
    EXPECT_BLOCK(SORTED, 1, "\x05k", "a damaged entry");
    EXPECT_BLOCK(TABLES, 0, "", "block 0 is of table 3");
    char *large = calloc(1, CX_PIECE_BYTES);
    cx_put_u32(large + 16, CX_STATE_VALUE_MAX + 1);
    put_head(TABLES, 0);
    put_block(ANY, 1, cx_str_n(large, 20 + CX_STATE_VALUE_MAX + 1));
    EXPECT("a damaged entry");
    put_head(TABLES, 0);
    put_block(ANY, 1, cx_str_n(large, CX_PIECE_BYTES));
    EXPECT("block 0 is damaged"); /* longer than a block can be */
    free(large);
}

Test(snapshot_format, an_end_that_speaks_of_other_blocks_is_refused)
{
    static const char *const because = "blocks are missing or not its own";
    put_head(TABLES, 0);
    put_block(FIXED, 1, CX_STR(KEY "1234"));
    size_t whole = file.len;
    uint64_t hashes = joined;
    struct {
        size_t len;
        uint64_t entries, hashes;
    } ends[] = { { 15, 1, hashes }, { 17, 1, hashes }, { 16, 2, hashes }, { 16, 1, hashes + 1 } };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++, file.len = whole, blocks--) {
        put_end(ends[i].len, ends[i].entries, ends[i].hashes);
        cr_expect_str_eq(verdict(cx_buf_view(&file)), because, "%zu", i);
    }
    put_block_numbered(7, FIXED, 1, CX_STR(KEY "1234"));
    EXPECT("block 1 is damaged");
}
