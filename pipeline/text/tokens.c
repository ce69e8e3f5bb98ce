/* tokens.c - folded bytes to tokens and counts of letters, 64 at a time: a bit a byte says what it is, and sums, shifts and counts of bits do the
 * rest, so that what a text is like costs no wrong guesses of the processor. */
#include "text/blocks.h"

#if HAS_AVX2
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

/* What a text needs before it can be told as it is. */
enum { BLANKS = 1, RUNS = 2, MENTIONS = 4, TAGS = 8, ROWS = 16 };

enum { MOST_AT_ONCE = 16 }; /* tokens are written in eights */

struct scan {
    struct block_text in;
    struct cx_token *tokens; /* room for MOST_AT_ONCE more than bytes */
    size_t token_count;
    uint32_t *classes;
    unsigned needs;
};

/* Bits of the 64 bytes before. */
struct carry {
    uint64_t words, blanks, goes_on, like_two, like_three; /* like_n: the byte n before is the same */
    uint64_t doubles[4];                                   /* by the bytes of the letter */
};

/* Whether a name starts behind the @ or # at i. */
static bool has_name(const struct block_text *in, size_t i)
{
    return (in->kinds[i + 1] & KIND_WORD) || (in->bytes[i] == '@' && in->bytes[i + 1] == '.' && (in->kinds[i + 2] & KIND_WORD));
}

/* What the bytes at these bits need: @, # or a colon. */
static unsigned needs_of_marks(const struct block_text *in, size_t at, uint64_t bits)
{
    unsigned needs = 0;
    for (; bits != 0; bits &= bits - 1) {
        size_t i = at + (size_t)__builtin_ctzll(bits);
        if (in->bytes[i] == ':')
            needs |= in->bytes[i + 1] == '/' && in->bytes[i + 2] == '/' ? ROWS : 0;
        else if (has_name(in, i) && !(in->kinds[i - 1] & KIND_WORD))
            needs |= in->bytes[i] == '@' ? MENTIONS : TAGS;
    }
    return needs;
}

/* Letters like the one before, at their last bytes; *triples are those like the one before that as well. */
ALWAYS uint64_t find_doubles(const struct block_text *in, size_t at, struct bytes bytes, uint64_t letters, uint64_t goes_on, struct carry *carry,
                             uint64_t *triples)
{
    const char *p = in->bytes + at;
    uint64_t two = bits_equal(bytes, load(p - 2));
    uint64_t single = bits_equal(bytes, load(p - 1)) & letters & ~goes_on, pair = two & before(two, carry->like_two, 1) & letters & goes_on;
    uint64_t doubles = single | pair;
    *triples = (single & before(single, carry->doubles[1], 1)) | (pair & before(pair, carry->doubles[2], 2));
    if (in->has_long_letters) {
        uint64_t three = bits_equal(bytes, load(p - 3)), all = three & before(three, carry->like_three, 1) & before(three, carry->like_three, 2);
        uint64_t longs = all & letters & goes_on & before(goes_on, carry->goes_on, 1);
        doubles |= longs;
        *triples |= longs & before(longs, carry->doubles[3], 3);
        carry->doubles[3] = longs;
        carry->like_three = three;
    }
    carry->doubles[1] = single;
    carry->doubles[2] = pair;
    carry->like_two = two;
    carry->goes_on = goes_on;
    return doubles;
}

/* Most letters are of the three large classes; the rest are counted one by one. */
ALWAYS void count_letters(uint32_t *classes, const uint8_t *kinds, struct bytes class, uint64_t letters)
{
    uint64_t latin = bits_of(class, LETTER_LATIN) & letters, cyrillic = bits_of(class, LETTER_CYRILLIC) & letters;
    uint64_t arabic = bits_of(class, LETTER_ARABIC) & letters;
    classes[LETTER_LATIN] += (uint32_t)__builtin_popcountll(latin);
    classes[LETTER_CYRILLIC] += (uint32_t)__builtin_popcountll(cyrillic);
    classes[LETTER_ARABIC] += (uint32_t)__builtin_popcountll(arabic);
    for (letters &= ~(latin | cyrillic | arabic); letters != 0; letters &= letters - 1)
        classes[kinds[__builtin_ctzll(letters)] & KIND_CLASS]++;
}

