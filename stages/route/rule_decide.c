#include "stages/route/rule_set.h"

#define FUNCTION_TEXT(name, doc) { #name, sizeof #name - 1 },
static const struct cx_str function_texts[] = { ROUTE_FUNCTIONS(FUNCTION_TEXT) };

static void add_functions(struct cx_arena *arena, uint32_t functions, struct cx_str_list *list)
{
    struct cx_str *items = cx_arena_alloc(arena, (size_t)__builtin_popcount(functions) * sizeof *items);
    list->items = items;
    for (; functions != 0; functions &= functions - 1)
        items[list->len++] = function_texts[__builtin_ctz(functions)];
}

static bool has(const struct cx_str *items, size_t len, struct cx_str wanted)
{
    for (size_t i = 0; i < len; i++)
        if (cx_str_eq(items[i], wanted))
            return true;
    return false;
}

static void add_tags(struct cx_arena *arena, const struct route_rule *const *matched, size_t count, struct cx_str_list *list)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most += matched[i]->tags.len;
    struct cx_str *items = cx_arena_alloc(arena, most * sizeof *items);
    list->items = items;
    for (size_t i = 0; i < count; i++)
        for (size_t t = 0; t < matched[i]->tags.len; t++)
            if (!has(items, list->len, matched[i]->tags.items[t]))
                items[list->len++] = matched[i]->tags.items[t];
}

/* The rules whose test is true, in rule order. */
static size_t match(const struct route_rule_set *set, struct route_machine *machine, const struct route_rule **matched)
{
    size_t count = 0;
    for (const struct route_group *group = set->groups; group < set->groups + set->group_count; group++) {
        if (!route_machine_test(machine, group->guard))
            continue;
        for (size_t i = group->first; i < group->first + group->count; i++)
            if (route_machine_test(machine, set->rules[i].rest))
                matched[count++] = &set->rules[i];
    }
    return count;
}

bool route_rule_set_decide(const struct route_rule_set *set, struct cx_arena *arena, const struct cx_interaction *record, int64_t budget,
                           struct cx_routing *routing, uint32_t *functions)
{
    struct route_machine machine;
    const struct route_rule **matched = cx_arena_alloc(arena, set->count * sizeof *matched);
    route_machine_start(&machine, &set->program, arena, record, budget);
    size_t count = match(set, &machine, matched);
    if (route_machine_is_spent(&machine))
        return false;
    struct cx_str *ids = cx_arena_alloc(arena, count * sizeof *ids);
    cx_routing_init(routing);
    routing->rule_set = set->version;
    routing->rules = (struct cx_str_list){ ids, count };
    *functions = 0;
    for (size_t i = 0; i < count; i++) {
        const struct route_rule *rule = matched[i];
        ids[i] = rule->id;
        *functions |= rule->functions;
        if (!routing->queue.ptr)
            routing->queue = rule->queue;
        if (rule->priority >= 0 && (!routing->priority.set || routing->priority.value < rule->priority))
            routing->priority = (struct cx_opt_i64){ true, rule->priority };
    }
    add_functions(arena, *functions, &routing->functions);
    add_tags(arena, matched, count, &routing->tags);
    return true;
}
