#include "kafka/tail.h"
#include "kafka/handle.h"
#include "log/log.h"
#include <inttypes.h>

enum { CALL_MS = 5000, OWNER_MS = 2000, REACH_MS = 60000 };

struct part {
    const char *topic;
    size_t topic_length;
    int32_t partition;
    rd_kafka_topic_t *rkt;
    int64_t position;
};
struct cx_tail {
    struct cx_trouble trouble; /* first: the opaque of the clients */
    const struct cx_kafka_config *cfg;
    char group[256], instance[256], transactional_id[256];
    rd_kafka_t *rk, *probe; /* the one reads; the other asks */
    rd_kafka_queue_t *queue, *answers;
    struct cx_metadata metadata;
    char *cluster_id;
    struct part *parts;
    size_t count;
    struct part *last;
    rd_kafka_message_t *current; /* lent to the caller */
    struct cx_headers headers;
};

static rd_kafka_t *client(struct cx_tail *t, enum cx_client kind, struct cx_error *err)
{
    struct cx_client_ids ids = { .opaque = t };
    rd_kafka_conf_t *conf = cx_client_conf(t->cfg, kind, &ids, err);

    return conf ? cx_client_open(kind, conf, err) : NULL;
}

struct cx_tail *cx_tail_open(const struct cx_kafka_config *cfg, const char *chain, struct cx_error *err)
{
    struct cx_tail *t = calloc(1, sizeof *t);

    cx_assert(t != NULL);
    t->cfg = cfg;
    snprintf(t->group, sizeof t->group, "cx.%s", chain);
    snprintf(t->instance, sizeof t->instance, "%.*s", CX_STR_ARG(cfg->instance));
    snprintf(t->transactional_id, sizeof t->transactional_id, "cx.%s.%.*s", chain, CX_STR_ARG(cfg->instance));
    t->rk = client(t, CX_CLIENT_RESTORER, err);
    t->probe = t->rk ? client(t, CX_CLIENT_PROBE, err) : NULL;
    if (t->probe == NULL || cx_metadata_reach(t->probe, cfg, &t->trouble, &t->metadata, REACH_MS, err) != 0) {
        cx_tail_close(t);
        return NULL;
    }
    t->queue = rd_kafka_queue_new(t->rk);
    t->answers = rd_kafka_queue_new(t->probe);
    t->cluster_id = rd_kafka_clusterid(t->probe, CALL_MS);
    return t;
}

void cx_tail_close(struct cx_tail *t)
{
    if (t == NULL)
        return;
    if (t->current != NULL)
        rd_kafka_message_destroy(t->current);
    while (t->count != 0)
        cx_tail_remove(t, t->parts[t->count - 1].topic, t->parts[t->count - 1].partition);
    if (t->queue != NULL)
        rd_kafka_queue_destroy(t->queue);
    if (t->answers != NULL)
        rd_kafka_queue_destroy(t->answers);
    if (t->rk != NULL)
        rd_kafka_destroy(t->rk);
    if (t->probe != NULL)
        rd_kafka_destroy(t->probe);
    cx_metadata_free(&t->metadata);
    free(t->headers.row);
    free(t->cluster_id);
    free(t->parts);
    free(t);
}

const char *cx_tail_cluster_id(struct cx_tail *t)
{
    return t->cluster_id ? t->cluster_id : "";
}

const char *cx_tail_identity(const struct cx_tail *t)
{
    return t->transactional_id;
}

/* ---- partitions ---- */

int cx_tail_ends(struct cx_tail *t, const char *topic, int32_t partition, int64_t *start, int64_t *end, struct cx_error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(t->probe, topic, partition, start, end, CALL_MS);

    return code == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : cx_cure_fail(err, cx_cure_of_consumer(code), "ask for the end of a changelog", code, topic);
}

static struct part *find(struct cx_tail *t, const char *topic, int32_t partition)
{
    for (struct part *part = t->parts; part < t->parts + t->count; part++)
        if (part->partition == partition && strcmp(part->topic, topic) == 0)
            return part;
    return NULL;
}

int cx_tail_add(struct cx_tail *t, const char *topic, int32_t partition, int64_t from, struct cx_error *err)
{
    rd_kafka_topic_t *rkt = rd_kafka_topic_new(t->rk, topic, NULL);

    cx_assert(rkt != NULL && find(t, topic, partition) == NULL);
    if (rd_kafka_consume_start_queue(rkt, partition, from, t->queue) != 0) {
        rd_kafka_topic_destroy(rkt);
        return cx_fail(err, CX_EXIT_BUG, "following %s: %s", topic, rd_kafka_err2str(rd_kafka_last_error()));
    }
    t->parts = realloc(t->parts, (t->count + 1) * sizeof *t->parts);
    cx_assert(t->parts != NULL);
    t->parts[t->count++] = (struct part){ topic, strlen(topic), partition, rkt, from };
    t->last = NULL;
    return 0;
}

