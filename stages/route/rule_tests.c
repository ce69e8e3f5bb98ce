#include "stages/route/rule_set.h"
#include <float.h>

/* A test's record says only what matters; this is the rest. */
static const struct {
    const char *field, *value;
} usual[] = { { "tenant", "acme" },
              { "channel", "test" },
              { "kind", "comment" },
              { "native_id", "1" },
              { "adapter", "canonical" },
              { "adapter_version", "1" },
              { "language", "und" },
              { "occurred_at", "1764000000000" },
              { "ingested_at", "1764000000000" } };

static int write_value(struct cx_buf *out, const struct route_type *type, const struct cx_node *node, struct cx_error *err);

/* The value of a field that neither the test nor the schema gives. */
static void write_usual(struct cx_buf *out, const struct route_field *field)
{
    const char *value = "";
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (cx_str_is(field->name, usual[i].field))
            value = usual[i].value;
    struct cx_error ignored;
    switch (field->type->kind) {
    case ROUTE_STRING:
        cx_json_string(out, cx_str(value));
        break;
    case ROUTE_ENUM:
        cx_json_string(out, cx_str(field->type->symbols[0]));
        break;
    case ROUTE_ID:
        cx_buf_str(out, CX_STR("\"00000000000000000000000000000000\""));
        break;
    case ROUTE_BOOL:
        cx_buf_str(out, CX_STR("false"));
        break;
    case ROUTE_RECORD:
        write_value(out, field->type, NULL, &ignored); /* an empty map cannot be wrong */
        break;
    default:
        cx_buf_str(out, *value ? cx_str(value) : CX_STR("0"));
    }
}

static int check_members(const struct route_type *type, const struct cx_node *map, struct cx_error *err)
{
    const char *names[128] = { NULL };
    char text[128][64];
    cx_assert(type->field_count < 128);
    for (size_t i = 0; i < type->field_count; i++) {
        snprintf(text[i], sizeof text[i], "%.*s", CX_STR_ARG(type->fields[i].name));
        names[i] = text[i];
    }
    return cx_node_only(map, names, err);
}

static int write_record(struct cx_buf *out, const struct route_type *type, const struct cx_node *map, struct cx_error *err)
{
    bool is_first = true;
    if (map)
        CX_TRY(check_members(type, map, err));
    cx_buf_byte(out, '{');
    for (size_t i = 0; i < type->field_count; i++) {
        const struct route_field *field = &type->fields[i];
        const struct cx_node *node = NULL;
        for (const struct cx_node *n = map ? map->first : NULL; n; n = n->next)
            if (cx_str_eq(n->key, field->name))
                node = n;
        if (!node && field->has_default)
            continue;
        if (!is_first)
            cx_buf_byte(out, ',');
        is_first = false;
        cx_json_string(out, field->name);
        cx_buf_byte(out, ':');
        if (node)
            CX_TRY(write_value(out, field->type, node, err));
        else
            write_usual(out, field);
    }
    cx_buf_byte(out, '}');
    return 0;
}

static int write_scalar(struct cx_buf *out, const struct route_type *type, const struct cx_node *node, struct cx_error *err)
{
    bool truth;
    double number;
    struct cx_str text;
    if (type->kind == ROUTE_BOOL) {
        CX_TRY(cx_node_bool(node, &truth, err));
        cx_buf_str(out, truth ? CX_STR("true") : CX_STR("false"));
    } else if (type->kind == ROUTE_DOUBLE) {
        CX_TRY(cx_node_f64(node, -DBL_MAX, DBL_MAX, &number, err));
        cx_json_f64(out, number);
    } else {
        CX_TRY(cx_node_str(node, &text, err));
        int64_t whole;
        bool is_number = type->kind == ROUTE_INT && cx_str_to_i64(text, &whole); /* times may be written as RFC 3339 too */
        if (is_number)
            cx_buf_str(out, text);
        else
            cx_json_string(out, text);
    }
    return 0;
}

/* The node as JSON of that type: what is a string in the schema is one in JSON, however the test writes it. */
static int write_value(struct cx_buf *out, const struct route_type *type, const struct cx_node *node, struct cx_error *err)
{
    if (node && node->type == CX_NODE_NULL) {
        cx_buf_str(out, CX_STR("null"));
        return 0;
    }
    bool wants_map = type->kind == ROUTE_RECORD || type->kind == ROUTE_MAP, wants_list = type->kind == ROUTE_LIST;
    enum cx_node_type wanted = wants_map ? CX_NODE_MAP : wants_list ? CX_NODE_LIST : CX_NODE_SCALAR;
    if (node && node->type != wanted)
        return cx_node_fail(node, err, "expected %.*s", CX_STR_ARG(type->name));
    if (type->kind == ROUTE_RECORD)
        return write_record(out, type, node, err);
    if (!wants_map && !wants_list)
        return write_scalar(out, type, node, err);
    cx_buf_byte(out, wants_map ? '{' : '[');
    for (const struct cx_node *n = node ? node->first : NULL; n; n = n->next) {
        if (n != node->first)
            cx_buf_byte(out, ',');
        if (wants_map) {
            cx_json_string(out, n->key);
            cx_buf_byte(out, ':');
        }
        CX_TRY(write_value(out, wants_map ? &route_type_string : type->items, n, err));
    }
    cx_buf_byte(out, wants_map ? '}' : ']');
    return 0;
}

