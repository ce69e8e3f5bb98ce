/* json_text.h - the inner loop of reading and writing JSON strings. Private to base/. */
#ifndef CX_BASE_JSON_TEXT_H
#define CX_BASE_JSON_TEXT_H
#include <stdbool.h>
#include <stdint.h>
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
#endif
