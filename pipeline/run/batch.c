/* batch.c - records into a transaction, a transaction into the log: outputs, dead letters, changelog and ledger with their offsets
 * (invariant 2), or nothing at all. */
#include "kafka/kafka.h"
#include "log/log.h"
#include "run/process.h"

#include "base/failpoint.h"
#include "base/time.h"

#define GENERATION_REFRESH_MS ((int64_t)3 * 86400000) /* well before half of any changelog's retention (invariant 4) */

static enum cx_kafka_result produce(struct cx_process *p, const char *topic, int32_t partition, struct cx_str key, struct cx_str value,
                                    const struct cx_header *headers, size_t header_count)
{
    return cx_kafka_produce(p->kafka, topic, partition, key, value, headers, header_count, p->current_timestamp_ms, p->err);
}

/* A mistake on purpose: what is sent so stays when the transaction is aborted. */
static enum cx_kafka_result produce_outside(struct cx_process *p, const struct cx_output *o, int32_t partition)
{
    static struct cx_writer *writer;
    if (!writer)
        writer = cx_writer_open(&p->settings->kafka, p->err);
    bool is_sent = writer && cx_writer_send(writer, o->topic->name, partition, o->key, o->value, o->headers, o->header_count, p->err) == 0;
    return is_sent ? CX_KAFKA_OK : CX_KAFKA_FATAL;
}

static int on_output(void *context, const struct cx_output *o)
{
    struct cx_process *p = context;
    if (!o->topic)
        return 0;
    int32_t n = cx_process_partitions(p, o->topic);
    if (n < 0) {
        p->failed = CX_KAFKA_FATAL;
        return -1;
    }
    int32_t partition = cx_chain_place(p->chain, o, p->current->partition, n);
    if (partition < 0) {
        cx_fail(p->err, CX_EXIT_CONFIG, "placement: a tenant is to go to a partition that %s, which has %d, does not have", o->topic->name, n);
        p->failed = CX_KAFKA_FATAL;
        return -1;
    }
    p->failed = cx_failpoint_bug(CX_BUG_DEAD_LETTER_OUTSIDE) && o->header_count > 0
                    ? produce_outside(p, o, partition)
                    : produce(p, o->topic->name, partition, o->key, o->value, o->headers, o->header_count);
    cx_metric_produced(p, o->topic);
    if (o->header_count > 0)
        cx_failpoint_pass(CX_POINT_DEAD_LETTER);
    return p->failed == CX_KAFKA_OK ? 0 : -1;
}

/* A mistake on purpose: now and then an output waits for the next one of its key and lets it go first. */
static int on_output_swapping(void *context, const struct cx_output *o)
{
    static struct cx_output held;
    static int64_t seen;
    if (!held.topic && o->is_main && ++seen % 100 == 0) {
        held = *o;
        held.key = (struct cx_str){ strndup(o->key.ptr, o->key.len), o->key.len };
        held.tenant = held.key;
        held.value = (struct cx_str){ memcpy(malloc(o->value.len), o->value.ptr, o->value.len), o->value.len };
        return 0;
    }
    int rc = on_output(context, o);
    if (rc == 0 && held.topic && held.topic == o->topic && cx_str_eq(held.key, o->key)) {
        rc = on_output(context, &held);
        held.topic = NULL;
    }
    return rc;
}

static void on_ending(void *context, const struct cx_ending *e)
{
    struct cx_process *p = context;
    cx_ledger_add(&p->current->page, e);
    cx_metric_ending(p, e);
    p->window_items++;
    p->window_rejected += e->verdict == CX_REJECT;
    if (p->window_items < p->settings->run.breaker_window)
        return;
    double share = (double)p->window_rejected / (double)p->window_items;
    p->is_broken = p->is_broken || (p->settings->run.breaker_share > 0 && share > p->settings->run.breaker_share);
    p->window_items = p->window_rejected = 0;
}

void cx_process_sink(struct cx_process *p)
{
    bool swaps = cx_failpoint_bug(CX_BUG_SWAPPED_OUTPUTS) && !cx_chain_is_stateful(p->chain);
    p->sink = (struct cx_sink){ .context = p, .output = swaps ? on_output_swapping : on_output, .ending = on_ending, .count = cx_metric_stage };
}

