/* producer.c - the transactional producer, which is made anew now and then, and records out. */
#include "kafka/handle.h"
#include "base/hash.h"
#include "base/time.h"
#include "log/log.h"
#include <inttypes.h>

enum { CALL_MS = 5000, FULL_PAUSE_MS = 5, SERVE_EVERY = 1000, CLOSE_PATIENCE_MS = 5000 };

/* Only failures are reported. The commit fails too; this tells why, and whether trying again can help. */
static void on_undelivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct cx_kafka *k = opaque;
    struct cx_error why;
    (void)rk;

    if (message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
        return;
    cx_log_limited(CX_WARN, "kafka_undelivered", "topic=%s partition=%" PRId32 " text=\"%s\"", rd_kafka_topic_name(message->rkt), message->partition,
                   rd_kafka_err2str(message->err));
    k->blamed = k->blamed || cx_blames_record(message->err);
    if (cx_is_refusal(message->err)) {
        cx_cure_fail(&why, CX_CURE_OPERATOR, rd_kafka_topic_name(message->rkt), message->err, rd_kafka_err2str(message->err));
        cx_kafka_fail(k, &why, NULL);
    }
}

/* Ends what an earlier producer of this transactional id left behind, and fences it. */
static int init_transactions(struct cx_kafka *k, int64_t patience_ms, struct cx_error *err)
{
    static const char doing[] = "begin transactions";
    int64_t until = cx_monotonic_ns() + patience_ms * 1000000;
    int pause_ms = 20;

    while (true) {
        rd_kafka_error_t *error = rd_kafka_init_transactions(k->producer, CALL_MS);
        if (error == NULL)
            return 0;
        enum cx_cure cure = cx_cure_of_transaction(error);
        if (cure != CX_CURE_RETRY) {
            cx_cure_fail(err, cure, doing, rd_kafka_error_code(error), rd_kafka_error_string(error));
            rd_kafka_error_destroy(error);
            return -1;
        }
        rd_kafka_error_destroy(error);
        if (patience_ms >= 0 && cx_monotonic_ns() > until)
            return cx_client_unreachable(&k->cfg, &k->trouble, doing, err);
        if (!cx_kafka_wait(k, doing, &pause_ms, err))
            return -1;
    }
}

int cx_producer_open(struct cx_kafka *k, int64_t patience_ms, struct cx_error *err)
{
    struct cx_client_ids ids = { .transactional_id = k->transactional_id, .opaque = k };
    rd_kafka_conf_t *conf = cx_client_conf(&k->cfg, CX_CLIENT_PRODUCER, &ids, err);

    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_dr_msg_cb(conf, on_undelivered);
    cx_requests_watch(k, conf);
    k->producer = cx_client_open(CX_CLIENT_PRODUCER, conf, err);
    if (k->producer == NULL)
        return -1;
    k->renew = false;
    return init_transactions(k, patience_ms, err);
}

void cx_producer_close(struct cx_kafka *k)
{
    bool closes_open = k->open && k->closing && !k->failed;

    if (k->producer == NULL)
        return;
    if (closes_open)
        rd_kafka_error_destroy(rd_kafka_abort_transaction(k->producer, CLOSE_PATIENCE_MS));
    for (struct cx_target *target = k->targets; target < k->targets + CX_TARGETS; target++) {
        if (target->rkt != NULL)
            rd_kafka_topic_destroy(target->rkt);
        target->rkt = NULL;
    }
    rd_kafka_destroy(k->producer);
    k->producer = NULL;
    for (struct cx_target *target = k->targets; k->closing && target < k->targets + CX_TARGETS; target++) {
        free(target->name);
        free(target->notes);
    }
}

/* The topic's place in the table; a free one when it is not there. */
static struct cx_target *place_of(const struct cx_kafka *k, const char *topic, uint64_t hash)
{
    const struct cx_target *target = &k->targets[hash % CX_TARGETS];
    size_t probes = 0;

    while (target->name != NULL && (target->hash != hash || strcmp(target->name, topic) != 0)) {
        cx_assert(++probes < CX_TARGETS);
        target = target == k->targets + CX_TARGETS - 1 ? k->targets : target + 1;
    }
    return (struct cx_target *)target;
}

/* The topic, filled in at first use; NULL with err. */
static struct cx_target *target_of(struct cx_kafka *k, const char *topic, struct cx_error *err)
{
    uint64_t hash = cx_hash64(topic, strlen(topic));
    struct cx_target *target = place_of(k, topic, hash);

    if (target->name == NULL) {
        int32_t partitions = cx_kafka_partitions(k, topic, err);
        if (partitions < 0 || cx_metadata_await_leaders(k->producer, topic, partitions, err) != 0)
            return NULL;
        *target = (struct cx_target){ strdup(topic), hash, NULL, partitions, NULL };
        cx_assert(target->name != NULL);
    }
    if (target->rkt == NULL)
        target->rkt = rd_kafka_topic_new(k->producer, topic, NULL);
    cx_assert(target->rkt != NULL);
    return target;
}

struct record {
    struct cx_target *target;
    int32_t partition;
    struct cx_str key, value;
    int64_t timestamp_ms;
    cx_note *note; /* NULL: nobody asks where it stands */
};

