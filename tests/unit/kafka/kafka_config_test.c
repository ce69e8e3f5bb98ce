/* Which properties clients get, and which the operator cannot have. */
#include "kafka/handle.h"
#include <criterion/criterion.h>

static struct cx_kafka_config config_of(const char *yaml)
{
    static struct cx_arena *arena;
    struct cx_kafka_config cfg;
    struct cx_error err;
    const struct cx_node *map;

    arena = cx_arena_new(1 << 20);
    map = cx_config_parse(arena, "cx.yaml", cx_str(yaml), &err);
    cr_assert_not_null(map, "%s", err.text);
    cr_assert_eq(cx_options_read(cx_kafka_options, map, "kafka", &cfg, &err), 0, "%s", err.text);
    return cfg;
}

static void expect(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];
    size_t size = sizeof text;

    cr_assert_eq(rd_kafka_conf_get(conf, name, text, &size), RD_KAFKA_CONF_OK);
    cr_expect_str_eq(text, value, "%s is %s", name, text);
}

Test(kafka_config, a_consumer_keeps_its_promises)
{
    struct cx_kafka_config cfg = config_of("brokers: b:1\n");
    struct cx_client_ids ids = { .group = "cx.c", .instance = "0", .stateful = true };
    struct cx_error err;
    rd_kafka_conf_t *conf = cx_client_conf(&cfg, CX_CLIENT_CONSUMER, &ids, &err);

    cr_assert_not_null(conf, "%s", err.text);
    expect(conf, "isolation.level", "read_committed");
    expect(conf, "enable.auto.commit", "false");
    expect(conf, "auto.offset.reset", "error");
    expect(conf, "check.crcs", "true");
    expect(conf, "partition.assignment.strategy", "range");
    expect(conf, "group.instance.id", "0");
    expect(conf, "session.timeout.ms", "10000");
    rd_kafka_conf_destroy(conf);
}

Test(kafka_config, a_producer_keeps_its_promises)
{
    struct cx_kafka_config cfg = config_of("brokers: b:1\n");
    struct cx_client_ids ids = { .transactional_id = "cx.c.0" };
    struct cx_error err;
    rd_kafka_conf_t *conf = cx_client_conf(&cfg, CX_CLIENT_PRODUCER, &ids, &err);

    cr_assert_not_null(conf, "%s", err.text);
    expect(conf, "transactional.id", "cx.c.0");
    expect(conf, "enable.idempotence", "true");
    expect(conf, "partitioner", "murmur2_random");
    expect(conf, "acks", "-1");
    expect(conf, "transaction.timeout.ms", "20000");
    rd_kafka_conf_destroy(conf);
}

Test(kafka_config, the_end_of_a_changelog_is_asked_uncommitted)
{
    struct cx_kafka_config cfg = config_of("brokers: b:1\n");
    struct cx_client_ids ids = { 0 };
    struct cx_error err;
    rd_kafka_conf_t *probe = cx_client_conf(&cfg, CX_CLIENT_PROBE, &ids, &err), *restorer = cx_client_conf(&cfg, CX_CLIENT_RESTORER, &ids, &err);

    expect(probe, "isolation.level", "read_uncommitted");
    expect(restorer, "isolation.level", "read_committed");
    rd_kafka_conf_destroy(probe);
    rd_kafka_conf_destroy(restorer);
}

Test(kafka_config, the_operator_may_tune)
{
    struct cx_kafka_config cfg = config_of("librdkafka: {linger.ms: 50, socket.nagle.disable: false}\n");
    struct cx_client_ids ids = { .group = "g", .transactional_id = "t" };
    struct cx_error err;
    rd_kafka_conf_t *producer = cx_client_conf(&cfg, CX_CLIENT_PRODUCER, &ids, &err),
                    *consumer = cx_client_conf(&cfg, CX_CLIENT_CONSUMER, &ids, &err);

    expect(producer, "linger.ms", "50");
    expect(consumer, "socket.nagle.disable", "false");
    rd_kafka_conf_destroy(producer);
    rd_kafka_conf_destroy(consumer);
}

Test(kafka_config, the_operator_may_not_break_a_promise)
{
    static const char *const forbidden[] = {
        "librdkafka: {isolation.level: read_uncommitted}\n", "librdkafka: {enable.auto.commit: true}\n", "librdkafka: {acks: 1}\n",
        "librdkafka: {request.required.acks: 1}\n",          "librdkafka: {transactional.id: mine}\n",   "librdkafka: {partitioner: random}\n",
        "librdkafka: {auto.offset.reset: latest}\n"
    };
    struct cx_client_ids ids = { .group = "g" };
    struct cx_error err;

    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        struct cx_kafka_config cfg = config_of(forbidden[i]);
        cr_expect_null(cx_client_conf(&cfg, CX_CLIENT_CONSUMER, &ids, &err), "%s", forbidden[i]);
        cr_expect_eq(err.exit, CX_EXIT_CONFIG);
        cr_expect_not_null(strstr(err.text, "cx.yaml:1:"), "%s", err.text);
    }
}

Test(kafka_config, an_unknown_property_is_told_with_its_place)
{
    struct cx_kafka_config cfg = config_of("brokers: b:1\nlibrdkafka:\n  linger.sm: 5\n");
    struct cx_client_ids ids = { 0 };
    struct cx_error err;

    cr_assert_null(cx_client_conf(&cfg, CX_CLIENT_READER, &ids, &err));
    cr_expect_not_null(strstr(err.text, "cx.yaml:3:"), "%s", err.text);
    cr_expect_not_null(strstr(err.text, "linger.sm"), "%s", err.text);
}

Test(kafka_config, times_that_contradict_each_other_are_refused)
{
    struct cx_kafka_config cfg = config_of("{message_timeout: 30s, transaction_timeout: 20s}\n");
    struct cx_kafka_callbacks none = { 0 };
    struct cx_error err;

    cr_assert_null(cx_kafka_open(&cfg, "c", NULL, 0, true, &none, &err));
    cr_expect_eq(err.exit, CX_EXIT_CONFIG);
    cr_expect_not_null(strstr(err.text, "kafka.message_timeout"), "%s", err.text);
}
