/* client_out.c - librdkafka's transactional producer, as far as it can be told from outside.
 *
 * Records wait in a queue and reach the broker some time before the commit. What the coordinator answers to a transaction's requests arrives after a
 * while, late, or never; meanwhile the caller's call may time out, and is taken up again when it calls anew. */
#include "client.h"

#include <stdarg.h>

static void delay(void)
{
    if (sim_random(4) == 0)
        sim_sleep(sim_between(0, 10) * SIM_MS);
}

enum api { END_TXN = 26, TXN_OFFSET_COMMIT = 28 };

/* A request is left without an answer. Interceptors are told; error_cb is not told of every broken connection. */
static void leave_unanswered(rd_kafka_t *rk, enum api api, rd_kafka_resp_err_t code)
{
    sim_note("  no answer: %s", rd_kafka_err2name(code));
    if (sim_random(2))
        rk->out.trouble = code;
    if (rk->conf.answered != NULL)
        rk->conf.answered(rk, 0, "", 0, (int16_t)api, 0, 0, 0, 0, code, rk->conf.interceptor);
}

static rd_kafka_error_t *lose(rd_kafka_t *rk, enum client_state state, rd_kafka_resp_err_t code)
{
    rk->out.state = state;
    rk->out.code = code;
    return client_error(state == CLIENT_FATAL ? CLIENT_ENDS : CLIENT_LOSES_TRANSACTION, code);
}

/* What a transaction's call meets before anything is sent. */
static rd_kafka_error_t *meet(rd_kafka_t *rk, const char *name)
{
    sim_call(name);
    sim_note("%s", name);
    client_background(rk);
    if (rk->out.state == CLIENT_FATAL)
        return client_error(CLIENT_ENDS, rk->out.code);
    if (sim_hits(SIM_FATAL))
        return lose(rk, CLIENT_FATAL, RD_KAFKA_RESP_ERR__FENCED);
    if (sim_hits(SIM_RETRIABLE))
        return client_error(CLIENT_RETRIABLE, sim_random(2) ? RD_KAFKA_RESP_ERR__TIMED_OUT : RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE);
    return NULL;
}

/* ---- the queue ---- */

/* Sends the oldest record. NO_ERROR, CONCURRENT_TRANSACTIONS (later), or what has cost the transaction. */
static rd_kafka_resp_err_t send_one(rd_kafka_t *rk)
{
    struct client_producer *out = &rk->out;
    struct client_record *record = &out->queue[out->head];
    rd_kafka_resp_err_t code = sim_produce(out->number, out->epoch, record->log, record->row);
    if (code == RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)
        return code;
    out->head++;
    out->count--;
    out->is_registered = true;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_message_t report = {
            .rkt = record->rkt, .partition = record->log->partition, .offset = record->log->count - 1, ._private = record->opaque
        };
        rk->conf.acknowledged(rk, &report, rk->conf.interceptor);
        return code;
    }
    sim_note("  %s: %s", record->log->topic, rd_kafka_err2name(code));
    out->state = code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ? CLIENT_FATAL : CLIENT_ABORTABLE;
    out->code = code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ? RD_KAFKA_RESP_ERR__FENCED : code;
    if (out->state == CLIENT_ABORTABLE)
        out->refused = record->rkt;
    return code;
}

static void serve_producer(rd_kafka_t *rk)
{
    struct client_producer *out = &rk->out;
    if (out->trouble) {
        rd_kafka_resp_err_t trouble = out->trouble;
        out->trouble = RD_KAFKA_RESP_ERR_NO_ERROR;
        rk->conf.troubled(rk, (int)trouble, "simulated", rk->conf.opaque);
    }
    if (out->refused) {
        rd_kafka_message_t report = { .err = out->code, .rkt = out->refused };
        out->refused = NULL;
        rk->conf.delivered(rk, &report, rk->conf.opaque);
    }
}

int rd_kafka_poll(rd_kafka_t *rk, int timeout_ms)
{
    client_background(rk);
    if (timeout_ms > 0)
        sim_sleep(timeout_ms * SIM_MS);
    if (rk->type == RD_KAFKA_PRODUCER)
        serve_producer(rk);
    return 0;
}

