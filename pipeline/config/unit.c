#include "config/unit.h"

struct suffix {
    const char *unit, *text;
    int64_t factor;
};
/* Largest first. */
static const struct suffix suffixes[] = {
    { "ms", "d", 86400000 },       { "ms", "h", 3600000 }, { "ms", "m", 60000 },
    { "ms", "s", 1000 },           { "ms", "ms", 1 },      { "bytes", "g", 1024 * 1024 * 1024 },
    { "bytes", "m", 1024 * 1024 }, { "bytes", "k", 1024 },
};
enum { SUFFIXES = sizeof suffixes / sizeof *suffixes };

static bool is_unit(const char *unit, const char *name)
{
    return unit && strcmp(unit, name) == 0;
}

const char *cx_unit_example(const char *unit)
{
    if (is_unit(unit, "ms"))
        return "a time (500ms, 10s, 5m, 2h, 7d)";
    return is_unit(unit, "bytes") ? "a size (4096, 64k, 8m, 1g)" : "a whole number";
}

bool cx_unit_read(struct cx_str text, const char *unit, int64_t *out)
{
    size_t digits = 0;
    while (digits < text.len && (text.ptr[digits] == '-' || (text.ptr[digits] >= '0' && text.ptr[digits] <= '9')))
        digits++;
    if (!cx_str_to_i64(cx_str_n(text.ptr, digits), out))
        return false;
    struct cx_str suffix = cx_str_skip(text, digits);
    if (!suffix.len)
        return true;
    for (size_t i = 0; i < SUFFIXES; i++)
        if (is_unit(unit, suffixes[i].unit) && cx_str_is(suffix, suffixes[i].text))
            return !__builtin_mul_overflow(*out, suffixes[i].factor, out);
    return false;
}

void cx_unit_write(int64_t v, const char *unit, char out[CX_UNIT_TEXT])
{
    for (size_t i = 0; i < SUFFIXES; i++)
        if (v != 0 && is_unit(unit, suffixes[i].unit) && v % suffixes[i].factor == 0) {
            snprintf(out, CX_UNIT_TEXT, "%lld%s", (long long)(v / suffixes[i].factor), suffixes[i].text);
            return;
        }
    snprintf(out, CX_UNIT_TEXT, "%lld", (long long)v);
}
