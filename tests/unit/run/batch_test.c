/* What a process makes of a transaction, whatever the cluster answers to which call. */
#include "process_rig.h"

TestSuite(batch, .init = setup, .fini = teardown, .timeout = 120);

enum { END = 23 };

static struct cx_id digest_of(size_t stage)
{
    return cx_state_digest(cx_task_state(given()->task, stage));
}

/* Committed records but those of the ledger, which alone may depend on where transactions were cut; in the order of each topic. */
static struct cx_id committed_outputs(void)
{
    struct cx_id sum = { 0 };

    for (size_t topic = 0; topic < cx_topic_count; topic++)
        for (size_t i = 0; i < fake.count; i++) {
            const struct fake_record *r = &fake.log[i];
            if (r->fate != FAKE_COMMITTED || strcmp(r->topic, cx_topics[topic].name) != 0 || strncmp(r->topic, "cx.ledger", 9) == 0 ||
                strncmp(r->topic, "cx.changelog", 12) == 0)
                continue;
            struct cx_id both[3] = { sum, cx_hash128(r->value.ptr, r->value.len), cx_hash128(r->key.ptr, r->key.len) };
            sum = cx_hash128(both, sizeof both);
        }
    return sum;
}

static enum cx_kafka_result run_all(void)
{
    enum cx_kafka_result result = work_until(10);

    if (result == CX_KAFKA_FATAL)
        return result;
    while ((result = cx_process_tick(p, given(), 1700000100000)) == CX_KAFKA_ABORTED)
        ;
    return result == CX_KAFKA_FATAL ? result : work_until(END);
}

static void begin_run(uint64_t fails_at, enum cx_kafka_result how)
{
    fake.count = 0;
    fake.done = fake.committed = -1;
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    fake.calls = 0;
    fake.fails_at = fails_at;
    fake.how = how;
    p->settings->run.batch_records = p->batch_limit = 4;
}

Test(batch, any_call_may_lose_the_transaction_and_nothing_is_lost_or_doubled)
{
    begin_run(0, CX_KAFKA_OK);
    cr_assert_eq(run_all(), CX_KAFKA_OK);
    uint64_t calls = fake.calls;
    struct cx_id outputs = committed_outputs(), dedup = digest_of(1), analytics = digest_of(2);
    cr_assert_gt(committed_in("cx.metrics.minute.v1"), 0);
    cr_assert_gt(committed_in("cx.dlq.normalize.v1"), 0);
    close_process();
    for (uint64_t n = 1; n <= calls; n++) {
        begin_run(n, CX_KAFKA_ABORTED);
        cr_assert_eq(run_all(), CX_KAFKA_OK, "call %llu: %s", (unsigned long long)n, err.text);
        struct cx_id got = committed_outputs(), got_dedup = digest_of(1), got_analytics = digest_of(2);
        cr_assert_eq(memcmp(&got, &outputs, sizeof got), 0, "call %llu of %llu: other outputs", (unsigned long long)n, (unsigned long long)calls);
        cr_assert_eq(memcmp(&got_dedup, &dedup, sizeof dedup), 0, "call %llu: other state (invariant 3)", (unsigned long long)n);
        cr_assert_eq(memcmp(&got_analytics, &analytics, sizeof dedup), 0, "call %llu: other state (invariant 3)", (unsigned long long)n);
        close_process();
    }
}

Test(batch, any_call_may_end_the_process_and_the_next_one_goes_on)
{
    begin_run(0, CX_KAFKA_OK);
    cr_assert_eq(run_all(), CX_KAFKA_OK);
    uint64_t calls = fake.calls;
    struct cx_id dedup = digest_of(1);
    close_process();
    for (uint64_t n = 1; n <= calls; n++) {
        begin_run(n, CX_KAFKA_FATAL);
        cr_assert_eq(run_all(), CX_KAFKA_FATAL, "call %llu", (unsigned long long)n);
        cr_assert_eq(err.exit, CX_EXIT_BUG);
        close_process();
        open_process(KEYED);
        cr_assert_eq(give(), 0, "call %llu: %s", (unsigned long long)n, err.text);
        cr_assert_eq(work_until(END), CX_KAFKA_OK, "call %llu: %s", (unsigned long long)n, err.text);
        struct cx_id got = digest_of(1);
        cr_assert_eq(memcmp(&got, &dedup, sizeof dedup), 0, "call %llu: other state after a restart (invariants 1, 5)", (unsigned long long)n);
        close_process();
    }
}

/* What stands in the topic of a refused output is a property of the record that it came from. */
Test(batch, a_record_whose_outputs_are_refused_is_found_and_becomes_a_dead_letter)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    fake.blames = true;
    fake.refused = "cx.metrics.minute.v1";
    for (int i = 0; i < 200 && given()->committed < 4; i++)
        cr_assert_neq(given()->position < 4 ? send_record(given()->position) : cx_process_commit(p), CX_KAFKA_FATAL, "%s", err.text);
    cr_expect_eq(given()->committed, 4, "the batch goes on");
    cr_expect_gt(committed_in("cx.dlq.normalize.v1"), 0, "and what is refused is a dead letter (invariant 10)");
    cr_expect_lt(p->batch_limit, 10000, "after transactions of fewer records");
    fake.refused = NULL;
    cr_expect_eq(work_until(60), CX_KAFKA_OK);
    cr_expect_gt(p->batch_limit, 1, "which grow again");
}

Test(batch, a_person_is_called_when_even_the_dead_letter_is_refused)
{
    enum cx_kafka_result result = CX_KAFKA_OK;

    open_process(KEYED);
    cr_assert_eq(give(), 0);
    fake.blames = true;
    fake.refused = "cx.dlq.normalize.v1";
    for (int i = 0; i < 200 && result != CX_KAFKA_FATAL; i++)
        result = given()->position < 6 ? send_record(given()->position) : cx_process_commit(p);
    cr_expect_eq(result, CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG, "%s", err.text);
    cr_expect_eq(given()->committed, 4, "what came before it is committed");
}