void cx_tail_remove(struct cx_tail *t, const char *topic, int32_t partition)
{
    struct part *part = find(t, topic, partition);

    if (part == NULL)
        return;
    rd_kafka_consume_stop(part->rkt, partition);
    rd_kafka_topic_destroy(part->rkt);
    *part = t->parts[--t->count];
    t->last = NULL;
}

int64_t cx_tail_lag(struct cx_tail *t)
{
    int64_t lag = 0, low, high;

    for (const struct part *part = t->parts; part < t->parts + t->count; part++)
        if (rd_kafka_get_watermark_offsets(t->rk, part->topic, part->partition, &low, &high) == RD_KAFKA_RESP_ERR_NO_ERROR && high > part->position)
            lag += high - part->position;
    return lag;
}

/* ---- records ---- */

/* What was fetched of a partition before it was removed may still come. */
static struct part *part_of(struct cx_tail *t, const rd_kafka_message_t *message)
{
    if (t->last != NULL && t->last->rkt == message->rkt && t->last->partition == message->partition)
        return t->last;
    return t->last = find(t, rd_kafka_topic_name(message->rkt), message->partition);
}

enum cx_polled cx_tail_poll(struct cx_tail *t, int wait_ms, struct cx_message *message, struct cx_error *err)
{
    rd_kafka_message_t *got;
    struct part *part;

    if (t->current != NULL)
        rd_kafka_message_destroy(t->current);
    t->current = got = rd_kafka_consume_queue(t->queue, wait_ms);
    if (got == NULL) {
        rd_kafka_poll(t->rk, 0);
        rd_kafka_poll(t->probe, 0);
        return CX_POLL_NONE;
    }
    if (got->err != RD_KAFKA_RESP_ERR_NO_ERROR && got->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        enum cx_cure cure = cx_cure_of_consumer(got->err);
        cx_log_limited(CX_WARN, "kafka_follow", "code=%s text=\"%s\"", rd_kafka_err2name(got->err), rd_kafka_message_errstr(got));
        if (cure == CX_CURE_RETRY)
            return CX_POLL_NONE;
        cx_cure_fail(err, cure, "following", got->err, rd_kafka_message_errstr(got));
        return CX_POLL_FATAL;
    }
    part = part_of(t, got);
    if (part == NULL)
        return CX_POLL_NONE;
    if (got->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        part->position = got->offset;
        *message = (struct cx_message){ .topic = { part->topic, part->topic_length }, .partition = part->partition, .offset = got->offset };
        return CX_POLL_EOF;
    }
    part->position = got->offset + 1;
    cx_message_view(got, (struct cx_str){ part->topic, part->topic_length }, &t->headers, message);
    return CX_POLL_MESSAGE;
}

/* ---- the owner ---- */

static enum cx_owner read_member(const rd_kafka_MemberDescription_t *member, const char *topic, int32_t *partitions, size_t max, size_t *count)
{
    const rd_kafka_topic_partition_list_t *list = rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(member));

    *count = 0;
    for (int i = 0; list != NULL && i < list->cnt && *count < max; i++)
        if (strcmp(list->elems[i].topic, topic) == 0)
            partitions[(*count)++] = list->elems[i].partition;
    return CX_OWNER_SETTLED;
}

static enum cx_owner read_group(const struct cx_tail *t, const rd_kafka_ConsumerGroupDescription_t *group, const char *topic, int32_t *partitions,
                                size_t max, size_t *count)
{
    bool is_stable = rd_kafka_ConsumerGroupDescription_state(group) == RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;

    if (rd_kafka_ConsumerGroupDescription_error(group) != NULL)
        return CX_OWNER_UNKNOWN;
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(group); i++) {
        const rd_kafka_MemberDescription_t *member = rd_kafka_ConsumerGroupDescription_member(group, i);
        const char *name = rd_kafka_MemberDescription_group_instance_id(member);
        if (name != NULL && strcmp(name, t->instance) == 0)
            return is_stable ? read_member(member, topic, partitions, max, count) : CX_OWNER_THERE;
    }
    return CX_OWNER_GONE;
}

enum cx_owner cx_tail_owner(struct cx_tail *t, const char *topic, int32_t *partitions, size_t max, size_t *count)
{
    const char *groups[] = { t->group };
    char why[128];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(t->probe, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    enum cx_owner owner = CX_OWNER_UNKNOWN;
    rd_kafka_event_t *event;

    (void)rd_kafka_AdminOptions_set_request_timeout(options, OWNER_MS, why, sizeof why);
    rd_kafka_DescribeConsumerGroups(t->probe, groups, 1, options, t->answers);
    rd_kafka_AdminOptions_destroy(options);
    event = rd_kafka_queue_poll(t->answers, OWNER_MS + 500);
    if (event != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        size_t found;
        const rd_kafka_ConsumerGroupDescription_t **described =
            rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(event), &found);
        if (found == 1)
            owner = read_group(t, described[0], topic, partitions, max, count);
    }
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return owner;
}
