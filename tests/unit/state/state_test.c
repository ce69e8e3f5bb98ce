#include <criterion/criterion.h>
#include "state/internal.h"

enum { FIXED, ANY, SORTED, EXPIRING };
static bool is_marked_dead(const struct cx_state *state, const struct cx_id *key, const void *value)
{
    (void)state, (void)key;
    return *(const uint32_t *)value == 0xdead;
}
static const struct cx_table tables[] = {
    { "fixed", CX_TABLE_HASH, 8, "Eight bytes a key." },
    { "any", CX_TABLE_HASH, 0, "Any size." },
    { "sorted", CX_TABLE_ORDERED, 0, "In order." },
    { "expiring", CX_TABLE_HASH, 4, "Entries that die.", is_marked_dead },
    { 0 },
};

static struct cx_id id(uint64_t n)
{
    return cx_hash128(&n, sizeof n);
}

static struct cx_state *state;
static void open_state(void)
{
    state = cx_state_new(tables);
}
static void close_state(void)
{
    cx_state_free(state);
}
TestSuite(state, .init = open_state, .fini = close_state);

static void put(uint64_t n, uint64_t value)
{
    struct cx_id key = id(n);
    cx_state_put(state, FIXED, &key, &value, sizeof value);
}
static int64_t get(uint64_t n)
{
    struct cx_id key = id(n);
    const int64_t *value = cx_state_get(state, FIXED, &key, NULL);
    return value ? *value : -1;
}

Test(state, edit_hands_out_a_zeroed_value_for_a_new_key)
{
    bool is_new;
    struct cx_id key = id(1);
    uint64_t *value = cx_state_edit(state, FIXED, &key, &is_new);
    cr_assert(is_new);
    cr_assert_eq(*value, 0);
    *value = 7;
    value = cx_state_edit(state, FIXED, &key, &is_new);
    cr_assert_not(is_new);
    cr_assert_eq(*value, 7);
}

Test(state, rollback_takes_back_one_item_and_leaves_the_others)
{
    put(1, 10);
    struct cx_savepoint second = cx_state_savepoint(state);
    struct cx_id key = id(1);
    put(1, 20);
    cx_state_del(state, FIXED, &key);
    put(1, 30);
    put(2, 40);
    cx_state_oput(state, SORTED, CX_STR("a"), CX_STR("1"));
    cx_state_rollback(state, second);
    cr_assert_eq(get(1), 10);
    cr_assert_eq(get(2), -1);
    cr_assert_null(cx_state_oget(state, SORTED, CX_STR("a")).ptr);
    cx_state_commit(state);
    cr_assert_eq(get(1), 10);
}

Test(state, abort_takes_back_the_transaction_and_commit_keeps_it)
{
    put(1, 10);
    cx_state_commit(state);
    cr_assert_not(cx_state_is_changed(state));
    put(1, 11);
    put(2, 12);
    cr_assert(cx_state_is_changed(state));
    cx_state_abort(state);
    cr_assert_eq(get(1), 10);
    cr_assert_eq(get(2), -1);
    cr_assert_not(cx_state_is_changed(state));
}

Test(state, growth_between_savepoint_and_rollback_keeps_every_entry)
{
    for (uint64_t n = 0; n < 1000; n++)
        put(n, n);
    cx_state_commit(state);
    struct cx_savepoint before = cx_state_savepoint(state);
    for (uint64_t n = 0; n < 60000; n++)
        put(n, n + 1);
    cx_state_rollback(state, before);
    cr_assert_eq(cx_state_count(state, FIXED), 1000);
    for (uint64_t n = 0; n < 60000; n++)
        cr_assert_eq(get(n), n < 1000 ? (int64_t)n : -1);
}

struct changes {
    char text[400];
};
static int write_change(void *context, struct cx_str key, struct cx_str value)
{
    struct changes *changes = context;
    size_t used = strlen(changes->text);
    snprintf(changes->text + used, sizeof changes->text - used, "%d:%.*s=%.*s ", key.ptr[0], CX_STR_ARG(cx_str_skip(key, 1)),
             value.ptr ? (int)value.len : 4, value.ptr ? value.ptr : "null");
    return 0;
}

