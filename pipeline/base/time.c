#include "base/time.h"

enum { MS_A_DAY = 86400000, DAYS_A_CYCLE = 146097 /* 400 years */, DAYS_TO_1970 = 719468 /* from 1 March of year 0 */ };

static int64_t now(clockid_t clock, int64_t units_a_second)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * units_a_second + t.tv_nsec / (1000000000 / units_a_second);
}

int64_t cx_wall_ms(void)
{
    return now(CLOCK_REALTIME, 1000);
}

int64_t cx_monotonic_ns(void)
{
    return now(CLOCK_MONOTONIC, 1000000000);
}

/* Years are counted from March, so that the leap day is a year's last. Days before month m of such a year: (153m + 2) / 5. */
static int64_t days_of_date(int year, int month, int day)
{
    int march_year = month > 2 ? year : year - 1;
    int march_month = month > 2 ? month - 3 : month + 9;
    int cycle = (march_year + 400) / 400 - 1; /* floor; years start at -1 (January of year 0) */
    int year_of_cycle = march_year - cycle * 400;
    int day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + (153 * march_month + 2) / 5 + day - 1;
    return (int64_t)cycle * DAYS_A_CYCLE + day_of_cycle - DAYS_TO_1970;
}

static void date_of_days(int64_t days, unsigned *year, unsigned *month, unsigned *day)
{
    uint64_t from_cycle_minus_one = (uint64_t)(days + DAYS_TO_1970 + DAYS_A_CYCLE);
    unsigned cycle = (unsigned)(from_cycle_minus_one / DAYS_A_CYCLE);
    unsigned day_of_cycle = (unsigned)(from_cycle_minus_one % DAYS_A_CYCLE);
    /* Take the leap days out: one every 1461 days, but not every 36524, but again every 146097. */
    unsigned year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36524 - day_of_cycle / 146096) / 365;
    unsigned day_of_year = day_of_cycle - (year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100);
    unsigned march_month = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * march_month + 2) / 5 + 1;
    *month = march_month < 10 ? march_month + 3 : march_month - 9;
    *year = cycle * 400 + year_of_cycle - 400 + (*month <= 2);
}

static int days_of_month(int year, int month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

bool cx_time_civil(int year, int month, int day, int hour, int minute, int second, int64_t *ms)
{
    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
        return false;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
        return false;
    *ms = days_of_date(year, month, day) * MS_A_DAY + ((hour * 60 + minute) * 60 + second) * (int64_t)1000;
    return true;
}

static void put2(char *out, unsigned v)
{
    out[0] = (char)('0' + v / 10);
    out[1] = (char)('0' + v % 10);
}

void cx_time_format(int64_t ms, char out[CX_TIME_TEXT])
{
    const int64_t first = -62167219200000, last = 253402300799999; /* 0000-01-01 .. 9999-12-31T23:59:59.999 */
    ms = ms < first ? first : ms > last ? last : ms;
    int64_t days = (ms - first) / MS_A_DAY + first / MS_A_DAY;
    unsigned of_day = (unsigned)(ms - days * MS_A_DAY);
    unsigned year, month, day;
    date_of_days(days, &year, &month, &day);
    memcpy(out, "0000-00-00T00:00:00.000Z", CX_TIME_TEXT);
    put2(out, year / 100);
    put2(out + 2, year % 100);
    put2(out + 5, month);
    put2(out + 8, day);
    put2(out + 11, of_day / 3600000);
    put2(out + 14, of_day / 60000 % 60);
    put2(out + 17, of_day / 1000 % 60);
    put2(out + 20, of_day / 10 % 100);
    out[22] = (char)('0' + of_day % 10);
}

/* n digits at `at`, or a large negative number that no check lets through. */
static int digits(const char *at, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        unsigned digit = (unsigned char)at[i] - (unsigned)'0';
        if (digit > 9)
            return -100000;
        value = value * 10 + (int)digit;
    }
    return value;
}

/* ".123456" off *rest as whole milliseconds; false when no digit follows the point. */
static bool cut_fraction(struct cx_str *rest, int *ms)
{
    *ms = 0;
    if (!rest->len || rest->ptr[0] != '.')
        return true;
    size_t n = 1;
    for (int unit = 100; n < rest->len && rest->ptr[n] >= '0' && rest->ptr[n] <= '9'; n++, unit /= 10)
        *ms += (rest->ptr[n] - '0') * unit;
    *rest = cx_str_skip(*rest, n);
    return n > 1;
}

/* "Z", "+hh:mm" or "+hhmm", which must be all of `text`. */
static bool read_offset(struct cx_str text, int *minutes)
{
    *minutes = 0;
    if (text.len == 1)
        return text.ptr[0] == 'Z' || text.ptr[0] == 'z';
    bool colon = text.len == 6 && text.ptr[3] == ':';
    if ((!colon && text.len != 5) || (text.ptr[0] != '+' && text.ptr[0] != '-'))
        return false;
    int hour = digits(text.ptr + 1, 2), minute = digits(text.ptr + (colon ? 4 : 3), 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return false;
    *minutes = (hour * 60 + minute) * (text.ptr[0] == '-' ? -1 : 1);
    return true;
}

bool cx_time_parse(struct cx_str text, int64_t *ms)
{
    const char *at = text.ptr;
    if (text.len < 20 || at[4] != '-' || at[7] != '-' || at[13] != ':' || at[16] != ':')
        return false;
    if (at[10] != 'T' && at[10] != 't' && at[10] != ' ')
        return false;
    int second = digits(at + 17, 2), fraction, offset;
    bool leap_second = second == 60;
    int64_t whole;
    if (!cx_time_civil(digits(at, 4), digits(at + 5, 2), digits(at + 8, 2), digits(at + 11, 2), digits(at + 14, 2), leap_second ? 59 : second,
                       &whole))
        return false;
    struct cx_str rest = cx_str_skip(text, 19);
    if (!cut_fraction(&rest, &fraction) || !read_offset(rest, &offset))
        return false;
    *ms = whole + (leap_second ? 999 : fraction) - offset * (int64_t)60000;
    return true;
}
