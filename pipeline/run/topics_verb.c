/* topics_verb.c - cx topics: the topics of topics.def against what the cluster has. */
#include "kafka/kafka.h"
#include "run/audit.h"
#include "run/settings.h"
#include "run/topics.h"
#include "run/verb.h"

enum { CHAINS = CX_FLAG_FIRST, REPLICATION, JSON };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "chains", 0, "A,B,…", "Chains that get a ledger (default: normalize-classify,dedup-identify,route-analytics)." },
    { "replication", 0, "N", "Replicas of new topics (default: the broker's default.replication.factor)." },
    { "json", 0, NULL, "Prints JSON lines." },
    { 0 },
};

struct specs {
    struct cx_arena *arena;
    const struct cx_settings *settings;
    int32_t counts[3];
    int16_t replication;
    struct cx_topic_spec *items;
    size_t len;
};

static const char *property(struct specs *s, const char *name, int64_t value)
{
    return cx_arena_format(s->arena, "%s=%lld%c", name, (long long)value, '\0').ptr;
}

static void add_spec(struct specs *s, const struct cx_topic *t, const char *name)
{
    static const char *const cleanups[] = { "cleanup.policy=delete", "cleanup.policy=compact", "cleanup.policy=compact,delete" };
    for (size_t i = 0; i < s->len; i++)
        if (strcmp(s->items[i].name, name) == 0)
            return;
    const char **config = CX_NEW_ARRAY(s->arena, const char *, 6);
    config[0] = cleanups[t->cleanup];
    config[1] = property(s, "retention.ms", t->retention_ms);
    config[2] = property(s, "max.message.bytes", s->settings->kafka.max_message + 65536);
    if (t->placement == CX_PLACE_ANY) /* raw topics: their timestamp is ingested_at */
        config[3] = "message.timestamp.type=LogAppendTime";
    s->items[s->len++] = (struct cx_topic_spec){ name, s->counts[t->partitions], s->replication, config };
}

static int build_specs(struct specs *s, const char *chains, struct cx_error *err)
{
    const struct cx_node *inputs = cx_node_get(s->settings->root, "inputs");
    s->items = CX_NEW_ARRAY(s->arena, struct cx_topic_spec, cx_topic_count + 64 + (inputs ? inputs->count : 0));
    CX_TRY(cx_topic_counts(s->settings->kafka.partitions, s->counts, err));
    for (size_t i = 0; i < cx_topic_count; i++) {
        const struct cx_topic *t = &cx_topics[i];
        if (!cx_topic_is_pattern(t)) {
            add_spec(s, t, t->name);
            continue;
        }
        struct cx_str rest = cx_str(chains), chain;
        for (int n = 0; n < 64 && cx_str_cut(&rest, ',', &chain); n++) {
            const struct cx_stage *stages[CX_CHAIN_STAGES];
            size_t count;
            CX_TRY(cx_chain_stages(chain, stages, &count, err));
            char *name = cx_arena_bytes(s->arena, 128), *chain_text = cx_arena_bytes(s->arena, chain.len + 1);
            memcpy(chain_text, chain.ptr, chain.len);
            chain_text[chain.len] = '\0';
            cx_topic_ledger(chain_text, name);
            add_spec(s, t, name);
        }
    }
    for (const struct cx_node *row = inputs ? inputs->first : NULL; row; row = row->next) {
        const struct cx_node *topic = cx_node_get(row, "topic");
        if (topic)
            add_spec(s, &cx_topics[0], cx_arena_format(s->arena, "%.*s%c", CX_STR_ARG(topic->text), '\0').ptr);
    }
    return 0;
}

static void print_finding(const struct cx_topic_finding *finding)
{
    struct cx_buf line;
    cx_buf_init(&line, 65536);
    cx_buf_str(&line, CX_STR("{\"topic\":"));
    cx_json_string(&line, cx_str(finding->topic));
    cx_buf_format(&line, ",\"missing\":%s,\"finding\":", finding->missing ? "true" : "false");
    cx_json_string(&line, cx_str(finding->text));
    printf("%.*s}\n", (int)line.len, line.ptr);
    cx_buf_free(&line);
}

static int plan(struct specs *s, bool json, struct cx_error *err)
{
    struct cx_topic_finding *findings;
    size_t count;
    CX_TRY(cx_topics_plan(&s->settings->kafka, s->arena, s->items, s->len, &findings, &count, err));
    for (size_t i = 0; i < count; i++)
        if (json)
            print_finding(&findings[i]);
        else
            printf("%-32s %s\n", findings[i].topic, findings[i].text);
    fprintf(stderr, "%zu topics, %zu finding%s\n", s->len, count, count == 1 ? "" : "s");
    return count ? CX_EXIT_FINDINGS : CX_EXIT_OK;
}

static int run_topics(const struct cx_args *args, struct cx_error *err)
{
    struct cx_settings settings;
    int64_t replication;
    bool is_create = args->operand_count == 1 && strcmp(args->operands[0], "create") == 0;
    if (!is_create && !(args->operand_count == 1 && strcmp(args->operands[0], "plan") == 0)) {
        cx_fail(err, CX_EXIT_USAGE, "cx topics plan, or cx topics create");
        return CX_EXIT_USAGE;
    }
    if (cx_args_settings(args, &settings, err) || cx_args_i64(args, REPLICATION, -1, 1, 100, &replication, err))
        return (int)err->exit;
    struct specs s = { .arena = settings.arena, .settings = &settings, .replication = (int16_t)replication };
    int status = build_specs(&s, args->values[CHAINS] ? args->values[CHAINS] : CX_USUAL_CHAINS, err) == 0 ? CX_EXIT_OK : (int)err->exit;
    if (status == CX_EXIT_OK && !is_create) {
        status = plan(&s, cx_args_has(args, JSON), err);
        status = status < 0 ? (int)err->exit : status;
    } else if (status == CX_EXIT_OK) {
        size_t created;
        status = cx_topics_create(&settings.kafka, s.items, s.len, &created, err) == 0 ? CX_EXIT_OK : (int)err->exit;
        if (status == CX_EXIT_OK)
            fprintf(stderr, "%zu topics, %zu created\n", s.len, created);
    }
    cx_settings_free(&settings);
    return status;
}

const struct cx_verb cx_verb_topics = {
    .name = "topics",
    .synopsis = "plan|create -c cx.yaml",
    .doc = "Says what the cluster's topics lack, or makes them; never deletes, never changes partition counts.",
    .examples = "  cx topics plan -c cx.yaml\n  cx topics create -c cx.yaml --replication 3\n",
    .flags = flags,
    .operands = 1,
    .run = run_topics,
};
