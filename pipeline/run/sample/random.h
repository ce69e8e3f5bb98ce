/* random.h - numbers that look random and are a function of what they are asked for. Integers only: the same on every machine. */
#ifndef CX_SAMPLE_RANDOM_H
#define CX_SAMPLE_RANDOM_H
#include <stdbool.h>
#include <stdint.h>

static inline uint64_t cx_sample_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}
/* A number for the pair. */
static inline uint64_t cx_sample_hash(uint64_t a, uint64_t b)
{
    return cx_sample_mix(cx_sample_mix(a) ^ b);
}

/* A sequence of them. */
struct cx_sample_dice {
    uint64_t state;
};
static inline uint64_t cx_sample_roll(struct cx_sample_dice *dice)
{
    dice->state += 0x9e3779b97f4a7c15u;
    return cx_sample_mix(dice->state);
}
/* 0..n-1 */
static inline uint64_t cx_sample_below(struct cx_sample_dice *dice, uint64_t n)
{
    return (uint64_t)((unsigned __int128)cx_sample_roll(dice) * n >> 64);
}
static inline bool cx_sample_chance(struct cx_sample_dice *dice, unsigned per_thousand)
{
    return cx_sample_below(dice, 1000) < per_thousand;
}
#endif
