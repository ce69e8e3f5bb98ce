#include "base/str.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static inline bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Start of the first byte that is not ASCII, or end. */
static const uint8_t *skip_ascii(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        int high = _mm_movemask_epi8(_mm_loadu_si128((const __m128i *)at));
        if (high)
            return at + __builtin_ctz((unsigned)high);
    }
#endif
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        if (word & 0x8080808080808080u)
            break;
    }
    while (at < end && *at < 0x80)
        at++;
    return at;
}

/* Length 2..4 of the well-formed sequence that starts with a byte >= 0x80, 0 if it is none. Rows of Unicode table 3-7. */
static inline size_t sequence(const uint8_t *at, size_t left)
{
    uint8_t lead = at[0];
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    if (lead < 0xe0)
        return left >= 2 && is_continuation(at[1]) ? 2 : 0;
    if (lead < 0xf0) {
        if (left < 3 || !is_continuation(at[1]) || !is_continuation(at[2]))
            return 0;
        bool overlong = lead == 0xe0 && at[1] < 0xa0;
        bool surrogate = lead == 0xed && at[1] > 0x9f;
        return overlong || surrogate ? 0 : 3;
    }
    if (left < 4 || !is_continuation(at[1]) || !is_continuation(at[2]) || !is_continuation(at[3]))
        return 0;
    bool overlong = lead == 0xf0 && at[1] < 0x90;
    bool beyond = lead == 0xf4 && at[1] > 0x8f;
    return overlong || beyond ? 0 : 4;
}

bool cx_utf8_valid(struct cx_str s)
{
    if (!s.len)
        return true;
    const uint8_t *at = (const uint8_t *)s.ptr, *end = at + s.len;
    for (;;) {
        at = skip_ascii(at, end);
        while (at < end && *at >= 0x80) {
            size_t length = sequence(at, (size_t)(end - at));
            if (!length)
                return false;
            at += length;
            if (at < end && *at < 0x80) /* the blank between two words */
                at++;
        }
        if (at == end)
            return true;
    }
}

struct cx_str cx_utf8_prefix(struct cx_str s, size_t max)
{
    if (s.len <= max)
        return s;
    size_t len = max;
    while (len && is_continuation((uint8_t)s.ptr[len]))
        len--;
    return cx_str_n(s.ptr, len);
}

uint32_t cx_utf8_next(struct cx_str s, size_t *pos)
{
    const uint8_t *at = (const uint8_t *)s.ptr + *pos;
    uint32_t lead = at[0];
    if (lead < 0x80) {
        *pos += 1;
        return lead;
    }
    if (lead < 0xe0) {
        *pos += 2;
        return (lead & 0x1f) << 6 | (at[1] & 0x3fu);
    }
    if (lead < 0xf0) {
        *pos += 3;
        return (lead & 0x0f) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    }
    *pos += 4;
    return (lead & 0x07) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 | (at[3] & 0x3fu);
}

size_t cx_utf8_put(uint32_t cp, char out[4])
{
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xc0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xe0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        out[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}
