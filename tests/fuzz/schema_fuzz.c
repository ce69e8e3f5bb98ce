/* schema_fuzz.c - any bytes as the schema of a writer, as a registry hands it out: a sentence, or a type that a plan to ours can be made of. */
#include "codec/avro_schema.h"
#include "codec/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct cx_schema *const ours[] = { &cx_interaction_schema, &cx_identity_alias_schema };
    struct cx_arena *arena = cx_arena_new(CX_SCHEMA_MEMORY);
    struct cx_error err = { 0 };
    const struct cx_avro_type *writer = cx_avro_schema_parse(arena, cx_str_n(data, size), &err);
    if (writer == NULL)
        cx_assert(err.text[0] != '\0');
    for (size_t i = 0; writer != NULL && i < 2; i++)
        (void)cx_plan_make(arena, writer, cx_avro_schema_parse(arena, ours[i]->avsc, NULL));
    cx_arena_free(arena);
    return 0;
}
