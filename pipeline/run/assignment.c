/* assignment.c - partitions coming and going: state is restored before the first record is read (invariant 5). */
#include "kafka/kafka.h"
#include "log/log.h"
#include "run/notify.h"
#include "run/process.h"

#include "base/failpoint.h"
#include "base/time.h"

#include <sys/random.h>

/* Table numbers of changelog keys are below 0x40: this byte is no table's. */
#define GENERATION_KEY "\xFFgeneration"

struct cx_str cx_generation_key(void)
{
    return CX_STR(GENERATION_KEY);
}

struct cx_assignment *cx_assignment_find(struct cx_process *p, struct cx_str topic, int32_t partition)
{
    if (p->current && p->current->partition == partition && p->current->topic == topic.ptr)
        return p->current;
    for (size_t i = 0; i < p->assigned_count; i++)
        if (p->assigned[i]->partition == partition && p->assigned[i]->topic == topic.ptr)
            return p->assigned[i];
    return NULL;
}

int32_t cx_process_partitions(struct cx_process *p, const struct cx_topic *topic)
{
    size_t row = (size_t)(topic - cx_topics);
    cx_assert(row < sizeof p->partitions / sizeof *p->partitions);
    if (p->partitions[row] <= 0)
        p->partitions[row] = cx_kafka_partitions(p->kafka, topic->name, p->err);
    return p->partitions[row];
}

struct cx_assignment *cx_assignment_new(struct cx_process *p, const char *topic, int32_t partition)
{
    struct cx_assignment *a = calloc(1, sizeof *a);
    cx_assert(a != NULL);
    a->topic = topic;
    a->partition = partition;
    a->task = cx_task_new(p->chain, partition);
    for (size_t i = 0; i < CX_REPLICAS_MAX; i++)
        a->replicas[i].generation.offset = -1;
    return a;
}

void cx_assignment_free(struct cx_assignment *a)
{
    if (!a)
        return;
    cx_task_free(a->task);
    cx_ledger_free(&a->page);
    free(a);
}

/* One that is kept warm, or a new one. Its tables are about to change or to be emptied: a snapshot that was begun meanwhile ends here. */
static struct cx_assignment *take(struct cx_process *p, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < p->warm_count; i++)
        if (p->warm[i]->partition == partition) { /* a chain with state reads one topic */
            struct cx_assignment *a = p->warm[i];
            p->warm[i] = p->warm[--p->warm_count];
            cx_snapshots_forget(p, a);
            a->topic = topic;
            return a;
        }
    return cx_assignment_new(p, topic, partition);
}

static int draw_generation(struct cx_generation *g, struct cx_error *err)
{
    if (getrandom(g->uuid.bytes, sizeof g->uuid.bytes, 0) != (ssize_t)sizeof g->uuid.bytes)
        return cx_fail(err, CX_EXIT_IO, "getrandom failed");
    g->is_known = true;
    return 0;
}

static int restore(struct cx_process *p, struct cx_assignment *a, size_t i, struct cx_error *err)
{
    const struct cx_stage *stage = cx_chain_stage(p->chain, i);
    const struct cx_generation *g = &a->replicas[i].generation;
    int32_t inputs = cx_kafka_partitions(p->kafka, a->topic, err), logs = cx_kafka_partitions(p->kafka, stage->changelog, err);
    if (inputs < 0 || logs < 0)
        return -1;
    if (inputs != logs)
        return cx_fail(err, CX_EXIT_CONFIG, "%s has %d partitions and %s has %d: state keeps its input's partition number, so they must be equal",
                       a->topic, inputs, stage->changelog, logs);
    CX_TRY(cx_restore_stage(p, a, i, err));
    if (a->committed >= 0 && !g->is_known)
        return cx_fail(err, CX_EXIT_CONFIG,
                       "%s/%d has a committed offset but %s/%d has no generation record: the changelog was deleted or made anew; "
                       "reset the group's offsets and empty the outputs, or bring the changelog back",
                       a->topic, a->partition, stage->changelog, a->partition);
    if (a->committed < 0 && g->is_known)
        return cx_fail(err, CX_EXIT_CONFIG,
                       "%s/%d has state but group cx.%s has no offset for %s/%d: the offsets expired or were deleted, or the chain is "
                       "another; set them to where the state was left, or delete the changelog to begin anew",
                       stage->changelog, a->partition, cx_chain_name(p->chain), a->topic, a->partition);
    if (!g->is_known)
        CX_TRY(draw_generation(&a->replicas[i].generation, err));
    a->replicas[i].generation.is_pending = true;
    return 0;
}

