/* blocks.c - bytes to folded bytes, 32 at a time. ASCII is folded by arithmetic. Letters of two bytes are looked up by their second byte in tables of
 * their first one, made from the table of rows: a shuffle is sixteen look-ups at once, and a block has letters of few first bytes. Longer ones are
 * folded one by one. Every byte then has what it becomes in its place, or is left out when the block is written. */
#include "text/blocks.h"
#include <pthread.h>

#if HAS_AVX2
enum { BLOCK = 32, LEADS = 0x20 };

/* By the low six bits of the second byte: what both become, 0 for nothing. Nothing and then something: needs a second look. */
struct lead {
    _Alignas(16) uint8_t first[64], second[64], kind[64];
};
static struct lead leads_of[CX_FOLD_LANGUAGES][LEADS];
/* Places of a byte's bits, then 0x80 for none. */
static uint8_t packing[256][8];

/* Every byte of a vector in every byte of another: in memory, since the compiler would make them anew for every block. */
static __m256i each[256];

static bool is_same_script(uint32_t class, uint32_t other)
{
    return char_is_latin(class) == char_is_latin(other) && char_is_cyrillic(class) == char_is_cyrillic(other) &&
           (class == LETTER_GREEK) == (other == LETTER_GREEK);
}

/* Writes what a row of one character stands for and its kinds, and returns the number of bytes; -1 where it needs a second look. */
static int put_one(const struct char_table *table, uint32_t row, uint8_t bytes[4], uint8_t kinds[4])
{
    uint32_t code = row & CHAR_BLANK ? ' ' : row & CHAR_CODE, class = CHAR_CLASS(row);
    if ((row & CHAR_COMBINES) || code == '&' || !is_same_script(class, CHAR_CLASS(char_row(table, code))))
        return -1;
    int n = (int)cx_utf8_put(code, (char *)bytes);
    for (int i = 0; i < n; i++)
        kinds[i] = (uint8_t)((row & CHAR_WORD ? KIND_WORD : 0) | (i > 0 ? KIND_GOES_ON : 0) | (row & CHAR_BLANK ? KIND_BLANK : 0));
    kinds[n - 1] |= (uint8_t) class;
    return n;
}

/* The same for any row; at most four bytes. */
static int put_row(const struct char_table *table, uint32_t row, uint8_t bytes[4], uint8_t kinds[4])
{
    if (!(row & CHAR_SPECIAL))
        return put_one(table, row, bytes, kinds);
    int len = 0;
    for (uint32_t i = 0; i < CHAR_SEQUENCE_LENGTH(row); i++) {
        uint8_t part[4], part_kinds[4];
        int n = put_one(table, table->pool[CHAR_SEQUENCE_AT(row) + i], part, part_kinds);
        if (n < 0 || len + n > 4)
            return -1;
        memcpy(bytes + len, part, (size_t)n);
        memcpy(kinds + len, part_kinds, (size_t)n);
        len += n;
    }
    return len;
}

static void fill_leads(enum cx_fold_language language)
{
    const struct char_table *table = char_table(language);
    for (uint32_t code = 0x80; code < 0x800; code++) {
        struct lead *lead = &leads_of[language][code >> 6];
        uint8_t bytes[4] = { 0, 0 }, kinds[4] = { 0, 0 };
        int n = put_row(table, table->low[code], bytes, kinds);
        bool is_simple = n == 0 || n == 1 || (n == 2 && (kinds[1] & KIND_GOES_ON));
        lead->first[code & 63] = is_simple ? bytes[0] : 0;
        lead->second[code & 63] = is_simple ? (n == 2 ? bytes[1] : 0) : 1;
        lead->kind[code & 63] = is_simple && n > 0 ? (uint8_t)(kinds[n - 1] & ~KIND_GOES_ON) : 0;
    }
}

static void fill_tables(void)
{
    fill_leads(CX_FOLD_ANY);
    fill_leads(CX_FOLD_SEARCH);
    for (int byte = 0; byte < 256; byte++)
        memset(&each[byte], byte, sizeof each[byte]);
    for (unsigned bits = 0; bits < 256; bits++) {
        size_t n = 0;
        memset(packing[bits], 0x80, sizeof packing[bits]);
        for (uint8_t i = 0; i < 8; i++)
            if (bits >> i & 1)
                packing[bits][n++] = i;
    }
}

