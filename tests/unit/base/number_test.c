#include "base/json.h"
#include "random.h"
#include <criterion/criterion.h>
#include <math.h>

static bool reads_i64(const char *text, int64_t expected)
{
    int64_t v;
    return cx_str_to_i64(cx_str(text), &v) && v == expected;
}

Test(number, reads_whole_numbers_up_to_their_limits)
{
    cr_assert(reads_i64("0", 0));
    cr_assert(reads_i64("-0", 0));
    cr_assert(reads_i64("+7", 7));
    cr_assert(reads_i64("007", 7));
    cr_assert(reads_i64("9223372036854775807", INT64_MAX));
    cr_assert(reads_i64("-9223372036854775808", INT64_MIN));
}

Test(number, refuses_what_is_no_whole_number)
{
    static const char *const texts[] = { "",
                                         "-",
                                         "+",
                                         " 1",
                                         "1 ",
                                         "1.0",
                                         "0x1",
                                         "1e3",
                                         "--1",
                                         "9223372036854775808",
                                         "-9223372036854775809",
                                         "99999999999999999999999",
                                         "18446744073709551616" };
    int64_t v;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert_not(cx_str_to_i64(cx_str(texts[i]), &v), "\"%s\"", texts[i]);
    cr_assert_not(cx_str_to_i64(CX_STR_NULL, &v));
}

Test(number, refuses_what_is_no_decimal)
{
    static const char *const texts[] = {
        "", ".", "-", "e5", "1e", "1e+", "1.2.3", "inf", "nan", "0x10", " 1", "1 ", "1,5", "1e400", "-1e400", "1e5.5"
    };
    double v;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert_not(cx_str_to_f64(cx_str(texts[i]), &v), "\"%s\"", texts[i]);
}

static void assert_reads_as_libc(const char *text)
{
    double v = 0, expected = strtod(text, NULL);
    cr_assert(cx_str_to_f64(cx_str(text), &v), "%s is refused", text);
    cr_assert(v == expected && signbit(v) == signbit(expected), "%s is read as %.17g, not %.17g", text, v, expected);
}

Test(number, reads_decimals_as_libc_does)
{
    static const char *const texts[] = { "0",
                                         "-0",
                                         "1.",
                                         ".5",
                                         "-.5e1",
                                         "1e400000000000000000000",
                                         "1e-400",
                                         "5e-324",
                                         "123456789012345678901234567890",
                                         "9007199254740993",
                                         "0.1",
                                         "1e22",
                                         "1e23",
                                         "8.5e-22",
                                         "0.000000000000000000000000000001",
                                         "2.2250738585072011e-308",
                                         "1.7976931348623157e308",
                                         "00000000000000000000000000001.5",
                                         "0.00000000000000000000000000000000000000000000001234e40" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (isfinite(strtod(texts[i], NULL)))
            assert_reads_as_libc(texts[i]);
    char text[64];
    for (int i = 0; i < 300000; i++) {
        int64_t digits = (int64_t)(random_u64() >> random_below(63));
        snprintf(text, sizeof text, "%s%lld.%0*de%d", i % 2 ? "-" : "", (long long)(digits & INT64_MAX), (int)random_below(6),
                 (int)random_below(1000), (int)random_below(60) - 30);
        assert_reads_as_libc(text);
    }
}

static const char *written(double v, bool as_float)
{
    static char text[64];
    struct cx_buf b = { .ptr = text, .cap = sizeof text, .max = sizeof text };
    if (as_float)
        cx_json_f32(&b, (float)v);
    else
        cx_json_f64(&b, v);
    cx_buf_byte(&b, 0);
    cr_assert_not(b.overflow);
    return text;
}

Test(number, writes_numbers_as_people_do)
{
    cr_assert_str_eq(written(0, false), "0");
    cr_assert_str_eq(written(1, false), "1");
    cr_assert_str_eq(written(-2.5, false), "-2.5");
    cr_assert_str_eq(written(0.1, false), "0.1");
    cr_assert_str_eq(written(0.001, false), "0.001");
    cr_assert_str_eq(written(1e14, false), "100000000000000");
    cr_assert_str_eq(written(0.30000000000000004, false), "0.30000000000000004");
    cr_assert_str_eq(written(1e300, false), "1e+300");
    cr_assert_str_eq(written(5e-324, false), "5e-324");
    cr_assert_str_eq(written(0.87f, true), "0.87");
    cr_assert_str_eq(written(1.0 / 3, true), "0.33333334");
    cr_assert_str_eq(written(NAN, false), "null");
    cr_assert_str_eq(written(-HUGE_VAL, true), "null");
}

/* No text with fewer digits reads back to the same. Whole numbers are written out, which is shorter than an exponent. */
static bool is_shortest(double v, bool as_float, const char *text)
{
    size_t digits = 0;
    for (const char *at = text; *at && *at != 'e'; at++)
        digits += *at >= '0' && *at <= '9' && (digits || *at != '0');
    if (digits < 2 || !strpbrk(text, ".e"))
        return true;
    char shorter[64];
    snprintf(shorter, sizeof shorter, "%.*e", (int)digits - 2, v);
    return as_float ? strtof(shorter, NULL) != (float)v : strtod(shorter, NULL) != v;
}

Test(number, writes_the_shortest_text_that_reads_back_to_the_same_double)
{
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = random_u64();
        double v = (double)(int64_t)(bits >> random_below(60)) / (double[]){ 1, 10, 1000, 1e5, 1e7, 3, 7e9 }[random_below(7)];
        if (random_below(3) == 0)
            memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        const char *text = written(v, false);
        cr_assert(strtod(text, NULL) == v, "%.17g is written %s", v, text);
        cr_assert(is_shortest(v, false, text), "%.17g is written %s", v, text);
    }
}

Test(number, writes_the_shortest_text_that_reads_back_to_the_same_float)
{
    for (int i = 0; i < 300000; i++) {
        uint32_t bits = (uint32_t)random_u64();
        float v = (float)random_below(100000000) / (float[]){ 1, 10, 1000, 1e5, 1e7, 3, 7e9f }[random_below(7)];
        if (random_below(3) == 0)
            memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        const char *text = written((double)v, true);
        double as_double = 0;
        cr_assert(strtof(text, NULL) == v, "%.9g is written %s", (double)v, text);
        cr_assert(cx_str_to_f64(cx_str(text), &as_double) && (float)as_double == v, "%s read as a double is another float", text);
        cr_assert(is_shortest((double)v, true, text), "%.9g is written %s", (double)v, text);
    }
}

Test(number, writes_whole_numbers_up_to_their_limits)
{
    char text[64], expected[64];
    for (int i = 0; i < 100000; i++) {
        int64_t v = i == 0 ? INT64_MIN : i == 1 ? INT64_MAX : (int64_t)random_u64() >> random_below(64);
        struct cx_buf b = { .ptr = text, .cap = sizeof text, .max = sizeof text };
        cx_json_i64(&b, v);
        snprintf(expected, sizeof expected, "%lld", (long long)v);
        cr_assert(cx_str_is(cx_buf_view(&b), expected), "%s", expected);
    }
}
