/* Decimal text to numbers and back. Short decimals, which is what people and platforms send, are exact in double arithmetic:
 * digits below 2^53 times or over a power of ten up to 10^22 round once, hence correctly. The rest goes through libc. */
#include "base/error.h"
#include "base/json.h"
#include <float.h>
#include <math.h>

static const double power_of_ten[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
enum { EXACT_POWER = 22, LONGEST_NUMBER = 1000 };

bool cx_str_to_i64(struct cx_str s, int64_t *out)
{
    bool negative = s.len && s.ptr[0] == '-';
    if (s.len && (s.ptr[0] == '-' || s.ptr[0] == '+'))
        s = cx_str_skip(s, 1);
    if (!s.len)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned char)s.ptr[i] - (unsigned)'0';
        if (digit > 9 || __builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit, &value))
            return false;
    }
    if (value > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* What a decimal text says: digits * 10^exponent. */
struct decimal {
    bool negative;
    uint64_t digits; /* meaningless beyond 19 of them */
    int digit_count; /* significant ones */
    int exponent;
};

static size_t read_digits(struct cx_str s, size_t at, struct decimal *d)
{
    for (; at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9'; at++) {
        d->digits = d->digits * 10 + (uint64_t)(s.ptr[at] - '0');
        d->digit_count += d->digits != 0 || d->digit_count != 0;
    }
    return at;
}

/* Checks the form [+-] digits [. digits] [e [+-] digits] with a digit before the exponent. */
static bool read_decimal(struct cx_str s, struct decimal *d)
{
    size_t at = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+');
    d->negative = at && s.ptr[0] == '-';
    size_t start = at;
    at = read_digits(s, at, d);
    size_t seen = at - start;
    if (at < s.len && s.ptr[at] == '.') {
        start = at + 1;
        at = read_digits(s, start, d);
        d->exponent = -(int)(at - start);
        seen += at - start;
    }
    if (!seen)
        return false;
    if (at < s.len && (s.ptr[at] | 32) == 'e') {
        int64_t exponent;
        if (!cx_str_to_i64(cx_str_skip(s, at + 1), &exponent))
            return false;
        exponent = exponent > 99999 ? 99999 : exponent < -99999 ? -99999 : exponent;
        d->exponent += (int)exponent;
        at = s.len;
    }
    return at == s.len;
}

bool cx_str_to_f64(struct cx_str s, double *out)
{
    struct decimal d = { 0 };
    if (s.len > LONGEST_NUMBER || !read_decimal(s, &d))
        return false;
    if (d.digit_count <= 15 && d.exponent >= -EXACT_POWER && d.exponent <= EXACT_POWER) {
        double value = (double)d.digits;
        value = d.exponent < 0 ? value / power_of_ten[-d.exponent] : value * power_of_ten[d.exponent];
        *out = d.negative ? -value : value;
        return true;
    }
    char text[LONGEST_NUMBER + 1];
    memcpy(text, s.ptr, s.len);
    text[s.len] = 0;
    double value = strtod(text, NULL);
    if (isinf(value))
        return false;
    *out = value;
    return true;
}

/* Digits of v so that they end at `end`; returns where they begin. */
static char *put_digits(char *end, uint64_t v)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
                                "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    for (; v >= 100; v /= 100)
        memcpy(end -= 2, pairs + v % 100 * 2, 2);
    if (v < 10)
        *--end = (char)('0' + v);
    else
        memcpy(end -= 2, pairs + v * 2, 2);
    return end;
}

void cx_json_i64(struct cx_buf *out, int64_t v)
{
    char text[20], *end = text + sizeof text;
    char *start = put_digits(end, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
    if (v < 0)
        *--start = '-';
    cx_buf_add(out, start, (size_t)(end - start));
}

/* digits / 10^decimals, trailing zeros impossible by construction. */
static void put_fixed(struct cx_buf *out, bool negative, uint64_t digits, unsigned decimals)
{
    char text[48], *end = text + sizeof text;
    char *start = put_digits(end, digits);
    while (end - start <= (ptrdiff_t)decimals)
        *--start = '0';
    if (decimals) {
        memmove(start - 1, start, (size_t)(end - start) - decimals);
        start--;
        end[-(ptrdiff_t)decimals - 1] = '.';
    }
    if (negative)
        *--start = '-';
    cx_buf_add(out, start, (size_t)(end - start));
}

/* The fewest decimals that give v back, if its digits are few enough to be unambiguous; `as_float`: give it back as a float. */
static bool put_short(struct cx_buf *out, double v, bool as_float)
{
    double magnitude = fabs(v), limit = as_float ? 1e9 : 1e15;
    if (!(magnitude < limit) || (magnitude < 1e-5 && magnitude != 0))
        return false;
    for (unsigned decimals = 0; decimals <= EXACT_POWER; decimals++) {
        double scaled = magnitude * power_of_ten[decimals];
        if (scaled >= limit)
            return false;
        int64_t digits = (int64_t)(scaled + 0.5);
        double back = (double)digits / power_of_ten[decimals];
        if (as_float ? (float)back == (float)magnitude : back == magnitude) {
            put_fixed(out, signbit(v), (uint64_t)digits, decimals);
            return true;
        }
    }
    return false;
}

void cx_json_f64(struct cx_buf *out, double v)
{
    char text[48];
    if (!isfinite(v)) {
        cx_buf_str(out, CX_STR("null"));
        return;
    }
    if (put_short(out, v, false))
        return;
    for (int precision = fabs(v) < DBL_MIN ? 1 : 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, v);
        if (strtod(text, NULL) == v)
            break;
    }
    cx_buf_str(out, cx_str(text));
}

void cx_json_f32(struct cx_buf *out, float v)
{
    char text[48];
    if (!isfinite(v)) {
        cx_buf_str(out, CX_STR("null"));
        return;
    }
    if (put_short(out, (double)v, true))
        return;
    for (int precision = fabsf(v) < FLT_MIN ? 1 : 6; precision <= 9; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, (double)v);
        if (strtof(text, NULL) == v)
            break;
    }
    cx_buf_str(out, cx_str(text));
}
