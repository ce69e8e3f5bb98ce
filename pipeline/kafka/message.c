/* message.c - librdkafka's messages and headers as ours. */
#include "kafka/handle.h"

static size_t view_headers(const rd_kafka_message_t *from, struct cx_headers *headers)
{
    rd_kafka_headers_t *list;
    size_t count;

    if (rd_kafka_message_headers(from, &list) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0;
    count = rd_kafka_header_cnt(list);
    if (count > headers->capacity) {
        headers->row = realloc(headers->row, count * sizeof *headers->row);
        cx_assert(headers->row != NULL);
        headers->capacity = count;
    }
    for (size_t i = 0; i < count; i++) {
        const char *name = "";
        const void *value = NULL;
        size_t size = 0;
        (void)rd_kafka_header_get_all(list, i, &name, &value, &size);
        headers->row[i] = (struct cx_header){ cx_str(name), cx_str_n(value, size) };
    }
    return count;
}

void cx_message_view(const rd_kafka_message_t *from, struct cx_str topic, struct cx_headers *headers, struct cx_message *to)
{
    to->topic = topic;
    to->partition = from->partition;
    to->offset = from->offset;
    to->timestamp_ms = rd_kafka_message_timestamp(from, NULL);
    to->key = cx_str_n(from->key, from->key_len);
    to->value = cx_str_n(from->payload, from->len);
    to->header_count = view_headers(from, headers);
    to->headers = headers->row;
    to->is_pipe = false;
}

rd_kafka_headers_t *cx_headers_copy(const struct cx_header *headers, size_t count)
{
    rd_kafka_headers_t *list;

    if (count == 0)
        return NULL;
    list = rd_kafka_headers_new(count);
    for (size_t i = 0; i < count; i++)
        (void)rd_kafka_header_add(list, headers[i].name.ptr, (ssize_t)headers[i].name.len, headers[i].value.ptr, (ssize_t)headers[i].value.len);
    return list;
}
