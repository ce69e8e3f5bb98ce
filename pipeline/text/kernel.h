/* kernel.h - which of several ways to compute the same bits this machine takes. */
#ifndef CX_TEXT_KERNEL_H
#define CX_TEXT_KERNEL_H
#include "text/model.h"
#include <stdatomic.h>

#if defined(__x86_64__)
#define HAS_AVX2 1
#define AVX2     __attribute__((target("avx2,bmi,bmi2,popcnt")))
#include <immintrin.h>
#else
#define HAS_AVX2 0
#endif

extern _Atomic int kernel_chosen; /* enum cx_kernel; -1: not yet */
int kernel_choose(void);

static inline bool kernel_is_avx2(void)
{
    int kernel = atomic_load_explicit(&kernel_chosen, memory_order_relaxed);
    return HAS_AVX2 && (kernel >= 0 ? kernel : kernel_choose()) == CX_KERNEL_AVX2;
}
#endif
