/* snapshots.c - when snapshots are written and read, and how long they are good.
 *
 * One is written at a time, in slices between transactions. A slice takes a twentieth of the time since the one before, so that a large state costs
 * the same share as a small one and only takes longer; the disk is waited for by another thread (state/durable_file.h).
 *
 * A snapshot is as old as the last commit that showed us to be the partition's owner. Records that delete a key may be gone from the changelog
 * delete.retention.ms later, and then nobody could tell that the snapshot still has the key: it is good for half of that time. */
#include "kafka/kafka.h"
#include "log/log.h"
#include "run/process.h"
#include "state/snapshot.h"

#include "base/failpoint.h"
#include "base/time.h"

#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

enum { SLICE_BYTES = 256 << 10, SHARE = 20, SLICE_LEAST_NS = 500000, SLICE_MOST_NS = 10000000, FINISH_PATIENCE_MS = 20000 };

struct cx_snapshots {
    struct cx_snapshot_writer *writer; /* NULL: none is being written */
    struct cx_assignment *of;
    size_t stage;
    int64_t begun_ns, stepped_ns, as_of_ms;
    bool has_folder;
    int64_t good_ms[CX_REPLICAS_MAX];
    char cluster[128], owner[CX_SNAPSHOT_TEXT_MAX + 1];
};

static void path_of(const struct cx_process *p, size_t stage, int32_t partition, char path[1024])
{
    snprintf(path, 1024, "%.*s/%s.%s.%d.snapshot", CX_STR_ARG(p->settings->kafka.state_dir), cx_chain_name(p->chain),
             cx_chain_stage(p->chain, stage)->name, partition);
}

static struct cx_snapshot_head head_of(const struct cx_process *p, size_t stage, int32_t partition)
{
    return (struct cx_snapshot_head){ .cluster = cx_str(p->snapshots->cluster),
                                      .topic = cx_str(cx_chain_stage(p->chain, stage)->changelog),
                                      .chain = cx_str(cx_chain_name(p->chain)),
                                      .stage = cx_str(cx_chain_stage(p->chain, stage)->name),
                                      .partition = partition };
}

/* ---- opening ---- */

static void ask_retention(struct cx_process *p, size_t stage)
{
    const char *changelog = cx_chain_stage(p->chain, stage)->changelog;
    char value[128];
    int64_t ms;
    struct cx_error why;
    if (cx_topics_value(&p->settings->kafka, changelog, "delete.retention.ms", value, &why) != 0)
        cx_log(CX_WARN, "no_snapshots", "topic=%s: %s", changelog, why.text);
    else if (cx_str_to_i64(cx_str(value), &ms))
        p->snapshots->good_ms[stage] = ms / 2;
}

static bool make_folder(const struct cx_process *p)
{
    char folder[1024];
    snprintf(folder, sizeof folder, "%.*s", CX_STR_ARG(p->settings->kafka.state_dir));
    if (mkdir(folder, 0750) == 0 || errno == EEXIST)
        return true;
    cx_log(CX_WARN, "no_snapshots", "folder=%s: kafka.state_dir cannot be made: %s; restarts will read whole changelogs", folder, strerror(errno));
    return false;
}

void cx_snapshots_open(struct cx_process *p, const char *cluster_id, const char *identity)
{
    if (!cx_chain_is_stateful(p->chain) || p->snapshots)
        return;
    p->snapshots = calloc(1, sizeof *p->snapshots);
    cx_assert(p->snapshots != NULL);
    snprintf(p->snapshots->cluster, sizeof p->snapshots->cluster, "%s", cluster_id);
    snprintf(p->snapshots->owner, sizeof p->snapshots->owner, "%s", identity);
    for (size_t i = 0; i < cx_chain_length(p->chain); i++)
        if (cx_chain_stage(p->chain, i)->tables)
            ask_retention(p, i);
    p->snapshots->has_folder = p->settings->run.snapshot_interval > 0 && make_folder(p);
}

static void give_up(struct cx_snapshots *s)
{
    cx_snapshot_end(s->writer);
    s->writer = NULL;
}

void cx_snapshots_close(struct cx_process *p)
{
    if (p->snapshots)
        give_up(p->snapshots);
    free(p->snapshots);
    p->snapshots = NULL;
}

int64_t cx_snapshots_good_ms(const struct cx_process *p, size_t stage)
{
    return p->snapshots ? p->snapshots->good_ms[stage] : 0;
}

/* ---- writing ---- */

static bool is_due(const struct cx_process *p, const struct cx_assignment *a, size_t stage, int64_t now_ns)
{
    const struct cx_replica *r = &a->replicas[stage];
    if (!r->is_dirty || r->as_of_ms == 0 || r->generation.offset < 0 || r->generation.offset >= r->offset || p->snapshots->good_ms[stage] == 0)
        return false;
    return r->snapshot_ns == 0 || now_ns - r->snapshot_ns >= p->settings->run.snapshot_interval * 1000000;
}

