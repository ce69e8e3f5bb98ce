/* tokens.c - folded bytes to tokens and counts of letters, 64 at a time: a bit a byte says what it is, and sums, shifts and counts of bits do the
 * rest, so that what a text is like costs no wrong guesses of the processor. */
#include "text/blocks.h"
#include "text/kernel.h"

#if HAS_AVX2
#define ALWAYS AVX2 static inline __attribute__((always_inline))

/* 64 bytes. */
struct bytes {
    __m256i low, high;
};

ALWAYS struct bytes load(const void *from)
{
    const __m256i *p = from;
    return (struct bytes){ _mm256_loadu_si256(p), _mm256_loadu_si256(p + 1) };
}

ALWAYS uint64_t upper_bits(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

ALWAYS uint64_t bits_equal(struct bytes a, struct bytes b)
{
    return upper_bits(_mm256_cmpeq_epi8(a.low, b.low), _mm256_cmpeq_epi8(a.high, b.high));
}

ALWAYS uint64_t bits_of(struct bytes v, int value)
{
    __m256i each = _mm256_set1_epi8((char)value);
    return bits_equal(v, (struct bytes){ each, each });
}

/* Bytes whose bit 7 - `up` is set. */
ALWAYS uint64_t bits_at(struct bytes v, int up)
{
    return upper_bits(_mm256_slli_epi16(v.low, up), _mm256_slli_epi16(v.high, up));
}

/* The bit of the byte `by` before; `last` are the bits of the 64 bytes before. */
ALWAYS uint64_t before(uint64_t bits, uint64_t last, int by)
{
    return bits << by | last >> (64 - by);
}

enum trouble { NONE, NEEDS_CUTS, NEEDS_ROWS };

struct scan {
    struct block_text in;
    struct cx_token *tokens;
    size_t starts, ends;
    uint32_t *classes;
    enum trouble trouble;
    /* Bits of the 64 bytes before: words, blanks, bytes as those of the letter before, letters like the one before by bytes in a letter. */
    uint64_t words, blanks, equal_two, equal_three, goes_on, doubles[4];
};

/* Whether a mention, a tag or a link may be at one of these bytes: @, # or a colon. */
static bool is_marked(const struct block_text *in, size_t at, uint64_t bits)
{
    for (; bits != 0; bits &= bits - 1) {
        size_t i = at + (size_t)__builtin_ctzll(bits);
        const char *c = in->bytes + i;
        const uint8_t *kind = in->kinds + i;
        bool has_name = (kind[1] & KIND_WORD) || (c[0] == '@' && c[1] == '.' && (kind[2] & KIND_WORD));
        if (c[0] == ':' ? c[1] == '/' && c[2] == '/' : has_name && !(kind[-1] & KIND_WORD))
            return true;
    }
    return false;
}

/* Letters like the one before, at their last bytes. */
ALWAYS uint64_t find_doubles(struct scan *scan, size_t at, struct bytes bytes, uint64_t letters, uint64_t goes_on)
{
    const char *p = scan->in.bytes + at;
    uint64_t two = bits_equal(bytes, load(p - 2)), doubles[4] = { 0 };
    doubles[1] = bits_equal(bytes, load(p - 1)) & letters & ~goes_on;
    doubles[2] = two & before(two, scan->equal_two, 1) & letters & goes_on;
    if (scan->in.has_long_letters) {
        uint64_t three = bits_equal(bytes, load(p - 3));
        doubles[3] =
            three & before(three, scan->equal_three, 1) & before(three, scan->equal_three, 2) & letters & goes_on & before(goes_on, scan->goes_on, 1);
        scan->equal_three = three;
    }
    uint64_t triples = 0;
    for (int n = 1; n < 4; n++) {
        triples |= doubles[n] & before(doubles[n], scan->doubles[n], n);
        scan->doubles[n] = doubles[n];
    }
    scan->equal_two = two;
    scan->goes_on = goes_on;
    if (triples != 0)
        scan->trouble = scan->trouble == NEEDS_ROWS || (triples & bits_of(bytes, 'w')) ? NEEDS_ROWS : NEEDS_CUTS;
    return doubles[1] | doubles[2] | doubles[3];
}

/* Most letters are of the three large classes; the rest are counted one by one. */
ALWAYS void count_letters(uint32_t *classes, const uint8_t *kinds, struct bytes class, uint64_t letters)
{
    static const enum letter_class large[] = { LETTER_LATIN, LETTER_CYRILLIC, LETTER_ARABIC };
    for (int i = 0; i < 3; i++) {
        uint64_t bits = bits_of(class, (int)large[i]) & letters;
        classes[large[i]] += (uint32_t)__builtin_popcountll(bits);
        letters &= ~bits;
    }
    for (; letters != 0; letters &= letters - 1)
        classes[kinds[__builtin_ctzll(letters)] & KIND_CLASS]++;
}

/* Writes the places of bits to every second number, up to seven more than there are. */
ALWAYS size_t put_places(uint64_t bits, uint32_t from, uint32_t *to)
{
    size_t n = (size_t)__builtin_popcountll(bits);
    for (size_t i = 0; i < n; i += 8) {
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++) {
            to[2 * (i + k)] = from + (uint32_t)__builtin_ia32_tzcnt_u64(bits);
            bits &= bits - 1;
        }
    }
    return n;
}

/* A token starts where a word does and at every other character that is no blank; one ends at every blank, and where the next starts without one. */
ALWAYS void put_tokens(struct scan *scan, size_t at, uint64_t words, uint64_t blanks, uint64_t starts)
{
    uint64_t ends = blanks | (starts & ~before(blanks, scan->blanks, 1));
    scan->starts += put_places(starts, (uint32_t)at, &scan->tokens[scan->starts].start);
    scan->ends += put_places(ends, (uint32_t)at, &scan->tokens[scan->ends].end);
    scan->words = words;
    scan->blanks = blanks;
}

