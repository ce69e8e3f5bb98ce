/* process_rig.h - a stage process on the fake cluster, driven by hand: what loop.c does, call by call. */
#ifndef CX_TEST_PROCESS_RIG_H
#define CX_TEST_PROCESS_RIG_H
#include "fake_kafka.h"
#include "log/log.h"
#include "run/process.h"
#include "run/registry.h"

#include <dirent.h>
#include <unistd.h>

static struct cx_process *p;
static struct cx_settings settings;
static struct cx_error err;
static char folder[] = "/tmp/process-unit-XXXXXX";
static const char *const KEYED = "normalize dedup analytics", *const PLAIN = "normalize classify";

static void open_process(const char *chain)
{
    const struct cx_stage *stages[8];
    struct cx_str rest = cx_str(chain), name;
    size_t n = 0;

    p = calloc(1, sizeof *p);
    p->settings = &settings;
    while (cx_str_cut(&rest, ' ', &name))
        stages[n++] = cx_stage_find(name);
    cr_assert_eq(cx_process_open(p, stages, n, NULL, &err), 0, "%s", err.text);
}

static void close_process(void)
{
    cx_process_close(p);
    free(p);
    p = NULL;
}

/* What cx_kafka_poll does when the group gives a partition. */
static int give(void)
{
    int status = fake.callbacks.assigned(p, p->topics[0], 0, fake.committed, &err);

    if (status == 0)
        fake.callbacks.settled(p);
    return status;
}

static inline void take_away(bool lost)
{
    fake.callbacks.revoking(p, lost);
    if (fake.is_open)
        fake_end(FAKE_ABORTED);
    while (p->assigned_count > 0)
        fake.callbacks.revoked(p, p->topics[0], p->assigned[0]->partition);
}

/* Four of five are comments, the fifth is broken; every seventh comment comes twice. */
static struct cx_str payload(int64_t offset, char text[400])
{
    int64_t id = offset % 7 == 0 ? offset - 1 : offset;
    int len = offset % 5 == 4 ? snprintf(text, 400, "{\"tenant\":")
                              : snprintf(text, 400,
                                         "{\"tenant\":\"acme\",\"channel\":\"instagram\",\"native_id\":\"n%lld\",\"occurred_at\":1700000000000,"
                                         "\"author\":{\"native_id\":\"u%lld\"},\"text\":\"where is my order number %lld, it is late\"}",
                                         (long long)id, (long long)id % 3, (long long)id);

    return cx_str_n(text, (size_t)len);
}

static enum cx_kafka_result send_value(int64_t offset, struct cx_str value)
{
    struct cx_message m = {
        .topic = cx_str(p->topics[0]), .offset = offset, .timestamp_ms = 1700000000000 + offset * 4000, .key = CX_STR("acme"), .value = value
    };

    return cx_process_message(p, &m);
}

static inline enum cx_kafka_result send_record(int64_t offset)
{
    char text[400];

    return send_value(offset, payload(offset, text));
}

static struct cx_assignment *given(void)
{
    cr_assert_eq(p->assigned_count, 1);
    return p->assigned[0];
}

/* Records up to an offset and a commit; what was taken back comes again, as from a cluster. */
static inline enum cx_kafka_result work_until(int64_t end)
{
    enum cx_kafka_result result = CX_KAFKA_OK;

    while (result != CX_KAFKA_FATAL && given()->committed < end)
        result = given()->position < end ? send_record(given()->position) : cx_process_commit(p);
    return result;
}

static inline size_t committed_in(const char *topic)
{
    size_t n = 0;

    for (size_t i = 0; i < fake.count; i++)
        n += fake.log[i].fate == FAKE_COMMITTED && strcmp(fake.log[i].topic, topic) == 0;
    return n;
}

static void setup(void)
{
    static char state_dir[64];
    const char *sets[] = { state_dir, "log.level=error", "run.breaker_share=0", "run.snapshot_interval=1", "placement={pinned: 7}", NULL };

    memset(&fake, 0, sizeof fake);
    fake.done = fake.committed = -1;
    fake.retention = "86400000";
    snprintf(state_dir, sizeof state_dir, "kafka.state_dir=%s", mkdtemp(folder));
    cr_assert_eq(cx_settings_load(&settings, NULL, sets, &err), 0, "%s", err.text);
    cx_log_setup(CX_ERROR, CX_LOG_TEXT);
}

static void teardown(void)
{
    DIR *entries = opendir(folder);

    if (p)
        close_process();
    for (struct dirent *entry; entries && (entry = readdir(entries));)
        unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
    rmdir(folder);
    cx_settings_free(&settings);
}
#endif
