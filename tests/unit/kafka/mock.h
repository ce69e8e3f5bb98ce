/* mock.h - a handle of the kafka room on librdkafka's mock cluster. It shows how errors are judged, and nothing of exactly-once: the mock's
 * transactions have no effect. The partition is given by hand, since joining a group takes the mock three seconds. */
#ifndef CX_TEST_KAFKA_MOCK_H
#define CX_TEST_KAFKA_MOCK_H
#include "kafka/handle.h"
#include "log/log.h"
#include <criterion/criterion.h>
#include <librdkafka/rdkafka_mock.h>
#include <unistd.h>

enum {
    PRODUCE = 0,
    METADATA = 3,
    OFFSET_FETCH = 9,
    FIND_COORDINATOR = 10,
    INIT_PRODUCER_ID = 22,
    ADD_PARTITIONS = 24,
    ADD_OFFSETS = 25,
    END_TXN = 26,
    TXN_OFFSET_COMMIT = 28
};
#define E(code) RD_KAFKA_RESP_ERR_##code

static rd_kafka_t *host;
static rd_kafka_mock_cluster_t *cluster;
static struct cx_kafka *k;
static struct cx_kafka_config cfg;
static char state_dir[] = "/tmp/kafka-unit-XXXXXX";

static inline void give_partition(void)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, "in", 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_poll_set_consumer(k->consumer);
    cr_assert_eq(rd_kafka_assign(k->consumer, list), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(list);
    k->subscribed = true;
    k->membership = rd_kafka_consumer_group_metadata_new_with_genid("cx.unit", 1, "member", NULL);
    k->slots = calloc(1, sizeof *k->slots);
    k->slots[k->slot_count++] = (struct cx_slot){ k->topics[0], 2, 0, CX_NO_OFFSET, CX_NO_OFFSET, CX_NO_OFFSET };
}

/* NULL with err: as cx_kafka_open. */
static struct cx_kafka *open_handle(struct cx_error *err)
{
    static const char *const topics[] = { "in" };
    struct cx_kafka_callbacks none = { 0 };

    k = cx_kafka_open(&cfg, "unit", topics, 1, true, &none, err);
    return k;
}

static inline void open_with_partition(void)
{
    struct cx_message m;
    struct cx_error err;
    enum cx_polled polled;

    cr_assert_not_null(open_handle(&err), "%s", err.text);
    give_partition();
    while ((polled = cx_kafka_poll(k, 100, &m, &err)) != CX_POLL_EOF)
        cr_assert_neq(polled, CX_POLL_FATAL, "%s", err.text);
}

static void start_cluster(int brokers)
{
    struct cx_error err;
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[200];

    cx_log_setup(CX_ERROR, CX_LOG_TEXT);
    rd_kafka_conf_set(conf, "log_level", "0", NULL, 0);
    host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    cluster = rd_kafka_mock_cluster_new(host, brokers);
    rd_kafka_mock_topic_create(cluster, "in", 1, brokers);
    rd_kafka_mock_topic_create(cluster, "out", 2, brokers);
    cr_assert_eq(cx_options_read(cx_kafka_options, NULL, "kafka", &cfg, &err), 0);
    cfg.brokers = cx_str(rd_kafka_mock_cluster_bootstraps(cluster));
    cfg.state_dir = cx_str(mkdtemp(state_dir));
}

static void teardown(void)
{
    char path[200];

    cx_kafka_close(k);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(host);
    snprintf(path, sizeof path, "%s/unit.0.lock", state_dir);
    unlink(path);
    rmdir(state_dir);
}

/* begin, one record, its offset. */
static enum cx_kafka_result fill(struct cx_error *err)
{
    enum cx_kafka_result result = cx_kafka_begin(k, err);

    if (result == CX_KAFKA_OK)
        result = cx_kafka_produce(k, "out", 0, CX_STR("key"), CX_STR("value"), NULL, 0, 0, err);
    cx_kafka_done(k, "in", 0, 0);
    return result;
}
#endif
