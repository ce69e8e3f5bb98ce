/* The checks on facts made up: each finds what is wrong, and nothing in what is right. What a broker can show is in tests/system/doctor.py. */
#include "run/doctor.h"

#include <criterion/criterion.h>

static struct cx_settings settings;
static struct cx_facts facts;
static struct cx_broker brokers[3] = { { .id = 1 }, { .id = 2 }, { .id = 3 } };
static struct cx_cluster_topic *topics;
static struct cx_property safe[] = { { "min.insync.replicas", "2" } };

/* Three brokers, every topic with three replicas, a machine in order. */
static void set_up(void)
{
    struct cx_error err = { CX_EXIT_OK, "" };
    cr_assert_eq(cx_settings_load(&settings, NULL, NULL, &err), 0, "%s", err.text);
    facts = (struct cx_facts){ .settings = &settings };
    cr_assert_eq(cx_topic_specs_make(&settings, "dedup-identify", -1, &facts.specs, &err), 0, "%s", err.text);
    topics = CX_NEW_ARRAY(settings.arena, struct cx_cluster_topic, facts.specs.len);
    for (size_t i = 0; i < facts.specs.len; i++)
        topics[i] = (struct cx_cluster_topic){ facts.specs.items[i].name, facts.specs.items[i].partitions, 3, 0, safe, 1 };
    for (int i = 0; i < 3; i++)
        brokers[i] = (struct cx_broker){ i + 1, safe, 1 };
    facts.cluster = (struct cx_cluster){ brokers, 3, topics, facts.specs.len, 0 };
    facts.machine = (struct cx_machine){ "2.13.2", 0x020d02ff, NULL, (int64_t)1 << 40, 4096 };
}

static void tear_down(void)
{
    cx_settings_free(&settings);
}

static size_t found(const char *check)
{
    static struct cx_diagnoses out;
    const struct cx_check *c = cx_check_find(check);
    cr_assert_not_null(c, "%s", check);
    out = (struct cx_diagnoses){ .arena = settings.arena };
    c->look(c, &facts, &out);
    for (size_t i = 0; i < out.len; i++)
        cr_assert(out.rows[i].check == c && out.rows[i].where[0] && out.rows[i].what[0] && out.rows[i].cure[0], "%s says where, what and do", check);
    return out.len;
}

TestSuite(doctor, .init = set_up, .fini = tear_down);

Test(doctor, a_cluster_and_a_machine_in_order_give_no_finding)
{
    for (const struct cx_check *c = cx_checks; c->name; c++)
        cr_expect_eq(found(c->name), 0, "%s", c->name);
}

Test(doctor, every_check_explains_itself)
{
    for (const struct cx_check *c = cx_checks; c->name; c++) {
        cr_expect(c->what[strlen(c->what) - 1] == '.' && c->why[strlen(c->why) - 1] == '.' && c->cure[0], "%s", c->name);
        cr_expect_eq(strspn(c->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(c->name), "%s", c->name);
        cr_expect(cx_check_find(c->name) == c, "%s is there once", c->name);
    }
}

Test(doctor, an_old_library_is_told)
{
    facts.machine.librdkafka_number = 0x020d01ff;
    cr_assert_eq(found("librdkafka"), 1);
}

Test(doctor, a_broker_that_refuses_old_group_requests_is_4_0_0)
{
    facts.cluster.join_group_min = 2;
    cr_assert_eq(found("broker_version"), 1);
}

Test(doctor, a_full_disk_is_told_and_an_unknown_one_not)
{
    facts.machine.free_bytes = ((int64_t)1 << 30) - 1;
    cr_assert_eq(found("disk"), 1);
    facts.machine.free_bytes = -1;
    cr_assert_eq(found("disk"), 0);
}

Test(doctor, one_replica_among_three_brokers_is_a_finding)
{
    topics[4].replicas = 1;
    cr_assert_eq(found("replicas"), 1);
}

Test(doctor, min_insync_replicas_lie_between_two_and_one_less_than_there_are)
{
    static const struct {
        const char *least;
        int32_t replicas;
        size_t findings;
    } cases[] = { { "1", 1, 0 }, { "2", 1, 1 }, { "1", 2, 1 }, { "2", 2, 0 }, { "1", 3, 1 }, { "2", 3, 0 }, { "3", 3, 1 }, { "4", 3, 1 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cx_property p = { "min.insync.replicas", cases[i].least };
        topics[2].properties = &p;
        topics[2].replicas = cases[i].replicas;
        cr_expect_eq(found("min_insync"), cases[i].findings, "%s of %d", cases[i].least, (int)cases[i].replicas);
    }
}

Test(doctor, a_longer_window_needs_a_longer_changelog)
{
    const char *const sets[] = { "dedup.window=30d", NULL };
    struct cx_settings longer;
    struct cx_error err = { CX_EXIT_OK, "" };
    int64_t ms;
    cr_assert_eq(cx_settings_load(&longer, NULL, sets, &err), 0, "%s", err.text);
    cr_assert_eq(cx_changelog_retention(&longer, cx_topic_find(CX_STR("cx.changelog.dedup.v1")), 86400000, &ms, &err), 0, "%s", err.text);
    cr_assert_eq(ms, (int64_t)31 * 86400000);
    struct cx_topic_specs specs;
    cr_assert_eq(cx_topic_specs_make(&longer, "dedup-identify", -1, &specs, &err), 0, "%s", err.text);
    for (size_t i = 0; i < specs.len; i++)
        if (strcmp(specs.items[i].name, "cx.changelog.dedup.v1") == 0)
            cr_expect_str_eq(cx_topic_spec_value(&specs.items[i], "retention.ms"), "3196800000",
                             "what topics create sets: 30 days and those of the input");
    cx_settings_free(&longer);
}
