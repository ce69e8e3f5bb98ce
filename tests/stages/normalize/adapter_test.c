/* The language of adapter files: what an expression gives, and what a file may not say. */
#include <criterion/criterion.h>
#include "stages/normalize/adapter.h"

static struct cx_arena *arena;
static struct cx_error err;
static struct normalize_fault fault;

static void setup(void)
{
    arena = cx_arena_new(64u << 20);
    fault = normalize_no_fault();
}

static void teardown(void)
{
    cx_arena_free(arena);
}

TestSuite(adapter, .init = setup, .fini = teardown);

static const struct cx_json *json(const char *text)
{
    struct cx_json_fault json_fault;
    const struct cx_json *node = cx_json_parse(arena, cx_str(text), &json_fault);
    cr_assert_not_null(node, "%s", text);
    return node;
}

/* What the YAML of an expression gives for an item; "(absent)", "(fault)", "(error)", or ms of a time. */
static const char *given(const char *yaml, const char *item)
{
    struct cx_str lists[NORMALIZE_LISTS_MAX] = { CX_STR("entry") };
    struct normalize_compiler compiler = { .arena = arena, .lists = lists };
    struct normalize_expression expression;
    const struct cx_node *root = cx_config_parse(arena, "test.yaml", cx_arena_format(arena, "x: %s", yaml), &err);
    cr_assert_not_null(root, "%s", err.text);
    if (normalize_compile(&compiler, root->first, &expression, &err) != 0)
        return "(error)";
    struct cx_header header = { CX_STR("X-Topic"), CX_STR("orders/create") };
    struct cx_message message = { .headers = &header, .header_count = 1 };
    struct normalize_input input = { .own_ids = json("[\"own\",17]"), .default_country = CX_STR("TR") };
    struct normalize_receipt receipt = {
        .message = &message, .input = &input, .own_ids = json("[\"mine\"]"), .context = json("{\"account\":\"a1\"}"), .country = CX_STR("TR")
    };
    struct normalize_part part = { .receipt = &receipt, .payload = json("{\"id\":\"p\"}"), .lists = { json("{\"time\":1795320000}") } };
    struct normalize_scope scope = { arena, &part, json(item), &fault };
    struct normalize_value value;
    if (!normalize_evaluate(&scope, &expression, &value))
        return "(fault)";
    if (!normalize_is_present(value))
        return "(absent)";
    if (value.is_time)
        return cx_arena_format(arena, "%lld%c", (long long)value.ms, 0).ptr;
    return cx_arena_format(arena, "%.*s%c", CX_STR_ARG(normalize_value_text(value)), 0).ptr;
}

static void expect_given(const char *yaml, const char *item, const char *want)
{
    const char *got = given(yaml, item);
    cr_expect_str_eq(got, want, "%s of %s: %s%s", yaml, item, got, strcmp(got, "(error)") == 0 ? err.text : "");
}

Test(adapter, paths_lead_to_values)
{
    static const char item[] =
        "{\"a\":{\"b\":[1,{\"id\":\"x\",\"n\":\"first\"},{\"id\":17,\"n\":\"second\"}]},\"w\":17,\"t\":true,\"e\":\"\",\"z\":null}";
    expect_given(".a.b[0]", item, "1");
    expect_given("'.a.b[last].n'", item, "second");
    expect_given("'.a.b[id=x].n'", item, "first");
    expect_given("'.a.b[id=.w].n'", item, "second");
    expect_given("'.a.b[id=.none].n'", item, "(absent)");
    expect_given(".t", item, "true");
    expect_given(".e", item, "(absent)");
    expect_given(".z", item, "(absent)");
    expect_given(".a.b.c", item, "(absent)");
    expect_given("$.id", item, "p");
    expect_given("$entry.time", item, "1795320000");
    expect_given("$headers.x-topic", item, "orders/create");
    expect_given("$context.account", item, "a1");
}

Test(adapter, expressions_choose_join_and_look_up)
{
    static const char item[] = "{\"a\":\"1\",\"b\":\"\",\"c\":\"x\",\"n\":9007199254740993}";
    expect_given("constant", item, "constant");
    expect_given("~", item, "(absent)");
    expect_given("[.b, .none, .c]", item, "x");
    expect_given("[.b, fallback]", item, "fallback");
    expect_given("'{.a}:{.n}'", item, "1:9007199254740993");
    expect_given("'{.a}:{.b}'", item, "(absent)");
    expect_given("{join: [.a, .b, .c], with: '-'}", item, "1-x");
    expect_given("{when: .c == x, use: .a, else: no}", item, "1");
    expect_given("{when: .c != x, use: .a}", item, "(absent)");
    expect_given("{of: .c, table: {x: ten, y: ~}, else: other}", item, "ten");
    expect_given("{of: .a, table: {x: ten}, else: other}", item, "other");
}

