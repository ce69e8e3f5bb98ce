/* Snapshots of a process: when they are written, and everything that speaks against believing one. */
#include "process_rig.h"

#include <fcntl.h>
#include <sys/stat.h>

TestSuite(snapshots, .init = setup, .fini = teardown, .timeout = 120);

#define DAY_MS INT64_C(86400000)
enum { DEDUP = 1, ANALYTICS = 2 };

static const char *path_of(const char *stage)
{
    static char path[200];

    snprintf(path, sizeof path, "%s/normalize-dedup-analytics.%s.0.snapshot", folder, stage);
    return path;
}

static bool exists(const char *stage)
{
    return access(path_of(stage), F_OK) == 0;
}

static struct cx_id state(void)
{
    return cx_state_digest(cx_task_state(given()->task, DEDUP));
}

/* Works, writes its snapshots and goes; what the tables then held. */
static struct cx_id left_behind(int64_t end)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_assert_eq(work_until(end), CX_KAFKA_OK);
    cx_snapshots_finish(p);
    struct cx_id digest = state();
    close_process();
    return digest;
}

/* A restart: where the tables come from, with the same content. */
static enum cx_restored_from come_back(const struct cx_id *wanted)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    struct cx_id got = state();
    cr_expect_eq(memcmp(&got, wanted, sizeof got), 0, "other state (invariant 1)");
    return given()->replicas[DEDUP].source;
}

/* ---- believed ---- */

Test(snapshots, a_restart_reads_what_the_last_run_left)
{
    struct cx_id digest = left_behind(12);
    cr_assert(exists("dedup") && exists("analytics"));
    cr_expect_eq(come_back(&digest), CX_FROM_SNAPSHOT);
}

Test(snapshots, the_folder_is_made_where_there_is_none)
{
    char made[200], file[300];
    snprintf(made, sizeof made, "%s/made", folder);
    settings.kafka.state_dir = cx_str(made);
    struct cx_id digest = left_behind(12);
    cr_expect_eq(come_back(&digest), CX_FROM_SNAPSHOT);
    close_process();
    settings.kafka.state_dir = cx_str(folder);
    snprintf(file, sizeof file, "%s/normalize-dedup-analytics.dedup.0.snapshot", made);
    cr_expect_eq(unlink(file), 0);
    snprintf(file, sizeof file, "%s/normalize-dedup-analytics.analytics.0.snapshot", made);
    cr_expect_eq(unlink(file), 0);
    cr_expect_eq(rmdir(made), 0);
}

Test(snapshots, what_was_committed_later_is_read_from_the_changelog)
{
    left_behind(6);
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_assert_eq(work_until(19), CX_KAFKA_OK);
    struct cx_id digest = state();
    close_process(); /* as if killed */
    cr_expect_eq(come_back(&digest), CX_FROM_SNAPSHOT);
}

Test(snapshots, are_written_in_steps_between_transactions)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_expect_not(cx_snapshots_step(p), "nothing has changed");
    cr_assert_eq(work_until(7), CX_KAFKA_OK);
    for (int i = 0; i < 100000 && !(exists("dedup") && exists("analytics")); i++)
        cx_snapshots_step(p);
    cr_expect(exists("dedup") && exists("analytics"));
    while (cx_snapshots_step(p))
        ;
    cr_expect_not(cx_snapshots_step(p), "each once");
    cr_assert_eq(work_until(9), CX_KAFKA_OK);
    given()->replicas[DEDUP].snapshot_ns = cx_monotonic_ns() + 1000000000;
    given()->replicas[ANALYTICS].snapshot_ns = cx_monotonic_ns() + 1000000000;
    cr_expect_not(cx_snapshots_step(p), "not before the interval is over");
    struct cx_id digest = state();
    close_process();
    cr_expect_eq(come_back(&digest), CX_FROM_SNAPSHOT);
}

