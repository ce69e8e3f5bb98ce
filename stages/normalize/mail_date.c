#include "stages/normalize/mail_date.h"
#include "base/time.h"

enum { TOKENS_MAX = 12 };
static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
static const struct zone {
    const char *name;
    int minutes;
} zones[] = {
    { "EST", -300 }, { "EDT", -240 }, { "CST", -360 }, { "CDT", -300 }, { "MST", -420 }, { "MDT", -360 }, { "PST", -480 }, { "PDT", -420 }
};

/* Words between blanks and commas, comments left out. */
static size_t tokens_of(struct cx_str text, struct cx_str tokens[TOKENS_MAX])
{
    size_t count = 0, depth = 0, begin = 0;
    bool in_token = false;
    for (size_t i = 0; i <= text.len && count < TOKENS_MAX; i++) {
        char c = i < text.len ? text.ptr[i] : ' ';
        bool is_gap = depth > 0 || c == '(' || c == ')' || c == ' ' || c == ',' || (c >= '\t' && c <= '\r');
        if (in_token && is_gap)
            tokens[count++] = cx_str_n(text.ptr + begin, i - begin);
        if (!in_token && !is_gap)
            begin = i;
        in_token = !is_gap;
        depth += c == '(' ? 1 : c == ')' && depth > 0 ? -1 : 0;
    }
    return count;
}

static bool number(struct cx_str s, size_t max_digits, int *out)
{
    if (s.len == 0 || s.len > max_digits)
        return false;
    *out = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        *out = *out * 10 + (s.ptr[i] - '0');
    }
    return true;
}

static int month_of(struct cx_str s)
{
    if (s.len < 3)
        return 0;
    for (int m = 0; m < 12; m++)
        if (strncasecmp(s.ptr, months + 3 * m, 3) == 0)
            return m + 1;
    return 0;
}

static bool clock_of(struct cx_str s, int *hour, int *minute, int *second)
{
    struct cx_str h, m, sec = CX_STR("0");
    if (!cx_str_cut(&s, ':', &h) || !cx_str_cut(&s, ':', &m))
        return false;
    if (s.ptr != NULL)
        sec = s;
    ptrdiff_t dot = cx_str_find(sec, '.');
    if (dot > 0)
        sec.len = (size_t)dot;
    if (!number(h, 2, hour) || !number(m, 2, minute) || !number(sec, 2, second))
        return false;
    if (*second == 60)
        *second = 59; /* a leap second */
    return *hour < 24 && *minute < 60 && *second < 60;
}

static bool zone_of(struct cx_str s, int *minutes)
{
    *minutes = 0;
    if (s.len > 1 && (s.ptr[0] == '+' || s.ptr[0] == '-')) {
        int value, sign = s.ptr[0] == '-' ? -1 : 1;
        struct cx_str rest = cx_str_skip(s, 1), hours, mins;
        if (rest.len == 5 && rest.ptr[2] == ':') { /* not RFC 5322, but sent */
            int h, m;
            hours = cx_str_n(rest.ptr, 2);
            mins = cx_str_n(rest.ptr + 3, 2);
            if (!number(hours, 2, &h) || !number(mins, 2, &m))
                return false;
            value = h * 100 + m;
        } else if (rest.len != 4 || !number(rest, 4, &value)) {
            return false;
        }
        *minutes = sign * (value / 100 * 60 + value % 100);
        return value % 100 < 60 && value / 100 < 24;
    }
    for (size_t i = 0; i < sizeof zones / sizeof zones[0]; i++)
        if (s.len == 3 && strncasecmp(s.ptr, zones[i].name, 3) == 0)
            *minutes = zones[i].minutes;
    for (size_t i = 0; i < s.len; i++)
        if (!((s.ptr[i] | 0x20) >= 'a' && (s.ptr[i] | 0x20) <= 'z'))
            return false;
    return s.len > 0;
}

bool normalize_mail_date(struct cx_str text, int64_t *ms)
{
    struct cx_str token[TOKENS_MAX];
    size_t n = tokens_of(text, token), at = 0;
    int day, year, hour, minute, second, offset = 0;
    if (n > 0 && !number(token[0], 2, &day))
        at = 1; /* the weekday: any word, it is often wrong */
    if (n < at + 4 || !number(token[at], 2, &day) || !number(token[at + 2], 4, &year) || !clock_of(token[at + 3], &hour, &minute, &second))
        return false;
    int month = month_of(token[at + 1]);
    if (token[at + 2].len == 2)
        year += year < 50 ? 2000 : 1900;
    else if (token[at + 2].len == 3)
        year += 1900;
    if (n > at + 4 && !zone_of(token[at + 4], &offset))
        return false;
    if (month == 0 || !cx_time_civil(year, month, day, hour, minute, second, ms))
        return false;
    *ms -= (int64_t)offset * 60000;
    return true;
}
