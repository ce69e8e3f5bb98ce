/* What becomes of a transaction when the cluster answers with errors: whole sequences. kafka_matrix_test has each error at each call. */
#include "mock.h"

static void setup(void)
{
    start_cluster(1);
    open_with_partition();
}

TestSuite(kafka_transaction, .init = setup, .fini = teardown, .timeout = 60);

static enum cx_kafka_result commit_with(int16_t api, rd_kafka_resp_err_t code, struct cx_error *err)
{
    if (api == ADD_PARTITIONS) /* which follows the first record at once */
        rd_kafka_mock_push_request_errors(cluster, api, 1, code);
    cr_assert_eq(fill(err), CX_KAFKA_OK, "%s", err->text);
    if (api != ADD_PARTITIONS)
        rd_kafka_mock_push_request_errors(cluster, api, 1, code);
    return cx_kafka_commit(k, err);
}

Test(kafka_transaction, commits_what_meets_no_error)
{
    struct cx_error err;
    cr_expect_eq(fill(&err), CX_KAFKA_OK);
    cr_expect(cx_kafka_in_transaction(k));
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK);
    cr_expect_not(cx_kafka_in_transaction(k));
    cr_expect_eq(cx_kafka_counts(k)->commits, 1);
    cr_expect_eq(cx_kafka_counts(k)->renewals, 0);
}

Test(kafka_transaction, outlives_what_passes)
{
    static const struct {
        int16_t api;
        rd_kafka_resp_err_t code;
    } passing[] = {
        { ADD_PARTITIONS, E(CONCURRENT_TRANSACTIONS) },
        { ADD_PARTITIONS, E(COORDINATOR_NOT_AVAILABLE) },
        { ADD_OFFSETS, E(CONCURRENT_TRANSACTIONS) },
        { ADD_OFFSETS, E(COORDINATOR_LOAD_IN_PROGRESS) },
        { TXN_OFFSET_COMMIT, E(COORDINATOR_LOAD_IN_PROGRESS) },
        { END_TXN, E(COORDINATOR_NOT_AVAILABLE) },
        { PRODUCE, E(NOT_LEADER_FOR_PARTITION) },
    };
    struct cx_error err;

    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        cr_expect_eq(commit_with(passing[i].api, passing[i].code, &err), CX_KAFKA_OK, "api %d %s: %s", passing[i].api,
                     rd_kafka_err2name(passing[i].code), err.text);
}

Test(kafka_transaction, aborts_when_the_group_has_moved_on)
{
    static const rd_kafka_resp_err_t codes[] = { E(ILLEGAL_GENERATION), E(UNKNOWN_MEMBER_ID), E(FENCED_INSTANCE_ID) };
    struct cx_error err;

    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        cr_expect_eq(commit_with(TXN_OFFSET_COMMIT, codes[i], &err), CX_KAFKA_ABORTED, "%s: %s", rd_kafka_err2name(codes[i]), err.text);
        cr_expect_not(cx_kafka_in_transaction(k));
        cr_expect_not(cx_kafka_blames_record(k));
    }
    cr_expect_eq(cx_kafka_counts(k)->renewals, 3, "a new producer after each");
    cr_expect_eq(fill(&err), CX_KAFKA_OK, "and the next transaction begins");
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK);
}

Test(kafka_transaction, blames_a_record_that_is_too_large)
{
    struct cx_error err;
    cr_expect_eq(commit_with(PRODUCE, E(MSG_SIZE_TOO_LARGE), &err), CX_KAFKA_ABORTED, "%s", err.text);
    cr_expect(cx_kafka_blames_record(k));
}