static enum cx_kafka_result begin(struct cx_process *p)
{
    if (cx_kafka_in_transaction(p->kafka))
        return CX_KAFKA_OK;
    p->opened_ns = cx_monotonic_ns();
    p->opened_ms = cx_wall_ms();
    p->batch_records = p->batch_bytes = 0;
    return cx_kafka_begin(p->kafka, p->err);
}

enum { CHANGE, GENERATION }; /* sorts of changelog records whose place is noted */

/* Changelog records of one stage's tables, its generation record first where it is due. */
struct changelog {
    struct cx_process *p;
    const char *topic;
    int32_t partition;
};

static int on_change(void *context, struct cx_str key, struct cx_str value)
{
    struct changelog *c = context;
    if (!value.ptr && cx_failpoint_bug(CX_BUG_NO_TOMBSTONES))
        return 0;
    c->p->failed = cx_kafka_produce_noted(c->p->kafka, c->topic, c->partition, key, value, c->p->current_timestamp_ms, CHANGE, c->p->err);
    return c->p->failed == CX_KAFKA_OK ? 0 : -1;
}

static bool is_refresh_due(const struct cx_generation *g, int64_t now_ms)
{
    return g->is_known && now_ms - g->written_ms > GENERATION_REFRESH_MS;
}

/* Its timestamp is the clock's: the records around it may be of days ago, and retention counts from there. */
static enum cx_kafka_result write_generation(const struct changelog *c, struct cx_generation *g, int64_t now_ms)
{
    g->is_pending = true;
    return cx_kafka_produce_noted(c->p->kafka, c->topic, c->partition, cx_generation_key(), cx_str_n(g->uuid.bytes, sizeof g->uuid.bytes), now_ms,
                                  GENERATION, c->p->err);
}

static enum cx_kafka_result write_changelogs(struct cx_process *p, struct cx_assignment *a)
{
    for (size_t i = 0; i < cx_chain_length(p->chain); i++) {
        struct cx_state *state = cx_task_state(a->task, i);
        if (!state)
            continue;
        struct changelog c = { p, cx_chain_stage(p->chain, i)->changelog, a->partition };
        struct cx_generation *g = &a->replicas[i].generation;
        int64_t now_ms = cx_wall_ms();
        if (g->is_pending || is_refresh_due(g, now_ms)) {
            enum cx_kafka_result result = write_generation(&c, g, now_ms);
            if (result != CX_KAFKA_OK)
                return result;
        }
        if (cx_state_changes(state, on_change, &c) != 0)
            return p->failed;
    }
    return CX_KAFKA_OK;
}

static enum cx_kafka_result write_ledger(struct cx_process *p, struct cx_assignment *a, enum cx_ledger_kind kind, int64_t time_ms)
{
    if (p->ledger_partitions <= 0)
        p->ledger_partitions = cx_kafka_partitions(p->kafka, p->ledger_topic, p->err);
    if (p->ledger_partitions <= 0)
        return CX_KAFKA_FATAL;
    char config_hash[17];
    snprintf(config_hash, sizeof config_hash, "%016llx", (unsigned long long)atomic_load(&p->config_hash));
    cx_arena_reset(p->arena);
    cx_buf_reset(&p->buf);
    cx_ledger_encode(&a->page, p->arena, cx_chain_name(p->chain), a->topic, a->partition, kind, time_ms, config_hash, &p->buf);
    struct cx_str key = cx_arena_format(p->arena, "%s/%d", a->topic, a->partition);
    return produce(p, p->ledger_topic, a->partition % p->ledger_partitions, key, cx_buf_view(&p->buf), NULL, 0);
}

/* The first transaction on a partition says which configuration holds from here (invariant 15). */
static enum cx_kafka_result write_barrier(struct cx_process *p, struct cx_assignment *a)
{
    if (!a->needs_barrier)
        return CX_KAFKA_OK;
    struct cx_ledger_page page = a->page;
    cx_ledger_reset(&a->page);
    a->page.first_offset = a->page.next_offset = page.first_offset;
    enum cx_kafka_result result = write_ledger(p, a, CX_LEDGER_KIND_CONFIG, cx_wall_ms());
    a->page = page;
    return result;
}

