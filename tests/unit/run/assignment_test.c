/* What a process makes of partitions that come and go: what it refuses, what it keeps, and what it restores from what. */
#include "process_rig.h"
#include "supervisor.h"

TestSuite(assignment, .init = setup, .fini = teardown, .timeout = 120);

/* A keyed process with something in its tables, committed up to `end`. */
static struct cx_id worked_until(int64_t end)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_assert_eq(work_until(end), CX_KAFKA_OK);
    return cx_state_digest(cx_task_state(given()->task, 1));
}

static void expect_state(const struct cx_id *wanted, const char *why)
{
    struct cx_id got = cx_state_digest(cx_task_state(given()->task, 1));

    cr_expect_eq(memcmp(&got, wanted, sizeof got), 0, "%s", why);
}

static void expect_refusal(const char *what)
{
    memset(err.text, 0, sizeof err.text);
    cr_expect_eq(give(), -1, "%s", what);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG, "%s: %s", what, err.text);
    cr_expect(strstr(err.text, what) != NULL, "%s: %s", what, err.text);
}

/* ---- what is refused ---- */

Test(assignment, a_changelog_must_have_its_inputs_partitions)
{
    open_process(KEYED);
    fake.odd = "cx.changelog.dedup.v1";
    fake.odd_partitions = 3;
    expect_refusal("they must be equal");
    fake.odd_partitions = 0;
    expect_refusal("no topic cx.changelog.dedup.v1");
    fake.odd = p->topics[0];
    expect_refusal("no topic cx.raw.v1");
}

Test(assignment, an_offset_without_a_generation_is_refused)
{
    open_process(KEYED);
    fake.committed = 5;
    expect_refusal("no generation record");
}

Test(assignment, state_without_an_offset_is_refused)
{
    worked_until(3);
    close_process();
    open_process(KEYED);
    fake.committed = -1;
    expect_refusal("has no offset for");
}

Test(assignment, a_generation_record_of_another_size_is_refused)
{
    worked_until(3);
    close_process();
    fake_append("cx.changelog.dedup.v1", 0, cx_generation_key(), CX_STR("short"))->fate = FAKE_COMMITTED;
    open_process(KEYED);
    fake.retention = NULL;
    expect_refusal("not ours");
}

Test(assignment, a_changelog_that_is_not_ours_is_refused)
{
    open_process(KEYED);
    fake_append("cx.changelog.dedup.v1", 0, CX_STR("\x3F what is this"), CX_STR("?"))->fate = FAKE_COMMITTED;
    memset(err.text, 0, sizeof err.text);
    cr_expect_eq(give(), -1);
    cr_expect_eq(err.exit, CX_EXIT_CONFIG, "%s", err.text);
}

Test(assignment, without_random_numbers_there_is_no_generation)
{
    open_process(KEYED);
    fake.has_no_chance = true;
    cr_expect_eq(give(), -1);
    cr_expect_eq(err.exit, CX_EXIT_IO);
}

Test(assignment, more_partitions_than_it_has_room_for_are_refused)
{
    open_process(PLAIN);
    size_t none = p->assigned_count;
    p->assigned_count = CX_ASSIGNED_MAX;
    expect_refusal("more than 4096 partitions");
    p->assigned_count = none;
}

Test(assignment, a_stop_is_heeded_while_restoring)
{
    worked_until(6);
    close_process();
    open_process(KEYED);
    cx_stop_requested = 1;
    cr_expect_eq(give(), -1);
    cr_expect_eq(err.exit, CX_EXIT_OK);
}

Test(assignment, a_cluster_that_fails_while_restoring_ends_the_process)
{
    worked_until(6);
    uint64_t calls = fake.calls;
    take_away(false);
    cr_assert_eq(give(), 0);
    calls = fake.calls - calls;
    for (uint64_t n = 1; n <= calls; n++) {
        take_away(false);
        fake.fails_at = fake.calls + n;
        fake.how = CX_KAFKA_FATAL;
        cr_expect_eq(give(), -1, "call %llu of %llu", (unsigned long long)n, (unsigned long long)calls);
        cr_expect_eq(err.exit, CX_EXIT_BUG);
        close_process();
        open_process(KEYED);
        cr_assert_eq(give(), 0, "%s", err.text);
    }
}

