/* Through a payload by the places of an adapter's form: what stands there is an item, ignored, or a fault of its own. */
#include "stages/normalize/adapter.h"
#include "stages/normalize/split.h"

struct walk {
    struct normalize_parts *parts;
    struct normalize_part now; /* what a part found here looks like */
};

static struct normalize_part *add(struct walk *walk, const struct cx_json *item)
{
    struct normalize_part *part = normalize_parts_add(walk->parts, walk->now.receipt);
    *part = walk->now;
    part->item = item;
    return part;
}

static void add_fault(struct walk *walk, const struct cx_json *item, enum normalize_reason reason, const struct normalize_place *place)
{
    struct cx_str detail = cx_arena_format(walk->parts->arena, "%.*s", CX_STR_ARG(place->name));
    add(walk, item)->fault = normalize_fault(reason, detail);
}

static const struct normalize_rule *match(const struct walk *walk, const struct normalize_place *place, const struct cx_json *element)
{
    struct normalize_fault unused;
    struct normalize_scope scope = { walk->parts->arena, &walk->now, element, &unused };
    const struct normalize_rule *rule = place->rules;
    while (rule != NULL && !normalize_condition_holds(&scope, rule->when))
        rule = rule->next;
    return rule;
}

static void visit(struct walk *walk, const struct normalize_place *place, const struct cx_json *element);

/* What stands at `place` inside `outer`; false when there is nothing. */
static bool enter(struct walk *walk, const struct normalize_place *place, const struct cx_json *outer)
{
    const struct cx_json *found = outer;
    for (size_t i = 0; i < place->member_count && found != NULL; i++)
        found = cx_json_get(found, place->members[i]);
    if (found == NULL || found->type == CX_JSON_NULL)
        return false;
    const struct cx_json *saved = place->slot >= 0 ? walk->now.lists[place->slot] : NULL;
    if (place->is_list && found->type != CX_JSON_ARRAY && found->type != CX_JSON_OBJECT) {
        add_fault(walk, found, NORMALIZE_WRONG_TYPE, place);
        return true;
    }
    const struct cx_json *first = place->is_list && found->type == CX_JSON_ARRAY ? found->first : found;
    for (const struct cx_json *element = first; element != NULL; element = element->next) {
        if (place->slot >= 0)
            walk->now.lists[place->slot] = element;
        visit(walk, place, element);
        if (first == found)
            break;
    }
    if (place->slot >= 0)
        walk->now.lists[place->slot] = saved;
    return true;
}

static void visit(struct walk *walk, const struct normalize_place *place, const struct cx_json *element)
{
    const struct normalize_rule *rule = match(walk, place, element);
    bool is_known = rule != NULL;
    if (rule != NULL && rule->event == NULL) {
        add(walk, element)->fault = normalize_fault((enum normalize_reason)rule->ignore, CX_STR_NULL);
        return;
    }
    if (rule != NULL)
        add(walk, element)->event = rule->event;
    for (const struct normalize_place *inner = place->first; inner != NULL; inner = inner->next)
        is_known |= enter(walk, inner, element);
    if (!is_known)
        add_fault(walk, element, element->type == CX_JSON_OBJECT ? NORMALIZE_UNKNOWN_OBJECT : NORMALIZE_WRONG_TYPE, place);
}

static void walk_one(struct walk *walk, const struct cx_json *payload)
{
    struct normalize_fault unused;
    struct normalize_scope scope = { walk->parts->arena, &walk->now, payload, &unused };
    const struct normalize_form *form = walk->now.adapter->forms;
    walk->now.payload = payload;
    while (form != NULL && !normalize_condition_holds(&scope, form->when))
        form = form->next;
    if (form != NULL)
        visit(walk, &form->root, payload);
    else
        add(walk, payload)->fault =
            normalize_fault(payload->type == CX_JSON_OBJECT ? NORMALIZE_UNKNOWN_OBJECT : NORMALIZE_WRONG_TYPE, CX_STR("payload"));
}

void normalize_walk(struct normalize_parts *parts, const struct normalize_receipt *receipt, const struct normalize_adapter *adapter,
                    const struct cx_json *payload)
{
    struct walk walk = { parts, { .receipt = receipt, .fault = normalize_no_fault(), .adapter = adapter } };
    if (payload->type != CX_JSON_ARRAY) {
        walk_one(&walk, payload);
        return;
    }
    for (const struct cx_json *one = payload->first; one != NULL; one = one->next)
        walk_one(&walk, one);
}
