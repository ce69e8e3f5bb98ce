/* Compiling events. */
#include "stages/normalize/adapter.h"

static const char *const target_names[] = {
#define T(symbol, name) name,
    NORMALIZE_TARGETS(T)
#undef T
};

static int find_target(struct cx_str group, struct cx_str name)
{
    for (int t = 0; t < TARGET_COUNT; t++) {
        struct cx_str target = cx_str(target_names[t]);
        size_t prefix = group.len > 0 ? group.len + 1 : 0;
        bool same_group = prefix == 0 || (cx_str_starts(target, group) && target.len > prefix && target.ptr[group.len] == '.');
        if (same_group && cx_str_eq(cx_str_skip(target, prefix), name))
            return t;
    }
    return -1;
}

static int compile_group(const struct normalize_compiler *c, const struct cx_node *map, struct normalize_event *event, struct cx_error *err)
{
    if (map->type == CX_NODE_NULL) { /* as in the base, but without it */
        for (int t = 0; t < TARGET_COUNT; t++)
            if (cx_str_starts(cx_str(target_names[t]), map->key) && target_names[t][map->key.len] == '.')
                event->fields[t] = (struct normalize_expression){ 0 };
        return 0;
    }
    for (const struct cx_node *n = map->first; n != NULL; n = n->next) {
        int target = find_target(map->key, n->key);
        if (target < 0)
            return cx_node_fail(n, err, "the record has no field %.*s.%.*s", CX_STR_ARG(map->key), CX_STR_ARG(n->key));
        CX_TRY(normalize_compile(c, n, &event->fields[target], err));
    }
    return 0;
}

/* A member of `map` as an expression; nothing when it is not there. */
static int compile_member(const struct normalize_compiler *c, const struct cx_node *map, const char *name, struct normalize_expression *e,
                          struct cx_error *err)
{
    const struct cx_node *node = cx_node_get(map, name);
    return node != NULL ? normalize_compile(c, node, e, err) : 0;
}

static int compile_identifiers(const struct normalize_compiler *c, const struct cx_node *list, struct normalize_event *event, struct cx_error *err)
{
    static const char *const members[] = { "type", "value", "scope", "when", NULL };
    struct normalize_identifier_rule *rules = CX_NEW_ARRAY(c->arena, struct normalize_identifier_rule, list->count);
    size_t n = 0;
    for (const struct cx_node *row = list->first; row != NULL; row = row->next) {
        struct normalize_identifier_rule *rule = &rules[n++];
        const struct cx_node *type = cx_node_get(row, "type");
        CX_TRY(cx_node_only(row, members, err));
        if (type == NULL || type->type != CX_NODE_SCALAR || cx_node_get(row, "value") == NULL)
            return cx_node_fail(row, err, "an identifier needs a type: and a value:");
        rule->type = cx_arena_copy(c->arena, type->text);
        CX_TRY(normalize_compile_condition(c, cx_node_get(row, "when"), &rule->when, err));
        CX_TRY(compile_member(c, row, "value", &rule->value, err));
        CX_TRY(compile_member(c, row, "scope", &rule->scope, err));
    }
    event->identifiers = rules;
    event->identifier_count = n;
    return 0;
}

static int compile_media(const struct normalize_compiler *c, const struct cx_node *list, struct normalize_event *event, struct cx_error *err)
{
    static const char *const members[] = { "each", "when", "type", "url", "native_id", NULL };
    struct normalize_media_rule *rules = CX_NEW_ARRAY(c->arena, struct normalize_media_rule, list->count);
    size_t n = 0;
    for (const struct cx_node *row = list->first; row != NULL; row = row->next) {
        struct normalize_media_rule *rule = &rules[n++];
        const struct cx_node *each = cx_node_get(row, "each");
        CX_TRY(cx_node_only(row, members, err));
        if (cx_node_get(row, "type") == NULL)
            return cx_node_fail(row, err, "a medium needs a type:");
        if (each != NULL && (each->type != CX_NODE_SCALAR || each->text.len == 0))
            return cx_node_fail(each, err, "each: expected a path");
        if (each != NULL)
            CX_TRY(normalize_compile_path(c, each, each->text, &rule->each, err));
        struct normalize_compiler inner = *c;
        if (each != NULL)
            inner.reads = NULL; /* a leading '.' is the element */
        CX_TRY(normalize_compile_condition(&inner, cx_node_get(row, "when"), &rule->when, err));
        CX_TRY(compile_member(&inner, row, "type", &rule->type, err));
        CX_TRY(compile_member(&inner, row, "url", &rule->url, err));
        CX_TRY(compile_member(&inner, row, "native_id", &rule->native_id, err));
    }
    event->media = rules;
    event->media_count = n;
    return 0;
}

