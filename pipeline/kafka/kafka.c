/* kafka.c - a handle's life: who it is, opening, waiting, closing. */
#include "kafka/handle.h"
#include "base/time.h"
#include "log/log.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPEN_PATIENCE_MS = 60000, LONGEST_PAUSE_MS = 1000, NAME_TEXT = 16 };

enum cx_kafka_result cx_kafka_fail(struct cx_kafka *k, const struct cx_error *why, struct cx_error *err)
{
    if (!k->failed) {
        k->failed = true;
        k->failure = *why;
    }
    if (err != NULL)
        *err = k->failure;
    return CX_KAFKA_FATAL;
}

/* Has librdkafka itself given up? */
static bool has_fatal(struct cx_kafka *k, rd_kafka_t *rk, const char *doing, struct cx_error *err)
{
    char why[256];
    struct cx_error fatal;
    rd_kafka_resp_err_t code = rk ? rd_kafka_fatal_error(rk, why, sizeof why) : RD_KAFKA_RESP_ERR_NO_ERROR;

    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return false;
    cx_cure_fail(&fatal, CX_CURE_RESTART, doing, code, why);
    cx_kafka_fail(k, &fatal, err);
    return true;
}

void cx_kafka_waiting(const struct cx_kafka *k, const char *what)
{
    if (k->callbacks.waiting)
        k->callbacks.waiting(k->callbacks.context, what);
}

bool cx_kafka_wait(struct cx_kafka *k, const char *what, int *pause_ms, struct cx_error *err)
{
    int64_t until = cx_monotonic_ns() + *pause_ms * INT64_C(1000000);

    cx_log_limited(CX_WARN, "kafka_waiting", "for=\"%s\" trouble=\"%s\"", what, k->trouble.text);
    *pause_ms = *pause_ms * 2 < LONGEST_PAUSE_MS ? *pause_ms * 2 : LONGEST_PAUSE_MS;
    while (true) {
        int64_t left_ms = (until - cx_monotonic_ns()) / 1000000;
        if (k->interrupted) {
            cx_fail(err, CX_EXIT_OK, "kafka: stopped while waiting to %s", what);
            return false;
        }
        if (has_fatal(k, k->producer, what, err) || has_fatal(k, k->consumer, what, err))
            return false;
        if (left_ms <= 0)
            return true;
        cx_kafka_waiting(k, what);
        rd_kafka_poll(k->producer ? k->producer : k->consumer, left_ms < 100 ? (int)left_ms : 100);
    }
}

void cx_kafka_interrupt(struct cx_kafka *k)
{
    k->interrupted = 1;
}

const struct cx_kafka_counts *cx_kafka_counts(const struct cx_kafka *k)
{
    return &k->counts;
}

/* ---- who this process is ---- */

/* The name inside a lock file, made when the file is new: it must differ from that of every other host. */
static int read_name(int fd, char name[NAME_TEXT + 1])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char raw[NAME_TEXT];

    name[NAME_TEXT] = '\0';
    if (pread(fd, name, NAME_TEXT, 0) == NAME_TEXT && strspn(name, digits) == NAME_TEXT)
        return 0;
    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw)
        return -1;
    for (int i = 0; i < NAME_TEXT; i++)
        name[i] = digits[raw[i] & 15];
    return pwrite(fd, name, NAME_TEXT, 0) == NAME_TEXT ? 0 : -1;
}

/* A dynamic member takes the first name whose file nobody has locked, so that its transactional id is its own and mostly the same after a restart. */
static int take_name(struct cx_kafka *k, char name[NAME_TEXT + 1], struct cx_error *err)
{
    char path[1024];

    snprintf(path, sizeof path, "%.*s", CX_STR_ARG(k->cfg.state_dir));
    if (mkdir(path, 0750) != 0 && errno != EEXIST)
        return cx_fail(err, CX_EXIT_CONFIG, "kafka.state_dir: %s cannot be made: %s", path, strerror(errno));
    for (int n = 0; n < 1000; n++) {
        snprintf(path, sizeof path, "%.*s/%s.%d.lock", CX_STR_ARG(k->cfg.state_dir), k->chain, n);
        k->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
        if (k->lock_fd < 0)
            return cx_fail(err, CX_EXIT_CONFIG, "kafka.state_dir: %s cannot be opened: %s", path, strerror(errno));
        if (flock(k->lock_fd, LOCK_EX | LOCK_NB) == 0)
            return read_name(k->lock_fd, name) == 0 ? 0 : cx_fail(err, CX_EXIT_IO, "%s cannot be written: %s", path, strerror(errno));
        close(k->lock_fd);
        k->lock_fd = -1;
    }
    return cx_fail(err, CX_EXIT_CONFIG, "kafka.state_dir: a thousand processes of %s run already", k->chain);
}

static int take_identity(struct cx_kafka *k, struct cx_error *err)
{
    char name[NAME_TEXT + 1];

    snprintf(k->group, sizeof k->group, "cx.%s", k->chain);
    if (k->cfg.instance.len != 0) {
        snprintf(k->instance, sizeof k->instance, "%.*s", CX_STR_ARG(k->cfg.instance));
        snprintf(k->transactional_id, sizeof k->transactional_id, "cx.%s.%.*s", k->chain, CX_STR_ARG(k->cfg.instance));
        return 0;
    }
    CX_TRY(take_name(k, name, err));
    snprintf(k->transactional_id, sizeof k->transactional_id, "cx.%s.%s", k->chain, name);
    return 0;
}