Test(adapter, conditions_hold_or_do_not)
{
    static const char item[] = "{\"s\":\"text\",\"f\":false,\"zero\":0,\"n\":2,\"m\":10,\"l\":[\"a\",\"b\"],\"own\":\"own\",\"mine\":\"mine\","
                               "\"num\":17,\"two\":\"two words\"}";
    static const struct {
        const char *condition;
        bool holds;
    } cases[] = {
        { ".s", true },
        { ".f", false },
        { ".zero", false },
        { ".none", false },
        { "not .f", true },
        { ".s == text", true },
        { ".s != text", false },
        { ".none != x", true },
        { ".n > .m", false },
        { ".m > .n", true },
        { ".s in a text", true },
        { ".s in a b", false },
        { ".own in $own_ids", true },
        { ".mine in $own_ids", true },
        { ".num in $own_ids", true },
        { ".s in $own_ids", false },
        { ".l contains b", true },
        { ".s contains ex", true },
        { ".l contains c", false },
        { ".n is number", true },
        { ".f is boolean", true },
        { ".l is object", false },
        { "\".two == 'two words'\"", true },
        { "[.s, .f]", false },
        { "{any: [.f, .s]}", true },
        { "not .s in a b", true },
        { ".none in $own_ids", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cx_str yaml = cx_arena_format(arena, "{when: %s, use: yes, else: no}%c", cases[i].condition, 0);
        if (strchr(cases[i].condition, '$'))
            yaml = cx_arena_format(arena, "{when: \"%s\", use: yes, else: no}%c", cases[i].condition, 0);
        expect_given(yaml.ptr, item, cases[i].holds ? "yes" : "no");
    }
}

Test(adapter, functions_read_what_they_promise)
{
    static const char item[] = "{\"s\":1795320000,\"fs\":1795320000.25,\"ms\":\"1795320000123\",\"us\":1795320000123456,\"ns\":1795320000123456789,"
                               "\"iso\":\"2026-11-22T07:00:00+0300\","
                               "\"mail\":\"Sun, 22 Nov 2026 07:00:00 +0300\",\"html\":\"<p>a &amp; b</p>\",\"wa\":\"905321234567\",\"tel\":\"0532 "
                               "123 45 67\",\"o\":{},\"json\":\"{\\\"a\\\":1}\"}";
    static const char *const cases[][2] = {
        { ".s | epoch", "1795320000000" },
        { ".fs | epoch", "1795320000250" },
        { ".ms | epoch", "1795320000123" },
        { ".us | epoch", "1795320000123" },
        { ".ns | epoch", "1795320000123" },
        { ".s | epoch_s", "1795320000000" },
        { ".ms | epoch_ms", "1795320000123" },
        { ".us | epoch_us", "1795320000123" },
        { ".iso | rfc3339", "1795320000000" },
        { ".mail | rfc2822", "1795320000000" },
        { ".html | html", "a & b" },
        { ".html | entities", "<p>a & b</p>" },
        { ".html | html | trim | lower", "a & b" },
        { ".wa | dialled", "+905321234567" },
        { ".tel | phone", "+905321234567" },
        { ".tel | dialled", "(absent)" },
        { ".iso | epoch", "(fault)" },
        { ".s | rfc3339", "(fault)" },
        { ".o | html", "(fault)" },
        { ".none | epoch", "(absent)" },
        { ".html | json", "(fault)" },
        { ".s | nothing", "(error)" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_given(cases[i][0], item, cases[i][1]);
}

#define HEAD  "adapter: a\nversion: 1\ndecoder: json\nchannels: {c: {author_id_type: t}}\n"
#define ITEMS "payloads: [{items: [{at: '.e[]', event: x}]}]\n"

static int compile(const char *text)
{
    struct normalize_adapter adapter;
    err.text[0] = '\0';
    return normalize_adapter_compile(arena, "a.yaml", cx_str(text), &adapter, &err);
}

Test(adapter, files_are_checked_with_a_place)
{
    cr_expect_eq(compile(HEAD ITEMS "events: {x: {channel: c, native_id: .id}}"), 0, "%s", err.text);
    static const char *const bad[][2] = {
        { "adapter: a\nversion: 1\ndecoder: xml\n", "no decoder xml" },
        { "adapter: a\ndecoder: json\n", "needs adapter" },
        { HEAD "evnts: {}\n", "evnts" },
        { HEAD ITEMS, "needs a list payloads" },
        { HEAD ITEMS "events: {x: {channel: c}}", "native_id" },
        { HEAD ITEMS "events: {x: {channel: c, native_id: .id, txt: .t}}", "no field txt" },
        { HEAD ITEMS "events: {x: {channel: c, native_id: .id, author: {nick: .t}}}", "no field author.nick" },
        { HEAD ITEMS "events: {x: {channel: c, native_id: $topic.id}}", "$topic" },
        { HEAD ITEMS "events: {x: {channel: c, native_id: '.a[b]'}}", "[b]" },
        { HEAD ITEMS "events: {x: {channel: c, native_id: '.a[0'}}", "not closed" },
        { HEAD ITEMS "events: {x: {channel: c, native_id: '{.a'}}", "not closed" },
        { HEAD ITEMS "events: {x: {channel: c, native_id: '.id | uper'}}", "no function uper" },
        { HEAD ITEMS "events: {x: {like: y, channel: c, native_id: .id}}", "no event y" },
        { HEAD "payloads: [{items: [{at: '.e[]', event: y}]}]\nevents: {x: {channel: c, native_id: .id}}", "no event y" },
        { HEAD "payloads: [{items: [{at: '.e[]', ignore: recation}]}]\nevents: {x: {channel: c, native_id: .id}}", "did you mean reaction" },
        { HEAD "payloads: [{items: [{at: 'e[]', event: x}]}]\nevents: {x: {channel: c, native_id: .id}}", "a place such as" },
        { HEAD "payloads: [{items: [{at: '.headers[]', event: x}]}]\nevents: {x: {channel: c, native_id: .id}}", "a name of its own" },
        { HEAD "payloads: [{when: kind == x, items: []}]\nevents: {x: {channel: c, native_id: .id}}", "expected a condition" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(compile(bad[i][0]), -1, "%s", bad[i][0]);
        cr_expect_not_null(strstr(err.text, bad[i][1]), "%s\ngave: %s", bad[i][0], err.text);
        cr_expect_not_null(strstr(err.text, "a.yaml:"), "%s", err.text);
    }
}
