/* rows.c - the kernels. Features are looked up and added in blocks of 256, so that their places fit on the stack and sums in 16 bits (256 * 255 <
 * 2^16). What costs is waiting for memory: the buckets of all features of a block are asked for first, then all rows, then they are added. */
#include "text/rows.h"
#include "text/kernel.h"

#define BLOCK 256

_Static_assert(sizeof(struct cx_model_line) == 64, "a line is a cache line");

struct block {
    uint32_t starts[BLOCK], tags[BLOCK];       /* starts: of buckets, bytes */
    uint32_t rows[BLOCK + 1];                  /* numbers of those that the features have */
    int8_t narrow[BLOCK + 8][CX_MODEL_NARROW]; /* of lines: the first columns of features that the table holds, then zeros */
    size_t narrow_count;
};

/* ---- portable ---- */

/* The place with that tag, or -1. */
static int place_of(const uint16_t *tags, int places, uint16_t tag)
{
    for (int place = 0; place < places; place++)
        if (tags[place] == tag)
            return place;
    return -1;
}

/* The row of a place of a line, or -1. */
static int64_t wide_row(const struct cx_model_line *line, int place)
{
    if (!(line->wide >> place & 1))
        return -1;
    return (int64_t)(line->wide >> ROWS_WIDE_BITS) + __builtin_popcount(line->wide & ((1u << place) - 1));
}

/* The row of a feature, or -1; *narrow: its first columns, NULL where it has none. */
static int64_t find(const struct cx_model_table *table, uint32_t feature, const int8_t **narrow)
{
    size_t bucket = cx_model_bucket(feature, table->buckets);
    uint16_t tag = cx_model_tag(feature);
    *narrow = NULL;
    if (table->lines == NULL) {
        int place = place_of(table->tags + bucket * CX_MODEL_BUCKET, CX_MODEL_BUCKET, tag);
        return place < 0 ? -1 : (int64_t)bucket * CX_MODEL_BUCKET + place;
    }
    const struct cx_model_line *line = &table->lines[bucket];
    int place = place_of(line->tags, CX_MODEL_LINE, tag);
    if (place < 0)
        return -1;
    *narrow = line->narrow[place];
    return wide_row(line, place);
}

int rows_weight(const struct cx_model_table *table, uint32_t feature, uint32_t column)
{
    const int8_t *narrow;
    int64_t row = find(table, feature, &narrow);
    if (table->lines != NULL) {
        if (column < CX_MODEL_NARROW)
            return narrow != NULL ? narrow[column] : 0;
        column -= CX_MODEL_NARROW;
    }
    return row < 0 ? 0 : table->rows[(size_t)row * table->row_bytes + column];
}

bool rows_has(const struct cx_model_table *table, uint32_t feature)
{
    const int8_t *narrow;
    return find(table, feature, &narrow) >= 0 || narrow != NULL;
}

static void have_portable(const struct cx_model_table *table, const uint32_t *features, size_t count, bool *has)
{
    for (size_t i = 0; i < count; i++)
        has[i] = rows_has(table, features[i]);
}

static void add_portable(const struct cx_model_table *table, const uint32_t *features, size_t count, int32_t *sums)
{
    int32_t *wide = table->lines != NULL ? sums + CX_MODEL_NARROW : sums;
    for (size_t i = 0; i < count; i++) {
        const int8_t *narrow;
        int64_t row = find(table, features[i], &narrow);
        for (uint32_t c = 0; narrow != NULL && c < CX_MODEL_NARROW; c++)
            sums[c] += narrow[c];
        for (uint32_t c = 0; row >= 0 && c < table->row_bytes; c++)
            wide[c] += table->rows[(size_t)row * table->row_bytes + c];
    }
}

#if HAS_AVX2

/* ---- AVX2 ---- */

/* Where buckets start, and tags, eight features at a time. */
AVX2 static void hash_avx2(const struct cx_model_table *table, const uint32_t *features, size_t count, struct block *block)
{
    const __m256i buckets = _mm256_set1_epi32((int)table->buckets), lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const char *first = table->lines != NULL ? (const char *)table->lines : (const char *)table->tags;
    const __m128i shift = _mm_cvtsi32_si128(table->lines != NULL ? 6 : 4); /* of the bytes of a bucket */
    for (size_t i = 0; i < count; i += 8) {
        __m256i is_there = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(count - i)), lanes);
        __m256i feature = _mm256_maskload_epi32((const int *)features + i, is_there);
        __m256i even = _mm256_mul_epu32(feature, buckets), odd = _mm256_mul_epu32(_mm256_srli_epi64(feature, 32), buckets);
        __m256i tag = _mm256_max_epu32(_mm256_and_si256(feature, _mm256_set1_epi32(0xffff)), _mm256_set1_epi32(1));
        __m256i bucket = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
        _mm256_storeu_si256((__m256i *)(block->starts + i), _mm256_sll_epi32(bucket, shift));
        _mm256_storeu_si256((__m256i *)(block->tags + i), tag);
