#include "stages/normalize/phone.h"

enum { DIGITS_MIN = 8, DIGITS_MAX = 15, RAW_MAX = 64 };

static const struct country {
    char code[3], calling[5], trunk[4];
} countries[] = {
#define PHONE_COUNTRY(code, calling, trunk) { code, calling, trunk },
#include "stages/normalize/phone_countries.def"
#undef PHONE_COUNTRY
};

static const struct country *find_country(struct cx_str code)
{
    if (code.len != 2)
        return NULL;
    size_t low = 0, high = sizeof countries / sizeof countries[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = memcmp(code.ptr, countries[middle].code, 2);
        if (order == 0)
            return &countries[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

bool normalize_phone_knows(struct cx_str country)
{
    return find_country(country) != NULL;
}

static bool is_digits(struct cx_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

/* No country's calling code begins with 0. */
static bool is_international(struct cx_str digits)
{
    return digits.len >= DIGITS_MIN && digits.len <= DIGITS_MAX && digits.ptr[0] != '0' && is_digits(digits);
}

static bool is_separator(uint32_t c)
{
    return c == ' ' || c == '\t' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')' || c == 0xa0 || (c >= 0x2010 && c <= 0x2015) ||
           c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0x202f;
}

static int digit_value(uint32_t c)
{
    static const uint32_t zeros[] = { '0', 0x660, 0x6f0, 0xff10 }; /* Latin, Arabic, Persian, full-width */
    for (size_t i = 0; i < sizeof zeros / sizeof zeros[0]; i++)
        if (c >= zeros[i] && c <= zeros[i] + 9)
            return (int)(c - zeros[i]);
    return -1;
}

/* The digits alone; false when anything else is in there. "(0)" after a calling code is a reading aid, not a digit. */
static bool collect(struct cx_str value, char digits[RAW_MAX], size_t *count, bool *has_plus)
{
    *count = 0;
    *has_plus = false;
    for (size_t at = 0; at < value.len;) {
        if (*has_plus && *count > 0 && cx_str_starts(cx_str_skip(value, at), CX_STR("(0)"))) {
            at += 3;
            continue;
        }
        uint32_t c = cx_utf8_next(value, &at);
        int digit = digit_value(c);
        if (digit >= 0 && *count < RAW_MAX)
            digits[(*count)++] = (char)('0' + digit);
        else if ((c == '+' || c == 0xff0b) && *count == 0 && !*has_plus)
            *has_plus = true;
        else if (!is_separator(c))
            return false;
    }
    return *count > 0;
}

static struct cx_str with_plus(struct cx_arena *arena, struct cx_str calling, struct cx_str digits)
{
    char *out = cx_arena_bytes(arena, 1 + calling.len + digits.len);
    out[0] = '+';
    memcpy(out + 1, calling.ptr, calling.len);
    memcpy(out + 1 + calling.len, digits.ptr, digits.len);
    struct cx_str number = cx_str_n(out, 1 + calling.len + digits.len);
    return is_international(cx_str_skip(number, 1)) ? number : CX_STR_NULL;
}

struct cx_str normalize_phone(struct cx_arena *arena, struct cx_str value, struct cx_str country)
{
    if (value.len > 0 && value.ptr[0] == '+' && is_international(cx_str_skip(value, 1)))
        return value;
    char raw[RAW_MAX];
    size_t count;
    bool has_plus;
    if (value.len == 0 || !collect(value, raw, &count, &has_plus))
        return CX_STR_NULL;
    struct cx_str digits = cx_str_n(raw, count);
    if (has_plus)
        return with_plus(arena, CX_STR(""), digits);
    const struct country *home = find_country(country);
    if (home == NULL)
        return CX_STR_NULL;
    struct cx_str abroad = strcmp(home->calling, "1") == 0 ? CX_STR("011") : CX_STR("00");
    if (cx_str_starts(digits, abroad))
        return with_plus(arena, CX_STR(""), cx_str_skip(digits, abroad.len));
    struct cx_str trunk = cx_str(home->trunk);
    if (trunk.len > 0 && cx_str_starts(digits, trunk))
        digits = cx_str_skip(digits, trunk.len);
    return with_plus(arena, cx_str(home->calling), digits);
}

struct cx_str normalize_phone_international(struct cx_arena *arena, struct cx_str digits)
{
    if (digits.len > 0 && digits.ptr[0] == '+')
        return normalize_phone(arena, digits, CX_STR_NULL);
    return is_international(digits) ? with_plus(arena, CX_STR(""), digits) : CX_STR_NULL;
}
