#include "stages/route/rule_set.h"
#include "tests/stages/route/rules.h"

static char bytes[1 << 20];

static struct cx_str manual(const char *path)
{
    FILE *file = fopen(cx_arena_format(rules_arena(), "%s/%s%c", SOURCE_DIR, path, 0).ptr, "rb");
    cr_assert(file, "%s", path);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return cx_str_n(bytes, len);
}

/* The next fenced block in a language; false when there are no more. */
static bool next_block(struct cx_str *rest, const char *language, struct cx_str *block)
{
    struct cx_str fence = cx_arena_format(rules_arena(), "```%s\n", language), line;
    while (cx_str_cut(rest, '\n', &line)) {
        if (!cx_str_eq(line, cx_str_n(fence.ptr, fence.len - 1)))
            continue;
        const char *start = rest->ptr;
        while (cx_str_cut(rest, '\n', &line) && !cx_str_is(line, "```"))
            ;
        *block = cx_str_n(start, (size_t)(line.ptr - start));
        return true;
    }
    return false;
}

static void no_report(void *context, const struct cx_node *at, const char *text)
{
    (void)context;
    cr_expect_fail("%s:%d: %s", at->file, at->line, text);
}

Test(rule_docs, shows_expressions_that_compile)
{
    struct cx_str rest = manual("docs/rules.md"), block, line;
    size_t count = 0;
    while (next_block(&rest, "cel", &block)) {
        while (cx_str_cut(&block, '\n', &line)) {
            struct rules_checked checked;
            if (line.len == 0)
                continue;
            rules_check(&checked, line);
            cr_expect(checked.is_sound, "%.*s: %zu: %s", CX_STR_ARG(line), checked.fault.at, checked.fault.text);
            count++;
        }
    }
    cr_expect_gt(count, 20);
}

Test(rule_docs, shows_errors_as_they_are)
{
    struct cx_str rest = manual("docs/rules.md"), block, line, expression, message;
    size_t count = 0;
    while (next_block(&rest, "errors", &block)) {
        while (cx_str_cut(&block, '\n', &line)) {
            struct rules_checked checked;
            if (line.len == 0)
                continue;
            expression = line;
            cr_assert(cx_str_cut(&block, '\n', &message));
            rules_check(&checked, expression);
            struct cx_str shown = cx_str_trim(message);
            cr_expect(!checked.is_sound &&
                          cx_str_is(shown, cx_arena_format(rules_arena(), "%zu: %s%c", checked.fault.at + 1, checked.fault.text, 0).ptr),
                      "%.*s: %zu: %s", CX_STR_ARG(expression), checked.fault.at + 1, checked.fault.text);
            count++;
        }
    }
    cr_expect_gt(count, 5);
}

Test(rule_docs, shows_rule_sets_whose_tests_hold)
{
    struct cx_str rest = manual("docs/rules.md"), block;
    size_t count = 0;
    while (next_block(&rest, "yaml", &block)) {
        struct route_rule_set set;
        struct cx_error err = { 0 };
        if (!cx_str_starts(block, CX_STR("name:")))
            continue;
        cr_assert_eq(route_rule_set_load(&set, rules_arena(), "rules.md", block, no_report, NULL, &err), 0, "%s", err.text);
        cr_expect_eq(route_rule_set_test(&set, rules_arena(), no_report, NULL, &err), 0, "%s", err.text);
        route_rule_set_free(&set);
        count++;
    }
    cr_expect_geq(count, 1);
}
