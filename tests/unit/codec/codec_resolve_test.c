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
#define FIELD(name, type)     "{\"name\":\"" name "\",\"type\":" type "}"
#define RECORD(fields)        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[" fields "]}"
#define ENUM(symbols, more)   "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[" symbols "]" more "}"
#define ITEMS(kind, of, type) "{\"type\":\"" kind "\",\"" of "\":" type "}"
#define TEXT(literal)                                                                                                                                \
    {                                                                                                                                                \
        literal, sizeof(literal) - 1                                                                                                                 \
    }

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

/* Every kind of step, and numbers in more bytes than they need: what is cut short is refused at every length. */
#define FIXED(name, size) "{\"type\":\"fixed\",\"name\":\"" name "\",\"size\":" size "}"
static const struct {
    const char *writer, *reader;
    struct cx_str body;
} whole_bodies[] = {
    { "\"boolean\"", "\"boolean\"", TEXT("\x01") },
    { "\"long\"", "\"long\"", TEXT("\x82\x00") },
    { "\"double\"", "\"double\"", TEXT("12345678") },
    { "\"bytes\"", "\"string\"", TEXT("\x84\x00xy") },
    { FIXED("F", "3"), FIXED("F", "3"), TEXT("abc") },
    { "\"int\"", "\"double\"", TEXT("\x80\x01") },
    { "\"float\"", "\"double\"", TEXT("1234") },
    { ENUM("\"a\",\"b\"", ""), ENUM("\"b\",\"a\"", ""), TEXT("\x82\x00") },
    { "[\"null\",\"int\"]", "[\"int\",\"null\"]", TEXT("\x82\x00\x06") },
    { "\"int\"", "[\"null\",\"long\"]", TEXT("\x80\x01") },
    { ITEMS("array", "items", "\"int\""), ITEMS("array", "items", "\"long\""), TEXT("\x82\x00\x06\x01\x02\x06\x00") },
    { ITEMS("map", "values", "\"int\""), ITEMS("map", "values", "\"long\""), TEXT("\x02\x82\x00k\x06\x00") },
    { RECORD(FIELD("n", "\"null\"") "," FIELD("f", "\"boolean\"") "," FIELD("i", "\"int\"") "," FIELD("l", "\"long\"")),
      RECORD(FIELD("l", "\"double\"")), TEXT("\x01\x82\x00\x82\x00") },
    { RECORD(FIELD("f", "\"float\"") "," FIELD("d", "\"double\"") "," FIELD("x", FIXED("X", "2"))), RECORD(FIELD("x", FIXED("X", "2"))),
      TEXT("123412345678ab") },
    { RECORD(FIELD("b", "\"bytes\"") "," FIELD("s", "\"string\"") "," FIELD("e", ENUM("\"a\"", "")) "," FIELD("u", "[\"null\",\"int\"]")),
      RECORD(FIELD("u", "[\"int\",\"null\"]")), TEXT("\x82\x00x\x82\x00y\x80\x00\x82\x00\x82\x00") },
};

Test(codec_resolve, a_body_cut_short_is_refused_by_every_kind_of_step)
{
    for (size_t i = 0; i < sizeof whole_bodies / sizeof *whole_bodies; i++) {
        struct cx_str whole = whole_bodies[i].body, got;
        enum cx_decode_error error = resolve(whole_bodies[i].writer, whole_bodies[i].reader, whole, &got);
        cr_assert_eq(error, CX_DECODE_OK, "%s: %s", whole_bodies[i].writer, cx_decode_error_text(error));
        for (size_t len = 0; len < whole.len; len++)
            cr_assert_neq(resolve(whole_bodies[i].writer, whole_bodies[i].reader, cx_str_n(whole.ptr, len), &got), CX_DECODE_OK, "%s cut to %zu",
                          whole_bodies[i].writer, len);
    }
}

