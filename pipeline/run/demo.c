/* demo.c - cx demo: the whole pipeline on the sample corpus, and a page of what came out. */
#include "run/demo.h"
#include "run/registry.h"
#include "run/sample.h"
#include "run/verb.h"

#include "base/time.h"

#include <errno.h>
#include <unistd.h>

enum { RECORDS = CX_FLAG_FIRST, SEED, START, INPUT, NO_BROKER, JSON };
static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "records", 'n', "N", "Payloads of the sample (default 6000: three days; more are denser, not longer)." },
    { "seed", 0, "S", "Seed of the sample (default 1)." },
    { "start", 0, "TIME", "When the sample begins (default: three days before today, 00:00 UTC)." },
    { "input", 0, "FILE", "Your own JSON lines (canonical or envelopes) instead of the sample." },
    { "no-broker", 0, NULL, "In memory, with nothing but this program." },
    { "json", 0, NULL, "The same as data." },
    { 0 },
};

static int each_line(const struct cx_demo *demo, cx_demo_payload_fn *each, void *context, struct cx_error *err)
{
    FILE *file = fopen(demo->input, "r");
    if (!file)
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be read: %s", demo->input, strerror(errno));
    char *buffer = NULL;
    size_t cap = 0;
    ssize_t got;
    int rc = 0;
    while (rc == 0 && (got = getline(&buffer, &cap, file)) >= 0) {
        size_t len = (size_t)got;
        while (len > 0 && (buffer[len - 1] == '\n' || buffer[len - 1] == '\r'))
            len--;
        if (len > 0)
            rc = each(context, CX_STR_NULL, cx_str_n(buffer, len), err);
    }
    free(buffer);
    fclose(file);
    return rc;
}

int cx_demo_payloads(const struct cx_demo *demo, cx_demo_payload_fn *each, void *context, struct cx_error *err)
{
    if (demo->input)
        return each_line(demo, each, context, err);
    struct cx_sample *sample = cx_sample_new((uint64_t)demo->seed, demo->start_ms, cx_sample_default_per_day(demo->records), NULL);
    struct cx_arena *arena = cx_arena_new((size_t)64 << 20);
    int rc = 0;
    for (int64_t i = 0; i < demo->records && rc == 0; i++) {
        struct cx_sample_payload payload;
        cx_arena_reset(arena);
        cx_sample_next(sample, arena, &payload);
        rc = each(context, payload.key, payload.value, err);
    }
    cx_arena_free(arena);
    cx_sample_free(sample);
    return rc;
}

/* ---- in memory ---- */

#define DAY_MS 86400000

struct memory {
    struct cx_demo *demo;
    struct cx_task *task;
    struct cx_sink sink;
    int64_t offset, received_ms; /* of the sample: all at its end, as if a topic was read that had filled up */
};

static int on_output(void *context, const struct cx_output *o)
{
    struct memory *m = context;
    if (o->topic)
        cx_outcome_add(m->demo->outcome, cx_str(o->topic->name), o->value, o->headers, o->header_count);
    return 0;
}

static void on_ending(void *context, const struct cx_ending *e)
{
    struct memory *m = context;
    cx_outcome_ended(m->demo->outcome, e->stage, e->verdict, e->reason ? cx_str(e->reason->name) : CX_STR_NULL, 1);
}

static int settle(void *context, struct cx_str key, struct cx_str value, struct cx_error *err)
{
    struct memory *m = context;
    struct cx_message message = { .topic = CX_STR("cx.raw.v1"),
                                  .offset = m->offset++,
                                  .timestamp_ms = m->received_ms,
                                  .key = key,
                                  .value = value,
                                  .is_pipe = m->demo->input != NULL }; /* the user's lines say themselves when they were received */
    int64_t items;
    if (cx_task_settle(m->task, &message, &m->sink, &items) != 0)
        return cx_fail(err, CX_EXIT_IO, "an output was refused");
    m->demo->outcome->payloads++;
    m->demo->outcome->items += items;
    if (m->offset % 4096 == 0)
        cx_task_commit(m->task);
    return 0;
}

