/* writer.c - records out without a transaction: idempotent, every one acknowledged. */
#include "kafka/handle.h"
#include "log/log.h"
#include <inttypes.h>

enum { CALL_MS = 10000, FULL_PAUSE_MS = 5, SERVE_EVERY = 1000 };

struct cx_writer {
    struct cx_trouble trouble; /* first: the opaque of the client */
    struct cx_kafka_config cfg;
    rd_kafka_t *rk;
    struct cx_metadata metadata;
    rd_kafka_topic_t *rkt; /* the topic last written to */
    int32_t partitions;
    uint64_t sent, failed;
    char reason[300]; /* of the first failure */
};

static void on_report(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct cx_writer *w = opaque;
    (void)rk;

    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR && w->failed++ == 0)
        snprintf(w->reason, sizeof w->reason, "%s partition %" PRId32 ": %s", rd_kafka_topic_name(message->rkt), message->partition,
                 rd_kafka_err2str(message->err));
}

struct cx_writer *cx_writer_open(const struct cx_kafka_config *cfg, struct cx_error *err)
{
    struct cx_writer *w = calloc(1, sizeof *w);
    struct cx_client_ids ids = { .opaque = w };
    rd_kafka_conf_t *conf;

    cx_assert(w != NULL);
    w->cfg = *cfg;
    conf = cx_client_conf(cfg, CX_CLIENT_WRITER, &ids, err);
    if (conf != NULL) {
        rd_kafka_conf_set(conf, "delivery.report.only.error", "true", NULL, 0);
        rd_kafka_conf_set_dr_msg_cb(conf, on_report);
        w->rk = cx_client_open(CX_CLIENT_WRITER, conf, err);
    }
    if (w->rk != NULL && cx_metadata_reach(w->rk, cfg, &w->trouble, &w->metadata, CALL_MS, err) == 0)
        return w;
    cx_writer_close(w);
    return NULL;
}

static int choose_topic(struct cx_writer *w, const char *topic, struct cx_error *err)
{
    if (w->rkt != NULL && strcmp(rd_kafka_topic_name(w->rkt), topic) == 0)
        return 0;
    w->partitions = cx_metadata_partitions(&w->metadata, topic);
    if (w->partitions < 0)
        return cx_fail(err, CX_EXIT_CONFIG,
                       "topic %s does not exist (make it: cx topics create), or this user may not see it (rights: cx topics acl)", topic);
    CX_TRY(cx_metadata_await_leaders(w->rk, topic, w->partitions, err));
    if (w->rkt != NULL)
        rd_kafka_topic_destroy(w->rkt);
    w->rkt = rd_kafka_topic_new(w->rk, topic, NULL);
    cx_assert(w->rkt != NULL);
    return 0;
}

int cx_writer_send(struct cx_writer *w, const char *topic, int32_t partition, struct cx_str key, struct cx_str value, const struct cx_header *headers,
                   size_t header_count, struct cx_error *err)
{
    rd_kafka_headers_t *copied;
    rd_kafka_resp_err_t code;

    CX_TRY(choose_topic(w, topic, err));
    if (partition >= w->partitions)
        return cx_fail(err, CX_EXIT_CONFIG, "topic %s has %" PRId32 " partitions, there is no partition %" PRId32, topic, w->partitions, partition);
    if (++w->sent % SERVE_EVERY == 0)
        rd_kafka_poll(w->rk, 0);
    copied = cx_headers_copy(headers, header_count);
    while (true) {
        if (copied == NULL)
            code = rd_kafka_producev(w->rk, RD_KAFKA_V_RKT(w->rkt), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                     RD_KAFKA_V_VALUE((void *)value.ptr, value.len), RD_KAFKA_V_KEY(key.ptr, key.len), RD_KAFKA_V_END);
        else
            code = rd_kafka_producev(w->rk, RD_KAFKA_V_RKT(w->rkt), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                     RD_KAFKA_V_VALUE((void *)value.ptr, value.len), RD_KAFKA_V_KEY(key.ptr, key.len), RD_KAFKA_V_HEADERS(copied),
                                     RD_KAFKA_V_END);
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            break;
        rd_kafka_poll(w->rk, FULL_PAUSE_MS);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    if (copied != NULL)
        rd_kafka_headers_destroy(copied);
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return cx_fail(err, CX_EXIT_DATA, "a record for %s has %zu bytes, more than kafka.max_message", topic, key.len + value.len);
    return cx_cure_fail(err, cx_cure_of_consumer(code), topic, code, rd_kafka_err2str(code));
}

int cx_writer_flush(struct cx_writer *w, struct cx_error *err)
{
    while (rd_kafka_flush(w->rk, CALL_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT)
        ; /* ends, since every record is acknowledged or times out */
    if (w->failed == 0)
        return 0;
    return cx_fail(err, CX_EXIT_UNREACHABLE, "%" PRIu64 " of %" PRIu64 " records were not acknowledged; the first: %s", w->failed, w->sent,
                   w->reason);
}

void cx_writer_close(struct cx_writer *w)
{
    if (w == NULL)
        return;
    if (w->rkt != NULL)
        rd_kafka_topic_destroy(w->rkt);
    if (w->rk != NULL)
        rd_kafka_destroy(w->rk);
    cx_metadata_free(&w->metadata);
    free(w);
}
