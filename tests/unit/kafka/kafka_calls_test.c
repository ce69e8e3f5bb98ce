/* What becomes of each answer that librdkafka itself can give, and that no broker makes it give when asked to: memberships that are lost between two
 * questions, clients that cannot be made, calls that fail again and again. The functions are wrapped (tests.cmake) and answer as told. */
#include "mock.h"

/* ---- what librdkafka answers ---- */

static struct {
    const char *member; /* "": none; NULL: the real answer */
    bool is_memberless; /* rd_kafka_memberid answers NULL */
    bool is_lost;
    int lost_after;                /* the assignment is lost from the n-th question on; 0: as is_lost says */
    rd_kafka_resp_err_t committed; /* code of the answer, E(NO_ERROR): the offset below */
    int committed_fails;           /* so many times */
    int64_t offset;
    rd_kafka_resp_err_t seek, seek_each, assign, poll;
    int seek_fails;
    int sends_fail; /* that may be repeated */
    bool has_no_client, has_no_topic, cannot_start, is_silent;
    int stop_after;   /* polls of a restore, then the process is told to stop */
    int64_t begin[2]; /* where a changelog begins, asked once and again; 0: where it does */
    int asked;
} answers;

char *__real_rd_kafka_memberid(const rd_kafka_t *rk);
char *__wrap_rd_kafka_memberid(const rd_kafka_t *rk)
{
    if (answers.is_memberless)
        return NULL;
    return answers.member != NULL ? strdup(answers.member) : __real_rd_kafka_memberid(rk);
}

int __wrap_rd_kafka_assignment_lost(rd_kafka_t *rk)
{
    (void)rk;
    return answers.is_lost || (answers.lost_after > 0 && --answers.lost_after == 0);
}

rd_kafka_resp_err_t __wrap_rd_kafka_committed(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    (void)rk, (void)timeout_ms;
    if (answers.committed_fails > 0 && answers.committed_fails-- > 0)
        return answers.committed;
    for (int i = 0; i < list->cnt; i++)
        list->elems[i].offset = answers.offset;
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_error_t *__wrap_rd_kafka_seek_partitions(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int timeout_ms)
{
    (void)rk, (void)timeout_ms;
    bool fails = answers.seek_fails > 0 && answers.seek_fails-- > 0;

    for (int i = 0; i < list->cnt; i++)
        list->elems[i].err = fails ? answers.seek_each : RD_KAFKA_RESP_ERR_NO_ERROR;
    return fails && answers.seek != RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_error_new(answers.seek, "told to") : NULL;
}

rd_kafka_resp_err_t __real_rd_kafka_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list);
rd_kafka_resp_err_t __wrap_rd_kafka_assign(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list)
{
    return list != NULL && answers.assign != RD_KAFKA_RESP_ERR_NO_ERROR ? answers.assign : __real_rd_kafka_assign(rk, list);
}

rd_kafka_error_t *__real_rd_kafka_send_offsets_to_transaction(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list,
                                                              const rd_kafka_consumer_group_metadata_t *group, int timeout_ms);
rd_kafka_error_t *__wrap_rd_kafka_send_offsets_to_transaction(rd_kafka_t *rk, const rd_kafka_topic_partition_list_t *list,
                                                              const rd_kafka_consumer_group_metadata_t *group, int timeout_ms)
{
    if (answers.sends_fail > 0)
        return rd_kafka_error_new(RD_KAFKA_RESP_ERR__STATE, "told to");
    return __real_rd_kafka_send_offsets_to_transaction(rk, list, group, timeout_ms);
}

int __real_rd_kafka_error_is_retriable(const rd_kafka_error_t *error);
int __wrap_rd_kafka_error_is_retriable(const rd_kafka_error_t *error)
{
    return answers.sends_fail > 0 && answers.sends_fail-- > 0 ? 1 : __real_rd_kafka_error_is_retriable(error);
}

rd_kafka_t *__real_rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t why_size);
rd_kafka_t *__wrap_rd_kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, char *why, size_t why_size)
{
    if (!answers.has_no_client)
        return __real_rd_kafka_new(type, conf, why, why_size);
    snprintf(why, why_size, "told to");
    return NULL;
}

rd_kafka_topic_t *__real_rd_kafka_topic_new(rd_kafka_t *rk, const char *topic, rd_kafka_topic_conf_t *conf);
rd_kafka_topic_t *__wrap_rd_kafka_topic_new(rd_kafka_t *rk, const char *topic, rd_kafka_topic_conf_t *conf)
{
    return answers.has_no_topic ? NULL : __real_rd_kafka_topic_new(rk, topic, conf);
}

