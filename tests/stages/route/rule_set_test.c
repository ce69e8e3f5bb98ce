#include "stages/route/rule_set.h"
#include "tests/stages/route/rules.h"

static char reports[2000];

static void keep_report(void *context, const struct cx_node *at, const char *text)
{
    size_t len = strlen(reports);
    (void)context;
    snprintf(reports + len, sizeof reports - len, "%d:%d: %s\n", at->line, at->column, text);
}

static int load(struct route_rule_set *set, const char *yaml, struct cx_error *err)
{
    reports[0] = '\0';
    return route_rule_set_load(set, rules_arena(), "rules.yaml", cx_str(yaml), keep_report, NULL, err);
}

static void expect_error(const char *yaml, const char *message)
{
    struct route_rule_set set;
    struct cx_error err = { 0 };
    int status = load(&set, yaml, &err);
    if (status == 0)
        cr_expect_fail("%s: accepted", yaml);
    else
        cr_expect(strstr(err.text, message) && err.exit == CX_EXIT_CONFIG, "%s\n%s\n%s", yaml, err.text, message);
    route_rule_set_free(&set);
}

static void expect_report(const char *yaml, const char *message)
{
    struct route_rule_set set;
    struct cx_error err = { 0 };
    cr_assert_eq(load(&set, yaml, &err), 0, "%s", err.text);
    cr_expect(strcmp(reports, message) == 0, "%s\n%s\n%s", yaml, reports, message);
    route_rule_set_free(&set);
}

static struct cx_routing decide(const struct route_rule_set *set, const char *members)
{
    struct cx_interaction record = rules_record(members);
    struct cx_routing routing;
    uint32_t functions;
    cr_assert(route_rule_set_decide(set, rules_arena(), &record, 1000000, &routing, &functions));
    return routing;
}

#define HEAD "name: shop\nversion: 3\nrules:\n"

Test(rule_set, points_into_the_expression)
{
    expect_error(HEAD "  - id: a\n    when: backfill && chanel == 'x'\n    then: {functions: [care]}\n",
                 "rules.yaml:5:23: error: unknown field chanel: did you mean channel?");
    expect_error(HEAD "  - id: a\n    when: >-\n      backfill &&\n      text == 'x'\n    then: {functions: [care]}\n",
                 "rules.yaml:7:7: error: text may be null");
    expect_error(HEAD "  - id: a\n    when: 'channel == ''x'' && (backfill'\n    then: {functions: [care]}\n",
                 "rules.yaml:5:41: error: the expression ends where");
    expect_error(HEAD "  - id: a\n    when: 'channel == ''x'' && 3'\n    then: {functions: [care]}\n",
                 "rules.yaml:5:32: error: expected bool, but 3 is int");
}

Test(rule_set, refuses_what_is_missing_unknown_or_twice)
{
    expect_error("- a\n", "rules.yaml:1:1: error: a rule set is a map");
    expect_error("version: 1\nrules: []\n", "name is missing");
    expect_error("name: x\nrules: []\n", "version is missing");
    expect_error("name: x\nversion: 1\n", "rules is missing");
    expect_error("name: Big Shop\nversion: 1\nrules: []\n", "rules.yaml:1:1: error: name is 1 to 64 of");
    expect_error("name: x\nversion: 1\nrules: {}\n", "rules.yaml:3:1: error: rules is a list");
    expect_error("name: x\nversion: 1\nrule: []\n", "rules.yaml:3:1");
    expect_error(HEAD "  - {when: backfill, then: {functions: [care]}}\n", "rules.yaml:4:5: error: id is missing");
    expect_error(HEAD "  - {id: a, then: {functions: [care]}}\n", "rules.yaml:4:5: error: when is missing");
    expect_error(HEAD "  - {id: a, when: backfill}\n", "rules.yaml:4:5: error: then is missing");
    expect_error(HEAD "  - {id: a, when: backfill, then: [care]}\n", "then is a map");
    expect_error(HEAD "  - {id: a, when: backfill, then: {queue: x}}\n", "functions is missing");
    expect_error(HEAD "  - {id: a, when: backfill, then: {functions: care}}\n", "functions is a list");
    expect_error(HEAD "  - {id: a, when: backfill, then: {functions: [care, produkt]}}\n",
                 "rules.yaml:4:54: error: unknown function produkt: did you mean product?");
    expect_error(HEAD "  - {id: a, when: backfill, then: {functions: [care], priority: 10}}\n", "rules.yaml:4:55");
    expect_error(HEAD "  - {id: a, when: backfill, then: {functions: [care], prio: 1}}\n", "rules.yaml:4:55");
    expect_error(HEAD "  - {id: a, when: backfill, then: {functions: []}, tests: x}\n", "tests is a list");
    expect_error(HEAD "  - {id: a, when: backfill, then: {functions: []}}\n  - {id: a, when: true, then: {functions: []}}\n",
                 "rules.yaml:5:6: error: rule id a is taken");
}

