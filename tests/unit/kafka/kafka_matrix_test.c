/* Every error code that a broker can answer with, at every call of a transaction: what it asks of us. A code that is in no list of its call is
 * judged as its `otherwise` says. The lists are what reliability asks for, not what librdkafka happens to do: retriable, the transaction's end,
 * the process's end (invariant 9), a person. */
#include "mock.h"

static void setup(void)
{
    start_cluster(1);
    open_with_partition();
}

TestSuite(kafka_matrix, .init = setup, .fini = teardown, .timeout = 120);

enum outcome { PASSES, ABORTS, RESTARTS, CALLS };
static const char *const outcome_names[] = { "passes", "aborts", "restarts", "calls a person" };

struct call {
    int16_t api; /* that answers with the error */
    enum outcome otherwise;
    enum cx_kafka_result (*run)(struct cx_error *err);
    const rd_kafka_resp_err_t *passing, *restarting, *calling;
};
#define CODES(...)                                                                                                                                   \
    (const rd_kafka_resp_err_t[])                                                                                                                    \
    {                                                                                                                                                \
        __VA_ARGS__, RD_KAFKA_RESP_ERR_NO_ERROR                                                                                                      \
    }

/* No restart cures these; which of them a broker says where is its business. */
static const rd_kafka_resp_err_t refusals[] = { E(OFFSET_OUT_OF_RANGE),
                                                E(INCONSISTENT_GROUP_PROTOCOL),
                                                E(INVALID_SESSION_TIMEOUT),
                                                E(TOPIC_AUTHORIZATION_FAILED),
                                                E(GROUP_AUTHORIZATION_FAILED),
                                                E(CLUSTER_AUTHORIZATION_FAILED),
                                                E(UNSUPPORTED_SASL_MECHANISM),
                                                E(INVALID_TRANSACTION_TIMEOUT),
                                                E(TRANSACTIONAL_ID_AUTHORIZATION_FAILED),
                                                E(SASL_AUTHENTICATION_FAILED),
                                                E(NO_ERROR) };

static enum cx_kafka_result run_commit(struct cx_error *err)
{
    return cx_kafka_commit(k, err);
}

static enum cx_kafka_result run_abort(struct cx_error *err)
{
    return cx_kafka_abort(k, err);
}

static enum cx_kafka_result run_begin(struct cx_error *err)
{
    k->renew = true;
    return cx_kafka_begin(k, err);
}

/* librdkafka asks again for whatever it does not know: a producer id is refused for good only by these. */
static const struct call begin_call = {
    INIT_PRODUCER_ID,
    PASSES,
    run_begin,
    .passing = CODES(E(NO_ERROR)),
    .restarting = CODES(E(INVALID_PRODUCER_EPOCH), E(PRODUCER_FENCED)),
    .calling = CODES(E(CLUSTER_AUTHORIZATION_FAILED), E(INVALID_TRANSACTION_TIMEOUT), E(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)),
};
#define OFFSETS_LISTS                                                                                                                                \
    .passing = CODES(E(UNKNOWN_TOPIC_OR_PART), E(REQUEST_TIMED_OUT), E(COORDINATOR_LOAD_IN_PROGRESS), E(COORDINATOR_NOT_AVAILABLE),                  \
                     E(NOT_COORDINATOR), E(CONCURRENT_TRANSACTIONS)),                                                                                \
    .restarting = CODES(E(UNSUPPORTED_FOR_MESSAGE_FORMAT), E(INVALID_PRODUCER_EPOCH), E(INVALID_TXN_STATE), E(INVALID_PRODUCER_ID_MAPPING)),         \
    .calling = refusals
static const struct call add_partitions_call = {
    ADD_PARTITIONS,
    ABORTS,
    run_commit,
    .passing = CODES(E(UNKNOWN_TOPIC_OR_PART), E(COORDINATOR_LOAD_IN_PROGRESS), E(COORDINATOR_NOT_AVAILABLE), E(NOT_COORDINATOR),
                     E(CONCURRENT_TRANSACTIONS)),
    .restarting = CODES(E(INVALID_PRODUCER_EPOCH), E(INVALID_TXN_STATE), E(INVALID_PRODUCER_ID_MAPPING), E(PRODUCER_FENCED)),
    .calling = refusals,
};
/* Fenced here is told by the abort that follows. */
static const struct call add_offsets_call = { ADD_OFFSETS, ABORTS, run_commit, OFFSETS_LISTS };
static const struct call offsets_call = { TXN_OFFSET_COMMIT, ABORTS, run_commit, OFFSETS_LISTS };
/* After a commit that was refused the transaction is aborted, and going back finds out whether it had been committed after all. */
static const struct call commit_call = {
    END_TXN,
    ABORTS,
    run_commit,
    .passing = CODES(E(COORDINATOR_LOAD_IN_PROGRESS), E(COORDINATOR_NOT_AVAILABLE), E(NOT_COORDINATOR), E(CONCURRENT_TRANSACTIONS)),
    .restarting = CODES(E(INVALID_PRODUCER_EPOCH), E(INVALID_TXN_STATE), E(INVALID_PRODUCER_ID_MAPPING), E(PRODUCER_FENCED)),
    .calling = refusals
};
/* What the broker does not want to abort the next producer ends. */
static const struct call abort_call = {
    END_TXN, PASSES, run_abort, .passing = CODES(E(NO_ERROR)), .restarting = CODES(E(INVALID_PRODUCER_EPOCH), E(PRODUCER_FENCED)), .calling = refusals
};

static bool has(const rd_kafka_resp_err_t *codes, rd_kafka_resp_err_t code)
{
    for (; *codes != RD_KAFKA_RESP_ERR_NO_ERROR; codes++)
        if (*codes == code)
            return true;
    return false;
}

