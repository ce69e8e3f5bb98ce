/* scores.c - the arithmetic of labels, one by one and eight at a time. Nothing is contracted to fused operations: the room is compiled so. */
#include "text/scores.h"
#include "text/kernel.h"

/* e^x = 2^n e^r, n whole and r small, for x up to EXP_MOST either way; ln 2 in two parts, so that r is exact. */
#define EXP_MOST 80.0f
#define LOG2_E   1.442695f
#define LN2_HIGH 0.693145752f
#define LN2_LOW  1.42860677e-6f
#define LEAST    -3e38f
/* Sums of powers of what is no larger are far from overflowing. */
#define MODERATE 60.0f
static const float taylor[] = { 1, 1, 0.5f, 0.166666667f, 0.0416666667f, 0.00833333333f, 0.00138888889f };

static float exponential(float x)
{
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

AVX2 static inline __m256 is_far(__m256 values)
{
    return _mm256_cmp_ps(_mm256_andnot_ps(eight(-0.0f), values), eight(MODERATE), _CMP_NLE_UQ);
}

/* e^x of all values; false, and nothing done, where one is not moderate. */
AVX2 static bool powers_avx2(float *values, size_t n)
{
    size_t eights = n / 8 * 8;
    __m256 rest = _mm256_maskload_ps(values + eights, first_lanes(n - eights)), far = is_far(rest);
    for (size_t i = 0; i < eights; i += 8)
        far = _mm256_or_ps(far, is_far(_mm256_loadu_ps(values + i)));
    if (_mm256_movemask_ps(far) != 0)
        return false;
    for (size_t i = 0; i < eights; i += 8)
        _mm256_storeu_ps(values + i, exponential_avx2(_mm256_loadu_ps(values + i)));
    store_first(values + eights, exponential_avx2(rest), n - eights);
    return true;
}

/* Powers to shares of their sum; four at a time, what is left one by one. */
AVX2 static void shares_avx2(float *powers, size_t n)
{
    __m128 sums = _mm_setzero_ps();
    float lanes[4];
    size_t fours = n / 4 * 4;
    for (size_t i = 0; i < fours; i += 4)
        sums = _mm_add_ps(sums, _mm_loadu_ps(powers + i));
    _mm_storeu_ps(lanes, sums);
    for (size_t i = fours; i < n; i++)
        lanes[i - fours] += powers[i];
    float part = 1 / ((lanes[0] + lanes[2]) + (lanes[1] + lanes[3]));
    for (size_t i = 0; i < fours; i += 4)
        _mm_storeu_ps(powers + i, _mm_mul_ps(_mm_loadu_ps(powers + i), _mm_set1_ps(part)));
    for (size_t i = fours; i < n; i++)
        powers[i] *= part;
}

/* Eight logits from label i on. */
AVX2 static inline __m256 eight_logits(const float *scale, const float *bias, const int32_t *sums, float norm, size_t i)
{
    __m256 sum = _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_loadu_si256((const __m256i *)(sums + i))), eight(norm));
    return _mm256_add_ps(_mm256_loadu_ps(bias + i), _mm256_mul_ps(_mm256_loadu_ps(scale + i), sum));
}

AVX2 static void logits_avx2(const struct cx_model_run *run, const int32_t *sums, float norm, float *logits)
{
    size_t eights = run->count / 8 * 8;
    for (size_t i = 0; i < eights; i += 8)
        _mm256_storeu_ps(logits + i, eight_logits(run->scale, run->bias, sums, norm, i));
    if (eights < run->count)
        store_first(logits + eights, eight_logits(run->scale, run->bias, sums, norm, eights), run->count - eights);
}

AVX2 static size_t near_avx2(const struct cx_head *head, const int32_t *sums, float norm, float lead)
{
    size_t near = 0, n = head->label_count;
    float logits[CX_MODEL_LABELS + SCORES_SLACK];
    __m256 most = eight(LEAST);
    for (size_t i = 0; i < n; i += 8) {
        __m256 some = or_least(eight_logits(head->scale, head->bias, sums, norm, i), first_lanes(n - i));
        _mm256_storeu_ps(logits + i, some);
        most = _mm256_max_ps(most, some);
    }
    most = _mm256_sub_ps(largest(most), eight(lead));
    for (size_t i = 0; i < n; i += 8)
        near += (size_t)__builtin_popcount((uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(logits + i), most, _CMP_GT_OQ)));
    return near;
}
#endif

