/* A stage's section written behind the bytes that were there. */
#include <criterion/criterion.h>
#include "oracle.h"

static struct cx_arena *arena;
static struct oracle *oracle;
static void setup(void)
{
    arena = cx_arena_new(64 << 20);
    oracle = oracle_new(cx_interaction_schema.avsc);
}
static void teardown(void)
{
    oracle_free(oracle);
    cx_arena_free(arena);
}
TestSuite(codec_splice, .init = setup, .fini = teardown);

static struct cx_str random_wire(uint64_t seed)
{
    struct cx_buf wire;
    cx_buf_init(&wire, 1 << 24);
    cx_wire_header(&wire, cx_interaction_schema.id);
    oracle_random(oracle, seed, false, &wire);
    struct cx_str copy = cx_arena_copy(arena, cx_buf_view(&wire));
    cx_buf_free(&wire);
    return copy;
}

/* Takes sections `from` and later from another record. */
static void take_sections(struct cx_interaction *record, const struct cx_interaction *other, enum cx_section from)
{
    if (from <= CX_SECTION_CLASSIFICATION)
        record->classification = other->classification;
    if (from <= CX_SECTION_DUPLICATE)
        record->duplicate = other->duplicate;
    if (from <= CX_SECTION_IDENTITY)
        record->identity = other->identity;
    if (from <= CX_SECTION_CONTEXT)
        record->context = other->context;
    if (from <= CX_SECTION_ROUTING)
        record->routing = other->routing;
}

Test(codec_splice, gives_the_bytes_of_encoding_the_whole)
{
    struct cx_buf whole, spliced;
    cx_buf_init(&whole, 1 << 24);
    cx_buf_init(&spliced, 1 << 24);
    for (uint64_t seed = 0; seed < 200; seed++)
        for (int from = 0; from < CX_SECTIONS; from++) {
            struct cx_interaction record, other;
            struct cx_spliceable splice, unused;
            cx_buf_reset(&whole);
            cx_buf_reset(&spliced);
            cr_assert_eq(cx_interaction_open(arena, random_wire(seed), &record, &splice), CX_DECODE_OK);
            cr_assert_eq(cx_interaction_open(arena, random_wire(seed + 1000), &other, &unused), CX_DECODE_OK);
            take_sections(&record, &other, (enum cx_section)from);
            cx_wire_encode(&whole, &cx_interaction_schema, &record);
            cx_interaction_splice(&spliced, &record, &splice, (enum cx_section)from);
            cr_assert(cx_str_eq(cx_buf_view(&whole), cx_buf_view(&spliced)), "seed %lu section %d", (unsigned long)seed, from);
            cx_arena_reset(arena);
        }
    cx_buf_free(&whole);
    cx_buf_free(&spliced);
}

Test(codec_splice, keeps_the_bytes_before_the_section_even_where_the_struct_differs)
{
    struct cx_interaction record;
    struct cx_spliceable splice;
    struct cx_buf spliced;
    cx_buf_init(&spliced, 1 << 24);
    struct cx_str wire = random_wire(3);
    cr_assert_eq(cx_interaction_open(arena, wire, &record, &splice), CX_DECODE_OK);
    record.tenant = CX_STR("another");
    cx_interaction_splice(&spliced, &record, &splice, CX_SECTION_ROUTING);
    cr_assert(cx_str_eq(cx_buf_view(&spliced), wire));
    cx_buf_free(&spliced);
}

Test(codec_splice, encodes_the_whole_record_where_there_is_nothing_to_copy)
{
    struct cx_interaction record;
    struct cx_spliceable splice = { .body = CX_STR_NULL };
    struct cx_buf whole, spliced;
    cx_buf_init(&whole, 1 << 24);
    cx_buf_init(&spliced, 1 << 24);
    cx_interaction_init(&record);
    cx_wire_encode(&whole, &cx_interaction_schema, &record);
    cx_interaction_splice(&spliced, &record, &splice, CX_SECTION_IDENTITY);
    cr_assert(cx_str_eq(cx_buf_view(&whole), cx_buf_view(&spliced)));
    cx_buf_free(&whole);
    cx_buf_free(&spliced);
}