static void touched(struct cx_process *p, struct cx_assignment *a, int64_t first_offset)
{
    p->current = a;
    if (!a->is_touched) {
        a->is_touched = true;
        cx_ledger_reset(&a->page);
        a->page.first_offset = first_offset;
    }
}

static void forget_transaction(struct cx_process *p)
{
    for (size_t i = 0; i < p->assigned_count; i++)
        p->assigned[i]->is_touched = false;
    p->batch_records = p->batch_bytes = 0;
}

/* The tables now reflect everything up to the newest record that brokers have acknowledged to us, and nobody else has written since: the commit says
 * that we own the partition, and an owner waits for the commits before it. */
static void keep_replica(struct cx_process *p, const struct cx_assignment *a, size_t stage, struct cx_replica *r)
{
    const char *changelog = cx_chain_stage(p->chain, stage)->changelog;
    int64_t change = cx_kafka_noted(p->kafka, changelog, a->partition, CHANGE);
    int64_t generation = cx_kafka_noted(p->kafka, changelog, a->partition, GENERATION);
    int64_t newest = change > generation ? change : generation;
    if (r->generation.is_pending) {
        r->generation.is_pending = false;
        r->generation.written_ms = cx_wall_ms();
        r->generation.offset = generation;
    }
    r->as_of_ms = p->opened_ms;
    if (newest < r->offset)
        return;
    r->offset = newest + 1;
    r->is_dirty = true;
}

/* How long others had to wait for what this process was given. */
static void tell_first_commit(struct cx_process *p)
{
    if (p->given_ns <= 0)
        return;
    double seconds = (double)(cx_monotonic_ns() - p->given_ns) / 1e9;
    p->given_ns = -1;
    cx_metric_first_commit(p, seconds);
    cx_log(CX_INFO, "first_commit", "after_ms=%.0f records=%lld", seconds * 1000, (long long)p->batch_records);
}

static void keep_transaction(struct cx_process *p)
{
    for (size_t i = 0; i < p->assigned_count; i++) {
        struct cx_assignment *a = p->assigned[i];
        if (!a->is_touched)
            continue;
        cx_task_commit(a->task);
        a->committed = a->position;
        a->aborts_in_a_row = 0;
        if (p->refused == a)
            p->refused = NULL;
        a->needs_barrier = false;
        for (size_t stage = 0; stage < cx_chain_length(p->chain); stage++)
            if (cx_task_state(a->task, stage))
                keep_replica(p, a, stage, &a->replicas[stage]);
    }
    tell_first_commit(p);
    cx_metric_committed(p, (double)(cx_monotonic_ns() - p->opened_ns) / 1e9, p->batch_records);
    forget_transaction(p);
    if (p->batch_limit < p->settings->run.batch_records)
        p->batch_limit = p->batch_limit * 2 < p->settings->run.batch_records ? p->batch_limit * 2 : p->settings->run.batch_records;
}

/* After three aborts in a row the batch is halved, so that one bad record cannot hold up the rest; when it is alone and a broker still refuses what
 * became of it, it is to be a dead letter (invariant 10). FATAL: even that is refused. */
static enum cx_kafka_result narrow(struct cx_process *p)
{
    struct cx_assignment *a = p->current;
    int64_t aborts = 0;
    for (size_t i = 0; i < p->assigned_count; i++)
        if (p->assigned[i]->is_touched && ++p->assigned[i]->aborts_in_a_row > aborts)
            aborts = p->assigned[i]->aborts_in_a_row;
    cx_log_limited(CX_WARN, "transaction_aborted", "in_a_row=%lld records=%lld", (long long)aborts, (long long)p->batch_records);
    if (aborts < 3)
        return CX_KAFKA_ABORTED;
    if (p->batch_records > 1)
        p->batch_limit = p->batch_records / 2;
    if (p->batch_records != 1 || !a || !cx_kafka_blames_record(p->kafka))
        return CX_KAFKA_ABORTED;
    if (p->refused == a && p->refused_offset == a->page.first_offset) {
        cx_fail(p->err, CX_EXIT_CONFIG,
                "%s/%d at %lld: the cluster refuses the record's outputs and its dead letter: compare max.message.bytes of the topics "
                "with kafka.max_message",
                a->topic, a->partition, (long long)p->refused_offset);
        return CX_KAFKA_FATAL;
    }
    p->refused = a;
    p->refused_offset = a->page.first_offset;
    return CX_KAFKA_ABORTED;
}

