#include <criterion/criterion.h>
#include "base/version.h"
#include "tests/stages/one_stage.h"

extern const struct cx_stage dedup_stage;
static struct one_stage one;

static void open_defaults(void)
{
    cr_assert_eq(one_stage_open(&one, &dedup_stage, "window: 1h\nmax_slots: 3\n"), 0, "%s", one.err.text);
}
static void close_all(void)
{
    one_stage_close(&one);
}
TestSuite(dedup, .init = open_defaults, .fini = close_all);

#define NOON 1795262400000 /* 2026-11-21T12:00:00Z */
static struct cx_interaction comment(const char *native_id, const char *text, int64_t occurred_at)
{
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.tenant = CX_STR("acme");
    record.channel = CX_STR("instagram");
    record.native_id = cx_str(native_id);
    record.text = cx_str(text);
    record.occurred_at = occurred_at;
    return record;
}
static const char *settle(struct cx_interaction *record, int64_t time_ms)
{
    return one_stage_verdict(&one, one_stage_process(&one, record, time_ms));
}
static const char *settle_comment(const char *native_id, const char *text, int64_t occurred_at)
{
    struct cx_interaction record = comment(native_id, text, occurred_at);
    return settle(&record, NOON);
}
static struct cx_id event_id_of(const struct cx_interaction *record)
{
    struct cx_content content;
    cx_content_begin(&content, record->text, record->title);
    struct cx_version version = { (int)record->op, record->occurred_at_known, record->occurred_at, cx_content_end(&content) };
    return cx_event_id(record->tenant, record->channel, record->native_id, version);
}

Test(dedup, the_same_operation_and_content_is_a_repeat_whatever_time_it_claims)
{
    cr_assert_str_eq(settle_comment("1", "hello", NOON), "emit");
    cr_assert_str_eq(settle_comment("1", "hello", NOON), "repeat");
    cr_assert_str_eq(settle_comment("1", "hello", NOON + 5), "repeat");
    cr_assert_str_eq(settle_comment("1", "hello", NOON - 5), "repeat");
    cr_assert_str_eq(settle_comment("2", "hello", NOON), "emit");
}

Test(dedup, an_edit_names_the_version_it_changed_and_ties_pass)
{
    struct cx_interaction first = comment("1", "hello", NOON), edit = comment("1", "hello, world", NOON);
    edit.op = CX_OP_EDIT;
    cr_assert_str_eq(settle(&first, NOON), "emit");
    cr_assert_null(first.duplicate->edit_of);
    cr_assert_eq(first.duplicate->cluster_size, 1);
    cr_assert_str_eq(settle(&edit, NOON), "emit");
    cr_assert(cx_id_eq(*edit.duplicate->edit_of, event_id_of(&first)));
}

Test(dedup, an_older_version_is_stale)
{
    cr_assert_str_eq(settle_comment("1", "new", NOON), "emit");
    cr_assert_str_eq(settle_comment("1", "old", NOON - 1), "stale");
}

Test(dedup, versions_without_a_time_count_in_order_of_arrival)
{
    struct cx_interaction a = comment("1", "a", NOON), b = comment("1", "b", NOON - 10), c = comment("1", "c", NOON - 20);
    b.occurred_at_known = false;
    cr_assert_str_eq(settle(&a, NOON), "emit");
    cr_assert_str_eq(settle(&b, NOON), "emit");
    cr_assert_str_eq(settle(&c, NOON), "emit", "the version before has no time to be older than");
}

Test(dedup, a_delete_stops_a_late_create_even_when_its_own_time_is_not_known)
{
    struct cx_interaction gone = comment("1", NULL, NOON), late = comment("1", "hello", NOON - 1000), again = comment("1", "hello", NOON + 1000);
    gone.op = CX_OP_DELETE;
    gone.occurred_at_known = false;
    cr_assert_str_eq(settle(&gone, NOON), "emit");
    cr_assert_str_eq(settle(&late, NOON), "stale");
    cr_assert_str_eq(settle(&again, NOON), "emit");
}

Test(dedup, another_author_is_a_conflict_and_leaves_the_slot_alone)
{
    struct cx_author ann, bob;
    cx_author_init(&ann);
    cx_author_init(&bob);
    ann.native_id = CX_STR("ann");
    bob.native_id = CX_STR("bob");
    struct cx_interaction first = comment("1", "hello", NOON), other = comment("1", "bye", NOON + 1), nobody = comment("1", "bye", NOON + 2),
                          back = comment("1", "hm", NOON + 3);
    first.author = back.author = &ann;
    other.author = &bob;
    cr_assert_str_eq(settle(&first, NOON), "emit");
    cr_assert_str_eq(settle(&other, NOON), "id_conflict");
    cr_assert_str_eq(settle(&nobody, NOON), "emit", "a record without an author conflicts with none");
    cr_assert_str_eq(settle(&other, NOON), "id_conflict", "and the author stays remembered");
    cr_assert_str_eq(settle(&back, NOON), "emit");
}