static int check_config(const struct cx_kafka_config *cfg, struct cx_error *err)
{
    if (cfg->message_timeout + 1000 > cfg->transaction_timeout)
        return cx_fail(err, CX_EXIT_CONFIG, "kafka.message_timeout must be at least 1s below kafka.transaction_timeout");
    if (cfg->transaction_timeout >= cfg->max_poll_interval)
        return cx_fail(err, CX_EXIT_CONFIG, "kafka.transaction_timeout must be below kafka.max_poll_interval");
    if (cfg->session_timeout > cfg->max_poll_interval)
        return cx_fail(err, CX_EXIT_CONFIG, "kafka.session_timeout must not be above kafka.max_poll_interval");
    if (cfg->socket_timeout > cfg->transaction_timeout)
        return cx_fail(err, CX_EXIT_CONFIG, "kafka.socket_timeout must not be above kafka.transaction_timeout");
    return 0;
}

/* ---- topics of the cluster ---- */

static int fetch_metadata(struct cx_kafka *k, int64_t patience_ms, struct cx_error *err)
{
    int64_t until = cx_monotonic_ns() + patience_ms * 1000000;
    int pause_ms = 100;
    rd_kafka_resp_err_t code;

    while (cx_metadata_fetch(k->consumer, &k->metadata, 5000, &code) != 0) {
        if (cx_monotonic_ns() > until || k->trouble.refusals >= CX_REFUSALS_MAX)
            return cx_client_unreachable(&k->cfg, &k->trouble, "list the topics", err);
        if (!cx_kafka_wait(k, "list the topics", &pause_ms, err))
            return -1;
    }
    k->trouble.refusals = 0;
    return 0;
}

int32_t cx_kafka_partitions(struct cx_kafka *k, const char *topic, struct cx_error *err)
{
    int32_t partitions = cx_metadata_partitions(&k->metadata, topic);

    if (partitions < 0) {
        CX_TRY(fetch_metadata(k, OPEN_PATIENCE_MS, err));
        partitions = cx_metadata_partitions(&k->metadata, topic);
    }
    if (partitions < 0)
        return cx_fail(err, CX_EXIT_CONFIG,
                       "topic %s does not exist (make it: cx topics create), or this user may not see it (rights: cx topics acl)", topic);
    return partitions;
}

const char *cx_kafka_cluster_id(struct cx_kafka *k)
{
    if (k->cluster_id == NULL)
        k->cluster_id = rd_kafka_clusterid(k->consumer, 5000);
    return k->cluster_id ? k->cluster_id : "";
}

const char *cx_kafka_identity(const struct cx_kafka *k)
{
    return k->transactional_id;
}

/* ---- open and close ---- */

static char *copy(const char *text)
{
    char *mine = strdup(text);
    cx_assert(mine != NULL);
    return mine;
}

static struct cx_kafka *make(const struct cx_kafka_config *cfg, const char *chain, const char *const *topics, size_t topic_count, bool stateful,
                             const struct cx_kafka_callbacks *callbacks)
{
    struct cx_kafka *k = calloc(1, sizeof *k);

    cx_assert(k != NULL);
    k->cfg = *cfg;
    k->chain = copy(chain);
    k->topics = calloc(topic_count + 1, sizeof *k->topics);
    cx_assert(k->topics != NULL);
    for (k->topic_count = 0; k->topic_count < topic_count; k->topic_count++)
        k->topics[k->topic_count] = copy(topics[k->topic_count]);
    k->stateful = stateful;
    k->callbacks = *callbacks;
    k->lock_fd = -1;
    return k;
}

static int start(struct cx_kafka *k, struct cx_error *err)
{
    CX_TRY(check_config(&k->cfg, err));
    CX_TRY(take_identity(k, err));
    CX_TRY(cx_consumer_open(k, err));
    CX_TRY(fetch_metadata(k, OPEN_PATIENCE_MS, err));
    for (size_t i = 0; i < k->topic_count; i++)
        if (cx_kafka_partitions(k, k->topics[i], err) < 0)
            return -1;
    /* Before the group is joined: committed offsets and changelogs are only final once an earlier process of this id is fenced. */
    CX_TRY(cx_producer_open(k, OPEN_PATIENCE_MS, err));
    cx_log(CX_INFO, "kafka_open", "group=%s transactional_id=%s cluster=%s librdkafka=%s", k->group, k->transactional_id, cx_kafka_cluster_id(k),
           rd_kafka_version_str());
    return 0;
}

struct cx_kafka *cx_kafka_open(const struct cx_kafka_config *cfg, const char *chain, const char *const *topics, size_t topic_count, bool stateful,
                               const struct cx_kafka_callbacks *callbacks, struct cx_error *err)
{
    struct cx_kafka *k = make(cfg, chain, topics, topic_count, stateful, callbacks);

    if (start(k, err) != 0) {
        cx_kafka_close(k);
        return NULL;
    }
    return k;
}

void cx_kafka_close(struct cx_kafka *k)
{
    if (k == NULL)
        return;
    k->closing = true;
    cx_producer_close(k);
    cx_consumer_close(k);
    cx_restore_close(k);
    for (size_t i = 0; i < k->topic_count; i++)
        free(k->topics[i]);
    free(k->topics);
    cx_metadata_free(&k->metadata);
    free(k->cluster_id);
    free(k->headers.row);
    free(k->chain);
    if (k->lock_fd >= 0)
        close(k->lock_fd);
    free(k);
}