/* What each byte of a block becomes. */
struct block {
    __m256i bytes, kinds, places; /* places: where its character starts in the block */
    uint32_t keeps;
    bool has_long_letters;
};

ALWAYS __m256i is_between(__m256i v, unsigned first, unsigned last)
{
    return _mm256_cmpgt_epi8(each[(last - first + 0x81) & 0xff], _mm256_add_epi8(v, each[(0x80 - first) & 0xff]));
}

ALWAYS __m256i only(__m256i where, unsigned value)
{
    return _mm256_and_si256(where, each[value]);
}

ALWAYS __m256i both(__m256i a, __m256i b)
{
    return _mm256_or_si256(a, b);
}

/* Bytes other than ASCII become 0. */
ALWAYS void fold_ascii(__m256i v, struct block *block)
{
    __m256i lower = _mm256_add_epi8(v, only(is_between(v, 'A', 'Z'), 0x20));
    __m256i is_letter = is_between(lower, 'a', 'z'), is_blank = both(_mm256_cmpeq_epi8(v, each[' ']), is_between(v, '\t', '\r'));
    __m256i is_other_word = both(is_between(v, '0', '9'), _mm256_cmpeq_epi8(v, each['_']));
    __m256i is_ascii = _mm256_cmpgt_epi8(v, each[0xff]);
    block->bytes = _mm256_blendv_epi8(_mm256_and_si256(lower, is_ascii), each[' '], is_blank);
    block->kinds = both(both(only(is_letter, LETTER_LATIN | KIND_WORD), only(is_other_word, KIND_WORD)), only(is_blank, KIND_BLANK));
}

ALWAYS uint32_t bits_above(__m256i v, unsigned value)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(v, each[value]));
}

/* To the next byte's place, and to the one's before. */
ALWAYS __m256i shift_up(__m256i v)
{
    return _mm256_alignr_epi8(v, _mm256_permute2x128_si256(v, v, 0x08), 15);
}
ALWAYS __m256i shift_down(__m256i v)
{
    return _mm256_alignr_epi8(_mm256_permute2x128_si256(v, v, 0x81), v, 1);
}

/* table[at[0]] | table[16 + at[1]] | ..., where a place with its upper bit set gives 0. */
ALWAYS __m256i look_up(const uint8_t table[64], const __m256i at[4])
{
    __m256i found = _mm256_setzero_si256();
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m256i part = _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)(table + (ptrdiff_t)16 * i)));
        found = both(found, _mm256_shuffle_epi8(part, at[i]));
    }
    return found;
}

/* Letters of two bytes, whose first ones are at the bits of `firsts`; false where one needs a second look. */
ALWAYS bool fold_pairs(const struct lead *leads, const uint8_t *p, __m256i v, uint32_t firsts, struct block *block)
{
    __m256i zero = _mm256_setzero_si256(), next = shift_down(v), first = zero, second = zero, kind = zero, at[4];
    __m256i is_first = is_between(v, 0xc0, 0xdf);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) /* 0x70 to 0x7f where it is of this quarter, 0x80 and more elsewhere */
        at[i] = _mm256_adds_epu8(_mm256_sub_epi8(next, each[0x80 + 16 * i]), each[0x70]);
    do {
        /* Two at a time: letters are of one first byte or two, and the processor cannot guess which. */
#pragma GCC unroll 2
        for (int i = 0; i < 2; i++) {
            uint8_t byte = p[__builtin_ctz(firsts | 1u << 31)];
            const struct lead *lead = &leads[byte % LEADS];
            __m256i here = _mm256_and_si256(is_first, _mm256_cmpeq_epi8(v, each[byte]));
            first = both(first, _mm256_and_si256(here, look_up(lead->first, at)));
            second = both(second, _mm256_and_si256(here, look_up(lead->second, at)));
            kind = both(kind, _mm256_and_si256(here, look_up(lead->kind, at)));
            firsts &= ~(uint32_t)_mm256_movemask_epi8(here);
        }
    } while (firsts != 0);
    __m256i is_one = _mm256_cmpeq_epi8(second, zero), is_none = _mm256_cmpeq_epi8(first, zero);
    __m256i first_kind = _mm256_and_si256(kind, both(is_one, each[KIND_WORD]));
    __m256i second_kind = _mm256_andnot_si256(is_one, both(kind, each[KIND_GOES_ON]));
    block->bytes = both(block->bytes, both(first, shift_up(second)));
    block->kinds = both(block->kinds, both(first_kind, shift_up(second_kind)));
    block->places = _mm256_add_epi8(block->places, shift_up(is_first));
    block->keeps &= ~(uint32_t)_mm256_movemask_epi8(_mm256_and_si256(is_first, is_none));
    block->keeps &= ~(uint32_t)_mm256_movemask_epi8(shift_up(_mm256_and_si256(is_first, is_one)));
    return _mm256_testc_si256(is_one, is_none);
}

