/* standby.c - cx run --standby: the memory of another instance, kept in step with its changelogs until that instance is gone.
 *
 * The group's coordinator says who is there. While the instance is, its partitions are followed as warm replicas (restore.c compares them with the
 * changelog when they are given, so nothing here has to be right about ownership). When the group has no member of its name any more, or on SIGUSR1,
 * this process goes on as the instance itself: its transactional id fences what may be left of it, and its membership takes the name over. */
#include "kafka/tail.h"
#include "log/log.h"
#include "run/notify.h"
#include "run/process.h"

#include "base/time.h"

enum { ASK_EVERY_MS = 500, POLL_MS = 50, PARTITIONS_MAX = CX_ASSIGNED_MAX, STOOD_STILL_MS = 600000 };

volatile sig_atomic_t cx_takeover_requested;

struct following {
    struct cx_process *p;
    struct cx_tail *tail;
    int64_t seen_ms; /* wall clock: the instance was last there; 0: never */
    int64_t begun_ns;
    int gone_in_a_row;
    bool at_end[CX_ASSIGNED_MAX][CX_REPLICAS_MAX]; /* by place in p->warm */
};

/* ---- what is followed ---- */

static size_t stage_count(const struct following *f)
{
    return cx_chain_length(f->p->chain);
}

static void stop_following(struct following *f, size_t at)
{
    struct cx_process *p = f->p;
    struct cx_assignment *a = p->warm[at];
    for (size_t i = 0; i < stage_count(f); i++)
        if (cx_task_state(a->task, i))
            cx_tail_remove(f->tail, cx_chain_stage(p->chain, i)->changelog, a->partition);
    cx_snapshots_forget(p, a);
    cx_assignment_free(a);
    p->warm[at] = p->warm[--p->warm_count];
    memcpy(f->at_end[at], f->at_end[p->warm_count], sizeof f->at_end[at]);
}

/* Empties a replica and reads its changelog from the beginning, or goes on from the snapshot that fills it. */
static int begin_replica(struct following *f, struct cx_assignment *a, size_t i, bool may_load, struct cx_error *err)
{
    struct cx_replica *r = &a->replicas[i];
    const char *changelog = cx_chain_stage(f->p->chain, i)->changelog;
    int64_t start, end;
    CX_TRY(cx_tail_ends(f->tail, changelog, a->partition, &start, &end, err));
    if (may_load)
        cx_snapshots_load(f->p, a, i);
    if (!r->is_warm || r->offset < start || r->offset > end || cx_replica_refusal(f->p, i, r)) {
        cx_task_clear(a->task, i);
        *r = (struct cx_replica){ .generation.offset = -1, .is_warm = true, .offset = start };
    }
    r->source = CX_FROM_MEMORY; /* which is where it will be when it is wanted */
    return cx_tail_add(f->tail, changelog, a->partition, r->offset, err);
}

static int follow_partition(struct following *f, int32_t partition, struct cx_error *err)
{
    struct cx_process *p = f->p;
    struct cx_assignment *a = cx_assignment_new(p, p->topics[0], partition);
    memset(f->at_end[p->warm_count], 0, sizeof f->at_end[0]);
    p->warm[p->warm_count++] = a;
    for (size_t i = 0; i < stage_count(f); i++)
        if (cx_task_state(a->task, i))
            CX_TRY(begin_replica(f, a, i, true, err));
    cx_log(CX_INFO, "standby_follows", "partition=%d", partition);
    return 0;
}

static int follow_exactly(struct following *f, const int32_t *partitions, size_t count, struct cx_error *err)
{
    struct cx_process *p = f->p;
    for (size_t at = p->warm_count; at-- > 0;) {
        bool is_wanted = false;
        for (size_t i = 0; i < count; i++)
            is_wanted = is_wanted || partitions[i] == p->warm[at]->partition;
        if (!is_wanted)
            stop_following(f, at);
    }
    for (size_t i = 0; i < count; i++) {
        bool is_followed = false;
        for (size_t at = 0; at < p->warm_count; at++)
            is_followed = is_followed || partitions[i] == p->warm[at]->partition;
        if (!is_followed && p->warm_count < CX_ASSIGNED_MAX)
            CX_TRY(follow_partition(f, partitions[i], err));
    }
    return 0;
}

