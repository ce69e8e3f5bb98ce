/* Records of older and newer writers, read by our schema. */
#include <criterion/criterion.h>
#include "codec/resolve.h"
#include "oracle.h"

static struct cx_arena *arena;
static int32_t next_id = 5000;
static void setup(void)
{
    arena = cx_arena_new(64 << 20);
}
static void teardown(void)
{
    cx_arena_free(arena);
}
TestSuite(codec_resolve, .init = setup, .fini = teardown);

/* `text` with the first `from` replaced. */
static struct cx_str edited(struct cx_str text, const char *from, const char *to)
{
    size_t before = 0;
    while (before < text.len && !cx_str_starts(cx_str_skip(text, before), cx_str(from)))
        before++;
    cr_assert_lt(before, text.len, "the schema has no %s", from);
    struct cx_str rest = cx_str_skip(text, before + strlen(from));
    return cx_arena_format(arena, "%.*s%s%.*s", (int)before, text.ptr, to, CX_STR_ARG(rest));
}

static int32_t registered(struct cx_str avsc)
{
    struct cx_error err = { 0 };
    cr_assert_eq(cx_schema_register(++next_id, avsc, &err), 0, "%s", err.text);
    return next_id;
}

/* Resolves a body between two schemas given as text; null where it cannot be. */
static enum cx_decode_error resolve(const char *writer, const char *reader, struct cx_str body, struct cx_str *resolved)
{
    size_t len = strlen(reader);
    struct cx_schema *schema = calloc(1, sizeof *schema + len); /* plans keep it */
    schema->avsc = cx_str_n(memcpy(schema + 1, reader, len), len);
    return cx_resolve(arena, registered(cx_str(writer)), schema, body, resolved);
}

#define EXPECT(writer, reader, body, expected)                                                                                                       \
    do {                                                                                                                                             \
        struct cx_str out;                                                                                                                           \
        enum cx_decode_error error = resolve(writer, reader, CX_STR(body), &out);                                                                    \
        cr_assert_eq(error, CX_DECODE_OK, "%s", cx_decode_error_text(error));                                                                        \
        cr_assert(cx_str_eq(out, CX_STR(expected)));                                                                                                 \
    } while (0)
#define EXPECT_ERROR(writer, reader, body, expected)                                                                                                 \
    do {                                                                                                                                             \
        struct cx_str out;                                                                                                                           \
        enum cx_decode_error error = resolve(writer, reader, CX_STR(body), &out);                                                                    \
        cr_assert_eq(error, expected, "%s", cx_decode_error_text(error));                                                                            \
    } while (0)
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define RECORD(fields)    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"

Test(codec_resolve, an_interaction_of_an_older_writer_gets_the_defaults)
{
    struct cx_str old =
        edited(cx_interaction_schema.avsc,
               "{\"name\": \"occurred_at_known\", \"type\": \"boolean\", \"default\": true, \"doc\": \"false: the platform gives this "
               "op no time, occurred_at is the receipt time.\"},",
               "");
    old = edited(old, "{\"name\": \"index\", \"type\": \"int\", \"default\": 0, \"doc\": \"Item within the payload, from 0.\"},", "");
    old = edited(old, "{\"name\": \"offset\", \"type\": \"long\"", "{\"name\": \"offset\", \"type\": \"int\"");
    int32_t id = registered(old);
    struct oracle *oracle = oracle_new(old);
    struct cx_buf wire, whole;
    cx_buf_init(&wire, 1 << 24);
    cx_buf_init(&whole, 1 << 24);
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct cx_interaction record;
        struct cx_spliceable splice;
        cx_buf_reset(&wire);
        cx_wire_header(&wire, id);
        oracle_random(oracle, seed, false, &wire);
        enum cx_decode_error error = cx_interaction_open(arena, cx_buf_view(&wire), &record, &splice);
        cr_assert_eq(error, CX_DECODE_OK, "seed %lu: %s", (unsigned long)seed, cx_decode_error_text(error));
        cr_assert(record.occurred_at_known);
        cr_assert_eq(record.source.index, 0);
        cr_assert_null(splice.body.ptr, "bytes of another schema must not be copied");
        cx_buf_reset(&whole);
        cx_interaction_splice(&whole, &record, &splice, CX_SECTION_ROUTING);
        cr_assert_eq(cx_wire_decode(arena, cx_buf_view(&whole), &cx_interaction_schema, &record), CX_DECODE_OK);
        cx_arena_reset(arena);
    }
    cx_buf_free(&wire);
    cx_buf_free(&whole);
    oracle_free(oracle);
}