static void begin(struct cx_process *p, struct cx_assignment *a, size_t stage, int64_t now_ns)
{
    struct cx_snapshots *s = p->snapshots;
    struct cx_replica *r = &a->replicas[stage];
    struct cx_snapshot_head head = head_of(p, stage, a->partition);
    char path[1024];
    head.owner = cx_str(s->owner);
    head.generation = r->generation.uuid;
    head.generation_offset = r->generation.offset;
    head.offset = r->offset;
    head.taken_ms = s->as_of_ms = r->as_of_ms;
    path_of(p, stage, a->partition, path);
    s->writer = cx_snapshot_begin(path, cx_task_state(a->task, stage), &head);
    s->of = a;
    s->stage = stage;
    s->begun_ns = s->stepped_ns = r->snapshot_ns = now_ns;
    r->is_dirty = false;
}

/* The next one that is due; false: none. A standby's are all warm. */
static bool begin_next(struct cx_process *p, int64_t now_ns)
{
    for (size_t i = 0; i < p->assigned_count + p->warm_count; i++) {
        struct cx_assignment *a = i < p->assigned_count ? p->assigned[i] : p->warm[i - p->assigned_count];
        for (size_t stage = 0; stage < cx_chain_length(p->chain); stage++)
            if (cx_task_state(a->task, stage) && is_due(p, a, stage, now_ns)) {
                begin(p, a, stage, now_ns);
                return true;
            }
    }
    return false;
}

static void end(struct cx_process *p, enum cx_snapshot_status status, const struct cx_error *why)
{
    struct cx_snapshots *s = p->snapshots;
    struct cx_replica *r = &s->of->replicas[s->stage];
    double seconds = (double)(cx_monotonic_ns() - s->begun_ns) / 1e9;
    const char *stage = cx_chain_stage(p->chain, s->stage)->name;
    uint64_t entries, bytes = cx_snapshot_written(s->writer, &entries);
    if (status == CX_SNAPSHOT_DONE) {
        r->snapshot_ms = s->as_of_ms;
        r->snapshot_bytes = (int64_t)bytes;
        cx_log(CX_DEBUG, "snapshot", "stage=%s partition=%d entries=%llu bytes=%llu ms=%.0f", stage, s->of->partition, (unsigned long long)entries,
               (unsigned long long)bytes, seconds * 1000);
    } else {
        r->is_dirty = true; /* tried again after the interval */
        cx_log_limited(CX_WARN, "snapshot_failed", "stage=%s partition=%d: %s; a restart will read more of the changelog", stage, s->of->partition,
                       why->text);
    }
    cx_metric_snapshot(p, status == CX_SNAPSHOT_DONE ? "written" : "failed", seconds);
    give_up(s);
}

bool cx_snapshots_step(struct cx_process *p)
{
    struct cx_snapshots *s = p->snapshots;
    if (!s || !s->has_folder)
        return false;
    int64_t now = cx_monotonic_ns();
    if (!s->writer && !begin_next(p, now))
        return false;
    int64_t allowed = (now - s->stepped_ns) / SHARE;
    int64_t until = now + (allowed < SLICE_LEAST_NS ? SLICE_LEAST_NS : allowed > SLICE_MOST_NS ? SLICE_MOST_NS : allowed);
    struct cx_error why;
    enum cx_snapshot_status status;
    uint64_t entries, before;
    do {
        before = cx_snapshot_written(s->writer, &entries);
        status = cx_snapshot_step(s->writer, SLICE_BYTES, &why);
    } while (status == CX_SNAPSHOT_MORE && cx_snapshot_written(s->writer, &entries) > before && cx_monotonic_ns() < until);
    s->stepped_ns = cx_monotonic_ns();
    if (status != CX_SNAPSHOT_MORE)
        end(p, status, &why);
    return true;
}

void cx_snapshots_finish(struct cx_process *p)
{
    struct cx_snapshots *s = p->snapshots;
    int64_t begun = cx_monotonic_ns();
    struct cx_error why;
    if (!s || !s->has_folder)
        return;
    if (s->writer) /* begun before the last commits */
        s->of->replicas[s->stage].is_dirty = true;
    give_up(s);
    for (size_t i = 0; i < p->assigned_count; i++)
        for (size_t stage = 0; stage < cx_chain_length(p->chain); stage++) {
            int64_t now = cx_monotonic_ns();
            if (cx_task_state(p->assigned[i]->task, stage) && is_due(p, p->assigned[i], stage, INT64_MAX) &&
                now - begun < FINISH_PATIENCE_MS * INT64_C(1000000)) {
                begin(p, p->assigned[i], stage, now);
                end(p, cx_snapshot_finish(s->writer, &why), &why);
            }
        }
}

