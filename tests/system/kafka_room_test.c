/* kafka_room_test.c - the kafka room against a real broker (CX_KAFKA_BROKERS), with processes that die.
 *
 * A worker copies cx-test.in to cx-test.out, and counts the records of each partition. The count is its state: it goes to a changelog in the same
 * transaction. Whenever a worker is given a partition, the count it restores must equal the committed offset (the input has no holes); so restore
 * and offsets are checked against each other at every start and every rebalance. Workers abort at random; the parent kills them at random.
 *
 *   kafka_room_test [--seed N] [--records N] [--broker SCRIPT]
 *
 * Runs all cases and prints the seed. With SCRIPT (deploy/local/kafka) the broker is killed and started again, too. */
#include "base/time.h"
#include "kafka/cluster.h"
#include "log/log.h"
#include <inttypes.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PARTITIONS = 4, PAUSE_MS = 100, QUIET_MS = 60000, AWAY_S = 15 };
#define IN  "cx-test.in"
#define OUT "cx-test.out"
#define LOG "cx-test.changelog"

static const char *program, *state_dir, *broker_script;
static unsigned seed = 1;
static int64_t records = 50000;

static void check(bool ok, const char *what, const struct cx_error *err)
{
    if (ok)
        return;
    fprintf(stderr, "FAILED: %s%s%s\n", what, err ? ": " : "", err ? err->text : "");
    exit(1);
}

static unsigned below(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

static struct cx_kafka_config config(const char *instance)
{
    struct cx_kafka_config cfg;
    struct cx_error err;

    check(cx_options_read(cx_kafka_options, NULL, "kafka", &cfg, &err) == 0, "default options", &err);
    cfg.brokers = cx_str(getenv("CX_KAFKA_BROKERS"));
    cfg.instance = cx_str(instance);
    cfg.state_dir = cx_str(state_dir);
    cfg.session_timeout = 6000;
    cfg.transaction_timeout = 10000;
    cfg.message_timeout = 8000;
    return cfg;
}

/* Blocked while a worker starts, so that one that is ended early still ends by its own handler. */
static void block_term(int how)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(how, &set, NULL);
}

/* ---- the worker ---- */

struct worker {
    struct cx_kafka *k;
    int64_t count[PARTITIONS], committed[PARTITIONS];
    unsigned in_batch;
};
static struct cx_kafka *running; /* for the signal handler */
static volatile sig_atomic_t stop;

static void on_term(int number)
{
    (void)number;
    stop = 1;
    if (running != NULL)
        cx_kafka_interrupt(running);
}

static int take_count(void *context, const struct cx_message *message, struct cx_error *err)
{
    (void)err;
    check(cx_str_to_i64(message->value, context), "a changelog value is a number", NULL);
    return 0;
}

static int assigned(void *context, const char *topic, int32_t partition, int64_t committed, struct cx_error *err)
{
    struct worker *w = context;
    int64_t count = 0;

    check(strcmp(topic, IN) == 0, "only the input is assigned", NULL);
    struct cx_restore restore = { .topic = LOG, .partition = partition, .from = -1, .each = take_count, .context = &count };

    if (cx_kafka_restore(w->k, &restore, err) != 0)
        return -1;
    if (count != (committed < 0 ? 0 : committed)) {
        fprintf(stderr, "FAILED: partition %" PRId32 ": restored %" PRId64 ", committed %" PRId64 "\n", partition, count, committed);
        exit(1);
    }
    w->count[partition] = w->committed[partition] = count;
    return 0;
}

static void settle(struct worker *w, enum cx_kafka_result result)
{
    for (int p = 0; p < PARTITIONS; p++)
        if (result == CX_KAFKA_OK)
            w->committed[p] = w->count[p];
        else
            w->count[p] = w->committed[p];
    w->in_batch = 0;
}

static void end_if_fatal(enum cx_kafka_result result, const char *doing, const struct cx_error *err)
{
    if (result != CX_KAFKA_FATAL)
        return;
    fprintf(stderr, "worker: %s: %s\n", doing, err->text);
    exit(stop ? 0 : (int)err->exit);
}

static int commit(struct worker *w)
{
    struct cx_error err;
    enum cx_kafka_result result = cx_kafka_commit(w->k, &err);

    end_if_fatal(result, "commit", &err);
    settle(w, result);
    return 0;
}

