/* json_text.h - the inner loop of reading and writing JSON strings. Private to base/. */
#ifndef CX_BASE_JSON_TEXT_H
#define CX_BASE_JSON_TEXT_H
#include "base/str.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes that cannot stand in a JSON string as they are: the quote, the backslash and control characters. */
static inline bool cx_json_is_special(uint8_t c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* First special byte at or after `at`, or `end`. *high collects whether a byte >= 0x80 was passed (never missed, may be reported
 * for a byte just behind the one found). */
static inline const char *cx_json_plain(const char *at, const char *end, bool *high)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), last_control = _mm_set1_epi8(0x1f);
    for (; end - at >= 16; at += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)at);
        __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, last_control), bytes);
        __m128i special = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)), control);
        unsigned found = (unsigned)_mm_movemask_epi8(special);
        unsigned not_ascii = (unsigned)_mm_movemask_epi8(bytes);
        if (found) {
            *high |= (not_ascii & (found - 1)) != 0;
            return at + __builtin_ctz(found);
        }
        *high |= not_ascii != 0;
    }
#endif
    for (; at < end && !cx_json_is_special((uint8_t)*at); at++)
        *high |= (uint8_t)*at >= 0x80;
    return at;
}

/* Not zero if one of eight bytes is special. */
static inline uint64_t cx_json_special_word(uint64_t word)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
    uint64_t quote = word ^ '"' * ones, backslash = word ^ '\\' * ones;
    return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((word - 0x20 * ones) & ~word)) & high;
}

/* Nothing special in s. Blocks and words overlap where they must, so that no text ends byte by byte. */
static inline bool cx_json_is_plain(struct cx_str s)
{
    uint64_t first, last;
    uint32_t low, top;
    if (s.len >= 16) {
        bool high = false;
        const char *end = s.ptr + s.len, *whole_blocks = s.ptr + (s.len & ~(size_t)15);
        return cx_json_plain(s.ptr, whole_blocks, &high) == whole_blocks && cx_json_plain(end - 16, end, &high) == end;
    }
    if (s.len >= 8) {
        memcpy(&first, s.ptr, 8);
        memcpy(&last, s.ptr + s.len - 8, 8);
        return !(cx_json_special_word(first) | cx_json_special_word(last));
    }
    if (s.len >= 4) {
        memcpy(&low, s.ptr, 4);
        memcpy(&top, s.ptr + s.len - 4, 4);
        return !cx_json_special_word((uint64_t)top << 32 | low);
    }
    for (size_t i = 0; i < s.len; i++)
        if (cx_json_is_special((uint8_t)s.ptr[i]))
            return false;
    return true;
}
#endif
