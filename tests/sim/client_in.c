/* client_in.c - librdkafka's consumers: in a group, and restoring one partition. */
#include "client.h"

static const int64_t HEARTBEAT = SIM_SECOND;

/* ---- the group ---- */

void client_background(rd_kafka_t *rk)
{
    struct client_consumer *in = &rk->in;
    if (rk->type != RD_KAFKA_CONSUMER || in->group != CLIENT_MEMBER || in->is_lost || in->fatal)
        return;
    bool is_due = sim.now_ns - in->heartbeat_ns >= HEARTBEAT;
    if (!is_due || !sim_hears(sim.running))
        return;
    in->heartbeat_ns = sim.now_ns;
    rd_kafka_resp_err_t code = sim_heartbeat(&in->self, rk->conf.instance);
    if (code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS)
        in->must_rebalance = true;
    else if (code == RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID)
        in->fatal = code;
    else if (code != RD_KAFKA_RESP_ERR_NO_ERROR) { /* no member any more, and from now on without a name */
        in->is_lost = in->must_rebalance = true;
        in->self = (struct sim_membership){ "", -1 };
    }
}

static rd_kafka_topic_partition_list_t *assignment(const struct client_consumer *in)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(SIM_PARTITIONS);
    for (int32_t p = 0; p < SIM_PARTITIONS; p++)
        if (in->partitions & 1u << p)
            rd_kafka_topic_partition_list_add(list, in->topic->topic->name, p);
    return list;
}

static void tell(rd_kafka_t *rk, rd_kafka_resp_err_t what)
{
    rd_kafka_topic_partition_list_t *list = assignment(&rk->in);
    sim_note("rebalance: %s%s", rd_kafka_err2name(what), rk->in.is_lost ? " (lost)" : "");
    rk->conf.rebalanced(rk, what, list, rk->conf.opaque);
    rd_kafka_topic_partition_list_destroy(list);
}

/* True: a callback ran. */
static bool serve_group(rd_kafka_t *rk)
{
    struct client_consumer *in = &rk->in;
    if (in->group == CLIENT_MEMBER && in->must_rebalance) {
        tell(rk, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS);
        in->is_lost = in->must_rebalance = false;
        in->partitions = 0;
        in->group = CLIENT_JOINING;
        return true;
    }
    if (in->group == CLIENT_JOINING && sim_hears(sim.running) && sim_join(sim.running->number, rk->conf.instance, &in->self, &in->partitions)) {
        in->group = CLIENT_MEMBER;
        in->heartbeat_ns = sim.now_ns;
        tell(rk, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS);
        return true;
    }
    return false;
}

