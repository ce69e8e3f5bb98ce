#include "tests/stages/route/rules.h"

/* The tree as (operator operand ...). */
static void show(struct cx_buf *out, const struct route_syntax *s, struct cx_str text)
{
    static const char *const names[] = { [ROUTE_SYNTAX_LIST] = "list", [ROUTE_SYNTAX_MEMBER] = ".", [ROUTE_SYNTAX_INDEX] = "[]" };
    if (s->kind < ROUTE_SYNTAX_LIST || s->kind == ROUTE_SYNTAX_NAME) {
        if (s->kind == ROUTE_SYNTAX_STRING)
            cx_json_string(out, s->text);
        else
            cx_buf_add(out, text.ptr + s->at, s->end - s->at);
        return;
    }
    cx_buf_byte(out, '(');
    if (s->kind == ROUTE_SYNTAX_CALL)
        cx_buf_str(out, s->text);
    else if (s->kind == ROUTE_SYNTAX_UNARY || s->kind == ROUTE_SYNTAX_BINARY)
        for (size_t i = s->mark; i < text.len && !strchr(" (abc123", text.ptr[i]); i++)
            cx_buf_byte(out, text.ptr[i]);
    else
        cx_buf_str(out, cx_str(names[s->kind]));
    for (const struct route_syntax *o = s->first; o; o = o->next) {
        cx_buf_byte(out, ' ');
        show(out, o, text);
    }
    if (s->kind == ROUTE_SYNTAX_MEMBER)
        cx_buf_format(out, " %.*s", CX_STR_ARG(s->text));
    cx_buf_byte(out, ')');
}

static void expect_tree(const char *text, const char *tree)
{
    struct route_fault fault;
    struct cx_buf out;
    cx_buf_init(&out, 1 << 16);
    const struct route_syntax *syntax = route_parse(rules_arena(), cx_str(text), &fault);
    if (!syntax)
        cr_expect_fail("%s: %zu: %s", text, fault.at, fault.text);
    else {
        show(&out, syntax, cx_str(text));
        cr_expect(cx_str_is(cx_buf_view(&out), tree), "%s: %.*s", text, CX_STR_ARG(cx_buf_view(&out)));
    }
    cx_buf_free(&out);
}

static void expect_fault(const char *text, size_t at, const char *why)
{
    struct route_fault fault;
    const struct route_syntax *syntax = route_parse(rules_arena(), cx_str(text), &fault);
    if (syntax)
        cr_expect_fail("%s: accepted", text);
    else
        cr_expect(fault.at == at && strstr(fault.text, why), "%s: %zu: %s", text, fault.at, fault.text);
}

Test(rule_parser, binds_operators_from_or_to_times)
{
    expect_tree("a || b && c", "(|| a (&& b c))");
    expect_tree("a && b || c", "(|| (&& a b) c)");
    expect_tree("a == b && c", "(&& (== a b) c)");
    expect_tree("a ?? 1 > 2", "(> (?? a 1) 2)");
    expect_tree("a ?? b ?? c", "(?? (?? a b) c)");
    expect_tree("a ?? 1 + 2", "(?? a (+ 1 2))");
    expect_tree("1 + 2 * 3 - a", "(- (+ 1 (* 2 3)) a)");
    expect_tree("1 * 2 + 3 / a", "(+ (* 1 2) (/ 3 a))");
    expect_tree("!a && b", "(&& (! a) b)");
    expect_tree("!!a", "(!! (! a))"); /* the sign is shown as it stands in the text */
    expect_tree("-1 < - 2", "(< (- 1) (- 2))");
    expect_tree("(a || b) && c", "(&& (|| a b) c)");
    expect_tree("a in [1, 2] && b", "(&& (in a (list 1 2)) b)");
}

Test(rule_parser, reads_paths_calls_and_indices)
{
    expect_tree("a.b.c", "(. (. a b) c)");
    expect_tree("a['x']", "([] a \"x\")");
    expect_tree("a[0].b", "(. ([] a 0) b)");
    expect_tree("a.b.exists(i, i.c == 1)", "(exists (. a b) i (== (. i c) 1))");
    expect_tree("exists(a.b, i, i.c == 1)", "(exists (. a b) i (== (. i c) 1))");
    expect_tree("lower(a).contains('b')", "(contains (lower a) \"b\")");
    expect_tree("(a ?? '').size()", "(size (?? a \"\"))");
    expect_tree("[]", "(list)");
    expect_tree("f()", "(f)");
}

Test(rule_parser, reads_literals)
{
    expect_tree("null", "null");
    expect_tree("true", "true");
    expect_tree("1.5e3", "1.5e3");
    expect_tree("'it\\'s \\\"so\\\"\\n\\u00e7'", "\"it's \\\"so\\\"\\n\u00e7\"");
    expect_tree("\"a'b\"", "\"a'b\"");
    expect_tree(" \t\r\n a \n", "a");
}

Test(rule_parser, says_where_and_why_it_stops)
{
    expect_fault("", 0, "ends where a value");
    expect_fault("a ==", 4, "ends where a value");
    expect_fault("a b", 2, "an operator or the end");
    expect_fault("a = b", 2, "equality is ==");
    expect_fault("a & b", 2, "and is &&");
    expect_fault("a | b", 2, "or is ||");
    expect_fault("a && (b", 7, ")");
    expect_fault("a && )", 5, "a value");
    expect_fault("a == 'x", 5, "no closing '");
    expect_fault("a == 'x\\q'", 7, "unknown escape");
    expect_fault("'\\ud800'", 1, "unknown escape");
    expect_fault("1 < a < 3", 6, "do not chain");
    expect_fault("a == b != c", 7, "do not chain");
    expect_fault("99999999999999999999", 0, "too large");
    expect_fault("1e", 0, "no digits");
    expect_fault("12ab", 2, "runs into a name");
    expect_fault("a.", 2, "a name");
    expect_fault("a.1", 2, "a name");
    expect_fault("a[1", 3, "]");
    expect_fault("f(a,)", 4, "another item");
    expect_fault("f(a b)", 4, ", or )");
    expect_fault("[1 2]", 3, ", or ]");
    expect_fault("a ~ b", 2, "unexpected character ~");
    expect_fault("a \xc3\xa7", 2, "unexpected character \xc3\xa7");
    expect_fault("a \xff", 0, "not UTF-8");
}

Test(rule_parser, bounds_depth_and_length)
{
    struct cx_buf deep;
    struct route_fault fault;
    cx_buf_init(&deep, 1 << 20);
    for (int i = 0; i < 2000; i++)
        cx_buf_byte(&deep, '(');
    cr_expect_null(route_parse(rules_arena(), cx_buf_view(&deep), &fault));
    cr_expect(strstr(fault.text, "too deeply"), "%s", fault.text);

    cx_buf_reset(&deep);
    cx_buf_byte(&deep, 'a');
    for (int i = 0; i < 1000; i++)
        cx_buf_str(&deep, CX_STR("||a"));
    cr_expect_null(route_parse(rules_arena(), cx_buf_view(&deep), &fault));
    cr_expect(strstr(fault.text, "too deeply"), "%s", fault.text);

    cx_buf_reset(&deep);
    for (int i = 0; i <= ROUTE_TEXT_MAX; i++)
        cx_buf_byte(&deep, ' ');
    cr_expect_null(route_parse(rules_arena(), cx_buf_view(&deep), &fault));
    cr_expect(strstr(fault.text, "longer than"), "%s", fault.text);
    cx_buf_free(&deep);
}
