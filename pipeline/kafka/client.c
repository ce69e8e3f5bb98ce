/* client.c - configuration to librdkafka clients.
 *
 * What a client gets comes from three places, in this order: the promises below, which nobody may change; the options of the kafka: map; the
 * operator's own librdkafka: map. A property that stands in the first two is refused in the third. */
#include "kafka/handle.h"
#include "base/failpoint.h"
#include "log/log.h"
#include <inttypes.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <unistd.h>

enum {
    CONSUMER = 1 << CX_CLIENT_CONSUMER,
    PRODUCER = 1 << CX_CLIENT_PRODUCER,
    RESTORER = 1 << CX_CLIENT_RESTORER,
    PROBE = 1 << CX_CLIENT_PROBE,
    READER = 1 << CX_CLIENT_READER,
    WRITER = 1 << CX_CLIENT_WRITER
};
enum { READERS = CONSUMER | RESTORER | PROBE | READER, WRITERS = PRODUCER | WRITER, ALL = READERS | WRITERS };

static const struct promise {
    int kinds;
    const char *name, *value;
} promises[] = {
    { CONSUMER | RESTORER | READER, "isolation.level", "read_committed" },
    { PROBE, "isolation.level", "read_uncommitted" }, /* else the "end" would be the last stable offset (invariant 5) */
    { READERS, "enable.partition.eof", "true" },
    { READERS, "enable.auto.commit", "false" },
    { READERS, "enable.auto.offset.store", "false" },
    { CONSUMER, "auto.offset.reset", "error" },             /* a silent reset would be loss or repetition */
    { RESTORER | READER, "auto.offset.reset", "earliest" }, /* these start where the topic does, which may have moved on meanwhile */
    { READERS, "check.crcs", "true" },
    { READERS, "allow.auto.create.topics", "false" },
    { WRITERS, "enable.idempotence", "true" },
    { WRITERS, "acks", "all" },
    { WRITERS, "partitioner", "murmur2_random" }, /* as the Java client places keys */
    { PRODUCER, "delivery.report.only.error", "true" },
};

/* Defaults of ours; the operator may set others. */
static const struct promise tuning[] = {
    { ALL, "socket.keepalive.enable", "true" },
    { ALL, "socket.nagle.disable", "true" },
    { ALL, "reconnect.backoff.ms", "100" },
    { ALL, "reconnect.backoff.max.ms", "2000" },
    { ALL, "log.connection.close", "false" },
    { CONSUMER | READER, "fetch.wait.max.ms", "100" },
    { RESTORER, "fetch.wait.max.ms", "10" }, /* an end of partition is told only when the fetch returns */
    { CONSUMER | RESTORER | READER, "fetch.error.backoff.ms", "100" },
    { CONSUMER | RESTORER | READER, "queued.min.messages", "1000000" }, /* queued.max.messages.kbytes is the bound that counts */
    { WRITERS, "linger.ms", "100" },        /* larger batches cost client and broker less; what ends a transaction sends at once */
    { PRODUCER, "retry.backoff.ms", "10" }, /* also the wait for a commit that the broker still completes, at the start of the next transaction */
    { WRITERS, "batch.num.messages", "100000" },
    { WRITERS, "queue.buffering.max.messages", "10000000" }, /* queue.buffering.max.kbytes is the bound that counts */
};

enum { FRAMING = 8192 }; /* what a record has besides key and value: headers, and those of its batch */

struct builder {
    rd_kafka_conf_t *conf;
    struct cx_error *err;
    bool failed;
};

static void set(struct builder *b, const char *name, const char *value)
{
    char why[256];

    if (!b->failed && rd_kafka_conf_set(b->conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK) {
        cx_fail(b->err, CX_EXIT_CONFIG, "kafka: %s", why);
        b->failed = true;
    }
}

static void set_number(struct builder *b, const char *name, int64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, value);
    set(b, name, text);
}

/* An option that is not given leaves librdkafka's default. */
static void set_option(struct builder *b, const char *name, struct cx_str value)
{
    char text[1024];

    if (value.len == 0)
        return;
    snprintf(text, sizeof text, "%.*s", CX_STR_ARG(value));
    set(b, name, text);
}