Test(state, changes_name_each_key_once_in_order_of_first_change_with_its_last_value)
{
    struct changes changes = { "" };
    cx_state_oput(state, SORTED, CX_STR("b"), CX_STR("1"));
    cx_state_oput(state, SORTED, CX_STR("a"), CX_STR("2"));
    cx_state_oput(state, SORTED, CX_STR("b"), CX_STR("three"));
    struct cx_savepoint rejected = cx_state_savepoint(state);
    cx_state_oput(state, SORTED, CX_STR("c"), CX_STR("4"));
    cx_state_oput(state, SORTED, CX_STR("a"), CX_STR("5"));
    cx_state_rollback(state, rejected);
    cx_state_oput(state, SORTED, CX_STR("d"), CX_STR("6"));
    cx_state_odel(state, SORTED, CX_STR("d"));
    cr_assert_eq(cx_state_changes(state, write_change, &changes), 0);
    cr_assert_str_eq(changes.text, "2:b=three 2:a=2 2:d=null ");
}

Test(state, ordered_tables_are_walked_in_byte_order)
{
    const char *const keys[] = { "b", "a", "aa", "abcdefgh", "abcdefghi", "a\xff", "abcdefghj", "B" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        cx_state_oput(state, SORTED, cx_str(keys[i]), CX_STR(""));
    char walked[100] = "";
    struct cx_str key = CX_STR(""), value;
    for (bool after = false; cx_state_seek(state, SORTED, key, after, &key, &value); after = true)
        snprintf(walked + strlen(walked), sizeof walked - strlen(walked), "%.*s ", CX_STR_ARG(key));
    cr_assert_str_eq(walked, "B a aa abcdefgh abcdefghi abcdefghj a\xff b ");
}

Test(state, values_of_any_size_change_their_size)
{
    struct cx_id key = id(1);
    size_t len;
    cx_state_put(state, ANY, &key, "abc", 3);
    cx_state_commit(state);
    cx_state_put(state, ANY, &key, "xyz", 3);
    cx_state_put(state, ANY, &key, "longer", 6);
    cx_state_put(state, ANY, &key, NULL, 0);
    cx_state_get(state, ANY, &key, &len);
    cr_assert_eq(len, 0);
    cx_state_del(state, ANY, &key);
    cr_assert_null(cx_state_get(state, ANY, &key, NULL));
    cx_state_abort(state);
    cr_assert_arr_eq(cx_state_get(state, ANY, &key, &len), "abc", 3);
    cr_assert_eq(len, 3);
}

Test(state, restore_refuses_what_no_table_wrote)
{
    struct cx_error err;
    char fixed_key[17] = { FIXED };
    cr_assert_eq(cx_state_restore(state, cx_str_n(fixed_key, 17), CX_STR("12345678"), &err), 0);
    cr_assert_eq(cx_state_restore(state, cx_str_n(fixed_key, 17), CX_STR("1234"), &err), -1);
    cr_assert_eq(err.exit, CX_EXIT_CONFIG);
    cr_assert_eq(cx_state_restore(state, cx_str_n(fixed_key, 16), CX_STR("12345678"), &err), -1);
    cr_assert_eq(cx_state_restore(state,
                                  cx_str_n("\x09"
                                           "a",
                                           2),
                                  CX_STR("1"), &err),
                 -1);
    cr_assert_eq(cx_state_restore(state, cx_str_n("\x02", 1), CX_STR("1"), &err), -1);
    cr_assert_eq(cx_state_restore(state, CX_STR(""), CX_STR("1"), &err), -1);
    cr_assert_eq(cx_state_restore(state, cx_str_n(fixed_key, 17), CX_STR_NULL, &err), 0);
    cr_assert_eq(cx_state_count(state, FIXED), 0);
}

Test(state, dead_entries_go_after_commits_without_a_trace)
{
    for (uint64_t n = 0; n < 10000; n++) {
        struct cx_id key = id(n);
        uint32_t value = n % 10 ? 0xdead : 1;
        cx_state_put(state, EXPIRING, &key, &value, sizeof value);
    }
    struct cx_id before = cx_state_digest(state);
    cx_state_commit(state);
    cr_assert_eq(cx_state_count(state, EXPIRING), 1000);
    cr_assert(cx_id_eq(before, cx_state_digest(state)), "the dead do not count in the digest");
    cr_assert_not(cx_state_is_changed(state));
}

Test(state, dead_entries_stay_within_a_transaction_so_that_abort_finds_them)
{
    struct cx_id key = id(1);
    uint32_t value = 1;
    cx_state_put(state, EXPIRING, &key, &value, sizeof value);
    cx_state_commit(state);
    value = 0xdead;
    cx_state_put(state, EXPIRING, &key, &value, sizeof value);
    cx_state_abort(state);
    cr_assert_eq(*(const uint32_t *)cx_state_get(state, EXPIRING, &key, NULL), 1);
}

Test(state, keys_that_are_small_numbers_do_no_harm)
{
    struct cx_id key = { { 0 } };
    for (uint32_t n = 0; n < 100000; n++) {
        memcpy(key.bytes + 12, &n, sizeof n);
        cx_state_put(state, EXPIRING, &key, &n, sizeof n);
    }
    for (uint32_t n = 0; n < 100000; n++) {
        memcpy(key.bytes + 12, &n, sizeof n);
        cr_assert_eq(*(const uint32_t *)cx_state_get(state, EXPIRING, &key, NULL), n);
    }
}

Test(state, an_entry_of_twenty_bytes_takes_no_more_than_forty_nine)
{
    static const struct cx_table slots[] = { { "slots", CX_TABLE_HASH, 20, "As dedup's." }, { 0 } };
    struct cx_state *s = cx_state_new(slots);
    char value[20] = "";
    for (uint64_t n = 0; n < 400000; n++) {
        struct cx_id key = id(n);
        cx_state_put(s, 0, &key, value, sizeof value);
        if (n % 1024 == 0)
            cx_state_commit(s);
        if (n > 100000)
            cr_assert_lt((cx_state_bytes(s) - 300000) / n, 50, "%zu bytes for %lu entries", cx_state_bytes(s), (unsigned long)n);
    }
    cx_state_free(s);
}

Test(state, a_value_without_bytes_is_zeros_where_the_size_is_fixed)
{
    struct cx_id key = id(1);
    put(1, 77);
    cx_state_put(state, FIXED, &key, NULL, 0);
    cr_assert_eq(get(1), 0);
}

Test(state, memory_follows_what_is_kept_down_as_well_as_up)
{
    size_t empty = cx_state_bytes(state);
    cx_state_oput(state, SORTED, CX_STR("k"), CX_STR("a value of an ordered table"));
    cx_state_commit(state);
    size_t one = cx_state_bytes(state);
    cr_assert_gt(one, empty + 27);
    for (uint64_t n = 0; n < 300000; n++) {
        put(n, n);
        if (n % 1000 == 0)
            cx_state_commit(state);
    }
    cx_state_commit(state);
    size_t full = cx_state_bytes(state);
    cr_assert_eq(state->tables[FIXED].hash.chunk_count, 5);
    for (uint64_t n = 0; n < 300000; n++) {
        struct cx_id key = id(n);
        cx_state_del(state, FIXED, &key);
        if (n % 1000 == 0)
            cx_state_commit(state);
    }
    cx_state_commit(state);
    cr_assert_eq(cx_state_count(state, FIXED), 0);
    cr_assert_lt(cx_state_bytes(state), full);
    cr_assert_leq(state->tables[FIXED].hash.chunk_count, 2);
}