Test(kafka_transaction, aborts_for_a_record_that_the_client_refuses)
{
    char *large = calloc(1, 2000000);
    struct cx_error err;

    cr_assert_eq(cx_kafka_begin(k, &err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_produce(k, "out", 0, CX_STR_NULL, cx_str_n(large, 2000000), NULL, 0, 0, &err), CX_KAFKA_ABORTED);
    cr_expect(cx_kafka_blames_record(k));
    cr_expect_not(cx_kafka_in_transaction(k));
    free(large);
}

Test(kafka_transaction, ends_when_fenced)
{
    struct cx_error err;
    cr_expect_eq(commit_with(END_TXN, E(PRODUCER_FENCED), &err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_BUG);
    cr_expect_eq(fill(&err), CX_KAFKA_FATAL, "and stays ended");
}

Test(kafka_transaction, ends_when_its_epoch_is_old)
{
    struct cx_error err;
    cr_expect_eq(commit_with(END_TXN, E(INVALID_PRODUCER_EPOCH), &err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_BUG);
}

Test(kafka_transaction, ends_when_a_commit_finds_no_transaction)
{
    struct cx_error err;
    cr_expect_eq(commit_with(END_TXN, E(INVALID_TXN_STATE), &err), CX_KAFKA_FATAL);
}

Test(kafka_transaction, ends_when_its_id_has_expired)
{
    struct cx_error err;
    cr_expect_eq(commit_with(ADD_OFFSETS, E(INVALID_PRODUCER_ID_MAPPING), &err), CX_KAFKA_FATAL, "%s", err.text);
    cr_expect_eq(err.exit, CX_EXIT_BUG);
}

/* The first that it hears of it is that its first record has no place in the transaction. */
Test(kafka_transaction, ends_when_its_id_has_expired_in_silence)
{
    struct cx_error err;
    cr_expect_eq(commit_with(ADD_PARTITIONS, E(INVALID_PRODUCER_ID_MAPPING), &err), CX_KAFKA_FATAL, "%s", err.text);
    cr_expect_eq(err.exit, CX_EXIT_BUG);
}

Test(kafka_transaction, ends_when_its_id_has_expired_and_it_aborts)
{
    struct cx_error err;
    rd_kafka_error_t *error;

    rd_kafka_mock_push_request_errors(cluster, ADD_PARTITIONS, 1, E(INVALID_PRODUCER_ID_MAPPING));
    cr_assert_eq(fill(&err), CX_KAFKA_OK, "%s", err.text);
    for (bool has_failed = false; !has_failed; rd_kafka_error_destroy(error)) {
        error = rd_kafka_begin_transaction(k->producer);
        has_failed = rd_kafka_error_txn_requires_abort(error);
    }
    cr_expect_eq(cx_kafka_abort(k, &err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_BUG, "%s", err.text);
}

Test(kafka_transaction, calls_a_person_when_it_may_not_write)
{
    struct cx_error err;
    cr_expect_eq(commit_with(PRODUCE, E(TOPIC_AUTHORIZATION_FAILED), &err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG, "%s", err.text);
}

Test(kafka_transaction, calls_a_person_when_the_group_is_forbidden)
{
    struct cx_error err;
    cr_expect_eq(commit_with(TXN_OFFSET_COMMIT, E(GROUP_AUTHORIZATION_FAILED), &err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG, "%s", err.text);
}

Test(kafka_transaction, takes_a_new_producer_when_an_abort_finds_no_transaction)
{
    struct cx_error err;
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    rd_kafka_flush(k->producer, 5000);
    rd_kafka_mock_push_request_errors(cluster, END_TXN, 1, E(INVALID_TXN_STATE));
    cr_expect_eq(cx_kafka_abort(k, &err), CX_KAFKA_OK, "%s", err.text);
    cr_expect_eq(cx_kafka_counts(k)->renewals, 1);
    cr_expect_eq(fill(&err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK);
}

Test(kafka_transaction, takes_a_new_producer_after_a_disturbed_end)
{
    struct cx_error err;
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    k->trouble.disturbed = true; /* as error_cb says when a connection breaks */
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_counts(k)->renewals, 0, "not before it is needed");
    cr_expect_eq(fill(&err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_counts(k)->renewals, 1);
}

/* The connection goes with the request: the client asks again by itself and the call succeeds, but the first copy may still be under way. */
Test(kafka_transaction, takes_a_new_producer_when_a_request_was_left_without_an_answer)
{
    static const int16_t apis[] = { ADD_PARTITIONS, ADD_OFFSETS, TXN_OFFSET_COMMIT, END_TXN };
    struct cx_error err;

    for (size_t i = 0; i < sizeof apis / sizeof *apis; i++) {
        uint64_t renewals = cx_kafka_counts(k)->renewals;
        rd_kafka_mock_push_request_errors(cluster, apis[i], 1, E(_TRANSPORT));
        cr_expect_eq(fill(&err), CX_KAFKA_OK, "%s", err.text);
        cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK, "api %d: %s", apis[i], err.text);
        cr_expect_eq(fill(&err), CX_KAFKA_OK, "%s", err.text);
        cr_expect_eq(cx_kafka_counts(k)->renewals, renewals + 1, "api %d", apis[i]);
        cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK, "%s", err.text);
        cr_expect_eq(cx_kafka_begin(k, &err), CX_KAFKA_OK);
        cr_expect_eq(cx_kafka_counts(k)->renewals, renewals + 1, "api %d: once", apis[i]);
    }
}

Test(kafka_transaction, aborts_whole_when_it_touched_what_is_not_ours)
{
    struct cx_error err;
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    cx_kafka_done(k, "in", 7, 100);
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_ABORTED);
    cr_expect_eq(fill(&err), CX_KAFKA_OK, "what was foreign is forgotten");
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK);
}

Test(kafka_transaction, refuses_a_partition_the_topic_does_not_have)
{
    struct cx_error err;
    cr_assert_eq(cx_kafka_begin(k, &err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_produce(k, "out", 2, CX_STR_NULL, CX_STR("v"), NULL, 0, 0, &err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG);
    cr_expect_eq(cx_kafka_produce(k, "nowhere", 0, CX_STR_NULL, CX_STR("v"), NULL, 0, 0, &err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG);
}
