/* coordinator.c - the transaction coordinator: who may write under a transactional id, and how a transaction ends. */
#include "cluster.h"

enum { IDS_MAX = 4, LOGS_MAX = 32 };
enum state { EMPTY, ONGOING, ENDING, COMMITTED, ABORTED };
struct producer {
    char id[128];
    int epoch, transaction;
    enum state state;
    bool ends_in_commit, has_group;
    int64_t begun_ns, timeout_ms;
    struct sim_log *logs[LOGS_MAX];
    int log_count, markers_left;
};
static struct producer producers[IDS_MAX];
static int producer_count;

void sim_coordinator_begin(void)
{
    memset(producers, 0, sizeof producers);
    producer_count = 0;
}

static void completed(struct producer *p)
{
    if (p->markers_left != 0)
        return;
    p->state = p->ends_in_commit ? COMMITTED : ABORTED;
    p->log_count = 0;
    p->has_group = false;
}

/* event.what: the log, NULL for __consumer_offsets; a: producer; b: transaction */
static void write_marker(const struct sim_event *event)
{
    struct producer *p = &producers[event->a];
    if (event->what != NULL)
        sim_log_end(event->what, (int)event->b, p->ends_in_commit);
    else
        sim_group_end((int)event->a, p->ends_in_commit);
    p->markers_left--;
    completed(p);
}

static int64_t marker_delay(void)
{
    if (sim_hits(SIM_MARKERS_SLOW))
        return sim_between(1, 4000) * SIM_MS;
    return sim_random(4) == 0 ? sim_between(0, 20) * SIM_MS : 0;
}

static void end(struct producer *p, bool commit)
{
    int number = (int)(p - producers);
    sim_note("[%s epoch %d %s]", p->id, p->epoch, commit ? "commits" : "aborts");
    *(commit ? &sim.commits : &sim.aborts) += 1;
    p->state = ENDING;
    p->ends_in_commit = commit;
    p->markers_left = p->log_count + p->has_group;
    for (int i = 0; i < p->log_count; i++)
        sim_at(sim.now_ns + marker_delay(), (struct sim_event){ .happen = write_marker, .what = p->logs[i], .a = number, .b = p->transaction });
    if (p->has_group)
        sim_at(sim.now_ns + marker_delay(), (struct sim_event){ .happen = write_marker, .a = number, .b = p->transaction });
    completed(p);
}

rd_kafka_resp_err_t sim_init_producer(const char *id, int64_t timeout_ms, int *number, int *epoch)
{
    struct producer *p = producers;
    while (p < producers + producer_count && strcmp(p->id, id) != 0)
        p++;
    if (p == producers + producer_count) {
        cx_assert(producer_count++ < IDS_MAX);
        snprintf(p->id, sizeof p->id, "%s", id);
    }
    p->timeout_ms = timeout_ms;
    if (p->state == ONGOING) {
        p->epoch++; /* fences who has it open */
        end(p, false);
    }
    if (p->state == ENDING)
        return RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
    p->state = EMPTY;
    sim.producers++;
    *epoch = ++p->epoch;
    *number = (int)(p - producers);
    sim_note("[%s has epoch %d]", p->id, p->epoch);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Opens a transaction where none is. */
static rd_kafka_resp_err_t enter(int number, int epoch, struct producer **found)
{
    struct producer *p = *found = &producers[number];
    if (epoch != p->epoch)
        return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    if (p->state == ENDING)
        return RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
    if (p->state != ONGOING) {
        p->state = ONGOING;
        p->begun_ns = sim.now_ns;
        p->transaction = ++cluster.transactions;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t sim_produce(int number, int epoch, struct sim_log *log, struct sim_row row)
{
    struct producer *p;
    rd_kafka_resp_err_t code = enter(number, epoch, &p);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return code;
    if (cluster.refusing && strcmp(log->topic, cluster.refusing) == 0 && row.value.len > cluster.refused)
        return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    int at = 0;
    while (at < p->log_count && p->logs[at] != log)
        at++;
    if (at == p->log_count) {
        cx_assert(p->log_count < LOGS_MAX);
        p->logs[p->log_count++] = log;
    }
    row.transaction = p->transaction;
    row.status = SIM_OPEN;
    sim_log_add(log, row);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t sim_add_group(int number, int epoch)
{
    struct producer *p;
    rd_kafka_resp_err_t code = enter(number, epoch, &p);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        p->has_group = true;
    return code;
}

bool sim_has_group(int number, int epoch)
{
    const struct producer *p = &producers[number];
    return p->epoch == epoch && p->state == ONGOING && p->has_group;
}

rd_kafka_resp_err_t sim_end(int number, int epoch, bool commit)
{
    struct producer *p = &producers[number];
    if (epoch != p->epoch)
        return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    switch (p->state) {
    case ONGOING:
        end(p, commit);
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    case ENDING:
        return commit == p->ends_in_commit ? RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS : RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
    case COMMITTED:
        return commit ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
    case ABORTED:
        return commit ? RD_KAFKA_RESP_ERR_INVALID_TXN_STATE : RD_KAFKA_RESP_ERR_NO_ERROR;
    case EMPTY:
        break;
    }
    return RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
}

void sim_time_out_transactions(void)
{
    for (struct producer *p = producers; p < producers + producer_count; p++)
        if (p->state == ONGOING && sim.now_ns - p->begun_ns > p->timeout_ms * SIM_MS) {
            sim_note("[the transaction of %s times out]", p->id);
            p->epoch++;
            end(p, false);
        }
}

bool sim_transactions_rest(void)
{
    for (const struct producer *p = producers; p < producers + producer_count; p++)
        if (p->state == ONGOING || p->state == ENDING)
            return false;
    return true;
}
