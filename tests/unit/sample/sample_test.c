/* The sample: the same bytes for the same seed, the promised mix, readable where it should be. */
#include "run/sample.h"
#include <criterion/criterion.h>
#include "base/hash.h"
#include "base/json.h"
#include "base/time.h"

enum { MANY = 20000, DAY = 86400000 };
#define START INT64_C(1790000000000)

static struct cx_arena *arena;

static void open_arena(void)
{
    arena = cx_arena_new(64u << 20);
}
static void close_arena(void)
{
    cx_arena_free(arena);
}
TestSuite(sample, .init = open_arena, .fini = close_arena);

/* Hash over the first n payloads. */
static struct cx_id digest(uint64_t seed, int64_t start_ms, const char *tenants, int n)
{
    struct cx_sample *sample = cx_sample_new(seed, start_ms, CX_SAMPLE_PER_DAY, tenants);
    struct cx_hasher hasher;
    cx_hasher_init(&hasher, "test");
    for (int i = 0; i < n; i++) {
        struct cx_sample_payload payload;
        cx_arena_reset(arena);
        cx_sample_next(sample, arena, &payload);
        cx_hasher_str(&hasher, payload.key);
        cx_hasher_str(&hasher, payload.value);
    }
    cx_sample_free(sample);
    return cx_hasher_end(&hasher);
}

/* Calls `each` for the first n payloads of a seed. */
static void for_each(uint64_t seed, int n, void (*each)(void *context, const struct cx_sample_payload *payload), void *context)
{
    struct cx_sample *sample = cx_sample_new(seed, START, CX_SAMPLE_PER_DAY, NULL);
    for (int i = 0; i < n; i++) {
        struct cx_sample_payload payload;
        cx_arena_reset(arena);
        cx_sample_next(sample, arena, &payload);
        each(context, &payload);
    }
    cx_sample_free(sample);
}

