/* requests.c - what the producer's answers tell on librdkafka's own threads: that one is missing, and where records stand.
 *
 * librdkafka asks again by itself when a connection breaks, and tells nobody: its error callback is silent about closed connections, and says
 * each complaint once in half a minute. The first copy may still be under way then, and reach the broker within the next transaction (KIP-890). So
 * the answers themselves are watched, on librdkafka's own threads. */
#include "kafka/handle.h"

/* Those that change what a transaction holds. */
static bool concerns_transaction(int16_t api)
{
    enum { PRODUCE = 0, ADD_PARTITIONS_TO_TXN = 24, ADD_OFFSETS_TO_TXN = 25, END_TXN = 26, TXN_OFFSET_COMMIT = 28 };

    return api == PRODUCE || api == ADD_PARTITIONS_TO_TXN || api == ADD_OFFSETS_TO_TXN || api == END_TXN || api == TXN_OFFSET_COMMIT;
}

/* Called for answers and, with an error of librdkafka's own, in place of them; before the request is repeated. */
static rd_kafka_resp_err_t on_answer(rd_kafka_t *rk, int socket, const char *broker, int32_t id, int16_t api, int16_t version, int32_t correlation,
                                     size_t size, int64_t rtt, rd_kafka_resp_err_t error, void *opaque)
{
    struct cx_kafka *k = opaque;
    (void)rk, (void)socket, (void)broker, (void)id, (void)version, (void)correlation, (void)size, (void)rtt;

    if (error != RD_KAFKA_RESP_ERR_NO_ERROR && concerns_transaction(api))
        atomic_store(&k->unanswered, true);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/* Where a record stands whose sender wants to find it again. Told for every record, which costs a comparison where delivery reports would all go
 * through a queue. All of a transaction's are told before its commit returns. */
static rd_kafka_resp_err_t on_acknowledged(rd_kafka_t *rk, rd_kafka_message_t *message, void *opaque)
{
    cx_note *note = message->_private;
    (void)rk, (void)opaque;

    if (note != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR && message->offset > atomic_load_explicit(note, memory_order_relaxed))
        atomic_store_explicit(note, message->offset, memory_order_relaxed);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t on_new(rd_kafka_t *rk, const rd_kafka_conf_t *conf, void *opaque, char *why, size_t why_size)
{
    (void)conf, (void)why, (void)why_size;
    rd_kafka_resp_err_t code = rd_kafka_interceptor_add_on_response_received(rk, "cxstream", on_answer, opaque);

    return code != RD_KAFKA_RESP_ERR_NO_ERROR ? code : rd_kafka_interceptor_add_on_acknowledgement(rk, "cxstream", on_acknowledged, opaque);
}

void cx_requests_watch(struct cx_kafka *k, rd_kafka_conf_t *conf)
{
    atomic_store(&k->unanswered, false);
    rd_kafka_conf_interceptor_add_on_new(conf, "cxstream", on_new, k);
}
