/* loop.c - cx run: poll, settle, commit; until told to stop. */
#include "kafka/kafka.h"
#include "log/log.h"
#include "run/acl.h"
#include "run/inputs.h"
#include "run/notify.h"
#include "run/process.h"
#include "run/verb.h"

#include "base/time.h"

static const struct cx_flag flags[] = {
    CX_CONFIG_FLAGS,
    { "instance", 'i', "N", "Overrides kafka.instance: a stable name of this process among its equals." },
    { "input", 0, "TOPIC,…", "Overrides the chain's input topics." },
    { "standby", 0, NULL, "Follows the instance's state in memory, and takes its place when it is gone, or on SIGUSR1." },
    { "print-config", 0, NULL, "Prints the effective configuration, secrets masked, and exits." },
    { 0 },
};
enum { INSTANCE = CX_FLAG_FIRST, INPUT, STANDBY, PRINT_CONFIG };

volatile sig_atomic_t cx_stop_requested;
static struct cx_kafka *interruptible;

/* A wait for brokers that are away would outlast the supervisor's patience. */
static void on_signal(int signal)
{
    (void)signal;
    cx_stop_requested = 1;
    if (interruptible)
        cx_kafka_interrupt(interruptible);
}

static void on_takeover(int signal)
{
    (void)signal;
    cx_takeover_requested = 1;
}

/* Installed once the cluster has answered: until then there is nothing to finish, and the signal may simply end the process. A standby may have
 * a snapshot under way at any time. */
