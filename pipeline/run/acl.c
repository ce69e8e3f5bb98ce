/* acl.c - from a chain's topics to the rights on them. */
#include "run/acl.h"
#include "run/inputs.h"
#include "run/topics.h"

enum { ROWS_MAX = CX_INPUTS_MAX + 256 };

struct rights {
    const struct cx_settings *settings;
    struct cx_acl *rows;
    size_t len;
};

static void add(struct rights *r, const char *operation, const char *resource, const char *name, bool is_prefix, const char *why)
{
    for (size_t i = 0; i < r->len; i++)
        if (strcmp(r->rows[i].operation, operation) == 0 && strcmp(r->rows[i].name, name) == 0 && strcmp(r->rows[i].resource, resource) == 0)
            return;
    cx_assert(r->len < ROWS_MAX);
    r->rows[r->len++] = (struct cx_acl){ operation, resource, name, is_prefix, why };
}

static bool is_kept(const struct cx_node *root, const char *topic)
{
    const struct cx_node *keep = cx_node_get(root, "keep");
    for (const struct cx_node *k = keep ? keep->first : NULL; k; k = k->next)
        if (cx_str_is(k->text, topic))
            return true;
    return false;
}

static void add_stage(struct rights *r, const struct cx_stage *stage, bool is_last)
{
    for (size_t p = 0; p == 0 || stage->outputs[p].topic; p++) {
        const char *topic = stage->outputs[p].topic;
        if (topic && (p > 0 || is_last || is_kept(r->settings->root, topic)))
            add(r, "Write", "topic", topic, false, "output");
    }
    add(r, "Write", "topic", stage->dead_letters, false, "dead letters");
    if (stage->changelog) {
        add(r, "Read", "topic", stage->changelog, false, "restoring state");
        add(r, "Write", "topic", stage->changelog, false, "state");
        add(r, "DescribeConfigs", "topic", stage->changelog, false, "how long snapshots are good");
    }
}

size_t cx_acls_of_chain(const struct cx_settings *settings, const struct cx_stage *const *stages, size_t count, struct cx_acl **rows)
{
    struct rights r = { settings, CX_NEW_ARRAY(settings->arena, struct cx_acl, ROWS_MAX), 0 };
    const char *inputs[CX_INPUTS_MAX];
    size_t input_count = cx_inputs_find(settings, stages[0], NULL, inputs);
    char chain[200] = "", ledger[128];

    for (size_t i = 0, at = 0; i < count && at < sizeof chain; i++)
        at += (size_t)snprintf(chain + at, sizeof chain - at, "%s%s", i ? "-" : "", stages[i]->name);
    for (size_t i = 0; i < input_count; i++)
        add(&r, "Read", "topic", inputs[i], false, "input");
    add(&r, "Read", "group", cx_arena_format(settings->arena, "cx.%s%c", chain, '\0').ptr, false, "offsets");
    add(&r, "Write", "transactional-id", cx_arena_format(settings->arena, "cx.%s.%c", chain, '\0').ptr, true, "transactions of all its processes");
    for (size_t i = 0; i < count; i++)
        add_stage(&r, stages[i], i + 1 == count);
    cx_topic_ledger(chain, ledger);
    add(&r, "Write", "topic", cx_arena_format(settings->arena, "%s%c", ledger, '\0').ptr, false, "ledger");
    *rows = r.rows;
    return r.len;
}
