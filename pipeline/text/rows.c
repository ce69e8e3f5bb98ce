/* rows.c - the kernels. Features are looked up and added in blocks of 256, so that their places fit on the stack and sums in 16 bits (256 * 127 <
 * 2^15). */
#include "text/rows.h"
#include <stdatomic.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define BLOCK 256

/* Places of the features that the table holds; adding their rows to sums. */
struct kernel {
    size_t (*find)(const struct cx_model_table *table, const uint32_t *features, size_t count, uint32_t *places);
    void (*add)(const struct cx_model_table *table, const uint32_t *places, size_t count, int32_t *sums);
};

static size_t find_portable(const struct cx_model_table *table, const uint32_t *features, size_t count, uint32_t *places)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t place = rows_find(table, features[i]);
        places[found] = (uint32_t)place;
        found += place >= 0;
    }
    return found;
}

static void add_portable(const struct cx_model_table *table, const uint32_t *places, size_t count, int32_t *sums)
{
    for (size_t i = 0; i < count; i++) {
        const int8_t *row = table->rows + (size_t)places[i] * table->row_bytes;
        for (uint32_t c = 0; c < table->row_bytes; c++)
            sums[c] += row[c];
    }
}

static const struct kernel portable = { find_portable, add_portable };

#if defined(__x86_64__)
#define AVX2  __attribute__((target("avx2,bmi")))
#define AHEAD 8 /* rows asked for before they are added */

AVX2 static size_t find_avx2(const struct cx_model_table *table, const uint32_t *features, size_t count, uint32_t *places)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bucket = cx_model_bucket(features[i], table->buckets);
        __m128i tags = _mm_load_si128((const __m128i *)table->tags + bucket), tag = _mm_set1_epi16((short)cx_model_tag(features[i]));
        uint32_t hits = (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi16(tags, tag));
        places[found] = bucket * CX_MODEL_BUCKET + ((uint32_t)__builtin_ctz(hits | 1u << 16) >> 1);
        found += hits != 0;
    }
    return found;
}

static void widen(const int16_t *part, size_t n, int32_t *sums)
{
    for (size_t c = 0; c < n; c++)
        sums[c] += part[c];
}

/* 32 columns of rows of any width. */
AVX2 static void add_32(const int8_t *rows, uint32_t width, const uint32_t *places, size_t count, int32_t *sums)
{
    __m256i a = _mm256_setzero_si256(), b = a;
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            _mm_prefetch(rows + (size_t)places[i + AHEAD] * width, _MM_HINT_T0);
        const __m128i *row = (const __m128i *)(rows + (size_t)places[i] * width);
        a = _mm256_add_epi16(a, _mm256_cvtepi8_epi16(_mm_load_si128(row)));
        b = _mm256_add_epi16(b, _mm256_cvtepi8_epi16(_mm_load_si128(row + 1)));
    }
    int16_t part[32];
    _mm256_storeu_si256((__m256i *)part, a);
    _mm256_storeu_si256((__m256i *)(part + 16), b);
    widen(part, 32, sums);
}

/* Rows of one cache line. */
AVX2 static void add_64(const int8_t *rows, const uint32_t *places, size_t count, int32_t *sums)
{
    __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            _mm_prefetch(rows + (size_t)places[i + AHEAD] * 64, _MM_HINT_T0);
        const __m128i *row = (const __m128i *)(rows + (size_t)places[i] * 64);
        a = _mm256_add_epi16(a, _mm256_cvtepi8_epi16(_mm_load_si128(row)));
        b = _mm256_add_epi16(b, _mm256_cvtepi8_epi16(_mm_load_si128(row + 1)));
        c = _mm256_add_epi16(c, _mm256_cvtepi8_epi16(_mm_load_si128(row + 2)));
        d = _mm256_add_epi16(d, _mm256_cvtepi8_epi16(_mm_load_si128(row + 3)));
    }
    int16_t part[64];
    _mm256_storeu_si256((__m256i *)part, a);
    _mm256_storeu_si256((__m256i *)(part + 16), b);
    _mm256_storeu_si256((__m256i *)(part + 32), c);
    _mm256_storeu_si256((__m256i *)(part + 48), d);
    widen(part, 64, sums);
}

/* Rows of four columns. */
AVX2 static void add_4(const int8_t *rows, const uint32_t *places, size_t count, int32_t *sums)
{
    __m128i a = _mm_setzero_si128();
    for (size_t i = 0; i < count; i++) {
        int32_t row;
        if (i + AHEAD < count)
            _mm_prefetch(rows + (size_t)places[i + AHEAD] * 4, _MM_HINT_T0);
        memcpy(&row, rows + (size_t)places[i] * 4, sizeof row);
        a = _mm_add_epi16(a, _mm_cvtepi8_epi16(_mm_cvtsi32_si128(row)));
    }
    int16_t part[8];
    _mm_storeu_si128((__m128i *)part, a);
    widen(part, 4, sums);
}

static void add_avx2(const struct cx_model_table *table, const uint32_t *places, size_t count, int32_t *sums)
{
    if (table->row_bytes == 4) {
        add_4(table->rows, places, count, sums);
        return;
    }
    if (table->row_bytes == 64) {
        add_64(table->rows, places, count, sums);
        return;
    }
    for (uint32_t column = 0; column < table->row_bytes; column += 32)
        add_32(table->rows + column, table->row_bytes, places, count, sums + column);
}

static const struct kernel avx2 = { find_avx2, add_avx2 };
#endif

static _Atomic(const struct kernel *) chosen;

bool cx_model_use_kernel(enum cx_kernel kernel)
{
    if (kernel == CX_KERNEL_PORTABLE) {
        atomic_store(&chosen, &portable);
        return true;
    }
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        atomic_store(&chosen, &avx2);
        return true;
    }
#endif
    return false;
}

static const struct kernel *kernel(void)
{
    if (atomic_load_explicit(&chosen, memory_order_relaxed) == NULL && !cx_model_use_kernel(CX_KERNEL_AVX2))
        cx_model_use_kernel(CX_KERNEL_PORTABLE);
    return atomic_load_explicit(&chosen, memory_order_relaxed);
}

void rows_add(const struct cx_model_table *table, const uint32_t *features, size_t count, int32_t *sums)
{
    const struct kernel *with = kernel();
    uint32_t places[BLOCK + 1];
    memset(sums, 0, table->row_bytes * sizeof *sums);
    for (size_t at = 0; at < count; at += BLOCK) {
        size_t n = count - at < BLOCK ? count - at : BLOCK;
        with->add(table, places, with->find(table, features + at, n, places), sums);
    }
}