#pragma GCC unroll 8
        for (size_t k = 0; k < 8; k++)
            _mm_prefetch(first + block->starts[i + k], _MM_HINT_T0);
    }
}

/* Numbers of the rows of features in a table of tags. */
AVX2 static size_t find_in_tags(const struct cx_model_table *table, size_t count, struct block *block)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const __m128i *tags = (const __m128i *)((const char *)table->tags + block->starts[i]);
        uint32_t hits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi16(_mm_load_si128(tags), _mm_set1_epi16((short)block->tags[i])));
        block->rows[found] = block->starts[i] / 2 + ((uint32_t)__builtin_ctz(hits | 1u << 16) >> 1);
        found += hits != 0;
    }
    return found;
}

/* The same in a table of lines, and the first columns. What is no tag is compared too: the mask leaves out the hits that are none. */
AVX2 static size_t find_in_lines(const struct cx_model_table *table, size_t count, struct block *block)
{
    const uint32_t tags_only = (1u << 2 * CX_MODEL_LINE) - 1;
    size_t found = 0, wide_found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct cx_model_line *line = (const struct cx_model_line *)((const char *)table->lines + block->starts[i]);
        __m256i is_it = _mm256_cmpeq_epi16(_mm256_load_si256((const __m256i *)line), _mm256_set1_epi16((short)block->tags[i]));
        uint32_t hits = (uint32_t)_mm256_movemask_epi8(is_it) & tags_only, at = (uint32_t)__builtin_ctz(hits | (tags_only + 1));
        memcpy(block->narrow[found], (const char *)line->narrow + 2 * at, CX_MODEL_NARROW);
        block->rows[wide_found] = (line->wide >> ROWS_WIDE_BITS) + (uint32_t)__builtin_popcount(line->wide & ~(UINT32_MAX << at / 2));
        found += hits != 0;
        wide_found += line->wide >> at / 2 & (hits != 0);
    }
    memset(block->narrow[found], 0, 8 * CX_MODEL_NARROW);
    block->narrow_count = found;
    return wide_found;
}

/* Two columns of a row are a number of 16 bits: `all` of these are added up, and the `upper` bytes by themselves. What is left is the sum of the
 * lower ones; they had 128 added to be without sign. */
struct halves {
    __m256i all, upper;
};

AVX2 static inline void add_part(struct halves *sums, const int8_t *columns)
{
    __m256i part = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)columns), _mm256_set1_epi16(0x80));
    sums->all = _mm256_add_epi16(sums->all, part);
    sums->upper = _mm256_add_epi16(sums->upper, _mm256_srai_epi16(part, 8));
}

/* What was added up of `count` parts: columns 0..7 and 16..23 in the first, 8..15 and 24..31 in the second. */
struct columns {
    __m256i first, second;
};

AVX2 static inline struct columns take_apart(struct halves halves, size_t count)
{
    __m256i lower = _mm256_sub_epi16(halves.all, _mm256_slli_epi16(halves.upper, 8));
    lower = _mm256_sub_epi16(lower, _mm256_set1_epi16((short)(128 * count)));
    return (struct columns){ _mm256_unpacklo_epi16(lower, halves.upper), _mm256_unpackhi_epi16(lower, halves.upper) };
}

AVX2 static inline void add_8(__m128i columns, int32_t *sums)
{
    __m256i *to = (__m256i *)sums;
    _mm256_storeu_si256(to, _mm256_add_epi32(_mm256_loadu_si256(to), _mm256_cvtepi16_epi32(columns)));
}

AVX2 static inline void add_columns(struct columns columns, int32_t *sums)
{
    add_8(_mm256_castsi256_si128(columns.first), sums);
    add_8(_mm256_castsi256_si128(columns.second), sums + 8);
    add_8(_mm256_extracti128_si256(columns.first, 1), sums + 16);
    add_8(_mm256_extracti128_si256(columns.second, 1), sums + 24);
}

