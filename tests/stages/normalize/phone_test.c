/* Telephone numbers as E.164. */
#include <criterion/criterion.h>
#include "stages/normalize/phone.h"

static void expect_number(const char *value, const char *country, const char *want)
{
    struct cx_arena *arena = cx_arena_new(1 << 16);
    struct cx_str got = normalize_phone(arena, cx_str(value), cx_str(country));
    cr_expect(want ? cx_str_is(got, want) && got.ptr : !got.ptr, "%s in %s: %.*s", value, country ? country : "-", CX_STR_ARG(got));
    cx_arena_free(arena);
}

Test(phone, keeps_e164_as_it_is)
{
    struct cx_str value = CX_STR("+905321234567");
    cr_expect_eq(normalize_phone(NULL, value, CX_STR_NULL).ptr, value.ptr);
}

Test(phone, takes_out_what_people_write_between_digits)
{
    expect_number("+90 (532) 123-45.67", NULL, "+905321234567");
    expect_number("+44 (0)20 7946 0958", NULL, "+442079460958");
    expect_number("\xe2\x80\xaa+90 532 123 45 67\xe2\x80\xac", NULL, "+905321234567");
    expect_number("+٩٠٥٣٢١٢٣٤٥٦٧", NULL, "+905321234567");
}

Test(phone, reads_national_forms_with_a_known_country_only)
{
    expect_number("0532 123 45 67", "TR", "+905321234567");
    expect_number("532 123 45 67", "TR", "+905321234567");
    expect_number("8 (912) 345-67-89", "RU", "+79123456789");
    expect_number("06 1 234 5678", "HU", "+3612345678");
    expect_number("02 1234 5678", "IT", "+390212345678");
    expect_number("0090 532 123 45 67", "TR", "+905321234567");
    expect_number("011 90 532 123 45 67", "US", "+905321234567");
    expect_number("0532 123 45 67", NULL, NULL);
    expect_number("0532 123 45 67", "ZZ", NULL);
}

Test(phone, refuses_what_is_no_number)
{
    static const char *const none[] = { "", "+", "call me", "+90532", "+1234567890123456", "+0905321234567", "12+345678", "+90 532 CALL NOW" };
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        expect_number(none[i], "TR", NULL);
}

Test(phone, puts_a_plus_before_dialled_digits)
{
    struct cx_arena *arena = cx_arena_new(1 << 16);
    cr_expect(cx_str_is(normalize_phone_international(arena, CX_STR("905321234567")), "+905321234567"));
    cr_expect_null(normalize_phone_international(arena, CX_STR("05321234567")).ptr);
    cr_expect_null(normalize_phone_international(arena, CX_STR("TR.abc")).ptr);
    cx_arena_free(arena);
}
