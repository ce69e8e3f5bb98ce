/* scores.c - the arithmetic of labels, one by one and eight at a time. Nothing is contracted to fused operations: the room is compiled so. */
#include "text/scores.h"
#include "text/kernel.h"

/* e^x = 2^n e^r, n whole and r small; ln 2 in two parts, so that r is exact. */
#define EXP_MOST 80.0f
#define LOG2_E   1.442695f
#define LN2_HIGH 0.693145752f
#define LN2_LOW  1.42860677e-6f
#define LEAST    -3e38f
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

/* The first n lanes. Heads stand side by side: a masked store over the next one's values would make it wait. */
AVX2 static inline void store_first(float *to, __m256 values, size_t n)
{
    if (n >= 8) {
        _mm256_storeu_ps(to, values);
        return;
    }
    __m128 rest = _mm256_castps256_ps128(values);
    if (n & 4) {
        _mm_storeu_ps(to, rest);
        rest = _mm256_extractf128_ps(values, 1);
        to += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)to, rest);
        rest = _mm_movehl_ps(rest, rest);
        to += 2;
    }
    if (n & 1)
        _mm_store_ss(to, rest);
}

/* The first lanes as they are, and what is less than any logit. */
AVX2 static inline __m256 or_least(__m256 values, __m256i lanes)
{
    return _mm256_blendv_ps(eight(LEAST), values, _mm256_castsi256_ps(lanes));
}

AVX2 static inline __m256 largest(__m256 a)
{
    a = _mm256_max_ps(a, _mm256_permute2f128_ps(a, a, 1));
    a = _mm256_max_ps(a, _mm256_shuffle_ps(a, a, 0x4e));
    return _mm256_max_ps(a, _mm256_shuffle_ps(a, a, 0xb1));
}

/* Of lanes 0..7: ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)). */
AVX2 static inline __m256 total(__m256 a)
{
    a = _mm256_add_ps(a, _mm256_permute2f128_ps(a, a, 1));
    a = _mm256_add_ps(a, _mm256_shuffle_ps(a, a, 0x4e));
    return _mm256_add_ps(a, _mm256_shuffle_ps(a, a, 0xb1));
}

AVX2 static void one_of_avx2(float *values, size_t n)
{
    __m256 most = eight(LEAST), sum = eight(0);
    for (size_t i = 0; i < n; i += 8)
        most = _mm256_max_ps(most, or_least(_mm256_maskload_ps(values + i, first_lanes(n - i)), first_lanes(n - i)));
    most = largest(most);
    for (size_t i = 0; i < n; i += 8) {
        __m256i lanes = first_lanes(n - i);
        __m256 power = exponential_avx2(_mm256_sub_ps(_mm256_maskload_ps(values + i, lanes), most));
        sum = _mm256_add_ps(sum, _mm256_and_ps(power, _mm256_castsi256_ps(lanes)));
        store_first(values + i, power, n - i);
    }
    sum = total(sum);
    for (size_t i = 0; i < n; i += 8) {
        store_first(values + i, _mm256_div_ps(_mm256_maskload_ps(values + i, first_lanes(n - i)), sum), n - i);
    }
}

AVX2 static void any_of_avx2(float *values, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        __m256i lanes = first_lanes(n - i);
        __m256 power = exponential_avx2(_mm256_xor_ps(_mm256_maskload_ps(values + i, lanes), eight(-0.0f)));
        store_first(values + i, _mm256_div_ps(eight(1), _mm256_add_ps(eight(1), power)), n - i);
    }
}

/* Eight logits from label i on. */
AVX2 static inline __m256 eight_logits(const struct cx_head *head, const int32_t *sums, float norm, size_t i)
{
    __m256 sum = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(sums + i))), eight(norm));
    return _mm256_add_ps(_mm256_loadu_ps(head->bias + i), _mm256_mul_ps(_mm256_loadu_ps(head->scale + i), sum));
}

AVX2 static void logits_avx2(const struct cx_head *head, const int32_t *sums, float norm, float *logits)
{
    for (size_t i = 0; i < head->label_count; i += 8)
        store_first(logits + i, eight_logits(head, sums, norm, i), head->label_count - i);
}

AVX2 static size_t near_avx2(const struct cx_head *head, const int32_t *sums, float norm, float lead)
{
    size_t near = 0, n = head->label_count;
    __m256 most = eight(LEAST);
    for (size_t i = 0; i < n; i += 8)
        most = _mm256_max_ps(most, or_least(eight_logits(head, sums, norm, i), first_lanes(n - i)));
    most = _mm256_sub_ps(largest(most), eight(lead));
    for (size_t i = 0; i < n; i += 8) {
        __m256 logits = or_least(eight_logits(head, sums, norm, i), first_lanes(n - i));
        near += (size_t)__builtin_popcount((uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(logits, most, _CMP_GT_OQ)));
    }
    return near;
}
#endif

/* ---- one by one, in the order of lanes ---- */

static float logit_of(const struct cx_head *head, const int32_t *sums, float norm, size_t i)
{
    return head->bias[i] + head->scale[i] * ((float)sums[i] * norm);
}

static void one_of_portable(float *values, size_t n)
{
    float most = values[0], lanes[8] = { 0 };
    for (size_t i = 1; i < n; i++)
        most = values[i] > most ? values[i] : most;
    for (size_t i = 0; i < n; i++)
        lanes[i % 8] += values[i] = exponential(values[i] - most);
    float sum = ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    for (size_t i = 0; i < n; i++)
        values[i] /= sum;
}

static size_t near_portable(const struct cx_head *head, const int32_t *sums, float norm, float lead)
{
    float most = logit_of(head, sums, norm, 0);
    size_t near = 0;
    for (size_t i = 1; i < head->label_count; i++)
        most = logit_of(head, sums, norm, i) > most ? logit_of(head, sums, norm, i) : most;
    for (size_t i = 0; i < head->label_count; i++)
        near += logit_of(head, sums, norm, i) > most - lead;
    return near;
}

/* ---- either ---- */

void scores_one_of(float *values, size_t n)
{
#if HAS_AVX2
    if (kernel_is_avx2()) {
        one_of_avx2(values, n);
        return;
    }
#endif
    one_of_portable(values, n);
}

void scores_any_of(float *values, size_t n)
{
#if HAS_AVX2
    if (kernel_is_avx2()) {
        any_of_avx2(values, n);
        return;
    }
#endif
    for (size_t i = 0; i < n; i++)
        values[i] = 1 / (1 + exponential(-values[i]));
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
        logits[i] = logit_of(head, sums, norm, i);
}

size_t scores_near(const struct cx_head *head, const int32_t *sums, float norm, float lead)
{
#if HAS_AVX2
    if (kernel_is_avx2())
        return near_avx2(head, sums, norm, lead);
#endif
    return near_portable(head, sums, norm, lead);
}