/* Writes where tokens start and end, up to seven more than there are. */
ALWAYS void put_tokens(struct cx_token *start, struct cx_token *end, uint32_t from, uint64_t starts, uint64_t ends, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
#pragma GCC unroll 8
        for (size_t k = i; k < i + 8; k++) {
            start[k].start = from + (uint32_t)_tzcnt_u64(starts);
            end[k].end = from + (uint32_t)_tzcnt_u64(ends);
            starts &= starts - 1;
            ends &= ends - 1;
        }
    }
}

/* Bytes that a mention, a tag or a link needs. */
ALWAYS uint64_t find_marks(struct bytes v)
{
    __m256i at = _mm256_set1_epi8('@'), hash = _mm256_set1_epi8('#'), colon = _mm256_set1_epi8(':');
    __m256i low = _mm256_or_si256(_mm256_cmpeq_epi8(v.low, at), _mm256_or_si256(_mm256_cmpeq_epi8(v.low, hash), _mm256_cmpeq_epi8(v.low, colon)));
    __m256i high = _mm256_or_si256(_mm256_cmpeq_epi8(v.high, at), _mm256_or_si256(_mm256_cmpeq_epi8(v.high, hash), _mm256_cmpeq_epi8(v.high, colon)));
    return upper_bits(low, high);
}

AVX2 static void scan_text(struct scan *scan)
{
    const struct block_text *in = &scan->in;
    struct carry carry = { .blanks = 1ull << 63 }; /* so that a text starts with no blank */
    size_t start_count = 0, end_count = 0;
    unsigned needs = 0;
    for (size_t at = 0; at < in->len; at += 64) {
        struct bytes bytes = load(in->bytes + at), kinds = load(in->kinds + at);
        __m256i mask = _mm256_set1_epi8(KIND_CLASS);
        struct bytes class = { _mm256_and_si256(kinds.low, mask), _mm256_and_si256(kinds.high, mask) };
        uint64_t valid = in->len - at >= 64 ? UINT64_MAX : (1ull << (in->len - at)) - 1, triples;
        uint64_t goes_on = bits_at(kinds, 0) & valid, blanks = bits_at(kinds, 1) & valid, words = bits_at(kinds, 2) & valid;
        uint64_t letters = ~bits_of(class, LETTER_NONE) & valid, marks = find_marks(bytes) & valid;
        letters &= ~find_doubles(in, at, bytes, letters, goes_on, &carry, &triples);
        count_letters(scan->classes, in->kinds + at, class, letters);
        if (marks != 0)
            needs |= needs_of_marks(in, at, marks);
        uint64_t blanks_before = before(blanks, carry.blanks, 1);
        if (blanks & blanks_before)
            needs |= BLANKS;
        if (triples != 0)
            needs |= triples & bits_of(bytes, 'w') ? ROWS : RUNS; /* www. starts a link */

        /* A token starts where a word does and at any other character that is no blank; one ends at a blank, and where the next starts. */
        uint64_t starts = (words & ~before(words, carry.words, 1)) | (valid & ~(words | blanks | goes_on));
        uint64_t ends = blanks | (starts & ~blanks_before);
        size_t n = (size_t)__builtin_popcountll(starts), m = (size_t)__builtin_popcountll(ends);
        put_tokens(scan->tokens + start_count, scan->tokens + end_count, (uint32_t)at, starts, ends, n > m ? n : m);
        start_count += n;
        end_count += m;
        carry.words = words;
        carry.blanks = blanks;
    }
    scan->token_count = start_count;
    scan->needs = needs;
}

/* ---- what single texts need ---- */

static void append_one(struct block_text *to, char byte, uint8_t kind, uint32_t from)
{
    to->bytes[to->len] = byte;
    to->kinds[to->len] = kind;
    to->origin[to->len++] = from;
}

/* Appends bytes first..end-1. */
static void append(struct block_text *to, const struct block_text *from, size_t first, size_t end)
{
    size_t n = end - first;
    memcpy(to->bytes + to->len, from->bytes + first, n);
    memcpy(to->kinds + to->len, from->kinds + first, n);
    memcpy(to->origin + to->len, from->origin + first, n * sizeof *to->origin);
    to->len += n;
}

