#include "base/html_entity.h"

static const struct entity {
    const char *name;
    uint16_t code_point;
} entities[] = {
#define HTML_ENTITY(name, code_point) { name, code_point },
#include "base/html_entities.def"
#undef HTML_ENTITY
};
enum { NAME_MAX_LENGTH = 10, DIGITS_MAX = 8 };

static uint32_t named(struct cx_str name)
{
    size_t low = 0, high = sizeof entities / sizeof entities[0];
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = cx_str_cmp(name, cx_str(entities[middle].name));
        if (order == 0)
            return entities[middle].code_point;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return 0;
}

uint32_t cx_html_number(uint64_t value)
{
    /* Browsers read 128..159 as windows-1252; what people sent through old editors was meant so. */
    static const uint16_t upper[32] = { 0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
                                        0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
                                        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178 };
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return 0xfffd;
    return value >= 0x80 && value < 0xa0 ? upper[value - 0x80] : (uint32_t)value;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* After "&#". Returns the bytes read, 0 if it is no reference. */
static size_t numeric(struct cx_str rest, uint32_t *code_point)
{
    bool is_hex = rest.len > 0 && (rest.ptr[0] | 0x20) == 'x';
    size_t at = is_hex ? 1 : 0, first = at;
    uint64_t value = 0;
    for (; at < rest.len && at - first < DIGITS_MAX; at++) {
        int digit = hex_value(rest.ptr[at]);
        if (digit < 0 || (!is_hex && digit > 9))
            break;
        value = value * (is_hex ? 16 : 10) + (uint64_t)digit;
    }
    if (at == first)
        return 0;
    if (at < rest.len && rest.ptr[at] == ';')
        at++;
    *code_point = cx_html_number(value);
    return at;
}

size_t cx_html_entity(struct cx_str rest, uint32_t *code_point)
{
    if (rest.len > 2 && rest.ptr[1] == '#') {
        size_t n = numeric(cx_str_skip(rest, 2), code_point);
        return n == 0 ? 0 : n + 2;
    }
    for (size_t at = 1; at < rest.len && at <= NAME_MAX_LENGTH + 1; at++) {
        char c = rest.ptr[at];
        if (c == ';') {
            *code_point = named(cx_str_n(rest.ptr + 1, at - 1));
            return *code_point == 0 ? 0 : at + 1;
        }
        if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z') && !(c >= '0' && c <= '9'))
            return 0;
    }
    return 0;
}
