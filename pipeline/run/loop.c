/* loop.c - cx run: poll, settle, commit; until told to stop. */
#include "kafka/kafka.h"
#include "log/log.h"
#include "run/process.h"
#include "run/verb.h"

#include "base/time.h"

static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "instance", 'i', "N", "Overrides kafka.instance: a stable name of this process among its equals." },
    { "input", 0, "TOPIC,…", "Overrides the chain's input topics." },
    { "print-config", 0, NULL, "Prints the effective configuration, secrets masked, and exits." },
    { 0 },
};
enum { INSTANCE = CX_FLAG_FIRST, INPUT, PRINT_CONFIG };

volatile sig_atomic_t cx_stop_requested;

static void on_signal(int signal)
{
    (void)signal;
    cx_stop_requested = 1;
}

static int wait_ms(const struct cx_process *p)
{
    if (!cx_kafka_in_transaction(p->kafka))
        return 100;
    int64_t open_ms = (cx_monotonic_ns() - p->opened_ns) / 1000000, left = p->settings->run.commit_interval - open_ms;
    return left < 0 ? 0 : left > 100 ? 100 : (int)left;
}

static bool is_commit_due(const struct cx_process *p)
{
    return cx_kafka_in_transaction(p->kafka) && (cx_monotonic_ns() - p->opened_ns) / 1000000 >= p->settings->run.commit_interval;
}

/* Does any stage of the task know a tenant? Without one a tick tells nobody anything. */
static bool knows_tenants(struct cx_process *p, struct cx_assignment *a)
{
    for (size_t i = 0; i < cx_chain_length(p->chain); i++)
        if (cx_task_state(a->task, i) && cx_state_count(cx_task_state(a->task, i), 0) > 0)
            return true;
    return false;
}

static enum cx_kafka_result on_end_of_partition(struct cx_process *p, const struct cx_message *m)
{
    struct cx_assignment *a = cx_assignment_find(p, m->topic, m->partition);
    int64_t now = cx_wall_ms();
    if (!a || !p->settings->run.tick || !cx_chain_ticks(p->chain) || !knows_tenants(p, a) || now - a->last_tick_ms < p->settings->run.tick)
        return CX_KAFKA_OK;
    return cx_process_tick(p, a, now);
}

/* Silence is reported once per partition by the log; the ticks after that come from here. */
static enum cx_kafka_result tick_silent_partitions(struct cx_process *p)
{
    int64_t now = cx_wall_ms();
    if (!p->settings->run.tick || !cx_chain_ticks(p->chain) || cx_kafka_in_transaction(p->kafka) || cx_kafka_lag(p->kafka) > 0)
        return CX_KAFKA_OK;
    for (size_t i = 0; i < p->assigned_count; i++) {
        struct cx_assignment *a = p->assigned[i];
        if (now - a->last_tick_ms >= p->settings->run.tick && knows_tenants(p, a)) {
            enum cx_kafka_result result = cx_process_tick(p, a, now);
            if (result != CX_KAFKA_OK)
                return result;
        }
    }
    return CX_KAFKA_OK;
}

static enum cx_kafka_result step(struct cx_process *p)
{
    struct cx_message m;
    enum cx_kafka_result result = CX_KAFKA_OK;
    switch (cx_kafka_poll(p->kafka, wait_ms(p), &m, p->err)) {
    case CX_POLL_MESSAGE:
        result = cx_process_message(p, &m);
        break;
    case CX_POLL_EOF:
        result = on_end_of_partition(p, &m);
        break;
    case CX_POLL_NONE:
        result = tick_silent_partitions(p);
        break;
    case CX_POLL_FATAL:
        return CX_KAFKA_FATAL;
    }
    if (result == CX_KAFKA_OK && is_commit_due(p))
        result = cx_process_commit(p);
    return result;
}

static int run_loop(struct cx_process *p)
{
    int64_t refreshed = 0;
    while (!cx_stop_requested) {
        int64_t now = cx_monotonic_ns();
        atomic_store(&p->heartbeat_ns, now);
        if (now - refreshed > 500000000) {
            cx_metric_refresh(p);
            refreshed = now;
        }
        if (step(p) == CX_KAFKA_FATAL)
            return (int)p->err->exit;
        if (p->is_broken) {
            if (cx_process_commit(p) == CX_KAFKA_FATAL)
                return (int)p->err->exit;
            cx_fail(p->err, CX_EXIT_DATA, "more than %.0f %% of %lld items were rejected: the input is wrong, not the records; look at the dead letters, then "
                                          "start again (run.breaker_share)",
                    p->settings->run.breaker_share * 100, (long long)p->settings->run.breaker_window);
            return CX_EXIT_DATA;
        }
    }
    return cx_process_commit(p) == CX_KAFKA_FATAL ? (int)p->err->exit : CX_EXIT_OK;
}