Test(snapshots, one_that_is_being_written_goes_with_its_partition)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_assert_eq(work_until(7), CX_KAFKA_OK);
    cr_assert(cx_snapshots_step(p));
    struct cx_assignment *other = cx_assignment_new(p, p->topics[0], 1);
    cx_snapshots_forget(p, other);
    cx_assignment_free(other);
    cx_assignment_free(NULL);
    bool was_written = exists("dedup"), was_next = exists("analytics");
    take_away(true);
    cr_expect(exists("dedup") == was_written && exists("analytics") == was_next);
    cr_assert_eq(give(), 0);
    cr_assert_eq(work_until(9), CX_KAFKA_OK);
    cr_assert(cx_snapshots_step(p));
    cr_assert_eq(work_until(11), CX_KAFKA_OK);
    struct cx_id digest = state();
    cx_snapshots_finish(p); /* begun before the last commits: written anew */
    close_process();
    cr_expect_eq(come_back(&digest), CX_FROM_SNAPSHOT);
    close_process();
    open_process(PLAIN);
    cx_snapshots_finish(p);
    cr_expect_not(cx_snapshots_step(p), "a chain without state has none");
}

Test(snapshots, one_that_is_under_way_at_the_end_is_written_whole)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_assert_eq(work_until(7), CX_KAFKA_OK);
    struct cx_id digest = state();
    cr_assert(cx_snapshots_step(p));
    cr_expect_not(given()->replicas[DEDUP].is_dirty, "begun");
    cx_snapshots_finish(p);
    close_process();
    cr_expect_eq(come_back(&digest), CX_FROM_SNAPSHOT);
}

Test(snapshots, an_idle_owner_shows_in_time_that_it_owns)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_assert_eq(work_until(7), CX_KAFKA_OK);
    cr_expect_not(cx_snapshots_need_refresh(p, given(), cx_wall_ms()));
    fake.leap_ms = DAY_MS / 3;
    cr_expect(cx_snapshots_need_refresh(p, given(), cx_wall_ms()));
    uint64_t calls = fake.calls;
    cr_expect_eq(cx_process_refresh(p, given(), cx_wall_ms()), CX_KAFKA_OK);
    cr_expect_gt(fake.calls, calls);
    cr_expect_not(cx_snapshots_need_refresh(p, given(), cx_wall_ms()), "and is as young as that commit");
}

Test(snapshots, what_is_kept_for_others_to_take_is_written_too)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_assert_eq(work_until(7), CX_KAFKA_OK);
    take_away(false); /* as what a standby follows */
    cr_assert_eq(p->warm_count, 1);
    for (int i = 0; i < 100000 && !(exists("dedup") && exists("analytics")); i++)
        cx_snapshots_step(p);
    cr_expect(exists("dedup") && exists("analytics"));
    cx_snapshots_step(p);
    cx_snapshots_forget(p, p->warm[0]);
}

Test(snapshots, what_was_never_committed_is_not_written)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    struct cx_replica *r = &given()->replicas[DEDUP];
    r->is_dirty = true;
    r->as_of_ms = 0;
    given()->replicas[ANALYTICS].is_dirty = false;
    cr_expect_not(cx_snapshots_step(p), "nobody knows of when it is");
    r->as_of_ms = cx_wall_ms();
    r->generation.offset = r->offset = 5;
    cr_expect_not(cx_snapshots_step(p), "its generation is not below its offset");
    cr_expect_not(cx_snapshots_need_refresh(p, given(), cx_wall_ms()));
}

Test(snapshots, a_step_after_a_long_time_is_not_a_long_step)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_assert_eq(work_until(7), CX_KAFKA_OK);
    cr_assert(cx_snapshots_step(p));
    fake.leap_ns = INT64_C(3600000000000);
    for (int i = 0; i < 100000 && !(exists("dedup") && exists("analytics")); i++)
        cx_snapshots_step(p);
    cr_expect(exists("dedup") && exists("analytics"));
}

Test(snapshots, a_stop_is_not_held_up_by_them)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_assert_eq(work_until(7), CX_KAFKA_OK);
    fake.call_ns = INT64_C(8000000000);
    cx_snapshots_finish(p);
    fake.call_ns = 0;
    cr_expect(exists("dedup") && !exists("analytics"), "one took its time, so that the other is left out");
}