int __real_rd_kafka_consume_start_queue(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset, rd_kafka_queue_t *queue);
int __wrap_rd_kafka_consume_start_queue(rd_kafka_topic_t *rkt, int32_t partition, int64_t offset, rd_kafka_queue_t *queue)
{
    return answers.cannot_start ? -1 : __real_rd_kafka_consume_start_queue(rkt, partition, offset, queue);
}

rd_kafka_message_t *__real_rd_kafka_consume_queue(rd_kafka_queue_t *queue, int timeout_ms);
rd_kafka_message_t *__wrap_rd_kafka_consume_queue(rd_kafka_queue_t *queue, int timeout_ms)
{
    if (answers.is_silent && answers.stop_after-- == 0)
        cx_kafka_interrupt(k);
    return answers.is_silent ? NULL : __real_rd_kafka_consume_queue(queue, timeout_ms);
}

rd_kafka_resp_err_t __real_rd_kafka_query_watermark_offsets(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *low, int64_t *high,
                                                            int timeout_ms);
rd_kafka_resp_err_t __wrap_rd_kafka_query_watermark_offsets(rd_kafka_t *rk, const char *topic, int32_t partition, int64_t *low, int64_t *high,
                                                            int timeout_ms)
{
    rd_kafka_resp_err_t code = __real_rd_kafka_query_watermark_offsets(rk, topic, partition, low, high, timeout_ms);

    if (answers.begin[answers.asked & 1] > 0)
        *low = answers.begin[answers.asked & 1];
    answers.asked++;
    return code;
}

/* ---- the handle ---- */

static int given, taken, refusals;

static int on_given(void *context, const char *topic, int32_t partition, int64_t committed, struct cx_error *err)
{
    (void)context, (void)topic, (void)partition, (void)committed;
    given++;
    return refusals == 0 ? 0 : cx_fail(err, refusals == 1 ? CX_EXIT_CONFIG : CX_EXIT_BUG, "the callee refuses");
}

static void on_taken(void *context, const char *topic, int32_t partition)
{
    (void)context, (void)topic, (void)partition;
    taken++;
}

static void setup(void)
{
    static const char *const topics[] = { "out", "in" };
    struct cx_kafka_callbacks callbacks = { .assigned = on_given, .revoked = on_taken };
    struct cx_error err;

    start_cluster(1);
    k = cx_kafka_open(&cfg, "unit", topics, 2, true, &callbacks, &err);
    cr_assert_not_null(k, "%s", err.text);
    rd_kafka_poll_set_consumer(k->consumer);
    answers.member = "somebody";
    answers.offset = RD_KAFKA_OFFSET_INVALID;
}

TestSuite(kafka_calls, .init = setup, .fini = teardown, .timeout = 60);

/* What librdkafka calls when the group has spoken. */
static void rebalance(rd_kafka_resp_err_t code, int partitions)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    for (int i = 0; i < partitions; i++)
        rd_kafka_topic_partition_list_add(list, "in", i);
    cx_on_rebalance(k->consumer, code, list, k);
    rd_kafka_topic_partition_list_destroy(list);
}

static void give(void)
{
    rebalance(E(_ASSIGN_PARTITIONS), 1);
}

/* ---- given and taken ---- */

Test(kafka_calls, what_is_given_is_handed_on_and_taken_back)
{
    give();
    cr_expect_eq(given, 1);
    cr_expect_not_null(k->membership);
    cr_expect_eq(k->slot_count, 1);
    rebalance(E(_REVOKE_PARTITIONS), 1);
    cr_expect_eq(taken, 1);
    cr_expect_eq(k->slot_count, 0);
    cr_expect_not(k->failed);
    k->callbacks = (struct cx_kafka_callbacks){ 0 };
    give();
    cr_expect_eq(k->slot_count, 1, "nobody needs to be told");
    rebalance(E(_REVOKE_PARTITIONS), 1);
    cr_expect(given == 1 && taken == 1 && k->slot_count == 0);
}

Test(kafka_calls, nothing_given_is_an_assignment_too)
{
    rebalance(E(_ASSIGN_PARTITIONS), 0);
    cr_expect(given == 0 && k->slot_count == 0 && !k->failed);
}

Test(kafka_calls, who_is_no_member_takes_no_membership_down)
{
    struct cx_error err;

    answers.member = "";
    give();
    cr_expect_null(k->membership);
    rebalance(E(_REVOKE_PARTITIONS), 1);
    answers.is_memberless = true;
    give();
    cr_expect_null(k->membership);
    cr_assert_eq(fill(&err), CX_KAFKA_OK, "%s", err.text);
    answers.is_memberless = false;
    answers.offset = RD_KAFKA_OFFSET_INVALID;
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_ABORTED, "and commits nothing");
}

Test(kafka_calls, a_membership_that_is_lost_between_two_questions_is_none)
{
    answers.lost_after = 1;
    give();
    cr_expect_null(k->membership);
}

