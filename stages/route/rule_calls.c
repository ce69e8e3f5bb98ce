#include "base/time.h"
#include "stages/route/rule_checker.h"

static bool call_has(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    struct route_value x;
    if (!route_check_value(c, s->first, &x))
        return false;
    bool is_container = x.type->kind == ROUTE_LIST || x.type->kind == ROUTE_MAP;
    if (x.type->kind == ROUTE_NULL)
        return route_fault_set(c->fault, s->first->at, "has() asks about a field");
    *value = (struct route_value){ 0, &route_type_bool, false };
    value->op = x.is_nullable || is_container ? route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_HAS, .a = x.op })
                                              : route_builder_bool(c->builder, true);
    return true;
}

static bool bind_variable(struct route_checker *c, const struct route_syntax *s, const struct route_type *type)
{
    if (s->kind != ROUTE_SYNTAX_NAME)
        return route_fault_set(c->fault, s->at, "the second thing in exists() is a name for the item");
    if (route_schema_field(c->record, s->text))
        return route_fault_set(c->fault, s->at, "%.*s is a field of the record: give the item another name", CX_STR_ARG(s->text));
    for (size_t i = 0; i < c->variable_count; i++)
        if (cx_str_eq(c->variables[i].name, s->text))
            return route_fault_set(c->fault, s->at, "%.*s is already the item of the exists() around", CX_STR_ARG(s->text));
    if (c->variable_count == ROUTE_VARIABLES_MAX)
        return route_fault_set(c->fault, s->at, "exists() is nested more than %d deep", ROUTE_VARIABLES_MAX);
    c->variables[c->variable_count].name = s->text;
    c->variables[c->variable_count].type = type;
    c->variable_count++;
    return true;
}

static bool call_exists(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    const struct route_syntax *name = s->first->next, *body = name->next;
    struct route_value list, test;
    if (!route_check_known(c, s->first, &list))
        return false;
    if (list.type->kind != ROUTE_LIST)
        return route_fault_set(c->fault, s->first->at, "exists() looks into a list, but %.*s is %.*s", CX_STR_ARG(route_excerpt(c->text, s->first)),
                               CX_STR_ARG(list.type->name));
    size_t known = c->fact_count;
    if (!bind_variable(c, name, list.type->items))
        return false;
    bool is_sound = route_check_kind(c, body, ROUTE_BOOL, &test);
    c->variable_count--;
    c->fact_count = known;
    if (!is_sound)
        return false;
    uint32_t op = route_builder_exists(c->builder, list.op, test.op, (unsigned)c->variable_count, list.type->item_size);
    *value = (struct route_value){ op, &route_type_bool, false };
    return true;
}

static bool call_contains(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    struct route_value text, part;
    if (s->first->kind == ROUTE_SYNTAX_LIST)
        return route_check_membership(c, s->first->next, s->first, value);
    if (!route_check_known(c, s->first, &text))
        return false;
    if (text.type->kind == ROUTE_LIST || text.type->kind == ROUTE_MAP)
        return route_check_membership(c, s->first->next, s->first, value);
    if (!route_check_kind(c, s->first, ROUTE_STRING, &text) || !route_check_kind(c, s->first->next, ROUTE_STRING, &part))
        return false;
    struct route_op op = { .code = ROUTE_OP_CONTAINS, .a = text.op, .b = part.op };
    *value = (struct route_value){ route_builder_add(c->builder, op), &route_type_bool, false };
    return true;
}

static bool call_edge(struct route_checker *c, const struct route_syntax *s, uint8_t code, struct route_value *value)
{
    struct route_value text, part;
    if (!route_check_kind(c, s->first, ROUTE_STRING, &text) || !route_check_kind(c, s->first->next, ROUTE_STRING, &part))
        return false;
    struct route_op op = { .code = code, .a = text.op, .b = part.op };
    *value = (struct route_value){ route_builder_add(c->builder, op), &route_type_bool, false };
    return true;
}

static bool call_starts_with(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    return call_edge(c, s, ROUTE_OP_STARTS_WITH, value);
}

static bool call_ends_with(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    return call_edge(c, s, ROUTE_OP_ENDS_WITH, value);
}

