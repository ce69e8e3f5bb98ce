#include "base/json.h"
#include "base/time.h"
#include <criterion/criterion.h>

static struct cx_arena *arena;
static struct cx_buf out;
static struct cx_json_fault fault;

static void open_arena(void)
{
    arena = cx_arena_new(256 * 1024 * 1024);
    cx_buf_init(&out, 64 * 1024 * 1024);
}

static void close_arena(void)
{
    cx_arena_free(arena);
    cx_buf_free(&out);
}

TestSuite(json, .init = open_arena, .fini = close_arena);

static const struct cx_json *parse(struct cx_str text)
{
    return cx_json_parse(arena, text, &fault);
}

static void assert_becomes(struct cx_str text, const char *expected)
{
    const struct cx_json *node = parse(text);
    cr_assert_not_null(node, "%.*s: %s at %zu", CX_STR_ARG(text), cx_json_error_text(fault.error), fault.offset);
    cx_buf_reset(&out);
    cx_json_dump(&out, node);
    cr_assert(cx_str_is(cx_buf_view(&out), expected), "%.*s becomes %.*s", CX_STR_ARG(text), CX_STR_ARG(cx_buf_view(&out)));
}

static void assert_refused(struct cx_str text, enum cx_json_error error, size_t offset)
{
    cr_assert_null(parse(text), "%.*s is taken", CX_STR_ARG(text));
    cr_assert_eq(fault.error, error, "%.*s: %s", CX_STR_ARG(text), cx_json_error_text(fault.error));
    cr_assert_eq(fault.offset, offset, "%.*s: offset %zu", CX_STR_ARG(text), fault.offset);
}

Test(json, reads_every_kind_of_value)
{
    assert_becomes(CX_STR(" { \"a\" : [ 1 , -2.50e+3 , true , false , null ] ,\r\n\t\"b\" : { } , \"c\" : [ ] , \"\" : \"x\" } "),
                   "{\"a\":[1,-2.50e+3,true,false,null],\"b\":{},\"c\":[],\"\":\"x\"}");
    assert_becomes(CX_STR("0"), "0");
    assert_becomes(CX_STR("\"\""), "\"\"");
}

Test(json, keeps_a_numbers_text)
{
    assert_becomes(CX_STR("[123456789012345678901234567890,1.10,-0,0e0,1E5]"), "[123456789012345678901234567890,1.10,-0,0e0,1E5]");
}

Test(json, resolves_escapes)
{
    assert_becomes(CX_STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\b\\f\\n\\r\\t\"");
    assert_becomes(CX_STR("\"\\u0041\\u00e9\\u20AC\\ud83d\\ude00\""), "\"Aé€😀\"");
    assert_becomes(CX_STR("\"before \\u0131 after\""), "\"before ı after\"");
    assert_becomes(CX_STR("{\"\\u0061b\":1}"), "{\"ab\":1}");
}