static void enqueue(rd_kafka_t *rk, struct client_record record)
{
    struct client_producer *out = &rk->out;
    if (out->count == 0)
        out->head = 0;
    if (out->head + out->count == out->capacity) {
        out->capacity = out->capacity ? out->capacity * 2 : 64;
        out->queue = realloc(out->queue, out->capacity * sizeof *out->queue);
        cx_assert(out->queue != NULL);
    }
    out->queue[out->head + out->count++] = record;
}

/* Takes the arguments apart. */
static struct client_record read_record(va_list args, rd_kafka_headers_t **headers)
{
    struct client_record record = { .row = { .kind = SIM_DATA } };
    int32_t partition = 0;
    rd_kafka_vtype_t type;
    while ((type = va_arg(args, rd_kafka_vtype_t)) != RD_KAFKA_VTYPE_END) {
        const void *bytes;
        if (type == RD_KAFKA_VTYPE_RKT)
            record.rkt = va_arg(args, rd_kafka_topic_t *);
        else if (type == RD_KAFKA_VTYPE_PARTITION)
            partition = va_arg(args, int32_t);
        else if (type == RD_KAFKA_VTYPE_MSGFLAGS)
            (void)va_arg(args, int);
        else if (type == RD_KAFKA_VTYPE_TIMESTAMP)
            record.row.timestamp_ms = va_arg(args, int64_t);
        else if (type == RD_KAFKA_VTYPE_HEADERS)
            *headers = va_arg(args, rd_kafka_headers_t *);
        else if (type == RD_KAFKA_VTYPE_OPAQUE)
            record.opaque = va_arg(args, void *);
        else {
            cx_assert(type == RD_KAFKA_VTYPE_KEY || type == RD_KAFKA_VTYPE_VALUE);
            bytes = va_arg(args, const void *);
            *(type == RD_KAFKA_VTYPE_KEY ? &record.row.key : &record.row.value) = sim_keep_bytes(cx_str_n(bytes, va_arg(args, size_t)));
        }
    }
    record.log = &record.rkt->topic->logs[partition];
    return record;
}