Test(codec_resolve, what_a_newer_writer_added_is_passed_over)
{
    struct cx_str newer = edited(cx_identity_alias_schema.avsc, "{\"name\": \"tenant\", \"type\": \"string\"",
                                 "{\"name\": \"extra\", \"type\": {\"type\": \"map\", \"values\": [\"null\", {\"type\": \"array\", \"items\": "
                                 "\"double\"}, {\"type\": \"record\", \"name\": \"Extra\", \"fields\": [{\"name\": \"a\", \"type\": \"bytes\"}]}]}}, "
                                 "{\"name\": \"tenant\", \"type\": \"string\"");
    newer = edited(newer, "\"symbols\": [\"self\", \"merge\", \"split\", \"erase\"]", "\"symbols\": [\"erase\", \"split\", \"merge\", \"self\"]");
    int32_t id = registered(newer);
    struct oracle *oracle = oracle_new(newer), *ours = oracle_new(cx_identity_alias_schema.avsc);
    struct cx_buf wire, out, again;
    cx_buf_init(&wire, 1 << 24);
    cx_buf_init(&out, 1 << 24);
    cx_buf_init(&again, 1 << 24);
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct cx_identity_alias record;
        cx_buf_reset(&wire);
        cx_buf_reset(&out);
        cx_buf_reset(&again);
        cx_wire_header(&wire, id);
        oracle_random(oracle, seed, false, &wire);
        enum cx_decode_error error = cx_wire_decode(arena, cx_buf_view(&wire), &cx_identity_alias_schema, &record);
        cr_assert_eq(error, CX_DECODE_OK, "seed %lu: %s", (unsigned long)seed, cx_decode_error_text(error));
        cx_identity_alias_schema.encode(&out, &record);
        cr_assert(oracle_recode(ours, cx_buf_view(&out), &again));
        cx_arena_reset(arena);
    }
    cx_buf_free(&wire);
    cx_buf_free(&out);
    cx_buf_free(&again);
    oracle_free(oracle);
    oracle_free(ours);
}

Test(codec_resolve, minutes_of_both_versions_are_read_by_both)
{
    static struct cx_schema first; /* plans keep it */
    first.avsc = cx_schema_version_by_id(1004)->avsc;
    struct cx_metric_minute minute, read;
    cx_metric_minute_init(&minute);
    minute.tenant = minute.channel = minute.language = minute.function = CX_STR("x");
    minute.deletes = 3;
    minute.originals = 5;
    minute.copies = 7;
    minute.inbound = 11;
    struct cx_buf now, then;
    struct cx_str body, old;
    int32_t id;
    cx_buf_init(&now, 1 << 16);
    cx_buf_init(&then, 1 << 16);
    cx_wire_encode(&now, &cx_metric_minute_schema, &minute);
    cr_assert_eq(cx_wire_open(cx_buf_view(&now), &id, &body), CX_DECODE_OK);
    cr_assert_eq(id, 1005);

    cr_assert_eq(cx_resolve(arena, id, &first, body, &old), CX_DECODE_OK);
    cx_wire_header(&then, 1004);
    cx_buf_str(&then, old);
    cr_assert_eq(cx_wire_decode(arena, cx_buf_view(&then), &cx_metric_minute_schema, &read), CX_DECODE_OK);

    cr_assert_eq(read.deletes, 3);
    cr_assert_eq(read.inbound, 11);
    cr_assert_eq(read.originals, 0);
    cr_assert_eq(read.copies, 0);
    cx_buf_free(&now);
    cx_buf_free(&then);
}

