/* record_fuzz.c - the first byte chooses one of our record types, the rest is its body: what is read must be written again to bytes that read the
 * same, and can be shown. */
#include "codec/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cx_schema *const schemas[] = { &cx_ledger_schema, &cx_identity_alias_schema, &cx_metric_minute_schema,
                                                       &cx_interaction_schema };
    static struct cx_arena *arena;
    if (arena == NULL)
        arena = cx_arena_new(256 << 20);
    if (size == 0)
        return 0;
    cx_arena_reset(arena);
    const struct cx_schema *schema = schemas[data[0] % 4];
    void *record = cx_arena_zalloc(arena, schema->struct_size), *again = cx_arena_zalloc(arena, schema->struct_size);
    if (schema->decode(arena, cx_str_n(data + 1, size - 1), record) != CX_DECODE_OK)
        return 0;
    struct cx_buf first, second, json;
    cx_buf_init(&first, 64 << 20);
    cx_buf_init(&second, 64 << 20);
    cx_buf_init(&json, 64 << 20);
    schema->encode(&first, record);
    schema->to_json(&json, record);
    cx_assert(schema->decode(arena, cx_buf_view(&first), again) == CX_DECODE_OK);
    schema->encode(&second, again);
    cx_assert(cx_str_eq(cx_buf_view(&first), cx_buf_view(&second)));
    cx_buf_free(&first);
    cx_buf_free(&second);
    cx_buf_free(&json);
    return 0;
}
