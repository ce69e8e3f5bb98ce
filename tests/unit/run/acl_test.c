/* The least rights of a chain, row by row. That they suffice, and that none is too many, is shown on a broker by tests/system/secured.py. */
#include "run/acl.h"
#include "run/registry.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct cx_settings settings;
static struct cx_acl *rows;
static size_t count;

static void make(const char *chain, const char *const *sets)
{
    const struct cx_stage *stages[CX_CHAIN_STAGES];
    struct cx_error err = { CX_EXIT_OK, "" };
    size_t n;
    cr_assert_eq(cx_settings_load(&settings, NULL, sets, &err), 0, "%s", err.text);
    cr_assert_eq(cx_chain_stages(cx_str(chain), stages, &n, &err), 0, "%s", err.text);
    count = cx_acls_of_chain(&settings, stages, n, &rows);
}

static size_t having(const char *operation, const char *resource, const char *name)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += strcmp(rows[i].operation, operation) == 0 && strcmp(rows[i].resource, resource) == 0 && strcmp(rows[i].name, name) == 0;
    return n;
}

Test(acl, a_chain_reads_its_input_and_writes_the_output_of_its_last_stage_only)
{
    make("dedup-identify", NULL);
    cr_expect_eq(having("Read", "topic", "cx.events.v1"), 1);
    cr_expect_eq(having("Write", "topic", "cx.identified.v1"), 1);
    cr_expect_eq(having("Write", "topic", "cx.deduplicated.v1"), 0);
    cr_expect_eq(having("Write", "topic", "cx.events.v1"), 0);
    cr_expect_eq(having("Write", "topic", "cx.changelog.dedup.v1"), 1);
    cr_expect_eq(having("Read", "topic", "cx.changelog.dedup.v1"), 1);
    cr_expect_eq(having("Read", "group", "cx.dedup-identify"), 1);
    cr_expect_eq(having("Write", "transactional-id", "cx.dedup-identify."), 1);
    cr_expect_eq(having("Write", "topic", "cx.ledger.dedup-identify.v1"), 1);
    cx_settings_free(&settings);
}

Test(acl, what_is_kept_may_be_written)
{
    const char *const sets[] = { "keep=[cx.deduplicated.v1]", NULL };
    make("dedup-identify", sets);
    cr_expect_eq(having("Write", "topic", "cx.deduplicated.v1"), 1);
    cx_settings_free(&settings);
}

Test(acl, every_input_of_normalize_may_be_read)
{
    const char *const sets[] = { "inputs=[{topic: a.raw}, {topic: b.raw}]", NULL };
    make("normalize-classify", sets);
    cr_expect_eq(having("Read", "topic", "a.raw"), 1);
    cr_expect_eq(having("Read", "topic", "b.raw"), 1);
    cr_expect_eq(having("Read", "topic", "cx.raw.v1"), 0);
    cx_settings_free(&settings);
}

Test(acl, nobody_may_do_more_than_read_and_write_and_ask_how_long_changelogs_keep_deletions)
{
    make("normalize-classify-dedup-identify-route-analytics", NULL);
    for (size_t i = 0; i < count; i++) {
        bool asks = strcmp(rows[i].operation, "DescribeConfigs") == 0 && strncmp(rows[i].name, "cx.changelog.", 13) == 0;
        cr_expect(strcmp(rows[i].operation, "Read") == 0 || strcmp(rows[i].operation, "Write") == 0 || asks, "%s %s", rows[i].operation,
                  rows[i].name);
    }
    cx_settings_free(&settings);
}