Test(dedup, an_edit_with_an_id_of_its_own_names_the_one_it_supersedes)
{
    struct cx_interaction first = comment("1", "hello", NOON), edit = comment("2", "hello, world", NOON + 1);
    edit.op = CX_OP_EDIT;
    edit.supersedes = CX_STR("1");
    cr_assert_str_eq(settle(&first, NOON), "emit");
    cr_assert_str_eq(settle(&edit, NOON), "emit");
    cr_assert(cx_id_eq(*edit.duplicate->edit_of, event_id_of(&first)));
}

Test(dedup, an_id_is_forgotten_after_the_window_since_it_was_last_seen)
{
    struct cx_interaction record = comment("1", "hello", NOON);
    cr_assert_str_eq(settle(&record, NOON), "emit");
    cr_assert_str_eq(settle(&record, NOON + 3600000), "repeat");
    cr_assert_str_eq(settle(&record, NOON + 7200000), "repeat", "the repeat was a sign of life");
    cr_assert_str_eq(settle(&record, NOON + 10801000), "emit");
    cr_assert_null(record.duplicate->edit_of);
}

Test(dedup, beyond_the_cap_new_ids_are_refused_and_known_ones_still_told)
{
    cr_assert_str_eq(settle_comment("1", "a", NOON), "emit");
    cr_assert_str_eq(settle_comment("2", "a", NOON), "emit");
    cr_assert_str_eq(settle_comment("3", "a", NOON), "emit");
    cr_assert_str_eq(settle_comment("4", "a", NOON), "too_many_ids");
    cr_assert_str_eq(settle_comment("1", "a", NOON), "repeat");
    struct cx_interaction other = comment("4", "a", NOON), later = other;
    other.tenant = CX_STR("globex");
    cr_assert_str_eq(settle(&other, NOON), "emit", "the cap is per tenant");
    cr_assert_str_eq(settle(&later, NOON + 2 * 3600000), "emit", "the window made room");
}

Test(dedup, slots_without_their_counts_do_not_lift_the_cap)
{
    struct one_changelog log = { 0 };
    cr_assert_str_eq(settle_comment("1", "a", NOON), "emit");
    cr_assert_str_eq(settle_comment("2", "a", NOON), "emit");
    one_stage_commit(&one, &log);
    size_t kept = 0;
    for (size_t i = 0; i < log.len; i++) /* retention took the rest */
        if (log.records[i].key.ptr[0] == 1)
            log.records[kept++] = log.records[i];
    log.len = kept;
    cr_assert_eq(one_stage_restart(&one, &log), 0);
    struct cx_interaction known = comment("1", "a", NOON);
    cr_assert_str_eq(settle(&known, NOON + 3600000), "repeat");
    for (int i = 3; i < 7; i++) {
        char id[2] = { (char)('0' + i), '\0' };
        struct cx_interaction record = comment(id, "a", NOON);
        cr_assert_str_eq(settle(&record, NOON + 3600000), i < 5 ? "emit" : "too_many_ids", "%d", i);
    }
    one_changelog_free(&log);
}

Test(dedup, an_empty_id_is_refused)
{
    cr_assert_str_eq(settle_comment("", "a", NOON), "no_native_id");
}

Test(dedup, tenants_and_channels_do_not_share_ids)
{
    struct cx_interaction a = comment("1", "a", NOON), b = a, c = a;
    b.tenant = CX_STR("globex");
    c.channel = CX_STR("facebook");
    cr_assert_str_eq(settle(&a, NOON), "emit");
    cr_assert_str_eq(settle(&b, NOON), "emit");
    cr_assert_str_eq(settle(&c, NOON), "emit");
}

Test(dedup, another_media_address_is_no_edit_where_the_medium_has_an_id)
{
    struct cx_media signed_a = { CX_STR("image"), CX_STR("https://cdn/1?sig=a"), CX_STR("m1") }, signed_b = signed_a, other = signed_a;
    signed_b.url = CX_STR("https://cdn/1?sig=b");
    other.native_id = CX_STR("m2");
    struct cx_interaction record = comment("1", "a", NOON);
    record.media = (struct cx_media_list){ &signed_a, 1 };
    cr_assert_str_eq(settle(&record, NOON), "emit");
    record.media.items = &signed_b;
    cr_assert_str_eq(settle(&record, NOON), "repeat");
    record.media.items = &other;
    cr_assert_str_eq(settle(&record, NOON), "emit");
}

Test(dedup_memory, what_left_the_window_leaves_the_table)
{
    cr_assert_eq(one_stage_open(&one, &dedup_stage, "window: 1h\n"), 0);
    size_t most = 0;
    for (int i = 0; i < 400000; i++) { /* 10,000 ids an hour, for 40 hours */
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        struct cx_interaction record = comment(id, "a", NOON);
        cr_assert_str_eq(settle(&record, NOON + (int64_t)i * 360), "emit");
        cx_arena_reset(one.arena);
        if (i % 100 == 0)
            cx_state_commit(one.state);
        size_t count = cx_state_count(one.state, 1);
        most = count > most ? count : most;
    }
    cr_assert_lt(most, 27000, "%zu", most); /* 20,000 in the window and its first hour, and a quarter that waits for the sweep */
    cr_assert_leq(cx_state_count(one.state, 3), 2);
    one_stage_close(&one);
}