/* The cluster has already dropped the transaction and the positions are back; now memory follows (invariant 3). */
static enum cx_kafka_result take_back(struct cx_process *p)
{
    enum cx_kafka_result result = narrow(p);
    for (size_t i = 0; i < p->assigned_count; i++) {
        struct cx_assignment *a = p->assigned[i];
        if (cx_failpoint_bug(CX_BUG_KEEP_STATE_ON_ABORT))
            cx_task_commit(a->task);
        else
            cx_task_abort(a->task);
        a->position = a->committed >= 0 ? a->committed : 0;
        a->is_at_end = a->is_at_end && !a->is_touched;
    }
    forget_transaction(p);
    cx_metric_aborted(p);
    return result;
}

static enum cx_kafka_result failed(struct cx_process *p, enum cx_kafka_result result)
{
    return result == CX_KAFKA_ABORTED ? take_back(p) : result;
}

enum cx_kafka_result cx_process_abort(struct cx_process *p)
{
    if (!cx_kafka_in_transaction(p->kafka))
        return CX_KAFKA_OK;
    cx_failpoint_pass(CX_POINT_BEFORE_ABORT);
    enum cx_kafka_result result = cx_kafka_abort(p->kafka, p->err);
    return result == CX_KAFKA_FATAL ? result : take_back(p);
}

enum cx_kafka_result cx_process_message(struct cx_process *p, const struct cx_message *m)
{
    struct cx_assignment *a = cx_assignment_find(p, m->topic, m->partition);
    cx_assert(a != NULL);
    if (cx_failpoint_bug(CX_BUG_LEAK))
        cx_assert(memset(malloc(4096), 1, 4096) != NULL);
    cx_failpoint_pass(CX_POINT_AFTER_POLL);
    enum cx_kafka_result result = begin(p);
    if (result != CX_KAFKA_OK)
        return failed(p, result);
    p->current_timestamp_ms = m->timestamp_ms;
    if (cx_failpoint_bug(CX_BUG_COMMIT_BEFORE_PRODUCE) && m->offset % 50 == 0) {
        touched(p, a, m->offset);
        a->page.next_offset = a->position = m->offset + 1;
        if (cx_process_commit(p) != CX_KAFKA_OK || begin(p) != CX_KAFKA_OK)
            return CX_KAFKA_FATAL;
    }
    touched(p, a, m->offset);
    int64_t items;
    p->failed = CX_KAFKA_OK;
    p->batch_records++;
    bool is_refused = p->refused == a && p->refused_offset == m->offset;
    if (is_refused ? cx_task_refuse(a->task, m, &p->sink, &items) : cx_task_settle(a->task, m, &p->sink, &items))
        return failed(p, p->failed);
    cx_failpoint_pass(CX_POINT_AFTER_PRODUCE);
    a->is_at_end = false;
    a->page.records++;
    a->page.items += items;
    a->page.next_offset = a->position = m->offset + 1;
    p->batch_bytes += (int64_t)(m->key.len + m->value.len);
    cx_metric_latency(p, m->timestamp_ms);
    return p->batch_records >= p->batch_limit || p->batch_bytes >= p->settings->run.batch_bytes ? cx_process_commit(p) : CX_KAFKA_OK;
}

