#include "stages/route/rule_lower.h"
#include <criterion/criterion.h>
#include <locale.h>
#include <wctype.h>

Test(rule_lower, agrees_with_the_c_library_on_latin_greek_cyrillic_and_armenian)
{
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        cr_skip_test("no C.UTF-8");
    static const struct {
        uint32_t first, last;
    } scripts[] = { { 0, 0x17F }, { 0x1CD, 0x1EF }, { 0x218, 0x21F }, { 0x386, 0x3CE }, { 0x400, 0x52F }, { 0x531, 0x587 }, { 0x1E00, 0x1EFF } };

    for (size_t s = 0; s < sizeof scripts / sizeof *scripts; s++)
        for (uint32_t code = scripts[s].first; code <= scripts[s].last; code++)
            cr_expect_eq(route_lower_letter(code), (uint32_t)towlower((wint_t)code), "U+%04X", code);
}

Test(rule_lower, lowers_text_and_leaves_the_rest)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_str plain = CX_STR("already low 123 \xf0\x9f\x98\x80");

    cr_expect(cx_str_is(route_lower(arena, CX_STR("aB\xc3\x87\xd0\x96 \xd8\xb4!")), "ab\xc3\xa7\xd0\xb6 \xd8\xb4!"));
    cr_expect(cx_str_is(route_lower(arena, CX_STR("\xc4\xb0STANBUL")), "istanbul"));
    cr_expect_eq(route_lower(arena, plain).ptr, plain.ptr);
    cr_expect_eq(route_lower(arena, CX_STR("")).len, 0);
    cx_arena_free(arena);
}
