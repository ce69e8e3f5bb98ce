/* random.h - seeded numbers, the same on every machine (SplitMix64, Steele et al. 2014). */
#ifndef CX_LEARN_RANDOM_H
#define CX_LEARN_RANDOM_H
#include <stddef.h>
#include <stdint.h>

struct cx_random {
    uint64_t state;
};
static inline uint64_t cx_random_next(struct cx_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
/* 0 <= it < n. */
static inline size_t cx_random_below(struct cx_random *random, size_t n)
{
    return (size_t)((unsigned __int128)cx_random_next(random) * n >> 64);
}
/* 0 <= it < 1. */
static inline double cx_random_share(struct cx_random *random)
{
    return (double)(cx_random_next(random) >> 11) * 0x1p-53;
}
#endif