enum cx_kafka_result cx_process_tick(struct cx_process *p, struct cx_assignment *a, int64_t now_ms)
{
    enum cx_kafka_result result = cx_process_commit(p); /* a tick is a transaction of its own */
    if (result != CX_KAFKA_OK)
        return result;
    a->last_tick_ms = now_ms;
    result = begin(p);
    if (result != CX_KAFKA_OK)
        return failed(p, result);
    p->current_timestamp_ms = now_ms;
    touched(p, a, a->position);
    a->page.next_offset = a->position;
    p->failed = CX_KAFKA_OK;
    if (cx_task_tick(a->task, now_ms, &p->sink) != 0)
        return failed(p, p->failed);
    result = write_barrier(p, a);
    if (result == CX_KAFKA_OK)
        result = write_ledger(p, a, CX_LEDGER_KIND_TICK, now_ms);
    if (result == CX_KAFKA_OK)
        result = write_changelogs(p, a);
    if (result != CX_KAFKA_OK)
        return failed(p, result);
    cx_kafka_done(p->kafka, a->topic, a->partition, a->position);
    result = cx_kafka_commit(p->kafka, p->err);
    if (result == CX_KAFKA_OK)
        keep_transaction(p);
    return failed(p, result);
}

enum cx_kafka_result cx_process_refresh(struct cx_process *p, struct cx_assignment *a, int64_t now_ms)
{
    bool is_due = false;
    for (size_t i = 0; i < cx_chain_length(p->chain); i++)
        is_due = is_due || (cx_task_state(a->task, i) && is_refresh_due(&a->replicas[i].generation, now_ms));
    is_due = is_due || cx_snapshots_need_refresh(p, a, now_ms);
    if (!is_due || a->committed < 0)
        return CX_KAFKA_OK;
    enum cx_kafka_result result = begin(p);
    if (result != CX_KAFKA_OK)
        return failed(p, result);
    p->current_timestamp_ms = now_ms;
    touched(p, a, a->position);
    a->page.next_offset = a->position;
    return cx_process_commit(p);
}

/* A mistake on purpose: outputs and offsets first, what the tables learned in a transaction of its own. */
static enum cx_kafka_result commit_state_later(struct cx_process *p)
{
    enum cx_kafka_result result = cx_kafka_commit(p->kafka, p->err);
    if (result == CX_KAFKA_OK)
        result = cx_kafka_begin(p->kafka, p->err);
    for (size_t i = 0; i < p->assigned_count && result == CX_KAFKA_OK; i++) {
        struct cx_assignment *a = p->assigned[i];
        if (!a->is_touched)
            continue;
        result = write_changelogs(p, a);
        cx_kafka_done(p->kafka, a->topic, a->partition, a->page.next_offset);
    }
    return result;
}

enum cx_kafka_result cx_process_commit(struct cx_process *p)
{
    if (!cx_kafka_in_transaction(p->kafka))
        return CX_KAFKA_OK;
    int64_t now = cx_wall_ms();
    for (size_t i = 0; i < p->assigned_count; i++) {
        struct cx_assignment *a = p->assigned[i];
        if (!a->is_touched)
            continue;
        cx_ledger_check(&a->page);
        enum cx_kafka_result result = write_barrier(p, a);
        if (result == CX_KAFKA_OK && !(cx_failpoint_bug(CX_BUG_NO_LEDGER) && a->page.first_offset % 10 == 0))
            result = write_ledger(p, a, CX_LEDGER_KIND_BATCH, now);
        if (result == CX_KAFKA_OK && !cx_failpoint_bug(CX_BUG_STATE_AFTER_COMMIT))
            result = write_changelogs(p, a);
        if (result != CX_KAFKA_OK)
            return failed(p, result);
        cx_kafka_done(p->kafka, a->topic, a->partition, a->page.next_offset);
    }
    if (cx_failpoint_every("CX_ABORT_EVERY"))
        return cx_process_abort(p);
    enum cx_kafka_result result = cx_failpoint_bug(CX_BUG_STATE_AFTER_COMMIT) ? commit_state_later(p) : CX_KAFKA_OK;
    if (result == CX_KAFKA_OK)
        result = cx_kafka_commit(p->kafka, p->err);
    if (result == CX_KAFKA_OK)
        keep_transaction(p);
    return failed(p, result);
}
