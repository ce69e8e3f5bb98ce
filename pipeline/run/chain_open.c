/* chain_open.c - from names and configuration to stages that are ready. */
#include "run/chain_internal.h"
#include "run/registry.h"

/* `formats: {care: json}` of a stage's map: the port whose topic holds ".care." is written as JSON. */
static int read_formats(struct cx_link *link, const struct cx_node *map, struct cx_error *err)
{
    const struct cx_node *formats = cx_node_get(map, "formats");
    for (const struct cx_node *f = formats ? formats->first : NULL; f; f = f->next) {
        struct cx_str format;
        CX_TRY(cx_node_str(f, &format, err));
        if (!cx_str_is(format, "json") && !cx_str_is(format, "avro"))
            return cx_node_fail(f, err, "a format is avro or json");
        char part[80];
        snprintf(part, sizeof part, ".%.*s.", CX_STR_ARG(f->key));
        for (size_t p = 0; p < CX_PORTS_MAX; p++)
            if (link->ports[p] && strstr(link->ports[p]->name, part))
                link->json[p] = cx_str_is(format, "json");
    }
    return 0;
}

static void find_topics(struct cx_link *link)
{
    const struct cx_stage *s = link->stage;
    cx_assert(s->outputs != NULL);
    for (size_t p = 0; p == 0 || s->outputs[p].topic; p++) {
        cx_assert(p < CX_PORTS_MAX);
        link->ports[p] = s->outputs[p].topic ? cx_topic_find(cx_str(s->outputs[p].topic)) : NULL;
        cx_assert(link->ports[p] || !s->outputs[p].topic);
    }
    link->dead_letters = cx_topic_find(cx_str(s->dead_letters));
    cx_assert(link->dead_letters != NULL);
}

static bool is_kept(const struct cx_node *root, const struct cx_topic *topic)
{
    const struct cx_node *keep = cx_node_get(root, "keep");
    for (const struct cx_node *k = keep ? keep->first : NULL; k; k = k->next)
        if (topic && cx_str_is(k->text, topic->name))
            return true;
    return false;
}

static int check_keep(const struct cx_node *root, struct cx_error *err)
{
    const struct cx_node *keep = cx_node_get(root, "keep");
    for (const struct cx_node *k = keep ? keep->first : NULL; k; k = k->next)
        if (k->type != CX_NODE_SCALAR || !cx_topic_find(k->text))
            return cx_node_fail(k, err, "keep: no topic of ours (cx topics plan lists them)");
    return 0;
}

/* A stage's map without `input`, which is the runtime's: the topic a chain reads that begins with this stage. */
static const struct cx_node *without_input(struct cx_arena *arena, const struct cx_node *map)
{
    if (!cx_node_get(map, "input"))
        return map;
    struct cx_node *copy = CX_NEW(arena, struct cx_node), **end = &copy->first;
    *copy = *map;
    copy->first = NULL;
    copy->count = 0;
    for (const struct cx_node *n = map->first; n; n = n->next) {
        if (cx_str_is(n->key, "input"))
            continue;
        struct cx_node *kept = *end = CX_NEW(arena, struct cx_node);
        *kept = *n;
        kept->next = NULL;
        end = &kept->next;
        copy->count++;
    }
    return copy;
}

static int open_link(struct cx_chain *chain, struct cx_link *link, const struct cx_node *root, struct cx_error *err)
{
    const struct cx_stage *s = link->stage;
    const struct cx_node *map = without_input(chain->arena, cx_node_get(root, s->name));
    link->config = cx_arena_zalloc(chain->arena, s->config_size + 1);
    find_topics(link);
    static const struct cx_option none[] = { { 0 } };
    CX_TRY(cx_options_read(s->options ? s->options : none, map, s->name, link->config, err));
    CX_TRY(read_formats(link, map, err));
    if (s->check)
        CX_TRY(s->check(link->config, err));
    return cx_link_load(link, root, &link->loaded, err);
}

/* Does `a` come before `b` in the order records flow? Stages that are not registered (tests) come as they are given. */
static bool comes_before(const struct cx_stage *a, const struct cx_stage *b)
{
    for (size_t i = 0; cx_stages[i]; i++) {
        if (cx_stages[i] == b)
            return false;
        if (cx_stages[i] == a)
            return true;
    }
    return true;
}

