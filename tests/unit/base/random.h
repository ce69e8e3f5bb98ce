/* random.h - the same numbers in every run: a property that fails, fails again. */
#ifndef CX_TEST_RANDOM_H
#define CX_TEST_RANDOM_H
#include <stdint.h>

static uint64_t random_state = 0x2545f4914f6cdd1d;

static inline uint64_t random_u64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x9e3779b97f4a7c15u;
}

/* 0 .. n - 1 */
static inline unsigned random_below(unsigned n)
{
    return (unsigned)((random_u64() >> 32) % n);
}
#endif