static int read_record(const struct route_rule_set *set, struct cx_arena *arena, const struct cx_node *node, struct cx_interaction *record,
                       struct cx_error *err)
{
    struct cx_buf json;
    struct cx_json_fault fault;
    struct cx_str path = CX_STR_NULL;
    const char *why = "it is too large";
    cx_buf_init(&json, 1 << 20);
    int status = write_value(&json, set->record, node, err);
    struct cx_str text = cx_arena_copy(arena, cx_buf_view(&json));
    bool is_whole = !json.overflow;
    cx_buf_free(&json);
    CX_TRY(status);
    const struct cx_json *root = is_whole ? cx_json_parse(arena, text, &fault) : NULL;
    if (root && cx_interaction_schema.from_json(arena, root, record, &path, &why))
        return 0;
    return cx_node_fail(node, err, "the test's record cannot be read: %.*s%s%s", CX_STR_ARG(path), path.ptr ? ": " : "", why);
}

/* "care, legal"; "unmatched" where no rule matched, "nobody" where only rules without functions did */
static struct cx_str outcome(struct cx_arena *arena, const struct cx_routing *routing)
{
    struct cx_str text = routing->functions.len > 0 ? CX_STR("") : routing->rules.len > 0 ? CX_STR("nobody") : CX_STR("unmatched");
    for (size_t i = 0; i < routing->functions.len; i++)
        text = cx_arena_format(arena, "%.*s%s%.*s", CX_STR_ARG(text), i ? ", " : "", CX_STR_ARG(routing->functions.items[i]));
    return text;
}

static int expected_functions(const struct cx_node *expect, uint32_t *functions, struct cx_error *err)
{
    *functions = 0;
    for (const struct cx_node *n = expect->first; n; n = n->next) {
        int found = -1;
        for (int i = 0; i < ROUTE_FUNCTION_COUNT; i++)
            if (n->type == CX_NODE_SCALAR && cx_str_is(n->text, route_function_names[i]))
                found = i;
        if (found < 0)
            return cx_node_fail(n, err, "unknown function %.*s", CX_STR_ARG(n->text));
        *functions |= 1u << found;
    }
    return 0;
}

/* 1 when the test fails, 0 when it holds, -1 when it cannot be run. */
static int run_test(const struct route_rule_set *set, struct cx_arena *arena, const struct cx_node *test, cx_finding_fn *report, void *context,
                    struct cx_error *err)
{
    static const char *const names[] = { "name", "record", "expect", NULL };
    struct cx_interaction record;
    struct cx_routing routing;
    uint32_t expected, functions;
    struct cx_str name;
    if (test->type != CX_NODE_MAP)
        return cx_node_fail(test, err, "a test is a map of name, record and expect");
    CX_TRY(cx_node_only(test, names, err));
    const struct cx_node *label = cx_node_get(test, "name"), *given = cx_node_get(test, "record"), *expect = cx_node_get(test, "expect");
    if (!label || !given || !expect || given->type != CX_NODE_MAP || expect->type != CX_NODE_LIST)
        return cx_node_fail(test, err, "a test has a name, a record (a map) and expect (a list of functions)");
    CX_TRY(cx_node_str(label, &name, err));
    CX_TRY(expected_functions(expect, &expected, err));
    CX_TRY(read_record(set, arena, given, &record, err));
    if (!route_rule_set_decide(set, arena, &record, INT64_MAX, &routing, &functions))
        return cx_node_fail(test, err, "the test's record cannot be decided");
    if (functions == expected)
        return 0;
    report(context, expect, cx_arena_format(arena, "test '%.*s' goes to %.*s%c", CX_STR_ARG(name), CX_STR_ARG(outcome(arena, &routing)), 0).ptr);
    return 1;
}

int route_rule_set_test(const struct route_rule_set *set, struct cx_arena *arena, cx_finding_fn *report, void *context, struct cx_error *err)
{
    int failed = 0;
    for (size_t i = 0; i < set->count; i++) {
        for (const struct cx_node *test = set->rules[i].tests ? set->rules[i].tests->first : NULL; test; test = test->next) {
            int result = run_test(set, arena, test, report, context, err);
            if (result < 0)
                return -1;
            failed += result;
        }
    }
    return failed;
}
