#include "stages/route/rule_place.h"
#include <criterion/criterion.h>

/* The first @ of the value of `when` must be found where the first @ stands in the file. */
static void expect_place(const char *source)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_error err = { 0 };
    const struct cx_node *root = cx_config_parse(arena, "rules.yaml", cx_str(source), &err);
    cr_assert(root, "%s", err.text);
    const struct cx_node *when = cx_node_get(root, "when");
    ptrdiff_t at = cx_str_find(when->text, '@');
    cr_assert_geq(at, 0);
    int line = 1, column = 1;
    for (const char *c = source; *c != '@'; c++) {
        column = *c == '\n' ? 1 : column + (((unsigned char)*c & 0xC0) != 0x80);
        line += *c == '\n';
    }

    struct cx_node place = route_place(cx_str(source), when, (size_t)at);

    cr_expect(place.line == line && place.column == column, "%s: %d:%d and not %d:%d", source, place.line, place.column, line, column);
    cx_arena_free(arena);
}

Test(rule_place, follows_every_style_of_scalar)
{
    expect_place("when: a == @\n");
    expect_place("when: '@'\n");
    expect_place("when: # why\n  # because\n  a @\n");
    expect_place("'when'  : a @\n");
    expect_place("{id: x, when: a @, y: z}\n");
    expect_place("id: x\nwhen: a ==\n  b &&\n\n     c @ d\n");
    expect_place("when: 'it''s ''x'' == @'\n");
    expect_place("when: 'a\n  b\n\n  c @'\n");
    expect_place("when: \"a \\\"b\\\" \\\\ \\x41 \\u00e7 @\"\n");
    expect_place("when: \"a\\n b \\t@\"\n");
    expect_place("when: \"a \\\n   b @\"\n");
    expect_place("when: |\n  a ==\n    b\n  @\n");
    expect_place("when: >-\n  a ==\n  b &&\n\n  c @ d\n");
    expect_place("when: |2\n   a\n  @\n");
    expect_place("when: çöğü == '\xf0\x9f\x98\x80' @\n");
    expect_place("when: > # why\n  ç @\nid: y\n");
}

Test(rule_place, stays_in_the_file_when_asked_beyond_the_end)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    const char *source = "when: 'a b'";
    const struct cx_node *when = cx_node_get(cx_config_parse(arena, "f", cx_str(source), NULL), "when");

    struct cx_node place = route_place(cx_str(source), when, 1000);

    cr_expect_eq(place.line, 1);
    cr_expect_eq(place.column, 11);
    cx_arena_free(arena);
}