/* ---- records ---- */

static struct cx_replica *replica_of(struct following *f, const struct cx_message *m, size_t *at, size_t *stage)
{
    for (*at = 0; *at < f->p->warm_count; ++*at)
        for (*stage = 0; f->p->warm[*at]->partition == m->partition && *stage < stage_count(f); ++*stage)
            if (cx_chain_stage(f->p->chain, *stage)->changelog == m->topic.ptr)
                return &f->p->warm[*at]->replicas[*stage];
    return NULL;
}

static int apply(struct following *f, const struct cx_message *m, struct cx_error *err)
{
    size_t at, stage;
    struct cx_replica *r = replica_of(f, m, &at, &stage);
    if (!r)
        return 0;
    struct cx_assignment *a = f->p->warm[at];
    struct cx_generation *g = &r->generation;
    r->offset = m->offset + 1;
    r->is_dirty = true;
    f->at_end[at][stage] = false;
    if (!cx_str_eq(m->key, cx_generation_key()))
        return cx_state_restore(cx_task_state(a->task, stage), m->key, m->value, err);
    if (m->value.len != sizeof g->uuid.bytes || (g->is_known && memcmp(g->uuid.bytes, m->value.ptr, sizeof g->uuid.bytes) != 0)) {
        cx_log(CX_WARN, "standby_begins_anew", "stage=%s partition=%d: the changelog was made anew", cx_chain_stage(f->p->chain, stage)->name,
               a->partition);
        cx_tail_remove(f->tail, cx_chain_stage(f->p->chain, stage)->changelog, a->partition);
        cx_snapshots_forget(f->p, a);
        r->is_warm = false;
        return begin_replica(f, a, stage, false, err);
    }
    memcpy(g->uuid.bytes, m->value.ptr, sizeof g->uuid.bytes);
    *g = (struct cx_generation){ .uuid = g->uuid, .is_known = true, .written_ms = m->timestamp_ms, .offset = m->offset };
    return 0;
}

/* All that was committed by now has been applied. */
static void note_end(struct following *f, const struct cx_message *m)
{
    size_t at, stage;
    struct cx_replica *r = replica_of(f, m, &at, &stage);
    if (!r)
        return;
    r->offset = m->offset > r->offset ? m->offset : r->offset;
    r->as_of_ms = cx_wall_ms();
    f->at_end[at][stage] = true;
}

static bool is_warm(const struct following *f)
{
    for (size_t at = 0; at < f->p->warm_count; at++)
        for (size_t i = 0; i < stage_count(f); i++)
            if (cx_task_state(f->p->warm[at]->task, i) && f->p->warm[at]->replicas[i].as_of_ms == 0)
                return false;
    return f->seen_ms != 0;
}

/* ---- the instance ---- */

/* 1: it is gone. Twice in a row, since one answer may come from a coordinator that has just changed; and when it never was there, not before a
 * process that starts at the same time has had the time to join. */
static int look(struct following *f, struct cx_error *err)
{
    static int32_t partitions[PARTITIONS_MAX];
    size_t count = 0;
    enum cx_owner owner = cx_tail_owner(f->tail, f->p->topics[0], partitions, PARTITIONS_MAX, &count);
    f->gone_in_a_row = owner == CX_OWNER_GONE ? f->gone_in_a_row + 1 : 0;
    if (owner == CX_OWNER_THERE || owner == CX_OWNER_SETTLED)
        f->seen_ms = cx_wall_ms();
    if (owner == CX_OWNER_SETTLED && cx_chain_is_stateful(f->p->chain))
        return follow_exactly(f, partitions, count, err);
    bool has_waited = f->seen_ms != 0 || cx_monotonic_ns() - f->begun_ns > f->p->settings->kafka.session_timeout * 1000000;
    return f->gone_in_a_row >= 2 && has_waited;
}