/* The chain's inputs: --input, the rows of `inputs` for a chain that reads raw payloads, else the output of the stage before. */
static size_t input_topics(struct cx_settings *s, const struct cx_chain *chain, const char *given, const char **topics, size_t max)
{
    size_t n = 0;
    struct cx_str rest = given ? cx_str(given) : CX_STR_NULL, piece;
    while (cx_str_cut(&rest, ',', &piece) && n < max)
        topics[n++] = cx_arena_format(s->arena, "%.*s%c", CX_STR_ARG(piece), '\0').ptr;
    const struct cx_node *inputs = cx_node_get(s->root, "inputs");
    if (n == 0 && cx_chain_stage(chain, 0)->reads_raw && inputs)
        for (const struct cx_node *row = inputs->first; row && n < max; row = row->next) {
            const struct cx_node *topic = cx_node_get(row, "topic");
            if (topic)
                topics[n++] = cx_arena_format(s->arena, "%.*s%c", CX_STR_ARG(topic->text), '\0').ptr;
        }
    const struct cx_node *own = cx_node_get(cx_node_get(s->root, cx_chain_stage(chain, 0)->name), "input");
    if (n == 0 && own)
        topics[n++] = cx_arena_format(s->arena, "%.*s%c", CX_STR_ARG(own->text), '\0').ptr;
    if (n == 0)
        topics[n++] = cx_chain_input(chain);
    return n;
}

static int open_process(struct cx_process *p, const struct cx_stage *const *stages, size_t count, const char *input, struct cx_error *err)
{
    static const char *topics[256];
    struct cx_chain_plan plan = { .stages = stages, .count = count, .root = p->settings->root, .max_message = p->settings->kafka.max_message };
    p->err = err;
    p->chain = cx_chain_open(&plan, err);
    if (!p->chain)
        return -1;
    p->topics = topics;
    p->topic_count = input_topics(p->settings, p->chain, input, topics, 256);
    if (cx_chain_is_stateful(p->chain) && p->topic_count > 1)
        return cx_fail(err, CX_EXIT_CONFIG, "a chain with state reads one topic, not %zu", p->topic_count);
    char context[200];
    snprintf(context, sizeof context, "chain=%s", cx_chain_name(p->chain));
    cx_log_context(context);
    cx_topic_ledger(cx_chain_name(p->chain), p->ledger_topic);
    p->batch_limit = p->settings->run.batch_records;
    p->arena = cx_arena_new((size_t)1 << 30);
    cx_buf_init(&p->buf, (size_t)256 << 20);
    cx_process_metrics_open(p);
    CX_TRY(cx_http_open(p, err));
    struct cx_kafka_callbacks callbacks = { p, cx_process_assigned, cx_process_revoked, cx_process_revoking };
    p->kafka = cx_kafka_open(&p->settings->kafka, cx_chain_name(p->chain), p->topics, p->topic_count, cx_chain_is_stateful(p->chain), &callbacks, err);
    return p->kafka ? 0 : -1;
}

static void close_process(struct cx_process *p)
{
    cx_http_close(p);
    if (p->kafka)
        cx_kafka_close(p->kafka);
    while (p->assigned_count > 0) {
        struct cx_assignment *a = p->assigned[--p->assigned_count];
        cx_task_free(a->task);
        cx_ledger_free(&a->page);
        free(a);
    }
    cx_process_metrics_close(p);
    cx_chain_close(p->chain);
    if (p->arena)
        cx_arena_free(p->arena);
    cx_buf_free(&p->buf);
}

static int print_config(struct cx_settings *settings)
{
    struct cx_buf out;
    cx_buf_init(&out, (size_t)64 << 20);
    cx_config_print(&out, settings->root);
    fwrite(out.ptr ? out.ptr : "", 1, out.len, stdout);
    cx_buf_free(&out);
    cx_settings_free(settings);
    return CX_EXIT_OK;
}

static int run_run(const struct cx_args *args, struct cx_error *err)
{
    static struct cx_process p;
    static struct cx_settings settings;
    const struct cx_stage *stages[CX_OPERANDS_MAX];
    size_t count;
    if (cx_find_stages(args, stages, &count, err) || cx_args_settings(args, &settings, err))
        return (int)err->exit;
    if (cx_args_has(args, INSTANCE))
        settings.kafka.instance = cx_str(args->values[INSTANCE]);
    if (cx_args_has(args, PRINT_CONFIG))
        return print_config(&settings);
    struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    p.settings = &settings;
    int status = open_process(&p, stages, count, args->values[INPUT], err) == 0 ? run_loop(&p) : (int)err->exit;
    if (status != CX_EXIT_OK)
        cx_log(CX_ERROR, "stopped", "exit=%d cause=\"%s\"", status, err->text);
    close_process(&p);
    cx_settings_free(&settings);
    return status;
}

const struct cx_verb cx_verb_run = {
    .name = "run",
    .synopsis = "STAGE… -c cx.yaml",
    .doc = "Runs stages, fused into one process, between the topics of a cluster: exactly once.",
    .examples = "  cx run normalize classify -c cx.yaml\n"
                "  cx run dedup identify -c cx.yaml --instance 0\n"
                "  cx run route analytics -c cx.yaml --set http.listen=127.0.0.1:9103\n",
    .flags = flags,
    .run = run_run,
};