rd_kafka_resp_err_t rd_kafka_poll_set_consumer(rd_kafka_t *rk)
{
    (void)rk;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_subscribe(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    sim_call("subscribe");
    rk->in.topic = rd_kafka_topic_new(rk, list->elems[0].topic, NULL);
    rk->in.group = CLIENT_JOINING;
    for (int p = 0; p < SIM_PARTITIONS; p++)
        rk->in.fetch[p].log = &rk->in.topic->topic->logs[p];
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    sim_call("assign");
    if (list != NULL && sim_hits(SIM_FATAL))
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    for (int p = 0; p < SIM_PARTITIONS; p++)
        rk->in.fetch[p].is_assigned = false;
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        struct client_fetch *fetch = &rk->in.fetch[list->elems[i].partition];
        *fetch = (struct client_fetch){ .log = fetch->log, .is_assigned = true };
        fetch->position = list->elems[i].offset == RD_KAFKA_OFFSET_BEGINNING ? 0 : list->elems[i].offset;
        sim_note("  partition %d from %lld", list->elems[i].partition, (long long)fetch->position);
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

int rd_kafka_assignment_lost(rd_kafka_t *rk)
{
    client_background(rk);
    return rk->in.is_lost;
}

rd_kafka_consumer_group_metadata_t *rd_kafka_consumer_group_metadata(rd_kafka_t *rk)
{
    rd_kafka_consumer_group_metadata_t *membership = client_alloc(1, sizeof *membership);
    membership->self = rk->in.self;
    return membership;
}

void rd_kafka_consumer_group_metadata_destroy(rd_kafka_consumer_group_metadata_t *membership)
{
    free(membership);
}

char *rd_kafka_memberid(const rd_kafka_t *rk)
{
    return client_copy(rk->in.self.id);
}

/* A member with a name of its own leaves without a word: it may be back before anybody notices. */
rd_kafka_resp_err_t rd_kafka_consumer_close(rd_kafka_t *rk)
{
    sim_call("close");
    if (rk->in.group == CLIENT_MEMBER)
        tell(rk, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* ---- offsets ---- */

rd_kafka_resp_err_t rd_kafka_committed(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    (void)timeout_ms;
    sim_call("committed");
    client_background(rk);
    if (sim_hits(SIM_FATAL))
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    if (sim_hits(SIM_RETRIABLE))
        return RD_KAFKA_RESP_ERR__TIMED_OUT;
    if (sim_random(4) == 0)
        sim_sleep(sim_between(0, 10) * SIM_MS);
    for (int i = 0; i < list->cnt; i++) {
        int64_t offset = -1;
        list->elems[i].err = sim_committed(list->elems[i].partition, &offset);
        list->elems[i].offset = offset < 0 ? RD_KAFKA_OFFSET_INVALID : offset;
    }
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_error_t *rd_kafka_seek_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    (void)timeout_ms;
    sim_call("seek");
    for (int i = 0; i < list->cnt; i++) {
        struct client_fetch *fetch = &rk->in.fetch[list->elems[i].partition];
        list->elems[i].err = sim_hits(SIM_FATAL)       ? RD_KAFKA_RESP_ERR_UNKNOWN
                             : sim_hits(SIM_RETRIABLE) ? RD_KAFKA_RESP_ERR__TIMED_OUT
                                                       : RD_KAFKA_RESP_ERR_NO_ERROR;
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        fetch->position = list->elems[i].offset == RD_KAFKA_OFFSET_BEGINNING ? 0 : list->elems[i].offset;
        fetch->told_end = false;
    }
    return NULL;
}

rd_kafka_resp_err_t rd_kafka_query_watermark_offsets(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *low, int64_t *high,
                                                     int timeout_ms)
{
    (void)timeout_ms;
    const struct sim_log *log = &sim_topic(topic)->logs[partition];
    sim_call("watermarks");
    if (rk->conf.reads_uncommitted && sim_hits(SIM_FATAL))
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    if (sim_hits(SIM_RETRIABLE))
        return RD_KAFKA_RESP_ERR__TRANSPORT;
    *low = 0;
    *high = rk->conf.reads_uncommitted ? log->count : sim_log_stable(log);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_get_watermark_offsets(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *low, int64_t *high)
{
    (void)topic;
    *low = 0;
    *high = rk->in.fetch[partition].seen_end;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* ---- reading ---- */

static const rd_kafka_resp_err_t passing[] = { RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                               RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS };

static rd_kafka_message_t *fetch_any(rd_kafka_t *rk)
{
    uint64_t first = sim_random(SIM_PARTITIONS);
    for (uint64_t i = 0; i < SIM_PARTITIONS; i++) {
        struct client_fetch *fetch = &rk->in.fetch[(first + i) % SIM_PARTITIONS];
        rd_kafka_message_t *message = fetch->is_assigned ? client_fetch(rk, rk->in.topic, fetch) : NULL;
        if (message != NULL)
            return message;
    }
    return NULL;
}

rd_kafka_message_t *rd_kafka_consumer_poll(rd_kafka_t *rk, int timeout_ms)
{
    sim_call("poll");
    client_background(rk);
    if (rk->in.fatal)
        return client_message(rk->in.topic, 0, RD_KAFKA_RESP_ERR__FATAL);
    if (serve_group(rk))
        return NULL;
    if (sim_hits(SIM_FATAL)) /* what cannot be read must not be passed over */
        return client_message(rk->in.topic, 0, RD_KAFKA_RESP_ERR__BAD_MSG);
    if (sim_hits(SIM_POLL_ERRORS))
        return client_message(rk->in.topic, 0, passing[sim_random(sizeof passing / sizeof *passing)]);
    if (sim_random(16) == 0)
        sim_sleep(sim_between(0, 40) * SIM_MS);
    rd_kafka_message_t *message = rk->in.is_lost && sim_random(2) ? NULL : fetch_any(rk);
    if (message == NULL)
        sim_sleep((timeout_ms > 0 ? timeout_ms : 1) * SIM_MS);
    return message;
}

const char *rd_kafka_message_errstr(const rd_kafka_message_t *message)
{
    return rd_kafka_err2str(message->err);
}

/* ---- restoring ---- */

rd_kafka_queue_t *rd_kafka_queue_new(rd_kafka_t *rk)
{
    rd_kafka_queue_t *queue = client_alloc(1, sizeof *queue);
    queue->rk = rk;
    return queue;
}

void rd_kafka_queue_destroy(rd_kafka_queue_t *queue)
{
    free(queue);
}

int rd_kafka_consume_start_queue(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset, rd_kafka_queue_t *queue)
{
    sim_call("restore");
    queue->rkt = rkt;
    queue->fetch = (struct client_fetch){ .log = &rkt->topic->logs[partition], .position = offset < 0 ? 0 : offset, .is_assigned = true };
    return 0;
}

int rd_kafka_consume_stop(rd_kafka_topic_t *rkt, int32_t partition)
{
    (void)rkt, (void)partition;
    return 0;
}

rd_kafka_message_t *rd_kafka_consume_queue(rd_kafka_queue_t *queue, int timeout_ms)
{
    sim_call("restoring");
    if (sim_hits(SIM_FATAL))
        return client_message(queue->rkt, queue->fetch.log->partition, RD_KAFKA_RESP_ERR__BAD_MSG);
    if (sim_hits(SIM_POLL_ERRORS))
        return client_message(queue->rkt, queue->fetch.log->partition, RD_KAFKA_RESP_ERR__TRANSPORT);
    if (sim_random(32) == 0)
        sim_sleep(sim_between(0, 40) * SIM_MS);
    rd_kafka_message_t *message = client_fetch(queue->rk, queue->rkt, &queue->fetch);
    if (message == NULL)
        sim_sleep(timeout_ms * SIM_MS);
    return message;
}