Test(json, keeps_u0000_and_mends_lone_surrogates)
{
    assert_becomes(CX_STR("\"a\\u0000b\""), "\"a\\u0000b\"");
    assert_becomes(CX_STR("\"\\u0000\""), "\"\\u0000\"");
    assert_becomes(CX_STR("\"\\ud800\""), "\"\xef\xbf\xbd\"");
    assert_becomes(CX_STR("\"\\ud800x\""), "\"\xef\xbf\xbdx\"");
    assert_becomes(CX_STR("\"\\udc00\\ud800\""), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    assert_becomes(CX_STR("\"\\ud83d\\ud83d\\ude00\""), "\"\xef\xbf\xbd😀\"");
    assert_becomes(CX_STR("\"\\ud83d\\n\""), "\"\xef\xbf\xbd\\n\"");
}

Test(json, lends_strings_without_escapes_from_the_input)
{
    struct cx_str text = CX_STR("{\"key\":\"value\",\"k\":\"v\\n\"}");
    const struct cx_json *node = parse(text);
    const char *at = cx_json_get(node, CX_STR("key"))->text.ptr;
    cr_assert(at > text.ptr && at < text.ptr + text.len);
    at = cx_json_get(node, CX_STR("k"))->text.ptr;
    cr_assert_not(at > text.ptr && at < text.ptr + text.len);
}

Test(json, refuses_what_the_grammar_does_not_have)
{
    static const char *const texts[] = { "",
                                         " ",
                                         "nul",
                                         "truefalse",
                                         "True",
                                         "NaN",
                                         "Infinity",
                                         "-Infinity",
                                         "-",
                                         "+1",
                                         "01",
                                         "-01",
                                         "1.",
                                         ".5",
                                         "1e",
                                         "1e+",
                                         "0x10",
                                         "[",
                                         "[1",
                                         "[1,",
                                         "[1,]",
                                         "[,1]",
                                         "[1 2]",
                                         "{",
                                         "{\"a\"",
                                         "{\"a\":",
                                         "{\"a\":1",
                                         "{\"a\":1,",
                                         "{\"a\":1,}",
                                         "{a:1}",
                                         "{1:1}",
                                         "{\"a\" 1}",
                                         "{\"a\":}",
                                         "]",
                                         "}",
                                         "\"",
                                         "\"abc",
                                         "\"\\",
                                         "\"\\x\"",
                                         "\"\\u12\"",
                                         "\"\\u123g\"",
                                         "\"abc\\",
                                         "\"abc\\\"",
                                         "'a'",
                                         "[1]]",
                                         "//x\n1",
                                         "/**/1",
                                         "\"tab\there\"",
                                         "\"line\nfeed\"",
                                         "\xef\xbb\xbf"
                                         "1",
                                         "1 2" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert_null(parse(cx_str(texts[i])), "\"%s\" is taken", texts[i]);
    cr_assert_null(parse(CX_STR("\"a\0b\"")));
    cr_assert_null(parse(CX_STR("1\0")));
    cr_assert_null(parse(CX_STR_NULL));
}

Test(json, says_what_is_wrong_and_where)
{
    assert_refused(CX_STR("[1,x]"), CX_JSON_SYNTAX, 3);
    assert_refused(CX_STR("[1] x"), CX_JSON_TRAILING, 4);
    assert_refused(CX_STR("{\"a\":1,\"b\":2,\"a\":3}"), CX_JSON_DUPLICATE_KEY, 13);
    assert_refused(CX_STR("\"\xc3(\""), CX_JSON_UTF8, 3);
}

Test(json, refuses_invalid_utf8_in_names_and_strings_with_escapes)
{
    cr_assert_null(parse(CX_STR("{\"\xff\":1}")));
    cr_assert_eq(fault.error, CX_JSON_UTF8);
    cr_assert_null(parse(CX_STR("\"\\n\xed\xa0\x80\"")));
    cr_assert_eq(fault.error, CX_JSON_UTF8);
    cr_assert_null(parse(CX_STR("\"\xc3\\u0000\xa9\"")), "the halves of a sequence are joined");
    cr_assert_eq(fault.error, CX_JSON_UTF8);
}

Test(json, nests_sixty_four_levels_deep_and_no_deeper)
{
    char text[200];
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    cr_assert_not_null(parse(cx_str_n(text + 1, 128)));
    cr_assert_null(parse(cx_str_n(text, 130)));
    cr_assert_eq(fault.error, CX_JSON_DEPTH);
    cr_assert_eq(fault.offset, 64);
}

Test(json, refuses_a_name_given_twice_however_it_is_spelt)
{
    assert_refused(CX_STR("{\"a\":1,\"\\u0061\":2}"), CX_JSON_DUPLICATE_KEY, 7);
    assert_refused(CX_STR("{\"\":1,\"\":2}"), CX_JSON_DUPLICATE_KEY, 6);
    assert_becomes(CX_STR("[{\"a\":1},{\"a\":2}]"), "[{\"a\":1},{\"a\":2}]");
    assert_becomes(CX_STR("{\"a\":{\"a\":{\"a\":1}}}"), "{\"a\":{\"a\":{\"a\":1}}}");
}

/* An object of n members k0 .. and then one called `last`. */
static struct cx_str object_of(size_t n, const char *last)
{
    cx_buf_reset(&out);
    cx_buf_byte(&out, '{');
    for (size_t i = 0; i < n; i++)
        cx_buf_format(&out, "\"k%zu\":%zu,", i, i);
    cx_buf_format(&out, "\"%s\":0}", last);
    return cx_arena_copy(arena, cx_buf_view(&out));
}

Test(json, sees_the_same_name_again_in_objects_of_any_size)
{
    char name[32];
    for (size_t n = 1; n < 300; n++)
        for (size_t again = 0; again < n; again += 1 + n / 10) {
            snprintf(name, sizeof name, "k%zu", again);
            cr_assert_null(parse(object_of(n, name)), "%s again behind %zu names", name, n);
            cr_assert_eq(fault.error, CX_JSON_DUPLICATE_KEY);
            cr_assert_not_null(parse(object_of(n, "fresh")));
            cx_arena_reset(arena);
        }
}

Test(json, takes_a_hundred_thousand_names_without_comparing_all_pairs)
{
    const struct cx_json *node = parse(object_of(100000, "last"));
    cr_assert_not_null(node);
    cr_assert_eq(node->count, 100001);
    cr_assert_null(parse(object_of(100000, "k77777")));
}

Test(json, takes_no_more_memory_than_it_says)
{
    static const char *const pieces[] = { "0,", "[],", "{\"\":0},", "{\"a\":0,\"b\":0},", "\"\\n\"," };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        cx_buf_reset(&out);
        cx_buf_byte(&out, '[');
        for (int n = 0; n < 1000; n++)
            cx_buf_str(&out, cx_str(pieces[i]));
        cx_buf_str(&out, CX_STR("0]"));
        cx_arena_reset(arena);
        cr_assert_not_null(parse(cx_buf_view(&out)));
        cr_assert_leq(cx_arena_used(arena), 32 * out.len + 8192, "%s", pieces[i]);
    }
    for (size_t n = 10; n < 5000; n += n / 3) {
        struct cx_str text = object_of(n, "last");
        cx_arena_reset(arena);
        cr_assert_not_null(parse(cx_buf_view(&out)));
        cr_assert_leq(cx_arena_used(arena), 32 * text.len + 8192, "%zu names", n);
    }
}

Test(json, finds_members_by_name)
{
    const struct cx_json *node = parse(CX_STR("{\"a\":1,\"b\":null}"));
    cr_assert(cx_str_is(cx_json_get(node, CX_STR("a"))->text, "1"));
    cr_assert_eq(cx_json_get(node, CX_STR("b"))->type, CX_JSON_NULL);
    cr_assert_null(cx_json_get(node, CX_STR("c")));
    cr_assert_null(cx_json_get(NULL, CX_STR("a")));
    cr_assert_null(cx_json_get(node->first, CX_STR("a")));
}

Test(json, reads_the_same_wherever_a_string_ends)
{
    char text[100] = "\"", expected[100];
    for (size_t len = 0; len < 60; len++)
        for (size_t at = 0; at < len; at++) {
            memset(text + 1, 'x', len);
            text[1 + len] = '"';
            cr_assert_not_null(parse(cx_str_n(text, len + 2)));
            text[1 + at] = '\n';
            cr_assert_null(parse(cx_str_n(text, len + 2)), "a line feed at %zu of %zu", at, len);
            if (at + 1 < len) {
                text[1 + at] = '\\';
                text[2 + at] = '/';
                snprintf(expected, sizeof expected, "\"%.*s/%.*s\"", (int)at, text + 1, (int)(len - at - 2), text + 3 + at);
                assert_becomes(cx_str_n(text, len + 2), expected);
            }
        }
}

Test(json, refuses_every_control_character_wherever_it_stands)
{
    char text[40];
    for (int c = 0; c < 0x20; c++)
        for (size_t at = 1; at < sizeof text - 1; at++) {
            memset(text, ' ', sizeof text);
            text[0] = text[sizeof text - 1] = '"';
            cr_assert_not_null(parse(cx_str_n(text, sizeof text)));
            text[at] = (char)c;
            cr_assert_null(parse(cx_str_n(text, sizeof text)), "%02x at %zu", c, at);
        }
}

Test(json, escapes_a_character_wherever_it_stands)
{
    static const char escaped[] = "\"\\\n\x1f";
    char text[40], expected[64];
    for (size_t len = 1; len < sizeof text; len++)
        for (size_t at = 0; at < len; at++)
            for (const char *c = escaped; *c; c++) {
                memset(text, 'a', len);
                text[at] = *c;
                const char *written = *c == '\n' ? "\\n" : *c == '"' ? "\\\"" : *c == '\\' ? "\\\\" : "\\u001f";
                snprintf(expected, sizeof expected, "\"%.*s%s%.*s\"", (int)at, text, written, (int)(len - at - 1), text + at + 1);
                cx_buf_reset(&out);
                cx_json_string(&out, cx_str_n(text, len));
                cr_assert(cx_str_is(cx_buf_view(&out), expected), "%s", expected);
            }
    memset(text, 0x7f, sizeof text);
    for (size_t len = 0; len < sizeof text; len++) {
        cx_buf_reset(&out);
        cx_json_string(&out, cx_str_n(text, len));
        cr_assert_eq(out.len, len + 2, "a delete character is no reason to escape");
    }
}

Test(json, writes_null_for_a_null_string_and_escapes_what_it_must)
{
    cx_json_string(&out, CX_STR_NULL);
    cx_json_string(&out, CX_STR(""));
    cx_json_string(&out, CX_STR("a\"b\\c\x01\x1f\x7f/é"));
    cr_assert(cx_str_is(cx_buf_view(&out), "null\"\"\"a\\\"b\\\\c\\u0001\\u001f\x7f/é\""));
}
