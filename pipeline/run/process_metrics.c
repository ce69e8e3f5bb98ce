/* process_metrics.c - what /metrics says of a stage process. */
#include "kafka/kafka.h"
#include "run/process.h"

#include "base/time.h"

enum {
    CONSUMED,
    PRODUCED,
    ITEMS,
    SETTLED,
    TRANSACTIONS,
    TRANSACTION_SECONDS,
    BATCH_RECORDS,
    LATENCY,
    LAG,
    ASSIGNED,
    RESTORED,
    RESTORE_SECONDS,
    SNAPSHOTS,
    SNAPSHOT_SECONDS,
    SNAPSHOT_AGE,
    SNAPSHOT_BYTES,
    STANDBY,
    STANDBY_LAG,
    FIRST_COMMIT,
    RELOADS,
    RELOAD_GOOD,
    STATE_BYTES,
    STATE_KEYS,
    BUILD
};
static const struct cx_metric table[] = {
    [CONSUMED] = { "cx_records_consumed_total", CX_COUNTER, NULL, "Kafka records settled, aborted transactions included." },
    [PRODUCED] = { "cx_records_produced_total", CX_COUNTER, "topic",
                   "Output records and dead letters handed to the producer, aborted transactions included." },
    [ITEMS] = { "cx_items_total", CX_COUNTER, "verdict", "Items by how they ended, aborted transactions included." },
    [SETTLED] = { "cx_items_settled_total", CX_COUNTER, "reason", "Items that did not go on, by stage and reason, aborted transactions included." },
    [TRANSACTIONS] = { "cx_transactions_total", CX_COUNTER, "result", "Transactions by result." },
    [TRANSACTION_SECONDS] = { "cx_transaction_duration_seconds", CX_HISTOGRAM, NULL, "From the first record of a transaction to its commit." },
    [BATCH_RECORDS] = { "cx_batch_records", CX_GAUGE, NULL, "Records in the last committed transaction." },
    [LATENCY] = { "cx_end_to_end_latency_seconds", CX_HISTOGRAM, NULL, "From the input record's timestamp to its settling; one in 64 records." },
    [LAG] = { "cx_consumer_lag_records", CX_GAUGE, NULL, "Records between position and end of the assigned partitions." },
    [ASSIGNED] = { "cx_assigned_partitions", CX_GAUGE, NULL, "Input partitions this process owns." },
    [RESTORED] = { "cx_state_restored_records_total", CX_COUNTER, "from", "Changelog records read to restore state, by what they came on top of." },
    [RESTORE_SECONDS] = { "cx_state_restore_seconds_total", CX_COUNTER, "from", "Time spent restoring state, by what it began with." },
    [SNAPSHOTS] = { "cx_snapshots_total", CX_COUNTER, "result",
                    "Snapshots of a stage on one partition: written, failed to be, or refused when read." },
    [SNAPSHOT_SECONDS] = { "cx_snapshot_duration_seconds", CX_HISTOGRAM, NULL,
                           "From the beginning of a snapshot to its sync; records go on meanwhile." },
    [SNAPSHOT_AGE] = { "cx_snapshot_age_seconds", CX_GAUGE, NULL,
                       "Age of a stage's oldest snapshot; grows while nothing changes, and is 0 without one." },
    [STANDBY] = { "cx_standby", CX_GAUGE, NULL, "1 while this process follows another instance's state and does nothing else." },
    [STANDBY_LAG] = { "cx_standby_lag_records", CX_GAUGE, NULL, "Changelog records that a standby has not applied yet." },
    [FIRST_COMMIT] = { "cx_first_commit_seconds", CX_GAUGE, NULL, "From the first partition given to the first commit; 0 before it." },
    [RELOADS] = { "cx_reloads_total", CX_COUNTER, "result",
                  "New lexicons, rules or overlays while running: loaded, or refused so that the old ones stay." },
    [RELOAD_GOOD] = { "cx_last_reload_successful", CX_GAUGE, NULL,
                      "0 while files that were refused are waiting to be mended; the log says what is wrong." },
    [SNAPSHOT_BYTES] = { "cx_snapshot_bytes", CX_GAUGE, NULL, "Size of a stage's snapshots." },
    [STATE_BYTES] = { "cx_state_bytes", CX_GAUGE, NULL, "Memory of the state tables of a stage." },
    [STATE_KEYS] = { "cx_state_keys", CX_GAUGE, "table", "Keys in a state table; may count what is expired." },
    [BUILD] = { "cx_build_info", CX_GAUGE, "version", "Always 1." },
};

