#include "base/str.h"
#ifdef __x86_64__
#include <tmmintrin.h>
#endif

static inline bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Start of the first byte that is not ASCII, or end. */
static const uint8_t *skip_ascii(const uint8_t *at, const uint8_t *end)
{
#ifdef __x86_64__
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

static bool valid_portable(const uint8_t *at, const uint8_t *end)
{
    for (;;) {
        at = skip_ascii(at, end);
        while (at < end && *at >= 0x80) {
            size_t length = sequence(at, (size_t)(end - at));
            if (!length)
                return false;
            at += length;
        }
        if (at == end)
            return true;
    }
}

#ifdef __x86_64__
/* What can be wrong with two bytes that follow each other. Each is told by both halves of the first byte and the upper half of the second, so
 * three tables of 16 rows, looked up for 16 places at once, leave exactly the faults that all three allow (Keiser and Lemire's method). */
enum {
    TOO_SHORT = 1,           /* a lead byte, then no continuation */
    TOO_LONG = 2,            /* ASCII, then a continuation */
    OVERLONG_3 = 4,          /* e0, then 80..9f */
    TOO_LARGE = 8,           /* f4, then 90..bf; f5..ff, then 90..bf */
    SURROGATE = 16,          /* ed, then a0..bf */
    OVERLONG_2 = 32,         /* c0 or c1 */
    OVERLONG_4 = 64,         /* f0, then 80..8f */
    TOO_LARGE_80 = 64,       /* f5..ff, then 80..8f */
    TWO_CONTINUATIONS = 128, /* no fault as the third or fourth byte of a sequence */
    ANY_LOW_HALF = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS,
    FROM_F5 = ANY_LOW_HALF | TOO_LARGE | TOO_LARGE_80,
    ANY_CONTINUATION = TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS,
};
#define TABLE __attribute__((aligned(16))) static const uint8_t

TABLE first_high[16] = { TOO_LONG,
                         TOO_LONG,
                         TOO_LONG,
                         TOO_LONG,
                         TOO_LONG,
                         TOO_LONG,
                         TOO_LONG,
                         TOO_LONG,
                         TWO_CONTINUATIONS,
                         TWO_CONTINUATIONS,
                         TWO_CONTINUATIONS,
                         TWO_CONTINUATIONS,
                         TOO_SHORT | OVERLONG_2,
                         TOO_SHORT,
                         TOO_SHORT | OVERLONG_3 | SURROGATE,
                         TOO_SHORT | TOO_LARGE | TOO_LARGE_80 | OVERLONG_4 };
TABLE first_low[16] = { ANY_LOW_HALF | OVERLONG_2 | OVERLONG_3 | OVERLONG_4,
                        ANY_LOW_HALF | OVERLONG_2,
                        ANY_LOW_HALF,
                        ANY_LOW_HALF,
                        ANY_LOW_HALF | TOO_LARGE,
                        FROM_F5,
                        FROM_F5,
                        FROM_F5,
                        FROM_F5,
                        FROM_F5,
                        FROM_F5,
                        FROM_F5,
                        FROM_F5,
                        FROM_F5 | SURROGATE,
                        FROM_F5,
                        FROM_F5 };
TABLE second_high[16] = { TOO_SHORT,
                          TOO_SHORT,
                          TOO_SHORT,
                          TOO_SHORT,
                          TOO_SHORT,
                          TOO_SHORT,
                          TOO_SHORT,
                          TOO_SHORT,
                          ANY_CONTINUATION | OVERLONG_3 | OVERLONG_4 | TOO_LARGE_80,
                          ANY_CONTINUATION | OVERLONG_3 | TOO_LARGE,
                          ANY_CONTINUATION | SURROGATE | TOO_LARGE,
                          ANY_CONTINUATION | SURROGATE | TOO_LARGE,
                          TOO_SHORT,
                          TOO_SHORT,
                          TOO_SHORT,
                          TOO_SHORT };

__attribute__((target("ssse3"))) static inline __m128i look_up(const uint8_t table[16], __m128i halves)
{
    return _mm_shuffle_epi8(_mm_load_si128((const __m128i *)table), _mm_and_si128(halves, _mm_set1_epi8(0x0f)));
}

/* Not zero where a byte of `block` is at fault; `before` is the block before it. */
__attribute__((target("ssse3"))) static inline __m128i faults(__m128i block, __m128i before)
{
    __m128i one_back = _mm_alignr_epi8(block, before, 15), two_back = _mm_alignr_epi8(block, before, 14);
    __m128i three_back = _mm_alignr_epi8(block, before, 13);
    __m128i pairs = _mm_and_si128(look_up(first_high, _mm_srli_epi16(one_back, 4)), look_up(first_low, one_back));
    pairs = _mm_and_si128(pairs, look_up(second_high, _mm_srli_epi16(block, 4)));
    /* The third byte after a lead from e0 and the fourth after one from f0 must be, and alone may be, the second of two continuations. */
    __m128i third = _mm_subs_epu8(two_back, _mm_set1_epi8(0xe0 - 0x80)), fourth = _mm_subs_epu8(three_back, _mm_set1_epi8(0xf0 - 0x80));
    __m128i expected = _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8((char)TWO_CONTINUATIONS));
    return _mm_xor_si128(pairs, expected);
}

__attribute__((target("ssse3"))) static bool valid_ssse3(const uint8_t *at, const uint8_t *end)
{
    __m128i before = _mm_setzero_si128(), wrong = before;
    for (; end - at >= 16; at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)at);
        if (_mm_movemask_epi8(_mm_or_si128(block, before)))
            wrong = _mm_or_si128(wrong, faults(block, before));
        before = block;
    }
    /* The rest with zeros behind it: a sequence that lacks its end is too short. */
    uint8_t rest[16] = { 0 };
    memcpy(rest, at, (size_t)(end - at));
    wrong = _mm_or_si128(wrong, faults(_mm_loadu_si128((const __m128i *)rest), before));
    return _mm_movemask_epi8(_mm_cmpeq_epi8(wrong, _mm_setzero_si128())) == 0xffff;
}
#endif

bool cx_utf8_valid(struct cx_str s)
{
    if (!s.len)
        return true;
    const uint8_t *end = (const uint8_t *)s.ptr + s.len, *at = skip_ascii((const uint8_t *)s.ptr, end);
#ifdef __x86_64__
    if (end - at >= 16 && __builtin_cpu_supports("ssse3"))
        return valid_ssse3(at, end);
#endif
    return valid_portable(at, end);
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
