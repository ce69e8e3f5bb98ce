/* What becomes of a message: whose it is, when it was, what is refused. */
#include <criterion/criterion.h>
#include "base/time.h"
#include "tests/stages/normalize/raw_stage.h"

static struct raw_stage raw;
#define RECEIVED INT64_C(1795320000000) /* 2026-11-22T04:00:00Z */
#define HEAD     "{\"tenant\":\"acme\",\"channel\":\"instagram\",\"native_id\":\"c1\",\"author\":{\"native_id\":\"u1\"},"

static void open_stage(const char *yaml)
{
    cr_assert_eq(raw_stage_open(&raw, yaml), 0, "%s", raw.one.err.text);
}

static void teardown(void)
{
    raw_stage_close(&raw);
}

static const struct outcome *only(void)
{
    cr_assert_eq(raw.count, 1, "%zu items", raw.count);
    return &raw.outcomes[0];
}

static const struct cx_interaction *only_record(void)
{
    cr_assert_str_eq(only()->verdict, "emit", "%.*s", CX_STR_ARG(only()->detail));
    return only()->record;
}

static void expect(struct cx_str value, const char *verdict)
{
    raw_stage_line(&raw, value);
    cr_expect_str_eq(only()->verdict, verdict, "%.*s: %s, %.*s", CX_STR_ARG(value), only()->verdict, CX_STR_ARG(only()->detail));
}

static void expect_text(struct cx_str got, const char *want)
{
    cr_expect(want ? cx_str_is(got, want) && got.ptr : !got.ptr, "got %.*s, want %s", CX_STR_ARG(got), want ? want : "null");
}

TestSuite(normalize, .fini = teardown);

Test(normalize, refuses_what_is_no_json_record_with_a_typed_reason)
{
    open_stage("normalize: {max_payload: 100k}");
    expect(CX_STR("{"), "invalid_json");
    expect(CX_STR("{} {}"), "invalid_json");
    expect(CX_STR("{\"text\":\"\xff\"}"), "invalid_utf8");
    expect(CX_STR("{\"a\":1,\"a\":2}"), "duplicate_key");
    expect(CX_STR("17"), "wrong_type");
    expect(CX_STR(""), "ignored_empty");
    expect(CX_STR("[]"), "ignored_empty");
    expect(CX_STR("\0\0\0\3\351garbage"), "bad_avro");
    char deep[200];
    memset(deep, '[', sizeof deep);
    expect(cx_str_n(deep, sizeof deep), "too_deep");
    static char large[200000];
    memset(large, ' ', sizeof large);
    expect(cx_str_n(large, sizeof large), "too_large");
}

Test(normalize, refuses_more_items_than_configured_as_one)
{
    open_stage("normalize: {max_items: 2}");
    expect(CX_STR("[1,2,3]"), "too_large");
    raw_stage_line(&raw, CX_STR("[1,2]"));
    cr_expect_eq(raw.count, 2);
}

Test(normalize, requires_tenant_channel_native_id_time_and_author)
{
    open_stage("");
    expect(CX_STR("{\"channel\":\"x\",\"native_id\":\"1\",\"occurred_at\":1795320000000,\"author\":{\"name\":\"A\"}}"), "no_tenant");
    expect(CX_STR("{\"tenant\":\"a\",\"native_id\":\"1\",\"occurred_at\":1795320000000,\"author\":{\"name\":\"A\"}}"), "missing_field");
    expect(CX_STR("{\"tenant\":\"a\",\"channel\":\"x\",\"occurred_at\":1795320000000,\"author\":{\"name\":\"A\"}}"), "missing_field");
    expect(CX_STR("{\"tenant\":\"a\",\"channel\":\"x\",\"native_id\":\"1\",\"author\":{\"name\":\"A\"}}"), "missing_field");
    expect(CX_STR("{\"tenant\":\"a\",\"channel\":\"x\",\"native_id\":\"1\",\"occurred_at\":1795320000000}"), "missing_field");
    expect(CX_STR("{\"tenant\":\"a\",\"channel\":\"x\",\"native_id\":\"1\",\"occurred_at\":1795320000000,\"author\":{\"name\":\"A\"}}"), "emit");
    expect(
        CX_STR("{\"tenant\":\"a\",\"channel\":\"x\",\"native_id\":\"1\",\"occurred_at\":1795320000000,\"identifiers\":[{\"type\":\"email\",\"value\":"
               "\"a@b.c\"}]}"),
        "emit");
}

