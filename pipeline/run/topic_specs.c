/* topic_specs.c - from topics.def and the configuration to topics with their settings. */
#include "run/topic_specs.h"
#include "run/registry.h"

enum { PROPERTIES = 6, FRAMING = 65536 }; /* what a batch may have besides kafka.max_message */

struct maker {
    const struct cx_settings *settings;
    struct cx_topic_specs *out;
    int32_t counts[3];
    int16_t replication;
};

static const char *property(struct maker *m, const char *name, int64_t value)
{
    return cx_arena_format(m->settings->arena, "%s=%lld%c", name, (long long)value, '\0').ptr;
}

const struct cx_stage *cx_changelog_stage(const struct cx_topic *topic)
{
    for (size_t i = 0; cx_stages[i]; i++)
        if (cx_stages[i]->changelog && strcmp(cx_stages[i]->changelog, topic->name) == 0)
            return cx_stages[i];
    return NULL;
}

static int read_option(const struct cx_settings *settings, const struct cx_stage *stage, const struct cx_option *option, int64_t *ms,
                       struct cx_error *err)
{
    struct cx_option only[2] = { *option, { 0 } };
    only[0].offset = 0;
    const struct cx_node *given = cx_node_get(cx_node_get(settings->root, stage->name), option->name);
    struct cx_node map = { .type = CX_NODE_MAP, .count = given != NULL }, value;
    if (given) {
        value = *given;
        value.next = NULL;
        map.first = &value;
    }
    return cx_options_read(only, &map, stage->name, ms, err);
}

/* The longest of the options `window`, `..._window` of a stage: how long it remembers by record time; 0 where it has none. */
static int read_window(const struct cx_settings *settings, const struct cx_stage *stage, int64_t *ms, struct cx_error *err)
{
    *ms = 0;
    for (const struct cx_option *o = stage->options; o && o->name; o++) {
        const size_t len = strlen(o->name), tail = strlen("_window");
        if (strcmp(o->unit, "ms") != 0 || (strcmp(o->name, "window") != 0 && (len < tail || strcmp(o->name + len - tail, "_window") != 0)))
            continue;
        int64_t window;
        CX_TRY(read_option(settings, stage, o, &window, err));
        *ms = window > *ms ? window : *ms;
    }
    return 0;
}

int cx_changelog_retention(const struct cx_settings *settings, const struct cx_topic *changelog, int64_t input_ms, int64_t *ms, struct cx_error *err)
{
    const struct cx_stage *stage = cx_changelog_stage(changelog);
    int64_t window;
    *ms = changelog->retention_ms;
    if (!stage || changelog->cleanup != CX_CLEANUP_COMPACT_DELETE)
        return 0;
    CX_TRY(read_window(settings, stage, &window, err));
    *ms = input_ms < 0 ? -1 : window + input_ms;
    return 0;
}

static int retention_of(struct maker *m, const struct cx_topic *t, int64_t *ms, struct cx_error *err)
{
    const struct cx_stage *stage = cx_changelog_stage(t);
    const struct cx_topic *input = stage ? cx_topic_find(cx_str(stage->input)) : NULL;
    int64_t needed;
    *ms = t->retention_ms;
    if (!input)
        return 0;
    CX_TRY(cx_changelog_retention(m->settings, t, input->retention_ms, &needed, err));
    if (*ms >= 0 && (needed < 0 || needed > *ms))
        *ms = needed;
    return 0;
}

static int add(struct maker *m, const struct cx_topic *t, const char *name, struct cx_error *err)
{
    static const char *const cleanups[] = { "cleanup.policy=delete", "cleanup.policy=compact", "cleanup.policy=compact,delete" };
    struct cx_topic_specs *out = m->out;
    int64_t retention;
    for (size_t i = 0; i < out->len; i++)
        if (strcmp(out->items[i].name, name) == 0)
            return 0;
    CX_TRY(retention_of(m, t, &retention, err));
    const char **config = CX_NEW_ARRAY(m->settings->arena, const char *, PROPERTIES);
    config[0] = cleanups[t->cleanup];
    config[1] = property(m, "retention.ms", retention);
    config[2] = property(m, "max.message.bytes", m->settings->kafka.max_message + FRAMING);
    if (t->placement == CX_PLACE_ANY) /* raw topics: their timestamp is ingested_at */
        config[3] = "message.timestamp.type=LogAppendTime";
    out->rows[out->len] = t;
    out->items[out->len++] = (struct cx_topic_spec){ name, m->counts[t->partitions], m->replication, config };
    return 0;
}

static int add_ledgers(struct maker *m, const struct cx_topic *t, const char *chains, struct cx_error *err)
{
    struct cx_str rest = cx_str(chains), chain;
    for (int n = 0; n < 64 && cx_str_cut(&rest, ',', &chain); n++) {
        const struct cx_stage *stages[CX_CHAIN_STAGES];
        size_t count;
        CX_TRY(cx_chain_stages(chain, stages, &count, err));
        char *name = cx_arena_bytes(m->settings->arena, 128);
        cx_topic_ledger(cx_arena_format(m->settings->arena, "%.*s%c", CX_STR_ARG(chain), '\0').ptr, name);
        CX_TRY(add(m, t, name, err));
    }
    return 0;
}

int cx_topic_specs_make(const struct cx_settings *settings, const char *chains, int16_t replication, struct cx_topic_specs *out, struct cx_error *err)
{
    const struct cx_node *inputs = cx_node_get(settings->root, "inputs");
    size_t most = cx_topic_count + 64 + (inputs ? inputs->count : 0);
    struct maker m = { .settings = settings, .out = out, .replication = replication };
    *out = (struct cx_topic_specs){ CX_NEW_ARRAY(settings->arena, struct cx_topic_spec, most),
                                    CX_NEW_ARRAY(settings->arena, const struct cx_topic *, most), 0 };
    CX_TRY(cx_topic_counts(settings->kafka.partitions, m.counts, err));
    for (size_t i = 0; i < cx_topic_count; i++)
        CX_TRY(cx_topic_is_pattern(&cx_topics[i]) ? add_ledgers(&m, &cx_topics[i], chains, err) : add(&m, &cx_topics[i], cx_topics[i].name, err));
    for (const struct cx_node *row = inputs ? inputs->first : NULL; row; row = row->next) {
        const struct cx_node *topic = cx_node_get(row, "topic");
        if (topic)
            CX_TRY(add(&m, &cx_topics[0], cx_arena_format(settings->arena, "%.*s%c", CX_STR_ARG(topic->text), '\0').ptr, err));
    }
    return 0;
}

const char *cx_topic_spec_value(const struct cx_topic_spec *spec, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; spec->config && spec->config[i]; i++)
        if (strncmp(spec->config[i], name, length) == 0 && spec->config[i][length] == '=')
            return spec->config[i] + length + 1;
    return NULL;
}