static enum outcome expected(const struct call *call, rd_kafka_resp_err_t code)
{
    if (has(call->passing, code))
        return PASSES;
    if (has(call->restarting, code))
        return RESTARTS;
    return has(call->calling, code) ? CALLS : call->otherwise;
}

static enum outcome outcome_of(enum cx_kafka_result result, const struct cx_error *err)
{
    if (result != CX_KAFKA_FATAL)
        return result == CX_KAFKA_OK ? PASSES : ABORTS;
    return err->exit == CX_EXIT_CONFIG ? CALLS : RESTARTS;
}

/* What holds after any outcome: a transaction that is over is over, and what has ended the process lets nothing more be committed. */
static void check_after(enum cx_kafka_result result, uint64_t ended_before, const char *name, struct cx_error *err)
{
    uint64_t ended = cx_kafka_counts(k)->commits + cx_kafka_counts(k)->aborts - ended_before;
    struct cx_error again;

    if (result == CX_KAFKA_FATAL) {
        cr_expect(err->text[0] != '\0' && (err->exit == CX_EXIT_BUG || err->exit == CX_EXIT_CONFIG), "%s", name);
        cr_expect(!k->open || cx_kafka_commit(k, &again) == CX_KAFKA_FATAL, "%s: something is committed after the end", name);
    } else {
        cr_expect_eq(ended, cx_kafka_in_transaction(k) ? 0 : 1, "%s", name);
    }
}

static void meet(const struct call *call, const struct rd_kafka_err_desc *error)
{
    uint64_t ended = cx_kafka_counts(k)->commits + cx_kafka_counts(k)->aborts;
    struct cx_error err = { 0 };
    enum cx_kafka_result result;

    if (call->api == ADD_PARTITIONS) /* which follows the first record at once */
        rd_kafka_mock_push_request_errors(cluster, call->api, 1, error->code);
    if (call->api != INIT_PRODUCER_ID)
        cr_assert_eq(fill(&err), CX_KAFKA_OK, "%s", err.text);
    if (call->api != ADD_PARTITIONS) {
        rd_kafka_flush(k->producer, 10000);
        rd_kafka_mock_push_request_errors(cluster, call->api, 1, error->code);
    }
    result = call->run(&err);
    enum outcome outcome = outcome_of(result, &err);
    cr_expect_eq(outcome, expected(call, error->code), "%s: %s, not %s; %s", error->name, outcome_names[outcome],
                 outcome_names[expected(call, error->code)], err.text);
    check_after(result, ended, error->name, &err);
    rd_kafka_mock_clear_request_errors(cluster, call->api);
    if (result == CX_KAFKA_FATAL) {
        cx_kafka_close(k);
        open_with_partition();
    } else {
        cx_kafka_abort(k, &err);
        k->slots[0].committed = CX_NO_OFFSET; /* the mock keeps none */
    }
}

/* Every `parts`-th code beginning with `part`, so that the slow ones run side by side. */
static void meet_all(const struct call *call, int part, int parts)
{
    const struct rd_kafka_err_desc *errors;
    size_t count;
    int met = 0, n = 0;

    rd_kafka_get_err_descs(&errors, &count);
    for (size_t i = 0; i < count; i++) {
        bool is_brokers = errors[i].code > 0 || errors[i].code == RD_KAFKA_RESP_ERR_UNKNOWN;
        if (errors[i].desc == NULL || !is_brokers || n++ % parts != part)
            continue;
        meet(call, &errors[i]);
        met++;
    }
    cr_expect_geq(met * parts, 90, "%d codes", met);
}

/* Each of these costs half a second of librdkafka's own pause. */
enum { INIT_PARTS = 8 };
#define BEGIN_TEST(part)                                                                                                                             \
    Test(kafka_matrix, begin_with_a_new_producer_##part)                                                                                             \
    {                                                                                                                                                \
        meet_all(&begin_call, part, INIT_PARTS);                                                                                                     \
    }
BEGIN_TEST(0)
BEGIN_TEST(1)
BEGIN_TEST(2)
BEGIN_TEST(3)
BEGIN_TEST(4)
BEGIN_TEST(5)
BEGIN_TEST(6)
BEGIN_TEST(7)

Test(kafka_matrix, open)
{
    static const rd_kafka_resp_err_t codes[] = {
        E(UNKNOWN),         E(COORDINATOR_NOT_AVAILABLE),    E(CONCURRENT_TRANSACTIONS),     E(INVALID_PRODUCER_EPOCH),
        E(PRODUCER_FENCED), E(CLUSTER_AUTHORIZATION_FAILED), E(INVALID_TRANSACTION_TIMEOUT), E(TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    };
    struct cx_error err = { 0 };

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        cx_kafka_close(k);
        rd_kafka_mock_push_request_errors(cluster, INIT_PRODUCER_ID, 1, codes[i]);
        enum cx_kafka_result result = open_handle(&err) != NULL ? CX_KAFKA_OK : CX_KAFKA_FATAL;
        cr_expect_eq(outcome_of(result, &err), expected(&begin_call, codes[i]), "%s: %s", rd_kafka_err2name(codes[i]), err.text);
    }
}

Test(kafka_matrix, add_partitions)
{
    meet_all(&add_partitions_call, 0, 1);
}

Test(kafka_matrix, add_offsets)
{
    meet_all(&add_offsets_call, 0, 1);
}

Test(kafka_matrix, send_offsets)
{
    meet_all(&offsets_call, 0, 1);
}

Test(kafka_matrix, commit)
{
    meet_all(&commit_call, 0, 1);
}

Test(kafka_matrix, abort)
{
    meet_all(&abort_call, 0, 1);
}