/* The first columns, eight rows at a time: 256 of them stay within 16 bits. */
AVX2 static void add_narrow(const struct block *block, int32_t *sums)
{
    struct halves a = { _mm256_setzero_si256(), _mm256_setzero_si256() };
    for (size_t i = 0; i < block->narrow_count; i += 8)
        add_part(&a, block->narrow[i]);
    struct columns columns = take_apart(a, (block->narrow_count + 7) / 8);
    __m256i eight = _mm256_add_epi16(columns.first, columns.second);
    __m128i two = _mm_add_epi16(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    __m128i one = _mm_cvtepi16_epi32(_mm_add_epi16(two, _mm_srli_si128(two, 8)));
    _mm_storeu_si128((__m128i *)sums, _mm_add_epi32(_mm_loadu_si128((const __m128i *)sums), one));
}

/* 32 columns of rows of any width. */
AVX2 static void add_32(const int8_t *first, size_t width, const uint32_t *rows, size_t count, int32_t *sums)
{
    struct halves a = { _mm256_setzero_si256(), _mm256_setzero_si256() };
    for (size_t i = 0; i < count; i++)
        add_part(&a, first + rows[i] * width);
    add_columns(take_apart(a, count), sums);
}

/* Rows of one cache line. */
AVX2 static void add_64(const int8_t *first, const uint32_t *rows, size_t count, int32_t *sums)
{
    struct halves a = { _mm256_setzero_si256(), _mm256_setzero_si256() }, b = a;
    for (size_t i = 0; i < count; i++) {
        const int8_t *row = first + (size_t)rows[i] * 64;
        add_part(&a, row);
        add_part(&b, row + 32);
    }
    add_columns(take_apart(a, count), sums);
    add_columns(take_apart(b, count), sums + 32);
}

AVX2 static void add_rows(const struct cx_model_table *table, const uint32_t *rows, size_t count, int32_t *sums)
{
    if (table->row_bytes == 64) {
        add_64(table->rows, rows, count, sums);
        return;
    }
    for (uint32_t column = 0; column < table->row_bytes; column += 32)
        add_32(table->rows + column, table->row_bytes, rows, count, sums + column);
}

AVX2 static void add_avx2(const struct cx_model_table *table, const uint32_t *features, size_t count, int32_t *sums)
{
    struct block block;
    hash_avx2(table, features, count, &block);
    size_t found = table->lines != NULL ? find_in_lines(table, count, &block) : find_in_tags(table, count, &block);
    for (size_t i = 0; i < found; i++)
        _mm_prefetch((const char *)table->rows + (size_t)block.rows[i] * table->row_bytes, _MM_HINT_T0);
    if (table->lines != NULL)
        add_narrow(&block, sums);
    add_rows(table, block.rows, found, table->lines != NULL ? sums + CX_MODEL_NARROW : sums);
}

AVX2 static void have_avx2(const struct cx_model_table *table, const uint32_t *features, size_t count, bool *has)
{
    struct block block;
    hash_avx2(table, features, count, &block);
    size_t width = table->lines != NULL ? sizeof *table->lines : CX_MODEL_BUCKET * sizeof *table->tags;
    const char *first = table->lines != NULL ? (const char *)table->lines : (const char *)table->tags;
    const uint32_t tags_only = (1u << 2 * (table->lines != NULL ? CX_MODEL_LINE : CX_MODEL_BUCKET)) - 1;
    for (size_t i = 0; i < count; i++) {
        const char *bucket = first + block.starts[i];
        __m128i tag = _mm_set1_epi16((short)block.tags[i]);
        uint32_t hits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi16(_mm_load_si128((const __m128i *)bucket), tag));
        if (width == sizeof *table->lines)
            hits |= (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi16(_mm_load_si128((const __m128i *)bucket + 1), tag)) << 16;
        has[i] = (hits & tags_only) != 0;
    }
}
#else
#define add_avx2  add_portable
#define have_avx2 have_portable
#endif

void rows_have(const struct cx_model_table *table, const uint32_t *features, size_t count, bool *has)
{
    bool is_avx2 = kernel_is_avx2();
    for (size_t at = 0; at < count; at += BLOCK) {
        size_t n = count - at < BLOCK ? count - at : BLOCK;
        (is_avx2 ? have_avx2 : have_portable)(table, features + at, n, has + at);
    }
}

void rows_ask(const struct cx_model_table *table, const uint32_t *features, size_t count)
{
    const char *first = table->lines != NULL ? (const char *)table->lines : (const char *)table->tags;
    size_t size = table->lines != NULL ? sizeof *table->lines : CX_MODEL_BUCKET * sizeof *table->tags;
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(first + cx_model_bucket(features[i], table->buckets) * size);
}

void rows_add(const struct cx_model_table *table, const uint32_t *features, size_t count, int32_t *sums)
{
    bool is_avx2 = kernel_is_avx2();
    for (size_t at = 0; at < count; at += BLOCK) {
        size_t n = count - at < BLOCK ? count - at : BLOCK;
        (is_avx2 ? add_avx2 : add_portable)(table, features + at, n, sums);
    }
}