/* More than the restore looks at the clock for, and slow enough that it tells how far it is. */
static void restore_slowly(bool from_snapshot)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_assert_eq(work_until(3), CX_KAFKA_OK);
    if (from_snapshot)
        cx_snapshots_finish(p);
    close_process();
    for (int i = 0; i < 9000; i++)
        fake_append("cx.changelog.dedup.v1", 0, CX_STR("\001sixteen byte key"), CX_STR_NULL)->fate = FAKE_COMMITTED;
    fake.record_ns = 2000000;
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    fake.record_ns = 0;
}

static size_t told(const char *what, void (*during)(bool from_snapshot), bool from_snapshot)
{
    char said[20000] = "", *at = said;
    size_t n = 0;
    int kept = dup(STDERR_FILENO), ends[2];

    cr_assert_eq(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    during(from_snapshot);
    dup2(kept, STDERR_FILENO);
    close(kept);
    cr_assert_geq(read(ends[0], said, sizeof said - 1), 0);
    close(ends[0]);
    for (; (at = strstr(at, what)) != NULL; at++)
        n++;
    return n;
}

Test(assignment, a_long_restore_says_how_far_it_is)
{
    cx_log_setup(CX_INFO, CX_LOG_TEXT);
    cr_expect_geq(told("event=restoring ", restore_slowly, true), 2);
}

Test(assignment, on_a_terminal_it_is_a_line_that_moves)
{
    fake.is_terminal = true;
    cr_expect_geq(told("\r\033[Krestoring dedup/0 ", restore_slowly, false), 2);
    settings.log.format = CX_STR("json");
    close_process();
    cr_expect_eq(told("\033[Krestoring", restore_slowly, false), 0, "but not where lines are JSON");
}

/* ---- taken and given again ---- */

static enum cx_restored_from given_from(size_t stage)
{
    return given()->replicas[stage].source;
}

Test(assignment, what_is_given_back_is_still_in_memory)
{
    struct cx_id before = worked_until(8);
    take_away(false);
    cr_expect_eq(p->warm_count, 1);
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_expect_eq(given_from(1), CX_FROM_MEMORY);
    cr_expect_eq(p->warm_count, 0);
    expect_state(&before, "the same state");
}

Test(assignment, what_another_owner_wrote_meanwhile_is_read)
{
    struct cx_id before = worked_until(8);
    take_away(false);
    struct cx_process *first = p;
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_assert_eq(work_until(16), CX_KAFKA_OK);
    struct cx_id after = cx_state_digest(cx_task_state(given()->task, 1));
    cr_assert_neq(memcmp(&before, &after, sizeof after), 0);
    close_process();
    p = first;
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_expect_eq(given_from(1), CX_FROM_MEMORY);
    expect_state(&after, "what the other one wrote (invariant 5)");
}

Test(assignment, what_is_not_given_back_is_dropped)
{
    worked_until(8);
    take_away(false);
    fake.callbacks.settled(p);
    cr_expect_eq(p->warm_count, 0);
    cr_assert_eq(give(), 0);
    cr_expect_neq(given_from(1), CX_FROM_MEMORY);
}

Test(assignment, tables_of_a_lost_partition_are_not_kept)
{
    worked_until(8);
    take_away(true);
    cr_expect_eq(p->warm_count, 0);
}

Test(assignment, tables_of_a_doomed_process_or_a_chain_without_state_are_not_kept)
{
    worked_until(8);
    p->is_doomed = true;
    take_away(false);
    cr_expect_eq(p->warm_count, 0);
    close_process();
    fake.committed = -1;
    open_process(PLAIN);
    cr_assert_eq(give(), 0, "%s", err.text);
    take_away(false);
    cr_expect_eq(p->warm_count, 0);
}

Test(assignment, no_more_is_kept_than_there_is_room_for)
{
    worked_until(8);
    p->warm_count = CX_ASSIGNED_MAX;
    take_away(false);
    cr_expect_eq(p->warm_count, CX_ASSIGNED_MAX);
    p->warm_count = 0;
}

Test(assignment, tables_that_were_never_committed_are_not_warm)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    take_away(false);
    cr_assert_eq(p->warm_count, 1);
    cr_expect_not(p->warm[0]->replicas[1].is_warm);
    p->warm[0]->replicas[1].generation.is_known = false; /* as a restore that failed leaves it */
    cr_assert_eq(give(), 0);
    take_away(false);
    cr_expect_not(p->warm[0]->replicas[1].is_warm);
}

