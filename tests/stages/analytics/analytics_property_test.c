/* Random records of two tenants in random order, with aborts and restarts on the way, against plain counting. */
#include <criterion/criterion.h>
#include "tests/stages/analytics/timed_stage.h"

enum { RECORDS = 3000, MINUTES = 30, LATENESS_MINUTES = 45, MINUTE = 60000, CELLS = 2 * MINUTES * 3 * 2 * 5 };
#define START INT64_C(1790000040000)

static const char *const tenants[] = { "acme", "globex" };
static const char *const channels[] = { "x", "email", "whatsapp" };
static const char *const brands[] = { NULL, "home" };
static const char *const functions[] = { "care", "finance", "sales", "all", "unmatched" };
enum { REAL_FUNCTIONS = 3, ALL = 3, UNMATCHED = 4 };

static uint64_t seed;
static int below(int n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (int)((seed >> 33) % (uint64_t)n);
}

struct said {
    int tenant, minute, channel, brand, functions /* bits */, likes;
};

static size_t cell(const struct said *said, int function)
{
    return (size_t)((((said->tenant * MINUTES + said->minute) * 3 + said->channel) * 2 + said->brand) * 5 + function);
}

struct counted {
    int64_t records, likes, version;
    bool final;
};

static struct counted written[CELLS];
static int64_t written_rows;

static int index_of(struct cx_str name, const char *const *names, int n)
{
    for (int i = 0; i < n; i++)
        if (names[i] ? cx_str_is(name, names[i]) : name.ptr == NULL)
            return i;
    cr_assert_fail("unknown name");
    return 0;
}

static void keep_row(struct one_stage *one, int port, struct cx_str key, const void *record)
{
    (void)one;
    (void)port;
    (void)key;
    const struct cx_metric_minute *row = record;
    const struct said said = { .tenant = index_of(row->tenant, tenants, 2),
                               .minute = (int)((row->window_start - START) / MINUTE),
                               .channel = index_of(row->channel, channels, 3),
                               .brand = index_of(row->brand, brands, 2) };
    struct counted *counted = &written[cell(&said, index_of(row->function, functions, 5))];
    cr_assert_eq(row->version, counted->version + 1, "versions rise by one");
    cr_assert_not(counted->final, "nothing follows the final row");
    *counted = (struct counted){ row->records, row->likes, row->version, row->final };
    written_rows++;
}

static void feed(struct one_stage *one, const struct said *said, int64_t ingested_at)
{
    struct cx_interaction record;
    struct cx_routing routing;
    struct cx_str list[REAL_FUNCTIONS];
    const struct cx_reach reach = { .likes = { true, said->likes } };
    cx_interaction_init(&record);
    cx_routing_init(&routing);
    record.tenant = cx_str(tenants[said->tenant]);
    record.channel = cx_str(channels[said->channel]);
    record.brand = cx_str(brands[said->brand]);
    record.occurred_at = START + said->minute * MINUTE + below(MINUTE);
    record.ingested_at = ingested_at;
    record.reach = &reach;
    for (int f = 0; f < REAL_FUNCTIONS; f++)
        if (said->functions >> f & 1)
            list[routing.functions.len++] = cx_str(functions[f]);
    routing.functions.items = list;
    record.routing = &routing;
    cx_arena_reset(one->arena);
    cr_assert_str_eq(timed_process(one, &record), "emit");
}

/* Feeds all records in the given order and closes all minutes. restarts: commit, die and restore every so many records; 0: never. */
static void run(struct one_stage *one, const struct said *all, const int *order, int restarts)
{
    struct one_changelog log = { 0 };
    memset(written, 0, sizeof written);
    written_rows = 0;
    cr_assert_eq(one_stage_open(one, &analytics_stage, "lateness: 45m"), 0, "%s", one->err.text);
    one->on_emit = keep_row;
    for (int i = 0; i < RECORDS; i++) {
        feed(one, &all[order[i]], START + (int64_t)i * MINUTES * MINUTE / RECORDS);
        if (restarts && i % restarts == 0) {
            one_stage_commit(one, &log);
            cr_assert_eq(one_stage_restart(one, &log), 0, "%s", one->err.text);
        }
    }
    for (int t = 0; t < 2; t++)
        timed_advance(one, cx_str(tenants[t]), START + (MINUTES + LATENESS_MINUTES + 1) * (int64_t)MINUTE);
    one_changelog_free(&log);
}

