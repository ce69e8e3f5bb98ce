#include "testing.h"

TestSuite(config_options, .init = open_arena, .fini = close_arena);

struct settings {
    int64_t window, size, count, free;
    double share, factor;
    bool strict;
    struct cx_str name, mode;
    const struct cx_node *rows;
};

static const struct cx_option options[] = {
    CX_OPTION(struct settings, window, "1h", 1000, 7 * 86400000.0, "ms", "How long."),
    CX_OPTION(struct settings, size, "64k", 1, 1 << 30, "bytes", "How large."),
    CX_OPTION(struct settings, count, "10", 1, 9e18, "records", "How many."),
    CX_OPTION(struct settings, free, "-5", 0, 0, "", "Any."),
    CX_OPTION(struct settings, share, "0.5", 0, 1, "", "A share."),
    CX_OPTION(struct settings, factor, "1e9", 0, 0, NULL, "A factor."),
    CX_OPTION(struct settings, strict, "true", 0, 0, "", "Whether | or not."),
    CX_OPTION(struct settings, name, NULL, 0, 0, "", "A name."),
    CX_OPTION(struct settings, mode, "", 0, 0, "", "A mode."),
    CX_OPTION(struct settings, rows, NULL, 0, 0, "", "Rows."),
    { 0 },
};

static struct settings read_all(const char *text)
{
    struct settings s;
    memset(&s, 0xff, sizeof s);
    cr_assert_eq(cx_options_read(options, cx_node_get(parse(text), "dedup"), "dedup", &s, &err), 0, "%s", err.text);
    return s;
}

static void assert_refused(const char *text, const char *message)
{
    struct settings s;
    cr_assert_eq(cx_options_read(options, cx_node_get(parse(text), "dedup"), "dedup", &s, &err), -1, "%s is taken", text);
    cr_assert_eq(err.exit, CX_EXIT_CONFIG);
    cr_assert_str_eq(err.text, message);
}

Test(config_options, fills_in_defaults)
{
    struct settings s = read_all("dedup: {name: x, window: }");
    cr_assert_eq(s.window, 3600000);
    cr_assert_eq(s.size, 65536);
    cr_assert_eq(s.count, 10);
    cr_assert_eq(s.free, -5);
    cr_assert_eq(s.share, 0.5);
    cr_assert_eq(s.factor, 1e9);
    cr_assert(s.strict);
    cr_assert(cx_str_is(s.name, "x"));
    cr_assert_not_null(s.mode.ptr);
    cr_assert_null(s.rows);
}

Test(config_options, reads_what_is_given)
{
    struct settings s = read_all("dedup:\n  name: '7'\n  window: 2d\n  size: 8m\n  count: 1000000\n  share: 1\n  strict: false\n  rows: [a, b]\n");
    cr_assert_eq(s.window, 2 * 86400000);
    cr_assert_eq(s.size, 8 << 20);
    cr_assert_eq(s.count, 1000000);
    cr_assert_eq(s.share, 1);
    cr_assert_not(s.strict);
    cr_assert(cx_str_is(s.name, "7"));
    cr_assert_eq(s.rows->count, 2);
}

Test(config_options, reads_every_suffix_of_times_and_sizes)
{
    static const struct {
        const char *text;
        int64_t window;
    } times[] = { { "1000", 1000 }, { "1500ms", 1500 }, { "10s", 10000 }, { "5m", 300000 }, { "2h", 7200000 }, { "7d", 604800000 } };
    static const struct {
        const char *text;
        int64_t size;
    } sizes[] = { { "1", 1 }, { "64k", 65536 }, { "8m", 8388608 }, { "1g", 1073741824 } };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        cr_assert_eq(read_all(cx_arena_format(arena, "dedup: {name: x, window: %s}%c", times[i].text, 0).ptr).window, times[i].window);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        cr_assert_eq(read_all(cx_arena_format(arena, "dedup: {name: x, size: %s}%c", sizes[i].text, 0).ptr).size, sizes[i].size);
}