Test(codec_resolve, numbers_and_texts_are_promoted)
{
    EXPECT("\"int\"", "\"long\"", "\x03", "\x03");
    EXPECT("\"int\"", "\"float\"", "\x03", "\x00\x00\x00\xc0");
    EXPECT("\"long\"", "\"double\"", "\x03", "\x00\x00\x00\x00\x00\x00\x00\xc0");
    EXPECT("\"float\"", "\"double\"", "\x00\x00\x00\xc0", "\x00\x00\x00\x00\x00\x00\x00\xc0");
    EXPECT("\"string\"", "\"bytes\"", "\x02s", "\x02s");
    EXPECT("\"bytes\"", "\"string\"", "\x02s", "\x02s");
    EXPECT_ERROR("\"long\"", "\"int\"", "\x03", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR("\"double\"", "\"float\"", "\x03", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR("\"string\"", "\"int\"", "\x03", CX_DECODE_INCOMPATIBLE);
}

Test(codec_resolve, fields_are_matched_by_name_in_any_order)
{
    EXPECT(RECORD(FIELD("a", "\"int\"") "," FIELD("b", "\"string\"") "," FIELD("c", "\"int\"")),
           RECORD(FIELD("c", "\"long\"") "," FIELD("b", "\"string\"")), "\x02\x02x\x06", "\x06\x02x");
}

Test(codec_resolve, a_new_field_takes_its_default_and_without_one_cannot_be_read)
{
    EXPECT(RECORD(FIELD("a", "\"int\"")), RECORD("{\"name\":\"n\",\"type\":\"string\",\"default\":\"hey\"}," FIELD("a", "\"int\"")), "\x02",
           "\x06hey\x02");
    EXPECT(RECORD(FIELD("a", "\"int\"")),
           RECORD(FIELD("a", "\"int\"") ",{\"name\":\"n\",\"type\":{\"type\":\"array\",\"items\":\"int\"},\"default\":[1,2]}"), "\x02",
           "\x02\x04\x02\x04\x00");
    EXPECT(RECORD(FIELD("a", "\"int\"")), RECORD(FIELD("a", "\"int\"") ",{\"name\":\"n\",\"type\":[\"null\",\"int\"],\"default\":null}"), "\x02",
           "\x02\x00");
    EXPECT(RECORD(FIELD("a", "\"int\"")), RECORD(FIELD("a", "\"int\"") ",{\"name\":\"n\",\"type\":[\"null\",\"string\"],\"default\":\"x\"}"), "\x02",
           "\x02\x02\x02x");
    EXPECT_ERROR(RECORD(FIELD("a", "\"int\"")), RECORD(FIELD("a", "\"int\"") "," FIELD("b", "\"int\"")), "\x02", CX_DECODE_INCOMPATIBLE);
}

Test(codec_resolve, a_renamed_field_or_record_is_found_by_alias)
{
    EXPECT(RECORD(FIELD("old", "\"int\"")),
           "{\"type\":\"record\",\"name\":\"S\",\"aliases\":[\"R\"],\"fields\":[{\"name\":\"new\",\"aliases\":[\"old\"],\"type\":\"int\"}]}", "\x02",
           "\x02");
    EXPECT_ERROR(RECORD(FIELD("a", "\"int\"")), "{\"type\":\"record\",\"name\":\"S\",\"fields\":[" FIELD("a", "\"int\"") "]}", "\x02",
                 CX_DECODE_INCOMPATIBLE);
}

Test(codec_resolve, unions_are_resolved_branch_by_branch)
{
    EXPECT("[\"null\",\"int\"]", "[\"string\",\"long\",\"null\"]", "\x02\x06", "\x02\x06");
    EXPECT("[\"null\",\"int\"]", "[\"string\",\"long\",\"null\"]", "\x00", "\x04");
    EXPECT("\"int\"", "[\"null\",\"long\"]", "\x06", "\x02\x06");
    EXPECT("\"int\"", "[\"double\",\"int\"]", "\x06", "\x02\x06");
    EXPECT("[\"null\",\"int\"]", "\"int\"", "\x02\x06", "\x06");
    EXPECT_ERROR("[\"null\",\"int\"]", "\"int\"", "\x00", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR("[\"null\",\"int\"]", "\"int\"", "\x04\x00", CX_DECODE_ENUM);
    EXPECT_ERROR("[\"null\",\"string\"]", "\"int\"", "\x00", CX_DECODE_INCOMPATIBLE);
}

#define ENUM(symbols, more) "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" symbols "]" more "}"
Test(codec_resolve, enum_symbols_go_by_name_else_to_the_readers_default)
{
    EXPECT(ENUM("\"a\",\"b\"", ""), ENUM("\"b\",\"a\"", ""), "\x02", "\x00");
    EXPECT(ENUM("\"a\",\"z\"", ""), ENUM("\"b\",\"a\"", ",\"default\":\"b\""), "\x02", "\x00");
    EXPECT_ERROR(ENUM("\"a\",\"z\"", ""), ENUM("\"b\",\"a\"", ""), "\x02", CX_DECODE_ENUM);
}

Test(codec_resolve, types_may_contain_themselves_up_to_a_depth)
{
    const char *chain = "{\"type\":\"record\",\"name\":\"Node\",\"fields\":[{\"name\":\"next\",\"type\":[\"null\",\"Node\"]}]}";
    EXPECT(chain, chain, "\x02\x02\x02\x00", "\x02\x02\x02\x00");
    struct cx_buf deep;
    cx_buf_init(&deep, 1 << 16);
    for (int i = 0; i < 1000; i++)
        cx_buf_byte(&deep, 2);
    cx_buf_byte(&deep, 0);
    struct cx_str got;
    cr_assert_eq(resolve(chain, chain, cx_buf_view(&deep), &got), CX_DECODE_DEPTH);
    cx_buf_free(&deep);
}

Test(codec_resolve, bytes_that_end_early_or_are_left_over_are_refused)
{
    const char *writer = RECORD(FIELD("a", "\"string\"") "," FIELD("b", "{\"type\":\"map\",\"values\":\"int\"}"));
    const char *reader = RECORD(FIELD("b", "{\"type\":\"map\",\"values\":\"long\"}"));
    struct cx_str whole = CX_STR("\x02x\x02\x02k\x06\x00"), got;
    cr_assert_eq(resolve(writer, reader, whole, &got), CX_DECODE_OK);
    for (size_t len = 0; len < whole.len; len++)
        cr_assert_neq(resolve(writer, reader, cx_str_n(whole.ptr, len), &got), CX_DECODE_OK);
    EXPECT_ERROR("\"int\"", "\"int\"", "\x02\x02", CX_DECODE_TRAILING);
}

Test(codec_resolve, a_text_that_is_no_schema_is_refused_with_a_reason)
{
    static const char *const wrong[] = {
        "",
        "{",
        "\"nothing\"",
        "{\"type\":\"record\",\"name\":\"R\"}",
        "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[]}",
        "{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}",
        "[[\"null\"]]",
        "{\"type\":\"array\"}",
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\",\"default\":\"x\"}]}",
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"a\",\"type\":\"int\"}]}",
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"fixed\",\"name\":\"R\",\"size\":1}}]}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct cx_error err = { 0 };
        cr_assert_eq(cx_schema_register(4000, cx_str(wrong[i]), &err), -1, "%s", wrong[i]);
        cr_assert_eq(err.exit, CX_EXIT_DATA);
        cr_assert_neq(err.text[0], 0);
        cr_assert_null(cx_schema_version_by_id(4000));
    }
}

Test(codec_resolve, an_id_stands_for_one_text_only)
{
    struct cx_error err = { 0 };
    cr_assert_eq(cx_schema_register(4001, CX_STR("\"int\""), &err), 0);
    cr_assert_eq(cx_schema_register(4001, CX_STR("\"int\""), &err), 0);
    cr_assert_eq(cx_schema_register(4001, CX_STR("\"long\""), &err), -1);
    cr_assert_eq(cx_schema_register(1001, CX_STR("\"long\""), &err), -1);
}