Test(kafka_calls, a_lost_assignment_commits_nothing_and_is_left_where_it_is)
{
    struct cx_error err;

    give();
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    answers.is_lost = true;
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_ABORTED);
    cr_expect(k->stale, "what still arrives of it is not handed out");
    answers.is_lost = false;
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_ABORTED, "(invariant 6)");
    rebalance(E(_REVOKE_PARTITIONS), 1);
    cr_expect_not(k->stale);
}

Test(kafka_calls, taking_aborts_what_is_open)
{
    struct cx_error err;

    give();
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    rebalance(E(_REVOKE_PARTITIONS), 1);
    cr_expect_not(cx_kafka_in_transaction(k));
    cr_expect_eq(cx_kafka_counts(k)->aborts, 1);
    cr_assert_eq(cx_kafka_begin(k, &err), CX_KAFKA_OK);
    rd_kafka_mock_push_request_errors(cluster, END_TXN, 1, E(PRODUCER_FENCED));
    cr_assert_eq(cx_kafka_produce(k, "out", 0, CX_STR_NULL, CX_STR("v"), NULL, 0, 0, &err), CX_KAFKA_OK);
    rd_kafka_flush(k->producer, 5000);
    rebalance(E(_REVOKE_PARTITIONS), 0);
    cr_expect(k->failed, "an abort that fails ends the process");
}

Test(kafka_calls, who_closes_or_has_failed_takes_nothing_more)
{
    k->closing = true;
    give();
    cr_expect_eq(given, 0);
    k->closing = false;
    k->failed = true;
    give();
    rebalance(E(_REVOKE_PARTITIONS), 1);
    cr_expect(given == 0 && taken == 0);
    k->failed = false;
}

Test(kafka_calls, a_rebalance_that_is_neither_ends_the_process)
{
    give();
    rebalance(E(_FAIL), 1);
    cr_expect(k->failed && taken == 1 && k->failure.exit == CX_EXIT_BUG);
}

Test(kafka_calls, an_assignment_that_is_refused_ends_the_process)
{
    answers.assign = E(_STATE);
    give();
    cr_expect(k->failed && k->failure.exit == CX_EXIT_BUG);
}

Test(kafka_calls, a_callee_that_fails_ends_the_process_with_its_own_word)
{
    refusals = 1;
    give();
    cr_expect(k->failed && k->failure.exit == CX_EXIT_CONFIG, "nobody else has committed: a person must look");
}

Test(kafka_calls, a_callee_that_fails_otherwise_is_not_excused)
{
    refusals = 2;
    give();
    cr_expect(k->failed && k->failure.exit == CX_EXIT_BUG);
    cr_expect_str_eq(k->failure.text, "the callee refuses");
}

/* ---- committed offsets ---- */

Test(kafka_calls, committed_offsets_are_asked_for_until_there_is_an_answer)
{
    answers.committed = E(UNSTABLE_OFFSET_COMMIT);
    answers.committed_fails = 2;
    give();
    cr_expect(given == 1 && !k->failed);
}

Test(kafka_calls, committed_offsets_that_are_refused_end_the_process)
{
    answers.committed = E(GROUP_AUTHORIZATION_FAILED);
    answers.committed_fails = 1;
    give();
    cr_expect(given == 0 && k->failed && k->failure.exit == CX_EXIT_CONFIG);
}

Test(kafka_calls, a_stop_is_heeded_while_committed_offsets_are_asked_for)
{
    answers.committed = E(_TRANSPORT);
    answers.committed_fails = 1000;
    cx_kafka_interrupt(k);
    give();
    cr_expect(k->failed && k->failure.exit == CX_EXIT_OK);
}

static enum cx_kafka_result go_back(struct cx_error *err)
{
    give();
    cr_assert_eq(fill(err), CX_KAFKA_OK);
    return cx_kafka_abort(k, err);
}

Test(kafka_calls, going_back_is_repeated_where_that_helps)
{
    struct cx_error err;

    answers.seek = E(_TIMED_OUT);
    answers.seek_fails = 2;
    cr_expect_eq(go_back(&err), CX_KAFKA_OK, "%s", err.text);
    answers.seek = E(NO_ERROR);
    answers.seek_each = E(_STATE);
    answers.seek_fails = 1;
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_abort(k, &err), CX_KAFKA_OK, "%s", err.text);
}

