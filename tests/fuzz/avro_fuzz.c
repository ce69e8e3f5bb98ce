/* The Interaction decoder. What it accepts must be written again, and read back to the same bytes. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cx_arena *arena;
    if (arena == NULL)
        arena = cx_arena_new(256 << 20);
    cx_arena_reset(arena);
    struct cx_interaction record, again;
    if (cx_interaction_schema.decode(arena, cx_str_n(data, size), &record) != CX_DECODE_OK)
        return 0;
    struct cx_buf first, second, json;
    cx_buf_init(&first, 64 << 20);
    cx_buf_init(&second, 64 << 20);
    cx_buf_init(&json, 64 << 20);
    cx_interaction_schema.encode(&first, &record);
    cx_interaction_schema.to_json(&json, &record);
    cx_assert(cx_interaction_schema.decode(arena, cx_buf_view(&first), &again) == CX_DECODE_OK);
    cx_interaction_schema.encode(&second, &again);
    cx_assert(cx_str_eq(cx_buf_view(&first), cx_buf_view(&second)));
    cx_buf_free(&first);
    cx_buf_free(&second);
    cx_buf_free(&json);
    return 0;
}
