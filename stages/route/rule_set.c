#include "stages/route/rule_set.h"
#include "stages/route/rule_checker.h"
#include "stages/route/rule_place.h"
#include <stdarg.h>

#define NAME_MAX_LEN 64

#define FUNCTION_NAME(name, doc) #name,
const char *const route_function_names[] = { ROUTE_FUNCTIONS(FUNCTION_NAME) NULL };

struct loader {
    struct cx_arena *arena;
    struct cx_str source; /* the whole file */
    struct route_rule_set *set;
    cx_finding_fn *report;
    void *context;
    struct cx_error *err;
};

static void warn(struct loader *l, const struct cx_node *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void warn(struct loader *l, const struct cx_node *at, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    l->report(l->context, at, text);
}

/* Names go into keys, labels and logs. */
static int read_name(struct loader *l, const struct cx_node *map, const char *key, struct cx_str *name)
{
    const struct cx_node *node = cx_node_get(map, key);
    if (!node)
        return cx_node_fail(map, l->err, "%s is missing", key);
    CX_TRY(cx_node_str(node, name, l->err));
    bool is_sound = name->len > 0 && name->len <= NAME_MAX_LEN;
    for (size_t i = 0; i < name->len && is_sound; i++)
        is_sound = memchr("abcdefghijklmnopqrstuvwxyz0123456789_-.", name->ptr[i], 39) != NULL;
    return is_sound ? 0 : cx_node_fail(node, l->err, "%s is 1 to %d of a-z, 0-9, _, - and .", key, NAME_MAX_LEN);
}

static const struct cx_node *need_list(struct loader *l, const struct cx_node *map, const char *key)
{
    const struct cx_node *node = cx_node_get(map, key);
    if (node && node->type == CX_NODE_LIST)
        return node;
    cx_node_fail(node ? node : map, l->err, node ? "%s is a list" : "%s is missing", key);
    return NULL;
}

static int read_functions(struct loader *l, const struct cx_node *then, uint32_t *functions)
{
    const struct cx_node *list = need_list(l, then, "functions");
    if (!list)
        return -1;
    for (const struct cx_node *node = list->first; node; node = node->next) {
        int found = -1;
        for (int i = 0; i < ROUTE_FUNCTION_COUNT; i++)
            if (node->type == CX_NODE_SCALAR && cx_str_is(node->text, route_function_names[i]))
                found = i;
        const char *near = node->type == CX_NODE_SCALAR ? cx_did_you_mean(node->text, route_function_names, ROUTE_FUNCTION_COUNT) : NULL;
        if (found < 0)
            return cx_node_fail(node, l->err, "unknown function %.*s%s%s%s", CX_STR_ARG(node->text), near ? ": did you mean " : "", near ? near : "",
                                near ? "?" : "");
        if (*functions & 1u << found)
            warn(l, node, "function %s is named twice", route_function_names[found]);
        *functions |= 1u << found;
    }
    return 0;
}

static int read_tags(struct loader *l, const struct cx_node *then, struct cx_str_list *tags)
{
    if (!cx_node_get(then, "tags"))
        return 0;
    const struct cx_node *list = need_list(l, then, "tags");
    if (!list)
        return -1;
    struct cx_str *items = CX_NEW_ARRAY(l->arena, struct cx_str, list->count);
    for (const struct cx_node *node = list->first; node; node = node->next)
        CX_TRY(cx_node_str(node, &items[tags->len++], l->err));
    tags->items = items;
    return 0;
}

static int read_then(struct loader *l, const struct cx_node *map, struct route_rule *rule)
{
    static const char *const names[] = { "functions", "queue", "priority", "tags", NULL };
    const struct cx_node *then = cx_node_get(map, "then");
    int64_t priority = -1;
    if (!then || then->type != CX_NODE_MAP)
        return cx_node_fail(then ? then : map, l->err, then ? "then is a map" : "then is missing");
    CX_TRY(cx_node_only(then, names, l->err));
    CX_TRY(read_functions(l, then, &rule->functions));
    CX_TRY(read_tags(l, then, &rule->tags));
    if (cx_node_get(then, "queue"))
        CX_TRY(read_name(l, then, "queue", &rule->queue));
    if (cx_node_get(then, "priority"))
        CX_TRY(cx_node_i64(cx_node_get(then, "priority"), 0, 9, &priority, l->err));
    rule->priority = (int)priority;
    return 0;
}

static int read_when(struct loader *l, const struct cx_node *map, struct route_rule *rule)
{
    const struct cx_node *when = cx_node_get(map, "when");
    struct cx_str text;
    struct route_fault fault;
    if (!when)
        return cx_node_fail(map, l->err, "when is missing");
    CX_TRY(cx_node_str(when, &text, l->err));
    const struct route_syntax *syntax = route_parse(l->arena, text, &fault);
    if (syntax && route_check(&l->set->builder, l->set->record, text, syntax, &rule->test, &fault))
        return 0;
    struct cx_node place = route_place(l->source, when, fault.at);
    return cx_node_fail(&place, l->err, "%s", fault.text);
}

/* What is no error but hardly meant. */
static void lint(struct loader *l, const struct cx_node *map, const struct route_rule *rule)
{
    const struct cx_node *when = cx_node_get(map, "when");
    const struct route_builder *builder = &l->set->builder;
    if (route_builder_is(builder, rule->test, true))
        warn(l, when, "rule %.*s matches every record", CX_STR_ARG(rule->id));
    if (route_builder_is(builder, rule->test, false))
        warn(l, when, "rule %.*s can never match", CX_STR_ARG(rule->id));
    for (const struct route_rule *other = l->set->rules; other < rule; other++)
        if (other->test == rule->test && other->functions == rule->functions && !route_builder_is_constant(builder, rule->test))
            warn(l, when, "rule %.*s asks the same as rule %.*s and sends to the same functions", CX_STR_ARG(rule->id), CX_STR_ARG(other->id));
}

static int read_rule(struct loader *l, const struct cx_node *map, struct route_rule *rule)
{
    static const char *const names[] = { "id", "when", "then", "owner", "doc", "tests", NULL };
    if (map->type != CX_NODE_MAP)
        return cx_node_fail(map, l->err, "a rule is a map");
    CX_TRY(cx_node_only(map, names, l->err));
    CX_TRY(read_name(l, map, "id", &rule->id));
    for (const struct route_rule *other = l->set->rules; other < rule; other++)
        if (cx_str_eq(other->id, rule->id))
            return cx_node_fail(cx_node_get(map, "id"), l->err, "rule id %.*s is taken by an earlier rule", CX_STR_ARG(rule->id));
    CX_TRY(read_when(l, map, rule));
    CX_TRY(read_then(l, map, rule));
    struct cx_str ignored;
    if (cx_node_get(map, "owner"))
        CX_TRY(cx_node_str(cx_node_get(map, "owner"), &ignored, l->err));
    if (cx_node_get(map, "doc"))
        CX_TRY(cx_node_str(cx_node_get(map, "doc"), &ignored, l->err));
    if (cx_node_get(map, "tests"))
        rule->tests = need_list(l, map, "tests");
    if (cx_node_get(map, "tests") && !rule->tests)
        return -1;
    lint(l, map, rule);
    return 0;
}

static void compile(struct route_rule_set *set, struct cx_arena *arena)
{
    uint32_t *roots = CX_NEW_ARRAY(arena, uint32_t, set->count * 2);
    size_t root_count = 0;
    set->groups = CX_NEW_ARRAY(arena, struct route_group, set->count);
    for (size_t i = 0; i < set->count; i++) {
        uint32_t guard = route_builder_split(&set->builder, set->rules[i].test, &set->rules[i].rest);
        if (set->group_count == 0 || set->groups[set->group_count - 1].guard != guard) {
            set->groups[set->group_count++] = (struct route_group){ .guard = guard, .first = i };
            roots[root_count++] = guard;
        }
        set->groups[set->group_count - 1].count++;
        roots[root_count++] = set->rules[i].rest;
    }
    set->program = route_builder_finish(&set->builder, roots, root_count);
}

static int read_set(struct loader *l, const struct cx_node *root)
{
    static const char *const names[] = { "name", "version", "doc", "rules", NULL };
    struct route_rule_set *set = l->set;
    struct cx_str name, version;
    if (root->type != CX_NODE_MAP)
        return cx_node_fail(root, l->err, "a rule set is a map of name, version and rules");
    CX_TRY(cx_node_only(root, names, l->err));
    CX_TRY(read_name(l, root, "name", &name));
    CX_TRY(read_name(l, root, "version", &version));
    set->version = cx_arena_format(l->arena, "%.*s@%.*s", CX_STR_ARG(name), CX_STR_ARG(version));
    const struct cx_node *list = need_list(l, root, "rules");
    if (!list)
        return -1;
    if (list->count > ROUTE_RULES_MAX)
        return cx_node_fail(list, l->err, "a rule set has at most %d rules", ROUTE_RULES_MAX);
    set->record = route_schema_read(l->arena, cx_interaction_schema.avsc, l->err);
    if (!set->record)
        return -1;
    set->rules = CX_NEW_ARRAY(l->arena, struct route_rule, list->count);
    for (const struct cx_node *map = list->first; map; map = map->next, set->count++)
        CX_TRY(read_rule(l, map, &set->rules[set->count]));
    compile(set, l->arena);
    return set->builder.is_full ? cx_node_fail(list, l->err, "the rule set has more than %d operations", ROUTE_OPS_MAX) : 0;
}

int route_rule_set_load(struct route_rule_set *set, struct cx_arena *arena, const char *file, struct cx_str text, cx_finding_fn *report,
                        void *context, struct cx_error *err)
{
    struct loader loader = { .arena = arena, .source = text, .set = set, .report = report, .context = context, .err = err };
    *set = (struct route_rule_set){ .count = 0 };
    route_builder_init(&set->builder, arena);
    const struct cx_node *root = cx_config_parse(arena, file, text, err);
    return root ? read_set(&loader, root) : -1;
}

void route_rule_set_free(struct route_rule_set *set)
{
    route_builder_free(&set->builder);
}