void cx_snapshots_forget(struct cx_process *p, const struct cx_assignment *a)
{
    if (!p->snapshots || !p->snapshots->writer || p->snapshots->of != a)
        return;
    p->snapshots->of->replicas[p->snapshots->stage].is_dirty = true;
    give_up(p->snapshots);
}

bool cx_snapshots_need_refresh(const struct cx_process *p, const struct cx_assignment *a, int64_t now_ms)
{
    for (size_t i = 0; p->snapshots && p->snapshots->has_folder && i < cx_chain_length(p->chain); i++)
        if (a->replicas[i].offset > 0 && p->snapshots->good_ms[i] > 0 && now_ms - a->replicas[i].as_of_ms > p->snapshots->good_ms[i] / 2)
            return true;
    return false;
}

/* ---- reading ---- */

void cx_snapshots_load(struct cx_process *p, struct cx_assignment *a, size_t stage)
{
    struct cx_replica *r = &a->replicas[stage];
    struct cx_snapshot found;
    struct cx_error why;
    char path[1024];
    if (!p->snapshots || !p->snapshots->has_folder)
        return;
    struct cx_snapshot_head wanted = head_of(p, stage, a->partition);
    path_of(p, stage, a->partition, path);
    int64_t begun = cx_monotonic_ns();
    int rc = cx_snapshot_load(path, &wanted, cx_task_state(a->task, stage), &found, &why);
    if (rc < 0) {
        cx_log(CX_WARN, "snapshot_refused", "file=%s: %s", path, why.text);
        cx_metric_snapshot(p, "refused", 0);
    }
    if (rc != 0) {
        cx_task_clear(a->task, stage);
        return;
    }
    *r = (struct cx_replica){ .is_warm = true, .source = CX_FROM_SNAPSHOT, .offset = found.head.offset, .as_of_ms = found.head.taken_ms };
    r->generation = (struct cx_generation){ .uuid = found.head.generation, .is_known = true, .offset = found.head.generation_offset };
    r->snapshot_ms = found.head.taken_ms;
    r->snapshot_bytes = (int64_t)found.bytes;
    cx_failpoint_pass(CX_POINT_MID_RESTORE);
    cx_log(CX_DEBUG, "snapshot_loaded", "file=%s entries=%llu offset=%lld ms=%lld", path, (unsigned long long)found.entries,
           (long long)found.head.offset, (long long)((cx_monotonic_ns() - begun) / 1000000));
}

static bool is_own(struct cx_process *p, const char *name, size_t stage, int32_t *partition)
{
    char wanted[1024], path[1024];
    struct cx_snapshot found;
    struct cx_error why;
    int64_t n;
    struct cx_str rest = cx_str(name);
    int len = snprintf(wanted, sizeof wanted, "%s.%s.", cx_chain_name(p->chain), cx_chain_stage(p->chain, stage)->name);
    if (len < 0 || !cx_str_starts(rest, cx_str(wanted)))
        return false;
    rest = cx_str_skip(rest, (size_t)len);
    ptrdiff_t dot = cx_str_find(rest, '.');
    if (dot < 0 || !cx_str_to_i64(cx_str_n(rest.ptr, (size_t)dot), &n) || n < 0 || n > INT32_MAX ||
        !cx_str_is(cx_str_skip(rest, (size_t)dot), ".snapshot"))
        return false;
    *partition = (int32_t)n;
    path_of(p, stage, *partition, path);
    return cx_snapshot_read_head(path, &found, &why) == 0 && cx_str_is(found.head.owner, p->snapshots->owner);
}

static void warm(struct cx_process *p, int32_t partition)
{
    struct cx_assignment *a = cx_assignment_new(p, p->topics[0], partition);
    for (size_t i = 0; i < cx_chain_length(p->chain); i++)
        if (cx_task_state(a->task, i))
            cx_snapshots_load(p, a, i);
    p->warm[p->warm_count++] = a;
}

void cx_snapshots_warm(struct cx_process *p)
{
    char folder[1024];
    int64_t until = cx_monotonic_ns() + p->settings->kafka.session_timeout / 4 * 1000000;
    size_t stage = 0;
    if (!p->snapshots || !p->snapshots->has_folder)
        return;
    while (!cx_chain_stage(p->chain, stage)->tables)
        stage++;
    snprintf(folder, sizeof folder, "%.*s", CX_STR_ARG(p->settings->kafka.state_dir));
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries)) && cx_monotonic_ns() < until && p->warm_count < CX_ASSIGNED_MAX;) {
        int32_t partition;
        if (is_own(p, entry->d_name, stage, &partition))
            warm(p, partition);
    }
    if (entries)
        closedir(entries);
}
