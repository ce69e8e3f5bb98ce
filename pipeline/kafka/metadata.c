/* metadata.c - which topics there are and how many partitions they have.
 * Always asked for all topics: a request that names a topic makes brokers with auto.create.topics.enable create it. */
#include "kafka/handle.h"

#include "base/time.h"
#include <unistd.h>

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct cx_topic_count *)a)->name, ((const struct cx_topic_count *)b)->name);
}

int cx_metadata_fetch(rd_kafka_t *rk, struct cx_metadata *metadata, int timeout_ms, rd_kafka_resp_err_t *code)
{
    const struct rd_kafka_metadata *answer;

    *code = rd_kafka_metadata(rk, 1, NULL, &answer, timeout_ms);
    if (*code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return -1;
    cx_metadata_free(metadata);
    metadata->row = calloc((size_t)answer->topic_cnt + 1, sizeof *metadata->row);
    cx_assert(metadata->row != NULL);
    for (int i = 0; i < answer->topic_cnt; i++) {
        const struct rd_kafka_metadata_topic *topic = &answer->topics[i];
        if (topic->err != RD_KAFKA_RESP_ERR_NO_ERROR || topic->partition_cnt == 0)
            continue;
        metadata->row[metadata->count] = (struct cx_topic_count){ strdup(topic->topic), topic->partition_cnt };
        cx_assert(metadata->row[metadata->count].name != NULL);
        metadata->count++;
    }
    qsort(metadata->row, metadata->count, sizeof *metadata->row, by_name);
    rd_kafka_metadata_destroy(answer);
    return 0;
}

int cx_metadata_reach(rd_kafka_t *rk, const struct cx_kafka_config *cfg, struct cx_trouble *trouble, struct cx_metadata *metadata, int patience_ms,
                      struct cx_error *err)
{
    int64_t until = cx_monotonic_ns() + patience_ms * INT64_C(1000000);
    rd_kafka_resp_err_t code;

    for (int wait_ms = 1000; trouble->refusals < CX_REFUSALS_MAX && cx_monotonic_ns() < until; wait_ms *= 2) {
        if (cx_metadata_fetch(rk, metadata, wait_ms, &code) == 0) {
            trouble->refusals = 0;
            return 0;
        }
        rd_kafka_poll(rk, 0);
    }
    return cx_client_unreachable(cfg, trouble, "list the topics", err);
}

int32_t cx_metadata_partitions(const struct cx_metadata *metadata, const char *topic)
{
    struct cx_topic_count wanted = { (char *)topic, 0 }, *found = NULL;

    if (metadata->count != 0)
        found = bsearch(&wanted, metadata->row, metadata->count, sizeof *metadata->row, by_name);
    return found ? found->partitions : -1;
}

static bool is_not_yet(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
           code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

/* A partition just made refuses its first batches until its leader is up. With several batches under way a later one can get in before the
 * first is tried again; the broker, which knows nothing of this producer yet, takes it, and then holds the first for a repeat: it would be gone
 * without an error. So nothing is sent to a partition that does not answer. */
int cx_metadata_await_leaders(rd_kafka_t *rk, const char *topic, int32_t partitions, struct cx_error *err)
{
    enum { CALL_MS = 2000, PAUSE_US = 20000, TRIES = 1500 };
    for (int32_t partition = 0; partition < partitions; partition++) {
        rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
        for (int i = 0; i < TRIES; i++) {
            int64_t low, high;
            code = rd_kafka_query_watermark_offsets(rk, topic, partition, &low, &high, CALL_MS);
            if (!is_not_yet(code))
                break;
            usleep(PAUSE_US);
        }
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            return cx_fail(err, is_not_yet(code) ? CX_EXIT_UNREACHABLE : CX_EXIT_CONFIG, "%s/%d does not answer: %s", topic, partition,
                           rd_kafka_err2str(code));
    }
    return 0;
}

rd_kafka_resp_err_t cx_metadata_offsets(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t time, int patience_ms)
{
    enum { PAUSE_US = 20000 };
    int64_t until = cx_monotonic_ns() + patience_ms * INT64_C(1000000);
    rd_kafka_resp_err_t code;

    while (true) {
        for (int i = 0; i < list->cnt; i++)
            list->elems[i].offset = time;
        code = rd_kafka_offsets_for_times(rk, list, patience_ms);
        for (int i = 0; i < list->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; i++)
            code = list->elems[i].err;
        if (!is_not_yet(code) || cx_monotonic_ns() > until)
            return code;
        usleep(PAUSE_US);
    }
}

void cx_metadata_free(struct cx_metadata *metadata)
{
    for (size_t i = 0; i < metadata->count; i++)
        free(metadata->row[i].name);
    free(metadata->row);
    *metadata = (struct cx_metadata){ 0 };
}
