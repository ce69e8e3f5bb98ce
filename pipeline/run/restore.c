/* restore.c - a stage's tables brought to where their changelog ends (invariant 5).
 *
 * Tables that are warm (kept over a rebalance, read from a snapshot) need the records from their offset on; all others need every record. Warm ones
 * are only believed when they are young enough, when the changelog still reaches back to their offset, and when it has their generation record:
 * where that stood, or a newer copy after the offset. Else one line says why, and the whole changelog is read. */
#include "kafka/kafka.h"
#include "log/log.h"
#include "run/notify.h"
#include "run/process.h"

#include "base/failpoint.h"
#include "base/time.h"

#include <unistd.h>

enum { TELL_EVERY_MS = 5000, DRAW_EVERY_MS = 200, LOOK_EVERY = 4096, CLOCK_SKEW_MS = 60000 };

struct reading {
    struct cx_process *p;
    struct cx_assignment *a;
    const struct cx_stage *stage;
    size_t index;
    struct cx_replica *replica;
    struct cx_restore asked;
    const char *refusal; /* why the warm tables are not to be used; NULL: nothing speaks against them */
    bool is_confirmed;   /* their generation record was met */
    uint64_t records;
    int64_t begun_ns, told_ns;
};

/* ---- progress ---- */

static void draw(const struct reading *r, double share, double rate, double left)
{
    fprintf(stderr, "\r\033[Krestoring %s/%d  %3.0f %%  %llu records  %.0f/s  ETA %.0f s", r->stage->name, r->asked.partition, share * 100,
            (unsigned long long)r->records, rate, left);
    fflush(stderr);
}

static void tell_progress(struct reading *r, int64_t offset)
{
    bool is_drawn = isatty(2) && cx_str_is(r->p->settings->log.format, "text");
    int64_t now = cx_monotonic_ns();
    if (now - r->told_ns < (is_drawn ? DRAW_EVERY_MS : TELL_EVERY_MS) * INT64_C(1000000))
        return;
    r->told_ns = now;
    int64_t from = r->asked.from < 0 ? r->asked.start : r->asked.from;
    double share = (double)(offset - from) / (double)(r->asked.end - from), seconds = (double)(now - r->begun_ns) / 1e9;
    double rate = (double)r->records / seconds, left = share > 0 ? seconds / share - seconds : 0;
    cx_notify_status("restoring %s/%d: %.0f %%, %.0f s left", r->stage->name, r->asked.partition, share * 100, left);
    if (is_drawn)
        draw(r, share, rate, left);
    else
        cx_log(CX_INFO, "restoring", "stage=%s partition=%d records=%llu percent=%.0f records_per_s=%.0f eta_s=%.0f", r->stage->name,
               r->asked.partition, (unsigned long long)r->records, share * 100, rate, left);
}

static void end_progress(const struct reading *r)
{
    if (r->told_ns != r->begun_ns && isatty(2))
        fputs("\r\033[K", stderr);
}

/* ---- records ---- */

static int on_generation(struct reading *r, const struct cx_message *m, struct cx_error *err)
{
    struct cx_generation *g = &r->replica->generation;
    if (m->value.len != sizeof g->uuid.bytes)
        return cx_fail(err, CX_EXIT_CONFIG, "%.*s/%d at %lld: a generation record that is not ours", CX_STR_ARG(m->topic), m->partition,
                       (long long)m->offset);
    if (r->replica->is_warm && memcmp(g->uuid.bytes, m->value.ptr, sizeof g->uuid.bytes) != 0) {
        r->refusal = "the changelog was made anew since";
        return cx_fail(err, CX_EXIT_OK, "%s", r->refusal);
    }
    memcpy(g->uuid.bytes, m->value.ptr, sizeof g->uuid.bytes);
    g->is_known = r->is_confirmed = true;
    g->written_ms = m->timestamp_ms;
    g->offset = m->offset;
    return 0;
}

static int on_record(void *context, const struct cx_message *m, struct cx_error *err)
{
    struct reading *r = context;
    if (r->records++ % LOOK_EVERY == 0) {
        cx_process_alive(r->p, cx_monotonic_ns());
        tell_progress(r, m->offset);
    }
    if (cx_stop_requested)
        return cx_fail(err, CX_EXIT_OK, "stopped while restoring %.*s", CX_STR_ARG(m->topic));
    if (cx_str_eq(m->key, cx_generation_key()))
        return on_generation(r, m, err);
    cx_failpoint_pass(CX_POINT_MID_RESTORE);
    if (cx_state_restore(cx_task_state(r->a->task, r->index), m->key, m->value, err) == 0)
        return 0;
    struct cx_error why = *err;
    return cx_fail(err, why.exit, "%s/%d at %lld: %s", r->stage->changelog, m->partition, (long long)m->offset, why.text);
}