Test(rule_set, reports_what_is_hardly_meant)
{
    expect_report(HEAD "  - {id: a, when: true, then: {functions: [care]}}\n", "4:13: rule a matches every record\n");
    expect_report(HEAD "  - {id: a, when: op == 'edit' && op == 'merge', then: {functions: [care]}}\n", "4:13: rule a can never match\n");
    expect_report(HEAD "  - {id: a, when: backfill, then: {functions: [care]}}\n  - {id: b, when: (backfill), then: {functions: [care]}}\n",
                  "5:13: rule b asks the same as rule a and sends to the same functions\n");
    expect_report(HEAD "  - {id: a, when: backfill, then: {functions: [care, care]}}\n", "4:54: function care is named twice\n");
    expect_report(HEAD "  - {id: a, when: backfill, then: {functions: [care]}}\n  - {id: b, when: backfill, then: {functions: [pr]}}\n", "");
}

Test(rule_set, unites_what_all_matching_rules_say)
{
    struct route_rule_set set;
    struct cx_error err = { 0 };
    int status = load(&set,
                      HEAD "  - {id: first, when: channel == 'instagram', then: {functions: [sales, care], tags: [t1, t2]}}\n"
                           "  - {id: other, when: channel == 'x', then: {functions: [hr], queue: never, priority: 9}}\n"
                           "  - {id: second, when: kind == 'comment', then: {functions: [marketing, care], queue: q2, priority: 2, tags: [t2, t3]}}\n"
                           "  - {id: third, when: op == 'create', then: {functions: [], queue: q3, priority: 5}}\n"
                           "  - {id: fourth, when: op == 'create' && kind == 'comment', then: {functions: [], priority: 4}}\n",
                      &err);
    cr_assert_eq(status, 0, "%s", err.text);

    struct cx_routing routing = decide(&set, "");

    cr_assert_eq(routing.functions.len, 3);
    cr_expect(cx_str_is(routing.functions.items[0], "marketing") && cx_str_is(routing.functions.items[1], "care") &&
              cx_str_is(routing.functions.items[2], "sales"));
    cr_assert_eq(routing.rules.len, 4);
    cr_expect(cx_str_is(routing.rules.items[0], "first") && cx_str_is(routing.rules.items[3], "fourth"));
    cr_assert_eq(routing.tags.len, 3);
    cr_expect(cx_str_is(routing.tags.items[1], "t2") && cx_str_is(routing.tags.items[2], "t3"));
    cr_expect(cx_str_is(routing.queue, "q2"));
    cr_expect(routing.priority.set && routing.priority.value == 5);
    cr_expect(cx_str_is(routing.rule_set, "shop@3"));
    route_rule_set_free(&set);
}