#define REASONS_CACHED 128
#define LABELS_CACHED  512 /* a power of two */
struct labelled {          /* a stage's own series, found again without the registry's lock */
    const struct cx_metric *row;
    char label[24];
    struct cx_series *series;
};
struct cx_process_metrics {
    struct cx_series *consumed, *items[5], *committed, *aborted, *seconds, *batch, *latency, *lag, *assigned, *restored[3], *restore_seconds[3],
        *snapshot_seconds, *standby, *standby_lag, *first_commit, *reload_good;
    struct cx_series *produced[64];
    struct {
        const char *stage;
        const struct cx_reason *reason;
        struct cx_series *series;
    } settled[REASONS_CACHED];
    size_t settled_count;
    struct labelled labelled[LABELS_CACHED];
    unsigned sampled;
};

/* Every series that a stage can have, so that it is exposed at 0 before anything happens. */
static void expose_stage(struct cx_process *p, const struct cx_stage *stage)
{
    char labels[100];
    snprintf(labels, sizeof labels, "stage=\"%s\"", stage->name);
    for (const struct cx_reason *r = stage->reasons; r && r->name; r++)
        cx_metrics_series(p->metrics, &table[SETTLED], labels, r->name);
    const struct cx_reason *common;
    for (size_t i = 0; (common = cx_chain_reason(i)); i++)
        cx_metrics_series(p->metrics, &table[SETTLED], labels, common->name);
    for (const struct cx_metric *row = stage->metrics; row && row->name; row++)
        if (!row->label)
            cx_metrics_series(p->metrics, row, NULL, NULL);
    for (size_t i = 0; i == 0 || stage->outputs[i].topic; i++)
        if (stage->outputs[i].topic)
            cx_metrics_series(p->metrics, &table[PRODUCED], NULL, stage->outputs[i].topic);
    cx_metrics_series(p->metrics, &table[PRODUCED], NULL, stage->dead_letters);
}

void cx_process_metrics_open(struct cx_process *p)
{
    static const char *const sources[] = { [CX_FROM_CHANGELOG] = "changelog", [CX_FROM_SNAPSHOT] = "snapshot", [CX_FROM_MEMORY] = "memory" };
    static const char *const results[] = { "written", "failed", "refused" };
    static const char *const verdicts[] = { [CX_EMIT] = "emit", [CX_ABSORB] = "absorb", [CX_DROP] = "drop", [CX_REJECT] = "reject" };
    char labels[200];
    snprintf(labels, sizeof labels, "chain=\"%s\"", cx_chain_name(p->chain));
    struct cx_metrics *m = p->metrics = cx_metrics_new(labels);
    struct cx_process_metrics *s = p->series = calloc(1, sizeof *s);
    cx_assert(s != NULL);
    s->consumed = cx_metrics_series(m, &table[CONSUMED], NULL, NULL);
    for (int v = CX_EMIT; v <= CX_REJECT; v++)
        s->items[v] = cx_metrics_series(m, &table[ITEMS], NULL, verdicts[v]);
    s->committed = cx_metrics_series(m, &table[TRANSACTIONS], NULL, "committed");
    s->aborted = cx_metrics_series(m, &table[TRANSACTIONS], NULL, "aborted");
    s->seconds = cx_metrics_series(m, &table[TRANSACTION_SECONDS], NULL, NULL);
    s->batch = cx_metrics_series(m, &table[BATCH_RECORDS], NULL, NULL);
    s->latency = cx_metrics_series(m, &table[LATENCY], NULL, NULL);
    s->lag = cx_metrics_series(m, &table[LAG], NULL, NULL);
    s->assigned = cx_metrics_series(m, &table[ASSIGNED], NULL, NULL);
    s->standby = cx_metrics_series(m, &table[STANDBY], NULL, NULL);
    s->standby_lag = cx_metrics_series(m, &table[STANDBY_LAG], NULL, NULL);
    s->first_commit = cx_metrics_series(m, &table[FIRST_COMMIT], NULL, NULL);
    s->reload_good = cx_metrics_series(m, &table[RELOAD_GOOD], NULL, NULL);
    cx_series_set(s->reload_good, 1);
    cx_metrics_series(m, &table[RELOADS], NULL, "loaded");
    cx_metrics_series(m, &table[RELOADS], NULL, "refused");
    s->snapshot_seconds = cx_metrics_series(m, &table[SNAPSHOT_SECONDS], NULL, NULL);
    for (int from = CX_FROM_CHANGELOG; from <= CX_FROM_MEMORY; from++) {
        s->restored[from] = cx_metrics_series(m, &table[RESTORED], NULL, sources[from]);
        s->restore_seconds[from] = cx_metrics_series(m, &table[RESTORE_SECONDS], NULL, sources[from]);
    }
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        cx_metrics_series(m, &table[SNAPSHOTS], NULL, results[i]);
    cx_series_set(cx_metrics_series(m, &table[BUILD], NULL, CX_VERSION), 1);
    for (size_t i = 0; i < cx_chain_length(p->chain); i++)
        expose_stage(p, cx_chain_stage(p->chain, i));
}

