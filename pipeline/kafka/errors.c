/* errors.c - what an error asks of us: try again, abort, start anew, or call a person.
 *
 * librdkafka marks its transaction errors retriable, abortable or fatal; what carries no mark is taken for fatal. One code is judged otherwise:
 * an unknown producer id means that the transactional id has expired on the broker. librdkafka would bump the epoch and go on, which can process a
 * batch twice (KAFKA-18019); so the process starts anew and reads what is committed. */
#include "kafka/handle.h"

bool cx_is_transport(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
        return true;
    default:
        return false;
    }
}

static bool is_unauthorized(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
           code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

/* What no restart cures. An unknown topic is not among them: a restart finds out whether it is gone. */
bool cx_is_refusal(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:

    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
        return true;
    default:
        return false;
    }
}

bool cx_blames_record(rd_kafka_resp_err_t code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
        return true;
    default:
        return false;
    }
}

enum cx_cure cx_cure_of_transaction(const rd_kafka_error_t *error)
{
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);

    if (cx_is_refusal(code))
        return CX_CURE_OPERATOR;
    if (rd_kafka_error_is_fatal(error) || code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING)
        return CX_CURE_RESTART;
    if (rd_kafka_error_txn_requires_abort(error))
        return CX_CURE_ABORT;
    return rd_kafka_error_is_retriable(error) ? CX_CURE_RETRY : CX_CURE_RESTART;
}

enum cx_cure cx_cure_of_consumer(rd_kafka_resp_err_t code)
{
    if (cx_is_refusal(code))
        return CX_CURE_OPERATOR;
    if (cx_is_transport(code))
        return CX_CURE_RETRY;
    switch (code) {
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED: /* the assignment is lost; a rebalance callback follows */
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
    case RD_KAFKA_RESP_ERR__STATE:
    case RD_KAFKA_RESP_ERR__OUTDATED:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
        return CX_CURE_RETRY;
    default: /* among them a batch that fails its checksum: going on would leave it out */
        return CX_CURE_RESTART;
    }
}

int cx_cure_fail(struct cx_error *err, enum cx_cure cure, const char *doing, rd_kafka_resp_err_t code, const char *reason)
{
    enum cx_exit status = cure == CX_CURE_OPERATOR ? CX_EXIT_CONFIG : CX_EXIT_BUG;

    if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        return cx_fail(
            err, status,
            "%s: records were deleted before they were read, or the topic was made anew (%s); to accept the loss, set the group's offsets by hand",
            doing, reason);
    return cx_fail(err, status, "%s: %s (%s)%s", doing, reason, rd_kafka_err2name(code),
                   is_unauthorized(code) ? "; this user lacks a right: cx topics acl prints those it needs" : "");
}