/* Appends what stands for a mention, a blank behind it and, where there is none, one before it. */
static void append_user(struct block_text *to, uint32_t from, uint32_t after)
{
    static const char user[] = "user";
    if (to->len > 0 && to->bytes[to->len - 1] != ' ')
        append_one(to, ' ', KIND_BLANK, from);
    append_one(to, '<', 0, from);
    for (size_t i = 0; i + 1 < sizeof user; i++)
        append_one(to, user[i], KIND_WORD, from);
    append_one(to, '>', 0, from);
    append_one(to, ' ', KIND_BLANK, after);
}

/* Where the name behind the @ at i ends. A dot counts inside one. */
static size_t skip_name(const struct block_text *in, size_t i)
{
    for (i++; (in->kinds[i] & KIND_WORD) || (in->bytes[i] == '.' && (in->kinds[i + 1] & KIND_WORD)); i++)
        continue;
    return i;
}

static size_t skip_to(const struct block_text *in, size_t i, char byte)
{
    const char *found = i < in->len ? memchr(in->bytes + i, byte, in->len - i) : NULL;
    return found != NULL ? (size_t)(found - in->bytes) : in->len;
}

/* Puts <user> for mentions. */
static void replace_mentions(struct cx_arena *arena, const struct block_text *in, struct block_text *out)
{
    size_t count = 0, first = 0; /* first: what is not written yet */
    for (size_t i = skip_to(in, 0, '@'); i < in->len; i = skip_to(in, i + 1, '@'))
        count++;
    blocks_new(arena, in->len + count * 8, out);
    out->has_long_letters = in->has_long_letters;
    for (size_t i = skip_to(in, 0, '@'); i < in->len; i = skip_to(in, i, '@')) {
        if (!has_name(in, i) || (i > first && (in->kinds[i - 1] & KIND_WORD))) {
            i++;
            continue;
        }
        size_t end = skip_name(in, i);
        append(out, in, first, i);
        append_user(out, in->origin[i], in->origin[end + 1 < in->len ? end : end - 1]);
        for (first = i = end; first < in->len && (in->kinds[first] & KIND_BLANK); first++)
            continue;
    }
    append(out, in, first, in->len);
}

/* Leaves out blanks at the start and behind others. */
static void cut_blanks(struct block_text *text)
{
    size_t len = 0;
    uint8_t last = KIND_BLANK;
    for (size_t i = 0; i < text->len; i++) {
        uint8_t kind = text->kinds[i];
        text->bytes[len] = text->bytes[i];
        text->origin[len] = text->origin[i];
        text->kinds[len] = kind;
        len += !(kind & last & KIND_BLANK);
        last = kind;
    }
    text->len = len + (len == 0); /* the one at the end stays */
}

/* Leaves out letters of long runs. */
static void cut_runs(struct block_text *text, bool cuts_to_one)
{
    struct block_text out = { text->bytes, text->kinds, text->origin, 0, text->has_long_letters };
    size_t last = 0, run = 0; /* bytes of the last letter, and how many like it */
    for (size_t i = 0, n; i < text->len; i += n) {
        for (n = 1; i + n < text->len && (text->kinds[i + n] & KIND_GOES_ON); n++)
            continue;
        bool is_letter = text->kinds[i + n - 1] & KIND_CLASS;
        run = is_letter && n == last && n <= out.len && memcmp(text->bytes + i, text->bytes + out.len - n, n) == 0 ? run + 1 : 1;
        last = n;
        for (size_t k = i; run < 3 && k < i + n; k++)
            append_one(&out, text->bytes[k], text->kinds[k], text->origin[k]);
        out.len -= run == 3 && cuts_to_one ? n : 0;
    }
    *text = out;
}

/* All letters, and their classes by bit. */
AVX2 static uint32_t sum_classes(const uint32_t *classes, uint32_t *seen)
{
    __m256i sum = _mm256_setzero_si256(), zero = _mm256_setzero_si256();
    *seen = 0;
#pragma GCC unroll 4
    for (int i = 0; i < LETTER_CLASSES; i += 8) {
        __m256i eight = _mm256_loadu_si256((const __m256i *)(classes + i));
        sum = _mm256_add_epi32(sum, eight);
        *seen |= (0xffu & ~(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(eight, zero)))) << i;
    }
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return (uint32_t)_mm_cvtsi128_si32(four) + (uint32_t)_mm_extract_epi32(four, 1);
}

