/* metadata.c - which topics there are and how many partitions they have.
 * Always asked for all topics: a request that names a topic makes brokers with auto.create.topics.enable create it. */
#include "kafka/handle.h"

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

int32_t cx_metadata_partitions(const struct cx_metadata *metadata, const char *topic)
{
    struct cx_topic_count wanted = { (char *)topic, 0 }, *found = NULL;

    if (metadata->count != 0)
        found = bsearch(&wanted, metadata->row, metadata->count, sizeof *metadata->row, by_name);
    return found ? found->partitions : -1;
}

void cx_metadata_free(struct cx_metadata *metadata)
{
    for (size_t i = 0; i < metadata->count; i++)
        free(metadata->row[i].name);
    free(metadata->row);
    *metadata = (struct cx_metadata){ 0 };
}
