/* str.h - borrowed bytes.
 * A struct cx_str never owns what it points to and is not NUL-terminated. ptr NULL means absent (null); ptr non-NULL with
 * len 0 means empty. Who lends the bytes says how long they live. */
#ifndef CX_BASE_STR_H
#define CX_BASE_STR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cx_str {
    const char *ptr;
    size_t len;
};

#define CX_STR(literal) ((struct cx_str){ "" literal, sizeof(literal) - 1 })
#define CX_STR_NULL     ((struct cx_str){ NULL, 0 })
/* For printf("%.*s", CX_STR_ARG(s)). */
#define CX_STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct cx_str cx_str(const char *terminated)
{
    return (struct cx_str){ terminated, terminated ? strlen(terminated) : 0 };
}
static inline struct cx_str cx_str_n(const void *ptr, size_t len)
{
    return (struct cx_str){ (const char *)ptr, len };
}
static inline bool cx_str_eq(struct cx_str a, struct cx_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}
static inline bool cx_str_is(struct cx_str a, const char *terminated)
{
    return cx_str_eq(a, cx_str(terminated));
}
static inline bool cx_str_starts(struct cx_str s, struct cx_str prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}
/* Bytes from `from` (clamped) to the end. */
static inline struct cx_str cx_str_skip(struct cx_str s, size_t from)
{
    from = from < s.len ? from : s.len;
    return (struct cx_str){ s.ptr ? s.ptr + from : NULL, s.len - from };
}
/* Byte order: <0, 0, >0 as memcmp, the shorter first. Null sorts as empty. */
int cx_str_cmp(struct cx_str a, struct cx_str b);
/* Index of the first `c`, or -1. */
ptrdiff_t cx_str_find(struct cx_str s, char c);
/* ASCII blanks off both ends. */
struct cx_str cx_str_trim(struct cx_str s);
/* Cuts up to and without `sep` off *rest and returns it; the last piece leaves *rest null. False when *rest is null. */
bool cx_str_cut(struct cx_str *rest, char sep, struct cx_str *piece);
/* Whole-string decimal numbers; false on anything else (blank, sign alone, overflow, trailing bytes). */
bool cx_str_to_i64(struct cx_str s, int64_t *out);
bool cx_str_to_f64(struct cx_str s, double *out);
/* Valid UTF-8 by Unicode table 3-7 (no surrogates, no overlong forms). Vectorised for ASCII. */
bool cx_utf8_valid(struct cx_str s);
/* Without the byte order mark that some programs write before UTF-8. */
static inline struct cx_str cx_utf8_skip_mark(struct cx_str s)
{
    return cx_str_skip(s, cx_str_starts(s, CX_STR("\xef\xbb\xbf")) ? 3 : 0);
}
/* printf counts bytes: the width of a field in which it pads valid UTF-8 to so many characters. */
static inline int cx_utf8_field(struct cx_str s, int characters)
{
    for (size_t i = 0; i < s.len; i++)
        characters += ((unsigned char)s.ptr[i] & 0xC0) == 0x80;
    return characters;
}
/* Longest prefix of at most `max` bytes that does not split a code point. */
struct cx_str cx_utf8_prefix(struct cx_str s, size_t max);
/* Reads one code point of valid UTF-8 at *pos and moves *pos; call only while *pos < s.len. */
uint32_t cx_utf8_next(struct cx_str s, size_t *pos);
/* Writes a code point, returns its length 1..4. */
size_t cx_utf8_put(uint32_t cp, char out[4]);
/* Suggests the nearest of `n` names for a typo (edit distance at most 2 and less than the length), or NULL. */
const char *cx_did_you_mean(struct cx_str given, const char *const *names, size_t n);
#endif
