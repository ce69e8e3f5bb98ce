/* Records of every type against Avro-C, both ways. */
#include <criterion/criterion.h>
#include "oracle.h"

static const struct cx_schema *const schemas[] = { &cx_interaction_schema, &cx_ledger_schema, &cx_identity_alias_schema, &cx_metric_minute_schema };
#define SCHEMAS (sizeof schemas / sizeof *schemas)
#define SEEDS   400

static void check_seed(const struct cx_schema *schema, struct oracle *oracle, struct cx_arena *arena, uint64_t seed)
{
    struct cx_buf theirs, ours, again;
    cx_buf_init(&theirs, 1 << 24);
    cx_buf_init(&ours, 1 << 24);
    cx_buf_init(&again, 1 << 24);
    oracle_random(oracle, seed, false, &theirs);
    void *record = cx_arena_alloc(arena, schema->struct_size);
    enum cx_decode_error error = schema->decode(arena, cx_buf_view(&theirs), record);
    cr_assert_eq(error, CX_DECODE_OK, "%s seed %lu: %s", schema->subject, (unsigned long)seed, cx_decode_error_text(error));
    schema->encode(&ours, record);
    cr_assert(cx_str_eq(cx_buf_view(&ours), cx_buf_view(&theirs)), "%s seed %lu: other bytes than Avro-C's", schema->subject, (unsigned long)seed);
    cr_assert(oracle_recode(oracle, cx_buf_view(&ours), &again), "%s seed %lu: Avro-C cannot read it", schema->subject, (unsigned long)seed);
    cr_assert(cx_str_eq(cx_buf_view(&again), cx_buf_view(&ours)));
    cx_buf_free(&theirs);
    cx_buf_free(&ours);
    cx_buf_free(&again);
}

Test(codec, reads_and_writes_what_avro_c_does)
{
    struct cx_arena *arena = cx_arena_new(64 << 20);
    for (size_t i = 0; i < SCHEMAS; i++) {
        struct oracle *oracle = oracle_new(schemas[i]->avsc);
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            check_seed(schemas[i], oracle, arena, seed);
            cx_arena_reset(arena);
        }
        oracle_free(oracle);
    }
    cx_arena_free(arena);
}

Test(codec, writes_an_untouched_record_that_avro_c_reads)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_buf ours, again;
    cx_buf_init(&ours, 1 << 20);
    cx_buf_init(&again, 1 << 20);
    for (size_t i = 0; i < SCHEMAS; i++) {
        struct oracle *oracle = oracle_new(schemas[i]->avsc);
        void *record = cx_arena_alloc(arena, schemas[i]->struct_size);
        schemas[i]->init(record);
        cx_buf_reset(&ours);
        cx_buf_reset(&again);
        schemas[i]->encode(&ours, record);
        cr_assert(oracle_recode(oracle, cx_buf_view(&ours), &again));
        cr_assert(cx_str_eq(cx_buf_view(&ours), cx_buf_view(&again)));
        oracle_free(oracle);
    }
    cx_buf_free(&ours);
    cx_buf_free(&again);
    cx_arena_free(arena);
}

Test(codec, writes_maps_sorted_by_key)
{
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_buf mixed, sorted;
    cx_buf_init(&mixed, 1 << 20);
    cx_buf_init(&sorted, 1 << 20);
    struct cx_str_entry entries[] = { { CX_STR("b"), CX_STR("2") }, { CX_STR("a"), CX_STR("1") }, { CX_STR("ab"), CX_STR("3") } };
    struct cx_str_entry in_order[] = { entries[1], entries[2], entries[0] };
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.attributes = (struct cx_str_map){ entries, 3 };
    cx_interaction_schema.encode(&mixed, &record);
    record.attributes = (struct cx_str_map){ in_order, 3 };
    cx_interaction_schema.encode(&sorted, &record);
    cr_assert(cx_str_eq(cx_buf_view(&mixed), cx_buf_view(&sorted)));
    cx_buf_free(&mixed);
    cx_buf_free(&sorted);
    cx_arena_free(arena);
}

Test(codec, sorts_maps_of_any_size)
{
    static struct cx_str_entry down[1000], up[1000];
    static char keys[1000][16];
    struct cx_buf mixed, sorted;
    struct cx_interaction record;
    cx_buf_init(&mixed, 1 << 20);
    cx_buf_init(&sorted, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        snprintf(keys[i], sizeof keys[i], "k%04d", i);
        up[i] = down[999 - i] = (struct cx_str_entry){ cx_str(keys[i]), cx_str(keys[i]) };
    }
    cx_interaction_init(&record);
    record.attributes = (struct cx_str_map){ down, 1000 };
    cx_interaction_schema.encode(&mixed, &record);
    record.attributes = (struct cx_str_map){ up, 1000 };
    cx_interaction_schema.encode(&sorted, &record);
    cr_assert(cx_str_eq(cx_buf_view(&mixed), cx_buf_view(&sorted)));
    cx_buf_reset(&mixed);
    cx_buf_reset(&sorted);
    cx_interaction_schema.to_json(&sorted, &record);
    record.attributes = (struct cx_str_map){ down, 1000 };
    cx_interaction_schema.to_json(&mixed, &record);
    cr_assert(cx_str_eq(cx_buf_view(&mixed), cx_buf_view(&sorted)));
    cx_buf_free(&mixed);
    cx_buf_free(&sorted);
}

Test(codec, writes_nothing_beyond_the_buffers_maximum)
{
    struct cx_buf out, small;
    struct cx_interaction record;
    cx_interaction_init(&record);
    cx_buf_init(&out, 1 << 16);
    cx_interaction_schema.encode(&out, &record);
    cx_buf_init(&small, out.len);
    cx_interaction_schema.encode(&small, &record);
    cr_assert(!small.overflow);
    cr_assert_eq(small.len, out.len);
    cx_buf_free(&small);
    cx_buf_init(&small, out.len - 1);
    cx_interaction_schema.encode(&small, &record);
    cr_assert(small.overflow);
    cr_assert_eq(small.len, 0);
    cx_buf_free(&out);
    cx_buf_free(&small);
}
