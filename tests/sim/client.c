/* client.c - librdkafka's values: configurations, lists, errors, headers, messages, metadata. */
#include "client.h"

void *client_alloc(size_t n, size_t size)
{
    void *bytes = calloc(n, size);
    cx_assert(bytes != NULL);
    return bytes;
}

char *client_copy(const char *text)
{
    return memcpy(client_alloc(1, strlen(text) + 1), text, strlen(text));
}

/* ---- configuration ---- */

rd_kafka_conf_t *rd_kafka_conf_new(void)
{
    return client_alloc(1, sizeof(rd_kafka_conf_t));
}

void rd_kafka_conf_destroy(rd_kafka_conf_t *conf)
{
    free(conf);
}

rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value, char *why, size_t size)
{
    (void)why, (void)size;
    if (strcmp(name, "group.id") == 0)
        snprintf(conf->group, sizeof conf->group, "%s", value);
    else if (strcmp(name, "group.instance.id") == 0)
        snprintf(conf->instance, sizeof conf->instance, "%s", value);
    else if (strcmp(name, "transactional.id") == 0)
        snprintf(conf->transactional_id, sizeof conf->transactional_id, "%s", value);
    else if (strcmp(name, "isolation.level") == 0)
        conf->reads_uncommitted = strcmp(value, "read_uncommitted") == 0;
    else if (strcmp(name, "transaction.timeout.ms") == 0)
        conf->transaction_timeout_ms = strtoll(value, NULL, 10);
    else if (strcmp(name, "socket.timeout.ms") == 0)
        conf->socket_timeout_ms = strtoll(value, NULL, 10);
    return RD_KAFKA_CONF_OK;
}

void rd_kafka_conf_set_opaque(rd_kafka_conf_t *conf, void *opaque)
{
    conf->opaque = opaque;
}

void rd_kafka_conf_set_log_cb(rd_kafka_conf_t *conf, void (*log_cb)(const rd_kafka_t *, int, const char *, const char *))
{
    (void)conf, (void)log_cb;
}

void rd_kafka_conf_set_error_cb(rd_kafka_conf_t *conf, void (*error_cb)(rd_kafka_t *, int, const char *, void *))
{
    conf->troubled = error_cb;
}

void rd_kafka_conf_set_dr_msg_cb(rd_kafka_conf_t *conf, void (*dr_msg_cb)(rd_kafka_t *, const rd_kafka_message_t *, void *))
{
    conf->delivered = dr_msg_cb;
}

void rd_kafka_conf_set_rebalance_cb(rd_kafka_conf_t *conf,
                                    void (*rebalance_cb)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *))
{
    conf->rebalanced = rebalance_cb;
}