static void revoking(void *context, bool lost)
{
    if (!lost)
        commit(context);
}

static void revoked(void *context, const char *topic, int32_t partition)
{
    struct worker *w = context;
    (void)topic;

    w->count[partition] = w->committed[partition] = -1;
    w->in_batch = 0;
}

static void process(struct worker *w, const struct cx_message *m)
{
    struct cx_error err;
    struct cx_header header = { CX_STR("from"), m->topic };
    char count[24];
    enum cx_kafka_result result;

    check(m->offset == w->count[m->partition], "records come in order, from where the state stands", NULL);
    end_if_fatal(cx_kafka_begin(w->k, &err), "begin", &err);
    result = cx_kafka_produce(w->k, OUT, m->partition, m->key, m->value, &header, m->offset % 2, m->timestamp_ms, &err);
    snprintf(count, sizeof count, "%" PRId64, m->offset + 1);
    if (result == CX_KAFKA_OK)
        result = cx_kafka_produce(w->k, LOG, m->partition, CX_STR("count"), cx_str(count), NULL, 0, 0, &err);
    end_if_fatal(result, "produce", &err);
    if (result == CX_KAFKA_ABORTED) {
        settle(w, result);
        return;
    }
    w->count[m->partition]++;
    w->in_batch++;
    cx_kafka_done(w->k, m->topic.ptr, m->partition, m->offset + 1);
}

static int work(const char *instance)
{
    static const char *const topics[] = { IN };
    struct cx_kafka_config cfg = config(instance);
    struct worker w = { 0 };
    struct cx_kafka_callbacks callbacks = { &w, assigned, revoked, revoking };
    struct cx_message m;
    struct cx_error err;
    enum cx_polled polled;

    signal(SIGTERM, on_term);
    block_term(SIG_UNBLOCK);
    w.k = running = cx_kafka_open(&cfg, "test", topics, 1, true, &callbacks, &err);
    check(running != NULL || stop, "open", &err);
    while (!stop && (polled = cx_kafka_poll(w.k, PAUSE_MS, &m, &err)) != CX_POLL_FATAL) {
        if (polled == CX_POLL_MESSAGE)
            process(&w, &m);
        if (w.in_batch != 0 && (polled != CX_POLL_MESSAGE || below(300) == 0)) {
            if (below(10) == 0) {
                end_if_fatal(cx_kafka_abort(w.k, &err), "abort", &err);
                settle(&w, CX_KAFKA_ABORTED);
            } else {
                commit(&w);
            }
        }
    }
    if (!stop) {
        fprintf(stderr, "worker: %s\n", err.text);
        return 70;
    }
    if (running != NULL && w.in_batch != 0)
        commit(&w);
    cx_kafka_close(w.k);
    return 0;
}

/* ---- the parent ---- */

/* A failed test leaves nobody behind. */
static void die_with_parent(void)
{
    check(prctl(PR_SET_PDEATHSIG, SIGKILL) == 0, "prctl", NULL);
}

static pid_t start_worker(const char *instance)
{
    char seed_text[24];
    pid_t pid;

    snprintf(seed_text, sizeof seed_text, "%u", below(1u << 30));
    block_term(SIG_BLOCK);
    pid = fork();
    check(pid >= 0, "fork", NULL);
    if (pid == 0) {
        die_with_parent();
        execl(program, program, "--work", instance, "--seed", seed_text, "--state", state_dir, (char *)NULL);
        _exit(127);
    }
    block_term(SIG_UNBLOCK);
    return pid;
}

static void end_worker(pid_t pid, int number)
{
    int status;

    kill(pid, number);
    waitpid(pid, &status, 0);
    if (number == SIGTERM && status != 0) {
        fprintf(stderr, "FAILED: a worker that was asked to stop ended with wait status %d\n", status);
        exit(1);
    }
}

/* A worker that ended by itself met trouble of its own; 70 asks for a restart, all else fails the test. */
static void keep_alive(pid_t *pid, const char *instance)
{
    int status;

    if (waitpid(*pid, &status, WNOHANG) != *pid)
        return;
    check(WIFEXITED(status) && WEXITSTATUS(status) == 70, "a worker ends only when told to", NULL);
    *pid = start_worker(instance);
}