/* A process that holds a secret leaves no core file and shows its memory to nobody but root. */
static void hide_memory(void)
{
    (void)prctl(PR_SET_DUMPABLE, 0);
}

/* The first line of a file, as the value of a property. Read without stdio, whose buffer would keep it. */
static void set_secret(struct builder *b, const char *name, const char *option, struct cx_str file)
{
    char path[1024], line[1024];
    ssize_t got = -1;
    int fd;

    if (file.len == 0 || b->failed)
        return;
    hide_memory();
    snprintf(path, sizeof path, "%.*s", CX_STR_ARG(file));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        got = read(fd, line, sizeof line - 1);
        close(fd);
    }
    if (got <= 0) {
        cx_fail(b->err, CX_EXIT_CONFIG, "kafka.%s: %s cannot be read or is empty", option, path);
        b->failed = true;
        return;
    }
    line[got] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    set(b, name, line);
    explicit_bzero(line, sizeof line);
}

static void set_common(struct builder *b, const struct cx_kafka_config *cfg, enum cx_client kind)
{
    static const char *const suffix[] = { "in", "out", "restore", "probe", "read", "write" };
    char client[256];

    snprintf(client, sizeof client, "%.*s-%s", CX_STR_ARG(cfg->client_id), suffix[kind]);
    set(b, "client.id", client);
    set_option(b, "bootstrap.servers", cfg->brokers);
    set_number(b, "socket.timeout.ms", cfg->socket_timeout);
    set_option(b, "security.protocol", cfg->security_protocol);
    set_option(b, "sasl.mechanism", cfg->sasl_mechanism);
    set_option(b, "sasl.username", cfg->sasl_username);
    set_secret(b, "sasl.password", "sasl_password_file", cfg->sasl_password_file);
    set_option(b, "ssl.ca.location", cfg->ssl_ca);
    set_option(b, "ssl.certificate.location", cfg->ssl_certificate);
    set_option(b, "ssl.key.location", cfg->ssl_key);
    set_secret(b, "ssl.key.password", "ssl_key_password_file", cfg->ssl_key_password_file);
    if (cfg->ssl_key.len != 0)
        hide_memory();
}

static void set_reading(struct builder *b, const struct cx_kafka_config *cfg, const struct cx_client_ids *ids)
{
    set_number(b, "queued.max.messages.kbytes", cfg->queue_in / 1024);
    if (ids->group == NULL)
        return;
    set(b, "group.id", ids->group);
    if (ids->instance != NULL)
        set(b, "group.instance.id", ids->instance);
    set(b, "partition.assignment.strategy", ids->stateful ? "range" : "roundrobin");
    set_number(b, "session.timeout.ms", cfg->session_timeout);
    set_number(b, "heartbeat.interval.ms", cfg->session_timeout / 4);
    set_number(b, "max.poll.interval.ms", cfg->max_poll_interval);
}

static void set_writing(struct builder *b, const struct cx_kafka_config *cfg, const struct cx_client_ids *ids)
{
    set_option(b, "compression.codec", cfg->compression);
    set_number(b, "message.max.bytes", cfg->max_message + FRAMING);
    /* A batch may pass its limit by one record, and must stay below the topic's. */
    set_number(b, "batch.size", cfg->max_message / 2);
    set_number(b, "queue.buffering.max.kbytes", cfg->queue_out / 1024);
    set_number(b, "message.timeout.ms", cfg->message_timeout);
    if (ids->transactional_id == NULL)
        return;
    set(b, "transactional.id", ids->transactional_id);
    set_number(b, "transaction.timeout.ms", cfg->transaction_timeout);
}

