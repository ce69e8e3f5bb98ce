/* rows.c - the kernels. Features are looked up and added in blocks of 256, so that their places fit on the stack and sums in 16 bits (256 * 255 <
 * 2^16). What costs is waiting for memory: the tags of all features of a block are asked for first, then all rows, then they are added. */
#include "text/rows.h"
#include "text/kernel.h"

#define BLOCK 256

struct block {
    uint32_t buckets[BLOCK], tags[BLOCK];
    uint32_t places[BLOCK + 1]; /* of the features that the table holds */
};

/* ---- portable ---- */

static size_t find_portable(const struct cx_model_table *table, const uint32_t *features, size_t count, struct block *block)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t place = rows_find(table, features[i]);
        block->places[found] = (uint32_t)place;
        found += place >= 0;
    }
    return found;
}

static void add_portable(const struct cx_model_table *table, const struct block *block, size_t count, int32_t *sums)
{
    for (size_t i = 0; i < count; i++) {
        const int8_t *row = table->rows + (size_t)block->places[i] * table->row_bytes;
        for (uint32_t c = 0; c < table->row_bytes; c++)
            sums[c] += row[c];
    }
}

#if HAS_AVX2

/* ---- AVX2 ---- */

/* Buckets and tags, eight features at a time. */
AVX2 static void hash_avx2(const struct cx_model_table *table, const uint32_t *features, size_t count, struct block *block)
{
    const __m256i buckets = _mm256_set1_epi32((int)table->buckets), lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for (size_t i = 0; i < count; i += 8) {
        __m256i is_there = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(count - i)), lanes);
        __m256i feature = _mm256_maskload_epi32((const int *)features + i, is_there);
        __m256i even = _mm256_mul_epu32(feature, buckets), odd = _mm256_mul_epu32(_mm256_srli_epi64(feature, 32), buckets);
        __m256i tag = _mm256_max_epu32(_mm256_and_si256(feature, _mm256_set1_epi32(0xffff)), _mm256_set1_epi32(1));
        _mm256_storeu_si256((__m256i *)(block->buckets + i), _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa));
        _mm256_storeu_si256((__m256i *)(block->tags + i), tag);
        for (size_t k = i; k < i + 8; k++)
            _mm_prefetch((const __m128i *)table->tags + block->buckets[k], _MM_HINT_T0);
    }
}

AVX2 static size_t find_avx2(const struct cx_model_table *table, const uint32_t *features, size_t count, struct block *block)
{
    const __m128i *tags = (const __m128i *)table->tags;
    const char *rows = (const char *)table->rows;
    const size_t row_bytes = table->row_bytes;
    size_t found = 0;
    hash_avx2(table, features, count, block);
    for (size_t i = 0; i < count; i++) {
        uint32_t bucket = block->buckets[i];
        __m128i is_it = _mm_cmpeq_epi16(_mm_load_si128(tags + bucket), _mm_set1_epi16((short)block->tags[i]));
        uint32_t hits = (uint32_t)_mm_movemask_epi8(is_it);
        block->places[found] = bucket * CX_MODEL_BUCKET + ((uint32_t)__builtin_ctz(hits | 1u << 16) >> 1);
        found += hits != 0;
    }
    for (size_t i = 0; i < found; i++)
        _mm_prefetch(rows + block->places[i] * row_bytes, _MM_HINT_T0);
    return found;
}

/* Two columns of a row are a number of 16 bits: `all` of these are added up, and the `upper` bytes by themselves. What is left is the sum of the
 * lower ones; they had 128 added to be without sign. */
struct halves {
    __m256i all, upper;
};

AVX2 static inline void add_part(struct halves *sums, const int8_t *columns)
{
    __m256i part = _mm256_xor_si256(_mm256_load_si256((const __m256i *)columns), _mm256_set1_epi16(0x80));
    sums->all = _mm256_add_epi16(sums->all, part);
    sums->upper = _mm256_add_epi16(sums->upper, _mm256_srai_epi16(part, 8));
}

AVX2 static inline void take_apart(struct halves halves, size_t count, int32_t *sums)
{
    int16_t upper[16];
    uint16_t lower[16];
    _mm256_storeu_si256((__m256i *)upper, halves.upper);
    _mm256_storeu_si256((__m256i *)lower, _mm256_sub_epi16(halves.all, _mm256_slli_epi16(halves.upper, 8)));
    for (size_t i = 0; i < 16; i++) {
        sums[2 * i] += lower[i] - 128 * (int32_t)count;
        sums[2 * i + 1] += upper[i];
    }
}

/* 32 columns of rows of any width. */
AVX2 static void add_32(const int8_t *rows, size_t width, const uint32_t *places, size_t count, int32_t *sums)
{
    struct halves a = { _mm256_setzero_si256(), _mm256_setzero_si256() };
    for (size_t i = 0; i < count; i++)
        add_part(&a, rows + places[i] * width);
    take_apart(a, count, sums);
}

/* Rows of one cache line. */
AVX2 static void add_64(const int8_t *rows, const uint32_t *places, size_t count, int32_t *sums)
{
    struct halves a = { _mm256_setzero_si256(), _mm256_setzero_si256() }, b = a;
    for (size_t i = 0; i < count; i++) {
        const int8_t *row = rows + (size_t)places[i] * 64;
        add_part(&a, row);
        add_part(&b, row + 32);
    }
    take_apart(a, count, sums);
    take_apart(b, count, sums + 32);
}

/* Rows of four columns. */
AVX2 static void add_4(const int8_t *rows, const uint32_t *places, size_t count, int32_t *sums)
{
    __m128i a = _mm_setzero_si128();
    for (size_t i = 0; i < count; i++) {
        int32_t row;
        memcpy(&row, rows + (size_t)places[i] * 4, sizeof row);
        a = _mm_add_epi16(a, _mm_cvtepi8_epi16(_mm_cvtsi32_si128(row)));
    }
    int16_t part[8];
    _mm_storeu_si128((__m128i *)part, a);
    for (size_t c = 0; c < 4; c++)
        sums[c] += part[c];
}

AVX2 static void add_avx2(const struct cx_model_table *table, const struct block *block, size_t count, int32_t *sums)
{
    if (table->row_bytes == 4) {
        add_4(table->rows, block->places, count, sums);
        return;
    }
    if (table->row_bytes == 64) {
        add_64(table->rows, block->places, count, sums);
        return;
    }
    for (uint32_t column = 0; column < table->row_bytes; column += 32)
        add_32(table->rows + column, table->row_bytes, block->places, count, sums + column);
}
#else
#define find_avx2 find_portable
#define add_avx2  add_portable
#endif

void rows_add(const struct cx_model_table *table, const uint32_t *features, size_t count, int32_t *sums)
{
    bool is_avx2 = kernel_is_avx2();
    struct block block;
    for (size_t at = 0; at < count; at += BLOCK) {
        size_t n = count - at < BLOCK ? count - at : BLOCK;
        size_t found = (is_avx2 ? find_avx2 : find_portable)(table, features + at, n, &block);
        (is_avx2 ? add_avx2 : add_portable)(table, &block, found, sums);
    }
}
