/* cluster.c - asking a cluster about itself.
 *
 * librdkafka 2.0.2 has no call for the versions a broker serves, but tells them to whoever listens to its debug context "feature"; so this client
 * does, and reads one line of it. Where that line looks different one day, the answer is "not told". */
#include "kafka/cluster.h"
#include "base/time.h"
#include "kafka/admin.h"
#include <stdatomic.h>

#define CLOCK_SLACK_MS    INT64_C(5000) /* clocks that agree to this are taken to agree */
#define CLOCK_FARTHEST_MS INT64_C(400000000000)

static atomic_int join_group_min; /* log callbacks come from librdkafka's threads */

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    const char *at = strcmp(facility, "APIVERSION") == 0 ? strstr(text, "ApiKey JoinGroup ") : NULL;
    const char *versions = at ? strstr(at, "Versions ") : NULL;
    int lowest = versions ? (int)strtol(versions + strlen("Versions "), NULL, 10) : -1;
    (void)rk;
    (void)level;

    if (lowest > atomic_load(&join_group_min))
        atomic_store(&join_group_min, lowest);
}

static void listen_to_features(rd_kafka_conf_t *conf)
{
    (void)rd_kafka_conf_set(conf, "debug", "feature", NULL, 0);
    rd_kafka_conf_set_log_cb(conf, on_log);
}

static const char *copy(struct cx_arena *arena, const char *text)
{
    return text ? cx_arena_format(arena, "%s%c", text, '\0').ptr : "";
}

/* What one broker or topic is set to; NULL and no count where we are not told. */
static const struct cx_property *describe(struct cx_admin *a, struct cx_arena *arena, rd_kafka_ResourceType_t type, const char *name, size_t *count,
                                          struct cx_error *err)
{
    rd_kafka_ConfigResource_t *asked = rd_kafka_ConfigResource_new(type, name);
    rd_kafka_AdminOptions_t *made = cx_admin_options(a, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
    const rd_kafka_ConfigResource_t **resources;
    struct cx_property *properties = NULL;
    rd_kafka_event_t *event;
    size_t n = 0;

    *count = 0;
    rd_kafka_DescribeConfigs(a->rk, &asked, 1, made, a->queue);
    event = cx_admin_answer(a, made, "describe brokers and topics", err);
    rd_kafka_ConfigResource_destroy(asked);
    if (event == NULL)
        return NULL;
    resources = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &n);
    if (n == 1 && rd_kafka_ConfigResource_error(resources[0]) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resources[0], count);
        properties = CX_NEW_ARRAY(arena, struct cx_property, *count + 1);
        for (size_t i = 0; i < *count; i++)
            properties[i] =
                (struct cx_property){ copy(arena, rd_kafka_ConfigEntry_name(entries[i])), copy(arena, rd_kafka_ConfigEntry_value(entries[i])) };
    }
    rd_kafka_event_destroy(event);
    return properties;
}

static int describe_brokers(struct cx_admin *a, struct cx_arena *arena, const struct rd_kafka_metadata *metadata, struct cx_cluster *out,
                            struct cx_error *err)
{
    struct cx_broker *brokers = CX_NEW_ARRAY(arena, struct cx_broker, (size_t)metadata->broker_cnt + 1);
    char name[16];

    err->text[0] = '\0';
    for (int i = 0; i < metadata->broker_cnt; i++) {
        struct cx_broker *b = &brokers[i];
        b->id = metadata->brokers[i].id;
        snprintf(name, sizeof name, "%d", (int)b->id);
        b->properties = describe(a, arena, RD_KAFKA_RESOURCE_BROKER, name, &b->property_count, err);
        if (err->text[0] != '\0')
            return -1;
    }
    out->brokers = brokers;
    out->broker_count = (size_t)metadata->broker_cnt;
    return 0;
}

/* Is a record there that is so much younger than now? A partition without one answers with its end, which is no offset of a record. */
static bool has_record_after(struct cx_admin *a, const char *topic, int32_t partitions, int64_t time_ms)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
    bool found = false;

    for (int32_t p = 0; p < partitions; p++)
        rd_kafka_topic_partition_list_add(list, topic, p)->offset = time_ms;
    if (rd_kafka_offsets_for_times(a->rk, list, CX_ADMIN_CALL_MS) == RD_KAFKA_RESP_ERR_NO_ERROR)
        for (int i = 0; i < list->cnt; i++)
            found = found || (list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR && list->elems[i].offset >= 0);
    rd_kafka_topic_partition_list_destroy(list);
    return found;
}

static int64_t ahead_of_clock(struct cx_admin *a, const char *topic, int32_t partitions)
{
    int64_t ahead = 0, now = cx_wall_ms();

    for (int64_t step = CLOCK_SLACK_MS; step < CLOCK_FARTHEST_MS && has_record_after(a, topic, partitions, now + step); step *= 4)
        ahead = step;
    return ahead;
}

static void count_replicas(const struct rd_kafka_metadata *metadata, struct cx_cluster_topic *topic)
{
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *t = &metadata->topics[i];
        if (strcmp(t->topic, topic->name) != 0 || t->err != RD_KAFKA_RESP_ERR_NO_ERROR)
            continue;
        topic->partitions = t->partition_cnt;
        for (int p = 0; p < t->partition_cnt; p++)
            if (p == 0 || t->partitions[p].replica_cnt < topic->replicas)
                topic->replicas = t->partitions[p].replica_cnt;
    }
}

static int describe_topics(struct cx_admin *a, struct cx_arena *arena, const struct rd_kafka_metadata *metadata, const char *const *names,
                           struct cx_cluster *out, struct cx_error *err)
{
    struct cx_cluster_topic *topics = CX_NEW_ARRAY(arena, struct cx_cluster_topic, out->topic_count + 1);

    for (size_t i = 0; i < out->topic_count; i++) {
        struct cx_cluster_topic *t = &topics[i];
        *t = (struct cx_cluster_topic){ .name = names[i], .partitions = -1 };
        count_replicas(metadata, t);
        if (t->partitions < 0)
            continue;
        t->properties = describe(a, arena, RD_KAFKA_RESOURCE_TOPIC, t->name, &t->property_count, err);
        if (err->text[0] != '\0')
            return -1;
        t->ahead_ms = ahead_of_clock(a, t->name, t->partitions);
    }
    out->topics = topics;
    return 0;
}

int cx_cluster_describe(const struct cx_kafka_config *cfg, struct cx_arena *arena, const char *const *topics, size_t topic_count,
                        struct cx_cluster *out, struct cx_error *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    struct cx_admin a;
    int status;

    *out = (struct cx_cluster){ .topic_count = topic_count };
    atomic_store(&join_group_min, -1);
    status = cx_admin_open(&a, cfg, listen_to_features, err);
    if (status == 0 && rd_kafka_metadata(a.rk, 1, NULL, &metadata, CX_ADMIN_CALL_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        status = cx_client_unreachable(cfg, &a.trouble, "list brokers and topics", err);
    if (status == 0)
        status = describe_brokers(&a, arena, metadata, out, err);
    if (status == 0)
        status = describe_topics(&a, arena, metadata, topics, out, err);
    out->join_group_min = atomic_load(&join_group_min);
    if (metadata != NULL)
        rd_kafka_metadata_destroy(metadata);
    cx_admin_close(&a);
    return status;
}

const char *cx_property_find(const struct cx_property *properties, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(properties[i].name, name) == 0)
            return properties[i].value;
    return NULL;
}