/* Names that the table above, the options or the callbacks own. */
static bool is_ours(const char *name)
{
    static const char *const owned[] = { "bootstrap.servers",
                                         "metadata.broker.list",
                                         "client.id",
                                         "group.id",
                                         "group.instance.id",
                                         "transactional.id",
                                         "message.max.bytes",
                                         "partition.assignment.strategy",
                                         "session.timeout.ms",
                                         "max.poll.interval.ms",
                                         "transaction.timeout.ms",
                                         "message.timeout.ms",
                                         "delivery.timeout.ms",
                                         "socket.timeout.ms",
                                         "security.protocol",
                                         "sasl.mechanism",
                                         "sasl.mechanisms",
                                         "sasl.username",
                                         "sasl.password",
                                         "ssl.ca.location",
                                         "ssl.certificate.location",
                                         "ssl.key.location",
                                         "compression.codec",
                                         "compression.type",
                                         "request.required.acks",
                                         "enable.gapless.guarantee",
                                         "max.in.flight",
                                         "max.in.flight.requests.per.connection",
                                         "retries",
                                         "message.send.max.retries",
                                         "queuing.strategy",
                                         "auto.commit.enable",
                                         "queued.max.messages.kbytes",
                                         "queue.buffering.max.kbytes",
                                         "plugin.library.paths" };

    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        if (strcmp(owned[i], name) == 0)
            return true;
    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++)
        if (strcmp(promises[i].name, name) == 0)
            return true;
    return false;
}

/* Does a client of this kind take the property? Consumer properties on a producer are only noise in the log. */
static bool takes(enum cx_client kind, const char *name)
{
    static const char *const reading[] = { "fetch.", "queued." };
    static const char *const writing[] = { "linger.", "batch.", "queue.", "sticky." };
    bool is_reader = (READERS & 1 << kind) != 0;

    for (size_t i = 0; i < sizeof reading / sizeof *reading; i++)
        if (strncmp(name, reading[i], strlen(reading[i])) == 0)
            return is_reader;
    for (size_t i = 0; i < sizeof writing / sizeof *writing; i++)
        if (strncmp(name, writing[i], strlen(writing[i])) == 0)
            return !is_reader;
    return true;
}

/* Tried out, since asking for its value says "unknown" also of what has no default: ssl.key.password and the like. */
static bool exists(const char *name)
{
    char why[256];
    rd_kafka_conf_t *scratch = rd_kafka_conf_new();
    bool is_known = rd_kafka_conf_set(scratch, name, "", why, sizeof why) != RD_KAFKA_CONF_UNKNOWN;
    rd_kafka_conf_destroy(scratch);
    return is_known;
}

static void set_operators(struct builder *b, const struct cx_node *map, enum cx_client kind)
{
    char name[128], value[1024], why[256];

    for (const struct cx_node *node = map ? map->first : NULL; node != NULL && !b->failed; node = node->next) {
        snprintf(name, sizeof name, "%.*s", CX_STR_ARG(node->key));
        snprintf(value, sizeof value, "%.*s", CX_STR_ARG(node->text));
        b->failed = true;
        if (cx_is_secret(node->key))
            hide_memory();
        if (is_ours(name))
            cx_node_fail(node, b->err, "%s is set by cxstream and cannot be changed here", name);
        else if (!exists(name))
            cx_node_fail(node, b->err, "librdkafka has no property %s", name);
        else if (takes(kind, name) && rd_kafka_conf_set(b->conf, name, value, why, sizeof why) != RD_KAFKA_CONF_OK)
            cx_node_fail(node, b->err, "%s", why);
        else
            b->failed = false;
        explicit_bzero(value, sizeof value);
    }
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    if (level <= LOG_ERR)
        cx_log_limited(CX_WARN, "librdkafka", "facility=%s text=\"%s\"", facility, text); /* what ends us is told as our own error */
    else if (level <= LOG_WARNING && strcmp(facility, "GETPID") != 0) /* a broker that has just started is asked again, and that is all */
        cx_log_limited(CX_WARN, "librdkafka", "facility=%s text=\"%s\"", facility, text);
    else
        cx_log(CX_DEBUG, "librdkafka", "facility=%s text=\"%s\"", facility, text);
}

static bool is_refused(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL;
}

