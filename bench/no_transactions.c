/* no_transactions.c - preloaded into cx, it leaves exactly once out, so that bench/commit.py can say what it costs. For measuring only.
 *
 * The producer stays idempotent and is in no transaction: a commit waits until every record is acknowledged, then commits the offsets through the
 * consumer; records can be read as soon as they are written. That is at least once, and cx has no option for it: changelogs and outputs are
 * different partitions, so a crash can leave dedup remembering a record that nobody was given, and drop it when it comes again. Here whatever would
 * need an abort ends the process. */
#include <dlfcn.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 60000, FAILED = 70 };

static rd_kafka_t *member; /* the consumer that is in the group */
static rd_kafka_topic_partition_list_t *done;

static void fail(const char *what)
{
    fprintf(stderr, "no_transactions: %s\n", what);
    _exit(FAILED);
}

rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, char *why, size_t why_size)
{
    static rd_kafka_conf_res_t (*real)(rd_kafka_conf_t *, const char *, const char *, char *, size_t);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "rd_kafka_conf_set");
    if (strcmp(name, "transactional.id") == 0 || strcmp(name, "transaction.timeout.ms") == 0)
        return RD_KAFKA_CONF_OK;
    return real(conf, name, value, why, why_size);
}

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t why_size)
{
    static rd_kafka_t *(*real)(rd_kafka_type_t, rd_kafka_conf_t *, char *, size_t);
    char group[256] = "";
    size_t size = sizeof group;

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "rd_kafka_new");
    bool is_member = type == RD_KAFKA_CONSUMER && rd_kafka_conf_get(conf, "group.id", group, &size) == RD_KAFKA_CONF_OK && group[0] != '\0';
    rd_kafka_t *rk = real(type, conf, why, why_size);
    if (is_member)
        member = rk;
    return rk;
}

rd_kafka_error_t *rd_kafka_init_transactions(rd_kafka_t *rk, int timeout_ms)
{
    (void)rk, (void)timeout_ms;
    return NULL;
}

rd_kafka_error_t *rd_kafka_begin_transaction(rd_kafka_t *rk)
{
    (void)rk;
    return NULL;
}

rd_kafka_error_t *rd_kafka_send_offsets_to_transaction(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *offsets,
                                                       const rd_kafka_consumer_group_metadata_t *group, int timeout_ms)
{
    (void)rk, (void)group, (void)timeout_ms;
    done = rd_kafka_topic_partition_list_copy(offsets);
    return NULL;
}

rd_kafka_error_t *rd_kafka_commit_transaction(rd_kafka_t *rk, int timeout_ms)
{
    (void)timeout_ms;
    if (rd_kafka_flush(rk, PATIENCE_MS) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("records were not acknowledged");
    if (rd_kafka_commit(member, done, 0) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("offsets were not committed");
    rd_kafka_topic_partition_list_destroy(done);
    return NULL;
}

rd_kafka_error_t *rd_kafka_abort_transaction(rd_kafka_t *rk, int timeout_ms)
{
    (void)rk, (void)timeout_ms;
    fail("there is no way back without transactions");
    return NULL;
}
