/* kafka.h - batches in, records out, transactions, topic administration. The only room that sees librdkafka.
 *
 * One struct cx_kafka is one consumer in one group plus one transactional producer, used by one thread. The order of calls is the loop of
 * run/: poll, (begin lazily) produce, commit. Everything below keeps invariants 2, 5-9 and 14; their reasons are told at the
 * definitions. Results of calls that talk to the cluster: */
#ifndef CX_KAFKA_H
#define CX_KAFKA_H
#include "base/error.h"
#include "stage/stage.h" /* struct cx_message, struct cx_header */

enum cx_kafka_result {
    CX_KAFKA_OK,
    CX_KAFKA_ABORTED, /* the transaction is gone; the position is back at the committed offsets: drop the changes and poll again */
    CX_KAFKA_FATAL    /* exit 70 (or 69, 78 as err says); the supervisor starts anew (invariant 9) */
};
/* kafka: map of cx.yaml, read through the option table. Secrets come from files. */
struct cx_kafka_config {
    struct cx_str brokers; /* host:port,host:port */
    struct cx_str client_id;
    struct cx_str instance; /* group.instance.id and transactional.id suffix; null: dynamic member, id made unique by a lock file */
    struct cx_str state_dir;
    int64_t transaction_timeout, session_timeout, max_poll_interval, message_timeout, socket_timeout; /* ms */
    int64_t queue_in, queue_out;                                                                      /* bytes */
    int64_t max_message;                                                                              /* bytes: invariant 10 */
    struct cx_str compression;                                                                        /* of produced batches: none, lz4, zstd */
    struct cx_str security_protocol, sasl_mechanism, sasl_username, sasl_password_file, ssl_ca, ssl_certificate, ssl_key, ssl_key_password_file;
    const struct cx_node *librdkafka; /* further properties, verbatim; those that would break a promise are refused */
    const struct cx_node *partitions; /* raw, scope, route: counts for topics.def */
};
extern const struct cx_option cx_kafka_options[];

struct cx_kafka;
struct cx_kafka_counts { /* for metrics; only ever grow */
    uint64_t commits, aborts, renewals, rebalances, restored;
};
/* Callbacks run inside cx_kafka_poll only; topic strings stay valid until cx_kafka_close, and are the same pointers that messages carry. */
struct cx_kafka_callbacks {
    void *context;
    /* A partition was given to this process (called from poll). The callee restores its state with cx_kafka_restore and returns 0; fetching
     * starts afterwards at the committed offset. committed: -1 where the group has none. */
    int (*assigned)(void *context, const char *topic, int32_t partition, int64_t committed, struct cx_error *err);
    /* A partition was taken away. An open transaction that touched any lost partition has been aborted before this call. */
    void (*revoked)(void *context, const char *topic, int32_t partition);
    /* Before partitions are revoked, while they are still owned: finish or abort the open transaction. lost: they are owned no more, only abort. */
    void (*revoking)(void *context, bool lost);
    /* After the last partition of a rebalance was given; also when there was none. May be NULL. */
    void (*settled)(void *context);
    /* From every call that waits for brokers, some ten times a second: the process stands still but lives. `what` it waits to do. May be NULL. */
    void (*waiting)(void *context, const char *what);
};
/* Connects, fences an earlier process of the same transactional id, and checks that the topics exist. The group is joined by the first poll: what
 * is restored before is warm. `stateful` chooses the range assignor (else roundrobin). Group and transactional ids derive from `chain`.
 * The configuration's strings must outlive the handle. Fails with CX_EXIT_UNREACHABLE after a minute without a broker. */
struct cx_kafka *cx_kafka_open(const struct cx_kafka_config *cfg, const char *chain, const char *const *topics, size_t topic_count, bool stateful,
                               const struct cx_kafka_callbacks *callbacks, struct cx_error *err);
void cx_kafka_close(struct cx_kafka *k); /* leaves the group; an open transaction is aborted; no callback runs; takes NULL */
/* Brokers that are away are waited for, however long. This ends such waits soon: the call that waits answers FATAL with exit CX_EXIT_OK. What needs
 * no wait still works, so that the open transaction can be committed. For signal handlers and other threads. */
void cx_kafka_interrupt(struct cx_kafka *k);
const struct cx_kafka_counts *cx_kafka_counts(const struct cx_kafka *k);

enum cx_polled { CX_POLL_NONE, CX_POLL_MESSAGE, CX_POLL_EOF, CX_POLL_FATAL };
/* One record, or the end of one partition (message->topic, partition, offset = the position), or nothing within wait_ms.
 * The message's bytes live until the next poll. Rebalance callbacks run inside. */
enum cx_polled cx_kafka_poll(struct cx_kafka *k, int wait_ms, struct cx_message *message, struct cx_error *err);

/* Opens a transaction if none is open. */
enum cx_kafka_result cx_kafka_begin(struct cx_kafka *k, struct cx_error *err);
bool cx_kafka_in_transaction(const struct cx_kafka *k);
/* A record into the open transaction; bytes are copied. partition is explicit always. Blocks while the queue is full (backpressure). */
enum cx_kafka_result cx_kafka_produce(struct cx_kafka *k, const char *topic, int32_t partition, struct cx_str key, struct cx_str value,
                                      const struct cx_header *headers, size_t header_count, int64_t timestamp_ms, struct cx_error *err);
