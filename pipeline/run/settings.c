/* settings.c - loading and checking cx.yaml. */
#include "run/settings.h"

#include "log/log.h"
#include "run/registry.h"
#include "run/topics.h"

extern char **environ;

const struct cx_option cx_run_option_table[] = {
    CX_OPTION(struct cx_run_options, commit_interval, "200ms", 1, 60000, "ms", "How long a transaction may stay open; adds to latency, lowers cost."),
    CX_OPTION(struct cx_run_options, batch_records, "10000", 1, 1000000, "records", "Records after which a transaction is committed."),
    CX_OPTION(struct cx_run_options, batch_bytes, "8m", 1024, 1073741824, "bytes", "Input bytes after which a transaction is committed."),
    CX_OPTION(struct cx_run_options, tick, "10s", 0, 3600000, "ms", "How often time is told to stages while a partition is silent; 0: never."),
    CX_OPTION(struct cx_run_options, breaker_share, "0.5", 0, 1, "", "Share of rejected items in a window that stops the process; 0: never."),
    CX_OPTION(struct cx_run_options, breaker_window, "10000", 1, 100000000, "items", "Items the breaker looks at."),
    CX_OPTION(struct cx_run_options, snapshot_interval, "60s", 0, 86400000, "ms",
              "How often changed state is written to kafka.state_dir, so that a restart reads that and not the whole changelog; 0: never."),
    { 0 },
};
const struct cx_option cx_http_option_table[] = {
    CX_OPTION(struct cx_http_options, listen, "", 0, 0, "", "host:port of /livez /readyz /metrics /status; port 0 picks a free one; empty: none."),
    { 0 },
};
const struct cx_option cx_log_option_table[] = {
    CX_OPTION(struct cx_log_options, level, "info", 0, 0, "", "error, warn, info or debug."),
    CX_OPTION(struct cx_log_options, format, "text", 0, 0, "", "text or json."),
    { 0 },
};

/* Top-level names that are not a stage's map. */
static const char *const room_names[] = { "kafka", "inputs", "http", "run", "log", "keep", "placement" };
#define ROOMS     (sizeof room_names / sizeof *room_names)
#define NAMES_MAX 64

static void top_level_names(const char *names[NAMES_MAX])
{
    size_t n = 0;
    for (; n < ROOMS; n++)
        names[n] = room_names[n];
    for (size_t i = 0; cx_stages[i] && n + 1 < NAMES_MAX; i++)
        names[n++] = cx_stages[i]->name;
    names[n] = NULL;
}

struct room_table {
    const char *map;
    const struct cx_option *options;
};

/* Dotted paths of every scalar option, so that CX_KAFKA_BROKERS means kafka.brokers. */
static const char *const *option_paths(struct cx_arena *arena)
{
    const struct room_table rooms[] = {
        { "kafka", cx_kafka_options }, { "run", cx_run_option_table }, { "http", cx_http_option_table }, { "log", cx_log_option_table }
    };
    const char **paths = CX_NEW_ARRAY(arena, const char *, 512);
    size_t n = 0, stages = 0;
    while (cx_stages[stages])
        stages++;
    for (size_t i = 0; i < 4 + stages; i++) {
        const char *map = i < 4 ? rooms[i].map : cx_stages[i - 4]->name;
        const struct cx_option *o = i < 4 ? rooms[i].options : cx_stages[i - 4]->options;
        for (; o && o->name && n < 510; o++)
            if (o->type != CX_TYPE_NODE)
                paths[n++] = cx_arena_format(arena, "%s.%s%c", map, o->name, '\0').ptr;
        if (i >= 4)
            paths[n++] = cx_arena_format(arena, "%s.input%c", map, '\0').ptr;
    }
    return paths;
}

/* The command line of a process is everybody's to read. */
static int check_secrets(const struct cx_node *root, struct cx_error *err)
{
    const struct cx_node *map = cx_node_get(cx_node_get(root, "kafka"), "librdkafka");
    for (const struct cx_node *n = map ? map->first : NULL; n; n = n->next)
        if (cx_is_secret(n->key) && n->file && strncmp(n->file, "--set", 5) == 0)
            return cx_fail(err, CX_EXIT_USAGE,
                           "--set kafka.librdkafka.%.*s: a secret on the command line is read by everybody on this machine; put it in a file",
                           CX_STR_ARG(n->key));
    return 0;
}

static int load_tree(struct cx_settings *s, const char *file, const char *const *sets, struct cx_error *err)
{
    struct cx_str text = CX_STR("{}");
    if (file)
        CX_TRY(cx_read_file(s->arena, cx_str(file), &text, err));
    s->root = cx_config_parse(s->arena, file ? file : "defaults", text, err);
    if (!s->root)
        return -1;
    if (s->root->type == CX_NODE_NULL)
        s->root->type = CX_NODE_MAP;
    CX_TRY(cx_config_env(s->arena, s->root, environ, option_paths(s->arena), err));
    for (size_t i = 0; sets && sets[i]; i++)
        CX_TRY(cx_config_set(s->arena, s->root, sets[i], "--set", err));
    CX_TRY(check_secrets(s->root, err));
    const char *names[NAMES_MAX];
    top_level_names(names);
    return cx_node_only(s->root, names, err);
}

