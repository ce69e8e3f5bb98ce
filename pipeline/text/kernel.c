/* kernel.c - the choice of a kernel: once, or as a test says. */
#include "text/kernel.h"

_Atomic int kernel_chosen = -1;

bool cx_model_use_kernel(enum cx_kernel kernel)
{
#if HAS_AVX2
    bool has_avx2 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
    bool is_here = kernel == CX_KERNEL_PORTABLE || has_avx2;
#else
    bool is_here = kernel == CX_KERNEL_PORTABLE;
#endif
    if (is_here)
        atomic_store(&kernel_chosen, (int)kernel);
    return is_here;
}

int kernel_choose(void)
{
    if (!cx_model_use_kernel(CX_KERNEL_AVX2))
        cx_model_use_kernel(CX_KERNEL_PORTABLE);
    return atomic_load(&kernel_chosen);
}
