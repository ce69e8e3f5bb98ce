/* admin.c - a client that asks the cluster about itself, and one answer at a time. */
#include "kafka/admin.h"

void cx_admin_close(struct cx_admin *a)
{
    cx_metadata_free(&a->metadata);
    if (a->queue != NULL)
        rd_kafka_queue_destroy(a->queue);
    if (a->rk != NULL)
        rd_kafka_destroy(a->rk);
}

int cx_admin_open(struct cx_admin *a, const struct cx_kafka_config *cfg, void (*adjust)(rd_kafka_conf_t *), struct cx_error *err)
{
    struct cx_client_ids ids = { .opaque = a };
    rd_kafka_conf_t *conf = cx_client_conf(cfg, CX_CLIENT_PROBE, &ids, err);

    *a = (struct cx_admin){ .cfg = cfg };
    if (conf != NULL && adjust != NULL)
        adjust(conf);
    a->rk = conf ? cx_client_open(CX_CLIENT_PROBE, conf, err) : NULL;
    if (a->rk == NULL)
        return -1;
    a->queue = rd_kafka_queue_new(a->rk);
    return cx_metadata_reach(a->rk, cfg, &a->trouble, &a->metadata, CX_ADMIN_CALL_MS, err);
}

rd_kafka_AdminOptions_t *cx_admin_options(struct cx_admin *a, rd_kafka_admin_op_t call)
{
    rd_kafka_AdminOptions_t *made = rd_kafka_AdminOptions_new(a->rk, call);
    char why[128];

    (void)rd_kafka_AdminOptions_set_request_timeout(made, CX_ADMIN_CALL_MS, why, sizeof why);
    if (call == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        (void)rd_kafka_AdminOptions_set_operation_timeout(made, CX_ADMIN_CALL_MS, why, sizeof why);
    return made;
}

rd_kafka_event_t *cx_admin_answer(struct cx_admin *a, rd_kafka_AdminOptions_t *made, const char *doing, struct cx_error *err)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(a->queue, 2 * CX_ADMIN_CALL_MS);
    rd_kafka_resp_err_t code = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;

    rd_kafka_AdminOptions_destroy(made);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return event;
    if (cx_is_transport(code))
        cx_client_unreachable(a->cfg, &a->trouble, doing, err);
    else
        cx_cure_fail(err, CX_CURE_OPERATOR, doing, code, rd_kafka_event_error_string(event));
    if (event != NULL)
        rd_kafka_event_destroy(event);
    return NULL;
}