rd_kafka_resp_err_t rd_kafka_conf_interceptor_add_on_new(rd_kafka_conf_t *conf, const char *name, rd_kafka_interceptor_f_on_new_t *on_new,
                                                         void *opaque)
{
    (void)name;
    conf->made = on_new;
    conf->interceptor = opaque;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_interceptor_add_on_response_received(rd_kafka_t *rk, const char *name,
                                                                  rd_kafka_interceptor_f_on_response_received_t *answered, void *opaque)
{
    (void)name;
    rk->conf.answered = answered;
    rk->conf.interceptor = opaque;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t rd_kafka_interceptor_add_on_acknowledgement(rd_kafka_t *rk, const char *name,
                                                                rd_kafka_interceptor_f_on_acknowledgement_t *acknowledged, void *opaque)
{
    (void)name;
    rk->conf.acknowledged = acknowledged;
    rk->conf.interceptor = opaque;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_t *rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t size)
{
    rd_kafka_t *rk = client_alloc(1, sizeof *rk);
    rk->type = type;
    rk->conf = *conf;
    free(conf);
    if (rk->conf.made != NULL)
        rk->conf.made(rk, &rk->conf, rk->conf.interceptor, why, size);
    return rk;
}

void rd_kafka_destroy(rd_kafka_t *rk)
{
    free(rk->out.queue);
    free(rk);
}

void rd_kafka_destroy_flags(rd_kafka_t *rk, int flags)
{
    (void)flags;
    rd_kafka_destroy(rk);
}

char *rd_kafka_clusterid(rd_kafka_t *rk, int timeout_ms)
{
    (void)rk, (void)timeout_ms;
    return client_copy("simulated");
}

void rd_kafka_mem_free(rd_kafka_t *rk, void *p)
{
    (void)rk;
    free(p);
}

rd_kafka_resp_err_t rd_kafka_last_error(void)
{
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* ---- errors ---- */

rd_kafka_error_t *client_error(enum client_fate fate, rd_kafka_resp_err_t code)
{
    rd_kafka_error_t *error = client_alloc(1, sizeof *error);
    *error = (rd_kafka_error_t){ code, fate == CLIENT_ENDS, fate == CLIENT_RETRIABLE, fate == CLIENT_LOSES_TRANSACTION };
    sim_note("  ! %s%s", rd_kafka_err2name(code), fate == CLIENT_ENDS ? ", for good" : fate == CLIENT_RETRIABLE ? ", may be repeated" : "");
    return error;
}

void rd_kafka_error_destroy(rd_kafka_error_t *error)
{
    free(error);
}

rd_kafka_resp_err_t rd_kafka_error_code(const rd_kafka_error_t *error)
{
    return error ? error->code : RD_KAFKA_RESP_ERR_NO_ERROR;
}

const char *rd_kafka_error_name(const rd_kafka_error_t *error)
{
    return rd_kafka_err2name(error->code);
}

const char *rd_kafka_error_string(const rd_kafka_error_t *error)
{
    return rd_kafka_err2str(error->code);
}

int rd_kafka_error_is_fatal(const rd_kafka_error_t *error)
{
    return error->is_fatal;
}

int rd_kafka_error_is_retriable(const rd_kafka_error_t *error)
{
    return error->is_retriable;
}

int rd_kafka_error_txn_requires_abort(const rd_kafka_error_t *error)
{
    return error->is_abortable;
}

/* ---- lists of partitions ---- */

rd_kafka_topic_partition_list_t *rd_kafka_topic_partition_list_new(int size)
{
    rd_kafka_topic_partition_list_t *list = client_alloc(1, sizeof *list);
    list->size = size > 0 ? size : 1;
    list->elems = client_alloc((size_t)list->size, sizeof *list->elems);
    return list;
}

rd_kafka_topic_partition_t *rd_kafka_topic_partition_list_add(rd_kafka_topic_partition_list_t *list, const char *topic, int32_t partition)
{
    if (list->cnt == list->size) {
        list->size *= 2;
        list->elems = realloc(list->elems, (size_t)list->size * sizeof *list->elems);
    }
    rd_kafka_topic_partition_t *added = &list->elems[list->cnt++];
    *added = (rd_kafka_topic_partition_t){ .topic = client_copy(topic), .partition = partition, .offset = RD_KAFKA_OFFSET_INVALID };
    return added;
}

void rd_kafka_topic_partition_list_destroy(rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        free(list->elems[i].topic);
    free(list->elems);
    free(list);
}

rd_kafka_topic_partition_list_t *rd_kafka_topic_partition_list_copy(const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *copy = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++)
        rd_kafka_topic_partition_list_add(copy, list->elems[i].topic, list->elems[i].partition)->offset = list->elems[i].offset;
    return copy;
}

/* They are made in order, of one topic. */
void rd_kafka_topic_partition_list_sort(rd_kafka_topic_partition_list_t *list, int (*cmp)(const void *, const void *, void *), void *opaque)
{
    (void)list, (void)cmp, (void)opaque;
}

/* ---- headers ---- */

rd_kafka_headers_t *rd_kafka_headers_new(size_t count)
{
    rd_kafka_headers_t *headers = client_alloc(1, sizeof *headers);
    headers->rows = client_alloc(count + 1, sizeof *headers->rows);
    headers->capacity = count;
    return headers;
}

rd_kafka_resp_err_t rd_kafka_header_add(rd_kafka_headers_t *headers, const char *name, ssize_t name_size, const void *value, ssize_t value_size)
{
    cx_assert(headers->count < headers->capacity);
    headers->rows[headers->count++] =
        (struct cx_header){ sim_keep_bytes(cx_str_n(name, (size_t)name_size)), sim_keep_bytes(cx_str_n(value, (size_t)value_size)) };
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

size_t rd_kafka_header_cnt(const rd_kafka_headers_t *headers)
{
    return headers->count;
}

rd_kafka_resp_err_t rd_kafka_header_get_all(const rd_kafka_headers_t *headers, size_t i, const char **name, const void **value, size_t *size)
{
    *name = headers->rows[i].name.ptr;
    *value = headers->rows[i].value.ptr;
    *size = headers->rows[i].value.len;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rd_kafka_headers_destroy(rd_kafka_headers_t *headers)
{
    free(headers->rows);
    free(headers);
}

/* ---- topics and metadata ---- */

rd_kafka_topic_t *rd_kafka_topic_new(rd_kafka_t *rk, const char *name, rd_kafka_topic_conf_t *conf)
{
    rd_kafka_topic_t *rkt = client_alloc(1, sizeof *rkt);
    (void)conf;
    *rkt = (rd_kafka_topic_t){ rk, sim_topic(name) };
    return rkt;
}

void rd_kafka_topic_destroy(rd_kafka_topic_t *rkt)
{
    free(rkt);
}

const char *rd_kafka_topic_name(const rd_kafka_topic_t *rkt)
{
    return rkt->topic->name;
}

rd_kafka_resp_err_t rd_kafka_metadata(rd_kafka_t *rk, int all_topics, rd_kafka_topic_t *only, const struct rd_kafka_metadata **answer, int timeout_ms)
{
    (void)rk, (void)all_topics, (void)only, (void)timeout_ms;
    sim_call("metadata");
    if (sim_hits(SIM_RETRIABLE))
        return RD_KAFKA_RESP_ERR__TRANSPORT;
    struct rd_kafka_metadata *metadata = sim_keep(sizeof *metadata);
    metadata->topic_cnt = cluster.topic_count;
    metadata->topics = sim_keep((size_t)cluster.topic_count * sizeof *metadata->topics);
    for (int i = 0; i < cluster.topic_count; i++)
        metadata->topics[i] = (struct rd_kafka_metadata_topic){ .topic = (char *)cluster.topics[i].name, .partition_cnt = SIM_PARTITIONS };
    *answer = metadata;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void rd_kafka_metadata_destroy(const struct rd_kafka_metadata *metadata)
{
    (void)metadata;
}

/* ---- messages ---- */

struct message { /* what librdkafka hides behind _private */
    rd_kafka_message_t shown;
    struct rd_kafka_headers_s headers;
    int64_t timestamp_ms;
};

rd_kafka_message_t *client_message(rd_kafka_topic_t *rkt, int32_t partition, rd_kafka_resp_err_t code)
{
    struct message *m = client_alloc(1, sizeof *m);
    m->shown = (rd_kafka_message_t){ .err = code, .rkt = rkt, .partition = partition };
    return &m->shown;
}

rd_kafka_message_t *client_fetch(rd_kafka_t *rk, rd_kafka_topic_t *rkt, struct client_fetch *fetch)
{
    int64_t end, next = sim_log_next(fetch->log, fetch->position, !rk->conf.reads_uncommitted, &end);
    fetch->seen_end = fetch->log->count;
    if (next < 0) {
        bool is_told = fetch->told_end && fetch->position == end;
        fetch->position = end;
        fetch->told_end = true;
        if (is_told && !sim_hits(SIM_SPURIOUS_END))
            return NULL;
        rd_kafka_message_t *told = client_message(rkt, fetch->log->partition, RD_KAFKA_RESP_ERR__PARTITION_EOF);
        told->offset = end;
        return told;
    }
    const struct sim_row *row = &fetch->log->rows[next];
    rd_kafka_message_t *shown = client_message(rkt, fetch->log->partition, RD_KAFKA_RESP_ERR_NO_ERROR);
    struct message *m = (struct message *)shown;
    shown->key = (void *)row->key.ptr;
    shown->key_len = row->key.len;
    shown->payload = (void *)row->value.ptr;
    shown->len = row->value.len;
    shown->offset = next;
    m->timestamp_ms = row->timestamp_ms;
    m->headers = (struct rd_kafka_headers_s){ row->headers, row->header_count, row->header_count };
    fetch->position = next + 1;
    fetch->told_end = false;
    return shown;
}

void rd_kafka_message_destroy(rd_kafka_message_t *m)
{
    free(m);
}

int64_t rd_kafka_message_timestamp(const rd_kafka_message_t *m, rd_kafka_timestamp_type_t *type)
{
    (void)type;
    return ((const struct message *)m)->timestamp_ms;
}

rd_kafka_resp_err_t rd_kafka_message_headers(const rd_kafka_message_t *m, rd_kafka_headers_t **headers)
{
    *headers = &((struct message *)m)->headers;
    return (*headers)->count ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR__NOENT;
}