rd_kafka_resp_err_t rd_kafka_producev(rd_kafka_t *rk, ...)
{
    rd_kafka_headers_t *headers = NULL;
    va_list args;
    sim_call("produce");
    client_background(rk);
    if (rk->out.state == CLIENT_FATAL)
        return RD_KAFKA_RESP_ERR__FATAL;
    if (rk->out.state != CLIENT_OPEN)
        return RD_KAFKA_RESP_ERR__STATE;
    if (sim_hits(SIM_QUEUE_FULL))
        return RD_KAFKA_RESP_ERR__QUEUE_FULL;
    if (sim_hits(SIM_ABORTABLE)) {
        rk->out.state = CLIENT_ABORTABLE;
        rk->out.code = RD_KAFKA_RESP_ERR__MSG_TIMED_OUT;
        return RD_KAFKA_RESP_ERR__STATE;
    }
    va_start(args, rk);
    struct client_record record = read_record(args, &headers);
    va_end(args);
    if (headers != NULL) {
        record.row.header_count = headers->count;
        record.row.headers = sim_keep(headers->count * sizeof *headers->rows);
        memcpy(record.row.headers, headers->rows, headers->count * sizeof *headers->rows);
        rd_kafka_headers_destroy(headers);
    }
    enqueue(rk, record);
    while (rk->out.count && rk->out.state == CLIENT_OPEN && sim_random(3) == 0)
        if (send_one(rk) == RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)
            break;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_fatal_error(rd_kafka_t *rk, char *why, size_t size)
{
    rd_kafka_resp_err_t code = rk->out.state == CLIENT_FATAL ? rk->out.code : rk->in.fatal;
    if (code)
        snprintf(why, size, "%s", rd_kafka_err2str(code));
    return code;
}

/* ---- transactions ---- */

rd_kafka_error_t *rd_kafka_init_transactions(rd_kafka_t *rk, int timeout_ms)
{
    int64_t until = sim.now_ns + timeout_ms * SIM_MS;
    rd_kafka_error_t *error = meet(rk, "init_transactions");
    if (error != NULL)
        return error;
    delay();
    while (sim_init_producer(rk->conf.transactional_id, rk->conf.transaction_timeout_ms, &rk->out.number, &rk->out.epoch) !=
           RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (sim.now_ns >= until)
            return client_error(CLIENT_RETRIABLE, RD_KAFKA_RESP_ERR__TIMED_OUT);
        sim_sleep(20 * SIM_MS);
    }
    rk->out.state = CLIENT_READY;
    delay();
    return NULL;
}

rd_kafka_error_t *rd_kafka_begin_transaction(rd_kafka_t *rk)
{
    sim_call("begin");
    if (rk->out.state == CLIENT_ABORTABLE) /* within a transaction it is refused, and tells how that fares */
        return client_error(CLIENT_LOSES_TRANSACTION, rk->out.code);
    if (rk->out.state == CLIENT_OPEN)
        return client_error(CLIENT_OUT_OF_PLACE, RD_KAFKA_RESP_ERR__STATE);
    if (rk->out.state == CLIENT_FATAL || sim_hits(SIM_FATAL))
        return lose(rk, CLIENT_FATAL, rk->out.code ? rk->out.code : RD_KAFKA_RESP_ERR__FENCED);
    cx_assert(rk->out.state == CLIENT_READY);
    rk->out.state = CLIENT_OPEN;
    rk->out.is_registered = false;
    return NULL;
}

struct late_offsets {
    int number, epoch, count;
    struct sim_membership self;
    char instance[4];
    struct sim_offset offsets[SIM_PARTITIONS];
};

static void offsets_arrive(const struct sim_event *event)
{
    const struct late_offsets *late = event->what;
    rd_kafka_resp_err_t code = sim_commit_offsets(late->number, late->epoch, &late->self, late->instance, late->offsets, late->count);
    sim_note("[late offsets: %s]", rd_kafka_err2name(code));
}

/* The connection breaks and the request is sent anew; the first copy is under way still. */
static void send_offsets_twice(rd_kafka_t *rk, const struct late_offsets *request)
{
    struct late_offsets *late = sim_keep(sizeof *late);
    *late = *request;
    leave_unanswered(rk, TXN_OFFSET_COMMIT, RD_KAFKA_RESP_ERR__TRANSPORT);
    sim_at(sim.now_ns + sim_between(0, 3000) * SIM_MS, (struct sim_event){ .happen = offsets_arrive, .what = late });
}

static struct late_offsets offsets_request(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list,
                                           const rd_kafka_consumer_group_metadata_t *membership)
{
    struct late_offsets request = { rk->out.number, rk->out.epoch, list->cnt, membership->self, "", { { 0, 0 } } };
    snprintf(request.instance, sizeof request.instance, "%s", sim.running->instance);
    for (int i = 0; i < list->cnt; i++)
        request.offsets[i] = (struct sim_offset){ list->elems[i].partition, list->elems[i].offset };
    return request;
}

rd_kafka_error_t *rd_kafka_send_offsets_to_transaction(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list,
                                                       const rd_kafka_consumer_group_metadata_t *membership, int timeout_ms)
{
    int64_t until = sim.now_ns + timeout_ms * SIM_MS;
    rd_kafka_error_t *error = meet(rk, "send_offsets");
    rd_kafka_resp_err_t code;
    if (error != NULL)
        return error;
    if (rk->out.state == CLIENT_ABORTABLE)
        return client_error(CLIENT_LOSES_TRANSACTION, rk->out.code);
    if (sim_hits(SIM_ABORTABLE))
        return lose(rk, CLIENT_ABORTABLE, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    struct late_offsets request = offsets_request(rk, list, membership);
    delay();
    while ((code = sim_add_group(request.number, request.epoch)) == RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS) {
        if (sim.now_ns >= until)
            return client_error(CLIENT_RETRIABLE, RD_KAFKA_RESP_ERR__TIMED_OUT);
        sim_sleep(10 * SIM_MS);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return lose(rk, CLIENT_FATAL, RD_KAFKA_RESP_ERR__FENCED);
    rk->out.is_registered = true;
    delay();
    if (sim_hits(SIM_OFFSETS_LATE))
        send_offsets_twice(rk, &request);
    code = sim_commit_offsets(request.number, request.epoch, &request.self, request.instance, request.offsets, request.count);
    delay();
    if (sim_hits(SIM_RETRIABLE)) /* done, and nobody knows */
        return client_error(CLIENT_RETRIABLE, RD_KAFKA_RESP_ERR__TIMED_OUT);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? NULL : lose(rk, CLIENT_ABORTABLE, code);
}

/* ---- the end ---- */

static void end_arrives(const struct sim_event *event)
{
    struct client_end *end = event->what;
    rd_kafka_resp_err_t code = sim_end(end->number, end->epoch, end->commit);
    if (event->a)
        end->answer = code;
    else
        sim_note("[a late %s: %s]", end->commit ? "commit" : "abort", rd_kafka_err2name(code));
}

/* The request leaves; its answer will be in end->answer at end->due_ns. */
static void request_end(rd_kafka_t *rk, bool commit)
{
    struct client_end *end = rk->out.end = sim_keep(sizeof *end);
    *end = (struct client_end){ rk->out.number, rk->out.epoch, commit, sim.now_ns, RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS };
    int64_t arrival = sim.now_ns + (sim_random(4) ? 0 : sim_between(0, 20) * SIM_MS);
    if (sim_hits(SIM_END_REPEATED)) {
        bool breaks = sim_random(2); /* at once; else the answer is waited for until the time for it is over */
        sim_at(sim.now_ns + sim_between(0, 4000) * SIM_MS, (struct sim_event){ .happen = end_arrives, .what = end, .a = 0 });
        leave_unanswered(rk, END_TXN, breaks ? RD_KAFKA_RESP_ERR__TRANSPORT : RD_KAFKA_RESP_ERR__TIMED_OUT);
        if (!breaks)
            arrival += rk->conf.socket_timeout_ms * SIM_MS;
    }
    sim_at(arrival, (struct sim_event){ .happen = end_arrives, .what = end, .a = 1 });
    end->due_ns = arrival + (sim_hits(SIM_END_SILENT) ? sim_between(0, 12000) * SIM_MS : 1);
}

/* Waits for the answer: NO_ERROR, __TIMED_OUT, or what the coordinator says. */
static rd_kafka_resp_err_t await_end(rd_kafka_t *rk, bool commit, int64_t until)
{
    while (true) {
        if (rk->out.end == NULL)
            request_end(rk, commit);
        const struct client_end *end = rk->out.end;
        if (end->due_ns > until) {
            sim_sleep(until > sim.now_ns ? until - sim.now_ns : 0);
            return RD_KAFKA_RESP_ERR__TIMED_OUT;
        }
        sim_sleep(end->due_ns > sim.now_ns ? end->due_ns - sim.now_ns : 0);
        rk->out.end = NULL;
        if (end->answer != RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)
            return end->answer;
        sim_sleep(20 * SIM_MS); /* being completed: asked for again */
    }
}

static rd_kafka_error_t *finish(rd_kafka_t *rk, bool commit, int64_t until)
{
    rd_kafka_resp_err_t code = rk->out.is_registered ? await_end(rk, commit, until) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT)
        return client_error(CLIENT_RETRIABLE, code);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && commit && sim_hits(SIM_CUT))
        code = RD_KAFKA_RESP_ERR__STATE; /* "commit succeeded on the broker but failed locally" */
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return lose(rk, CLIENT_FATAL, code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ? RD_KAFKA_RESP_ERR__FENCED : code);
    rk->out.state = CLIENT_READY;
    rk->out.code = RD_KAFKA_RESP_ERR_NO_ERROR;
    return NULL;
}

rd_kafka_error_t *rd_kafka_commit_transaction(rd_kafka_t *rk, int timeout_ms)
{
    int64_t until = sim.now_ns + timeout_ms * SIM_MS;
    rd_kafka_error_t *error = meet(rk, "commit");
    if (error != NULL)
        return error;
    while (rk->out.count && rk->out.state == CLIENT_OPEN) {
        if (send_one(rk) != RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS)
            continue;
        if (sim.now_ns >= until)
            return client_error(CLIENT_RETRIABLE, RD_KAFKA_RESP_ERR__TIMED_OUT);
        sim_sleep(10 * SIM_MS);
    }
    if (rk->out.end == NULL && rk->out.state == CLIENT_OPEN && sim_hits(SIM_ABORTABLE))
        return lose(rk, CLIENT_ABORTABLE, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
    if (rk->out.state != CLIENT_OPEN)
        return client_error(rk->out.state == CLIENT_FATAL ? CLIENT_ENDS : CLIENT_LOSES_TRANSACTION, rk->out.code);
    return finish(rk, true, until);
}

rd_kafka_error_t *rd_kafka_abort_transaction(rd_kafka_t *rk, int timeout_ms)
{
    int64_t until = sim.now_ns + timeout_ms * SIM_MS;
    rd_kafka_error_t *error = meet(rk, "abort");
    if (error != NULL)
        return error;
    rk->out.count = 0; /* purged */
    return finish(rk, false, until);
}
