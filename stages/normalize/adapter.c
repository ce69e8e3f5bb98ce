/* Compiling an adapter's file. */
#include "stages/normalize/adapter.h"

static const char *const decoder_names[] = {
    [NORMALIZE_DECODER_CANONICAL] = "canonical", [NORMALIZE_DECODER_JSON] = "json", [NORMALIZE_DECODER_MAIL] = "mail"
};
static const struct {
    const char *name;
    int reason;
} ignorable[] = { { "reaction", NORMALIZE_IGNORED_REACTION },     { "receipt", NORMALIZE_IGNORED_RECEIPT }, { "status", NORMALIZE_IGNORED_STATUS },
                  { "partial", NORMALIZE_IGNORED_PARTIAL },       { "system", NORMALIZE_IGNORED_SYSTEM },   { "pointer", NORMALIZE_IGNORED_POINTER },
                  { "membership", NORMALIZE_IGNORED_MEMBERSHIP }, { "stub", NORMALIZE_IGNORED_STUB } };
enum { IGNORABLE = sizeof ignorable / sizeof ignorable[0], DECODERS = sizeof decoder_names / sizeof decoder_names[0] };

struct compile {
    struct normalize_compiler compiler;
    struct normalize_adapter *adapter;
    struct cx_error *err;
};

/* ---- places ---- */

static int slot_of(const struct compile *c, const struct cx_node *at, struct cx_str name)
{
    struct cx_str *lists = c->adapter->lists;
    if (name.len == 0 || cx_str_is(name, "own_ids") || cx_str_is(name, "headers") || cx_str_is(name, "context"))
        return cx_node_fail(at, c->err, "a list must have a name of its own: .data[name]");
    for (int slot = 0; slot < NORMALIZE_LISTS_MAX; slot++) {
        if (lists[slot].ptr == NULL)
            lists[slot] = cx_arena_copy(c->compiler.arena, name);
        if (cx_str_eq(lists[slot], name))
            return slot;
    }
    return cx_node_fail(at, c->err, "more than %d names of lists", NORMALIZE_LISTS_MAX);
}

/* One step of an `at`: members up to and with a list, or up to the end. */
struct leg {
    struct cx_str members; /* "value.messages" */
    struct cx_str name;    /* "messages", or what the brackets say */
    bool is_list;
};

/* Cuts a leg off "entry[].value.messages[]"; false at the end. */
static bool cut_leg(struct cx_str *rest, struct leg *leg)
{
    if (rest->len == 0)
        return false;
    ptrdiff_t open = cx_str_find(*rest, '['), close = cx_str_find(*rest, ']');
    leg->is_list = open > 0 && close > open;
    leg->members = leg->is_list ? cx_str_n(rest->ptr, (size_t)open) : *rest;
    ptrdiff_t dot = -1;
    for (size_t i = 0; i < leg->members.len; i++)
        if (leg->members.ptr[i] == '.')
            dot = (ptrdiff_t)i;
    leg->name =
        leg->is_list && close > open + 1 ? cx_str_n(rest->ptr + open + 1, (size_t)(close - open - 1)) : cx_str_skip(leg->members, (size_t)(dot + 1));
    *rest = leg->is_list ? cx_str_skip(*rest, (size_t)close + 1) : CX_STR("");
    if (rest->len > 0 && rest->ptr[0] == '.')
        *rest = cx_str_skip(*rest, 1);
    return true;
}

static bool is_same_place(const struct normalize_place *place, struct cx_str members, const struct leg *leg)
{
    struct cx_str piece;
    for (size_t i = 0; i < place->member_count; i++)
        if (!cx_str_cut(&members, '.', &piece) || !cx_str_eq(piece, place->members[i]))
            return false;
    return members.ptr == NULL && place->is_list == leg->is_list && cx_str_eq(place->name, leg->name);
}

static int descend(const struct compile *c, const struct cx_node *at, const struct leg *leg, struct normalize_place **place)
{
    struct cx_arena *arena = c->compiler.arena;
    for (struct normalize_place *p = (*place)->first; p != NULL; p = p->next)
        if (is_same_place(p, leg->members, leg)) {
            *place = p;
            return 0;
        }
    struct normalize_place *made = CX_NEW(arena, struct normalize_place);
    struct cx_str rest = cx_arena_copy(arena, leg->members), piece;
    struct cx_str *members = CX_NEW_ARRAY(arena, struct cx_str, leg->members.len + 1);
    while (cx_str_cut(&rest, '.', &piece))
        members[made->member_count++] = piece;
    made->members = members;
    made->is_list = leg->is_list;
    made->name = cx_arena_copy(arena, leg->name);
    made->slot = leg->is_list ? slot_of(c, at, leg->name) : -1;
    if (leg->is_list && made->slot < 0)
        return -1;
    if ((*place)->last != NULL)
        (*place)->last->next = made;
    else
        (*place)->first = made;
    (*place)->last = made;
    *place = made;
    return 0;
}