static void make_records(struct said *all, int *order)
{
    for (int i = 0; i < RECORDS; i++) {
        all[i] = (struct said){ below(2), below(MINUTES), below(3), below(2), below(1 << REAL_FUNCTIONS), below(100) };
        order[i] = i;
    }
}

static void shuffle(int *order)
{
    for (int i = RECORDS - 1; i > 0; i--) {
        const int other = below(i + 1), kept = order[i];
        order[i] = order[other];
        order[other] = kept;
    }
}

Test(analytics_property, final_rows_are_plain_counts_in_any_order)
{
    static struct said all[RECORDS];
    static int order[RECORDS];
    static struct counted expected[CELLS];
    for (seed = 1; seed < 6; seed++) {
        const uint64_t kept = seed;
        memset(expected, 0, sizeof expected);
        make_records(all, order);
        for (int i = 0; i < RECORDS; i++) {
            const int bits = all[i].functions ? all[i].functions | 1 << ALL : 1 << ALL | 1 << UNMATCHED;
            for (int f = 0; f < 5; f++)
                if (bits >> f & 1) {
                    expected[cell(&all[i], f)].records++;
                    expected[cell(&all[i], f)].likes += all[i].likes;
                }
        }
        for (int round = 0; round < 2; round++, shuffle(order)) {
            struct one_stage one;
            run(&one, all, order, 0);
            int64_t records = 0;
            for (size_t c = 0; c < CELLS; c++) {
                cr_assert_eq(written[c].records, expected[c].records, "seed %d cell %zu", (int)kept, c);
                cr_assert_eq(written[c].likes, expected[c].likes);
                cr_assert_eq(written[c].final, expected[c].records > 0);
                records += c % 5 == ALL ? written[c].records : 0;
            }
            cr_assert_eq(records, RECORDS, "the rows of `all` count every record once");
            for (int table = 1; table <= 5; table++)
                cr_assert_eq(cx_state_count(one.state, table), 0);
            one_stage_close(&one);
        }
        seed = kept;
    }
}

Test(analytics_property, restarts_on_the_way_change_nothing)
{
    static struct said all[RECORDS];
    static int order[RECORDS];
    static struct counted whole[CELLS];
    struct one_stage one;
    seed = 7;
    make_records(all, order);
    shuffle(order);
    const uint64_t kept = seed;
    run(&one, all, order, 0);
    memcpy(whole, written, sizeof whole);
    const int64_t rows = written_rows;
    const struct cx_id digest = cx_state_digest(one.state);
    one_stage_close(&one);
    for (int every = 97; every < RECORDS; every = every * 3 + 2) {
        seed = kept;
        run(&one, all, order, every);
        cr_assert_eq(written_rows, rows, "every %d: %ld and %ld rows", every, (long)written_rows, (long)rows);
        cr_assert_eq(memcmp(whole, written, sizeof whole), 0);
        cr_assert(cx_id_eq(cx_state_digest(one.state), digest));
        one_stage_close(&one);
    }
}

Test(analytics_property, an_aborted_transaction_leaves_no_trace)
{
    static struct said all[RECORDS];
    static int order[RECORDS];
    struct one_stage one;
    seed = 11;
    make_records(all, order);
    cr_assert_eq(one_stage_open(&one, &analytics_stage, "lateness: 45m"), 0, "%s", one.err.text);
    for (int i = 0; i < RECORDS; i++) {
        if (i % 50 == 0) {
            const struct cx_id before = cx_state_digest(one.state);
            feed(&one, &all[i], START + (int64_t)(i + 400) * MINUTES * MINUTE / RECORDS);
            cx_state_abort(one.state);
            cr_assert(cx_id_eq(cx_state_digest(one.state), before));
        }
        feed(&one, &all[i], START + (int64_t)i * MINUTES * MINUTE / RECORDS);
        cx_state_commit(one.state);
    }
    one_stage_close(&one);
}
