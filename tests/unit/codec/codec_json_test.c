/* Records as canonical JSON, there and back. */
#include <criterion/criterion.h>
#include "oracle.h"

static struct cx_arena *arena;
static struct cx_buf out;
static struct cx_str path;
static const char *why;
static void setup(void)
{
    arena = cx_arena_new(64 << 20);
    cx_buf_init(&out, 1 << 24);
}
static void teardown(void)
{
    cx_arena_free(arena);
    cx_buf_free(&out);
}
TestSuite(codec_json, .init = setup, .fini = teardown);

static const struct cx_json *parse(struct cx_str text)
{
    struct cx_json_fault fault;
    const struct cx_json *node = cx_json_parse(arena, text, &fault);
    cr_assert_not_null(node, "%s at %zu: %.*s", cx_json_error_text(fault.error), fault.offset, CX_STR_ARG(text));
    return node;
}

static bool read_alias(const char *text, struct cx_identity_alias *record)
{
    return cx_identity_alias_schema.from_json(arena, parse(cx_str(text)), record, &path, &why);
}

#define ALIAS(more)                                                                                                                                  \
    "{\"from\":\"00112233445566778899aabbccddeeff\",\"to\":\"00112233445566778899aabbccddeeff\",\"tenant\":\"acme\",\"op\":\"self\","                \
    "\"cause\":{\"topic\":\"t\",\"partition\":1,\"offset\":2}," more "}"

Test(codec_json, is_read_back_as_it_was)
{
    const struct cx_schema *schemas[] = { &cx_interaction_schema, &cx_ledger_schema, &cx_identity_alias_schema, &cx_metric_minute_schema };
    struct cx_buf avro, again;
    cx_buf_init(&avro, 1 << 24);
    cx_buf_init(&again, 1 << 24);
    for (size_t i = 0; i < 4; i++) {
        struct oracle *oracle = oracle_new(schemas[i]->avsc);
        for (uint64_t seed = 0; seed < 300; seed++) {
            cx_buf_reset(&avro);
            cx_buf_reset(&again);
            cx_buf_reset(&out);
            oracle_random(oracle, seed, true, &avro);
            void *record = cx_arena_alloc(arena, schemas[i]->struct_size), *back = cx_arena_alloc(arena, schemas[i]->struct_size);
            cr_assert_eq(schemas[i]->decode(arena, cx_buf_view(&avro), record), CX_DECODE_OK);
            schemas[i]->to_json(&out, record);
            bool ok = schemas[i]->from_json(arena, parse(cx_buf_view(&out)), back, &path, &why);
            cr_assert(ok, "%s seed %lu: %.*s %s", schemas[i]->subject, (unsigned long)seed, CX_STR_ARG(path), why);
            schemas[i]->encode(&again, back);
            cr_assert(cx_str_eq(cx_buf_view(&again), cx_buf_view(&avro)), "%s seed %lu: %.*s", schemas[i]->subject, (unsigned long)seed, (int)out.len,
                      out.ptr);
            cx_arena_reset(arena);
        }
        oracle_free(oracle);
    }
    cx_buf_free(&avro);
    cx_buf_free(&again);
}

Test(codec_json, is_written_in_schema_order_with_nulls_times_and_hex_ids)
{
    struct cx_identifier matched = { CX_STR("email"), CX_STR("a@b.com"), CX_STR_NULL };
    struct cx_identity_alias record;
    cx_identity_alias_init(&record);
    for (int i = 0; i < 16; i++)
        record.to.bytes[i] = (uint8_t)(0xa0 + i);
    record.tenant = CX_STR("acme");
    record.op = CX_ALIAS_OP_MERGE;
    record.matched = (struct cx_identifier_list){ &matched, 1 };
    record.occurred_at = INT64_C(1795320000000);
    cx_identity_alias_schema.to_json(&out, &record);
    cr_assert(cx_str_eq(cx_buf_view(&out),
                        CX_STR("{\"from\":\"00000000000000000000000000000000\",\"to\":\"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\",\"tenant\":\"acme\","
                               "\"epoch\":0,\"op\":\"merge\",\"cause\":{\"topic\":\"\",\"partition\":0,\"offset\":0,\"index\":0,\"generation\":0},"
                               "\"matched\":[{\"type\":\"email\",\"value\":\"a@b.com\",\"scope\":null}],"
                               "\"occurred_at\":\"2026-11-22T04:00:00.000Z\"}")),
              "%.*s", (int)out.len, out.ptr);
}

Test(codec_json, shows_every_section_even_where_it_is_null)
{
    struct cx_interaction record;
    cx_interaction_init(&record);
    cx_interaction_schema.to_json(&out, &record);
    struct cx_str text = cx_buf_view(&out),
                  end = CX_STR("\"attributes\":{},\"classification\":null,\"duplicate\":null,\"identity\":null,\"context\":null,\"routing\":null}");
    cr_assert(cx_str_eq(cx_str_skip(text, text.len - end.len), end), "%.*s", (int)out.len, out.ptr);
}

