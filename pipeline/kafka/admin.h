/* admin.h - the client behind topics.c and cluster.c. Not for others: it shows librdkafka. */
#ifndef CX_KAFKA_ADMIN_H
#define CX_KAFKA_ADMIN_H
#include "kafka/handle.h"

enum { CX_ADMIN_CALL_MS = 15000 }; /* patience with one request */

struct cx_admin {
    struct cx_trouble trouble; /* first: the opaque of the client */
    const struct cx_kafka_config *cfg;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    struct cx_metadata metadata;
};
/* Connects and lists the topics; close it also when that fails. adjust: a last word on the client's properties, or NULL. */
int cx_admin_open(struct cx_admin *a, const struct cx_kafka_config *cfg, void (*adjust)(rd_kafka_conf_t *), struct cx_error *err);
void cx_admin_close(struct cx_admin *a);
/* For the next request; taken by cx_admin_answer. */
rd_kafka_AdminOptions_t *cx_admin_options(struct cx_admin *a, rd_kafka_admin_op_t call);
/* The answer to the request just sent; NULL with err when it failed as a whole. `doing` tells what was asked for. */
rd_kafka_event_t *cx_admin_answer(struct cx_admin *a, rd_kafka_AdminOptions_t *made, const char *doing, struct cx_error *err);
#endif