/* The place that ".entry[].changes[]" names, made if need be. */
static int find_place(const struct compile *c, const struct cx_node *at, struct normalize_place *root, struct normalize_place **place)
{
    *place = root;
    if (at == NULL || at->type != CX_NODE_SCALAR || at->text.len == 0 || at->text.ptr[0] != '.')
        return cx_node_fail(at, c->err, "at: expected a place such as .entry[].changes[]");
    struct cx_str rest = cx_str_skip(at->text, 1);
    struct leg leg;
    while (cut_leg(&rest, &leg))
        CX_TRY(descend(c, at, &leg, place));
    return 0;
}

/* ---- rules and forms ---- */

static const struct normalize_event *find_event(const struct normalize_adapter *adapter, size_t count, struct cx_str name)
{
    for (size_t i = 0; i < count; i++)
        if (cx_str_eq(adapter->events[i].name, name))
            return &adapter->events[i];
    return NULL;
}

static int compile_verdict(const struct compile *c, const struct cx_node *row, struct normalize_rule *rule)
{
    const struct cx_node *event = cx_node_get(row, "event"), *ignore = cx_node_get(row, "ignore");
    if ((event == NULL) == (ignore == NULL))
        return cx_node_fail(row, c->err, "an item is an event: or something to ignore:");
    if (event != NULL) {
        rule->event = find_event(c->adapter, c->adapter->event_count, event->text);
        return rule->event != NULL ? 0 : cx_node_fail(event, c->err, "no event %.*s under events:", CX_STR_ARG(event->text));
    }
    const char *names[IGNORABLE];
    for (size_t i = 0; i < IGNORABLE; i++) {
        names[i] = ignorable[i].name;
        if (cx_str_is(ignore->text, names[i])) {
            rule->ignore = ignorable[i].reason;
            return 0;
        }
    }
    const char *nearest = cx_did_you_mean(ignore->text, names, IGNORABLE);
    return cx_node_fail(ignore, c->err, "nothing is ignored as %.*s%s%s", CX_STR_ARG(ignore->text), nearest ? "; did you mean " : "",
                        nearest ? nearest : "");
}

static int compile_rule(const struct compile *c, const struct cx_node *row, struct normalize_form *form)
{
    static const char *const members[] = { "at", "when", "event", "ignore", NULL };
    struct normalize_place *place;
    struct normalize_rule *rule = CX_NEW(c->compiler.arena, struct normalize_rule);
    CX_TRY(cx_node_only(row, members, c->err));
    if (cx_node_get(row, "at") == NULL)
        return cx_node_fail(row, c->err, "an item needs at: the place where it stands");
    CX_TRY(find_place(c, cx_node_get(row, "at"), &form->root, &place));
    CX_TRY(normalize_compile_condition(&c->compiler, cx_node_get(row, "when"), &rule->when, c->err));
    CX_TRY(compile_verdict(c, row, rule));
    if (place->last_rule != NULL)
        place->last_rule->next = rule;
    else
        place->rules = rule;
    place->last_rule = rule;
    return 0;
}

static int compile_form(const struct compile *c, const struct cx_node *node, struct normalize_form *form)
{
    static const char *const members[] = { "when", "items", NULL };
    const struct cx_node *items = cx_node_get(node, "items");
    form->root.slot = -1;
    form->root.name = CX_STR("payload");
    CX_TRY(cx_node_only(node, members, c->err));
    CX_TRY(normalize_compile_condition(&c->compiler, cx_node_get(node, "when"), &form->when, c->err));
    if (items == NULL || items->type != CX_NODE_LIST)
        return cx_node_fail(node, c->err, "a payload needs a list of items:");
    for (const struct cx_node *row = items->first; row != NULL; row = row->next)
        CX_TRY(compile_rule(c, row, form));
    return 0;
}

static int compile_forms(const struct compile *c, const struct cx_node *list)
{
    struct normalize_form *last = NULL;
    for (const struct cx_node *node = list->first; node != NULL; node = node->next) {
        struct normalize_form *form = CX_NEW(c->compiler.arena, struct normalize_form);
        CX_TRY(compile_form(c, node, form));
        if (last != NULL)
            last->next = form;
        else
            c->adapter->forms = form;
        last = form;
    }
    return 0;
}

/* Names of lists are known before expressions speak of them. */
static int collect_lists(const struct compile *c, const struct cx_node *forms)
{
    for (const struct cx_node *form = forms->first; form != NULL; form = form->next) {
        const struct cx_node *items = cx_node_get(form, "items");
        for (const struct cx_node *row = items != NULL ? items->first : NULL; row != NULL; row = row->next) {
            struct normalize_place scratch = { 0 }, *place;
            const struct cx_node *at = cx_node_get(row, "at");
            if (at != NULL)
                CX_TRY(find_place(c, at, &scratch, &place));
        }
    }
    return 0;
}