/* Both come as a lost connection, too: that we will not have the broker's certificate, and that it will not have ours. */
static bool is_about_certificates(const char *reason)
{
    return strstr(reason, "certificate verify failed") != NULL || strstr(reason, "SSL alert number") != NULL;
}

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
    struct cx_trouble *trouble = opaque;
    (void)rk;

    trouble->disturbed = trouble->disturbed || cx_is_transport((rd_kafka_resp_err_t)code);
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || trouble->refusals == 0) { /* which follows from any trouble and explains none */
        trouble->code = is_about_certificates(reason) ? RD_KAFKA_RESP_ERR__SSL : (rd_kafka_resp_err_t)code;
        trouble->refusals = is_refused(trouble->code) ? trouble->refusals + 1 : 0;
        snprintf(trouble->text, sizeof trouble->text, "%s", reason);
    }
    cx_log_limited(CX_WARN, "kafka_trouble", "code=%s text=\"%s\"", rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
}

/* Promises broken on purpose. */
static void set_mistakes(struct builder *b, enum cx_client kind)
{
    if (kind == CX_CLIENT_CONSUMER && cx_failpoint_bug(CX_BUG_READ_UNCOMMITTED))
        set(b, "isolation.level", "read_uncommitted");
    if (kind == CX_CLIENT_RESTORER && cx_failpoint_bug(CX_BUG_RESTORE_UNCOMMITTED))
        set(b, "isolation.level", "read_uncommitted");
    if (kind == CX_CLIENT_PROBE && cx_failpoint_bug(CX_BUG_RESTORE_TO_STABLE))
        set(b, "isolation.level", "read_committed");
}

rd_kafka_conf_t *cx_client_conf(const struct cx_kafka_config *cfg, enum cx_client kind, const struct cx_client_ids *ids, struct cx_error *err)
{
    struct builder b = { rd_kafka_conf_new(), err, false };

    for (size_t i = 0; i < sizeof promises / sizeof *promises; i++)
        if (promises[i].kinds & 1 << kind)
            set(&b, promises[i].name, promises[i].value);
    for (size_t i = 0; i < sizeof tuning / sizeof *tuning; i++)
        if (tuning[i].kinds & 1 << kind)
            set(&b, tuning[i].name, tuning[i].value);
    set_mistakes(&b, kind);
    set_common(&b, cfg, kind);
    if (READERS & 1 << kind)
        set_reading(&b, cfg, ids);
    else
        set_writing(&b, cfg, ids);
    set_operators(&b, cfg->librdkafka, kind);
    rd_kafka_conf_set_log_cb(b.conf, on_log);
    rd_kafka_conf_set_error_cb(b.conf, on_error);
    rd_kafka_conf_set_opaque(b.conf, ids->opaque);
    if (b.failed) {
        rd_kafka_conf_destroy(b.conf);
        return NULL;
    }
    return b.conf;
}

rd_kafka_t *cx_client_open(enum cx_client kind, rd_kafka_conf_t *conf, struct cx_error *err)
{
    char why[256];
    rd_kafka_t *rk = rd_kafka_new(READERS & 1 << kind ? RD_KAFKA_CONSUMER : RD_KAFKA_PRODUCER, conf, why, sizeof why);

    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        cx_fail(err, CX_EXIT_CONFIG, "kafka: %s", why);
    }
    return rk;
}

int cx_client_unreachable(const struct cx_kafka_config *cfg, const struct cx_trouble *trouble, const char *what, struct cx_error *err)
{
    const char *cure = "; is it up, and does that listener speak kafka.security_protocol?";

    if (trouble->code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
        cure = "; check kafka.sasl_mechanism, kafka.sasl_username and kafka.sasl_password_file";
    else if (trouble->code == RD_KAFKA_RESP_ERR__SSL)
        cure = "; check kafka.ssl_ca, kafka.ssl_certificate and kafka.ssl_key, and that the brokers' certificates bear the names in kafka.brokers";
    return cx_fail(err, is_refused(trouble->code) ? CX_EXIT_CONFIG : CX_EXIT_UNREACHABLE, "kafka: no answer from %.*s to: %s%s%s%s",
                   CX_STR_ARG(cfg->brokers), what, cure, trouble->text[0] ? "; " : "", trouble->text);
}