static bool contains(struct cx_str text, const char *what)
{
    return text.len > 0 && memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

Test(sample, same_seed_same_bytes)
{
    cr_expect(cx_id_eq(digest(1, START, NULL, MANY), digest(1, START, NULL, MANY)));
    cr_expect_not(cx_id_eq(digest(1, START, NULL, MANY), digest(2, START, NULL, MANY)));
    cr_expect_not(cx_id_eq(digest(1, START, NULL, MANY), digest(1, START + 1, NULL, MANY)));
    cr_expect_not(cx_id_eq(digest(1, START, NULL, MANY), digest(1, START, "one,two", MANY)));
}

static void count_kind(void *context, const struct cx_sample_payload *payload)
{
    ((int *)context)[payload->kind]++;
}

static void expect_share(int count, int total, double least, double most, const char *what)
{
    const double share = (double)count / total;
    cr_expect(share >= least && share <= most, "%s: %.3f of all", what, share);
}

Test(sample, has_the_promised_mix)
{
    for (uint64_t seed = 1; seed < 4; seed++) {
        int kinds[CX_SAMPLE_KINDS] = { 0 };
        for_each(seed, MANY, count_kind, kinds);
        expect_share(kinds[CX_SAMPLE_REPEAT], MANY, 0.09, 0.11, "repeats");
        expect_share(kinds[CX_SAMPLE_BAD], MANY, 0.007, 0.013, "bad records");
        expect_share(kinds[CX_SAMPLE_EDIT], MANY, 0.02, 0.04, "edits");
        expect_share(kinds[CX_SAMPLE_DELETE], MANY, 0.007, 0.02, "deletes");
        expect_share(kinds[CX_SAMPLE_ANSWER], MANY, 0.07, 0.11, "answers");
        expect_share(kinds[CX_SAMPLE_IGNORED], MANY, 0.01, 0.03, "ignored");
        cr_expect_gt(kinds[CX_SAMPLE_STORY], 30);
    }
}

static void count_scripts(void *context, const struct cx_sample_payload *payload)
{
    int *scripts = context;
    if (payload->kind != CX_SAMPLE_NEW || strcmp(payload->adapter, "canonical") != 0)
        return;
    bool is_cyrillic = false, is_arabic = false;
    for (size_t i = 0; i < payload->value.len; i++) {
        const unsigned char c = (unsigned char)payload->value.ptr[i];
        is_cyrillic = is_cyrillic || c == 0xd0 || c == 0xd1;
        is_arabic = is_arabic || c == 0xd8 || c == 0xd9;
    }
    scripts[0]++;
    scripts[1] += is_cyrillic;
    scripts[2] += is_arabic;
    scripts[3] += contains(payload->value, "ı") || contains(payload->value, "ş") || contains(payload->value, "ğ");
}

Test(sample, speaks_five_languages)
{
    int scripts[4] = { 0 };
    for_each(1, MANY, count_scripts, scripts);
    expect_share(scripts[1], scripts[0], 0.10, 0.20, "Cyrillic");
    expect_share(scripts[2], scripts[0], 0.10, 0.20, "Arabic");
    expect_share(scripts[3], scripts[0], 0.18, 0.32, "Turkish letters");
}

static void check_good(void *context, const struct cx_sample_payload *payload)
{
    (void)context;
    if (payload->kind == CX_SAMPLE_BAD)
        return;
    struct cx_json_fault fault;
    const struct cx_json *node = cx_json_parse(arena, payload->value, &fault);
    cr_assert(node, "%s at %zu: %.*s", cx_json_error_text(fault.error), fault.offset, CX_STR_ARG(payload->value));
    const struct cx_json *tenant = cx_json_get(node, CX_STR("tenant"));
    cr_assert(tenant && cx_str_eq(tenant->text, payload->key));
    const bool is_envelope = cx_json_get(node, CX_STR("adapter")) != NULL;
    cr_assert_eq(is_envelope, strcmp(payload->adapter, "canonical") != 0);
    cr_assert(is_envelope || cx_json_get(node, CX_STR("native_id")));
}

Test(sample, is_json_that_names_its_tenant_where_it_is_not_bad)
{
    for_each(1, MANY, check_good, NULL);
    for_each(99, MANY, check_good, NULL);
}

struct seen {
    uint64_t *hashes;
    int len, repeats, found;
};
static int by_number(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}
/* Canonical payloads carry no receipt time: a repeat has the very bytes. */
static void remember(void *context, const struct cx_sample_payload *payload)
{
    struct seen *seen = context;
    const uint64_t hash = cx_hash64(payload->value.ptr, payload->value.len);
    if (strcmp(payload->adapter, "canonical") != 0 || payload->kind == CX_SAMPLE_BAD)
        return;
    if (payload->kind == CX_SAMPLE_REPEAT) {
        seen->repeats++;
        for (int i = seen->len; i > 0; i--)
            if (seen->hashes[i - 1] == hash) {
                seen->found++;
                return;
            }
    }
    seen->hashes[seen->len++] = hash;
}

Test(sample, repeats_are_earlier_payloads_again)
{
    struct seen seen = { .hashes = calloc(MANY, sizeof *seen.hashes) };
    for_each(1, MANY, remember, &seen);
    cr_expect_gt(seen.repeats, MANY / 20);
    cr_expect_eq(seen.found, seen.repeats);
    qsort(seen.hashes, (size_t)seen.len, sizeof *seen.hashes, by_number);
    int equal = 0;
    for (int i = 1; i < seen.len; i++)
        equal += seen.hashes[i] == seen.hashes[i - 1];
    cr_expect_eq(equal, 0, "what is no repeat is new");
    free(seen.hashes);
}

static void find_customers(void *context, const struct cx_sample_payload *payload)
{
    int *found = context;
    if (payload->kind != CX_SAMPLE_STORY)
        return;
    for (int i = 0; cx_sample_customers[i].name; i++) {
        found[2 * i] += contains(payload->value, cx_sample_customers[i].email);
        found[2 * i + 1] += contains(payload->value, cx_sample_customers[i].phone) || contains(payload->value, cx_sample_customers[i].phone + 1);
    }
}

Test(sample, tells_the_journeys_of_the_named_customers_within_the_demo)
{
    int found[10] = { 0 };
    for_each(1, CX_SAMPLE_COUNT, find_customers, found);
    for (int i = 0; i < 10; i++)
        cr_expect_geq(found[i], 2, "customer %d", i / 2);
    memset(found, 0, sizeof found);
    for_each(1, 100, find_customers, found);
    cr_expect_lt(found[0], 2, "the steps are spread over the days");
}

static void check_arrival(void *context, const struct cx_sample_payload *payload)
{
    int64_t *newest = context;
    struct cx_json_fault fault;
    if (payload->kind == CX_SAMPLE_BAD)
        return;
    const struct cx_json *received = cx_json_get(cx_json_parse(arena, payload->value, &fault), CX_STR("received_at"));
    int64_t ms;
    if (!received)
        return;
    cr_assert(cx_time_parse(received->text, &ms));
    cr_assert_geq(ms, *newest);
    *newest = ms;
}

Test(sample, arrives_in_order_within_its_days)
{
    int64_t newest = START;
    for_each(1, CX_SAMPLE_COUNT, check_arrival, &newest);
    cr_expect_lt(newest, START + 3 * (int64_t)DAY);
    cr_expect_gt(newest, START + 5 * (int64_t)DAY / 2);
}

Test(sample, takes_any_tenants_and_rates)
{
    static const int64_t rates[] = { 1, 7, 41, 1000000007 };
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        struct cx_sample *sample = cx_sample_new(3, START, rates[r], " a, bb ,ccc,");
        bool is_seen[4] = { false };
        for (int i = 0; i < 500; i++) {
            struct cx_sample_payload payload;
            cx_arena_reset(arena);
            cx_sample_next(sample, arena, &payload);
            cr_assert_leq(payload.key.len, 3);
            is_seen[payload.key.len] = true;
        }
        cr_expect(is_seen[1] && is_seen[2] && is_seen[3]);
        cx_sample_free(sample);
    }
}