int cx_demo_in_memory(struct cx_demo *demo, struct cx_error *err)
{
    const struct cx_stage *stages[32];
    size_t n = 0;
    for (; cx_stages[n] && n < 32; n++)
        stages[n] = cx_stages[n];
    struct cx_chain_plan plan = { .stages = stages, .count = n, .root = demo->settings->root, .max_message = demo->settings->kafka.max_message };
    struct cx_chain *chain = cx_chain_open(&plan, err);
    if (!chain)
        return (int)err->exit;
    struct memory m = { .demo = demo,
                        .task = cx_task_new(chain, 0),
                        .received_ms = demo->start_ms + (demo->records / cx_sample_default_per_day(demo->records) + 1) * DAY_MS };
    m.sink = (struct cx_sink){ .context = &m, .output = on_output, .ending = on_ending };
    int rc = cx_demo_payloads(demo, settle, &m, err);
    if (rc == 0 && cx_task_tick(m.task, m.received_ms + 10000, &m.sink) != 0) /* so that the minutes are written */
        rc = cx_fail(err, CX_EXIT_IO, "an output was refused");
    cx_task_free(m.task);
    cx_chain_close(chain);
    return rc == 0 ? CX_EXIT_OK : (int)err->exit;
}

/* ---- the verb ---- */

/* What the demo sets unless the user did: the routed records are kept to be shown, and three days fit into one breath. */
static int demo_settings(const struct cx_args *args, struct cx_settings *settings, struct cx_error *err)
{
    CX_TRY(cx_args_settings(args, settings, err));
    struct cx_node *extra = cx_config_parse(settings->arena, "demo", CX_STR("keep: [cx.routed.v1]"), err);
    if (!extra)
        return -1;
    if (!cx_node_get(settings->root, "keep")) {
        extra->first->next = settings->root->first;
        settings->root->first = extra->first;
        settings->root->count++;
    }
    const struct cx_node *analytics = cx_node_get(settings->root, "analytics");
    if (!cx_node_get(analytics, "lateness"))
        CX_TRY(cx_config_set(settings->arena, settings->root, "analytics.lateness=7d", "demo", err));
    return 0;
}

static int read_start(const struct cx_args *args, int64_t *start_ms, struct cx_error *err)
{
    *start_ms = cx_sample_default_start();
    if (args->values[START] && !cx_time_parse(cx_str(args->values[START]), start_ms))
        return cx_fail(err, CX_EXIT_USAGE, "--start %s is not a time such as 2026-11-22T00:00:00Z", args->values[START]);
    return 0;
}

static void show(const struct cx_demo *demo, bool json, bool on_broker)
{
    if (!json) {
        char brokers[256];
        snprintf(brokers, sizeof brokers, "%.*s", CX_STR_ARG(demo->settings->kafka.brokers));
        cx_outcome_print(demo->outcome, stdout, on_broker ? demo->config : NULL, brokers);
        return;
    }
    struct cx_buf out;
    cx_buf_init(&out, (size_t)64 << 20);
    cx_outcome_json(demo->outcome, &out);
    fwrite(out.ptr, 1, out.len, stdout);
    cx_buf_free(&out);
}

static bool is_balanced(const struct cx_outcome *o)
{
    return o->items == o->emitted + o->absorbed + o->dropped + o->rejected;
}

static int run_demo(const struct cx_args *args, struct cx_error *err)
{
    static struct cx_settings settings;
    static struct cx_demo demo;
    bool on_broker = !cx_args_has(args, NO_BROKER);
    if (cx_args_i64(args, RECORDS, CX_SAMPLE_COUNT, 1, 1000000000, &demo.records, err) || cx_args_i64(args, SEED, 1, 0, INT64_MAX, &demo.seed, err) ||
        read_start(args, &demo.start_ms, err) || demo_settings(args, &settings, err))
        return (int)err->exit;
    demo.settings = &settings;
    demo.input = args->values[INPUT];
    demo.shows_progress = isatty(2);
    demo.outcome = cx_outcome_new();
    int status = on_broker ? cx_demo_on_broker(&demo, err) : cx_demo_in_memory(&demo, err);
    if (status == CX_EXIT_OK || status == CX_EXIT_FINDINGS) {
        cx_outcome_finish(demo.outcome);
        show(&demo, cx_args_has(args, JSON), on_broker);
        status = status == CX_EXIT_OK && !is_balanced(demo.outcome) ? CX_EXIT_FINDINGS : status;
    }
    cx_outcome_free(demo.outcome);
    cx_settings_free(&settings);
    return status;
}

const struct cx_verb cx_verb_demo = {
    .name = "demo",
    .synopsis = "[--no-broker] [--input FILE] [--json]",
    .doc = "Runs the whole pipeline on the sample corpus and shows what came out; exit 1 when the counts do not add up.",
    .examples = "  cx demo --no-broker\n  cx demo --input mine.jsonl --no-broker\n  deploy/local/kafka run -- cx demo\n",
    .flags = flags,
    .run = run_demo,
};
