#include "testing.h"

static struct cx_buf out;

static void open_all(void)
{
    open_arena();
    cx_buf_init(&out, 1 << 20);
}

static void close_all(void)
{
    close_arena();
    cx_buf_free(&out);
}

TestSuite(config_print, .init = open_all, .fini = close_all);

static const char *printed(const struct cx_node *root)
{
    cx_buf_reset(&out);
    cx_config_print(&out, root);
    return cx_arena_format(arena, "%.*s%c", CX_STR_ARG(cx_buf_view(&out)), 0).ptr;
}

Test(config_print, writes_block_yaml)
{
    cr_assert_str_eq(printed(parse("{a: 1, b: {c: [x, {y: 1, z: 2}, [], {}]}, d: }")),
                     "a: 1\nb:\n  c:\n    - x\n    - y: 1\n      z: 2\n    - []\n    - {}\nd: null\n");
    cr_assert_str_eq(printed(parse("")), "{}\n");
    cr_assert_str_eq(printed(parse("[[a, b], [[c]]]")), "- - a\n  - b\n- - - c\n");
}

Test(config_print, hides_secrets)
{
    const char *text =
        printed(parse("sasl_password: hunter2\nsasl.password: 'hunter2'\nclient_secret: {a: hunter2}\ntoken: [hunter2]\napi_key: hunter2\n"
                      "ssl.key.pem: hunter2\npassword_file: /run/pw\nsecret:\nurl: redis://user:hunter2@host:6379/0\n"));
    cr_assert_null(strstr(text, "hunter2"), "%s", text);
    cr_assert_not_null(strstr(text, "password_file: /run/pw\n"), "%s", text);
    cr_assert_not_null(strstr(text, "secret: null\n"), "%s", text);
    cr_assert_not_null(strstr(text, "\"redis://user:***@host:6379/0\"\n"), "%s", text);
}

Test(config_print, leaves_addresses_without_passwords_alone)
{
    cr_assert_str_eq(printed(parse("a: http://host:80/x@y:z\nb: http://user@host\nc: 10:20\n")),
                     "a: \"http://host:80/x@y:z\"\nb: \"http://user@host\"\nc: 10:20\n");
}

static bool same(const struct cx_node *a, const struct cx_node *b)
{
    if (a->type != b->type || a->count != b->count || !cx_str_eq(a->key, b->key))
        return false;
    if (a->type == CX_NODE_SCALAR && !cx_str_eq(a->text, b->text))
        return false;
    const struct cx_node *x = a->first, *y = b->first;
    for (; x && y; x = x->next, y = y->next)
        if (!same(x, y))
            return false;
    return !x && !y;
}

Test(config_print, reads_back_to_the_same_tree)
{
    static const char *const scalars[] = { "\"\"",      "' x'",   "'x '",      "'- x'",  "'a: b'",    "'a #b'",
                                           "'#a'",      "'null'", "'~'",       "'true'", "'5'",       "5",
                                           "-5",        "1e3",    "'[x]'",     "'{x}'",  "'*a'",      "'&a'",
                                           "'!a'",      "'%a'",   "'@a'",      "'a:'",   "'-'",       "'?'",
                                           "'a\"b'",    "a\\b",   "\"a\\nb\"", "é😀",     "a:9092",    "x y",
                                           "'x  y'",    "(x)",    "a+b",       "'---'",  "'...'",     ".5",
                                           "\"\\x01\"", "'`'",    "'|'",       "'>'",    "'a,b'",     "a/b",
                                           "no",        "0x10",   "2026-1-1",  "'=’'",   "\"\\x7f\"", "\"\\u2028\\ufeff\\u0085\\0\"",
                                           "'<<'" };
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        const struct cx_node *root =
            parse(cx_arena_format(arena, "v: %s\nl: [%s]\n? %s\n: {m: %s}\n%c", scalars[i], scalars[i], scalars[i], scalars[i], 0).ptr);
        const char *text = printed(root);
        cr_assert(same(root, parse(text)), "%s is printed as\n%s", scalars[i], text);
    }
}