static void make_topics(void)
{
    static const char *const compact[] = { "cleanup.policy=compact", NULL };
    struct cx_topic_spec specs[] = { { IN, PARTITIONS, 1, NULL }, { OUT, PARTITIONS, 1, NULL }, { LOG, PARTITIONS, 1, compact } };
    struct cx_kafka_config cfg = config("");
    struct cx_arena *arena = cx_arena_new(1 << 20);
    struct cx_topic_finding *findings;
    struct cx_error err;
    size_t created, count;

    check(cx_topics_plan(&cfg, arena, specs, 3, &findings, &count, &err) == 0, "plan", &err);
    check(count == 3 && findings[0].missing, "three topics are missing", NULL);
    check(cx_topics_create(&cfg, specs, 3, &created, &err) == 0 && created == 3, "create", &err);
    check(cx_topics_plan(&cfg, arena, specs, 3, &findings, &count, &err) == 0 && count == 0, "nothing differs after that", &err);
    static const char *const changed[] = { "cleanup.policy=compact,delete", "retention.ms=3600000", NULL };
    specs[2].config = changed;
    specs[1].partitions = 7;
    check(cx_topics_plan(&cfg, arena, specs, 3, &findings, &count, &err) == 0 && count == 3, "three things differ", &err);
    check(cx_topics_create(&cfg, specs, 3, &created, &err) == 0 && created == 0, "create again", &err);
    check(cx_topics_plan(&cfg, arena, specs, 3, &findings, &count, &err) == 0 && count == 1, "but for the partitions nothing differs", &err);
    static const char *const other[] = { "max.message.bytes=2000000", NULL };
    specs[2].config = other;
    check(cx_topics_create(&cfg, specs, 3, &created, &err) == 0, "set another config", &err);
    specs[2].config = changed;
    check(cx_topics_plan(&cfg, arena, specs, 3, &findings, &count, &err) == 0 && count == 1, "the overrides that were there are kept", &err);
    cx_arena_free(arena);
}

static void describes_the_cluster(void)
{
    static const char *const names[] = { IN, "cx-test.nothing" };
    struct cx_kafka_config cfg = config("");
    struct cx_arena *arena = cx_arena_new(1 << 22);
    struct cx_cluster c;
    struct cx_error err;

    check(cx_cluster_describe(&cfg, arena, names, 2, &c, &err) == 0, "describe the cluster", &err);
    check(c.broker_count == 1 && c.brokers[0].id == 1 && c.join_group_min == 0, "one broker, which serves JoinGroup from version 0", NULL);
    check(c.topics[0].partitions == PARTITIONS && c.topics[0].replicas == 1 && c.topics[0].ahead_ms == 0, "a topic is as it was made", NULL);
    check(c.topics[1].partitions == -1 && c.topics[1].properties == NULL, "a topic that is not there", NULL);
    check(strcmp(cx_property_find(c.topics[0].properties, c.topics[0].property_count, "cleanup.policy"), "delete") == 0, "a topic's setting", NULL);
    check(cx_property_find(c.brokers[0].properties, c.brokers[0].property_count, "log.dirs") != NULL, "a broker's setting", NULL);
    cx_arena_free(arena);
}

static void write_input(int64_t from, int64_t n)
{
    struct cx_kafka_config cfg = config("");
    struct cx_error err;
    struct cx_writer *w = cx_writer_open(&cfg, &err);
    char value[24];

    check(w != NULL, "open a writer", &err);
    for (int64_t i = from; i < from + n; i++) {
        snprintf(value, sizeof value, "%" PRId64, i);
        check(cx_writer_send(w, IN, (int32_t)(i % PARTITIONS), cx_str(value), cx_str(value), NULL, 0, &err) == 0, "send", &err);
    }
    check(cx_writer_flush(w, &err) == 0, "flush", &err);
    cx_writer_close(w);
}

/* Reads what is committed, as it comes: each number once, in order within its partition, with its header and time. */
struct verifier {
    struct cx_reader *reader;
    int64_t next[PARTITIONS], seen;
};

static void verify_one(struct verifier *v, const struct cx_message *m)
{
    int64_t number = -1;

    check(cx_str_to_i64(m->value, &number) && cx_str_eq(m->key, m->value), "key and value arrive as they were sent", NULL);
    if (number != v->next[m->partition] * PARTITIONS + m->partition) {
        fprintf(stderr, "FAILED: partition %" PRId32 " offset %" PRId64 ": expected %" PRId64 ", got %" PRId64 "\n", m->partition, m->offset,
                v->next[m->partition] * PARTITIONS + m->partition, number);
        exit(1);
    }
    check(m->header_count == (size_t)(v->next[m->partition] % 2), "headers arrive", NULL);
    check(m->timestamp_ms > 0, "times arrive", NULL);
    v->next[m->partition]++;
    v->seen++;
}

