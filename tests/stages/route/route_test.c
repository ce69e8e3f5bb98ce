#include "stages/route/route.h"
#include "tests/stages/one_stage.h"
#include "tests/stages/route/rules.h"

struct sent {
    int port;
    struct cx_str key;
};
static struct sent sent[64];
static size_t sent_count;
static char reports[4000];

static void keep_emit(struct one_stage *one, int port, struct cx_str key, const void *record)
{
    (void)one;
    cr_expect_null(record, "route fans out the item itself");
    sent[sent_count++] = (struct sent){ port, key };
}

static void keep_report(void *context, const struct cx_node *at, const char *text)
{
    size_t len = strlen(reports);
    (void)context;
    snprintf(reports + len, sizeof reports - len, "%s:%d: %s\n", at->file, at->line, text);
}

static struct cx_str read_source(const struct cx_env *env, const char *path)
{
    static char bytes[1 << 20];
    char name[500];
    snprintf(name, sizeof name, "%s/%s", SOURCE_DIR, path);
    FILE *file = fopen(name, "rb");
    (void)env;
    cr_assert(file, "%s", name);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return cx_str_n(bytes, len);
}

/* The operator's file is whatever the test put here. */
static const char *operator_rules;

static int read_operator_file(const struct cx_env *env, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    (void)env;
    (void)path;
    *content = cx_str(operator_rules);
    return operator_rules ? 0 : cx_fail(err, CX_EXIT_IO, "no such file");
}

static struct cx_env test_env(struct one_stage *one)
{
    return (struct cx_env){ .arena = one->env_arena, .resource = read_source, .read_file = read_operator_file };
}

/* Reads the options; opens the stage unless an option is wrong. */
static int open_route(struct one_stage *one, const char *yaml)
{
    *one = (struct one_stage){ .stage = &route_stage, .env_arena = cx_arena_new(64u << 20), .arena = cx_arena_new(64u << 20), .on_emit = keep_emit };
    one->config = calloc(1, route_stage.config_size);
    one->self = calloc(1, route_stage.self_size);
    const struct cx_node *map = *yaml ? cx_config_parse(one->env_arena, "cx.yaml", cx_str(yaml), &one->err) : NULL;
    cr_assert(map || !*yaml, "%s", one->err.text);
    struct cx_env env = test_env(one);
    CX_TRY(cx_options_read(route_stage.options, map, "route", one->config, &one->err));
    CX_TRY(route_stage.check(one->config, &one->err));
    return route_stage.open(one->self, one->config, &env, &one->err);
}

static const struct cx_routing *settle(struct one_stage *one, struct cx_interaction *record, const char *verdict)
{
    sent_count = 0;
    struct cx_settled settled = one_stage_process(one, record, 0);
    cr_expect_str_eq(one_stage_verdict(one, settled), verdict);
    return record->routing;
}

Test(route, sends_the_item_to_each_function_under_the_customers_id)
{
    struct one_stage one;
    cr_assert_eq(open_route(&one, ""), 0, "%s", one.err.text);
    struct cx_interaction record = rules_record("\"text\":\"charged twice\",\"identity\":{\"ucid\":\"00112233445566778899aabbccddeeff\"},"
                                                "\"classification\":{\"language\":\"en\",\"language_confidence\":1,"
                                                "\"intents\":[{\"name\":\"billing_problem\",\"score\":0.9}]}");

    const struct cx_routing *routing = settle(&one, &record, "emit");

    cr_assert_eq(sent_count, 2);
    cr_expect_str_eq(route_stage.outputs[sent[0].port].topic, "cx.route.care.v1");
    cr_expect_str_eq(route_stage.outputs[sent[1].port].topic, "cx.route.finance.v1");
    cr_expect(cx_str_is(sent[0].key, "00112233445566778899aabbccddeeff") && cx_str_eq(sent[0].key, sent[1].key));
    cr_assert_eq(routing->rules.len, 2);
    cr_expect(cx_str_is(routing->rules.items[0], "wants_an_answer") && cx_str_is(routing->rules.items[1], "billing"));
    cr_expect(cx_str_is(routing->queue, "billing") && routing->priority.value == 5);
    cr_expect(cx_str_is(routing->rule_set, "default@1"));
    one_stage_close(&one);
}

Test(route, sends_what_no_rule_matches_to_unmatched_under_the_tenant)
{
    struct one_stage one;
    cr_assert_eq(open_route(&one, ""), 0, "%s", one.err.text);
    struct cx_interaction record = rules_record("\"text\":\"hm\"");

    const struct cx_routing *routing = settle(&one, &record, "emit");

    cr_assert_eq(sent_count, 1);
    cr_expect_str_eq(route_stage.outputs[sent[0].port].topic, "cx.route.unmatched.v1");
    cr_expect(cx_str_is(sent[0].key, "acme"));
    cr_expect(routing->rules.len == 0 && routing->functions.len == 0);
    one_stage_close(&one);
}

