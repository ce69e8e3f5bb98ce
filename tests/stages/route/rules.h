/* rules.h - what the tests of the rule language share: an expression checked and answered about a record written as canonical JSON. */
#ifndef CX_TESTS_ROUTE_RULES_H
#define CX_TESTS_ROUTE_RULES_H
#include <criterion/criterion.h>
#include "codec/codec.h"
#include "stages/route/rule_checker.h"

/* Criterion runs each test in a process of its own: one arena for all. */
static inline struct cx_arena *rules_arena(void)
{
    static struct cx_arena *arena;
    if (!arena)
        arena = cx_arena_new(1u << 30);
    return arena;
}

static inline const struct route_type *rules_record_type(void)
{
    static const struct route_type *type;
    if (!type)
        type = route_schema_read(rules_arena(), cx_interaction_schema.avsc, NULL);
    cr_assert_not_null(type);
    return type;
}

struct rules_checked {
    struct route_builder builder;
    struct route_fault fault;
    uint32_t root;
    bool is_sound;
};

static inline void rules_check(struct rules_checked *checked, struct cx_str text)
{
    route_builder_init(&checked->builder, rules_arena());
    const struct route_syntax *syntax = route_parse(rules_arena(), text, &checked->fault);
    checked->is_sound = syntax && route_check(&checked->builder, rules_record_type(), text, syntax, &checked->root, &checked->fault);
}

/* The members given and what every record must have. */
static inline struct cx_interaction rules_record(const char *members)
{
    static const char head[] =
        "{\"event_id\":\"000102030405060708090a0b0c0d0e0f\",\"tenant\":\"acme\",\"channel\":\"instagram\",\"kind\":\"comment\","
        "\"op\":\"create\",\"direction\":\"inbound\",\"occurred_at\":1764000000000,\"ingested_at\":1764000001000,"
        "\"source\":{\"topic\":\"t\",\"partition\":3,\"offset\":7},\"adapter\":\"canonical\",\"adapter_version\":1,\"native_id\":\"n1\"";
    struct cx_str json = cx_arena_format(rules_arena(), "%s%s%s}", head, *members ? "," : "", members);
    struct cx_json_fault fault;
    struct cx_interaction record;
    struct cx_str path;
    const char *why = "";
    const struct cx_json *root = cx_json_parse(rules_arena(), json, &fault);
    cr_assert(root && cx_interaction_schema.from_json(rules_arena(), root, &record, &path, &why), "%s: %s", members, why);
    return record;
}

/* 1, 0, or -1 when the expression is wrong. */
static inline int rules_answer(const char *text, const struct cx_interaction *record)
{
    struct rules_checked checked;
    rules_check(&checked, cx_str(text));
    if (!checked.is_sound) {
        cr_log_warn("%s: %zu: %s", text, checked.fault.at, checked.fault.text);
        return -1;
    }
    struct route_program program = route_builder_finish(&checked.builder, &checked.root, 1);
    struct route_machine machine;
    route_machine_start(&machine, &program, rules_arena(), record, 1000000);
    int answer = route_machine_test(&machine, checked.root);
    route_builder_free(&checked.builder);
    return answer;
}
#endif
