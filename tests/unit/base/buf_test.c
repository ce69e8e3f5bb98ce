#include "base/buf.h"
#include <criterion/criterion.h>

Test(buf, is_an_empty_text_before_its_first_byte)
{
    struct cx_buf b;
    cx_buf_init(&b, 100);
    cr_assert_not_null(cx_buf_view(&b).ptr);
    cr_assert_eq(cx_buf_view(&b).len, 0);
}

Test(buf, grows_to_what_is_appended)
{
    struct cx_buf b;
    cx_buf_init(&b, 1 << 20);
    for (int i = 0; i < 100000; i++)
        cx_buf_byte(&b, (char)('a' + i % 26));
    cr_assert_eq(b.len, 100000);
    for (int i = 0; i < 100000; i++)
        cr_assert_eq(b.ptr[i], 'a' + i % 26);
    cx_buf_free(&b);
}

Test(buf, takes_exactly_its_maximum)
{
    struct cx_buf b;
    cx_buf_init(&b, 10);
    cx_buf_str(&b, CX_STR("0123456789"));
    cr_assert(cx_str_is(cx_buf_view(&b), "0123456789"));
    cr_assert_not(b.overflow);
    cx_buf_byte(&b, 'x');
    cr_assert(b.overflow);
    cr_assert(cx_str_is(cx_buf_view(&b), "0123456789"));
    cx_buf_free(&b);
}

Test(buf, lets_nothing_in_behind_a_piece_it_lost)
{
    struct cx_buf b;
    cx_buf_init(&b, 300);
    cx_buf_str(&b, CX_STR("head"));
    char large[400] = { 0 };
    cx_buf_add(&b, large, sizeof large);
    cx_buf_byte(&b, 'x');
    cx_buf_format(&b, "%d", 1);
    cr_assert(b.overflow);
    cr_assert(cx_str_is(cx_buf_view(&b), "head"));
    cx_buf_free(&b);
}

Test(buf, is_usable_again_after_a_reset)
{
    struct cx_buf b;
    cx_buf_init(&b, 4);
    cx_buf_str(&b, CX_STR("ab"));
    cx_buf_str(&b, CX_STR("12345"));
    cr_assert(b.overflow);
    cx_buf_reset(&b);
    cx_buf_str(&b, CX_STR("wxyz"));
    cr_assert_not(b.overflow);
    cr_assert(cx_str_is(cx_buf_view(&b), "wxyz"));
    cx_buf_free(&b);
}

Test(buf, formats_texts_longer_than_what_is_left)
{
    struct cx_buf b;
    cx_buf_init(&b, 5000);
    cx_buf_format(&b, "%s=%d;", "a", 1);
    cx_buf_format(&b, "%1000d", 2);
    cr_assert_eq(b.len, 1004);
    cr_assert(cx_str_starts(cx_buf_view(&b), CX_STR("a=1; ")));
    cr_assert_eq(b.ptr[1003], '2');
    cx_buf_free(&b);
}

Test(buf, refuses_a_size_that_wraps_around)
{
    struct cx_buf b;
    cx_buf_init(&b, SIZE_MAX);
    cx_buf_byte(&b, 'a');
    cr_assert_not(cx_buf_reserve(&b, SIZE_MAX));
    cr_assert(b.overflow);
    cx_buf_free(&b);
}
