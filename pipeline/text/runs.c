/* runs.c - runs of characters, hashed as sums of products: one multiplication a character and no order between them, so that eight are done at once.
 * The upper bits of such a sum are the good ones; it is stirred, since tables read the upper and the lower half. */
#include "text/gather.h"
#include "text/kernel.h"

#define RUN_STIR 0x2c1b3c6d

static void hash_runs_portable(const struct runs *runs, const uint32_t *codes, size_t count, uint32_t *hashes)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = 0;
        for (size_t k = 0; k < runs->n; k++)
            hash += codes[i + k] * runs->factors[k];
        hash = (hash ^ hash >> 15) * RUN_STIR;
        hashes[i] = hash ^ hash >> 13;
    }
}

#if HAS_AVX2
AVX2 static inline __attribute__((always_inline)) void hash_eights(const struct runs *runs, size_t n, const uint32_t *codes, size_t count,
                                                                   uint32_t *hashes)
{
    for (size_t i = 0; i < count; i += 8) {
        __m256i hash = _mm256_setzero_si256();
        for (size_t k = 0; k < n; k++) {
            __m256i code = _mm256_loadu_si256((const __m256i *)(codes + i + k));
            hash = _mm256_add_epi32(hash, _mm256_mullo_epi32(code, _mm256_set1_epi32((int)runs->factors[k])));
        }
        hash = _mm256_mullo_epi32(_mm256_xor_si256(hash, _mm256_srli_epi32(hash, 15)), _mm256_set1_epi32(RUN_STIR));
        _mm256_storeu_si256((__m256i *)(hashes + i), _mm256_xor_si256(hash, _mm256_srli_epi32(hash, 13)));
    }
}

/* Reads and writes up to GATHER_SLACK more. */
AVX2 static void hash_runs_avx2(const struct runs *runs, const uint32_t *codes, size_t count, uint32_t *hashes)
{
    if (runs->n == 2)
        hash_eights(runs, 2, codes, count, hashes);
    else
        hash_eights(runs, runs->n, codes, count, hashes);
}
#else
#define hash_runs_avx2 hash_runs_portable
#endif

void gather_runs(struct gather *to, const struct runs *runs, const struct characters *characters)
{
    uint32_t count = runs_count(runs, characters->len);
    (kernel_is_avx2() ? hash_runs_avx2 : hash_runs_portable)(runs, characters->codes, count, to->hashes + to->count);
    for (size_t i = 0; i < count && to->spans != NULL; i++)
        to->spans[to->count + i] = (struct cx_span){ characters->starts[i], characters->starts[i + runs->n], CX_UNIT_RUN };
    to->count += count;
}
