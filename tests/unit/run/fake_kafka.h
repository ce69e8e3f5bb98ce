/* fake_kafka.h - a cluster in memory in the place of the room kafka, whose functions the linker wraps (tests.cmake): what they are asked is kept, and
 * what they answer is told. It shows what run/ makes of every answer; what the answers of a real cluster are, the kafka room's tests and tests/sim
 * show. Topics share one log, so that offsets have gaps, as those of transactions have. */
#ifndef CX_TEST_FAKE_KAFKA_H
#define CX_TEST_FAKE_KAFKA_H
#include "base/arena.h"
#include "base/time.h"
#include "kafka/kafka.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <sys/random.h>
#include <unistd.h>

enum fake_fate { FAKE_OPEN, FAKE_COMMITTED, FAKE_ABORTED };
struct fake_record {
    const char *topic;
    int32_t partition;
    struct cx_str key, value;
    enum fake_fate fate;
    bool is_dead_letter;
    int sort;
    int64_t timestamp_ms;
};
enum { FAKE_RECORDS = 20000 };

static struct {
    struct cx_kafka_callbacks callbacks;
    struct fake_record log[FAKE_RECORDS];
    size_t count;
    int64_t first;           /* what stands before it was deleted */
    int64_t done, committed; /* offset of the input in the open transaction, and of the group: -1 none */
    bool is_open, blames;
    uint64_t calls, fails_at; /* calls that need the cluster; the one that fails, 0: none */
    enum cx_kafka_result how;
    const char *refused; /* a topic whose records abort their transaction, NULL: none */
    const char *odd;     /* a topic with odd_partitions, where all others have two */
    int32_t odd_partitions;
    const char *retention;               /* delete.retention.ms of all topics, NULL: not to be known */
    const char *identity;                /* NULL: unit.0 */
    int64_t leap_ms;                     /* what the clock is ahead */
    int64_t leap_ns, call_ns, record_ns; /* and the monotonic one, once, at each look, and at each record of a restore */
    bool is_terminal;                    /* stderr */
    bool has_no_chance;                  /* getrandom fails */
} fake;

/* ABORTED: the transaction is gone when the call returns, as kafka.h says. */
static enum cx_kafka_result fake_answer(struct cx_error *err)
{
    if (++fake.calls != fake.fails_at)
        return CX_KAFKA_OK;
    if (fake.how == CX_KAFKA_FATAL)
        cx_fail(err, CX_EXIT_BUG, "the fake cluster ends the process");
    return fake.how;
}

static void fake_end(enum fake_fate fate)
{
    for (size_t i = 0; i < fake.count; i++)
        if (fake.log[i].fate == FAKE_OPEN)
            fake.log[i].fate = fate;
    if (fate == FAKE_COMMITTED && fake.done >= 0)
        fake.committed = fake.done;
    fake.done = -1;
    fake.is_open = false;
}

/* Records outlive the process that produced them, as those of a cluster do. */
static struct cx_str fake_copy(struct cx_str bytes)
{
    static struct cx_arena *memory;

    if (memory == NULL)
        memory = cx_arena_new((size_t)1 << 30);
    return cx_arena_copy(memory, bytes);
}

static struct fake_record *fake_append(const char *topic, int32_t partition, struct cx_str key, struct cx_str value)
{
    struct fake_record *r = &fake.log[fake.count++];

    cr_assert_leq(fake.count, FAKE_RECORDS);
    *r = (struct fake_record){
        .topic = fake_copy((struct cx_str){ topic, strlen(topic) + 1 }).ptr, .partition = partition, .key = fake_copy(key), .value = fake_copy(value)
    };
    return r;
}

/* ---- the room's functions ---- */

struct cx_kafka *__wrap_cx_kafka_open(const struct cx_kafka_config *cfg, const char *chain, const char *const *topics, size_t topic_count,
                                      bool stateful, const struct cx_kafka_callbacks *callbacks, struct cx_error *err)
{
    (void)cfg, (void)chain, (void)topics, (void)topic_count, (void)stateful, (void)err;
    fake.callbacks = *callbacks;
    return (struct cx_kafka *)&fake;
}

void __wrap_cx_kafka_close(struct cx_kafka *k)
{
    (void)k;
    fake_end(FAKE_ABORTED);
}

const char *__wrap_cx_kafka_cluster_id(struct cx_kafka *k)
{
    (void)k;
    return "cluster";
}

const char *__wrap_cx_kafka_identity(const struct cx_kafka *k)
{
    (void)k;
    return fake.identity ? fake.identity : "unit.0";
}

int64_t __wrap_cx_kafka_lag(struct cx_kafka *k)
{
    (void)k;
    return 0;
}

int32_t __wrap_cx_kafka_partitions(struct cx_kafka *k, const char *topic, struct cx_error *err)
{
    (void)k;
    if (fake.odd == NULL || strcmp(topic, fake.odd) != 0)
        return 2;
    return fake.odd_partitions > 0 ? fake.odd_partitions : cx_fail(err, CX_EXIT_CONFIG, "no topic %s", topic);
}

bool __wrap_cx_kafka_in_transaction(const struct cx_kafka *k)
{
    (void)k;
    return fake.is_open;
}

bool __wrap_cx_kafka_blames_record(const struct cx_kafka *k)
{
    (void)k;
    return fake.blames;
}

