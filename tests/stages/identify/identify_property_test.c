/* Random records: whatever their order, the same identifiers end up in the same customer; with aborts and restarts on the way. A reader of the
 * aliases topic, who keeps a map and compares epochs, finds the customer that stands from any id it ever saw. */
#include <criterion/criterion.h>
#include "tests/stages/one_stage.h"

extern const struct cx_stage identify_stage;
enum { RECORDS = 150, IDENTIFIERS = 90, MOST = 3 };

static uint64_t seed;
static uint32_t below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(seed >> 33) % n;
}

/* ---- what is said ---- */
struct saying {
    uint32_t identifiers[MOST];
    size_t count;
};
static struct cx_identifier identifier(uint32_t n)
{
    static char values[IDENTIFIERS][24];
    static const char *const types[] = { "email", "customer_id", "anonymous_id" };
    struct cx_identifier made;
    cx_identifier_init(&made);
    made.type = cx_str(types[n % 3]);
    snprintf(values[n], sizeof values[n], n % 3 ? "id-%06u" : "m%u@example.com", n);
    made.value = cx_str(values[n]);
    return made;
}

/* ---- union-find: the model ---- */
static uint32_t parents[IDENTIFIERS];
static uint32_t root(uint32_t n)
{
    while (parents[n] != n)
        n = parents[n];
    return n;
}

/* ---- a reader of the aliases topic ---- */
struct alias {
    struct cx_id from, to;
    int64_t epoch;
};
struct reader {
    struct alias aliases[RECORDS];
    size_t count;
};
static struct reader reader;
static struct alias *alias_of(struct cx_id from)
{
    for (size_t i = 0; i < reader.count; i++)
        if (cx_id_eq(reader.aliases[i].from, from))
            return &reader.aliases[i];
    return NULL;
}
static void read_alias(struct one_stage *one, int port, struct cx_str key, const void *record)
{
    (void)one, (void)port, (void)key;
    const struct cx_identity_alias *row = record;
    struct alias *known = alias_of(row->from);
    if (known == NULL) {
        cr_assert_eq(row->op, CX_ALIAS_OP_SELF);
        reader.aliases[reader.count++] = (struct alias){ row->from, row->to, row->epoch };
        return;
    }
    cr_assert_eq(row->op, CX_ALIAS_OP_MERGE);
    cr_assert_gt(row->epoch, known->epoch);
    const struct alias *to = alias_of(row->to);
    cr_assert(cx_id_eq(to->from, to->to), "a chain has one link");
    known->to = row->to;
    known->epoch = row->epoch;
}

static struct cx_id say(struct one_stage *one, const struct saying *saying, int64_t offset)
{
    struct cx_identifier items[MOST];
    for (size_t i = 0; i < saying->count; i++)
        items[i] = identifier(saying->identifiers[i]);
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.tenant = CX_STR("acme");
    record.identifiers = (struct cx_identifier_list){ items, saying->count };
    record.source.topic = CX_STR("raw");
    record.source.offset = offset;
    record.ingested_at = 1795262400000 + offset / 3; /* several within a millisecond */
    cr_assert_eq(one_stage_process(one, &record, record.ingested_at).reason, CX_PASSED);
    return *record.identity->ucid;
}

/* The customer of every identifier once all has been said; zero where it was never said. */
static void tell_all(const struct saying *sayings, bool disturbed, struct cx_id customers[IDENTIFIERS])
{
    struct one_stage one;
    struct one_changelog log = { 0 };
    static struct reader committed;
    struct cx_id seen[RECORDS];
    size_t begin = 0;
    cr_assert_eq(one_stage_open(&one, &identify_stage, ""), 0);
    one.on_emit = read_alias;
    reader.count = committed.count = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        seen[i] = say(&one, &sayings[i], (int64_t)i);
        if (below(8))
            continue;
        if (disturbed && below(4) == 0) {
            cx_state_abort(one.state);
            reader = committed;
            i = begin - 1; /* again from the last commit */
            continue;
        }
        one_stage_commit(&one, &log);
        committed = reader;
        begin = i + 1;
        if (disturbed && below(4) == 0)
            cr_assert_eq(one_stage_restart(&one, &log), 0);
    }
    for (size_t i = 0; i < RECORDS; i++)
        for (size_t k = 0; k < sayings[i].count; k++) {
            struct saying probe = { { sayings[i].identifiers[k] }, 1 };
            struct cx_id now = say(&one, &probe, RECORDS);
            cr_assert(cx_id_eq(alias_of(seen[i])->to, now), "whoever knows the aliases finds the customer from any id ever seen");
            customers[sayings[i].identifiers[k]] = now;
        }
    one_changelog_free(&log);
    one_stage_close(&one);
}

static void check_partition(const struct cx_id customers[IDENTIFIERS])
{
    for (uint32_t a = 0; a < IDENTIFIERS; a++)
        for (uint32_t b = 0; b < a; b++)
            if (!cx_id_is_zero(customers[a]) && !cx_id_is_zero(customers[b]))
                cr_assert_eq(cx_id_eq(customers[a], customers[b]), root(a) == root(b));
}

static void run(uint64_t from)
{
    struct saying sayings[RECORDS];
    seed = from;
    for (uint32_t n = 0; n < IDENTIFIERS; n++)
        parents[n] = n;
    for (size_t i = 0; i < RECORDS; i++) {
        sayings[i].count = 1 + (below(3) == 0) + (below(12) == 0);
        for (size_t k = 0; k < sayings[i].count; k++) {
            sayings[i].identifiers[k] = below(IDENTIFIERS);
            parents[root(sayings[i].identifiers[k])] = root(sayings[i].identifiers[0]);
        }
    }
    struct cx_id calm[IDENTIFIERS] = { 0 }, disturbed[IDENTIFIERS] = { 0 }, shuffled[IDENTIFIERS] = { 0 };
    tell_all(sayings, false, calm);
    tell_all(sayings, true, disturbed);
    cr_assert_arr_eq(calm, disturbed, sizeof calm, "seed %lu: aborts and restarts show", (unsigned long)from);
    for (size_t i = RECORDS - 1; i > 0; i--) {
        uint32_t j = below((uint32_t)i + 1);
        struct saying swap = sayings[i];
        sayings[i] = sayings[j];
        sayings[j] = swap;
    }
    tell_all(sayings, false, shuffled);
    check_partition(calm);
    check_partition(shuffled);
}

Test(identify_property, any_order_of_records_gives_the_same_partition_of_identifiers)
{
    for (uint64_t s = 1; s <= 60; s++)
        run(s);
}