Test(batch, trouble_that_is_no_records_fault_makes_no_dead_letter)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    fake.refused = "cx.metrics.minute.v1";
    for (int i = 0; i < 50; i++)
        cr_assert_neq(given()->position < 4 ? send_record(given()->position) : cx_process_commit(p), CX_KAFKA_FATAL, "%s", err.text);
    cr_expect_lt(given()->committed, 4);
    cr_expect_eq(committed_in("cx.dlq.normalize.v1"), 0);
}

Test(batch, ends_at_its_bytes_too)
{
    open_process(PLAIN);
    cr_assert_eq(give(), 0);
    p->settings->run.batch_bytes = 1024;
    for (int64_t offset = 0; given()->committed < 0 && offset < 100; offset++)
        cr_assert_eq(send_record(offset), CX_KAFKA_OK);
    cr_expect(given()->committed > 0 && given()->committed < 20);
}

Test(batch, the_breaker_opens_when_most_of_a_window_is_rejected)
{
    open_process(PLAIN);
    cr_assert_eq(give(), 0);
    p->settings->run.breaker_window = 5;
    p->settings->run.breaker_share = 0.3;
    cr_assert_eq(work_until(5), CX_KAFKA_OK);
    cr_expect_not(p->is_broken, "one of five");
    p->settings->run.breaker_share = 0;
    cr_assert_eq(work_until(10), CX_KAFKA_OK);
    cr_expect_not(p->is_broken, "switched off");
    p->settings->run.breaker_share = 0.1;
    cr_assert_eq(work_until(15), CX_KAFKA_OK);
    cr_expect(p->is_broken);
    p->settings->run.breaker_share = 0.3;
    cr_assert_eq(work_until(20), CX_KAFKA_OK);
    cr_expect(p->is_broken, "once open, it stays so");
}

Test(batch, an_idle_partition_writes_its_generation_before_it_is_forgotten)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_expect_eq(cx_process_refresh(p, given(), cx_wall_ms() + INT64_C(4) * 86400000), CX_KAFKA_OK);
    cr_expect_not(fake.is_open, "nothing is due before there is a commit");
    cr_assert_eq(work_until(3), CX_KAFKA_OK);
    size_t before = committed_in("cx.changelog.dedup.v1");
    cr_expect_eq(cx_process_refresh(p, given(), cx_wall_ms()), CX_KAFKA_OK);
    cr_expect_eq(committed_in("cx.changelog.dedup.v1"), before);
    fake.leap_ms = INT64_C(4) * 86400000;
    fake.fails_at = fake.calls + 1;
    fake.how = CX_KAFKA_FATAL;
    cr_expect_eq(cx_process_refresh(p, given(), cx_wall_ms()), CX_KAFKA_FATAL);
    cr_expect_eq(cx_process_refresh(p, given(), cx_wall_ms()), CX_KAFKA_OK);
    cr_expect_eq(committed_in("cx.changelog.dedup.v1"), before + 1, "a generation record, and nothing else (invariant 4)");
    cr_expect_eq(given()->committed, 3, "at the same offset (invariant 2)");
}

Test(batch, nothing_is_committed_or_aborted_where_nothing_was_begun)
{
    open_process(PLAIN);
    cr_assert_eq(give(), 0);
    cr_expect_eq(cx_process_commit(p), CX_KAFKA_OK);
    cr_expect_eq(cx_process_abort(p), CX_KAFKA_OK);
    cr_expect_eq(fake.calls, 0);
}

Test(batch, a_tenant_that_is_pinned_to_a_partition_that_is_not_there_calls_a_person)
{
    open_process(PLAIN);
    cr_assert_eq(give(), 0);
    cr_expect_eq(send_value(0, CX_STR("{\"tenant\":\"pinned\",\"channel\":\"x\",\"native_id\":\"1\",\"occurred_at\":1700000000000,"
                                      "\"author\":{\"native_id\":\"u\"},\"text\":\"hello\"}")),
                 CX_KAFKA_FATAL);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG);
    cr_expect(strstr(err.text, "cx.events.v1") != NULL, "%s", err.text);
}

Test(batch, one_refused_record_after_another_becomes_a_dead_letter)
{
    open_process(PLAIN);
    cr_assert_eq(give(), 0);
    fake.blames = true;
    fake.refused = "cx.events.v1";
    for (int i = 0; i < 400 && given()->committed < 4; i++)
        cr_assert_neq(given()->position < 4 ? send_record(given()->position) : cx_process_commit(p), CX_KAFKA_FATAL, "%s", err.text);
    cr_expect_eq(committed_in("cx.dlq.normalize.v1"), 4, "all four, none twice");
    cr_expect_eq(committed_in("cx.events.v1"), 0);
}

static void expect_refused_topic(const char *chain, const char *topic)
{
    open_process(chain);
    cr_assert_eq(give(), 0);
    fake.odd = topic;
    memset(p->partitions, 0, sizeof p->partitions);
    p->ledger_partitions = 0;
    cr_expect_eq(work_until(5), CX_KAFKA_FATAL, "%s", topic);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG);
    close_process();
    fake.odd = NULL;
}

Test(batch, a_person_is_called_when_a_topic_goes_away)
{
    expect_refused_topic(PLAIN, "cx.events.v1");
    expect_refused_topic(PLAIN, "cx.dlq.normalize.v1");
    expect_refused_topic(PLAIN, "cx.ledger.normalize-classify.v1");
}
