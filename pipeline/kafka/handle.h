/* handle.h - what the files of this room share. Not for others: it shows librdkafka.
 *
 * A struct cx_kafka holds one consumer (client "…-in"), one transactional producer (client "…-out") and, while a partition is being restored,
 * two more consumers. All calls come from one thread; librdkafka's own threads only reach the log. */
#ifndef CX_KAFKA_HANDLE_H
#define CX_KAFKA_HANDLE_H
#include "kafka/kafka.h"
#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

/* ---- client.c: configuration to librdkafka handles ---- */
enum cx_client { CX_CLIENT_CONSUMER, CX_CLIENT_PRODUCER, CX_CLIENT_RESTORER, CX_CLIENT_PROBE, CX_CLIENT_READER, CX_CLIENT_WRITER };
struct cx_client_ids {
    const char *group, *instance, *transactional_id; /* NULL where the client has none */
    bool stateful;
    void *opaque; /* for the callbacks; a struct cx_trouble is at its start */
};
/* What the cluster complained of, told by error_cb: it says why a wait is long, and that a transaction was disturbed (invariant 8). */
struct cx_trouble {
    bool disturbed; /* connections broke or requests timed out since this was last cleared */
    bool reached;   /* some broker answered, ever */
    int refusals;   /* in a row: credentials or certificates were refused, not merely nobody there */
    rd_kafka_resp_err_t code;
    char text[200];
};
enum { CX_REFUSALS_MAX = 3 }; /* so many in a row are an answer; fewer may be a broker on its way up or down */
/* The properties every client of this kind gets; NULL with err (CX_EXIT_CONFIG). The caller may add callbacks. */
rd_kafka_conf_t *cx_client_conf(const struct cx_kafka_config *cfg, enum cx_client kind, const struct cx_client_ids *ids, struct cx_error *err);
/* Takes the conf, also when it fails. */
rd_kafka_t *cx_client_open(enum cx_client kind, rd_kafka_conf_t *conf, struct cx_error *err);
/* The message of a transport failure: what was tried, with whom, the last complaint. Exit 69, or 78 for refused credentials. Returns -1. */
int cx_client_unreachable(const struct cx_kafka_config *cfg, const struct cx_trouble *trouble, const char *what, struct cx_error *err);

/* ---- errors.c: what an error code asks of us ---- */
enum cx_cure {
    CX_CURE_RETRY,   /* the same call again, after a pause */
    CX_CURE_ABORT,   /* the transaction is lost, the process is not */
    CX_CURE_RESTART, /* exit 70 */
    CX_CURE_OPERATOR /* exit 78: only a person can help */
};
enum cx_cure cx_cure_of_transaction(const rd_kafka_error_t *error);
enum cx_cure cx_cure_of_consumer(rd_kafka_resp_err_t code);
bool cx_is_transport(rd_kafka_resp_err_t code);
bool cx_is_refusal(rd_kafka_resp_err_t code);    /* credentials, rights, settings: exit 78 */
bool cx_blames_record(rd_kafka_resp_err_t code); /* the broker would take the batch without some record in it */
/* Fills err for a cure that ends the process; returns -1. */
int cx_cure_fail(struct cx_error *err, enum cx_cure cure, const char *doing, rd_kafka_resp_err_t code, const char *reason);

/* ---- message.c ---- */
struct cx_headers {
    struct cx_header *row;
    size_t capacity;
};
/* Views into a librdkafka message; `topic` is the caller's name for it. */
void cx_message_view(const rd_kafka_message_t *from, struct cx_str topic, struct cx_headers *headers, struct cx_message *to);
/* Copy for producing, NULL for none. */
rd_kafka_headers_t *cx_headers_copy(const struct cx_header *headers, size_t count);

/* ---- metadata.c ---- */
struct cx_topic_count {
    char *name;
    int32_t partitions;
};
struct cx_metadata {
    struct cx_topic_count *row;
    size_t count;
};
/* Fetches until there is an answer, at most patience_ms; gives up earlier when the brokers refuse us (CX_REFUSALS_MAX). -1 with the message of
 * cx_client_unreachable. */
int cx_metadata_reach(rd_kafka_t *rk, const struct cx_kafka_config *cfg, struct cx_trouble *trouble, struct cx_metadata *metadata, int patience_ms,
                      struct cx_error *err);
/* Asks for all topics (which never creates one); 0, or -1 with *code. */
int cx_metadata_fetch(rd_kafka_t *rk, struct cx_metadata *metadata, int timeout_ms, rd_kafka_resp_err_t *code);
int32_t cx_metadata_partitions(const struct cx_metadata *metadata, const char *topic); /* -1: not there */
void cx_metadata_free(struct cx_metadata *metadata);
/* Returns when every partition's leader answers; before that nothing may be produced to a topic. */
int cx_metadata_await_leaders(rd_kafka_t *rk, const char *topic, int32_t partitions, struct cx_error *err);
/* Into the list: the first offsets at or after a time (-1 where there is none), or ends (RD_KAFKA_OFFSET_END). Partitions that were just made or are
 * moving have no leader yet, and are asked again until patience is over. */