static void report(struct following *f)
{
    bool was_warm = atomic_load(&f->p->standby) == CX_STANDBY_WARM, warm = is_warm(f);
    atomic_store(&f->p->standby, warm ? CX_STANDBY_WARM : CX_STANDBY_FILLING);
    cx_notify_status("standby of instance %.*s: %zu partitions, %s", CX_STR_ARG(f->p->settings->kafka.instance), f->p->warm_count,
                     warm ? "warm" : "filling");
    if (warm && !was_warm)
        cx_notify_ready();
    if (warm && !was_warm)
        cx_log(CX_INFO, "standby_warm", "instance=%.*s partitions=%zu", CX_STR_ARG(f->p->settings->kafka.instance), f->p->warm_count);
    cx_metric_standby(f->p, true, cx_tail_lag(f->tail));
}

/* 1: the instance is gone; 0: told to stop. */
static int follow(struct following *f, struct cx_error *err)
{
    int64_t asked = 0;
    struct cx_message m;
    while (!cx_stop_requested && !cx_takeover_requested) {
        int64_t now = cx_monotonic_ns();
        if (now - (int64_t)atomic_load(&f->p->heartbeat_ns) > STOOD_STILL_MS * INT64_C(1000000)) /* what was deleted meanwhile may be missed */
            CX_TRY(follow_exactly(f, NULL, 0, err));
        cx_process_alive(f->p, now);
        if (now - asked > ASK_EVERY_MS * INT64_C(1000000)) {
            int gone = look(f, err);
            if (gone != 0)
                return gone;
            asked = now;
            report(f);
        }
        enum cx_polled polled = cx_tail_poll(f->tail, POLL_MS, &m, err);
        for (int n = 0; polled == CX_POLL_MESSAGE && n < 10000; n++, polled = cx_tail_poll(f->tail, 0, &m, err))
            CX_TRY(apply(f, &m, err));
        if (polled == CX_POLL_MESSAGE)
            CX_TRY(apply(f, &m, err));
        if (polled == CX_POLL_EOF)
            note_end(f, &m);
        if (polled == CX_POLL_FATAL)
            return -1;
        cx_snapshots_step(f->p);
    }
    return cx_takeover_requested && !cx_stop_requested;
}

int cx_standby_follow(struct cx_process *p, struct cx_error *err)
{
    struct following *f = calloc(1, sizeof *f);
    cx_assert(f != NULL);
    *f = (struct following){ .p = p, .begun_ns = cx_monotonic_ns() };
    f->tail = cx_tail_open(&p->settings->kafka, cx_chain_name(p->chain), err);
    int status = -1;
    if (f->tail) {
        cx_snapshots_open(p, cx_tail_cluster_id(f->tail), cx_tail_identity(f->tail));
        cx_log(CX_INFO, "standby", "instance=%.*s: follows its changelogs; SIGUSR1 takes over at once", CX_STR_ARG(p->settings->kafka.instance));
        status = follow(f, err);
    }
    if (status > 0) {
        cx_log(CX_INFO, "standby_takeover", "instance=%.*s cause=%s unseen_ms=%lld partitions=%zu warm=%s", CX_STR_ARG(p->settings->kafka.instance),
               cx_takeover_requested ? "signal" : "gone", f->seen_ms ? (long long)(cx_wall_ms() - f->seen_ms) : -1, p->warm_count,
               is_warm(f) ? "yes" : "no");
        cx_metric_standby(p, false, 0);
        atomic_store(&p->standby, CX_STANDBY_NOT);
    }
    cx_tail_close(f->tail);
    free(f);
    if (status == 0)
        return cx_fail(err, CX_EXIT_OK, "%s", "");
    return status > 0 ? 0 : -1;
}