static int apply_log(const struct cx_settings *s, struct cx_error *err)
{
    static const char *const levels[] = { "error", "warn", "info", "debug" };
    for (int i = 0; i < 4; i++)
        if (cx_str_is(s->log.level, levels[i])) {
            bool is_json = cx_str_is(s->log.format, "json");
            if (!is_json && !cx_str_is(s->log.format, "text"))
                return cx_fail(err, CX_EXIT_CONFIG, "log.format: text or json");
            cx_log_setup((enum cx_level)i, is_json ? CX_LOG_JSON : CX_LOG_TEXT);
            return 0;
        }
    return cx_fail(err, CX_EXIT_CONFIG, "log.level: error, warn, info or debug");
}

static int load(struct cx_settings *s, const char *file, const char *const *sets, struct cx_error *err)
{
    CX_TRY(load_tree(s, file, sets, err));
    CX_TRY(cx_options_read(cx_kafka_options, cx_node_get(s->root, "kafka"), "kafka", &s->kafka, err));
    CX_TRY(cx_options_read(cx_run_option_table, cx_node_get(s->root, "run"), "run", &s->run, err));
    CX_TRY(cx_options_read(cx_http_option_table, cx_node_get(s->root, "http"), "http", &s->http, err));
    CX_TRY(cx_options_read(cx_log_option_table, cx_node_get(s->root, "log"), "log", &s->log, err));
    CX_TRY(apply_log(s, err));
    int32_t counts[3];
    CX_TRY(cx_topic_counts(s->kafka.partitions, counts, err));
    struct cx_buf printed;
    cx_buf_init(&printed, (size_t)64 << 20);
    cx_config_print(&printed, s->root);
    snprintf(s->hash, sizeof s->hash, "%016llx", (unsigned long long)cx_hash64(printed.ptr, printed.len));
    cx_buf_free(&printed);
    return 0;
}

int cx_settings_load(struct cx_settings *s, const char *file, const char *const *sets, struct cx_error *err)
{
    *s = (struct cx_settings){ .arena = cx_arena_new((size_t)256 << 20) };
    if (load(s, file, sets, err) == 0)
        return 0;
    cx_settings_free(s);
    return -1;
}

void cx_settings_free(struct cx_settings *s)
{
    cx_arena_free(s->arena);
    s->arena = NULL;
}

static void reference_lists(struct cx_buf *out)
{
    cx_buf_str(
        out,
        CX_STR("# Raw topics and how their payloads are read; a record's headers may say otherwise (see normalize).\n"
               "inputs:\n"
               "  - topic: cx.raw.v1\n"
               "#   adapter: instagram      # an adapter of schemas/channels; absent: canonical JSON, envelopes, Avro\n"
               "#   tenant: acme            # whose customers these are; a payload that says otherwise is rejected\n"
               "#   brand: acme\n"
               "#   trust_headers: false    # take cx-tenant and cx-brand from the record's headers\n"
               "#   generation: 0           # raise when the topic was deleted and made anew\n"
               "#   own_ids: []             # the company's own accounts\n"
               "#   default_country: TR     # of phone numbers without a country code\n"
               "#   backfill: false         # history: counted, but fires nothing\n\n"
               "# Inner topics that are written although the next stage is fused.\n"
               "keep: []                    # e.g. [cx.routed.v1]\n\n"
               "# Tenants pinned to a partition of cx.events.v1; others are placed by murmur2.\n"
               "placement: {}               # e.g. {acme: 0}\n\n"
               "# Each stage's map may also have `input`: the topic that a chain reads which begins with this stage. Left out, it is the output\n"
               "# of the stage before.\n\n"));
}

void cx_settings_reference(struct cx_buf *out)
{
    cx_buf_str(out, CX_STR("# cx.yaml - every option at its default. One file serves every process; each reads what it needs.\n"
                           "# CX_<MAP>_<OPTION> in the environment overrides the file, --set map.option=value overrides both.\n\n"));
    reference_lists(out);
    cx_options_reference(out, cx_kafka_options, "kafka", "The cluster. Secrets are read from files.");
    cx_options_reference(out, cx_run_option_table, "run", "Transactions of a stage process.");
    cx_options_reference(out, cx_http_option_table, "http", "Health, metrics and status of a process.");
    cx_options_reference(out, cx_log_option_table, "log", "Lines on stderr.");
    for (size_t i = 0; cx_stages[i]; i++)
        if (cx_stages[i]->options)
            cx_options_reference(out, cx_stages[i]->options, cx_stages[i]->name, cx_stages[i]->summary);
}