/* Characters of three and four bytes, one by one; false where one needs a second look. */
AVX2 static bool fold_long(const struct char_table *table, const uint8_t *p, uint32_t firsts, struct block *block)
{
    uint8_t bytes[BLOCK + 4], kinds[BLOCK + 4], places[BLOCK + 4];
    _mm256_storeu_si256((__m256i *)bytes, block->bytes);
    _mm256_storeu_si256((__m256i *)kinds, block->kinds);
    _mm256_storeu_si256((__m256i *)places, block->places);
    for (; firsts != 0; firsts &= firsts - 1) {
        unsigned i = (unsigned)__builtin_ctz(firsts);
        size_t at = 0;
        uint32_t row = char_row(table, cx_utf8_next(cx_str_n((const char *)p + i, 4), &at));
        int n = put_row(table, row, bytes + i, kinds + i);
        if (n < 0 || n > (int)at || (n == 4 && (row & CHAR_LETTER)))
            return false;
        block->has_long_letters |= n >= 3 && (row & (CHAR_LETTER | CHAR_SPECIAL));
        memset(places + i, (int)i, at);
        block->keeps &= (uint32_t) ~(((1ull << (at - (size_t)n)) - 1) << (i + (unsigned)n));
    }
    block->bytes = _mm256_loadu_si256((const __m256i *)bytes);
    block->kinds = _mm256_loadu_si256((const __m256i *)kinds);
    block->places = _mm256_loadu_si256((const __m256i *)places);
    return true;
}

ALWAYS void put_places(uint32_t *origin, __m128i places, uint32_t from)
{
    _mm256_storeu_si256((__m256i *)origin, _mm256_add_epi32(_mm256_cvtepu8_epi32(places), _mm256_set1_epi32((int)from)));
}

/* Appends a block of which the first bytes are kept. */
ALWAYS void put_start(struct block_text *out, const struct block *block, uint32_t from)
{
    __m128i low = _mm256_castsi256_si128(block->places), high = _mm256_extracti128_si256(block->places, 1);
    uint32_t *origin = out->origin + out->len;
    _mm256_storeu_si256((__m256i *)(out->bytes + out->len), block->bytes);
    _mm256_storeu_si256((__m256i *)(out->kinds + out->len), block->kinds);
    put_places(origin, low, from);
    put_places(origin + 8, _mm_srli_si128(low, 8), from);
    put_places(origin + 16, high, from);
    put_places(origin + 24, _mm_srli_si128(high, 8), from);
    out->len += (size_t)__builtin_popcount(block->keeps);
}

/* Appends a block of which any bytes are kept. */
ALWAYS void put_kept(struct block_text *out, const struct block *block, uint32_t from)
{
    __m128i bytes[2] = { _mm256_castsi256_si128(block->bytes), _mm256_extracti128_si256(block->bytes, 1) };
    __m128i kinds[2] = { _mm256_castsi256_si128(block->kinds), _mm256_extracti128_si256(block->kinds, 1) };
    __m128i places[2] = { _mm256_castsi256_si128(block->places), _mm256_extracti128_si256(block->places, 1) };
    size_t len = out->len;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        uint32_t bits = block->keeps >> 8 * i & 0xff;
        __m128i pack = _mm_add_epi8(_mm_loadl_epi64((const __m128i *)packing[bits]), _mm_set1_epi8((char)(i % 2 * 8)));
        _mm_storel_epi64((__m128i *)(out->bytes + len), _mm_shuffle_epi8(bytes[i / 2], pack));
        _mm_storel_epi64((__m128i *)(out->kinds + len), _mm_shuffle_epi8(kinds[i / 2], pack));
        put_places(out->origin + len, _mm_shuffle_epi8(places[i / 2], pack), from);
        len += (size_t)__builtin_popcount(bits);
    }
    out->len = len;
}