static int compile_events(const struct compile *c, const struct cx_node *map)
{
    struct normalize_event *events = CX_NEW_ARRAY(c->compiler.arena, struct normalize_event, map->count);
    struct normalize_adapter *adapter = c->adapter;
    adapter->events = events;
    for (const struct cx_node *node = map->first; node != NULL; node = node->next) {
        const struct cx_node *like = cx_node_get(node, "like");
        const struct normalize_event *base = like != NULL ? find_event(adapter, adapter->event_count, like->text) : NULL;
        if (like != NULL && base == NULL)
            return cx_node_fail(like, c->err, "no event %.*s above this one", CX_STR_ARG(like->text));
        struct normalize_event *event = &events[adapter->event_count];
        CX_TRY(normalize_event_compile(c->compiler, node, base, event, c->err));
        adapter->event_count++;
    }
    return 0;
}

/* ---- channels and the head of the file ---- */

static int compile_channel(const struct compile *c, const struct cx_node *node, struct normalize_channel *channel)
{
    static const char *const members[] = { "author_id_type", "author_id_scope", "phones", NULL };
    const struct cx_node *type = cx_node_get(node, "author_id_type"), *scope = cx_node_get(node, "author_id_scope");
    struct cx_arena *arena = c->compiler.arena;
    CX_TRY(cx_node_only(node, members, c->err));
    if (type == NULL || (scope != NULL && !cx_str_is(scope->text, "account")))
        return cx_node_fail(node, c->err, "a channel needs author_id_type: (~: the id is no identifier); author_id_scope: is account or absent");
    size_t count = type->type == CX_NODE_LIST ? type->count : 1, n = 0;
    struct cx_str *types = CX_NEW_ARRAY(arena, struct cx_str, count);
    if (type->type == CX_NODE_SCALAR)
        types[n++] = cx_arena_copy(arena, type->text);
    for (const struct cx_node *t = type->type == CX_NODE_LIST ? type->first : NULL; t != NULL; t = t->next)
        types[n++] = cx_arena_copy(arena, t->text);
    channel->name = cx_arena_copy(arena, node->key);
    channel->types = (struct cx_str_list){ types, n };
    channel->is_scoped = scope != NULL;
    channel->is_dialled = cx_node_get(node, "phones") != NULL && cx_str_is(cx_node_get(node, "phones")->text, "dialled");
    return 0;
}

static int compile_head(const struct compile *c, const struct cx_node *root)
{
    static const char *const members[] = { "adapter", "version", "doc", "decoder", "channels", "payloads", "events", NULL };
    const struct cx_node *name = cx_node_get(root, "adapter"), *version = cx_node_get(root, "version"), *decoder = cx_node_get(root, "decoder");
    struct normalize_adapter *adapter = c->adapter;
    int64_t number;
    CX_TRY(cx_node_only(root, members, c->err));
    if (name == NULL || version == NULL || decoder == NULL)
        return cx_node_fail(root, c->err, "an adapter needs adapter: version: decoder: channels:");
    CX_TRY(cx_node_i64(version, 1, INT32_MAX, &number, c->err));
    adapter->label = cx_arena_format(c->compiler.arena, "%.*s%c", CX_STR_ARG(name->text), 0).ptr;
    adapter->name = cx_str(adapter->label);
    adapter->version = (int32_t)number;
    for (int d = 0; d < (int)DECODERS; d++)
        if (cx_str_is(decoder->text, decoder_names[d])) {
            adapter->decoder = (enum normalize_decoder)d;
            return 0;
        }
    return cx_node_fail(decoder, c->err, "no decoder %.*s; there are canonical, json and mail", CX_STR_ARG(decoder->text));
}

static int compile_channels(const struct compile *c, const struct cx_node *map)
{
    struct normalize_channel *channels = CX_NEW_ARRAY(c->compiler.arena, struct normalize_channel, map != NULL ? map->count : 0);
    for (const struct cx_node *node = map != NULL ? map->first : NULL; node != NULL; node = node->next)
        CX_TRY(compile_channel(c, node, &channels[c->adapter->channel_count++]));
    c->adapter->channels = channels;
    return 0;
}

int normalize_adapter_compile(struct cx_arena *arena, const char *file, struct cx_str text, struct normalize_adapter *adapter, struct cx_error *err)
{
    *adapter = (struct normalize_adapter){ 0 };
    struct compile c = { .compiler = { .arena = arena, .lists = adapter->lists }, .adapter = adapter, .err = err };
    const struct cx_node *root = cx_config_parse(arena, file, text, err);
    if (root == NULL)
        return -1;
    CX_TRY(compile_head(&c, root));
    CX_TRY(compile_channels(&c, cx_node_get(root, "channels")));
    if (adapter->decoder == NORMALIZE_DECODER_CANONICAL)
        return 0;
    const struct cx_node *payloads = cx_node_get(root, "payloads"), *events = cx_node_get(root, "events");
    if (payloads == NULL || payloads->type != CX_NODE_LIST || events == NULL || events->type != CX_NODE_MAP)
        return cx_node_fail(root, err, "an adapter needs a list payloads: and a map events:");
    CX_TRY(collect_lists(&c, payloads));
    CX_TRY(compile_events(&c, events));
    return compile_forms(&c, payloads);
}