rd_kafka_resp_err_t cx_metadata_offsets(rd_kafka_t *rk, rd_kafka_topic_partition_list_t *list, int64_t time, int patience_ms);

/* ---- the handle ---- */
struct cx_slot {       /* an assigned partition */
    const char *topic; /* one of cx_kafka.topics */
    size_t topic_length;
    int32_t partition;
    int64_t position;  /* next offset to hand out; CX_NO_OFFSET before the first */
    int64_t committed; /* as the group knows it, CX_NO_OFFSET: none */
    int64_t done;      /* in the open transaction, CX_NO_OFFSET: untouched */
};
#define CX_NO_OFFSET  (-1)
#define CX_NOTE_SORTS 2
typedef _Atomic int64_t cx_note; /* an offset; written by librdkafka's threads, which may outlive an aborted transaction: freed at the end only */
struct cx_target {               /* a topic that is produced to */
    char *name;
    uint64_t hash;
    rd_kafka_topic_t *rkt; /* of the present producer, NULL: not yet */
    int32_t partitions;
    cx_note *notes; /* CX_NOTE_SORTS a partition; NULL: nobody asked */
};
#define CX_TARGETS 256 /* slots of the open-addressed table; far more than topics.def has rows */

struct cx_kafka {
    struct cx_trouble trouble; /* first: the opaque of both clients */
    struct cx_kafka_config cfg;
    char *chain;
    char **topics;
    size_t topic_count;
    struct cx_kafka_callbacks callbacks;
    char group[256], instance[256], transactional_id[256];
    int lock_fd; /* holds the dynamic member's id, -1: none */
    volatile int interrupted;
    char *cluster_id;
    struct cx_metadata metadata;
    struct cx_kafka_counts counts;

    rd_kafka_t *consumer;
    bool subscribed, closing, rebalancing, stateful;
    bool stale;                                     /* the assignment is lost: what still arrives of it is not handed out */
    rd_kafka_consumer_group_metadata_t *membership; /* member and generation of the present assignment; NULL: none */
    struct cx_slot *slots;
    size_t slot_count;
    struct cx_slot *last_slot;
    const rd_kafka_topic_t *last_rkt;
    rd_kafka_message_t *current; /* lent to the caller */
    struct cx_headers headers;
    bool failed; /* a callback or librdkafka met what ends the process; `failure` says what */
    struct cx_error failure;

    rd_kafka_t *probe, *restorer; /* while partitions are being restored */

    rd_kafka_t *producer;
    struct cx_target targets[CX_TARGETS];
    bool open;              /* a transaction is */
    bool foreign;           /* it touched a partition that is not ours */
    bool blamed;            /* a broker refused one of its records as such */
    bool renew;             /* a new producer before the next begin */
    atomic_bool unanswered; /* a request of its transactions ended without an answer */
    unsigned produced;      /* calls since the producer's events were last served */
};

/* Notes what ends the process; the first note stays. Returns CX_KAFKA_FATAL with *err filled. */
enum cx_kafka_result cx_kafka_fail(struct cx_kafka *k, const struct cx_error *why, struct cx_error *err);
/* One step of a wait for the cluster: serves events, pauses `*pause_ms` and doubles it up to 1 s. False when the wait must end (interrupted, or
 * fatal), with *err filled. `what` is logged now and then. */
bool cx_kafka_wait(struct cx_kafka *k, const char *what, int *pause_ms, struct cx_error *err);
/* For waits of another kind: tells the callback. */
void cx_kafka_waiting(const struct cx_kafka *k, const char *what);

/* transaction.c, producer.c */
int cx_producer_open(struct cx_kafka *k, int64_t patience_ms, struct cx_error *err); /* makes it, initialises transactions */
void cx_producer_close(struct cx_kafka *k);
/* requests.c: k->unanswered will be told by the producer that is made of this configuration */
void cx_requests_watch(struct cx_kafka *k, rd_kafka_conf_t *conf);
/* restore.c */
void cx_restore_close(struct cx_kafka *k);
/* consumer.c, assignment.c */
int cx_consumer_open(struct cx_kafka *k, struct cx_error *err);
void cx_consumer_close(struct cx_kafka *k);
void cx_on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t *partitions, void *opaque);
/* Slot of a partition, NULL when it is not ours. */
struct cx_slot *cx_slot_find(struct cx_kafka *k, const char *topic, int32_t partition);
/* Stable committed offsets of all of `list`, asked until there is an answer. */
int cx_offsets_committed(struct cx_kafka *k, rd_kafka_topic_partition_list_t *list, struct cx_error *err);
/* Every assigned partition back to its committed offset. */
int cx_offsets_rewind(struct cx_kafka *k, struct cx_error *err);
#endif