/* Until `enough` were seen, or a minute without any. */
static void verify_until(struct verifier *v, int64_t enough, pid_t *pids, const char *const *instances, int count)
{
    struct cx_message m;
    struct cx_error err;
    int64_t quiet = cx_monotonic_ns();

    while (v->seen < enough) {
        enum cx_polled polled = cx_reader_poll(v->reader, PAUSE_MS, &m, &err);
        check(polled != CX_POLL_FATAL, "verify", &err);
        if (polled == CX_POLL_MESSAGE) {
            verify_one(v, &m);
            quiet = cx_monotonic_ns();
        } else {
            check(cx_monotonic_ns() - quiet < QUIET_MS * INT64_C(1000000), "records come within a minute", NULL);
            for (int i = 0; i < count; i++)
                keep_alive(&pids[i], instances[i]);
        }
    }
}

static void verify_no_more(struct verifier *v)
{
    struct cx_message m;
    struct cx_error err;
    enum cx_polled polled;

    while (!cx_reader_at_end(v->reader)) {
        polled = cx_reader_poll(v->reader, PAUSE_MS, &m, &err);
        check(polled != CX_POLL_FATAL && polled != CX_POLL_MESSAGE, "nothing is doubled", &err);
    }
}

/* Nothing lost, nothing doubled with one static member that is killed again and again. */
static int copies_exactly_once(struct verifier *v)
{
    static const char *const instances[] = { "0" };
    pid_t pids[] = { start_worker(instances[0]) };
    int64_t half = records / 2;
    int kills = 0;

    while (v->seen < half) {
        int64_t enough = v->seen + 1 + below((unsigned)half / 10);
        verify_until(v, enough < half ? enough : half, pids, instances, 1);
        if (v->seen == half)
            break;
        end_worker(pids[0], SIGKILL);
        kills++;
        pids[0] = start_worker(instances[0]);
    }
    end_worker(pids[0], SIGTERM);
    verify_no_more(v);
    return kills;
}

/* The same while members of a stateful group come, go and die. */
static int rebalances_exactly_once(struct verifier *v)
{
    static const char *const instances[] = { "", "" };
    pid_t pids[2];
    int kills = 0;

    write_input(records / 2, records - records / 2);
    pids[0] = start_worker("");
    pids[1] = start_worker("");
    while (v->seen < records) {
        int64_t enough = v->seen + 1 + below((unsigned)records / 10);
        verify_until(v, enough < records ? enough : records, pids, instances, 2);
        if (v->seen == records)
            break;
        int which = (int)below(2);
        end_worker(pids[which], kills++ % 3 == 0 ? SIGKILL : SIGTERM);
        pids[which] = start_worker("");
    }
    end_worker(pids[0], SIGTERM);
    end_worker(pids[1], SIGTERM);
    verify_no_more(v);
    return kills;
}

/* A process that was stopped long enough to lose its partitions wakes up in the middle of its transaction; none of it may count. */
static void a_zombie_changes_nothing(struct verifier *v, int64_t from, int64_t n)
{
    static const char *const instances[] = { "", "" };
    pid_t pids[] = { start_worker(""), start_worker("") };

    write_input(from, n / 2);
    verify_until(v, from + n / 8, pids, instances, 2);
    kill(pids[0], SIGSTOP);
    verify_until(v, from + n / 2, &pids[1], &instances[1], 1);
    kill(pids[0], SIGCONT);
    write_input(from + n / 2, n / 2);
    verify_until(v, from + n, pids, instances, 2);
    end_worker(pids[0], SIGTERM);
    end_worker(pids[1], SIGTERM);
    verify_no_more(v);
}

/* Two processes of one instance: the later one takes over, the earlier one ends. */
static void a_twin_takes_over(struct verifier *v, int64_t from, int64_t n)
{
    static const char *const instances[] = { "0" };
    pid_t first = start_worker("0"), second;
    int status;

    write_input(from, n / 2);
    verify_until(v, from + n / 2, &first, instances, 1);
    second = start_worker("0");
    write_input(from + n / 2, n / 2);
    waitpid(first, &status, 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == 70, "the earlier twin ends with 70", NULL);
    verify_until(v, from + n, &second, instances, 1);
    end_worker(second, SIGTERM);
    verify_no_more(v);
}