Test(normalize, names_the_member_that_has_a_wrong_type_or_value)
{
    open_stage("");
    expect(CX_STR(HEAD "\"occurred_at\":1795320000000,\"text\":7}"), "wrong_type");
    cr_expect(memmem(only()->detail.ptr, only()->detail.len, "text", 4) != NULL);
    expect(CX_STR(HEAD "\"occurred_at\":1795320000000,\"parent_id\":1.5}"), "wrong_type");
    expect(CX_STR(HEAD "\"occurred_at\":1795320000000,\"op\":\"remove\"}"), "bad_value");
    expect(CX_STR(HEAD "\"occurred_at\":1795320000000,\"rating\":{\"value\":3}}"), "missing_field");
    expect(CX_STR("{\"tenant\":\"a\",\"channel\":\"Insta gram\",\"native_id\":\"1\",\"occurred_at\":1795320000000,\"author\":{\"name\":\"A\"}}"),
           "bad_channel");
}

Test(normalize, reads_times_strictly_and_within_bounds)
{
    open_stage("");
    raw_stage_line(&raw, CX_STR(HEAD "\"occurred_at\":\"2026-11-22T07:00:00.1239+03:00\"}"));
    cr_expect_eq(only_record()->occurred_at, RECEIVED + 123);
    expect(CX_STR(HEAD "\"occurred_at\":\"2026-11-22T07:00:00\"}"), "bad_time");
    expect(CX_STR(HEAD "\"occurred_at\":\"yesterday\"}"), "bad_time");
    expect(CX_STR(HEAD "\"occurred_at\":true}"), "wrong_type");
    expect(CX_STR(HEAD "\"occurred_at\":1795320000}"), "time_out_of_range");
    struct cx_message message = { .topic = CX_STR("t"), .timestamp_ms = RECEIVED, .value = CX_STR(HEAD "\"occurred_at\":\"2026-11-23T04:00:00Z\"}") };
    raw_stage_settle(&raw, &message);
    cr_expect_eq(only_record()->ingested_at, RECEIVED);
    message.value = CX_STR(HEAD "\"occurred_at\":\"2026-11-23T04:00:00.001Z\"}");
    raw_stage_settle(&raw, &message);
    cr_expect_str_eq(only()->verdict, "time_out_of_range");
}

Test(normalize, honours_given_provenance_in_a_pipe_only)
{
    static const char line[] = HEAD "\"occurred_at\":\"2026-11-22T04:00:00Z\",\"ingested_at\":\"2026-11-22T04:00:09Z\","
                                    "\"source\":{\"topic\":\"r\",\"partition\":3,\"offset\":9,\"index\":2,\"generation\":1},\"adapter\":\"email\","
                                    "\"adapter_version\":9,\"identity\":{\"x\":1}}";
    open_stage("inputs: [{topic: t, generation: 7}]");
    raw_stage_line(&raw, cx_str(line));
    const struct cx_interaction *record = only_record();
    cr_expect_eq(record->ingested_at, RECEIVED + 9000);
    cr_expect(cx_str_is(record->source.topic, "r") && record->source.partition == 3 && record->source.offset == 9 && record->source.index == 2);
    cr_expect_null(record->identity);
    cr_expect(cx_str_is(record->adapter, "email") && record->adapter_version == 9);
    struct cx_message message = { .topic = CX_STR("t"), .partition = 1, .offset = 42, .timestamp_ms = RECEIVED + 1, .value = cx_str(line) };
    raw_stage_settle(&raw, &message);
    record = only_record();
    cr_expect_eq(record->ingested_at, RECEIVED + 1);
    cr_expect(cx_str_is(record->source.topic, "t") && record->source.partition == 1 && record->source.offset == 42 && record->source.index == 0);
    cr_expect_eq(record->source.generation, 7);
    cr_expect(cx_str_is(record->adapter, "canonical") && record->adapter_version == 1);
}

Test(normalize, puts_members_without_a_field_into_attributes)
{
    open_stage("");
    raw_stage_line(
        &raw,
        CX_STR("{\"tenant\":\"a\",\"channel\":\"x\",\"native_id\":12345678901234567890,\"occurred_at\":1795320000000,\"author\":{\"native_id\":\"u\","
               "\"bio\":\"b\"},\"order\":7.10,\"tags\":[\"a\",null],\"attributes\":{\"k\":true,\"none\":null,\"order\":\"the first stands\"}}"));
    const struct cx_interaction *record = only_record();
    expect_text(record->native_id, "12345678901234567890");
    static const char *const want[][2] = { { "author.bio", "b" }, { "order", "7.10" }, { "tags", "[\"a\",null]" }, { "k", "true" } };
    cr_assert_eq(record->attributes.len, 4);
    for (size_t i = 0; i < 4; i++) {
        expect_text(record->attributes.items[i].key, want[i][0]);
        expect_text(record->attributes.items[i].value, want[i][1]);
    }
}