static bool call_matches(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    const struct route_syntax *pattern = s->first->next;
    struct route_value text;
    char why[200];
    if (!route_check_kind(c, s->first, ROUTE_STRING, &text))
        return false;
    if (pattern->kind != ROUTE_SYNTAX_STRING)
        return route_fault_set(c->fault, pattern->at, "matches() takes its pattern as a literal string");
    uint32_t op = route_builder_matches(c->builder, text.op, pattern->text, why, sizeof why);
    if (op == ROUTE_NO_OP)
        return route_fault_set(c->fault, pattern->at, "the pattern is wrong: %s", why);
    *value = (struct route_value){ op, &route_type_bool, false };
    return true;
}

static bool call_size(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    struct route_value x;
    if (!route_check_known(c, s->first, &x))
        return false;
    uint8_t code = x.type->kind == ROUTE_STRING ? ROUTE_OP_SIZE_STRING : x.type->kind == ROUTE_LIST ? ROUTE_OP_SIZE_LIST : ROUTE_OP_SIZE_MAP;
    if (code == ROUTE_OP_SIZE_MAP && x.type->kind != ROUTE_MAP)
        return route_fault_set(c->fault, s->first->at, "size() takes a string, list or map, but %.*s is %.*s",
                               CX_STR_ARG(route_excerpt(c->text, s->first)), CX_STR_ARG(x.type->name));
    *value = (struct route_value){ route_builder_add(c->builder, (struct route_op){ .code = code, .a = x.op }), &route_type_int, false };
    return true;
}

static bool call_lower(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    if (!route_check_kind(c, s->first, ROUTE_STRING, value))
        return false;
    value->op = route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_LOWER, .a = value->op });
    return true;
}

static bool constant_ms(struct route_checker *c, int64_t ms, struct route_value *value)
{
    *value = (struct route_value){ route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_INT, .i = ms }), &route_type_int, false };
    return true;
}

/* duration('90s'): units as in the configuration. */
static bool call_duration(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 } };
    struct cx_str text = s->first->text, unit = text;
    while (unit.len > 0 && unit.ptr[0] >= '0' && unit.ptr[0] <= '9')
        unit = cx_str_skip(unit, 1);
    int64_t count, ms;
    bool is_number = s->first->kind == ROUTE_SYNTAX_STRING && cx_str_to_i64(cx_str_n(text.ptr, text.len - unit.len), &count);
    for (size_t i = 0; is_number && i < sizeof units / sizeof *units; i++)
        if (cx_str_is(unit, units[i].name) && !__builtin_mul_overflow(count, units[i].ms, &ms))
            return constant_ms(c, ms, value);
    return route_fault_set(c->fault, s->first->at, "duration() takes a literal such as '500ms', '90s', '15m', '24h' or '7d'");
}

static bool call_timestamp(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    int64_t ms;
    if (s->first->kind == ROUTE_SYNTAX_STRING && cx_time_parse(s->first->text, &ms))
        return constant_ms(c, ms, value);
    return route_fault_set(c->fault, s->first->at, "timestamp() takes a literal such as '2026-11-22T04:00:00Z'");
}

static const struct call {
    const char *name;
    size_t operands; /* x of x.f(y) included */
    bool (*check)(struct route_checker *c, const struct route_syntax *s, struct route_value *value);
    const char *usage;
} calls[] = {
    { "has", 1, call_has, "has(x)" },
    { "exists", 3, call_exists, "exists(list, item, test)" },
    { "contains", 2, call_contains, "contains(x, part)" },
    { "startsWith", 2, call_starts_with, "startsWith(text, part)" },
    { "endsWith", 2, call_ends_with, "endsWith(text, part)" },
    { "matches", 2, call_matches, "matches(text, pattern)" },
    { "size", 1, call_size, "size(x)" },
    { "lower", 1, call_lower, "lower(text)" },
    { "duration", 1, call_duration, "duration('7d')" },
    { "timestamp", 1, call_timestamp, "timestamp('2026-11-22T04:00:00Z')" },
};
#define CALLS (sizeof calls / sizeof *calls)

bool route_check_call(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    const char *names[CALLS];
    for (size_t i = 0; i < CALLS; i++) {
        names[i] = calls[i].name;
        if (!cx_str_is(s->text, calls[i].name))
            continue;
        if (s->count != calls[i].operands)
            return route_fault_set(c->fault, s->mark, "write %s", calls[i].usage);
        return calls[i].check(c, s, value);
    }
    const char *near = cx_did_you_mean(s->text, names, CALLS);
    return route_fault_set(c->fault, s->mark, "unknown function %.*s%s%s%s", CX_STR_ARG(cx_utf8_prefix(s->text, 40)), near ? ": did you mean " : "",
                           near ? near : "", near ? "?" : "");
}
