/* rules_fuzz.c - bytes as an expression and as a rule set: a place and a sentence, or an answer within the budget about any record. */
#include "stages/route/rule_checker.h"
#include "stages/route/rule_place.h"
#include "stages/route/rule_set.h"

#define STEPS 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const texts[] = {
    "{}",
    "{\"text\":\"Refund NOW\",\"title\":\"\",\"brand\":\"b\",\"author\":{\"name\":\"x\",\"followers\":7},\"rating\":{\"value\":1,\"scale\":5},"
    "\"identifiers\":[{\"type\":\"email\",\"value\":\"a@b.c\"},{\"type\":\"phone\",\"value\":\"+1\",\"scope\":\"p\"}],\"attributes\":{\"order\":"
    "\"1\"},"
    "\"classification\":{\"language\":\"en\",\"language_confidence\":1,\"sentiment\":\"negative\",\"intents\":[{\"name\":\"complaint\",\"score\":0.7}"
    "],"
    "\"topics\":[\"refund\"],\"urgency\":\"high\"}}",
};

/* What every record has, with the members of a text added. */
static void make_record(struct cx_arena *arena, const char *text, struct cx_interaction *record)
{
    static const char head[] =
        "{\"event_id\":\"000102030405060708090a0b0c0d0e0f\",\"tenant\":\"acme\",\"channel\":\"instagram\",\"kind\":\"comment\","
        "\"op\":\"create\",\"direction\":\"inbound\",\"occurred_at\":1764000000000,\"ingested_at\":1764000001000,"
        "\"source\":{\"topic\":\"t\",\"partition\":3,\"offset\":7},\"adapter\":\"canonical\",\"adapter_version\":1,\"native_id\":\"n\"";
    struct cx_json_fault fault;
    struct cx_str path;
    const char *why;
    struct cx_str json = cx_arena_format(arena, "%s%s%s", head, text[1] == '}' ? "" : ",", text + 1);
    const struct cx_json *root = cx_json_parse(arena, json, &fault);
    cx_assert(root && cx_interaction_schema.from_json(arena, root, record, &path, &why));
}

static void run_expression(struct cx_arena *arena, const struct route_type *type, struct cx_str text, const struct cx_interaction *records)
{
    struct route_builder builder;
    struct route_fault fault = { .at = SIZE_MAX };
    uint32_t root;
    route_builder_init(&builder, arena);
    const struct route_syntax *syntax = route_parse(arena, text, &fault);
    if (syntax && route_check(&builder, type, text, syntax, &root, &fault)) {
        struct route_program program = route_builder_finish(&builder, &root, 1);
        struct route_machine machine;
        for (size_t i = 0; i < 2; i++) {
            route_machine_start(&machine, &program, arena, &records[i], STEPS);
            bool first = route_machine_test(&machine, root);
            route_machine_start(&machine, &program, arena, &records[i], STEPS);
            cx_assert(first == route_machine_test(&machine, root));
        }
    } else {
        cx_assert(fault.at <= text.len && fault.text[0] != '\0');
    }
    route_builder_free(&builder);
}

static void ignore_report(void *context, const struct cx_node *at, const char *text)
{
    (void)context;
    cx_assert(at->line > 0 && text[0] != '\0');
}

static void run_set(struct cx_arena *arena, struct cx_str text, const struct cx_interaction *records)
{
    struct route_rule_set set;
    struct cx_error err = { 0 };
    if (route_rule_set_load(&set, arena, "rules.yaml", text, ignore_report, NULL, &err) == 0) {
        struct cx_routing routing;
        uint32_t functions;
        for (size_t i = 0; i < 2; i++)
            (void)route_rule_set_decide(&set, arena, &records[i], STEPS, &routing, &functions);
        (void)route_rule_set_test(&set, arena, ignore_report, NULL, &err);
    } else {
        cx_assert(err.exit == CX_EXIT_CONFIG && err.text[0] != '\0');
    }
    route_rule_set_free(&set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cx_arena *arena, *kept;
    static struct cx_interaction records[2];
    static const struct route_type *type;
    if (!arena) {
        arena = cx_arena_new(1u << 30);
        kept = cx_arena_new(1u << 30);
        type = route_schema_read(kept, cx_interaction_schema.avsc, NULL);
        for (size_t i = 0; i < 2; i++)
            make_record(kept, texts[i], &records[i]);
    }
    struct cx_str text = cx_arena_copy(arena, cx_str_n(data, size));
    run_expression(arena, type, text, records);
    run_set(arena, text, records);
    cx_arena_reset(arena);
    return 0;
}