Test(config_options, says_what_is_wrong_where_and_what_to_write)
{
    assert_refused("dedup:\n  windw: 1h\n", "cx.yaml:2:3: error: unknown key \"windw\" in dedup; did you mean \"window\"?");
    assert_refused("dedup:\n  colour: red\n", "cx.yaml:2:3: error: unknown key \"colour\" in dedup");
    assert_refused("dedup:\n  window: 1h\n", "cx.yaml:1:1: error: dedup.name is required");
    assert_refused("", "error: dedup.name is required");
    assert_refused("dedup: 5", "cx.yaml:1:1: error: dedup: expected a map of options");
    assert_refused("dedup: {window: 8d}", "cx.yaml:1:9: error: window: expected a time (500ms, 10s, 5m, 2h, 7d) from 1s to 7d, got \"8d\"");
    assert_refused("dedup: {window: 1w}", "cx.yaml:1:9: error: window: expected a time (500ms, 10s, 5m, 2h, 7d) from 1s to 7d, got \"1w\"");
    assert_refused("dedup: {window: 999999999999999999d}", "cx.yaml:1:9: error: window: expected a time (500ms, 10s, 5m, 2h, 7d) from 1s to 7d, got "
                                                           "\"999999999999999999d\"");
    assert_refused("dedup: {window: '1h'}",
                   "cx.yaml:1:9: error: window: expected a time (500ms, 10s, 5m, 2h, 7d) from 1s to 7d, got the string \"1h\"");
    assert_refused("dedup: {size: 2g}", "cx.yaml:1:9: error: size: expected a size (4096, 64k, 8m, 1g) from 1 to 1g, got \"2g\"");
    assert_refused("dedup: {size: 5s}", "cx.yaml:1:9: error: size: expected a size (4096, 64k, 8m, 1g) from 1 to 1g, got \"5s\"");
    assert_refused("dedup: {count: 5k}", "cx.yaml:1:9: error: count: expected a whole number of at least 1, got \"5k\"");
    assert_refused("dedup: {free: x}", "cx.yaml:1:9: error: free: expected a whole number, got \"x\"");
    assert_refused("dedup: {share: 2}", "cx.yaml:1:9: error: share: expected a number from 0 to 1, got \"2\"");
    assert_refused("dedup: {factor: x}", "cx.yaml:1:9: error: factor: expected a number, got \"x\"");
    assert_refused("dedup: {strict: 1}", "cx.yaml:1:9: error: strict: expected true or false, got \"1\"");
    assert_refused("dedup: {name: [x]}", "cx.yaml:1:9: error: name: expected a string, got a list");
}

Test(config_options, writes_a_reference_that_it_reads_as_the_defaults)
{
    struct cx_buf out;
    cx_buf_init(&out, 1 << 16);
    cx_options_reference(&out, options, "dedup", "Drops what was seen before.");
    struct cx_node *root = cx_config_parse(arena, "reference", cx_buf_view(&out), &err);
    cr_assert_not_null(root, "%s\n%.*s", err.text, CX_STR_ARG(cx_buf_view(&out)));
    cr_assert_eq(cx_config_set(arena, root, "dedup.name=x", "--set", &err), 0);
    struct settings given, defaults = read_all("dedup: {name: x}");
    memset(&given, 0xff, sizeof given);
    cr_assert_eq(cx_options_read(options, cx_node_get(root, "dedup"), "dedup", &given, &err), 0, "%s", err.text);
    cr_assert_eq(given.window, defaults.window);
    cr_assert_eq(given.size, defaults.size);
    cr_assert_eq(given.free, defaults.free);
    cr_assert_eq(given.factor, defaults.factor);
    cr_assert_eq(given.strict, defaults.strict);
    cr_assert_eq(given.mode.len, 0);
    cr_assert_null(given.rows);
    cx_buf_free(&out);
}

Test(config_options, comments_every_option_of_the_reference)
{
    static const struct cx_option few[] = {
        CX_OPTION(struct settings, window, "1h", 1000, 604800000, "ms",
                  "How long a version is remembered after it was last seen, in the tenant's record time; what comes later counts as new again."),
        CX_OPTION(struct settings, name, NULL, 0, 0, "", "A name."),
        CX_OPTION(struct settings, rows, NULL, 0, 0, "", "Rows."),
        { 0 },
    };
    struct cx_buf out;
    cx_buf_init(&out, 1 << 16);
    cx_options_reference(&out, few, "dedup", "Drops repeats.");
    cx_buf_byte(&out, 0);
    cr_assert_str_eq(out.ptr, "# Drops repeats.\n"
                              "dedup:\n"
                              "  # How long a version is remembered after it was last seen, in the tenant's record time; what comes\n"
                              "  # later counts as new again. (1s to 7d)\n"
                              "  window: 1h\n"
                              "  # A name. (required)\n"
                              "  name:\n"
                              "  # Rows.\n"
                              "  # rows:\n");
    cx_buf_free(&out);
}

Test(config_options, writes_a_markdown_row_for_every_option)
{
    struct cx_buf out;
    cx_buf_init(&out, 1 << 16);
    cx_options_markdown(&out, options);
    cx_buf_byte(&out, 0);
    cr_assert_not_null(strstr(out.ptr, "| `window` | `1h` | 1s to 7d | How long. |\n"), "%s", out.ptr);
    cr_assert_not_null(strstr(out.ptr, "| `count` | `10` | at least 1 records | How many. |\n"), "%s", out.ptr);
    cr_assert_not_null(strstr(out.ptr, "| `name` | required |  | A name. |\n"), "%s", out.ptr);
    cr_assert_not_null(strstr(out.ptr, "| `strict` | `true` |  | Whether \\| or not. |\n"), "%s", out.ptr);
    cx_buf_free(&out);
}