int cx_process_assigned(void *process, const char *topic, int32_t partition, int64_t committed, struct cx_error *err)
{
    struct cx_process *p = process;
    if (p->assigned_count == CX_ASSIGNED_MAX)
        return cx_fail(err, CX_EXIT_CONFIG, "more than %d partitions in one process", CX_ASSIGNED_MAX);
    struct cx_assignment *a = take(p, topic, partition);
    a->committed = committed;
    a->position = committed >= 0 ? committed : 0;
    a->last_tick_ms = cx_wall_ms();
    a->needs_barrier = true;
    cx_ledger_reset(&a->page);
    p->assigned[p->assigned_count++] = a;
    if (p->given_ns == 0)
        p->given_ns = cx_monotonic_ns();
    cx_failpoint_pass(CX_POINT_IN_ASSIGN);
    atomic_store(&p->is_restoring, true);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < cx_chain_length(p->chain); i++)
        rc = cx_task_state(a->task, i) ? restore(p, a, i, err) : 0;
    cx_failpoint_pass(CX_POINT_AFTER_RESTORE);
    atomic_store(&p->is_restoring, false);
    atomic_store(&p->assigned_now, (int)p->assigned_count);
    cx_log(CX_INFO, "assigned", "topic=%s partition=%d offset=%lld", topic, partition, (long long)committed);
    return rc;
}

/* Most rebalances give back what they took: until that is known the tables stay, as of now. Where they have another owner already they may not be as
 * of now, and where a transaction is undecided they are not what was committed. */
static void retire(struct cx_process *p, struct cx_assignment *a)
{
    if (!cx_chain_is_stateful(p->chain) || p->is_losing || p->is_doomed || p->warm_count == CX_ASSIGNED_MAX) {
        cx_assignment_free(a);
        return;
    }
    for (size_t i = 0; i < cx_chain_length(p->chain); i++) {
        struct cx_replica *r = &a->replicas[i];
        r->is_warm = r->generation.is_known && r->generation.offset >= 0;
        r->source = CX_FROM_MEMORY;
        r->as_of_ms = cx_wall_ms();
    }
    a->aborts_in_a_row = 0;
    a->is_at_end = false;
    p->warm[p->warm_count++] = a;
}

void cx_process_settled(void *process)
{
    struct cx_process *p = process;
    while (p->warm_count > 0) {
        struct cx_assignment *a = p->warm[--p->warm_count];
        cx_snapshots_forget(p, a);
        cx_assignment_free(a);
    }
    cx_notify_ready(); /* also without a partition, where others have them all */
}

void cx_process_revoked(void *process, const char *topic, int32_t partition)
{
    struct cx_process *p = process;
    for (size_t i = 0; i < p->assigned_count; i++) {
        struct cx_assignment *a = p->assigned[i];
        if (a->partition != partition || a->topic != topic)
            continue;
        cx_assert(!a->is_touched || p->is_doomed);
        p->assigned[i] = p->assigned[--p->assigned_count];
        cx_snapshots_forget(p, a);
        retire(p, a);
        break;
    }
    p->current = p->refused = NULL;
    atomic_store(&p->assigned_now, (int)p->assigned_count);
    cx_log(CX_INFO, "revoked", "topic=%s partition=%d", topic, partition);
}

void cx_process_revoking(void *process, bool lost)
{
    struct cx_process *p = process;
    cx_failpoint_pass(CX_POINT_IN_REVOKE);
    p->is_losing = lost;
    if (!cx_kafka_in_transaction(p->kafka))
        return;
    /* A transaction that touched a lost partition goes whole (invariant 6). */
    enum cx_kafka_result result = lost ? cx_process_abort(p) : cx_process_commit(p);
    p->is_doomed = p->is_doomed || result == CX_KAFKA_FATAL;
}