Test(snapshots, are_opened_once)
{
    open_process(KEYED);
    struct cx_snapshots *opened = p->snapshots;
    cx_snapshots_open(p, "another", "another");
    cr_expect_eq(p->snapshots, opened, "as a standby did");
    close_process();
    open_process(PLAIN);
    cr_expect_null(p->snapshots);
    cr_assert_eq(give(), 0);
    cx_snapshots_load(p, given(), 0);
    cx_snapshots_forget(p, given());
    cr_expect_not(cx_snapshots_need_refresh(p, given(), cx_wall_ms()));
    cr_expect_eq(cx_snapshots_good_ms(p, 0), 0);
}

/* ---- not believed ---- */

static void refused(const struct cx_id *digest, const char *why)
{
    cr_expect_eq(come_back(digest), CX_FROM_CHANGELOG, "%s", why);
}

Test(snapshots, one_that_is_too_old_is_not_believed)
{
    struct cx_id digest = left_behind(12);
    fake.leap_ms = DAY_MS;
    refused(&digest, "older than half of delete.retention.ms");
}

Test(snapshots, one_of_a_time_to_come_is_not_believed)
{
    fake.leap_ms = DAY_MS;
    struct cx_id digest = left_behind(12);
    fake.leap_ms = 0;
    refused(&digest, "a clock was wrong");
}

Test(snapshots, one_that_is_damaged_is_not_believed)
{
    struct cx_id digest = left_behind(12);
    cr_assert_eq(truncate(path_of("dedup"), 300), 0);
    refused(&digest, "it is cut");
}

Test(snapshots, one_beyond_its_changelog_is_not_believed)
{
    left_behind(12);
    fake.count = 3; /* as an older copy of the topics */
    fake.committed = -1;
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_expect_eq(given()->replicas[DEDUP].source, CX_FROM_CHANGELOG);
}

/* Everything of another generation in the place of what was there. */
static void make_anew(const char *uuid)
{
    for (size_t i = 0; i < fake.count; i++)
        if (strcmp(fake.log[i].topic, "cx.changelog.dedup.v1") == 0)
            fake.log[i].fate = FAKE_ABORTED;
    if (uuid)
        fake_append("cx.changelog.dedup.v1", 0, cx_generation_key(), cx_str_n(uuid, 16))->fate = FAKE_COMMITTED;
}

Test(snapshots, one_of_another_generation_is_not_believed)
{
    left_behind(12);
    make_anew("0123456789abcdef");
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_expect_eq(given()->replicas[DEDUP].source, CX_FROM_CHANGELOG);
    cr_expect_eq(cx_state_count(cx_task_state(given()->task, DEDUP), 1), 0);
}

Test(snapshots, one_whose_generation_is_nowhere_is_not_believed)
{
    left_behind(12);
    make_anew(NULL);
    open_process(KEYED);
    cr_expect_eq(give(), -1);
    cr_expect(strstr(err.text, "no generation record") != NULL, "%s", err.text);
}

Test(snapshots, what_stands_in_its_generations_place_must_be_that_generation)
{
    left_behind(12);
    for (size_t i = 0; i < fake.count; i++)
        if (fake.log[i].sort == 1 && strcmp(fake.log[i].topic, "cx.changelog.dedup.v1") == 0)
            fake.log[i].value = CX_STR("0123456789abcdef");
    open_process(KEYED);
    cr_assert_eq(give(), 0, "%s", err.text);
    cr_expect_eq(given()->replicas[DEDUP].source, CX_FROM_CHANGELOG);
}

Test(snapshots, what_stands_in_its_generations_place_must_be_a_generation)
{
    left_behind(12);
    for (size_t i = 0; i < fake.count; i++)
        if (fake.log[i].sort == 1 && strcmp(fake.log[i].topic, "cx.changelog.dedup.v1") == 0) {
            fake.log[i].key = CX_STR("\001sixteen byte key");
            fake.log[i].value = CX_STR_NULL;
        }
    open_process(KEYED);
    cr_expect_eq(give(), -1);
    cr_expect(strstr(err.text, "no generation record") != NULL, "%s", err.text);
}

/* ---- without any ---- */