static rd_kafka_resp_err_t enqueue(struct cx_kafka *k, const struct record *r, rd_kafka_headers_t *headers)
{
    if (headers == NULL)
        return rd_kafka_producev(k->producer, RD_KAFKA_V_RKT(r->target->rkt), RD_KAFKA_V_PARTITION(r->partition),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE((void *)r->value.ptr, r->value.len),
                                 RD_KAFKA_V_KEY(r->key.ptr, r->key.len), RD_KAFKA_V_TIMESTAMP(r->timestamp_ms), RD_KAFKA_V_OPAQUE(r->note),
                                 RD_KAFKA_V_END);
    return rd_kafka_producev(k->producer, RD_KAFKA_V_RKT(r->target->rkt), RD_KAFKA_V_PARTITION(r->partition),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE((void *)r->value.ptr, r->value.len),
                             RD_KAFKA_V_KEY(r->key.ptr, r->key.len), RD_KAFKA_V_TIMESTAMP(r->timestamp_ms), RD_KAFKA_V_HEADERS(headers),
                             RD_KAFKA_V_END);
}

/* Backpressure (invariant 14): waits for room. With the brokers away the wait ends when the first record times out and the transaction with it. */
static rd_kafka_resp_err_t enqueue_waiting(struct cx_kafka *k, const struct record *r, rd_kafka_headers_t *headers)
{
    int64_t begun = 0;
    rd_kafka_resp_err_t code;

    while ((code = enqueue(k, r, headers)) == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        if (begun == 0)
            begun = cx_monotonic_ns();
        if (k->interrupted && cx_monotonic_ns() - begun > CLOSE_PATIENCE_MS * INT64_C(1000000))
            return RD_KAFKA_RESP_ERR__INTR;
        cx_kafka_waiting(k, "send");
        rd_kafka_poll(k->producer, FULL_PAUSE_MS);
    }
    return code;
}

static enum cx_kafka_result produce_failed(struct cx_kafka *k, const struct record *r, rd_kafka_resp_err_t code, struct cx_error *err)
{
    char reason[256];
    struct cx_error why;

    if (code == RD_KAFKA_RESP_ERR__INTR) {
        cx_fail(err, CX_EXIT_OK, "kafka: stopped while waiting for room in the queue");
        return CX_KAFKA_FATAL;
    }
    k->blamed = k->blamed || cx_blames_record(code);
    if (k->blamed || code == RD_KAFKA_RESP_ERR__STATE) /* this record, or an earlier one, failed: the transaction can only be aborted */
        return cx_kafka_abort(k, err) == CX_KAFKA_OK ? CX_KAFKA_ABORTED : CX_KAFKA_FATAL;
    snprintf(reason, sizeof reason, "%s", rd_kafka_err2str(code));
    if (code == RD_KAFKA_RESP_ERR__FATAL)
        code = rd_kafka_fatal_error(k->producer, reason, sizeof reason);
    cx_cure_fail(&why, cx_is_refusal(code) ? CX_CURE_OPERATOR : CX_CURE_RESTART, r->target->name, code, reason);
    return cx_kafka_fail(k, &why, err);
}

static enum cx_kafka_result produce(struct cx_kafka *k, const struct record *r, const struct cx_header *headers, size_t header_count,
                                    struct cx_error *err)
{
    rd_kafka_headers_t *copied;
    rd_kafka_resp_err_t code;

    if (++k->produced % SERVE_EVERY == 0)
        rd_kafka_poll(k->producer, 0);
    copied = cx_headers_copy(headers, header_count);
    code = enqueue_waiting(k, r, copied);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return CX_KAFKA_OK;
    if (copied != NULL)
        rd_kafka_headers_destroy(copied);
    return produce_failed(k, r, code, err);
}

static struct cx_target *target_for(struct cx_kafka *k, const char *topic, int32_t partition, struct cx_error *err)
{
    struct cx_target *target = target_of(k, topic, err);

    cx_assert(k->open);
    if (target == NULL || (partition >= 0 && partition < target->partitions))
        return target;
    cx_fail(err, CX_EXIT_CONFIG, "topic %s has %" PRId32 " partitions, but partition %" PRId32 " is to be written: its count must match its input's",
            topic, target->partitions, partition);
    return NULL;
}

enum cx_kafka_result cx_kafka_produce(struct cx_kafka *k, const char *topic, int32_t partition, struct cx_str key, struct cx_str value,
                                      const struct cx_header *headers, size_t header_count, int64_t timestamp_ms, struct cx_error *err)
{
    struct record r = { target_for(k, topic, partition, err), partition, key, value, timestamp_ms > 0 ? timestamp_ms : 0, NULL };

    return r.target == NULL ? CX_KAFKA_FATAL : produce(k, &r, headers, header_count, err);
}

enum cx_kafka_result cx_kafka_produce_noted(struct cx_kafka *k, const char *topic, int32_t partition, struct cx_str key, struct cx_str value,
                                            int64_t timestamp_ms, int sort, struct cx_error *err)
{
    struct record r = { target_for(k, topic, partition, err), partition, key, value, timestamp_ms > 0 ? timestamp_ms : 0, NULL };

    cx_assert(sort >= 0 && sort < CX_NOTE_SORTS);
    if (r.target == NULL)
        return CX_KAFKA_FATAL;
    if (r.target->notes == NULL) {
        size_t count = (size_t)r.target->partitions * CX_NOTE_SORTS;
        r.target->notes = malloc(count * sizeof *r.target->notes);
        cx_assert(r.target->notes != NULL);
        for (size_t i = 0; i < count; i++)
            atomic_init(&r.target->notes[i], CX_NO_OFFSET);
    }
    r.note = &r.target->notes[partition * CX_NOTE_SORTS + sort];
    return produce(k, &r, NULL, 0, err);
}

int64_t cx_kafka_noted(const struct cx_kafka *k, const char *topic, int32_t partition, int sort)
{
    const struct cx_target *target = place_of(k, topic, cx_hash64(topic, strlen(topic)));

    return target->notes && partition < target->partitions
               ? atomic_load_explicit(&target->notes[partition * CX_NOTE_SORTS + sort], memory_order_relaxed)
               : CX_NO_OFFSET;
}