AVX2 static void scan_text(struct scan *scan)
{
    scan->blanks = 1ull << 63; /* so that a text starts with no blank */
    for (size_t at = 0, n = scan->in.len; at < n; at += 64) {
        struct bytes bytes = load(scan->in.bytes + at), kinds = load(scan->in.kinds + at);
        __m256i mask = _mm256_set1_epi8(KIND_CLASS);
        struct bytes class = { _mm256_and_si256(kinds.low, mask), _mm256_and_si256(kinds.high, mask) };
        uint64_t valid = n - at >= 64 ? UINT64_MAX : (1ull << (n - at)) - 1;
        uint64_t goes_on = bits_at(kinds, 0) & valid, blanks = bits_at(kinds, 1) & valid, words = bits_at(kinds, 2) & valid;
        uint64_t letters = ~bits_of(class, LETTER_NONE) & valid;
        uint64_t marks = (bits_of(bytes, '@') | bits_of(bytes, '#') | bits_of(bytes, ':')) & valid;
        letters &= ~find_doubles(scan, at, bytes, letters, goes_on);
        count_letters(scan->classes, scan->in.kinds + at, class, letters);
        if (blanks & before(blanks, scan->blanks, 1))
            scan->trouble = scan->trouble == NEEDS_ROWS ? NEEDS_ROWS : NEEDS_CUTS;
        if (marks != 0 && is_marked(&scan->in, at, marks))
            scan->trouble = NEEDS_ROWS;
        put_tokens(scan, at, words, blanks, (words & ~before(words, scan->words, 1)) | (valid & ~words & ~blanks & ~goes_on));
    }
}

/* ---- what single texts need ---- */

/* Leaves out blanks behind blanks and at the ends, and letters of long runs. */
static void cut(struct block_text *text, bool cuts_to_one)
{
    size_t len = 0, last = 0, run = 0; /* bytes of the last letter, and how many like it */
    for (size_t i = 0, n; i < text->len; i += n) {
        bool is_blank = text->kinds[i] & KIND_BLANK;
        for (n = 1; i + n < text->len && (text->kinds[i + n] & KIND_GOES_ON); n++)
            continue;
        bool is_letter = text->kinds[i + n - 1] & KIND_CLASS;
        run = is_letter && n == last && n <= len && memcmp(text->bytes + i, text->bytes + len - n, n) == 0 ? run + 1 : 1;
        last = n;
        if ((is_blank && (len == 0 || text->bytes[len - 1] == ' ')) || run > 3 || (run == 3 && !cuts_to_one))
            continue;
        if (run == 3) {
            len -= n;
            continue;
        }
        memmove(text->bytes + len, text->bytes + i, n);
        memmove(text->kinds + len, text->kinds + i, n);
        memmove(text->origin + len, text->origin + i, n * sizeof *text->origin);
        len += n;
    }
    text->len = len - (len > 0 && text->bytes[len - 1] == ' ');
}

static void end_with_blank(struct block_text *text)
{
    text->bytes[text->len] = ' ';
    text->kinds[text->len++] = KIND_BLANK;
    memset(text->kinds + text->len, 0, 2);
}

/* Whether any word's letters may be of several scripts. */
static bool has_mixed_words(const struct scan *scan)
{
    const uint32_t *classes = scan->classes;
    uint32_t seen = 0;
    for (int class = LETTER_LATIN; class < LETTER_CLASSES; class ++)
        seen |= (uint32_t)(classes[class] != 0) << class;
    if (!char_may_be_mixed(seen))
        return false;
    for (size_t i = 0; i < scan->starts; i++) {
        seen = 0;
        for (size_t k = scan->tokens[i].start; k < scan->tokens[i].end; k++)
            seen |= 1u << (scan->in.kinds[k] & KIND_CLASS);
        if (char_may_be_mixed(seen))
            return true;
    }
    return false;
}

static void scan_again(struct scan *scan)
{
    struct scan fresh = { .in = scan->in, .tokens = scan->tokens, .classes = scan->classes };
    memset(scan->classes, 0, LETTER_CLASSES * sizeof *scan->classes);
    *scan = fresh;
    scan_text(scan);
}

bool blocks_fold(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, struct cx_folded *folded)
{
    struct scan scan = { 0 };
    if (language == CX_FOLD_TURKIC || !kernel_is_avx2() || !blocks_read(arena, text, language, &scan.in))
        return false;
    end_with_blank(&scan.in);
    scan.tokens = cx_arena_alloc(arena, (scan.in.len + 8) * sizeof *scan.tokens);
    scan.classes = CX_NEW_ARRAY(arena, uint32_t, LETTER_CLASSES);
    scan_text(&scan);
    if (scan.trouble == NEEDS_CUTS) {
        cut(&scan.in, language == CX_FOLD_SEARCH);
        end_with_blank(&scan.in);
        scan_again(&scan);
    }
    if (scan.trouble == NEEDS_ROWS || has_mixed_words(&scan))
        return false;
    size_t len = scan.in.len - 1;
    memset(scan.in.bytes + len, 0, CHAR_PAD);
    scan.in.origin[len] = (uint32_t)text.len;
    uint32_t letters = char_count(scan.classes, LETTER_LATIN, LETTER_CLASSES - 1);
    *folded = (struct cx_folded){ cx_str_n(scan.in.bytes, len), scan.in.origin, scan.tokens, scan.starts, letters, scan.classes };
    return true;
}
#else
bool blocks_fold(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, struct cx_folded *folded)
{
    (void)arena, (void)text, (void)language, (void)folded;
    return false;
}
#endif