/* ---- one by one, in the order of lanes ---- */

static float logit_of(const struct cx_head *head, const int32_t *sums, float norm, size_t i)
{
    return head->bias[i] + head->scale[i] * ((float)sums[i] * norm);
}

static bool powers_portable(float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!(values[i] <= MODERATE && values[i] >= -MODERATE))
            return false;
    for (size_t i = 0; i < n; i++)
        values[i] = exponential(values[i]);
    return true;
}

static void shares_portable(float *powers, size_t n)
{
    float lanes[4] = { 0 };
    for (size_t i = 0; i < n; i++)
        lanes[i % 4] += powers[i];
    float part = 1 / ((lanes[0] + lanes[2]) + (lanes[1] + lanes[3]));
    for (size_t i = 0; i < n; i++)
        powers[i] *= part;
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

static bool powers_of(float *values, size_t n)
{
#if HAS_AVX2
    if (kernel_is_avx2())
        return powers_avx2(values, n);
#endif
    return powers_portable(values, n);
}

/* Powers of the labels of a head to their scores. */
static void share(const struct cx_head *head, float *powers)
{
    if (head->kind == CX_HEAD_ANY_OF) {
        for (uint32_t i = 0; i < head->label_count; i++)
            powers[i] /= 1 + powers[i];
        return;
    }
#if HAS_AVX2
    if (kernel_is_avx2()) {
        shares_avx2(powers, head->label_count);
        return;
    }
#endif
    shares_portable(powers, head->label_count);
}

static float clamp(float x)
{
    return x > EXP_MOST ? EXP_MOST : x > -EXP_MOST ? x : -EXP_MOST; /* what is no number, too */
}

/* The same of logits that are far from 0: what counts are differences to the largest one. */
static void score_far(const struct cx_head *head, float *values)
{
    float most = head->kind == CX_HEAD_ANY_OF ? 0 : values[0];
    for (uint32_t i = 1; i < head->label_count && head->kind == CX_HEAD_ONE_OF; i++)
        most = values[i] > most ? values[i] : most;
    for (uint32_t i = 0; i < head->label_count; i++)
        values[i] = exponential(clamp(values[i] - most));
    share(head, values);
}

static float lifted(float logit, float lift)
{
    if (!(logit > -2 * lift && logit < lift))
        return logit;
    return logit < -lift ? 2 * (logit + lift) : (logit + lift) / 2;
}

static void lift_all(const struct cx_head *heads, size_t n, float *values)
{
    for (size_t h = 0; h < n; h++) {
        float *own = values + (heads[h].first - heads[0].first);
        for (uint32_t i = 0; heads[h].lift > 0 && i < heads[h].label_count; i++)
            own[i] = lifted(own[i], heads[h].lift);
    }
}

void scores_of(const struct cx_head *heads, size_t n, float *values)
{
    uint32_t first = heads[0].first;
    lift_all(heads, n, values);
    if (n > 1 && powers_of(values, heads[n - 1].first + heads[n - 1].label_count - first)) {
        for (size_t h = 0; h < n; h++)
            share(&heads[h], values + (heads[h].first - first));
        return;
    }
    for (size_t h = 0; h < n; h++) {
        float *own = values + (heads[h].first - first);
        if (powers_of(own, heads[h].label_count))
            share(&heads[h], own);
        else
            score_far(&heads[h], own);
    }
}

void scores_logits(const struct cx_model_run *run, const int32_t *sums, float norm, float *logits)
{
#if HAS_AVX2
    if (kernel_is_avx2()) {
        logits_avx2(run, sums, norm, logits);
        return;
    }
#endif
    for (uint32_t i = 0; i < run->count; i++)
        logits[i] = run->bias[i] + run->scale[i] * ((float)sums[i] * norm);
}

size_t scores_near(const struct cx_head *head, const int32_t *sums, float norm, float lead)
{
#if HAS_AVX2
    if (kernel_is_avx2())
        return near_avx2(head, sums, norm, lead);
#endif
    return near_portable(head, sums, norm, lead);
}
