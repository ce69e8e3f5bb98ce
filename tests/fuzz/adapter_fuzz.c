/* adapter_fuzz.c - any bytes as a channel adapter: a place and a sentence, or an adapter. */
#include "stages/normalize/adapter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx_arena *arena = cx_arena_new((size_t)1 << 30);
    struct cx_error err = { 0 };
    struct normalize_adapter adapter = { 0 };
    if (normalize_adapter_compile(arena, "fuzz.yaml", cx_str_n(data, size), &adapter, &err) != 0)
        cx_assert(err.exit == CX_EXIT_CONFIG && err.text[0]);
    else
        cx_assert(adapter.name.len > 0);
    cx_arena_free(arena);
    return 0;
}
