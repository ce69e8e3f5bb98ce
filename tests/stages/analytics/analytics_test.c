/* What one row says, when it is written, and what comes too late for it. */
#include <criterion/criterion.h>
#include "base/time.h"
#include "tests/stages/analytics/timed_stage.h"

enum { MINUTE = 60000, HOUR = 3600000, ROWS_MAX = 64 };
#define START INT64_C(1790000040000) /* a full minute */

static struct one_stage one;
static struct {
    char key[200];
    struct cx_metric_minute row; /* its strings are gone after the call */
} rows[ROWS_MAX];
static size_t row_count;

static void keep_row(struct one_stage *stage, int port, struct cx_str key, const void *record)
{
    (void)stage;
    cr_assert_eq(port, 1);
    cr_assert_lt(row_count, ROWS_MAX);
    snprintf(rows[row_count].key, sizeof rows->key, "%.*s", CX_STR_ARG(key));
    rows[row_count++].row = *(const struct cx_metric_minute *)record;
}

static void open_stage(const char *yaml)
{
    row_count = 0;
    cr_assert_eq(one_stage_open(&one, &analytics_stage, yaml), 0, "%s", one.err.text);
    one.on_emit = keep_row;
}

static void close_stage(void)
{
    one_stage_close(&one);
}

/* A customer's comment of tenant acme, said and received at START + ms. */
static struct cx_interaction comment(int64_t ms)
{
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.tenant = CX_STR("acme");
    record.brand = CX_STR("home");
    record.channel = CX_STR("x");
    record.kind = CX_STR("comment");
    record.occurred_at = record.ingested_at = START + ms;
    return record;
}

static const struct cx_metric_minute *find_row(const char *key)
{
    for (size_t i = row_count; i > 0; i--)
        if (strcmp(rows[i - 1].key, key) == 0)
            return &rows[i - 1].row;
    cr_assert_fail("no row %s", key);
    return NULL;
}

static const char *minute_key(const char *function)
{
    static char key[200];
    char text[CX_TIME_TEXT];
    cx_time_format(START, text);
    snprintf(key, sizeof key, "acme|home|x|und|%s|%.16sZ", function, text);
    return key;
}

Test(analytics, writes_nothing_per_record_and_the_row_at_the_next_boundary)
{
    open_stage("");
    struct cx_interaction first = comment(0), second = comment(5000);
    cr_assert_str_eq(timed_process(&one, &first), "emit");
    cr_assert_str_eq(timed_process(&one, &second), "emit");
    cr_expect_eq(row_count, 0);
    timed_advance(&one, CX_STR("acme"), START + 10000);
    cr_assert_eq(row_count, 2);
    const struct cx_metric_minute *row = find_row(minute_key("all"));
    cr_expect_eq(row->records, 2);
    cr_expect_eq(row->version, 1);
    cr_expect_not(row->final);
    cr_expect_eq(row->window_start, START);
    cr_expect_eq(row->window_end, START + MINUTE);
    close_stage();
}

Test(analytics, counts_originals_apart_from_copies_and_edits_of_either_not_again)
{
    open_stage("");
    const struct cx_id cluster = { { 1 } };
    const struct cx_duplicate original = { .cluster_id = &cluster, .cluster_size = 1 },
                              copy = { .cluster_id = &cluster, .cluster_size = 2, .similarity = { true, 0.9 } }, none = { .cluster_size = 0 };
    const struct {
        const struct cx_duplicate *duplicate;
        enum cx_op op;
    } said[] = { { &original, CX_OP_CREATE }, { &copy, CX_OP_CREATE }, { &copy, CX_OP_CREATE }, { &copy, CX_OP_EDIT },
                 { &original, CX_OP_EDIT },   { &none, CX_OP_DELETE }, { &none, CX_OP_CREATE }, { NULL, CX_OP_CREATE } };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct cx_interaction record = comment((int64_t)i);
        record.duplicate = said[i].duplicate;
        record.op = said[i].op;
        timed_process(&one, &record);
    }
    timed_advance(&one, CX_STR("acme"), START + 10000);
    const struct cx_metric_minute *row = find_row(minute_key("all"));
    cr_expect_eq(row->creates, 5);
    cr_expect_eq(row->originals, 1);
    cr_expect_eq(row->copies, 2);
    close_stage();
}

