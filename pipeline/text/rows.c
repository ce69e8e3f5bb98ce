/* rows.c - the kernels. Finding features and adding their rows are two steps, so that the memory of the rows is on its way while something else is
 * done. No more than 256 rows are added at a time: their sums fit in 16 bits (256 * 255 < 2^16). */
#include "text/rows.h"
#include "text/kernel.h"

_Static_assert(sizeof(struct cx_model_line) == 64, "a line is a cache line");

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

static void find_portable(const struct cx_model_table *table, const uint32_t *features, size_t count, struct rows_found *found, bool *has)
{
    for (size_t i = 0; i < count; i++) {
        const int8_t *narrow;
        int64_t row = find(table, features[i], &narrow);
        if (narrow != NULL)
            memcpy(found->narrow[found->narrow_count++], narrow, CX_MODEL_NARROW);
        if (row >= 0)
            found->rows[found->row_count++] = (uint32_t)row;
        has[i] = row >= 0 || narrow != NULL;
    }
}

static void add_portable(const struct cx_model_table *table, struct rows_found *found, int32_t *sums)
{
    for (size_t i = 0; i < found->narrow_count; i++)
        for (uint32_t c = 0; c < CX_MODEL_NARROW; c++)
            sums[c] += found->narrow[i][c];
    int32_t *wide = table->lines != NULL ? sums + CX_MODEL_NARROW : sums;
    for (size_t i = 0; i < found->row_count; i++)
        for (uint32_t c = 0; c < table->row_bytes; c++)
            wide[c] += table->rows[(size_t)found->rows[i] * table->row_bytes + c];
}

#if HAS_AVX2

/* ---- AVX2 ---- */

AVX2 static void find_in_tags(const struct cx_model_table *table, const uint32_t *features, size_t count, struct rows_found *found, bool *has)
{
    const uint16_t *tags = table->tags;
    const uint32_t buckets = table->buckets;
    uint32_t *rows = found->rows + found->row_count;
    for (size_t i = 0; i < count; i++) {
        uint32_t feature = features[i], place = cx_model_bucket(feature, buckets) * CX_MODEL_BUCKET;
        __m128i is_it = _mm_cmpeq_epi16(_mm_load_si128((const __m128i *)(tags + place)), _mm_set1_epi16((short)cx_model_tag(feature)));
        uint32_t hits = (uint32_t)_mm_movemask_epi8(is_it);
        *rows = place + ((uint32_t)__builtin_ctz(hits | 1u << 16) >> 1);
        rows += hits != 0;
        has[i] = hits != 0;
    }
    found->row_count = (size_t)(rows - found->rows);
}

/* What is no tag is compared too: the mask leaves out the hits that are none. */
AVX2 static void find_in_lines(const struct cx_model_table *table, const uint32_t *features, size_t count, struct rows_found *found, bool *has)
{
    const uint32_t tags_only = (1u << 2 * CX_MODEL_LINE) - 1, buckets = table->buckets;
    const struct cx_model_line *lines = table->lines;
    int8_t(*narrow)[CX_MODEL_NARROW] = found->narrow + found->narrow_count;
    uint32_t *rows = found->rows + found->row_count;
    for (size_t i = 0; i < count; i++) {
        uint32_t feature = features[i];
        const struct cx_model_line *line = &lines[cx_model_bucket(feature, buckets)];
        __m256i is_it = _mm256_cmpeq_epi16(_mm256_load_si256((const __m256i *)line), _mm256_set1_epi16((short)cx_model_tag(feature)));
        uint32_t hits = (uint32_t)_mm256_movemask_epi8(is_it) & tags_only, at = (uint32_t)__builtin_ctz(hits | (tags_only + 1)), wide = line->wide;
        memcpy(narrow, (const char *)line->narrow + 2 * at, CX_MODEL_NARROW);
        *rows = (wide >> ROWS_WIDE_BITS) + (uint32_t)__builtin_popcount(wide & ~(UINT32_MAX << at / 2));
        narrow += hits != 0;
        rows += wide >> at / 2 & (hits != 0);
        has[i] = hits != 0;
    }
    found->narrow_count = (size_t)(narrow - found->narrow);
    found->row_count = (size_t)(rows - found->rows);
}

AVX2 static void find_avx2(const struct cx_model_table *table, const uint32_t *features, size_t count, struct rows_found *found, bool *has)
{
    (table->lines != NULL ? find_in_lines : find_in_tags)(table, features, count, found, has);
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
AVX2 static void add_narrow(struct rows_found *found, int32_t *sums)
{
    struct halves a = { _mm256_setzero_si256(), _mm256_setzero_si256() };
    memset(found->narrow[found->narrow_count], 0, 8 * CX_MODEL_NARROW);
    for (size_t i = 0; i < found->narrow_count; i += 8)
        add_part(&a, found->narrow[i]);
    struct columns columns = take_apart(a, (found->narrow_count + 7) / 8);
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

AVX2 static void add_avx2(const struct cx_model_table *table, struct rows_found *found, int32_t *sums)
{
    if (table->lines != NULL)
        add_narrow(found, sums);
    add_rows(table, found->rows, found->row_count, table->lines != NULL ? sums + CX_MODEL_NARROW : sums);
}
#else
#define find_avx2 find_portable
#define add_avx2  add_portable
#endif

void rows_ask(const struct cx_model_table *table, const uint32_t *features, size_t count)
{
    const char *first = table->lines != NULL ? (const char *)table->lines : (const char *)table->tags;
    const unsigned shift = table->lines != NULL ? 6 : 4; /* of the bytes of a bucket */
    const uint32_t buckets = table->buckets;
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(first + ((size_t)cx_model_bucket(features[i], buckets) << shift));
}

void rows_find(const struct cx_model_table *table, const uint32_t *features, size_t count, struct rows_found *found, bool *has)
{
    size_t before = found->row_count;
    (kernel_is_avx2() ? find_avx2 : find_portable)(table, features, count, found, has);
    found->asked += count;
    for (size_t i = before; i < found->row_count; i++)
        __builtin_prefetch(table->rows + (size_t)found->rows[i] * table->row_bytes);
}

void rows_add(const struct cx_model_table *table, struct rows_found *found, int32_t *sums)
{
    (kernel_is_avx2() ? add_avx2 : add_portable)(table, found, sums);
    rows_clear(found);
}
