/* scores.c - the arithmetic of labels, one by one and eight at a time. Nothing is contracted to fused operations: the room is compiled so. */
#include "text/scores.h"
#include "text/kernel.h"

/* e^x = 2^n e^r, n whole and r small; ln 2 in two parts, so that r is exact. */
#define EXP_MOST 80.0f
#define LOG2_E   1.442695f
#define LN2_HIGH 0.693145752f
#define LN2_LOW  1.42860677e-6f
static const float taylor[] = { 1, 1, 0.5f, 0.166666667f, 0.0416666667f, 0.00833333333f, 0.00138888889f };

static float exponential(float x)
{
    x = x < -EXP_MOST ? -EXP_MOST : x > EXP_MOST ? EXP_MOST : x;
    float n = (float)(int)(x * LOG2_E + (x < 0 ? -0.5f : 0.5f)), r = x - n * LN2_HIGH - n * LN2_LOW;
    float p = taylor[6];
    for (int i = 5; i >= 0; i--)
        p = taylor[i] + r * p;
    union {
        uint32_t bits;
        float value;
    } power = { .bits = (uint32_t)((int)n + 127) << 23 };
    return p * power.value;
}

#if HAS_AVX2
AVX2 static inline __m256 eight(float value)
{
    return _mm256_set1_ps(value);
}

AVX2 static inline __m256i first_lanes(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n < 8 ? n : 8)), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

AVX2 static inline __m256 exponential_avx2(__m256 x)
{
    x = _mm256_min_ps(_mm256_max_ps(x, eight(-EXP_MOST)), eight(EXP_MOST));
    __m256 half = _mm256_or_ps(eight(0.5f), _mm256_and_ps(_mm256_cmp_ps(x, eight(0), _CMP_LT_OQ), eight(-0.0f)));
    __m256i whole = _mm256_cvttps_epi32(_mm256_add_ps(_mm256_mul_ps(x, eight(LOG2_E)), half));
    __m256 n = _mm256_cvtepi32_ps(whole);
    __m256 r = _mm256_sub_ps(_mm256_sub_ps(x, _mm256_mul_ps(n, eight(LN2_HIGH))), _mm256_mul_ps(n, eight(LN2_LOW)));
    __m256 p = eight(taylor[6]);
    for (int i = 5; i >= 0; i--)
        p = _mm256_add_ps(eight(taylor[i]), _mm256_mul_ps(r, p));
    __m256i power = _mm256_slli_epi32(_mm256_add_epi32(whole, _mm256_set1_epi32(127)), 23);
    return _mm256_mul_ps(p, _mm256_castsi256_ps(power));
}

AVX2 static void exponentials_avx2(float *values, size_t n, float less)
{
    for (size_t i = 0; i < n; i += 8) {
        __m256i lanes = first_lanes(n - i);
        __m256 x = _mm256_sub_ps(_mm256_maskload_ps(values + i, lanes), eight(less));
        _mm256_maskstore_ps(values + i, lanes, exponential_avx2(x));
    }
}

AVX2 static void logits_avx2(const struct cx_head *head, const int32_t *sums, float norm, float *logits)
{
    for (size_t i = 0; i < head->label_count; i += 8) {
        __m256 sum = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(sums + i))), eight(norm));
        __m256 logit = _mm256_add_ps(_mm256_loadu_ps(head->bias + i), _mm256_mul_ps(_mm256_loadu_ps(head->scale + i), sum));
        _mm256_maskstore_ps(logits + i, first_lanes(head->label_count - i), logit);
    }
}
#endif

void scores_exponentials(float *values, size_t n, float less)
{
#if HAS_AVX2
    if (kernel_is_avx2()) {
        exponentials_avx2(values, n, less);
        return;
    }
#endif
    for (size_t i = 0; i < n; i++)
        values[i] = exponential(values[i] - less);
}

void scores_logits(const struct cx_head *head, const int32_t *sums, float norm, float *logits)
{
#if HAS_AVX2
    if (kernel_is_avx2()) {
        logits_avx2(head, sums, norm, logits);
        return;
    }
#endif
    for (uint32_t i = 0; i < head->label_count; i++)
        logits[i] = head->bias[i] + head->scale[i] * ((float)sums[i] * norm);
}
