/* consumer.c - records in, one at a time. */
#include "kafka/handle.h"
#include "log/log.h"
#include <inttypes.h>

int cx_consumer_open(struct cx_kafka *k, struct cx_error *err)
{
    struct cx_client_ids ids = { .group = k->group, .instance = k->instance[0] ? k->instance : NULL, .stateful = k->stateful, .opaque = k };
    rd_kafka_conf_t *conf = cx_client_conf(&k->cfg, CX_CLIENT_CONSUMER, &ids, err);

    if (conf == NULL)
        return -1;
    rd_kafka_conf_set_rebalance_cb(conf, cx_on_rebalance);
    k->consumer = cx_client_open(CX_CLIENT_CONSUMER, conf, err);
    return k->consumer ? 0 : -1;
}

/* A member that vanishes politely, so that its partitions move at once. With the brokers away there is nobody to be polite to. */
void cx_consumer_close(struct cx_kafka *k)
{
    bool is_away = k->trouble.code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && k->interrupted;

    if (k->consumer == NULL)
        return;
    if (k->current != NULL)
        rd_kafka_message_destroy(k->current);
    if (k->subscribed && !k->failed && !is_away)
        rd_kafka_consumer_close(k->consumer);
    if (k->membership != NULL)
        rd_kafka_consumer_group_metadata_destroy(k->membership);
    rd_kafka_destroy_flags(k->consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(k->slots);
}

static int subscribe(struct cx_kafka *k, struct cx_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)k->topic_count);
    rd_kafka_resp_err_t code;

    for (size_t i = 0; i < k->topic_count; i++)
        rd_kafka_topic_partition_list_add(list, k->topics[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_poll_set_consumer(k->consumer);
    code = rd_kafka_subscribe(k->consumer, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return cx_cure_fail(err, CX_CURE_RESTART, "subscribing", code, rd_kafka_err2str(code));
    k->subscribed = true;
    return 0;
}

struct cx_slot *cx_slot_find(struct cx_kafka *k, const char *topic, int32_t partition)
{
    struct cx_slot *last = k->last_slot;

    /* Callers mostly pass our own pointer back, and mostly for the partition just read. */
    if (last != NULL && last->partition == partition && (last->topic == topic || strcmp(last->topic, topic) == 0))
        return last;
    for (struct cx_slot *slot = k->slots; slot < k->slots + k->slot_count; slot++)
        if (slot->partition == partition && strcmp(slot->topic, topic) == 0)
            return slot;
    return NULL;
}

/* The slot a message belongs to. The topic handle is compared before its name: handles live as long as the assignment. */
static struct cx_slot *slot_of(struct cx_kafka *k, const rd_kafka_message_t *message)
{
    struct cx_slot *slot = k->last_slot;

    if (slot != NULL && message->rkt == k->last_rkt && message->partition == slot->partition)
        return slot;
    slot = cx_slot_find(k, rd_kafka_topic_name(message->rkt), message->partition);
    if (slot != NULL) {
        k->last_slot = slot;
        k->last_rkt = message->rkt;
    }
    return slot;
}

static enum cx_polled poll_failed(struct cx_kafka *k, const rd_kafka_message_t *message, struct cx_error *err)
{
    enum cx_cure cure = cx_cure_of_consumer(message->err);
    struct cx_error why;
    char doing[300];
    char fatal[256];

    if (message->err == RD_KAFKA_RESP_ERR__FATAL) {
        rd_kafka_resp_err_t code = rd_kafka_fatal_error(k->consumer, fatal, sizeof fatal);
        cx_cure_fail(&why, CX_CURE_RESTART, "reading", code, fatal);
        cx_kafka_fail(k, &why, err);
        return CX_POLL_FATAL;
    }
    if (cure == CX_CURE_RETRY) {
        cx_log_limited(CX_WARN, "kafka_poll", "code=%s text=\"%s\"", rd_kafka_err2name(message->err), rd_kafka_message_errstr(message));
        return CX_POLL_NONE;
    }
    snprintf(doing, sizeof doing, "reading");
    if (message->rkt != NULL)
        snprintf(doing, sizeof doing, "reading %s partition %" PRId32 " at %" PRId64, rd_kafka_topic_name(message->rkt), message->partition,
                 message->offset);
    cx_cure_fail(&why, cure, doing, message->err, rd_kafka_message_errstr(message));
    cx_kafka_fail(k, &why, err);
    return CX_POLL_FATAL;
}

static enum cx_polled hand_out(struct cx_kafka *k, rd_kafka_message_t *got, struct cx_message *message)
{
    struct cx_slot *slot = slot_of(k, got);

    if (slot == NULL || k->stale)
        return CX_POLL_NONE;
    if (got->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        slot->position = got->offset;
        *message = (struct cx_message){ .topic = cx_str(slot->topic), .partition = slot->partition, .offset = got->offset };
        return CX_POLL_EOF;
    }
    slot->position = got->offset + 1;
    cx_message_view(got, (struct cx_str){ slot->topic, slot->topic_length }, &k->headers, message);
    return CX_POLL_MESSAGE;
}

enum cx_polled cx_kafka_poll(struct cx_kafka *k, int wait_ms, struct cx_message *message, struct cx_error *err)
{
    rd_kafka_message_t *got;

    if (k->current != NULL) {
        rd_kafka_message_destroy(k->current);
        k->current = NULL;
    }
    if (!k->subscribed && subscribe(k, err) != 0)
        return CX_POLL_FATAL;
    got = rd_kafka_consumer_poll(k->consumer, wait_ms);
    k->current = got;
    if (k->failed) {
        if (err != NULL)
            *err = k->failure;
        return CX_POLL_FATAL;
    }
    if (got == NULL)
        return CX_POLL_NONE;
    if (got->err != RD_KAFKA_RESP_ERR_NO_ERROR && got->err != RD_KAFKA_RESP_ERR__PARTITION_EOF)
        return poll_failed(k, got, err);
    return hand_out(k, got, message);
}

int64_t cx_kafka_lag(struct cx_kafka *k)
{
    int64_t lag = 0, low, high;

    for (const struct cx_slot *slot = k->slots; slot < k->slots + k->slot_count; slot++) {
        int64_t from = slot->position != CX_NO_OFFSET ? slot->position : slot->committed;
        if (rd_kafka_get_watermark_offsets(k->consumer, slot->topic, slot->partition, &low, &high) != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0)
            continue;
        from = from > low ? from : low;
        lag += high > from ? high - from : 0;
    }
    return lag;
}