Test(normalize, cleans_text_and_nulls_that_of_a_delete)
{
    open_stage("");
    raw_stage_line(&raw, CX_STR(HEAD "\"occurred_at\":1795320000000,\"text\":\"a\\r\\nb\\rc\\u0000\\ud800\",\"title\":\"\"}"));
    expect_text(only_record()->text, "a\nb\nc\xef\xbf\xbd");
    expect_text(only_record()->title, NULL);
    raw_stage_line(&raw, CX_STR(HEAD "\"occurred_at\":1795320000000,\"op\":\"delete\",\"text\":\"a\"}"));
    expect_text(only_record()->text, NULL);
}

/* "type=value/scope " of each identifier. */
static const char *identifiers_of(const struct cx_interaction *record)
{
    static char text[1000];
    int len = 0;
    text[0] = '\0';
    for (size_t i = 0; i < record->identifiers.len; i++) {
        const struct cx_identifier *id = &record->identifiers.items[i];
        len += snprintf(text + len, sizeof text - (size_t)len, "%s%.*s=%.*s/%.*s", i ? " " : "", CX_STR_ARG(id->type), CX_STR_ARG(id->value),
                        CX_STR_ARG(id->scope));
    }
    return text;
}

static void expect_identifiers(const char *channel, const char *author, const char *list, const char *want)
{
    struct cx_str line = cx_arena_format(raw.one.env_arena,
                                         "{\"tenant\":\"a\",\"brand\":\"b\",\"channel\":\"%s\",\"native_id\":\"1\",\"occurred_at\":1795320000000,"
                                         "\"author\":{\"native_id\":\"%s\",\"name\":\"n\"},\"identifiers\":%s}",
                                         channel, author, list);
    raw_stage_line(&raw, line);
    cr_expect_str_eq(identifiers_of(only_record()), want, "%s %s: %s", channel, author, identifiers_of(only_record()));
}

Test(normalize, appends_the_author_by_the_channels_row)
{
    open_stage("inputs: [{topic: '-', default_country: TR}]");
    expect_identifiers("instagram", "u1", "[]", "ig_sid=u1/b");
    expect_identifiers("x", "u1", "[]", "x_user_id=u1/");
    expect_identifiers("mychannel", "u1", "[]", "mychannel_user_id=u1/");
    expect_identifiers("whatsapp", "905321234567", "[]", "phone=+905321234567/");
    expect_identifiers("whatsapp", "TR.abc123", "[]", "wa_bsuid=TR.abc123/b");
    expect_identifiers("whatsapp", "whoever", "[]", "");
    expect_identifiers("email", "A@B.com", "[]", "email=a@b.com/");
    expect_identifiers("email", "not an address", "[]", "");
    expect_identifiers("sms", "0532 123 45 67", "[]", "phone=+905321234567/");
    expect_identifiers("call_transcript", "CUSTOMER", "[]", "");
    expect_identifiers("x", "u1", "[{\"type\":\"x_user_id\",\"value\":\"u1\"}]", "x_user_id=u1/");
    expect_identifiers("x", "0", "[{\"type\":\"email\",\"value\":\"\"},{\"type\":\"email\",\"value\":\"none\"}]", "email=none/");
}

Test(normalize, settles_whose_record_it_is_before_anything_else)
{
    open_stage("inputs:\n - {topic: '-', tenant: acme, brand: shop}\n - {topic: trusted, trust_headers: true, adapter: instagram, tenant: other}\n"
               " - {topic: bare, adapter: instagram}\n");
    raw_stage_line(&raw, CX_STR(HEAD "\"occurred_at\":1795320000000}"));
    expect_text(only_record()->brand, "shop");
    expect(CX_STR("{\"tenant\":\"globex\",\"channel\":\"x\",\"native_id\":\"1\",\"occurred_at\":1795320000000,\"author\":{\"name\":\"A\"}}"),
           "tenant_mismatch");
    static const char comment[] = "{\"id\":\"c\",\"timestamp\":\"2026-11-22T04:00:00+0000\",\"text\":\"t\"}";
    struct cx_header headers[] = { { CX_STR("cx-tenant"), CX_STR("acme") }, { CX_STR("cx-brand"), CX_STR("b") } };
    struct cx_message message = {
        .topic = CX_STR("trusted"), .timestamp_ms = RECEIVED, .value = cx_str(comment), .headers = headers, .header_count = 2
    };
    raw_stage_settle(&raw, &message);
    expect_text(only_record()->tenant, "acme");
    expect_text(only_record()->brand, "b");
    message.topic = CX_STR("bare");
    raw_stage_settle(&raw, &message);
    cr_expect_str_eq(only()->verdict, "no_tenant", "headers are not trusted there");
    message.header_count = 0;
    message.topic = CX_STR("trusted");
    raw_stage_settle(&raw, &message);
    expect_text(only_record()->tenant, "other");
}