Test(codec_json, floats_are_as_short_as_their_type_allows)
{
    struct cx_classification classification;
    struct cx_rating rating = { 0.1, 5 };
    struct cx_interaction record;
    cx_interaction_init(&record);
    cx_classification_init(&classification);
    classification.language_confidence = 0.1f;
    classification.toxicity = (struct cx_opt_f64){ true, (double)0.7f };
    record.classification = &classification;
    record.rating = &rating;
    cx_interaction_schema.to_json(&out, &record);
    const struct cx_json *node = parse(cx_buf_view(&out)), *section = cx_json_get(node, CX_STR("classification"));
    cr_assert(cx_str_is(cx_json_get(section, CX_STR("language_confidence"))->text, "0.1"));
    cr_assert(cx_str_is(cx_json_get(section, CX_STR("toxicity"))->text, "0.7"));
    cr_assert(cx_str_is(cx_json_get(cx_json_get(node, CX_STR("rating")), CX_STR("value"))->text, "0.1"));
}

Test(codec_json, times_may_be_rfc_3339_or_milliseconds)
{
    struct cx_identity_alias record;
    static const char *const texts[] = { ALIAS("\"epoch\":0,\"occurred_at\":\"2026-11-22T07:00:00+03:00\""),
                                         ALIAS("\"epoch\":0,\"occurred_at\":1795320000000"), ALIAS("\"epoch\":0,\"occurred_at\":\"1795320000000\"") };
    for (size_t i = 0; i < 3; i++) {
        cr_assert(read_alias(texts[i], &record), "%s: %.*s %s", texts[i], CX_STR_ARG(path), why);
        cr_assert_eq(record.occurred_at, INT64_C(1795320000000));
    }
    cr_assert(!read_alias(ALIAS("\"epoch\":0,\"occurred_at\":\"yesterday\""), &record));
    cr_assert(cx_str_is(path, "occurred_at"));
}

Test(codec_json, missing_members_take_their_default_and_those_without_one_are_named)
{
    struct cx_identity_alias record;
    cr_assert(read_alias(ALIAS("\"epoch\":3,\"occurred_at\":0"), &record));
    cr_assert_eq(record.cause.generation, 0);
    cr_assert_eq(record.matched.len, 0);
    cr_assert(read_alias(ALIAS("\"epoch\":3,\"occurred_at\":0,\"matched\":null,\"unheard_of\":1"), &record));
    cr_assert(!read_alias(ALIAS("\"epoch\":3"), &record));
    cr_assert(cx_str_is(path, "occurred_at"));
    cr_assert_str_eq(why, "is missing");
    cr_assert(!read_alias(ALIAS("\"epoch\":null,\"occurred_at\":0"), &record));
    cr_assert(cx_str_is(path, "epoch"));
}

Test(codec_json, says_which_member_is_wrong)
{
    struct cx_identity_alias record;
    static const struct {
        const char *text, *path;
    } cases[] = {
        { ALIAS("\"epoch\":\"3\",\"occurred_at\":0"), "epoch" },
        { ALIAS("\"epoch\":1.5,\"occurred_at\":0"), "epoch" },
        { ALIAS("\"epoch\":9223372036854775808,\"occurred_at\":0"), "epoch" },
        { ALIAS("\"epoch\":1,\"occurred_at\":0,\"matched\":{}"), "matched" },
        { ALIAS("\"epoch\":1,\"occurred_at\":0,\"matched\":[{\"type\":\"a\",\"value\":\"b\"},{\"type\":\"a\",\"value\":7}]"), "matched[1].value" },
        { ALIAS("\"epoch\":1,\"occurred_at\":0,\"matched\":[7]"), "matched[0]" },
        { "{\"from\":\"0011\"}", "from" },
        { "{\"op\":\"divorce\"}", "op" },
        { "{\"cause\":{\"topic\":\"t\",\"partition\":2147483648}}", "cause.partition" },
        { "{\"cause\":{\"topic\":\"t\",\"partition\":1}}", "cause.offset" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        why = NULL;
        cr_assert(!read_alias(cases[i].text, &record), "%s", cases[i].text);
        cr_assert(cx_str_is(path, cases[i].path), "%s: %.*s", cases[i].path, CX_STR_ARG(path));
        cr_assert_not_null(why);
    }
    cr_assert(!read_alias("[]", &record));
    cr_assert_null(path.ptr);
}

Test(codec_json, whole_numbers_may_be_written_as_reals)
{
    struct cx_identity_alias record;
    cr_assert(read_alias(ALIAS("\"epoch\":12.0,\"occurred_at\":1e3"), &record));
    cr_assert_eq(record.epoch, 12);
    cr_assert_eq(record.occurred_at, 1000);
}

Test(codec_json, members_may_come_in_any_order)
{
    struct cx_rating *rating;
    struct cx_interaction record;
    const char *text = "{\"adapter_version\":1,\"adapter\":\"c\",\"native_id\":\"n\",\"rating\":{\"scale\":5,\"value\":4},\"ingested_at\":1,"
                       "\"occurred_at\":2,\"direction\":\"echo\",\"op\":\"edit\",\"kind\":\"k\",\"channel\":\"c\",\"tenant\":\"t\","
                       "\"source\":{\"offset\":9,\"partition\":8,\"topic\":\"t\"},\"event_id\":\"00000000000000000000000000000000\"}";
    bool ok = cx_interaction_schema.from_json(arena, parse(cx_str(text)), &record, &path, &why);
    cr_assert(ok, "%.*s %s", CX_STR_ARG(path), why);
    rating = (struct cx_rating *)record.rating;
    cr_assert(rating->value == 4 && rating->scale == 5);
    cr_assert_eq(record.op, CX_OP_EDIT);
    cr_assert(record.occurred_at_known);
}