static void catch_signals(struct cx_process *p)
{
    struct sigaction action = { .sa_handler = on_signal };
    interruptible = p->kafka;
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

static int64_t left_ms(const struct cx_process *p, int64_t now_ns)
{
    return p->settings->run.commit_interval - (now_ns - p->opened_ns) / 1000000;
}

static int wait_ms(const struct cx_process *p, int64_t now_ns, bool writes_snapshot)
{
    int64_t left = cx_kafka_in_transaction(p->kafka) ? left_ms(p, now_ns) : writes_snapshot ? 1 : 100;
    return left < 0 ? 0 : left > 100 ? 100 : (int)left;
}

/* Does any stage that ticks know a tenant? Without one a tick tells nobody anything. */
static bool knows_tenants(struct cx_process *p, struct cx_assignment *a)
{
    for (size_t i = 0; i < cx_chain_length(p->chain); i++)
        if (cx_chain_stage(p->chain, i)->tick && cx_state_count(cx_task_state(a->task, i), 0) > 0)
            return true;
    return false;
}

static bool is_tick_due(struct cx_process *p, struct cx_assignment *a, int64_t now_ms)
{
    return p->settings->run.tick && cx_chain_ticks(p->chain) && now_ms - a->last_tick_ms >= p->settings->run.tick && knows_tenants(p, a);
}

/* What silence asks for, partition by partition: another that is busy must not hold up the time of this one (invariant 13). */
static enum cx_kafka_result attend_silent_partitions(struct cx_process *p)
{
    int64_t now_ms = cx_wall_ms();
    bool all_read = cx_kafka_lag(p->kafka) == 0;
    enum cx_kafka_result result = CX_KAFKA_OK;
    for (size_t i = 0; i < p->assigned_count && result == CX_KAFKA_OK; i++) {
        struct cx_assignment *a = p->assigned[i];
        if (a->is_touched || !(a->is_at_end || all_read))
            continue;
        result = cx_process_refresh(p, a, now_ms);
        if (result == CX_KAFKA_OK && is_tick_due(p, a, now_ms))
            result = cx_process_tick(p, a, now_ms);
    }
    return result;
}

/* `now_ns` is from before the poll: a clock reading per record is enough, and a commit that this makes late is due in the next step. */
static enum cx_kafka_result step(struct cx_process *p, int64_t now_ns, bool writes_snapshot)
{
    struct cx_message m;
    struct cx_assignment *a;
    enum cx_kafka_result result = CX_KAFKA_OK;
    enum cx_polled polled = cx_kafka_poll(p->kafka, wait_ms(p, now_ns, writes_snapshot), &m, p->err);
    if (polled == CX_POLL_FATAL || p->is_doomed)
        return CX_KAFKA_FATAL;
    if (polled == CX_POLL_MESSAGE)
        result = cx_process_message(p, &m);
    else if (polled == CX_POLL_EOF && (a = cx_assignment_find(p, m.topic, m.partition)))
        a->is_at_end = true;
    if (result == CX_KAFKA_OK && cx_kafka_in_transaction(p->kafka) && left_ms(p, now_ns) <= 0)
        result = cx_process_commit(p);
    return result;
}

static int open_breaker(struct cx_process *p)
{
    if (cx_process_commit(p) == CX_KAFKA_FATAL)
        return (int)p->err->exit;
    cx_fail(p->err, CX_EXIT_DATA,
            "more than %.0f %% of %lld items were rejected: the input is wrong, not the records; look at the dead letters, then start again "
            "(run.breaker_share)",
            p->settings->run.breaker_share * 100, (long long)p->settings->run.breaker_window);
    return CX_EXIT_DATA;
}

void cx_process_alive(struct cx_process *p, int64_t now_ns)
{
    atomic_store_explicit(&p->heartbeat_ns, now_ns, memory_order_relaxed);
    cx_notify_alive(now_ns);
}

static void on_waiting(void *process, const char *what)
{
    cx_notify_status("waiting for brokers, to %s", what);
    cx_process_alive(process, cx_monotonic_ns());
}

int cx_process_run(struct cx_process *p)
{
    int64_t attended = 0;
    bool writes_snapshot = false;
    while (!cx_stop_requested) {
        int64_t now = cx_monotonic_ns();
        enum cx_kafka_result result = CX_KAFKA_OK;
        cx_process_alive(p, now);
        if (now - attended > 500000000) {
            attended = now;
            if (p->assigned_count > 0)
                cx_notify_status("%zu partitions", p->assigned_count);
            else
                cx_notify_status("no partition: the group is to give one, or others have them all");
            cx_metric_refresh(p);
            cx_process_look(p);
            result = attend_silent_partitions(p);
        }
        if (result == CX_KAFKA_FATAL || step(p, now, writes_snapshot) == CX_KAFKA_FATAL)
            return (int)p->err->exit;
        if (p->is_broken)
            return open_breaker(p);
        cx_process_reload(p);
        if (!cx_kafka_in_transaction(p->kafka))
            writes_snapshot = cx_snapshots_step(p);
    }
    cx_notify_stopping();
    if (cx_process_commit(p) == CX_KAFKA_FATAL)
        return (int)p->err->exit;
    cx_snapshots_finish(p);
    return CX_EXIT_OK;
}

/* What is missing, or hidden from this user, is told now and not with the first record that goes there. */
static int check_outputs(struct cx_process *p, const struct cx_stage *const *stages, size_t count, struct cx_error *err)
{
    struct cx_acl *rights;
    size_t n = cx_acls_of_chain(p->settings, stages, count, &rights);
    for (size_t i = 0; i < n; i++)
        if (strcmp(rights[i].resource, "topic") == 0 && strcmp(rights[i].operation, "Write") == 0 &&
            cx_kafka_partitions(p->kafka, rights[i].name, err) < 0)
            return -1;
    return 0;
}

int cx_process_open(struct cx_process *p, const struct cx_stage *const *stages, size_t count, const char *input, struct cx_error *err)
{
    const char **inputs = CX_NEW_ARRAY(p->settings->arena, const char *, CX_INPUTS_MAX);
    struct cx_chain_plan plan = { .stages = stages, .count = count, .root = p->settings->root, .max_message = p->settings->kafka.max_message };
    p->err = err;
    p->chain = cx_chain_open(&plan, err);
    if (!p->chain)
        return -1;
    cx_process_hash(p);
    cx_process_sink(p);
    p->topics = inputs;
    p->topic_count = cx_inputs_find(p->settings, cx_chain_stage(p->chain, 0), input, inputs);
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
    cx_process_alive(p, cx_monotonic_ns()); /* connecting is life, too */
    CX_TRY(cx_http_open(p, err));
    if (atomic_load(&p->standby) != CX_STANDBY_NOT)
        CX_TRY(cx_standby_follow(p, err));
    struct cx_kafka_callbacks callbacks = { p, cx_process_assigned, cx_process_revoked, cx_process_revoking, cx_process_settled, on_waiting };
    p->kafka =
        cx_kafka_open(&p->settings->kafka, cx_chain_name(p->chain), p->topics, p->topic_count, cx_chain_is_stateful(p->chain), &callbacks, err);
    if (!p->kafka)
        return -1;
    CX_TRY(check_outputs(p, stages, count, err));
    cx_snapshots_open(p, cx_kafka_cluster_id(p->kafka), cx_kafka_identity(p->kafka));
    if (p->warm_count == 0)
        cx_snapshots_warm(p);
    return 0;
}

void cx_process_close(struct cx_process *p)
{
    cx_http_close(p);
    cx_snapshots_close(p);
    if (p->kafka)
        cx_kafka_close(p->kafka);
    while (p->assigned_count > 0)
        cx_assignment_free(p->assigned[--p->assigned_count]);
    while (p->warm_count > 0)
        cx_assignment_free(p->warm[--p->warm_count]);
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
    signal(SIGPIPE, SIG_IGN);
    cx_process_catch_reload();
    cx_notify_open();
    p.settings = &settings;
    if (cx_args_has(args, STANDBY)) {
        if (settings.kafka.instance.len == 0) {
            cx_settings_free(&settings);
            return (int)(cx_fail(err, CX_EXIT_USAGE, "--standby wants --instance N: whose place it is to take"), err->exit);
        }
        atomic_store(&p.standby, CX_STANDBY_FILLING);
        signal(SIGUSR1, on_takeover);
        catch_signals(&p);
    }
    int status = cx_process_open(&p, stages, count, args->values[INPUT], err) == 0 ? (catch_signals(&p), cx_process_run(&p)) : (int)err->exit;
    if (status == CX_EXIT_OK)
        err->text[0] = '\0';
    else
        cx_log(CX_ERROR, "stopped", "exit=%d cause=\"%s\"", status, err->text);
    if (cx_str_is(settings.log.format, "json"))
        err->text[0] = '\0'; /* it has been logged, and a line that is not JSON would not be understood */
    cx_process_close(&p);
    cx_settings_free(&settings);
    return status;
}

const struct cx_verb cx_verb_run = {
    .name = "run",
    .synopsis = "STAGE… -c cx.yaml",
    .doc = "Runs stages, fused into one process, between the topics of a cluster: exactly once.",
    .examples = "  cx run normalize classify -c cx.yaml\n"
                "  cx run dedup identify -c cx.yaml --instance 0\n"
                "  cx run dedup identify -c cx.yaml --instance 0 --standby    # on another machine\n"
                "  cx run route analytics -c cx.yaml --set http.listen=127.0.0.1:9103\n",
    .flags = flags,
    .operands = CX_OPERANDS_MAX,
    .run = run_run,
};
