/* restore.c - a changelog partition, from an offset to its end.
 *
 * The end is asked with a client of its own that reads uncommitted: read_committed clients are told the last stable offset, which may not yet
 * include the last committed transaction (KAFKA-10167). The content is read committed until the position reaches that end; what an open
 * transaction of a dead owner holds back makes this wait, at most for its timeout.
 *
 * Both clients use librdkafka's simple consumer: no group, no coordinator, no offsets. They live until all partitions of an assignment are
 * restored. */
#include "kafka/handle.h"
#include "base/time.h"
#include "log/log.h"
#include <inttypes.h>

enum { CALL_MS = 5000, POLL_MS = 100 };

static rd_kafka_t *client(struct cx_kafka *k, rd_kafka_t **kept, enum cx_client kind, struct cx_error *err)
{
    struct cx_client_ids ids = { .opaque = k };
    rd_kafka_conf_t *conf;

    if (*kept == NULL && (conf = cx_client_conf(&k->cfg, kind, &ids, err)) != NULL)
        *kept = cx_client_open(kind, conf, err);
    return *kept;
}

void cx_restore_close(struct cx_kafka *k)
{
    if (k->probe != NULL)
        rd_kafka_destroy(k->probe);
    if (k->restorer != NULL)
        rd_kafka_destroy(k->restorer);
    k->probe = k->restorer = NULL;
}

static int ask_ends(struct cx_kafka *k, const char *topic, int32_t partition, int64_t *start, int64_t *end, struct cx_error *err)
{
    static const char doing[] = "ask for the end of a changelog";
    rd_kafka_t *probe = client(k, &k->probe, CX_CLIENT_PROBE, err);
    rd_kafka_resp_err_t code;
    int pause_ms = 20;

    if (probe == NULL)
        return -1;
    while ((code = rd_kafka_query_watermark_offsets(probe, topic, partition, start, end, CALL_MS)) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_poll(probe, 0);
        if (cx_cure_of_consumer(code) != CX_CURE_RETRY)
            return cx_cure_fail(err, cx_cure_of_consumer(code), doing, code, topic);
        if (!cx_kafka_wait(k, doing, &pause_ms, err))
            return -1;
    }
    return 0;
}

struct restoring {
    struct cx_kafka *k;
    struct cx_restore *asked;
    struct cx_str topic;
    int64_t from;
    struct cx_headers headers;
};

/* 1: the end is reached, 0: not yet, -1: failed. */
static int take(struct restoring *r, const rd_kafka_message_t *got, struct cx_error *err)
{
    struct cx_message message;
    enum cx_cure cure;

    if (got->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return got->offset >= r->asked->end;
    if (got->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        cure = cx_cure_of_consumer(got->err);
        return cure == CX_CURE_RETRY ? 0 : cx_cure_fail(err, cure, "restoring", got->err, rd_kafka_message_errstr(got));
    }
    if (got->offset >= r->asked->end) /* written after the call: this partition's owner is another process, and what it commits is not ours to see */
        return 1;
    r->k->counts.restored++;
    cx_message_view(got, r->topic, &r->headers, &message);
    return r->asked->each(r->asked->context, &message, err);
}

static int read_all(struct restoring *r, rd_kafka_queue_t *queue, rd_kafka_t *reader, struct cx_error *err)
{
    int status = 0;

    while (status == 0) {
        rd_kafka_message_t *got = rd_kafka_consume_queue(queue, POLL_MS);
        if (got != NULL) {
            status = take(r, got, err);
            rd_kafka_message_destroy(got);
            continue;
        }
        rd_kafka_poll(reader, 0);
        cx_kafka_waiting(r->k, "restore");
        cx_log_limited(CX_INFO, "kafka_restoring", "topic=%.*s trouble=\"%s\"", CX_STR_ARG(r->topic), r->k->trouble.text);
        if (r->k->interrupted)
            status = cx_fail(err, CX_EXIT_OK, "kafka: stopped while restoring %.*s", CX_STR_ARG(r->topic));
    }
    return status > 0 ? 0 : -1;
}

static int read_from(struct restoring *r, int32_t partition, struct cx_error *err)
{
    rd_kafka_t *reader = client(r->k, &r->k->restorer, CX_CLIENT_RESTORER, err);
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t *rkt;
    int status = -1;

    if (reader == NULL)
        return -1;
    queue = rd_kafka_queue_new(reader);
    rkt = rd_kafka_topic_new(reader, r->topic.ptr, NULL);
    /* At a number, since librdkafka waits half a second before it asks where "the beginning" is. */
    if (rkt == NULL || rd_kafka_consume_start_queue(rkt, partition, r->from, queue) != 0) {
        cx_fail(err, CX_EXIT_BUG, "restoring %s: %s", r->topic.ptr, rd_kafka_err2str(rd_kafka_last_error()));
    } else {
        status = read_all(r, queue, reader, err);
        rd_kafka_consume_stop(rkt, partition);
    }
    if (rkt != NULL)
        rd_kafka_topic_destroy(rkt);
    rd_kafka_queue_destroy(queue);
    return status;
}

int cx_kafka_restore(struct cx_kafka *k, struct cx_restore *asked, struct cx_error *err)
{
    struct restoring r = { .k = k, .asked = asked, .topic = cx_str(asked->topic) };
    int64_t begun = cx_monotonic_ns();
    uint64_t before = k->counts.restored;
    int64_t end;
    int status = 0;

    CX_TRY(ask_ends(k, asked->topic, asked->partition, &asked->start, &asked->end, err));
    r.from = asked->from < 0 ? asked->start : asked->from;
    if (r.from < asked->start || r.from > asked->end)
        return 1;
    if (asked->to != 0 && asked->to < asked->end)
        asked->end = asked->to;
    if (asked->end > r.from)
        status = read_from(&r, asked->partition, err);
    free(r.headers.row);
    if (status == 0 && asked->from >= 0) /* what retention took meanwhile was not read, and the reader would have gone on behind it */
        CX_TRY(ask_ends(k, asked->topic, asked->partition, &asked->start, &end, err));
    if (status == 0 && asked->from >= 0 && asked->start > asked->from)
        return 1;
    if (status == 0)
        cx_log(CX_DEBUG, "kafka_restored", "topic=%s partition=%" PRId32 " from=%" PRId64 " end=%" PRId64 " records=%" PRIu64 " ms=%" PRId64,
               asked->topic, asked->partition, r.from, asked->end, k->counts.restored - before, (cx_monotonic_ns() - begun) / 1000000);
    return status;
}