void cx_process_metrics_close(struct cx_process *p)
{
    if (p->metrics)
        cx_metrics_free(p->metrics);
    free(p->series);
    p->metrics = NULL;
    p->series = NULL;
}

void cx_metric_produced(struct cx_process *p, const struct cx_topic *topic)
{
    struct cx_series **slot = &p->series->produced[topic - cx_topics];
    if (!*slot)
        *slot = cx_metrics_series(p->metrics, &table[PRODUCED], NULL, topic->name);
    cx_series_add(*slot, 1);
}

static struct cx_series *settled_series(struct cx_process *p, const struct cx_ending *e)
{
    struct cx_process_metrics *s = p->series;
    for (size_t i = 0; i < s->settled_count; i++)
        if (s->settled[i].reason == e->reason && s->settled[i].stage == e->stage)
            return s->settled[i].series;
    char labels[100];
    snprintf(labels, sizeof labels, "stage=\"%s\"", e->stage);
    struct cx_series *series = cx_metrics_series(p->metrics, &table[SETTLED], labels, e->reason->name);
    if (s->settled_count < REASONS_CACHED) {
        s->settled[s->settled_count].stage = e->stage;
        s->settled[s->settled_count].reason = e->reason;
        s->settled[s->settled_count++].series = series;
    }
    return series;
}

void cx_metric_ending(struct cx_process *p, const struct cx_ending *e)
{
    cx_series_add(p->series->items[e->verdict], 1);
    if (e->reason)
        cx_series_add(settled_series(p, e), 1);
}

/* The registry hashes names and takes a lock, which is too much for every record: the last label that fell into a slot is compared first. */
static struct cx_series *stage_series(struct cx_process *p, const struct cx_metric *row, const char *label)
{
    size_t len = label ? strlen(label) : 0, slot = (uintptr_t)row / sizeof *row;
    if (len >= sizeof p->series->labelled[0].label)
        return cx_metrics_series(p->metrics, row, NULL, label);
    for (size_t i = 0; i < len; i++)
        slot = slot * 31 + (unsigned char)label[i];
    struct labelled *known = &p->series->labelled[slot % LABELS_CACHED];
    if (known->row != row || memcmp(known->label, label ? label : "", len + 1) != 0) {
        known->series = cx_metrics_series(p->metrics, row, NULL, label);
        known->row = row;
        memcpy(known->label, label ? label : "", len + 1);
    }
    return known->series;
}

void cx_metric_stage(void *process, int stage, int metric, const char *label, double n)
{
    struct cx_process *p = process;
    const struct cx_metric *row = &cx_chain_stage(p->chain, (size_t)stage)->metrics[metric];
    struct cx_series *series = stage_series(p, row, label);
    if (row->kind == CX_COUNTER)
        cx_series_add(series, n);
    else if (row->kind == CX_GAUGE)
        cx_series_set(series, n);
    else
        cx_series_observe(series, n);
}

