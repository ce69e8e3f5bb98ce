/* cluster.c - logs with transactions in them. */
#include "cluster.h"

struct sim_cluster cluster;

void sim_cluster_begin(const char *const *topics)
{
    memset(&cluster, 0, sizeof cluster);
    for (; *topics; topics++) {
        cx_assert(cluster.topic_count < SIM_TOPICS_MAX);
        struct sim_topic *topic = &cluster.topics[cluster.topic_count++];
        topic->name = *topics;
        for (int32_t p = 0; p < SIM_PARTITIONS; p++)
            topic->logs[p] = (struct sim_log){ .topic = *topics, .partition = p };
    }
    sim_coordinator_begin();
    sim_group_begin();
}

struct sim_topic *sim_topic(const char *name)
{
    for (int i = 0; i < cluster.topic_count; i++)
        if (strcmp(cluster.topics[i].name, name) == 0)
            return &cluster.topics[i];
    return NULL;
}

static void note_open(struct sim_log *log, int transaction, int64_t first)
{
    for (int i = 0; i < log->open_count; i++)
        if (log->open[i].transaction == transaction)
            return;
    cx_assert(log->open_count < 16);
    log->open[log->open_count].transaction = transaction;
    log->open[log->open_count++].first = first;
}

struct sim_row *sim_log_add(struct sim_log *log, struct sim_row row)
{
    if (log->count == log->capacity) {
        struct sim_row *old = log->rows;
        log->capacity = log->capacity ? log->capacity * 2 : 64;
        log->rows = sim_keep((size_t)log->capacity * sizeof *log->rows);
        if (old != NULL)
            memcpy(log->rows, old, (size_t)log->count * sizeof *old);
    }
    if (row.kind == SIM_DATA && row.status == SIM_OPEN)
        note_open(log, row.transaction, log->count);
    log->rows[log->count] = row;
    return &log->rows[log->count++];
}

void sim_log_end(struct sim_log *log, int transaction, bool commit)
{
    int at = 0;
    while (at < log->open_count && log->open[at].transaction != transaction)
        at++;
    if (at < log->open_count) {
        for (int64_t i = log->open[at].first; i < log->count; i++)
            if (log->rows[i].kind == SIM_DATA && log->rows[i].transaction == transaction)
                log->rows[i].status = commit ? SIM_COMMITTED : SIM_ABORTED;
        log->open[at] = log->open[--log->open_count];
    }
    sim_log_add(log, (struct sim_row){ .kind = SIM_MARKER, .status = commit ? SIM_COMMITTED : SIM_ABORTED, .transaction = transaction });
}

int64_t sim_log_stable(const struct sim_log *log)
{
    int64_t stable = log->count;
    for (int i = 0; i < log->open_count; i++)
        if (log->open[i].first < stable)
            stable = log->open[i].first;
    return stable;
}

int64_t sim_log_next(const struct sim_log *log, int64_t from, bool committed, int64_t *end)
{
    *end = committed ? sim_log_stable(log) : log->count;
    for (int64_t i = from; i < *end; i++)
        if (log->rows[i].kind == SIM_DATA && (!committed || log->rows[i].status == SIM_COMMITTED))
            return i;
    return -1;
}
