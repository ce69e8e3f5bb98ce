#include "base/error.h"
#include "base/str.h"
#include <criterion/criterion.h>
#include <signal.h>

Test(str, orders_by_bytes_and_puts_the_shorter_first)
{
    cr_assert_lt(cx_str_cmp(CX_STR("a"), CX_STR("b")), 0);
    cr_assert_lt(cx_str_cmp(CX_STR("a"), CX_STR("ab")), 0);
    cr_assert_gt(cx_str_cmp(CX_STR("\xff"), CX_STR("a")), 0);
    cr_assert_eq(cx_str_cmp(CX_STR_NULL, CX_STR("")), 0);
    cr_assert_lt(cx_str_cmp(CX_STR_NULL, CX_STR("a")), 0);
}

Test(str, finds_the_first_of_a_byte)
{
    cr_assert_eq(cx_str_find(CX_STR("a.b.c"), '.'), 1);
    cr_assert_eq(cx_str_find(CX_STR("abc"), '.'), -1);
    cr_assert_eq(cx_str_find(CX_STR_NULL, '.'), -1);
}

Test(str, trims_blanks_off_both_ends)
{
    cr_assert(cx_str_is(cx_str_trim(CX_STR(" \t\r\n a b \v\f")), "a b"));
    cr_assert_eq(cx_str_trim(CX_STR("   ")).len, 0);
    cr_assert_eq(cx_str_trim(CX_STR_NULL).len, 0);
}

Test(str, cuts_pieces_until_nothing_is_left)
{
    struct cx_str rest = CX_STR("a,,bc,"), piece;
    const char *const expected[] = { "a", "", "bc", "" };
    for (size_t i = 0; i < 4; i++) {
        cr_assert(cx_str_cut(&rest, ',', &piece));
        cr_assert(cx_str_is(piece, expected[i]), "piece %zu", i);
    }
    cr_assert_null(rest.ptr);
    cr_assert_not(cx_str_cut(&rest, ',', &piece));
}

Test(str, skips_no_further_than_the_end)
{
    cr_assert_eq(cx_str_skip(CX_STR("abc"), 5).len, 0);
    cr_assert_null(cx_str_skip(CX_STR_NULL, 5).ptr);
    cr_assert(cx_str_is(cx_str_skip(CX_STR("abc"), 1), "bc"));
}

static const char *nearest(const char *given)
{
    static const char *const names[] = { "window", "windows", "partitions", "id", "brokers", "mode" };
    return cx_did_you_mean(cx_str(given), names, sizeof names / sizeof *names);
}

Test(str, suggests_the_nearest_name_for_a_typo)
{
    cr_assert_str_eq(nearest("windw"), "window");
    cr_assert_str_eq(nearest("borkres"), "brokers");
    cr_assert_str_eq(nearest("partition"), "partitions");
    cr_assert_str_eq(nearest("windowss"), "windows");
}

Test(str, suggests_nothing_for_what_is_no_typo)
{
    cr_assert_null(nearest("tenant"));
    cr_assert_null(nearest(""));
    cr_assert_null(nearest("x"));
    cr_assert_null(nearest("mo"), "two edits make anything of two letters");
    cr_assert_null(nearest("a_name_that_is_longer_than_any_name_somebody_would_give_to_an_option_by_far"));
}

Test(str, a_byte_order_mark_is_no_part_of_a_text)
{
    cr_assert(cx_str_is(cx_utf8_skip_mark(CX_STR("\xef\xbb\xbftext")), "text"));
    cr_assert(cx_str_is(cx_utf8_skip_mark(CX_STR("text\xef\xbb\xbf")), "text\xef\xbb\xbf"));
    cr_assert(cx_str_is(cx_utf8_skip_mark(CX_STR("\xef\xbb\xbf")), ""));
    cr_assert_null(cx_utf8_skip_mark(CX_STR_NULL).ptr);
}

Test(str, fields_are_as_wide_as_characters_are_many)
{
    const char *labels[] = { "iade", "iade_\xc4\xb1\xc5\x9f", "\xd8\xb4\xd9\x83\xd9\x88\xd9\x89", "" };
    char line[64];
    for (int i = 0; i < 4; i++) {
        struct cx_str label = cx_str(labels[i]);
        int bytes = snprintf(line, sizeof line, "%-*.*s", cx_utf8_field(label, 10), CX_STR_ARG(label)), characters = 0;
        for (size_t at = 0; at < (size_t)bytes; characters++)
            cx_utf8_next(cx_str_n(line, (size_t)bytes), &at);
        cr_assert_eq(characters, 10, "%s", labels[i]);
    }
}

Test(error, fills_exit_and_text_and_says_minus_one)
{
    struct cx_error err = { 0 };
    cr_assert_eq(cx_fail(&err, CX_EXIT_IO, "%s is full", "disk"), -1);
    cr_assert_eq(err.exit, CX_EXIT_IO);
    cr_assert_str_eq(err.text, "disk is full");
    cr_assert_eq(cx_fail(NULL, CX_EXIT_IO, "nobody asked"), -1);
}

Test(error, cuts_a_text_that_is_too_long)
{
    struct cx_error err = { 0 };
    cx_fail(&err, CX_EXIT_IO, "%1000d", 1);
    cr_assert_eq(strlen(err.text), sizeof err.text - 1);
}

Test(error, aborts_on_a_bug_of_ours, .signal = SIGABRT)
{
    cx_assert(1 + 1 == 3);
}
