#include "testing.h"

TestSuite(config_node, .init = open_arena, .fini = close_arena);

static const struct cx_node *value(const char *text)
{
    return parse(cx_arena_format(arena, "v: %s%c", text, 0).ptr)->first;
}

Test(config_node, reads_whole_numbers_within_bounds)
{
    int64_t n;
    cr_assert_eq(cx_node_i64(value("7"), 0, 10, &n, &err), 0);
    cr_assert_eq(n, 7);
    cr_assert_eq(cx_node_i64(value("-9223372036854775808"), INT64_MIN, INT64_MAX, &n, &err), 0);
    cr_assert_eq(cx_node_i64(value("11"), 0, 10, &n, &err), -1);
    cr_assert_str_eq(err.text, "cx.yaml:1:1: error: v: expected a whole number from 0 to 10, got \"11\"");
    cr_assert_eq(cx_node_i64(value("x"), 1, INT64_MAX, &n, &err), -1);
    cr_assert_str_eq(err.text, "cx.yaml:1:1: error: v: expected a whole number of at least 1, got \"x\"");
    cr_assert_eq(cx_node_i64(value("[1]"), INT64_MIN, INT64_MAX, &n, &err), -1);
    cr_assert_str_eq(err.text, "cx.yaml:1:1: error: v: expected a whole number, got a list");
}

Test(config_node, takes_a_quoted_scalar_for_a_string_only)
{
    int64_t n;
    double d;
    bool b;
    struct cx_str s;
    cr_assert_eq(cx_node_i64(value("'7'"), 0, 10, &n, &err), -1);
    cr_assert_str_eq(err.text, "cx.yaml:1:1: error: v: expected a whole number from 0 to 10, got the string \"7\"");
    cr_assert_eq(cx_node_f64(value("'7'"), 0, 10, &d, &err), -1);
    cr_assert_eq(cx_node_bool(value("'true'"), &b, &err), -1);
    cr_assert_eq(cx_node_str(value("'true'"), &s, &err), 0);
    cr_assert(cx_str_is(s, "true"));
    cr_assert_eq(cx_node_str(value("7"), &s, &err), 0, "an unquoted number is a good string");
    cr_assert(cx_str_is(s, "7"));
}

Test(config_node, reads_numbers_and_truth)
{
    double d;
    bool b;
    cr_assert_eq(cx_node_f64(value("0.25"), 0, 1, &d, &err), 0);
    cr_assert_eq(d, 0.25);
    cr_assert_eq(cx_node_f64(value("1.5"), 0, 1, &d, &err), -1);
    cr_assert_str_eq(err.text, "cx.yaml:1:1: error: v: expected a number from 0 to 1, got \"1.5\"");
    cr_assert_eq(cx_node_bool(value("yes"), &b, &err), 0);
    cr_assert(b);
    cr_assert_eq(cx_node_bool(value("off"), &b, &err), 0);
    cr_assert_not(b);
    cr_assert_eq(cx_node_bool(value("1"), &b, &err), -1);
    cr_assert_str_eq(err.text, "cx.yaml:1:1: error: v: expected true or false, got \"1\"");
}

Test(config_node, shows_no_secret_in_a_message)
{
    struct cx_str s;
    int64_t n;
    const struct cx_node *node = parse("api_token: hunter2")->first;
    cr_assert_eq(cx_node_i64(node, 0, 1, &n, &err), -1);
    cr_assert_null(strstr(err.text, "hunter2"), "%s", err.text);
    cr_assert_eq(cx_node_str(parse("v: [a]")->first, &s, &err), -1);
}

Test(config_node, suggests_the_name_that_was_meant)
{
    const char *const names[] = { "when", "then", NULL };
    cr_assert_eq(cx_node_only(parse("when: x\nthen: y\n"), names, &err), 0);
    cr_assert_eq(cx_node_only(NULL, names, &err), 0);
    cr_assert_eq(cx_node_only(parse("when: x\nthan: y\n"), names, &err), -1);
    cr_assert_str_eq(err.text, "cx.yaml:2:1: error: unknown key \"than\"; did you mean \"then\"?");
    cr_assert_eq(cx_node_only(parse("otherwise: y\n"), names, &err), -1);
    cr_assert_str_eq(err.text, "cx.yaml:1:1: error: unknown key \"otherwise\"");
    cr_assert_eq(cx_node_only(value("5"), names, &err), -1);
    cr_assert_str_eq(err.text, "cx.yaml:1:1: error: v: expected a map, got \"5\"");
}

Test(config_node, finds_nothing_in_what_is_no_map)
{
    cr_assert_null(cx_node_get(NULL, "a"));
    cr_assert_null(cx_node_get(value("5"), "a"));
    cr_assert_null(cx_node_get(value("[a]"), "a"));
}