Test(kafka_calls, going_back_that_is_refused_ends_the_process)
{
    struct cx_error err;

    answers.seek = E(_UNKNOWN_PARTITION);
    answers.seek_fails = 1;
    cr_expect_eq(go_back(&err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG, "%s", err.text);
}

static void expect_loss_told(rd_kafka_resp_err_t code)
{
    struct cx_error err;

    answers.seek = code;
    answers.seek_fails = 1;
    cr_expect_eq(go_back(&err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG);
    cr_expect(strstr(err.text, "to accept the loss") != NULL, "%s", err.text);
}

Test(kafka_calls, going_back_to_what_was_deleted_calls_a_person)
{
    expect_loss_told(E(OFFSET_OUT_OF_RANGE));
}

Test(kafka_calls, going_back_to_a_topic_that_was_made_anew_calls_a_person)
{
    expect_loss_told(E(_AUTO_OFFSET_RESET));
}

Test(kafka_calls, a_stop_is_heeded_while_going_back)
{
    struct cx_error err;

    answers.seek = E(_TIMED_OUT);
    answers.seek_fails = 1000;
    give();
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    cx_kafka_interrupt(k);
    cr_expect_eq(cx_kafka_abort(k, &err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_OK);
}

Test(kafka_calls, offsets_that_somebody_else_has_moved_end_the_process)
{
    struct cx_error err;

    give();
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    answers.offset = 77;
    cr_expect_eq(cx_kafka_abort(k, &err), CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_BUG);
    cr_expect(strstr(err.text, "77") != NULL, "%s", err.text);
}

Test(kafka_calls, without_partitions_there_is_nothing_to_go_back_to)
{
    struct cx_error err;

    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_abort(k, &err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK, "none is open");
}

Test(kafka_calls, offsets_that_cannot_be_sent_again_and_again_abort)
{
    struct cx_error err;

    give();
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    answers.sends_fail = 5;
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_ABORTED, "%s", err.text);
    answers.sends_fail = 0;
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    cr_expect_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK, "%s", err.text);
}

/* ---- restoring ---- */

static int on_record(void *context, const struct cx_message *message, struct cx_error *err)
{
    (void)context, (void)message, (void)err;
    return 0;
}

static int restore(struct cx_error *err)
{
    struct cx_restore asked = { .topic = "out", .partition = 0, .from = -1, .each = on_record };

    *err = (struct cx_error){ 0 };
    cx_kafka_abort(k, err);
    return cx_kafka_restore(k, &asked, err);
}

/* Something to read. */
static void write_one(void)
{
    struct cx_error err;

    give();
    cr_assert_eq(fill(&err), CX_KAFKA_OK);
    cr_assert_eq(cx_kafka_commit(k, &err), CX_KAFKA_OK, "%s", err.text);
}

Test(kafka_calls, a_client_for_restoring_that_cannot_be_made_is_told)
{
    struct cx_error err;

    write_one();
    answers.has_no_client = true;
    cr_expect_eq(restore(&err), -1);
    cr_expect(strstr(err.text, "told to") != NULL, "%s", err.text);
    answers.has_no_client = false;
    cr_assert_eq(restore(&err), 0, "%s", err.text);
    rd_kafka_destroy(k->restorer);
    k->restorer = NULL;
    answers.has_no_client = true;
    cr_expect_eq(restore(&err), -1, "nor the other one");
    answers.has_no_client = false;
    k->cfg.compression = CX_STR("zipped");
    k->cfg.security_protocol = CX_STR("none of these");
    cr_expect_eq(restore(&err), -1);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG, "%s", err.text);
}

Test(kafka_calls, a_changelog_that_cannot_be_read_is_told)
{
    struct cx_error err;

    write_one();
    answers.has_no_topic = true;
    cr_expect_eq(restore(&err), -1);
    answers.has_no_topic = false;
    answers.cannot_start = true;
    cr_expect_eq(restore(&err), -1);
    cr_expect(strstr(err.text, "restoring out") != NULL, "%s", err.text);
}

Test(kafka_calls, a_stop_is_heeded_while_a_changelog_is_silent)
{
    struct cx_error err;

    write_one();
    answers.is_silent = true;
    answers.stop_after = 2;
    cr_expect_eq(restore(&err), -1);
    cr_expect_eq(err.exit, CX_EXIT_OK);
}

Test(kafka_calls, an_offset_that_the_changelog_does_not_have_is_told)
{
    struct cx_restore asked = { .topic = "out", .partition = 0, .from = 1000, .each = on_record };
    struct cx_error err;

    write_one();
    cr_expect_eq(cx_kafka_restore(k, &asked, &err), 1);
}

Test(kafka_calls, a_changelog_whose_beginning_has_moved_on_is_told)
{
    struct cx_restore asked = { .topic = "out", .partition = 0, .from = 0, .each = on_record };
    struct cx_error err;

    write_one();
    cr_expect_eq(cx_kafka_restore(k, &asked, &err), 0, "%s", err.text);
    answers.begin[1] = 1;
    cr_expect_eq(cx_kafka_restore(k, &asked, &err), 1, "while it was read");
    answers.begin[0] = 1;
    cr_expect_eq(cx_kafka_restore(k, &asked, &err), 1, "and before");
}