Test(analytics, writes_a_row_again_only_after_a_change)
{
    open_stage("");
    struct cx_interaction first = comment(0), second = comment(1000);
    timed_process(&one, &first);
    timed_advance(&one, CX_STR("acme"), START + 10000);
    timed_advance(&one, CX_STR("acme"), START + 40000);
    cr_expect_eq(row_count, 2);
    second.ingested_at = START + 40000;
    timed_process(&one, &second);
    timed_advance(&one, CX_STR("acme"), START + 50000);
    cr_expect_eq(row_count, 4);
    cr_expect_eq(find_row(minute_key("all"))->version, 2);
    close_stage();
}

Test(analytics, closes_a_minute_when_record_time_reaches_its_end_and_lateness)
{
    open_stage("lateness: 1h");
    struct cx_interaction record = comment(0), late = comment(59999), punctual = comment(59999);
    timed_process(&one, &record);
    punctual.ingested_at = START + MINUTE + HOUR - 1;
    cr_expect_str_eq(timed_process(&one, &punctual), "emit");
    cr_expect_not(find_row(minute_key("all"))->final);
    late.ingested_at = START + MINUTE + HOUR;
    cr_expect_str_eq(timed_process(&one, &late), "late");
    const struct cx_metric_minute *row = find_row(minute_key("all"));
    cr_expect(row->final);
    cr_expect_eq(row->records, 2);
    for (int table = 1; table <= 5; table++)
        cr_expect_eq(cx_state_count(one.state, table), 0, "a closed minute costs no state");
    cr_expect_str_eq(timed_process(&one, &late), "late");
    close_stage();
}

Test(analytics, knows_late_records_of_minutes_it_never_saw)
{
    open_stage("lateness: 5m");
    struct cx_interaction now = comment(0), old = comment(-6 * MINUTE);
    timed_process(&one, &now);
    cr_expect_str_eq(timed_process(&one, &old), "late");
    old.occurred_at += MINUTE;
    cr_expect_str_eq(timed_process(&one, &old), "emit");
    close_stage();
}

Test(analytics, keeps_the_time_of_each_tenant)
{
    open_stage("lateness: 0s");
    struct cx_interaction acme = comment(0), other = comment(-HOUR);
    other.tenant = CX_STR("globex");
    timed_process(&one, &acme);
    cr_expect_str_eq(timed_process(&one, &other), "emit");
    timed_advance(&one, CX_STR("globex"), START - HOUR + MINUTE);
    cr_assert_eq(row_count, 2);
    cr_expect(rows[0].row.final);
    cr_expect(strncmp(rows[0].key, "globex|", 7) == 0);
    close_stage();
}

Test(analytics, counts_what_customers_say_and_adds_up_reach)
{
    open_stage("");
    const struct cx_label intents[] = { { CX_STR("complaint"), 0.9F }, { CX_STR("question"), 0.5F } };
    struct cx_classification classification;
    cx_classification_init(&classification);
    classification.language = CX_STR("en");
    classification.sentiment = CX_SENTIMENT_NEGATIVE;
    classification.urgency = CX_URGENCY_HIGH;
    classification.intents.items = intents;
    classification.intents.len = 2;
    struct cx_reach reach = { .likes = { true, 7 }, .views = { true, INT64_MAX } };
    struct cx_interaction said = comment(0), edited = comment(1), answered = comment(2), echoed = comment(3), noted = comment(4);
    said.classification = answered.classification = &classification;
    said.reach = &reach;
    edited.op = CX_OP_EDIT;
    edited.classification = &classification;
    edited.reach = &reach;
    answered.direction = CX_DIRECTION_OUTBOUND;
    echoed.direction = CX_DIRECTION_ECHO;
    echoed.classification = noted.classification = &classification;
    noted.direction = CX_DIRECTION_INTERNAL;
    noted.op = CX_OP_DELETE;
    struct cx_interaction *all[] = { &said, &edited, &answered, &echoed, &noted };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        cr_expect_str_eq(timed_process(&one, all[i]), "emit");
    timed_advance(&one, CX_STR("acme"), START + 10000);
    cr_assert_eq(row_count, 2);
    const struct cx_metric_minute *row = &rows[0].row;
    cr_expect_eq(row->records, 5);
    cr_expect_eq(row->creates, 3);
    cr_expect_eq(row->edits, 1);
    cr_expect_eq(row->deletes, 1);
    cr_expect_eq(row->inbound, 2);
    cr_expect_eq(row->outbound, 2);
    cr_expect_eq(row->negative, 2, "the company's own words are no displeasure");
    cr_expect_eq(row->urgency_high, 2);
    cr_expect_eq(row->complaints, 2);
    cr_expect_eq(row->questions, 2);
    cr_expect_eq(row->likes, 14);
    cr_expect_eq(row->views, INT64_MAX, "a sum that would overflow stands still");
    close_stage();
}

