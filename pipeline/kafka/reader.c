/* reader.c - topics read by assignment, without a group.
 *
 * The end of a partition is what it was when the reader was opened, uncommitted records included. The end that read_committed clients see lags
 * behind: a transaction shows there a moment after its commit, so a reader that believed it would leave out what was committed just before. */
#include "kafka/handle.h"
#include "log/log.h"
#include <inttypes.h>

enum { CALL_MS = 10000 };

struct reader_part {
    char *topic;
    size_t topic_length;
    int32_t partition;
    int64_t end;
    bool at_end;
};
struct cx_reader {
    struct cx_trouble trouble; /* first: the opaque of the client */
    struct cx_kafka_config cfg;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t **rkts; /* started, one a topic */
    size_t rkt_count;
    struct cx_metadata metadata;
    struct reader_part *parts; /* in the order of topics, then partitions */
    size_t count, ended;
    struct reader_part *last;
    const rd_kafka_topic_t *last_rkt;
    rd_kafka_message_t *current;
    struct cx_headers headers;
};

static int add_topic(struct cx_reader *r, const char *topic, struct cx_error *err)
{
    int32_t partitions = cx_metadata_partitions(&r->metadata, topic);
    size_t wanted = r->count + (size_t)(partitions > 0 ? partitions : 0);

    if (partitions < 0)
        return cx_fail(err, CX_EXIT_CONFIG, "topic %s does not exist", topic);
    r->parts = realloc(r->parts, (wanted + 1) * sizeof *r->parts);
    cx_assert(r->parts != NULL);
    for (int32_t p = 0; p < partitions; p++) {
        r->parts[r->count] = (struct reader_part){ strdup(topic), strlen(topic), p, 0, false };
        cx_assert(r->parts[r->count].topic != NULL);
        r->count++;
    }
    return 0;
}

/* First offsets at or after a time, -1 (the end) where there is none. */
static int offsets_by_time(struct cx_reader *r, rd_kafka_topic_partition_list_t *list, int64_t ms, struct cx_error *err)
{
    rd_kafka_resp_err_t code = cx_metadata_offsets(r->rk, list, ms, CALL_MS);

    for (int i = 0; i < list->cnt; i++)
        if (list->elems[i].offset < 0)
            list->elems[i].offset = RD_KAFKA_OFFSET_END;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return cx_fail(err, CX_EXIT_UNREACHABLE, "kafka: offsets by time: %s", rd_kafka_err2str(code));
}

static rd_kafka_topic_partition_list_t *list_of_parts(const struct cx_reader *r, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)r->count);

    for (size_t i = 0; i < r->count; i++)
        rd_kafka_topic_partition_list_add(list, r->parts[i].topic, r->parts[i].partition)->offset = offset;
    return list;
}

static int ask_ends(struct cx_reader *r, struct cx_error *err)
{
    struct cx_client_ids ids = { .opaque = r };
    rd_kafka_conf_t *conf = cx_client_conf(&r->cfg, CX_CLIENT_PROBE, &ids, err);
    rd_kafka_t *probe = conf ? cx_client_open(CX_CLIENT_PROBE, conf, err) : NULL;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t code;

    if (probe == NULL)
        return -1;
    list = list_of_parts(r, RD_KAFKA_OFFSET_END);
    code = cx_metadata_offsets(probe, list, RD_KAFKA_OFFSET_END, CALL_MS);
    for (int i = 0; i < list->cnt; i++)
        r->parts[i].end = list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(probe);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    return cx_fail(err, CX_EXIT_UNREACHABLE, "kafka: the ends of the topics: %s", rd_kafka_err2str(code));
}

static int start_all(struct cx_reader *r, const rd_kafka_topic_partition_list_t *list, struct cx_error *err)
{
    rd_kafka_topic_t *rkt = NULL;

    for (int i = 0; i < list->cnt; i++) {
        const rd_kafka_topic_partition_t *part = &list->elems[i];
        if (rkt == NULL || strcmp(rd_kafka_topic_name(rkt), part->topic) != 0)
            rkt = r->rkts[r->rkt_count++] = rd_kafka_topic_new(r->rk, part->topic, NULL);
        if (rd_kafka_consume_start_queue(rkt, part->partition, part->offset, r->queue) != 0)
            return cx_fail(err, CX_EXIT_BUG, "reading %s: %s", part->topic, rd_kafka_err2str(rd_kafka_last_error()));
    }
    return 0;
}

static int start_from(struct cx_reader *r, int64_t from, bool by_time, struct cx_error *err)
{
    int64_t offset = from == -1 ? RD_KAFKA_OFFSET_BEGINNING : from == -2 ? RD_KAFKA_OFFSET_END : from;
    rd_kafka_topic_partition_list_t *list = list_of_parts(r, offset);
    int status = by_time ? offsets_by_time(r, list, from, err) : 0;

    if (status == 0)
        status = start_all(r, list, err);
    rd_kafka_topic_partition_list_destroy(list);
    return status;
}