static void run_script(const char *words)
{
    char command[1024];

    snprintf(command, sizeof command, "%s %s --dir \"$CX_KAFKA_DIR\" >/dev/null 2>&1", broker_script, words);
    check(system(command) == 0, words, NULL);
}

/* The broker dies and stays away for longer than a transaction lasts; nobody ends of it. */
static void waits_for_the_broker(struct verifier *v, int64_t from, int64_t n)
{
    static const char *const instances[] = { "0" };
    pid_t pids[] = { start_worker("0") };
    int status;

    write_input(from, n);
    verify_until(v, v->seen + n / 4, pids, instances, 1);
    run_script("down --keep --hard");
    for (int i = 0; i < AWAY_S; i++) {
        sleep(1);
        check(waitpid(pids[0], &status, WNOHANG) == 0, "a worker whose broker is away waits", NULL);
    }
    run_script("up");
    verify_until(v, from + n, pids, instances, 1);
    end_worker(pids[0], SIGTERM);
    verify_no_more(v);
}

/* ---- restore ---- */

static int add_value(void *context, const struct cx_message *message, struct cx_error *err)
{
    int64_t value = 0, *sums = context;
    (void)err;

    check(cx_str_to_i64(message->value, &value), "a number", NULL);
    sums[0]++;
    sums[1] += value;
    return 0;
}

static void produce_numbers(struct cx_kafka *k, int64_t from, int64_t to)
{
    struct cx_error err;
    char value[24];

    check(cx_kafka_begin(k, &err) == CX_KAFKA_OK, "begin", &err);
    for (int64_t i = from; i < to; i++) {
        snprintf(value, sizeof value, "%" PRId64, i);
        check(cx_kafka_produce(k, "cx-test.restore", 0, cx_str(value), cx_str(value), NULL, 0, 0, &err) == CX_KAFKA_OK, "produce", &err);
    }
}

/* Until the one partition of cx-test.poke is ours, so that a transaction has an offset to commit. */
static void join(struct cx_kafka *k)
{
    struct cx_message m;
    struct cx_error err;
    enum cx_polled polled;

    while ((polled = cx_kafka_poll(k, PAUSE_MS, &m, &err)) != CX_POLL_EOF)
        check(polled != CX_POLL_FATAL, "join", &err);
}

/* Polls for a while: what was produced goes out meanwhile. Tells the parent then. */
static void linger(struct cx_kafka *k, int rounds, int parent)
{
    struct cx_message m;
    struct cx_error err;

    for (int i = 0; i < rounds; i++)
        check(cx_kafka_poll(k, PAUSE_MS, &m, &err) != CX_POLL_FATAL, "poll", &err);
    if (parent >= 0)
        check(write(parent, "", 1) == 1, "tell the parent", NULL);
}

static void commit_poke(struct cx_kafka *k)
{
    struct cx_error err;

    cx_kafka_done(k, "cx-test.poke", 0, 0);
    check(cx_kafka_commit(k, &err) == CX_KAFKA_OK, "commit", &err);
}

static void expect_restored(struct cx_kafka *k, int64_t count, int64_t sum, const char *what)
{
    int64_t sums[2] = { 0, 0 };
    struct cx_restore restore = { .topic = "cx-test.restore", .from = -1, .each = add_value, .context = sums };
    struct cx_error err;

    check(cx_kafka_restore(k, &restore, &err) == 0, what, &err);
    if (sums[0] != count || sums[1] != sum) {
        fprintf(stderr, "FAILED: %s: %" PRId64 " records, sum %" PRId64 "\n", what, sums[0], sums[1]);
        exit(1);
    }
}

static struct cx_kafka *open_for_restore(const char *instance, const char *chain)
{
    static const char *const topics[] = { "cx-test.poke" };
    struct cx_kafka_config cfg = config(instance);
    struct cx_kafka_callbacks none = { 0 };
    struct cx_error err;
    struct cx_kafka *k = cx_kafka_open(&cfg, chain, topics, 1, true, &none, &err);

