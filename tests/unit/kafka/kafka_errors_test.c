/* What an error code asks of us, without a cluster. */
#include "kafka/handle.h"
#include <criterion/criterion.h>

Test(kafka_errors, trouble_with_brokers_is_waited_out)
{
    static const rd_kafka_resp_err_t codes[] = { RD_KAFKA_RESP_ERR__TRANSPORT,
                                                 RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
                                                 RD_KAFKA_RESP_ERR__TIMED_OUT,
                                                 RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                                 RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
                                                 RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
                                                 RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        cr_expect_eq(cx_cure_of_consumer(codes[i]), CX_CURE_RETRY, "%s", rd_kafka_err2name(codes[i]));
}

Test(kafka_errors, refusals_need_a_person)
{
    static const rd_kafka_resp_err_t codes[] = { RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                                                 RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
                                                 RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        cr_expect_eq(cx_cure_of_consumer(codes[i]), CX_CURE_OPERATOR, "%s", rd_kafka_err2name(codes[i]));
}

Test(kafka_errors, what_is_unknown_or_corrupt_ends_the_process)
{
    static const rd_kafka_resp_err_t codes[] = { RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR_INVALID_MSG,        RD_KAFKA_RESP_ERR__BAD_COMPRESSION,
                                                 RD_KAFKA_RESP_ERR__FATAL,   RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, RD_KAFKA_RESP_ERR_UNKNOWN };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        cr_expect_eq(cx_cure_of_consumer(codes[i]), CX_CURE_RESTART, "%s", rd_kafka_err2name(codes[i]));
}

Test(kafka_errors, a_transaction_error_without_a_mark_ends_the_process)
{
    rd_kafka_error_t *error = rd_kafka_error_new(RD_KAFKA_RESP_ERR_UNKNOWN, "no mark");
    cr_expect_eq(cx_cure_of_transaction(error), CX_CURE_RESTART);
    rd_kafka_error_destroy(error);
}

Test(kafka_errors, deleted_records_are_told_as_a_loss_to_accept)
{
    struct cx_error err;
    static const rd_kafka_resp_err_t losses[] = { RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET };
    for (size_t i = 0; i < sizeof losses / sizeof *losses; i++) {
        cr_expect_eq(cx_cure_fail(&err, CX_CURE_OPERATOR, "reading t", losses[i], "out of range"), -1);
        cr_expect_eq(err.exit, CX_EXIT_CONFIG);
        cr_expect_not_null(strstr(err.text, "deleted before they were read"));
    }
    cr_expect_eq(cx_cure_fail(&err, CX_CURE_RESTART, "reading t", RD_KAFKA_RESP_ERR__FAIL, "no idea"), -1);
    cr_expect_null(strstr(err.text, "deleted"), "%s", err.text);
}

Test(kafka_errors, only_a_record_that_is_refused_as_such_is_blamed)
{
    cr_expect(cx_blames_record(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE));
    cr_expect_not(cx_blames_record(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT));
    cr_expect_not(cx_blames_record(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
}