Test(codec_resolve, values_that_no_writer_writes_are_refused)
{
    EXPECT_ERROR("\"boolean\"", "\"boolean\"", "\x02", CX_DECODE_ENUM);
    EXPECT_ERROR("\"int\"", "\"long\"", "\x80\x80\x80\x80\x10", CX_DECODE_VARINT);
    EXPECT_ERROR(ENUM("\"a\",\"b\"", ""), ENUM("\"b\",\"a\"", ""), "\x04", CX_DECODE_ENUM);
    EXPECT_ERROR(ITEMS("map", "values", "\"int\""), ITEMS("map", "values", "\"long\""), "\x02\x02\x80\x02\x00", CX_DECODE_UTF8);
    EXPECT_ERROR(ITEMS("array", "items", "[\"null\",\"int\"]"), ITEMS("array", "items", "\"int\""), "\x02\x00\x00", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR(RECORD(FIELD("a", "[\"null\",\"int\"]")), RECORD(FIELD("a", "\"int\"")), "\x00", CX_DECODE_INCOMPATIBLE);
}

Test(codec_resolve, types_that_do_not_fit_cannot_be_read)
{
    EXPECT_ERROR("\"int\"", "[\"null\",\"string\"]", "\x02", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR("\"float\"", "\"int\"", "1234", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR(FIXED("F", "3"), FIXED("F", "4"), "abc", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR(FIXED("F", "3"), FIXED("G", "3"), "abc", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR(ENUM("\"a\"", ""), "{\"type\":\"enum\",\"name\":\"D\",\"symbols\":[\"a\"]}", "\x00", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR(RECORD(FIELD("a", "\"string\"")), RECORD(FIELD("a", "\"int\"")), "\x00", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR("\"int\"", "\"nothing that is a type\"", "\x02", CX_DECODE_INCOMPATIBLE);
    EXPECT_ERROR(RECORD(FIELD("a", "\"int\"")), RECORD(FIELD("a", "\"int\"") ",{\"name\":\"b\",\"aliases\":[\"a\"],\"type\":\"int\"}"), "\x02",
                 CX_DECODE_INCOMPATIBLE); /* two of ours claim one of the writer's */
    EXPECT_ERROR(RECORD(FIELD("a", "\"int\"")), RECORD("{\"name\":\"b\",\"aliases\":[\"c\"],\"type\":\"int\"}"), "\x02", CX_DECODE_INCOMPATIBLE);
}

#define NAMED(name, more) "{\"type\":\"record\",\"name\":\"" name "\"" more ",\"fields\":[" FIELD("a", "\"int\"") "]}"
Test(codec_resolve, aliases_of_records_go_by_full_or_short_name)
{
    EXPECT(NAMED("R", ",\"namespace\":\"x\""), NAMED("S", ",\"aliases\":[\"x.R\"]"), "\x02", "\x02");
    EXPECT(NAMED("R", ",\"namespace\":\"x\""), NAMED("S", ",\"aliases\":[\"Q\",\"y.R\"]"), "\x02", "\x02");
    EXPECT_ERROR(NAMED("R", ",\"namespace\":\"x\""), NAMED("S", ",\"aliases\":[\"x.Q\"]"), "\x02", CX_DECODE_INCOMPATIBLE);
    /* In a union the branch of the writer's own name goes before one that only has it for an alias. */
    EXPECT(NAMED("R", ""), "[" NAMED("S", ",\"aliases\":[\"R\"]") "," NAMED("R", "") "]", "\x02", "\x02\x02");
}

Test(codec_resolve, one_type_of_the_writers_may_be_read_as_two_of_ours)
{
    EXPECT(RECORD(FIELD("a", NAMED("N", "")) "," FIELD("b", "\"N\"")),
           RECORD(FIELD("a", NAMED("N", "")) "," FIELD("b", "{\"type\":\"record\",\"name\":\"M\",\"aliases\":[\"N\"],\"fields\":["
                                                            "{\"name\":\"a\",\"type\":\"long\"},{\"name\":\"z\",\"type\":\"int\",\"default\":1}]}")),
           "\x02\x04", "\x02\x04\x02");
}

/* Ours has a union where the writer has none: what is read is nested more deeply than what is passed over. */
Test(codec_resolve, depth_is_bounded_by_what_is_made_too)
{
    const char *writer = "{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"n\",\"type\":{\"type\":\"array\",\"items\":\"N\"}}]}";
    const char *reader =
        "{\"type\":\"record\",\"name\":\"N\",\"fields\":[{\"name\":\"n\",\"type\":[\"null\",{\"type\":\"array\",\"items\":\"N\"}]}]}";
    char body[64];
    struct cx_str got;
    memset(body, 2, 25);
    memset(body + 25, 0, 26);
    cr_assert_eq(resolve(writer, writer, cx_str_n(body, 51), &got), CX_DECODE_OK);
    cr_assert_eq(resolve(writer, reader, cx_str_n(body, 51), &got), CX_DECODE_DEPTH);
    cr_assert_eq(resolve(writer, reader, cx_str_n(body + 15, 21), &got), CX_DECODE_OK);
    /* Within two arrays the last record can just be passed over, and not be made. */
    writer = cx_arena_format(arena, "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":%s}}%c", writer, 0).ptr;
    reader = cx_arena_format(arena, "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":%s}}%c", reader, 0).ptr;
    cr_assert_eq(resolve(writer, reader, cx_str_n(body + 3, 45), &got), CX_DECODE_DEPTH);
    cr_assert_eq(resolve(writer, reader, cx_str_n(body + 4, 43), &got), CX_DECODE_OK);
}

/* Rings of records of 8 and of 9 names: 72 pairs, each within the one before. */
static const char *ring(const char *prefix, int count, const char *aliases)
{
    struct cx_buf text;
    cx_buf_init(&text, 1 << 16);
    for (int i = 0; i < count; i++)
        cx_buf_format(&text,
                      "%s{\"type\":\"record\",\"name\":\"%s%d\"%s,\"fields\":[{\"name\":\"n\",\"type\":", i ? "{\"type\":\"array\",\"items\":" : "",
                      prefix, i, aliases);
    cx_buf_format(&text, "{\"type\":\"array\",\"items\":\"%s0\"}}]}", prefix);
    for (int i = 1; i < count; i++)
        cx_buf_str(&text, CX_STR("}}]}"));
    const char *copy = cx_arena_format(arena, "%.*s", CX_STR_ARG(cx_buf_view(&text))).ptr;
    cx_buf_free(&text);
    return copy;
}

Test(codec_resolve, schemas_that_take_too_much_planning_cannot_be_read)
{
    const char *aliases = ",\"aliases\":[\"W0\",\"W1\",\"W2\",\"W3\",\"W4\",\"W5\",\"W6\",\"W7\"]";
    struct cx_str got;
    cr_assert_eq(resolve(ring("W", 8, ""), ring("R", 8, aliases), CX_STR("\x00"), &got), CX_DECODE_OK);
    cr_assert_eq(resolve(ring("W", 8, ""), ring("R", 9, aliases), CX_STR("\x00"), &got), CX_DECODE_INCOMPATIBLE);
    struct cx_buf writer, reader;
    cx_buf_init(&writer, 1 << 16);
    cx_buf_init(&reader, 1 << 16);
    for (int i = 0; i < 400; i++) { /* 160,000 pairs that do not fit, before the one that would */
        cx_buf_format(&writer, "%s\"int\"", i ? "," : "[");
        cx_buf_format(&reader, "%s\"string\"", i ? "," : "[");
    }
    cx_buf_str(&writer, cx_str_n(",\"string\"]", 11)); /* with the end of a text */
    cx_buf_str(&reader, cx_str_n("]", 2));
    cr_assert_eq(resolve(writer.ptr, reader.ptr, CX_STR("\xa0\x06\x02x"), &got), CX_DECODE_INCOMPATIBLE);
    cr_assert_eq(resolve("[\"int\",\"string\"]", reader.ptr, CX_STR("\x02\x02x"), &got), CX_DECODE_OK);
    cx_buf_free(&writer);
    cx_buf_free(&reader);
}

/* A few bytes of the writer's, a long default of ours for each item. */
Test(codec_resolve, what_becomes_longer_than_16_mib_is_refused)
{
    char text[1100], *huge = malloc((17 << 20) + 4);
    struct cx_str got;
    memset(text, 'x', 1000);
    text[1000] = 0;
    const char *reader = cx_arena_format(arena, ITEMS("array", "items", RECORD("{\"name\":\"d\",\"type\":\"string\",\"default\":\"%s\"}")), text).ptr;
    const char *writer = ITEMS("array", "items", RECORD(""));
    cr_assert_eq(resolve(writer, reader, CX_STR("\x80\xfa\x01\x00"), &got), CX_DECODE_OK);     /* 16,000 items */
    cr_assert_eq(resolve(writer, reader, CX_STR("\xc0\xb8\x02\x00"), &got), CX_DECODE_LENGTH); /* 20,000 */
    memset(huge, 'x', (17 << 20) + 4);
    memcpy(huge, "\x80\x80\x80\x11", 4);
    cr_assert_eq(resolve("\"string\"", "\"bytes\"", cx_str_n(huge, (17 << 20) + 4), &got), CX_DECODE_LENGTH);
    free(huge);
}

/* Offsets within a record have 32 bits. Nothing is read of what is too long. */
Test(codec_resolve, a_body_of_4_gib_is_refused_unread)
{
    struct cx_interaction record;
    struct cx_spliceable splice;
    struct cx_buf wire;
    struct cx_str got;
    cx_buf_init(&wire, 100);
    cx_wire_header(&wire, cx_interaction_schema.id);
    cr_assert_eq(cx_interaction_open(arena, cx_str_n(wire.ptr, (size_t)1 << 33), &record, &splice), CX_DECODE_LENGTH);
    cr_assert_eq(resolve("\"int\"", "\"long\"", cx_str_n(wire.ptr, (size_t)1 << 33), &got), CX_DECODE_LENGTH);
    cx_buf_free(&wire);
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