static int start(struct cx_reader *r, const char *const *topics, size_t topic_count, int64_t from, bool by_time, struct cx_error *err)
{
    struct cx_client_ids ids = { .opaque = r };
    rd_kafka_conf_t *conf = cx_client_conf(&r->cfg, CX_CLIENT_READER, &ids, err);

    if (conf == NULL)
        return -1;
    r->rk = cx_client_open(CX_CLIENT_READER, conf, err);
    if (r->rk == NULL)
        return -1;
    r->queue = rd_kafka_queue_new(r->rk);
    CX_TRY(cx_metadata_reach(r->rk, &r->cfg, &r->trouble, &r->metadata, CALL_MS, err));
    for (size_t i = 0; i < topic_count; i++)
        CX_TRY(add_topic(r, topics[i], err));
    CX_TRY(ask_ends(r, err));
    r->rkts = calloc(topic_count + 1, sizeof(rd_kafka_topic_t *));
    cx_assert(r->rkts != NULL);
    return start_from(r, from, by_time, err);
}

struct cx_reader *cx_reader_open(const struct cx_kafka_config *cfg, const char *const *topics, size_t topic_count, int64_t from, bool by_time,
                                 struct cx_error *err)
{
    struct cx_reader *r = calloc(1, sizeof *r);

    cx_assert(r != NULL);
    r->cfg = *cfg;
    if (start(r, topics, topic_count, from, by_time, err) != 0) {
        cx_reader_close(r);
        return NULL;
    }
    return r;
}

static struct reader_part *part_of(struct cx_reader *r, const rd_kafka_message_t *message)
{
    const char *topic;

    if (message->rkt == r->last_rkt && r->last->partition == message->partition)
        return r->last;
    topic = rd_kafka_topic_name(message->rkt);
    for (struct reader_part *part = r->parts; part < r->parts + r->count; part++)
        if (part->partition == message->partition && strcmp(part->topic, topic) == 0) {
            r->last = part;
            r->last_rkt = message->rkt;
            return part;
        }
    cx_assert(!"a partition that was not started");
    return NULL;
}

static void note_end(struct cx_reader *r, struct reader_part *part, bool at_end)
{
    if (part->at_end != at_end)
        r->ended += at_end ? 1 : (size_t)-1;
    part->at_end = at_end;
}

enum cx_polled cx_reader_poll(struct cx_reader *r, int wait_ms, struct cx_message *message, struct cx_error *err)
{
    struct reader_part *part;
    rd_kafka_message_t *got;
    enum cx_cure cure;

    if (r->current != NULL)
        rd_kafka_message_destroy(r->current);
    r->current = got = rd_kafka_consume_queue(r->queue, wait_ms);
    if (got == NULL) {
        rd_kafka_poll(r->rk, 0);
        return CX_POLL_NONE;
    }
    if (got->err != RD_KAFKA_RESP_ERR_NO_ERROR && got->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        cure = cx_cure_of_consumer(got->err);
        cx_log_limited(CX_WARN, "kafka_read", "code=%s text=\"%s\"", rd_kafka_err2name(got->err), rd_kafka_message_errstr(got));
        if (cure == CX_CURE_RETRY)
            return CX_POLL_NONE;
        cx_cure_fail(err, cure, "reading", got->err, rd_kafka_message_errstr(got));
        return CX_POLL_FATAL;
    }
    part = part_of(r, got);
    note_end(r, part, got->err != RD_KAFKA_RESP_ERR_NO_ERROR && got->offset >= part->end);
    if (got->err != RD_KAFKA_RESP_ERR_NO_ERROR && !part->at_end)
        return CX_POLL_NONE;
    if (part->at_end) {
        *message = (struct cx_message){ .topic = { part->topic, part->topic_length }, .partition = part->partition, .offset = got->offset };
        return CX_POLL_EOF;
    }
    cx_message_view(got, (struct cx_str){ part->topic, part->topic_length }, &r->headers, message);
    return CX_POLL_MESSAGE;
}

bool cx_reader_at_end(const struct cx_reader *r)
{
    return r->ended == r->count;
}

void cx_reader_close(struct cx_reader *r)
{
    if (r == NULL)
        return;
    if (r->current != NULL)
        rd_kafka_message_destroy(r->current);
    for (size_t i = 0; i < r->count; i++) {
        for (size_t t = 0; t < r->rkt_count; t++)
            if (strcmp(rd_kafka_topic_name(r->rkts[t]), r->parts[i].topic) == 0)
                rd_kafka_consume_stop(r->rkts[t], r->parts[i].partition);
        free(r->parts[i].topic);
    }
    for (size_t t = 0; t < r->rkt_count; t++)
        rd_kafka_topic_destroy(r->rkts[t]);
    if (r->queue != NULL)
        rd_kafka_queue_destroy(r->queue);
    if (r->rk != NULL)
        rd_kafka_destroy(r->rk);
    cx_metadata_free(&r->metadata);
    free(r->rkts);
    free(r->parts);
    free(r->headers.row);
    free(r);
}
