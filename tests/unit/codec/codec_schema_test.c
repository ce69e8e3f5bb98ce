/* What a text must be to be a schema, and how large it may be. */
#include <criterion/criterion.h>
#include "codec/avro_schema.h"

static struct cx_arena *arena;
static struct cx_buf text;
static void setup(void)
{
    arena = cx_arena_new(64 << 20);
    cx_buf_init(&text, 4 << 20);
}
static void teardown(void)
{
    cx_arena_free(arena);
    cx_buf_free(&text);
}
TestSuite(codec_schema, .init = setup, .fini = teardown);

static const struct cx_avro_type *parsed(struct cx_str schema)
{
    return cx_avro_schema_parse(arena, schema, NULL);
}

#define EXPECT_REFUSED(schema, because)                                                                                                              \
    do {                                                                                                                                             \
        struct cx_error err = { 0 };                                                                                                                 \
        cr_assert_null(cx_avro_schema_parse(arena, schema, &err));                                                                                   \
        cr_assert_eq(err.exit, CX_EXIT_DATA);                                                                                                        \
        cr_assert(strstr(err.text, because) != NULL, "%s", err.text);                                                                                \
    } while (0)

/* `count` times the same, between two texts; # is the number. */
static struct cx_str repeated(const char *before, const char *one, int count, const char *after)
{
    cx_buf_reset(&text);
    cx_buf_str(&text, cx_str(before));
    for (int i = 0; i < count; i++) {
        const char *number = strchr(one, '#');
        if (number == NULL)
            cx_buf_str(&text, cx_str(one));
        else
            cx_buf_format(&text, "%.*s%d%s", (int)(number - one), one, i, number + 1);
    }
    cx_buf_str(&text, cx_str(after));
    return cx_buf_view(&text);
}

Test(codec_schema, parts_that_are_missing_or_of_another_kind_are_refused)
{
    static const struct {
        const char *schema, *because;
    } wrong[] = {
        { "5", "a type is missing" },
        { "[]", "a union of none" },
        { "[\"nothing\"]", "unknown type" },
        { "{\"type\":\"record\",\"fields\":[]}", "a named type without a name" },
        { "{\"type\":\"record\",\"name\":\"R\",\"fields\":5}", "a record without fields" },
        { "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"type\":\"int\"}]}", "a field without a name" },
        { "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\"}]}", "a type is missing" },
        { "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"a\",5]}", "a symbol that is no name" },
        { "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"a\"],\"default\":\"b\"}", "whose default is none of them" },
        { "{\"type\":\"fixed\",\"name\":\"F\"}", "a fixed without a size" },
        { "{\"type\":\"fixed\",\"name\":\"F\",\"size\":\"3\"}", "a fixed without a size" },
        { "{\"type\":\"fixed\",\"name\":\"F\",\"size\":1048577}", "a fixed without a size up to 1 MiB" },
        { "{\"type\":\"map\"}", "a type is missing" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        EXPECT_REFUSED(cx_str(wrong[i].schema), wrong[i].because);
}

Test(codec_schema, an_error_is_a_record_and_names_live_in_namespaces)
{
    const struct cx_avro_type *type = parsed(CX_STR("{\"type\":\"error\",\"name\":\"E\",\"namespace\":\"a.b\",\"fields\":[{\"name\":\"f\",\"type\":"
                                                    "{\"type\":\"fixed\",\"name\":\"F\",\"size\":0}},{\"name\":\"g\",\"type\":\"a.b.F\"}]}"));
    cr_assert_not_null(type);
    cr_assert_eq(type->kind, CX_AVRO_RECORD);
    cr_assert(cx_str_is(type->name, "a.b.E"));
    cr_assert(cx_str_is(type->fields[0].type->name, "a.b.F"));
    cr_assert_eq(type->fields[0].type, type->fields[1].type);
    cr_assert(cx_str_is(cx_avro_short_name(type->name), "E"));
}

Test(codec_schema, fields_and_branches_are_512_at_most)
{
    const char *record = "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",\"type\":\"int\"}";
    const char *field = ",{\"name\":\"f#\",\"type\":\"int\"}";
    cr_assert_not_null(parsed(repeated(record, field, CX_AVRO_MAX_FIELDS - 1, "]}")));
    EXPECT_REFUSED(repeated(record, field, CX_AVRO_MAX_FIELDS, "]}"), "more than 512");
    cr_assert_not_null(parsed(repeated("[\"null\"", ",\"int\"", CX_AVRO_MAX_FIELDS - 1, "]")));
    EXPECT_REFUSED(repeated("[\"null\"", ",\"int\"", CX_AVRO_MAX_FIELDS, "]"), "more than 512");
}

/* A record of two unions, each of so many named types. */
static struct cx_str two_unions(int first, int second)
{
    struct cx_str one = cx_arena_copy(arena, repeated("[\"null\"", ",{\"type\":\"fixed\",\"size\":1,\"name\":\"n#\"}", first, "]"));
    struct cx_str other = repeated("[\"null\"", ",{\"type\":\"fixed\",\"size\":1,\"name\":\"m#\"}", second, "]");
    return cx_arena_format(arena, "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":%.*s},{\"name\":\"b\",\"type\":%.*s}]}",
                           CX_STR_ARG(one), CX_STR_ARG(other));
}

Test(codec_schema, names_are_256_bytes_at_most_and_a_thousand_in_all)
{
    cr_assert_not_null(parsed(repeated("{\"type\":\"fixed\",\"size\":1,\"name\":\"", "n", CX_AVRO_MAX_NAME, "\"}")));
    EXPECT_REFUSED(repeated("{\"type\":\"fixed\",\"size\":1,\"name\":\"", "n", CX_AVRO_MAX_NAME + 1, "\"}"), "a name over 256 bytes");
    EXPECT_REFUSED(two_unions(500, 500), "over 1000 named types"); /* with the record */
    cr_assert_not_null(parsed(two_unions(500, 499)));
}

Test(codec_schema, types_nest_to_a_depth)
{
    for (int depth = CX_AVRO_MAX_DEPTH; depth <= CX_AVRO_MAX_DEPTH + 1; depth++) {
        struct cx_str end = cx_arena_copy(arena, repeated("\"int\"", "}", depth, ""));
        struct cx_str begin = repeated("", "{\"type\":\"array\",\"items\":", depth, "");
        struct cx_str whole = cx_arena_format(arena, "%.*s%.*s", CX_STR_ARG(begin), CX_STR_ARG(end));
        if (depth == CX_AVRO_MAX_DEPTH)
            cr_assert_not_null(parsed(whole));
        else
            EXPECT_REFUSED(whole, "nested deeper than 32");
    }
}

/* Three bytes of text are a thousand of defaults: each item takes that of its field. */
Test(codec_schema, defaults_take_a_mib_at_most)
{
    char inner[2000], x[1001];
    memset(x, 'x', 1000);
    x[1000] = 0;
    snprintf(
        inner, sizeof inner,
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"I\","
        "\"fields\":[{\"name\":\"s\",\"type\":\"string\",\"default\":\"%s\"}]}},\"default\":[{}",
        x);
    cr_assert_not_null(parsed(repeated(inner, ",{}", 1000, "]}]}")));
    EXPECT_REFUSED(repeated(inner, ",{}", 1100, "]}]}"), "the default does not fit");
}
