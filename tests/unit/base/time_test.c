#include "base/time.h"
#include "random.h"
#include <criterion/criterion.h>

static const int64_t FIRST = -62167219200000, LAST = 253402300799999;

static const char *formatted(int64_t ms)
{
    static char text[CX_TIME_TEXT + 1];
    cx_time_format(ms, text);
    return text;
}

static int64_t parsed(const char *text)
{
    int64_t ms = 0;
    cr_assert(cx_time_parse(cx_str(text), &ms), "%s is refused", text);
    return ms;
}

static bool is_refused(const char *text)
{
    int64_t ms;
    return !cx_time_parse(cx_str(text), &ms);
}

Test(time, writes_known_instants)
{
    cr_assert_str_eq(formatted(0), "1970-01-01T00:00:00.000Z");
    cr_assert_str_eq(formatted(-1), "1969-12-31T23:59:59.999Z");
    cr_assert_str_eq(formatted(951782400000), "2000-02-29T00:00:00.000Z");
    cr_assert_str_eq(formatted(1795320000123), "2026-11-22T04:00:00.123Z");
}

Test(time, clamps_to_years_of_four_digits)
{
    cr_assert_str_eq(formatted(FIRST), "0000-01-01T00:00:00.000Z");
    cr_assert_str_eq(formatted(FIRST - 1), "0000-01-01T00:00:00.000Z");
    cr_assert_str_eq(formatted(INT64_MIN), "0000-01-01T00:00:00.000Z");
    cr_assert_str_eq(formatted(LAST), "9999-12-31T23:59:59.999Z");
    cr_assert_str_eq(formatted(INT64_MAX), "9999-12-31T23:59:59.999Z");
}

Test(time, agrees_with_libc_on_every_day_of_ten_thousand_years)
{
    for (int64_t ms = FIRST; ms <= LAST; ms += 86400000) {
        struct tm tm;
        time_t seconds = ms / 1000;
        char expected[64];
        gmtime_r(&seconds, &tm);
        snprintf(expected, sizeof expected, "%04d-%02d-%02dT00:00:00.000Z", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
        if (strcmp(formatted(ms), expected) != 0 || parsed(expected) != ms)
            cr_assert_fail("%s is written %s", expected, formatted(ms));
    }
}

Test(time, reads_back_every_instant_it_writes)
{
    for (int i = 0; i < 300000; i++) {
        int64_t ms = FIRST + (int64_t)(random_u64() % (uint64_t)(LAST - FIRST + 1));
        cr_assert_eq(parsed(formatted(ms)), ms, "%s", formatted(ms));
    }
}

Test(time, reads_the_forms_that_platforms_send)
{
    cr_assert_eq(parsed("1970-01-01T00:00:01Z"), 1000);
    cr_assert_eq(parsed("1970-01-01t00:00:01z"), 1000);
    cr_assert_eq(parsed("1970-01-01 00:00:01Z"), 1000);
    cr_assert_eq(parsed("1970-01-01T03:00:01+0300"), 1000);
    cr_assert_eq(parsed("1970-01-01T03:00:01+03:00"), 1000);
    cr_assert_eq(parsed("1969-12-31T18:30:01-05:30"), 1000);
    cr_assert_eq(parsed("1970-01-01T00:00:00.1Z"), 100);
    cr_assert_eq(parsed("1970-01-01T00:00:00.123999999999Z"), 123, "further decimals are cut, not rounded");
    cr_assert_eq(parsed("1970-01-01T00:00:00.0019+00:00"), 1);
}

Test(time, reads_a_leap_second_as_the_last_millisecond_before_it)
{
    cr_assert_str_eq(formatted(parsed("2016-12-31T23:59:60Z")), "2016-12-31T23:59:59.999Z");
    cr_assert_str_eq(formatted(parsed("2016-12-31T23:59:60.500Z")), "2016-12-31T23:59:59.999Z");
}

Test(time, refuses_days_and_hours_that_do_not_exist)
{
    cr_assert(is_refused("2026-02-29T00:00:00Z"));
    cr_assert(is_refused("1900-02-29T00:00:00Z"));
    cr_assert_not(is_refused("2000-02-29T00:00:00Z"));
    cr_assert(is_refused("2026-04-31T00:00:00Z"));
    cr_assert(is_refused("2026-00-01T00:00:00Z"));
    cr_assert(is_refused("2026-13-01T00:00:00Z"));
    cr_assert(is_refused("2026-01-00T00:00:00Z"));
    cr_assert(is_refused("2026-01-01T24:00:00Z"));
    cr_assert(is_refused("2026-01-01T00:60:00Z"));
    cr_assert(is_refused("2026-01-01T00:00:61Z"));
    cr_assert(is_refused("2026-01-01T00:00:00+24:00"));
    cr_assert(is_refused("2026-01-01T00:00:00+00:60"));
}

Test(time, refuses_texts_that_are_no_instant)
{
    cr_assert(is_refused(""));
    cr_assert(is_refused("2026-11-22"));
    cr_assert(is_refused("2026-11-22T04:00:00"), "an instant needs an offset");
    cr_assert(is_refused("2026-11-22T04:00:00."));
    cr_assert(is_refused("2026-11-22T04:00:00.Z"));
    cr_assert(is_refused("2026-11-22T04:00:00Z "));
    cr_assert(is_refused("2026-11-22T04:00:00+3"));
    cr_assert(is_refused("2026-11-22T04:00:00+03"));
    cr_assert(is_refused("2026-11-22T04:00:00+03:0"));
    cr_assert(is_refused("2026/11/22T04:00:00Z"));
    cr_assert(is_refused("20a6-11-22T04:00:00Z"));
    cr_assert(is_refused("2026-11-22T04:00: 0Z"));
    cr_assert(is_refused("+026-11-22T04:00:00Z"));
}

Test(time, makes_instants_of_fields)
{
    int64_t ms;
    cr_assert(cx_time_civil(1970, 1, 2, 3, 4, 5, &ms));
    cr_assert_eq(ms, (((24 + 3) * 60 + 4) * 60 + 5) * 1000);
    cr_assert_not(cx_time_civil(2026, 2, 31, 0, 0, 0, &ms));
    cr_assert_not(cx_time_civil(10000, 1, 1, 0, 0, 0, &ms));
    cr_assert_not(cx_time_civil(-1, 1, 1, 0, 0, 0, &ms));
}