/* As cx_kafka_produce, for records whose place matters, of which there are two sorts (0 and 1, the caller's). cx_kafka_noted, between transactions:
 * the largest offset at which brokers have acknowledged one of that sort to this process, -1: none. Of an aborted transaction's too. */
enum cx_kafka_result cx_kafka_produce_noted(struct cx_kafka *k, const char *topic, int32_t partition, struct cx_str key, struct cx_str value,
                                            int64_t timestamp_ms, int sort, struct cx_error *err);
int64_t cx_kafka_noted(const struct cx_kafka *k, const char *topic, int32_t partition, int sort);
/* Records that offset next is done in this transaction (touches the partition, also for a tick that re-sends the position). */
void cx_kafka_done(struct cx_kafka *k, const char *topic, int32_t partition, int64_t next_offset);
/* send_offsets + commit, with the KIP-890 guard (invariant 8). On OK the offsets given to cx_kafka_done are committed. */
enum cx_kafka_result cx_kafka_commit(struct cx_kafka *k, struct cx_error *err);
/* Was the last transaction aborted because a broker refused a record as such (too large, invalid)? Only then does it help to cut the batch
 * (invariant 10); all other aborts are the cluster's trouble, and the same batch goes through in time. */
bool cx_kafka_blames_record(const struct cx_kafka *k);
/* Drops the transaction and goes back to the committed offsets: OK (also when none was open) or FATAL. */
enum cx_kafka_result cx_kafka_abort(struct cx_kafka *k, struct cx_error *err);

/* A reading of a changelog partition, from an offset to the end seen at the call (invariant 5: end by read_uncommitted, content read_committed). */
typedef int cx_kafka_restored_fn(void *context, const struct cx_message *message, struct cx_error *err);
struct cx_restore {
    const char *topic;
    int32_t partition;
    int64_t from; /* -1: the beginning */
    int64_t to;   /* the offset before which to stop; 0: the end */
    cx_kafka_restored_fn *each;
    void *context;
    int64_t start, end; /* told before the first record: the partition's beginning, and where the reading stops */
};
/* 0; 1: nothing was read, since the partition does not reach from `from` on to its end any more (its beginning has moved on, or it is shorter). */
int cx_kafka_restore(struct cx_kafka *k, struct cx_restore *restore, struct cx_error *err);
/* Number of partitions, or -1 with err (CX_EXIT_CONFIG: no such topic; CX_EXIT_UNREACHABLE). Cached. */
int32_t cx_kafka_partitions(struct cx_kafka *k, const char *topic, struct cx_error *err);
/* Cluster id, static for the handle's life. */
const char *cx_kafka_cluster_id(struct cx_kafka *k);
/* The transactional id: the name of this process among its equals. */
const char *cx_kafka_identity(const struct cx_kafka *k);
/* Lag of the assigned partitions in records, position to high watermark; for metrics. */
int64_t cx_kafka_lag(struct cx_kafka *k);

/* ---- plain reading and writing, for tap, trace, audit, produce ---- */
struct cx_reader;
/* Reads topics by assignment, no group. from: offset, -1 the beginning, -2 the end, or ms with `by_time`. read_committed. */
struct cx_reader *cx_reader_open(const struct cx_kafka_config *cfg, const char *const *topics, size_t topic_count, int64_t from, bool by_time,
                                 struct cx_error *err);
/* As cx_kafka_poll. CX_POLL_EOF once per partition that is read to its end. */
enum cx_polled cx_reader_poll(struct cx_reader *r, int wait_ms, struct cx_message *message, struct cx_error *err);
/* Are all partitions read to where they ended when the reader was opened? Transactions open then are waited for, at most until they time out. */
bool cx_reader_at_end(const struct cx_reader *r);
void cx_reader_close(struct cx_reader *r);

struct cx_writer; /* idempotent producer, no transaction */
struct cx_writer *cx_writer_open(const struct cx_kafka_config *cfg, struct cx_error *err);
/* partition -1: murmur2 of the key (random for a null key). */
int cx_writer_send(struct cx_writer *w, const char *topic, int32_t partition, struct cx_str key, struct cx_str value, const struct cx_header *headers,
                   size_t header_count, struct cx_error *err);
int cx_writer_flush(struct cx_writer *w, struct cx_error *err); /* fails if any record was not acknowledged */
void cx_writer_close(struct cx_writer *w);

/* ---- topics ---- */
struct cx_topic_spec {
    const char *name;
    int32_t partitions;
    int16_t replication;
    const char *const *config; /* "key=value", NULL-terminated */
};
struct cx_topic_finding {
    const char *topic;
    char text[200];
    bool missing;
};
/* What differs between the cluster and the specs; findings in the arena. */
int cx_topics_plan(const struct cx_kafka_config *cfg, struct cx_arena *arena, const struct cx_topic_spec *specs, size_t n,
                   struct cx_topic_finding **findings, size_t *count, struct cx_error *err);
/* Makes what is missing; sets configs that differ (sending all overrides back); never deletes, never changes partition counts. */
int cx_topics_create(const struct cx_kafka_config *cfg, const struct cx_topic_spec *specs, size_t n, size_t *created, struct cx_error *err);

/* A config of a topic as it is in force, "86400000" for delete.retention.ms. */
int cx_topics_value(const struct cx_kafka_config *cfg, const char *topic, const char *name, char value[128], struct cx_error *err);

/* The librdkafka that runs: "2.0.2", 0x020002ff. */
int64_t cx_kafka_library_number(void);
const char *cx_kafka_library_version(void);
#endif