Test(route, sends_nobodys_work_nowhere_but_onwards)
{
    struct one_stage one;
    cr_assert_eq(open_route(&one, ""), 0, "%s", one.err.text);
    struct cx_interaction record = rules_record("\"text\":\"we are sorry\"");
    record.direction = CX_DIRECTION_OUTBOUND;

    const struct cx_routing *routing = settle(&one, &record, "emit");

    cr_expect_eq(sent_count, 0);
    cr_assert_eq(routing->rules.len, 1);
    cr_expect(cx_str_is(routing->rules.items[0], "not_from_a_customer"));
    one_stage_close(&one);
}

Test(route, rejects_a_record_beyond_the_budget)
{
    struct one_stage one;
    operator_rules = "{name: x, version: 1, rules: [{id: a, when: \"(text ?? '').contains('none')\", then: {functions: [care]}}]}";
    cr_assert_eq(open_route(&one, "{rules: mine.yaml, max_steps: 1000}"), 0, "%s", one.err.text);
    char *text = cx_arena_bytes(rules_arena(), 64 * 1001);
    memset(text, 'x', 64 * 1001);
    struct cx_interaction record = rules_record("");
    record.text = cx_str_n(text, 64 * 1000);

    settle(&one, &record, "emit");
    record.text.len = 64 * 1001;
    record.routing = NULL;
    cr_expect_null(settle(&one, &record, "rule_budget"));

    one_stage_close(&one);
}

Test(route, has_a_port_for_every_function_in_their_order)
{
    for (int i = 0; i < ROUTE_FUNCTION_COUNT; i++)
        cr_expect_str_eq(route_stage.outputs[i + 1].topic, cx_arena_format(rules_arena(), "cx.route.%s.v1%c", route_function_names[i], 0).ptr);
    cr_expect_eq(ROUTE_FUNCTION_COUNT, 11);
    cr_expect_str_eq(route_stage.outputs[12].topic, "cx.route.unmatched.v1");
    cr_expect_null(route_stage.outputs[13].topic);
}

Test(route, checks_its_options)
{
    static const struct {
        const char *yaml, *message;
    } rows[] = {
        { "{formats: {cares: json}}", "did you mean \"care\"" },
        { "{formats: {care: xml}}", "a format is avro or json" },
        { "{formats: [care]}", "formats is a map" },
        { "{max_steps: 5}", "max_steps" },
        { "{rules: missing.yaml}", "no such file" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct one_stage one;
        operator_rules = NULL;
        cr_expect_eq(open_route(&one, rows[i].yaml), -1);
        cr_expect(strstr(one.err.text, rows[i].message), "%s: %s", rows[i].yaml, one.err.text);
        one_stage_close(&one);
    }
    struct one_stage one;
    cr_expect_eq(open_route(&one, "{formats: {care: json, unmatched: avro}}"), 0, "%s", one.err.text);
    one_stage_close(&one);
}

Test(route, names_the_operators_file_in_errors)
{
    struct one_stage one;
    operator_rules = "name: x\nversion: 1\nrules:\n  - id: a\n    when: chanel == 'x'\n    then: {functions: [care]}\n";

    cr_expect_eq(open_route(&one, "{rules: etc/mine.yaml}"), -1);

    cr_expect_str_eq(one.err.text, "etc/mine.yaml:5:11: error: unknown field chanel: did you mean channel?");
    one_stage_close(&one);
}

Test(route, ships_rules_whose_tests_hold_and_reach_every_function)
{
    struct one_stage one;
    cr_assert_eq(open_route(&one, ""), 0, "%s", one.err.text);
    struct cx_env env = test_env(&one);
    const struct route_rule_set *set = one.self;
    uint32_t reached = 0;
    for (size_t i = 0; i < set->count; i++)
        reached |= set->rules[i].functions;

    cr_expect_eq(route_selftest(one.config, &env, keep_report, NULL, &one.err), 0, "%s%s", one.err.text, reports);
    cr_expect_eq(reached, (1u << ROUTE_FUNCTION_COUNT) - 1);

    one_stage_close(&one);
}

Test(route, reports_warnings_and_failed_tests_to_lint)
{
    struct one_stage one;
    cr_assert_eq(open_route(&one, ""), 0, "%s", one.err.text);
    struct cx_env env = test_env(&one);
    operator_rules = "name: x\nversion: 1\nrules:\n  - id: a\n    when: true\n    then: {functions: [care]}\n    tests:\n"
                     "      - {name: t, record: {}, expect: [pr]}\n";
    struct one_stage other;
    cr_assert_eq(open_route(&other, "{rules: mine.yaml}"), 0);

    cr_expect_eq(route_selftest(other.config, &env, keep_report, NULL, &one.err), 2);

    cr_expect_str_eq(reports, "mine.yaml:5: rule a matches every record\nmine.yaml:8: test 't' goes to care\n");
    one_stage_close(&one);
    one_stage_close(&other);
}