/* Whether any word's letters may be of several scripts. */
static bool has_mixed_words(const struct scan *scan)
{
    for (size_t i = 0; i < scan->token_count; i++) {
        uint32_t seen = 0;
        for (size_t k = scan->tokens[i].start; k < scan->tokens[i].end; k++)
            seen |= 1u << (scan->in.kinds[k] & KIND_CLASS);
        if (char_may_be_mixed(seen))
            return true;
    }
    return false;
}

/* Takes back a letter's count, whose last byte is at i of a word that starts at `start`, if it was counted: it is not like the one before. */
static void uncount(struct scan *scan, size_t start, size_t i)
{
    size_t first = i;
    while (scan->in.kinds[first] & KIND_GOES_ON)
        first--;
    size_t n = i + 1 - first;
    if (first < start + n || memcmp(scan->in.bytes + first, scan->in.bytes + first - n, n) != 0)
        scan->classes[scan->in.kinds[i] & KIND_CLASS]--;
}

/* Letters of tags are not counted. */
static void uncount_tags(struct scan *scan)
{
    for (size_t t = 1; t < scan->token_count; t++) {
        struct cx_token hash = scan->tokens[t - 1], word = scan->tokens[t];
        bool is_tag = scan->in.bytes[hash.start] == '#' && hash.end == word.start && !(scan->in.kinds[(ptrdiff_t)hash.start - 1] & KIND_WORD);
        for (size_t i = word.start; is_tag && i < word.end; i++)
            if (scan->in.kinds[i] & KIND_CLASS)
                uncount(scan, word.start, i);
    }
}

/* Scans again without what the text should not have. */
static void settle(struct scan *scan, struct cx_arena *arena, bool cuts_to_one)
{
    if (scan->needs & MENTIONS) {
        struct block_text in = scan->in;
        replace_mentions(arena, &in, &scan->in);
        scan->tokens = cx_arena_alloc(arena, (scan->in.len + MOST_AT_ONCE) * sizeof *scan->tokens);
    }
    if (scan->needs & RUNS)
        cut_runs(&scan->in, cuts_to_one);
    if (scan->needs & BLANKS)
        cut_blanks(&scan->in);
    memset(scan->classes, 0, LETTER_CLASSES * sizeof *scan->classes);
    scan_text(scan);
}

bool blocks_fold(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, struct cx_folded *folded)
{
    struct scan scan = { 0 };
    if (language == CX_FOLD_TURKIC || !kernel_is_avx2() || !blocks_read(arena, text, language, &scan.in))
        return false;
    append_one(&scan.in, ' ', KIND_BLANK, 0);
    scan.tokens = cx_arena_alloc(arena, (scan.in.len + MOST_AT_ONCE) * sizeof *scan.tokens);
    scan.classes = CX_NEW_ARRAY(arena, uint32_t, LETTER_CLASSES);
    scan_text(&scan);
    if ((scan.needs & (BLANKS | RUNS | MENTIONS)) && !(scan.needs & ROWS))
        settle(&scan, arena, language == CX_FOLD_SEARCH);
    if (scan.needs & TAGS)
        uncount_tags(&scan);
    uint32_t seen, letters = sum_classes(scan.classes, &seen);
    if ((scan.needs & ROWS) || (char_may_be_mixed(seen) && has_mixed_words(&scan)))
        return false;
    size_t len = scan.in.len - 1;
    memset(scan.in.bytes + len, 0, CHAR_PAD);
    scan.in.origin[len] = (uint32_t)text.len;
    *folded = (struct cx_folded){ cx_str_n(scan.in.bytes, len), scan.in.origin, scan.tokens, scan.token_count, letters, scan.classes };
    return true;
}
#else
bool blocks_fold(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, struct cx_folded *folded)
{
    (void)arena, (void)text, (void)language, (void)folded;
    return false;
}
#endif
