/* demo_broker.c - the demo as users deploy it: topics, three stage processes, a producer; then what the topics and ledgers say. */
#include "kafka/kafka.h"
#include "run/audit.h"
#include "run/demo.h"

#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHAINS     3
#define PARTITIONS 3
#define ROWS_MS    10000 /* analytics writes its rows when record time crosses such a boundary */
static const char *const chains[CHAINS] = { "normalize classify", "dedup identify", "route analytics" };
static const char *const chain_names[CHAINS] = { "normalize-classify", "dedup-identify", "route-analytics" };

struct child {
    pid_t pid;
    char log[400];
};

static int write_config(struct cx_demo *demo, struct cx_error *err)
{
    const char *base = getenv("TMPDIR");
    snprintf(demo->folder, sizeof demo->folder, "%s/cxstream-demo-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(demo->folder))
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be made: %s", demo->folder, strerror(errno));
    snprintf(demo->config, sizeof demo->config, "%s/cx.yaml", demo->folder);
    FILE *file = fopen(demo->config, "w");
    if (!file)
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be written: %s", demo->config, strerror(errno));
    fprintf(
        file,
        "kafka: {brokers: \"%.*s\", state_dir: \"%s\", partitions: {raw: 3, scope: %d, route: 3}}\nkeep: [cx.routed.v1]\nanalytics: {lateness: 7d}\n",
        CX_STR_ARG(demo->settings->kafka.brokers), demo->folder, PARTITIONS);
    return fclose(file) == 0 ? 0 : cx_fail(err, CX_EXIT_IO, "%s: cannot be written", demo->config);
}

/* Starts this program with other words; its stderr goes to a file. */
static int start(struct cx_demo *demo, const char *name, const char *words, struct child *child, struct cx_error *err)
{
    char *argv[32], copy[400];
    int argc = 0;
    snprintf(copy, sizeof copy, "%s", words);
    argv[argc++] = (char *)"cx";
    for (char *at = copy; *at && argc < 28;) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    argv[argc++] = (char *)"-c";
    argv[argc++] = demo->config;
    argv[argc] = NULL;
    snprintf(child->log, sizeof child->log, "%s/%s.log", demo->folder, name);
    child->pid = fork();
    if (child->pid < 0)
        return cx_fail(err, CX_EXIT_IO, "fork: %s", strerror(errno));
    if (child->pid == 0) {
        int log = open(child->log, O_CREAT | O_WRONLY | O_TRUNC, 0600);
        dup2(log, 2);
        dup2(log, 1);
        unsetenv("CX_CONFIG");
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    return 0;
}

static int failed(const struct child *child, int status, const char *words, struct cx_error *err)
{
    char tail[300] = "";
    int fd = open(child->log, O_RDONLY);
    if (fd >= 0) {
        off_t size = lseek(fd, 0, SEEK_END);
        ssize_t got = pread(fd, tail, sizeof tail - 1, size > 299 ? size - 299 : 0);
        tail[got > 0 ? got : 0] = '\0';
        close(fd);
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : CX_EXIT_BUG;
    return cx_fail(err, (enum cx_exit)code, "cx %s ended with %d: %s (all of it: %s)", words, code, tail, child->log);
}

static int wait_for(const struct child *child, const char *words, struct cx_error *err)
{
    int status;
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : failed(child, status, words, err);
}

static void stop(struct child *children, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (children[i].pid > 0)
            kill(children[i].pid, SIGTERM);
    for (size_t i = 0; i < n; i++)
        if (children[i].pid > 0)
            waitpid(children[i].pid, NULL, 0);
}

static int send_payload(void *context, struct cx_str key, struct cx_str value, struct cx_error *err)
{
    return cx_writer_send(context, "cx.raw.v1", -1, key, value, NULL, 0, err);
}

static int produce(struct cx_demo *demo, struct cx_error *err)
{
    struct cx_writer *writer = cx_writer_open(&demo->settings->kafka, err);
    if (!writer)
        return -1;
    int rc = cx_demo_payloads(demo, send_payload, writer, err);
    if (rc == 0)
        rc = cx_writer_flush(writer, err);
    cx_writer_close(writer);
    return rc;
}

/* ---- progress, told by the ledgers ---- */

struct progress {
    int64_t records[CHAINS], emitted[CHAINS];
    int64_t batch_ms[PARTITIONS], tick_ms[PARTITIONS]; /* of the last chain: its latest batch, its latest tick */
};

static bool is_done(const struct progress *p, int64_t payloads)
{
    return p->records[0] == payloads && p->records[1] == p->emitted[0] && p->records[2] == p->emitted[1];
}

/* Has silence been told to analytics long enough for it to write what it counted? */
static bool has_rows(const struct progress *p)
{
    for (int i = 0; i < PARTITIONS; i++)
        if (p->batch_ms[i] && p->tick_ms[i] / ROWS_MS <= p->batch_ms[i] / ROWS_MS)
            return false;
    return true;
}

static void show_progress(const struct cx_demo *demo, const struct progress *p, int64_t payloads)
{
    if (!demo->shows_progress)
        return;
    fprintf(stderr, "\r");
    for (int i = 0; i < CHAINS; i++) {
        int64_t all = i == 0 ? payloads : p->emitted[i - 1];
        int filled = all > 0 ? (int)(p->records[i] * 12 / all) : 0;
        fprintf(stderr, "%s ", chain_names[i]);
        for (int k = 0; k < 12; k++)
            fputs(k < filled ? "█" : "░", stderr);
        fprintf(stderr, " %lld  ", (long long)p->records[i]);
    }
    if (is_done(p, payloads))
        fprintf(stderr, "waiting for the next ten seconds' metrics");
}

static void read_entry(struct progress *p, struct cx_arena *arena, const struct cx_message *m)
{
    struct cx_ledger entry;
    if (cx_wire_decode(arena, m->value, &cx_ledger_schema, &entry) != CX_DECODE_OK)
        return;
    for (int i = 0; i < CHAINS; i++)
        if (cx_str_is(entry.chain, chain_names[i])) {
            p->records[i] += entry.records;
            p->emitted[i] += entry.emitted;
        }
    if (cx_str_is(entry.chain, chain_names[CHAINS - 1]) && entry.partition >= 0 && entry.partition < PARTITIONS) {
        int64_t *at = entry.kind == CX_LEDGER_KIND_TICK ? p->tick_ms : entry.kind == CX_LEDGER_KIND_BATCH ? p->batch_ms : NULL;
        if (at && entry.time > at[entry.partition])
            at[entry.partition] = entry.time;
    }
}

/* Any child that ended too early; reaps it. */
static int check_children(struct child *children, struct cx_error *err)
{
    for (int i = 0; i < CHAINS; i++) {
        int status;
        if (children[i].pid > 0 && waitpid(children[i].pid, &status, WNOHANG) == children[i].pid) {
            children[i].pid = 0;
            char words[64];
            snprintf(words, sizeof words, "run %s", chains[i]);
            return failed(&children[i], status, words, err);
        }
    }
    return 0;
}

static int follow(struct cx_demo *demo, struct child *children, int64_t payloads, struct cx_error *err)
{
    const char *ledgers[CHAINS];
    char names[CHAINS][128];
    for (int i = 0; i < CHAINS; i++) {
        cx_topic_ledger(chain_names[i], names[i]);
        ledgers[i] = names[i];
    }
    struct cx_reader *reader = cx_reader_open(&demo->settings->kafka, ledgers, CHAINS, -1, false, err);
    if (!reader)
        return -1;
    struct cx_arena *arena = cx_arena_new((size_t)64 << 20);
    struct progress p = { 0 };
    int64_t heard_ns = cx_monotonic_ns();
    int rc = 0;
    while (rc == 0 && !(is_done(&p, payloads) && has_rows(&p))) {
        struct cx_message m;
        enum cx_polled polled = cx_reader_poll(reader, 200, &m, err);
        if (polled == CX_POLL_MESSAGE) {
            cx_arena_reset(arena);
            read_entry(&p, arena, &m);
            heard_ns = cx_monotonic_ns();
        } else if (polled == CX_POLL_FATAL) {
            rc = -1;
        } else {
            rc = check_children(children, err);
        }
        show_progress(demo, &p, payloads);
        if (rc == 0 && cx_monotonic_ns() - heard_ns > (int64_t)120 * 1000000000)
            rc = cx_fail(err, CX_EXIT_UNREACHABLE, "nothing has moved for two minutes; the logs are in %s", demo->folder);
    }
    if (demo->shows_progress)
        fputc('\n', stderr);
    cx_arena_free(arena);
    cx_reader_close(reader);
    return rc;
}

/* ---- what came out ---- */

static int read_outcome(struct cx_demo *demo, struct cx_error *err)
{
    const char *topics[64];
    size_t n = 0;
    for (size_t i = 0; i < cx_topic_count && n < 64; i++) {
        const char *name = cx_topics[i].name;
        if (strncmp(name, "cx.dlq.", 7) == 0 || strcmp(name, "cx.routed.v1") == 0 || strcmp(name, "cx.identity.aliases.v1") == 0 ||
            strcmp(name, "cx.metrics.minute.v1") == 0)
            topics[n++] = name;
    }
    struct cx_reader *reader = cx_reader_open(&demo->settings->kafka, topics, n, -1, false, err);
    if (!reader)
        return -1;
    enum cx_polled polled = CX_POLL_NONE;
    while (polled != CX_POLL_FATAL) {
        struct cx_message m;
        polled = cx_reader_poll(reader, 200, &m, err);
        if (polled == CX_POLL_MESSAGE)
            cx_outcome_add(demo->outcome, m.topic, m.value, m.headers, m.header_count);
        else if (cx_reader_at_end(reader))
            break;
    }
    cx_reader_close(reader);
    return polled == CX_POLL_FATAL ? -1 : 0;
}

/* The chains' ledgers as one account: what one chain emitted, the next took in. */
static void account(struct cx_demo *demo, const struct cx_audit *audit)
{
    struct cx_outcome *o = demo->outcome;
    o->payloads = audit->chains[0].records;
    o->items = audit->chains[0].items;
    for (size_t i = 0; i < audit->chain_count; i++)
        for (size_t k = 0; k < audit->chains[i].ending_count; k++) {
            const struct cx_audit_ending *e = &audit->chains[i].endings[k];
            struct cx_str rest = e->reason, stage;
            cx_str_cut(&rest, '/', &stage);
            char name[64];
            snprintf(name, sizeof name, "%.*s", CX_STR_ARG(stage));
            cx_outcome_ended(o, name, e->verdict, rest, e->n);
        }
    cx_outcome_ended(o, "", CX_EMIT, CX_STR_NULL, audit->chains[audit->chain_count - 1].emitted);
}

static int run_stages(struct cx_demo *demo, struct child *children, struct cx_error *err)
{
    struct child topics;
    CX_TRY(write_config(demo, err));
    CX_TRY(start(demo, "topics", "topics create", &topics, err));
    CX_TRY(wait_for(&topics, "topics create", err));
    for (int i = 0; i < CHAINS; i++) {
        char words[128];
        snprintf(words, sizeof words, "run %s --instance 0", chains[i]);
        CX_TRY(start(demo, chain_names[i], words, &children[i], err));
    }
    CX_TRY(produce(demo, err));
    return 0;
}

static int count_payload(void *context, struct cx_str key, struct cx_str value, struct cx_error *err)
{
    (void)key;
    (void)value;
    (void)err;
    (*(int64_t *)context)++;
    return 0;
}

int cx_demo_on_broker(struct cx_demo *demo, struct cx_error *err)
{
    static struct cx_audit audit;
    struct child children[CHAINS] = { { 0 } };
    int64_t payloads = 0;
    int rc = cx_demo_payloads(demo, count_payload, &payloads, err);
    if (rc == 0)
        rc = run_stages(demo, children, err);
    if (rc == 0)
        rc = follow(demo, children, payloads, err);
    stop(children, CHAINS);
    if (rc == 0)
        rc = cx_audit_run(&audit, demo->settings, CX_USUAL_CHAINS, err);
    if (rc == 0)
        rc = read_outcome(demo, err);
    if (rc != 0)
        return (int)err->exit;
    account(demo, &audit);
    fprintf(stderr, "\n");
    cx_audit_print(&audit, stderr);
    return audit.finding_count ? CX_EXIT_FINDINGS : CX_EXIT_OK;
}