Test(snapshots, a_cluster_that_hides_its_settings_gets_none_and_all_else_works)
{
    fake.retention = NULL;
    struct cx_id digest = left_behind(12);
    cr_expect_not(exists("dedup") || exists("analytics"));
    refused(&digest, "there is none");
    cr_expect_eq(work_until(20), CX_KAFKA_OK);
    cr_expect_not(cx_snapshots_step(p));
    cr_expect_not(cx_snapshots_need_refresh(p, given(), cx_wall_ms() + DAY_MS));
    digest = state();
    take_away(false);
    cr_assert_eq(give(), 0);
    struct cx_id got = state();
    cr_expect_eq(memcmp(&got, &digest, sizeof got), 0);
    cr_expect_eq(given()->replicas[DEDUP].source, CX_FROM_CHANGELOG, "what was in memory is not believed either: its age cannot be judged");
}

Test(snapshots, one_of_a_time_when_settings_were_shown_is_not_believed_when_they_are_hidden)
{
    struct cx_id digest = left_behind(12);
    fake.retention = NULL;
    refused(&digest, "how long deletions are kept is not known");
}

Test(snapshots, a_retention_that_is_no_number_is_none)
{
    fake.retention = "soon";
    left_behind(12);
    cr_expect_not(exists("dedup"));
}

Test(snapshots, an_interval_of_nothing_writes_none)
{
    settings.run.snapshot_interval = 0;
    struct cx_id digest = left_behind(12);
    cr_expect_not(exists("dedup"));
    refused(&digest, "there is none");
}

Test(snapshots, a_folder_that_cannot_be_made_is_no_reason_to_end)
{
    settings.kafka.state_dir = CX_STR("/dev/null/here");
    struct cx_id digest = left_behind(12);
    refused(&digest, "there is none");
}

Test(snapshots, a_file_that_cannot_be_written_is_tried_again)
{
    open_process(KEYED);
    cr_assert_eq(give(), 0);
    cr_assert_eq(work_until(7), CX_KAFKA_OK);
    settings.kafka.state_dir = CX_STR("/dev/null/gone");
    cx_snapshots_finish(p);
    cr_expect(given()->replicas[DEDUP].is_dirty, "what was not written is still to be");
    settings.kafka.state_dir = cx_str(folder);
    cx_snapshots_finish(p);
    cr_expect(exists("dedup") && !given()->replicas[DEDUP].is_dirty);
}

/* ---- a restart before it is given anything ---- */

static void touch(const char *name)
{
    char path[300];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    cr_assert(fd >= 0);
    close(fd);
}

Test(snapshots, its_own_are_loaded_before_it_is_given_anything_and_nothing_else_is)
{
    left_behind(12);
    touch("normalize-dedup-analytics.dedup.snapshot");
    touch("normalize-dedup-analytics.dedup.x.snapshot");
    touch("normalize-dedup-analytics.dedup.-1.snapshot");
    touch("normalize-dedup-analytics.dedup.4294967296.snapshot");
    touch("normalize-dedup-analytics.dedup.1.snapshot.new");
    touch("normalize-dedup-analytics.dedup.1.snapshot");
    touch("another.dedup.0.snapshot");
    open_process(KEYED);
    cr_expect_eq(p->warm_count, 1);
    close_process();
    fake.identity = "unit.1";
    open_process(KEYED);
    cr_expect_eq(p->warm_count, 0, "another's");
    fake.identity = NULL;
    p->warm_count = CX_ASSIGNED_MAX;
    cx_snapshots_warm(p);
    cr_expect_eq(p->warm_count, CX_ASSIGNED_MAX, "no room");
    p->warm_count = 0;
    fake.call_ns = INT64_C(10000000000);
    cx_snapshots_warm(p);
    fake.call_ns = 0;
    cr_expect_eq(p->warm_count, 0, "no time: the session would end");
    settings.kafka.state_dir = CX_STR("/dev/null/gone");
    cx_snapshots_warm(p);
    cr_expect_eq(p->warm_count, 0, "the folder is gone");
    settings.kafka.state_dir = cx_str(folder);
    close_process();
    unlink(path_of("dedup"));
    open_process(KEYED);
    cr_expect_eq(p->warm_count, 0);
}