static int compile_attributes(const struct normalize_compiler *c, const struct cx_node *map, struct normalize_event *event, struct cx_error *err)
{
    struct normalize_attribute_rule *rules = CX_NEW_ARRAY(c->arena, struct normalize_attribute_rule, map->count);
    size_t n = 0;
    for (const struct cx_node *row = map->first; row != NULL; row = row->next) {
        rules[n].name = cx_arena_copy(c->arena, row->key);
        CX_TRY(normalize_compile(c, row, &rules[n++].value, err));
    }
    event->attributes = rules;
    event->attribute_count = n;
    return 0;
}

static int compile_leftovers(const struct normalize_compiler *c, const struct cx_node *node, struct normalize_event *event, struct cx_error *err)
{
    struct normalize_compiler silent = *c;
    silent.reads = NULL;
    event->leftovers = NULL;
    if (node->type == CX_NODE_NULL)
        return 0;
    if (node->type != CX_NODE_SCALAR || node->text.len == 0 || node->text.ptr[0] != '.')
        return cx_node_fail(node, err, "leftovers: expected a path that begins with '.'");
    CX_TRY(normalize_compile_path(&silent, node, node->text, &event->leftovers, err));
    for (size_t i = 0; i < event->leftovers->count; i++)
        if (event->leftovers->steps[i].kind != STEP_MEMBER)
            return cx_node_fail(node, err, "leftovers: expected member names only");
    return 0;
}

/* Paths that become items of their own, or say nothing: they are no leftovers. */
static int compile_handled(const struct normalize_compiler *c, const struct cx_node *list, struct cx_error *err)
{
    for (const struct cx_node *n = list->first; n != NULL; n = n->next) {
        struct cx_str rest = cx_str_skip(n->text, 1), name;
        struct normalize_reads *reads = c->reads;
        if (n->text.len < 2 || n->text.ptr[0] != '.')
            return cx_node_fail(n, err, "handled: expected a list of paths that begin with '.'");
        while (cx_str_cut(&rest, '.', &name))
            reads = normalize_read_member(c, reads, name);
        reads->is_handled = true;
    }
    return 0;
}

static bool is_group(const struct cx_node *n)
{
    return cx_str_is(n->key, "author") || cx_str_is(n->key, "rating") || cx_str_is(n->key, "reach");
}

static int compile_field(const struct normalize_compiler *c, const struct cx_node *n, struct normalize_event *event, struct cx_error *err)
{
    int target = find_target(CX_STR_NULL, n->key);
    if (target >= 0)
        return normalize_compile(c, n, &event->fields[target], err);
    if (is_group(n))
        return compile_group(c, n, event, err);
    if (cx_str_is(n->key, "identifiers"))
        return compile_identifiers(c, n, event, err);
    if (cx_str_is(n->key, "media"))
        return compile_media(c, n, event, err);
    if (cx_str_is(n->key, "attributes"))
        return compile_attributes(c, n, event, err);
    if (cx_str_is(n->key, "leftovers"))
        return compile_leftovers(c, n, event, err);
    if (cx_str_is(n->key, "handled"))
        return compile_handled(c, n, err);
    if (cx_str_is(n->key, "like"))
        return 0;
    return cx_node_fail(n, err, "the record has no field %.*s", CX_STR_ARG(n->key));
}

static struct normalize_reads *copy_reads(struct cx_arena *arena, const struct normalize_reads *from)
{
    struct normalize_reads *copy = CX_NEW(arena, struct normalize_reads);
    if (from == NULL)
        return copy;
    *copy = *from;
    copy->first = NULL;
    for (const struct normalize_reads *r = from->first; r != NULL; r = r->next) {
        struct normalize_reads *child = copy_reads(arena, r);
        child->next = copy->first;
        copy->first = child;
    }
    return copy;
}

/* The reads below the leftovers' path. */
static const struct normalize_reads *reads_below(const struct normalize_reads *reads, const struct normalize_path *path)
{
    for (size_t i = 0; path != NULL && i < path->count && reads != NULL; i++) {
        const struct normalize_reads *r = reads->first;
        while (r != NULL && !cx_str_eq(r->name, path->steps[i].name))
            r = r->next;
        reads = r;
    }
    return reads;
}

int normalize_event_compile(struct normalize_compiler c, const struct cx_node *node, const struct normalize_event *base,
                            struct normalize_event *event, struct cx_error *err)
{
    if (base != NULL)
        *event = *base;
    event->name = cx_arena_copy(c.arena, node->key);
    event->reads = copy_reads(c.arena, base != NULL ? base->reads : NULL);
    c.reads = event->reads;
    for (const struct cx_node *n = node->first; n != NULL; n = n->next)
        CX_TRY(compile_field(&c, n, event, err));
    event->leftover_reads = reads_below(event->reads, event->leftovers);
    if (event->fields[TARGET_CHANNEL].kind == GIVES_NOTHING || event->fields[TARGET_NATIVE_ID].kind == GIVES_NOTHING)
        return cx_node_fail(node, err, "an event needs a channel: and a native_id:");
    return 0;
}