Test(assignment, the_open_transaction_is_committed_before_and_aborted_after_the_loss)
{
    worked_until(8);
    cr_assert_eq(send_record(8), CX_KAFKA_OK);
    take_away(false);
    cr_expect_eq(fake.committed, 9);
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_assert_eq(send_record(9), CX_KAFKA_OK);
    take_away(true);
    cr_expect_eq(fake.committed, 9, "(invariant 6)");
    cr_expect_not(p->is_doomed);
}

Test(assignment, a_commit_that_ends_the_process_while_partitions_go_dooms_it)
{
    worked_until(8);
    cr_assert_eq(send_record(8), CX_KAFKA_OK);
    fake.how = CX_KAFKA_FATAL;
    fake.fails_at = fake.calls + 1;
    fake.callbacks.revoking(p, false);
    cr_expect(p->is_doomed);
    fake.callbacks.revoking(p, true);
    cr_expect(p->is_doomed, "and it stays doomed");
}

Test(assignment, several_partitions_are_told_apart)
{
    open_process(KEYED);
    for (int32_t partition = 0; partition < 2; partition++)
        cr_assert_eq(fake.callbacks.assigned(p, p->topics[0], partition, -1, &err), 0, "%s", err.text);
    for (int32_t partition = 0; partition < 2; partition++)
        cr_expect_eq(cx_assignment_find(p, cx_str(p->topics[0]), partition)->partition, partition);
    cr_expect_null(cx_assignment_find(p, cx_str(p->topics[0]), 2));
    cr_expect_null(cx_assignment_find(p, CX_STR("another"), 1));
    p->current = p->assigned[1];
    cr_expect_null(cx_assignment_find(p, CX_STR("another"), 1), "nor when it was the last one used");
    fake.callbacks.revoked(p, "another", 0);
    fake.callbacks.revoked(p, p->topics[0], 5);
    cr_expect_eq(p->assigned_count, 2);
    fake.callbacks.revoked(p, p->topics[0], 1);
    cr_expect_eq(given()->partition, 0);
}

/* ---- what a supervisor hears ---- */

static bool is_heard(const char *wanted)
{
    bool found = false;
    for (const char *line = heard(); *line; line = heard())
        found = found || strcmp(line, wanted) == 0;
    return found;
}

Test(assignment, a_supervisor_hears_ready_when_state_is_there_and_that_waiting_is_life)
{
    char name[60];
    worked_until(40);
    close_process();
    snprintf(name, sizeof name, "@cx-assignment-unit-%d", (int)getpid());
    listen_at(name);
    cx_notify_open();
    open_process(KEYED);
    cr_expect_not(is_heard("READY=1"), "nothing has been given");
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_expect(is_heard("READY=1"));
    atomic_store(&p->heartbeat_ns, 0);
    fake.callbacks.waiting(p, "commit");
    cr_expect_gt(atomic_load(&p->heartbeat_ns), 0);
    cr_expect(is_heard("STATUS=waiting for brokers, to commit"));
    close(supervisor);
}

Test(assignment, a_process_without_a_partition_is_ready_too)
{
    char name[60];
    snprintf(name, sizeof name, "@cx-assignment-unit-%d", (int)getpid());
    listen_at(name);
    cx_notify_open();
    open_process(KEYED);
    fake.callbacks.settled(p);
    cr_expect(is_heard("READY=1"));
    close(supervisor);
}