/* Fills links and name; stages must come in the order records flow, each once. */
static int arrange(struct cx_chain *chain, const struct cx_chain_plan *plan, struct cx_error *err)
{
    if (plan->count == 0 || plan->count >= CX_CHAIN_MAX)
        return cx_fail(err, CX_EXIT_USAGE, "a chain has 1 to %d stages", CX_CHAIN_MAX - 1);
    const struct cx_stage *reader = cx_stage_find(CX_STR("normalize"));
    if (plan->is_pipe && !plan->stages[0]->reads_raw && reader) {
        chain->links[chain->count++].stage = reader;
        chain->first = 1;
    }
    size_t len = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const struct cx_stage *s = plan->stages[i];
        if (i > 0 && !comes_before(plan->stages[i - 1], s))
            return cx_fail(err, CX_EXIT_USAGE, "%s comes after %s: name stages in the order records flow, each once", plan->stages[i - 1]->name,
                           s->name);
        chain->links[chain->count++].stage = s;
        len += (size_t)snprintf(chain->name + len, sizeof chain->name - len, "%s%s", i ? "-" : "", s->name);
    }
    chain->first_section = CX_SECTIONS;
    for (size_t i = chain->count; i-- > chain->first;)
        if (chain->links[i].stage->section >= 0)
            chain->first_section = chain->links[i].stage->section;
    if (chain->links[chain->first].stage->reads_raw)
        chain->first_section = 0;
    return 0;
}

struct cx_chain *cx_chain_open(const struct cx_chain_plan *plan, struct cx_error *err)
{
    struct cx_arena *arena = cx_arena_new((size_t)1 << 30);
    struct cx_chain *chain = CX_NEW(arena, struct cx_chain);
    chain->arena = arena;
    chain->root = plan->root;
    chain->max_message = plan->max_message;
    chain->prints = plan->is_pipe;
    bool ok = arrange(chain, plan, err) == 0 && check_keep(plan->root, err) == 0 && cx_placement_read(chain, plan->root, err) == 0;
    for (size_t i = 0; ok && i < chain->count; i++) {
        struct cx_link *link = &chain->links[i];
        ok = open_link(chain, link, plan->root, err) == 0;
        link->writes_main = i + 1 == chain->count || (i >= chain->first && is_kept(plan->root, link->ports[0]));
    }
    if (ok)
        return chain;
    cx_chain_close(chain);
    return NULL;
}

void cx_chain_close(struct cx_chain *chain)
{
    if (!chain)
        return;
    for (size_t i = 0; i < chain->count; i++)
        cx_link_unload(&chain->links[i], &chain->links[i].loaded);
    cx_arena_free(chain->arena);
}

const char *cx_chain_name(const struct cx_chain *chain)
{
    return chain->name;
}

size_t cx_chain_length(const struct cx_chain *chain)
{
    return chain->count - chain->first;
}

const struct cx_stage *cx_chain_stage(const struct cx_chain *chain, size_t i)
{
    return chain->links[chain->first + i].stage;
}

bool cx_chain_is_stateful(const struct cx_chain *chain)
{
    for (size_t i = chain->first; i < chain->count; i++)
        if (chain->links[i].stage->tables)
            return true;
    return false;
}

bool cx_chain_ticks(const struct cx_chain *chain)
{
    for (size_t i = chain->first; i < chain->count; i++)
        if (chain->links[i].stage->tick)
            return true;
    return false;
}

const char *cx_chain_input(const struct cx_chain *chain)
{
    return chain->links[chain->first].stage->input;
}

const void *cx_chain_self(const struct cx_chain *chain)
{
    return chain->links[chain->count - 1].loaded.self;
}

void cx_chain_explain(const struct cx_chain *chain, struct cx_arena *arena, const struct cx_interaction *record, struct cx_str language,
                      struct cx_buf *json)
{
    const struct cx_link *last = &chain->links[chain->count - 1];
    last->stage->explain(last->loaded.self, arena, record, language, json);
}