Test(rule_set, asks_a_common_beginning_once_and_decides_the_same)
{
    static const char *const tests[] = {
        "backfill && op == 'create'",
        "backfill && has(text)",
        "backfill",
        "backfill && has(text) && kind == 'x'",
        "op == 'create' && backfill",
        "op == 'create' && channel == 'x'",
        "op == 'create' || backfill",
        "true",
        "!backfill && op == 'create'",
        "!backfill",
        "has(text) && text.contains('a') && op == 'create'",
    };
    struct cx_buf yaml;
    struct route_rule_set set;
    struct cx_error err = { 0 };
    cx_buf_init(&yaml, 1 << 16);
    cx_buf_format(&yaml, HEAD);
    for (size_t i = 0; i < 60; i++)
        cx_buf_format(&yaml, "  - {id: r%zu, when: \"%s\", then: {functions: []}}\n", i, tests[i * i * 7 % 53 % (sizeof tests / sizeof *tests)]);
    cr_assert_eq(load(&set, cx_arena_format(rules_arena(), "%.*s%c", CX_STR_ARG(cx_buf_view(&yaml)), 0).ptr, &err), 0, "%s", err.text);
    cx_buf_free(&yaml);
    cr_assert_lt(set.group_count, set.count);

    static const char *const records[] = { "", "\"backfill\":true", "\"text\":\"a\"", "\"text\":\"b\",\"backfill\":true" };
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct cx_interaction record = rules_record(records[i]);
        struct route_machine machine;
        struct cx_routing routing = decide(&set, records[i]);
        size_t matched = 0;
        route_machine_start(&machine, &set.program, rules_arena(), &record, 1000000);
        for (size_t r = 0; r < set.count; r++)
            if (route_machine_test(&machine, set.rules[r].test))
                cr_expect(matched < routing.rules.len && cx_str_eq(routing.rules.items[matched++], set.rules[r].id));
        cr_expect_eq(matched, routing.rules.len);
    }
    route_rule_set_free(&set);
}

Test(rule_set, says_nothing_where_nothing_matches)
{
    struct route_rule_set set;
    struct cx_error err = { 0 };
    cr_assert_eq(load(&set, HEAD "  - {id: a, when: backfill, then: {functions: [care], queue: q, priority: 1}}\n", &err), 0);

    struct cx_routing routing = decide(&set, "");

    cr_expect(routing.functions.len == 0 && routing.rules.len == 0 && routing.tags.len == 0);
    cr_expect(routing.queue.ptr == NULL && !routing.priority.set);
    cr_expect(cx_str_is(routing.rule_set, "shop@3"));
    route_rule_set_free(&set);
}

Test(rule_set, runs_the_tests_of_rules)
{
    struct route_rule_set set;
    struct cx_error err = { 0 };
    int status = load(&set,
                      HEAD "  - id: a\n    when: text != null && text.contains('x') && native_id == '17'\n    then: {functions: [care]}\n    tests:\n"
                           "      - {name: holds, record: {text: ax, native_id: 17, occurred_at: '2026-01-01T00:00:00Z'}, expect: [care]}\n"
                           "      - {name: does not, record: {text: ax}, expect: [care, pr]}\n"
                           "      - {name: nothing, record: {text: null, author: {name: x, followers: 3}, attributes: {a: 1}}, expect: []}\n",
                      &err);
    cr_assert_eq(status, 0, "%s", err.text);

    cr_expect_eq(route_rule_set_test(&set, rules_arena(), keep_report, NULL, &err), 1);

    cr_expect_str_eq(reports, "9:46: test 'does not' goes to unmatched\n");
    route_rule_set_free(&set);
}

Test(rule_set, refuses_tests_that_cannot_be_read)
{
    static const struct {
        const char *test, *message;
    } rows[] = {
        { "{name: x, record: {chanel: y}, expect: []}", "chanel" },
        { "{name: x, record: {author: {followers: many}}, expect: []}", "the test's record cannot be read" },
        { "{name: x, record: {media: 3}, expect: []}", "expected list of Media" },
        { "{name: x, record: {op: remove}, expect: []}", "the test's record cannot be read" },
        { "{name: x, record: {}, expect: [cares]}", "unknown function cares" },
        { "{name: x, expect: []}", "a test has a name" },
        { "{name: x, record: {}, expected: []}", "expected" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct route_rule_set set;
        struct cx_error err = { 0 };
        const char *yaml =
            cx_arena_format(rules_arena(), HEAD "  - {id: a, when: backfill, then: {functions: []}, tests: [%s]}\n%c", rows[i].test, 0).ptr;
        cr_assert_eq(load(&set, yaml, &err), 0, "%s", err.text);
        cr_expect_eq(route_rule_set_test(&set, rules_arena(), keep_report, NULL, &err), -1);
        cr_expect(strstr(err.text, rows[i].message) && strstr(err.text, "rules.yaml:4:"), "%s: %s", rows[i].test, err.text);
        route_rule_set_free(&set);
    }
}