void cx_metric_committed(struct cx_process *p, double seconds, int64_t records)
{
    cx_series_add(p->series->committed, 1);
    cx_series_add(p->series->consumed, (double)records);
    cx_series_observe(p->series->seconds, seconds);
    cx_series_set(p->series->batch, (double)records);
}

void cx_metric_aborted(struct cx_process *p)
{
    cx_series_add(p->series->aborted, 1);
}

void cx_metric_restored(struct cx_process *p, enum cx_restored_from from, uint64_t records, double seconds)
{
    cx_series_add(p->series->restored[from], (double)records);
    cx_series_add(p->series->restore_seconds[from], seconds);
}

void cx_metric_snapshot(struct cx_process *p, const char *result, double seconds)
{
    cx_series_add(cx_metrics_series(p->metrics, &table[SNAPSHOTS], NULL, result), 1);
    if (seconds > 0)
        cx_series_observe(p->series->snapshot_seconds, seconds);
}

void cx_metric_latency(struct cx_process *p, int64_t ingested_ms)
{
    if (p->series->sampled++ % 64 == 0)
        cx_series_observe(p->series->latency, (double)(cx_wall_ms() - ingested_ms) / 1000.0);
}

void cx_metric_standby(struct cx_process *p, bool follows, int64_t lag)
{
    cx_series_set(p->series->standby, follows);
    cx_series_set(p->series->standby_lag, (double)lag);
}

void cx_metric_first_commit(struct cx_process *p, double seconds)
{
    cx_series_set(p->series->first_commit, seconds);
}

void cx_metric_reload(struct cx_process *p, bool is_loaded)
{
    cx_series_add(cx_metrics_series(p->metrics, &table[RELOADS], NULL, is_loaded ? "loaded" : "refused"), 1);
    cx_series_set(p->series->reload_good, is_loaded);
}

static void refresh_stage(struct cx_process *p, size_t i, int64_t now_ms)
{
    const struct cx_stage *stage = cx_chain_stage(p->chain, i);
    char labels[100];
    double bytes = 0, keys[32] = { 0 }, snapshot_bytes = 0;
    int64_t oldest_ms = now_ms;
    snprintf(labels, sizeof labels, "stage=\"%s\"", stage->name);
    for (size_t k = 0; k < p->assigned_count; k++) {
        const struct cx_replica *r = &p->assigned[k]->replicas[i];
        struct cx_state *state = cx_task_state(p->assigned[k]->task, i);
        bytes += (double)cx_state_bytes(state);
        for (int t = 0; stage->tables[t].kind && t < 32; t++)
            keys[t] += (double)cx_state_count(state, t);
        snapshot_bytes += (double)r->snapshot_bytes;
        oldest_ms = r->snapshot_ms && r->snapshot_ms < oldest_ms ? r->snapshot_ms : oldest_ms;
    }
    cx_series_set(cx_metrics_series(p->metrics, &table[STATE_BYTES], labels, NULL), bytes);
    for (int t = 0; stage->tables[t].kind && t < 32; t++)
        cx_series_set(cx_metrics_series(p->metrics, &table[STATE_KEYS], labels, stage->tables[t].name), keys[t]);
    cx_series_set(cx_metrics_series(p->metrics, &table[SNAPSHOT_BYTES], labels, NULL), snapshot_bytes);
    cx_series_set(cx_metrics_series(p->metrics, &table[SNAPSHOT_AGE], labels, NULL), (double)(now_ms - oldest_ms) / 1000);
}

void cx_metric_refresh(struct cx_process *p)
{
    int64_t now_ms = cx_wall_ms();
    cx_series_set(p->series->assigned, (double)p->assigned_count);
    cx_series_set(p->series->lag, (double)cx_kafka_lag(p->kafka));
    for (size_t i = 0; i < cx_chain_length(p->chain); i++)
        if (cx_chain_stage(p->chain, i)->tables)
            refresh_stage(p, i, now_ms);
}
