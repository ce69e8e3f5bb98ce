#include "base/str.h"
#include "base/error.h"

int cx_str_cmp(struct cx_str a, struct cx_str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

ptrdiff_t cx_str_find(struct cx_str s, char c)
{
    const char *found = s.len ? memchr(s.ptr, c, s.len) : NULL;
    return found ? found - s.ptr : -1;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct cx_str cx_str_trim(struct cx_str s)
{
    while (s.len && is_blank(s.ptr[0]))
        s.ptr++, s.len--;
    while (s.len && is_blank(s.ptr[s.len - 1]))
        s.len--;
    return s;
}

bool cx_str_cut(struct cx_str *rest, char sep, struct cx_str *piece)
{
    if (!rest->ptr)
        return false;
    ptrdiff_t at = cx_str_find(*rest, sep);
    if (at < 0) {
        *piece = *rest;
        *rest = CX_STR_NULL;
    } else {
        *piece = cx_str_n(rest->ptr, (size_t)at);
        *rest = cx_str_skip(*rest, (size_t)at + 1);
    }
    return true;
}

enum { LONGEST_NAME = 64 };

/* Edits (insert, delete, replace, swap of neighbours) that make b of a; both at most LONGEST_NAME long. */
static size_t edit_distance(struct cx_str a, struct cx_str b)
{
    uint8_t rows[3][LONGEST_NAME + 1];
    uint8_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.len; j++)
        above[j] = (uint8_t)j;
    for (size_t i = 1; i <= a.len; i++) {
        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned best = above[j - 1] + (a.ptr[i - 1] != b.ptr[j - 1]);
            if (best > above[j] + 1u)
                best = above[j] + 1u;
            if (best > row[j - 1] + 1u)
                best = row[j - 1] + 1u;
            bool swapped = i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1];
            if (swapped && best > before[j - 2] + 1u)
                best = before[j - 2] + 1u;
            row[j] = (uint8_t)best;
        }
        uint8_t *oldest = before;
        before = above, above = row, row = oldest;
    }
    return above[b.len];
}

const char *cx_did_you_mean(struct cx_str given, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    size_t least = 3;
    if (given.len > LONGEST_NAME)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct cx_str name = cx_str(names[i]);
        if (name.len > LONGEST_NAME)
            continue;
        size_t distance = edit_distance(given, name);
        if (distance < least && distance < given.len && distance < name.len) {
            least = distance;
            nearest = names[i];
        }
    }
    return nearest;
}