Test(normalize, chooses_the_adapter_by_envelope_header_then_row)
{
    open_stage("inputs:\n - {topic: t, tenant: acme, adapter: email}\n");
    struct cx_header header = { CX_STR("cx-adapter"), CX_STR("instagram") };
    struct cx_message message = { .topic = CX_STR("t"),
                                  .timestamp_ms = RECEIVED,
                                  .value = CX_STR("{\"id\":\"c\",\"timestamp\":1795320000}"),
                                  .headers = &header,
                                  .header_count = 1 };
    raw_stage_settle(&raw, &message);
    expect_text(only_record()->adapter, "instagram");
    message.header_count = 0;
    message.value = CX_STR("From: a@b.c\nMessage-ID: <1@b.c>\n\nhello\n");
    raw_stage_settle(&raw, &message);
    expect_text(only_record()->adapter, "email");
    cr_expect_not(only_record()->occurred_at_known, "a mail without a date");
    cr_expect_eq(only_record()->occurred_at, RECEIVED);
    message.value = CX_STR("{\"adapter\":\"canonical\",\"tenant\":\"acme\",\"payload\":{\"channel\":\"x\",\"native_id\":\"1\",\"occurred_at\":"
                           "1795320000000,\"author\":{\"name\":\"A\"}}}");
    raw_stage_settle(&raw, &message);
    expect_text(only_record()->adapter, "canonical");
    message.value = CX_STR("{\"adapter\":\"myspace\",\"tenant\":\"acme\",\"payload\":{}}");
    raw_stage_settle(&raw, &message);
    cr_expect_str_eq(only()->verdict, "unknown_adapter");
}

Test(normalize, rejects_a_broken_element_alone)
{
    open_stage("");
    raw_stage_line(
        &raw,
        CX_STR(
            "{\"adapter\":\"instagram\",\"tenant\":\"a\",\"received_at\":\"2026-11-22T04:00:00Z\",\"payload\":{\"object\":\"instagram\",\"entry\":["
            "{\"id\":\"1\",\"time\":1795320000,\"changes\":[{\"field\":\"comments\",\"value\":{\"id\":\"c1\",\"text\":\"a\"}},17,"
            "{\"field\":\"comments\",\"value\":{\"text\":\"no id\"}},{\"field\":\"comments\",\"value\":{\"id\":\"c2\",\"text\":\"b\"}}]},"
            "\"x\",{\"id\":\"1\",\"changes\":[]}]}}"));
    static const char *const want[] = { "emit", "wrong_type", "missing_field", "emit", "wrong_type" };
    cr_assert_eq(raw.count, 5);
    for (size_t i = 0; i < 5; i++)
        cr_expect_str_eq(raw.outcomes[i].verdict, want[i], "item %zu: %s", i, raw.outcomes[i].verdict);
    cr_expect_eq(raw.outcomes[3].record->source.index, 3);
}

Test(normalize, reads_its_own_records_from_avro_and_json_alike)
{
    open_stage("");
    raw_stage_line(&raw, CX_STR(HEAD "\"occurred_at\":1795320000000,\"text\":\"t\",\"rating\":{\"value\":4.5,\"scale\":5},\"extra\":1}"));
    struct cx_buf json, wire, again;
    cx_buf_init(&json, 1 << 20);
    cx_buf_init(&wire, 1 << 20);
    cx_buf_init(&again, 1 << 20);
    cx_interaction_schema.to_json(&json, only_record());
    cx_wire_encode(&wire, &cx_interaction_schema, only_record());
    struct cx_message message = { .topic = CX_STR("-"), .value = cx_buf_view(&wire), .is_pipe = true };
    raw_stage_settle(&raw, &message);
    cx_interaction_schema.to_json(&again, only_record());
    cr_expect(cx_str_eq(cx_buf_view(&json), cx_buf_view(&again)), "%.*s", CX_STR_ARG(cx_buf_view(&again)));
    raw_stage_line(&raw, cx_buf_view(&json));
    cx_buf_reset(&again);
    cx_interaction_schema.to_json(&again, only_record());
    cr_expect(cx_str_eq(cx_buf_view(&json), cx_buf_view(&again)), "%.*s", CX_STR_ARG(cx_buf_view(&again)));
    cx_buf_free(&json);
    cx_buf_free(&wire);
    cx_buf_free(&again);
}

Test(normalize, refuses_a_configuration_it_does_not_understand)
{
    static const char *const bad[] = { "inputs: [{topic: t, adaptor: x}]", "inputs: [{topic: t, adapter: myspace}]", "inputs: [{adapter: email}]",
                                       "inputs: [{topic: t, default_country: XX}]", "normalize: {adapters: [nowhere.yaml]}" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(raw_stage_open(&raw, bad[i]), -1, "%s", bad[i]);
        cr_expect_neq(raw.one.err.text[0], '\0');
        if (i + 1 < sizeof bad / sizeof bad[0])
            raw_stage_close(&raw);
    }
}