Test(analytics, has_a_row_per_function_and_counts_each_record_once_in_it)
{
    open_stage("");
    const struct cx_str twice[] = { CX_STR("care"), CX_STR("finance"), CX_STR("care"), CX_STR("all") };
    struct cx_routing routing;
    cx_routing_init(&routing);
    routing.functions = (struct cx_str_list){ twice, 4 };
    struct cx_interaction routed = comment(0), unrouted = comment(1);
    routed.routing = &routing;
    timed_process(&one, &routed);
    timed_process(&one, &unrouted);
    timed_advance(&one, CX_STR("acme"), START + 10000);
    cr_expect_eq(row_count, 4);
    cr_expect_eq(find_row(minute_key("all"))->records, 2);
    cr_expect_eq(find_row(minute_key("care"))->records, 1);
    cr_expect_eq(find_row(minute_key("finance"))->records, 1);
    cr_expect_eq(find_row(minute_key("unmatched"))->records, 1);
    close_stage();
}

Test(analytics, escapes_the_separator_in_keys_and_knows_no_brand_from_an_empty_one)
{
    open_stage("");
    struct cx_interaction record = comment(0), empty = comment(0);
    record.channel = CX_STR("a|b\\c");
    record.brand = CX_STR_NULL;
    empty.channel = record.channel;
    empty.brand = CX_STR("");
    timed_process(&one, &record);
    timed_process(&one, &empty);
    timed_advance(&one, CX_STR("acme"), START + 10000);
    cr_assert_eq(row_count, 2);
    cr_expect(strncmp(rows[0].key, "acme||a\\|b\\\\c|und|", 18) == 0, "%s", rows[0].key);
    cr_expect_eq(rows[0].row.records, 2);
    close_stage();
}

Test(analytics, rejects_times_whose_minute_would_never_close)
{
    open_stage("");
    struct cx_interaction record = comment(0);
    record.occurred_at = record.ingested_at + 24 * HOUR;
    cr_expect_str_eq(timed_process(&one, &record), "emit");
    record.occurred_at++;
    cr_expect_str_eq(timed_process(&one, &record), "impossible_time");
    record.occurred_at = INT64_MIN;
    cr_expect_str_eq(timed_process(&one, &record), "impossible_time");
    record.occurred_at = record.ingested_at = INT64_MAX;
    cr_expect_str_eq(one_stage_verdict(&one, one_stage_process(&one, &record, START)), "impossible_time");
    close_stage();
}

Test(analytics, takes_names_of_any_length)
{
    open_stage("");
    static char name[5000];
    memset(name, 'n', sizeof name);
    struct cx_interaction record = comment(0);
    record.tenant = record.brand = cx_str_n(name, sizeof name);
    cr_expect_str_eq(one_stage_verdict(&one, one_stage_process(&one, &record, START)), "emit");
    struct cx_ctx ctx = {
        .arena = one.arena, .state = one.state, .time_ms = START + 10000, .emit_ = one_stage_emit_, .count_ = one_stage_count_, .runtime_ = &one
    };
    analytics_stage.tick(one.self, &ctx, record.tenant);
    cr_expect_eq(row_count, 2);
    close_stage();
}