    check(k != NULL, "open", &err);
    return k;
}

static void write_changelog(int parent)
{
    struct cx_kafka *k = open_for_restore("r", "restoring");
    struct cx_error err;

    expect_restored(k, 0, 0, "nothing is there");
    join(k);
    produce_numbers(k, 0, 1000);
    commit_poke(k);
    produce_numbers(k, 1000, 1500);
    check(cx_kafka_abort(k, &err) == CX_KAFKA_OK, "abort", &err);
    expect_restored(k, 1000, 499500, "a thousand, the last transaction having been aborted");
    produce_numbers(k, 1500, 2000);
    linger(k, 5, parent);
    linger(k, 20, -1);
    commit_poke(k);
    produce_numbers(k, 2000, 2500);
    linger(k, 5, parent);
    raise(SIGKILL);
}

/* Exactly the committed records come back, whatever becomes of the transactions around them. */
static void restores_what_is_committed(void)
{
    struct cx_topic_spec specs[] = { { "cx-test.poke", 1, 1, NULL }, { "cx-test.restore", 1, 1, NULL } };
    struct cx_kafka_config cfg = config("");
    struct cx_error err;
    struct cx_kafka *k;
    size_t created;
    int ends[2];
    char byte;
    pid_t child;

    check(cx_topics_create(&cfg, specs, 2, &created, &err) == 0 && pipe(ends) == 0, "create", &err);
    child = fork();
    if (child == 0) {
        die_with_parent();
        write_changelog(ends[1]);
    }
    /* Does not share the transactional id, so that it fences nobody. */
    k = open_for_restore("other", "watching");
    check(read(ends[0], &byte, 1) == 1, "the child has a transaction open", NULL);
    expect_restored(k, 1500, 499500 + 874750, "an open transaction is waited for, and what it commits is there");
    check(read(ends[0], &byte, 1) == 1, "the child has another transaction open", NULL);
    waitpid(child, NULL, 0);
    expect_restored(k, 1500, 499500 + 874750, "the transaction of a dead process is waited for, and left out");
    cx_kafka_close(k);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    static const char *const out[] = { OUT };
    const char *instance = NULL;
    struct verifier v = { 0 };
    char folder[] = "/tmp/kafka-room-XXXXXX";
    struct cx_kafka_config cfg;
    struct cx_error err;
    int64_t number;

    program = argv[0];
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--work") == 0)
            instance = argv[i + 1];
        else if (strcmp(argv[i], "--state") == 0)
            state_dir = argv[i + 1];
        else if (strcmp(argv[i], "--broker") == 0)
            broker_script = argv[i + 1];
        else if (strcmp(argv[i], "--seed") == 0 && cx_str_to_i64(cx_str(argv[i + 1]), &number))
            seed = (unsigned)number;
        else if (strcmp(argv[i], "--records") == 0 && cx_str_to_i64(cx_str(argv[i + 1]), &number))
            records = number;
    }
    cx_log_setup(getenv("CX_TEST_VERBOSE") ? CX_INFO : CX_ERROR, CX_LOG_TEXT);
    if (getenv("CX_KAFKA_BROKERS") == NULL) {
        fprintf(stderr, "needs CX_KAFKA_BROKERS; deploy/local/kafka run -- %s\n", argv[0]);
        return 64;
    }
    if (instance != NULL)
        return work(instance);
    state_dir = mkdtemp(folder);
    unsigned first_seed = seed;
    int64_t begun = cx_monotonic_ns();
    make_topics();
    describes_the_cluster();
    restores_what_is_committed();
    write_input(0, records / 2);
    cfg = config("");
    v.reader = cx_reader_open(&cfg, out, 1, -1, false, &err);
    check(v.reader != NULL, "open a reader", &err);
    int kills = copies_exactly_once(&v);
    int changes = rebalances_exactly_once(&v);
    a_zombie_changes_nothing(&v, records, 2000);
    a_twin_takes_over(&v, records + 2000, 2000);
    if (broker_script != NULL)
        waits_for_the_broker(&v, records + 4000, 8000);
    cx_reader_close(v.reader);
    printf("kafka_room seed=%u records=%" PRId64 " kills=%d member_changes=%d lost=0 duplicated=0 seconds=%" PRId64 "\n", first_seed, records, kills,
           changes, (cx_monotonic_ns() - begun) / 1000000000);
    return 0;
}