/* What a reader goes by, and what it has seen. */
struct reader {
    const struct char_table *table;
    const struct lead *leads;
    struct block_text *out;
    __m256i ampersands, semicolons;
};

/* Reads the bytes of p[0..31] that `keeps` says, as far as characters are whole; returns how far, or 0 where one needs a second look. */
ALWAYS size_t read_block(struct reader *reader, const uint8_t *p, uint32_t keeps, uint32_t from)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)p);
    struct block block = { .keeps = keeps };
    block.places =
        _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    size_t end = BLOCK;
    fold_ascii(v, &block);
    uint32_t high = (uint32_t)_mm256_movemask_epi8(v);
    if (high != 0) {
        uint32_t firsts = high & bits_above(v, 0xbf), longs = high & bits_above(v, 0xdf), longest = high & bits_above(v, 0xef);
        uint32_t unfinished = (firsts & 1u << 31) | (longs & 1u << 30) | (longest & 1u << 29);
        end = (size_t)__builtin_ctzll(unfinished | 1ull << BLOCK);
        block.keeps &= (uint32_t)((1ull << end) - 1);
        if (!fold_pairs(reader->leads, p, v, firsts & ~longs & block.keeps, &block))
            return 0;
        if ((longs & block.keeps) != 0) {
            struct block copy = block; /* so that the compiler keeps the other in registers */
            if (!fold_long(reader->table, p, longs & block.keeps, &copy))
                return 0;
            reader->out->has_long_letters |= copy.has_long_letters;
            block = copy;
        }
    }
    reader->ampersands = both(reader->ampersands, _mm256_cmpeq_epi8(v, each['&']));
    reader->semicolons = both(reader->semicolons, _mm256_cmpeq_epi8(block.bytes, each[';']));
    if ((block.keeps & (block.keeps + 1)) == 0)
        put_start(reader->out, &block, from);
    else
        put_kept(reader->out, &block, from);
    return end;
}

/* The last block ends where the text does, and leaves out what was read before. */
AVX2 static bool read_all(struct reader *reader, struct cx_str text)
{
    const uint8_t *p = (const uint8_t *)text.ptr;
    uint8_t copy[BLOCK] = { 0 };
    size_t at = 0, n;
    for (; at + BLOCK <= text.len; at += n)
        if ((n = read_block(reader, p + at, UINT32_MAX, (uint32_t)at)) == 0)
            return false;
    if (at == text.len)
        return true;
    if (text.len >= BLOCK)
        return read_block(reader, p + text.len - BLOCK, UINT32_MAX << (at + BLOCK - text.len), (uint32_t)(text.len - BLOCK)) != 0;
    memcpy(copy, p, text.len);
    return read_block(reader, copy, (1u << text.len) - 1, 0) != 0;
}

void blocks_new(struct cx_arena *arena, size_t most, struct block_text *text)
{
    size_t room = BLOCKS_BEFORE + most + BLOCKS_BEHIND;
    char *bytes = cx_arena_bytes(arena, 2 * room);
    memset(bytes, 0, BLOCKS_BEFORE);
    memset(bytes + room, 0, BLOCKS_BEFORE);
    text->bytes = bytes + BLOCKS_BEFORE;
    text->kinds = (uint8_t *)bytes + room + BLOCKS_BEFORE;
    text->origin = cx_arena_alloc(arena, room * sizeof *text->origin);
    text->len = 0;
    text->has_long_letters = false;
}

AVX2 bool blocks_read(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, struct block_text *out)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, fill_tables);
    blocks_new(arena, text.len, out); /* no character becomes longer here */
    __m256i zero = _mm256_setzero_si256();
    struct reader reader = { char_table(language), leads_of[language], out, zero, zero };
    if (!read_all(&reader, text))
        return false;
    bool has_ampersand = !_mm256_testz_si256(reader.ampersands, reader.ampersands);
    bool has_semicolon = !_mm256_testz_si256(reader.semicolons, reader.semicolons);
    return !has_ampersand || !has_semicolon;
}
#endif