enum cx_kafka_result __wrap_cx_kafka_begin(struct cx_kafka *k, struct cx_error *err)
{
    (void)k;
    if (fake.is_open)
        return CX_KAFKA_OK;
    if (fake_answer(err) == CX_KAFKA_FATAL) /* the only answer but OK */
        return CX_KAFKA_FATAL;
    fake.is_open = true;
    return CX_KAFKA_OK;
}

static enum cx_kafka_result fake_produce(struct fake_record *r, struct cx_error *err)
{
    enum cx_kafka_result result = fake_answer(err);

    cr_assert(fake.is_open, "a record for %s outside any transaction", r->topic);
    if (fake.refused && strcmp(r->topic, fake.refused) == 0)
        result = CX_KAFKA_ABORTED;
    if (result == CX_KAFKA_ABORTED)
        fake_end(FAKE_ABORTED);
    return result;
}

enum cx_kafka_result __wrap_cx_kafka_produce(struct cx_kafka *k, const char *topic, int32_t partition, struct cx_str key, struct cx_str value,
                                             const struct cx_header *headers, size_t header_count, int64_t timestamp_ms, struct cx_error *err)
{
    struct fake_record *r = fake_append(topic, partition, key, value);
    (void)k, (void)headers;

    r->sort = -1;
    r->timestamp_ms = timestamp_ms;
    r->is_dead_letter = header_count > 0;
    return fake_produce(r, err);
}

enum cx_kafka_result __wrap_cx_kafka_produce_noted(struct cx_kafka *k, const char *topic, int32_t partition, struct cx_str key, struct cx_str value,
                                                   int64_t timestamp_ms, int sort, struct cx_error *err)
{
    struct fake_record *r = fake_append(topic, partition, key, value);
    (void)k;

    r->sort = sort;
    r->timestamp_ms = timestamp_ms;
    return fake_produce(r, err);
}

int64_t __wrap_cx_kafka_noted(const struct cx_kafka *k, const char *topic, int32_t partition, int sort)
{
    (void)k;
    for (size_t i = fake.count; i-- > 0;)
        if (fake.log[i].sort == sort && fake.log[i].partition == partition && strcmp(fake.log[i].topic, topic) == 0)
            return (int64_t)i;
    return -1;
}

void __wrap_cx_kafka_done(struct cx_kafka *k, const char *topic, int32_t partition, int64_t next_offset)
{
    (void)k, (void)topic, (void)partition;
    fake.done = next_offset;
}

enum cx_kafka_result __wrap_cx_kafka_commit(struct cx_kafka *k, struct cx_error *err)
{
    enum cx_kafka_result result = fake_answer(err);
    (void)k;

    cr_assert(fake.done >= 0, "a transaction without offsets (invariant 2)");
    if (result != CX_KAFKA_FATAL)
        fake_end(result == CX_KAFKA_OK ? FAKE_COMMITTED : FAKE_ABORTED);
    return result;
}

enum cx_kafka_result __wrap_cx_kafka_abort(struct cx_kafka *k, struct cx_error *err)
{
    (void)k;
    if (fake_answer(err) == CX_KAFKA_FATAL)
        return CX_KAFKA_FATAL;
    fake_end(FAKE_ABORTED);
    return CX_KAFKA_OK;
}

int __wrap_cx_kafka_restore(struct cx_kafka *k, struct cx_restore *asked, struct cx_error *err)
{
    (void)k;
    if (fake_answer(err) != CX_KAFKA_OK)
        return cx_fail(err, CX_EXIT_BUG, "the fake cluster ends the process");
    asked->start = fake.first;
    asked->end = asked->to > 0 ? asked->to : (int64_t)fake.count;
    if (asked->from >= 0 && (asked->from < fake.first || asked->from > (int64_t)fake.count))
        return 1;
    for (int64_t i = asked->from < fake.first ? fake.first : asked->from; i < asked->end; i++) {
        const struct fake_record *r = &fake.log[i];
        struct cx_message m = {
            .topic = cx_str(asked->topic), .partition = r->partition, .offset = i, .timestamp_ms = r->timestamp_ms, .key = r->key, .value = r->value
        };
        fake.leap_ns += fake.record_ns;
        if (r->fate == FAKE_COMMITTED && r->partition == asked->partition && strcmp(r->topic, asked->topic) == 0)
            CX_TRY(asked->each(asked->context, &m, err));
    }
    return 0;
}

int __wrap_cx_topics_value(const struct cx_kafka_config *cfg, const char *topic, const char *name, char value[128], struct cx_error *err)
{
    (void)cfg, (void)name;
    if (fake.retention == NULL)
        return cx_fail(err, CX_EXIT_CONFIG, "%s: its settings may not be read", topic);
    snprintf(value, 128, "%s", fake.retention);
    return 0;
}

/* ---- the world ---- */

int64_t __real_cx_wall_ms(void);
int64_t __wrap_cx_wall_ms(void)
{
    return __real_cx_wall_ms() + fake.leap_ms;
}

int64_t __real_cx_monotonic_ns(void);
int64_t __wrap_cx_monotonic_ns(void)
{
    fake.leap_ns += fake.call_ns;
    return __real_cx_monotonic_ns() + fake.leap_ns;
}

int __wrap_isatty(int fd)
{
    return fake.is_terminal && fd == STDERR_FILENO;
}

ssize_t __real_getrandom(void *bytes, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *bytes, size_t size, unsigned flags)
{
    return fake.has_no_chance ? -1 : __real_getrandom(bytes, size, flags);
}
#endif