/* The record where the tables' generation record stood: still it, or by now another. */
static int on_known_generation(void *context, const struct cx_message *m, struct cx_error *err)
{
    struct reading *r = context;
    const struct cx_generation *g = &r->replica->generation;
    (void)err;
    r->is_confirmed =
        cx_str_eq(m->key, cx_generation_key()) && m->offset == g->offset && cx_str_eq(m->value, cx_str_n(g->uuid.bytes, sizeof g->uuid.bytes));
    r->replica->generation.written_ms = m->timestamp_ms;
    return 0;
}

/* ---- warm tables ---- */

const char *cx_replica_refusal(const struct cx_process *p, size_t stage, const struct cx_replica *replica)
{
    int64_t good = cx_snapshots_good_ms(p, stage), age = cx_wall_ms() - replica->as_of_ms;
    if (good == 0)
        return "it is not known how long the changelog keeps deletions";
    if (age > good)
        return "they are older than half of the changelog's delete.retention.ms: deletions may be missing";
    return age < -CLOCK_SKEW_MS ? "they are of a time to come: a clock was wrong" : NULL;
}

/* 0: they are where the changelog ends; 1: they are refused; -1: it failed. */
static int catch_up(struct reading *r, struct cx_error *err)
{
    const struct cx_generation *g = &r->replica->generation;
    struct cx_restore look = {
        .topic = r->asked.topic, .partition = r->asked.partition, .from = g->offset, .to = g->offset + 1, .each = on_known_generation, .context = r
    };
    r->refusal = cx_replica_refusal(r->p, r->index, r->replica);
    if (r->refusal)
        return 1;
    int status = cx_kafka_restore(r->p->kafka, &look, err);
    if (status < 0)
        return -1;
    r->asked.from = r->replica->offset;
    status = cx_kafka_restore(r->p->kafka, &r->asked, err);
    if (status < 0)
        return r->refusal ? 1 : -1;
    if (status > 0)
        r->refusal = "the changelog does not hold all that came after them";
    else if (!r->is_confirmed)
        r->refusal = "their generation is not the changelog's: it was made anew, or another cluster's";
    return r->refusal != NULL;
}

static int read_all(struct reading *r, struct cx_error *err)
{
    struct cx_replica *replica = r->replica;
    cx_task_clear(r->a->task, r->index);
    *replica = (struct cx_replica){ .generation.offset = -1, .source = CX_FROM_CHANGELOG };
    r->asked.from = -1;
    r->records = 0;
    r->begun_ns = r->told_ns = cx_monotonic_ns();
    return cx_kafka_restore(r->p->kafka, &r->asked, err) == 0 ? 0 : -1;
}

static const char *const sources[] = { "changelog", "snapshot", "memory" };

static int restore(struct reading *r, struct cx_error *err)
{
    if (r->replica->is_warm) {
        int status = catch_up(r, err);
        if (status <= 0)
            return status;
        cx_log(CX_WARN, "restore_in_full", "stage=%s partition=%d refused=%s offset=%lld: %s", r->stage->name, r->asked.partition,
               sources[r->replica->source], (long long)r->replica->offset, r->refusal);
        cx_metric_snapshot(r->p, "refused", 0);
    }
    return read_all(r, err);
}

int cx_restore_stage(struct cx_process *p, struct cx_assignment *a, size_t i, struct cx_error *err)
{
    const struct cx_stage *stage = cx_chain_stage(p->chain, i);
    struct cx_replica *replica = &a->replicas[i];
    int64_t begun_ns = cx_monotonic_ns(), begun_ms = cx_wall_ms();
    if (!replica->is_warm)
        cx_snapshots_load(p, a, i);
    struct reading r = { .p = p, .a = a, .stage = stage, .index = i, .replica = replica, .begun_ns = begun_ns, .told_ns = begun_ns };
    r.asked = (struct cx_restore){ .topic = stage->changelog, .partition = a->partition, .each = on_record, .context = &r };
    int rc = restore(&r, err);
    end_progress(&r);
    CX_TRY(rc);
    replica->offset = r.asked.end;
    replica->as_of_ms = begun_ms;
    replica->is_warm = false;
    replica->is_dirty = replica->is_dirty || replica->source == CX_FROM_CHANGELOG || r.records > 0;
    double seconds = (double)(cx_monotonic_ns() - begun_ns) / 1e9;
    cx_metric_restored(p, replica->source, r.records, seconds);
    cx_log(CX_INFO, "restored", "stage=%s partition=%d from=%s records=%llu keys=%zu ms=%.0f", stage->name, a->partition, sources[replica->source],
           (unsigned long long)r.records, cx_state_count(cx_task_state(a->task, i), 0), seconds * 1000);
    return 0;
}
