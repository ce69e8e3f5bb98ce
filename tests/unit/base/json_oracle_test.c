/* jansson has read JSON for fifteen years: what it and we say about the same bytes must agree. */
#include "base/json.h"
#include "random.h"
#include <criterion/criterion.h>
#include <jansson.h>

enum { TEXT_MAX = 1 << 20, FLAGS = JSON_DECODE_ANY | JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL };

static struct cx_arena *arena;
static struct cx_buf text, dumped;

static void open_arena(void)
{
    arena = cx_arena_new(64 * TEXT_MAX);
    cx_buf_init(&text, TEXT_MAX);
    cx_buf_init(&dumped, TEXT_MAX);
}

static void close_arena(void)
{
    cx_arena_free(arena);
    cx_buf_free(&text);
    cx_buf_free(&dumped);
}

TestSuite(json_oracle, .init = open_arena, .fini = close_arena);

static void put_random_char(void)
{
    static const char *const escapes[] = {
        "\\n", "\\\"", "\\\\", "\\/", "\\t", "\\b", "\\f", "\\r", "\\u00e9", "\\uD83D\\uDE00", "\\u0041", "\\u20ac"
    };
    char bytes[4];
    uint32_t cp;
    switch (random_below(10)) {
    case 0:
        cx_buf_str(&text, cx_str(escapes[random_below(sizeof escapes / sizeof *escapes)]));
        return;
    case 1:
        do
            cp = 0x80 + random_below(random_below(2) ? 0x780 : 0x10ff80);
        while (cp >= 0xd800 && cp < 0xe000);
        cx_buf_add(&text, bytes, cx_utf8_put(cp, bytes));
        return;
    default:
        cx_buf_byte(&text, "abcdefghijklmnopqrstuvwxyz 0123456789{}[]:,"[random_below(43)]);
    }
}

static void put_random_chars(unsigned n)
{
    while (n-- > 0)
        put_random_char();
}

static void put_random_string(unsigned longest)
{
    cx_buf_byte(&text, '"');
    put_random_chars(random_below(longest + 1));
    cx_buf_byte(&text, '"');
}

static void put_blanks(void)
{
    while (random_below(4) == 0)
        cx_buf_byte(&text, " \t\r\n"[random_below(4)]);
}

static void put_random_value(int depth);

static void put_random_children(int depth, bool named)
{
    cx_buf_byte(&text, named ? '{' : '[');
    unsigned n = random_below(random_below(20) ? 6 : 60);
    for (unsigned i = 0; i < n; i++) {
        if (i)
            cx_buf_byte(&text, ',');
        put_blanks();
        if (named) {
            cx_buf_byte(&text, '"');
            if (random_below(100)) /* else the same name may come twice */
                cx_buf_format(&text, "%u-", i);
            put_random_chars(random_below(9));
            cx_buf_byte(&text, '"');
            put_blanks();
            cx_buf_byte(&text, ':');
            put_blanks();
        }
        put_random_value(depth + 1);
        put_blanks();
    }
    cx_buf_byte(&text, named ? '}' : ']');
}

static void put_random_value(int depth)
{
    switch (random_below(depth > 5 ? 6 : 9)) {
    case 0:
        cx_buf_str(&text, cx_str((const char *[]){ "null", "true", "false" }[random_below(3)]));
        break;
    case 1:
        cx_json_i64(&text, (int64_t)random_u64() >> random_below(64));
        break;
    case 2:
        cx_buf_format(&text, "%d.%u", (int)random_below(2000) - 1000, random_below(1000));
        break;
    case 3:
        cx_buf_format(&text, "%ue%d", random_below(1000), (int)random_below(60) - 30);
        break;
    case 4:
    case 5:
        put_random_string(random_below(10) ? 20 : 300);
        break;
    case 6:
        put_random_children(depth, false);
        break;
    default:
        put_random_children(depth, true);
    }
}

static const struct cx_json *parse_ours(void)
{
    struct cx_json_fault fault;
    cx_arena_reset(arena);
    return cx_json_parse(arena, cx_buf_view(&text), &fault);
}

static json_t *parse_theirs(const struct cx_buf *b, json_error_t *error)
{
    return json_loadb(b->ptr, b->len, FLAGS, error);
}

Test(json_oracle, what_we_read_and_write_is_the_same_value_to_jansson)
{
    for (int round = 0; round < 4000; round++) {
        json_error_t error;
        cx_buf_reset(&text);
        put_random_value(0);
        json_t *theirs = parse_theirs(&text, &error);
        const struct cx_json *ours = parse_ours();
        cr_assert_eq(ours != NULL, theirs != NULL, "round %d: jansson: %s\n%.*s", round, error.text, CX_STR_ARG(cx_buf_view(&text)));
        if (!ours)
            continue;
        cx_buf_reset(&dumped);
        cx_json_dump(&dumped, ours);
        json_t *again = parse_theirs(&dumped, &error);
        cr_assert(json_equal(theirs, again), "round %d\n%.*s\n%.*s", round, CX_STR_ARG(cx_buf_view(&text)), CX_STR_ARG(cx_buf_view(&dumped)));
        json_decref(theirs);
        json_decref(again);
    }
}

/* Where we differ on purpose: numbers keep any size, lone surrogates are mended. */
static bool is_known_difference(const json_error_t *error)
{
    struct cx_str view = cx_buf_view(&text);
    if (json_error_code(error) == json_error_numeric_overflow)
        return true;
    for (size_t i = 0; i + 3 < view.len; i++)
        if (view.ptr[i] == '\\' && view.ptr[i + 1] == 'u' && (view.ptr[i + 2] | 32) == 'd')
            return true;
    return false;
}

Test(json_oracle, we_refuse_damaged_texts_that_jansson_refuses_and_no_others)
{
    static const char spare[] = "\"\\{}[]:,0-1.eEtfn \n\x01\x80\xc3\xff";
    int taken = 0, refused = 0;
    for (int round = 0; round < 60000; round++) {
        json_error_t error = { 0 };
        cx_buf_reset(&text);
        put_random_value(3);
        for (unsigned n = 1 + random_below(2); n > 0 && text.len > 1; n--) {
            size_t at = random_below((unsigned)text.len);
            if (random_below(3) == 0)
                memmove(text.ptr + at, text.ptr + at + 1, --text.len - at);
            else
                text.ptr[at] = spare[random_below(sizeof spare - 1)];
        }
        json_t *theirs = parse_theirs(&text, &error);
        bool ours = parse_ours() != NULL;
        if (ours != (theirs != NULL) && !is_known_difference(&error))
            cr_assert_fail("we %s, jansson says %s\n%.*s", ours ? "take" : "refuse", error.text, CX_STR_ARG(cx_buf_view(&text)));
        taken += ours;
        refused += !ours;
        json_decref(theirs);
    }
    cr_assert(taken > 1000 && refused > 1000, "%d taken, %d refused", taken, refused);
}
