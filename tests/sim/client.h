/* client.h - what the files of the simulation's librdkafka share. Only the functions that the room kafka uses for running a chain are there. */
#ifndef CX_TESTS_CLIENT_H
#define CX_TESTS_CLIENT_H
#include "cluster.h"

struct rd_kafka_conf_s {
    char group[128], instance[4], transactional_id[128];
    bool reads_uncommitted;
    int64_t transaction_timeout_ms, socket_timeout_ms;
    void (*rebalanced)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *);
    void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *);
    void (*troubled)(rd_kafka_t *, int, const char *, void *);
    rd_kafka_interceptor_f_on_new_t *made;
    rd_kafka_interceptor_f_on_response_received_t *answered;
    rd_kafka_interceptor_f_on_acknowledgement_t *acknowledged;
    void *interceptor;
    void *opaque;
};
struct rd_kafka_topic_s {
    rd_kafka_t *rk;
    struct sim_topic *topic;
};
struct rd_kafka_headers_s {
    struct cx_header *rows;
    size_t count, capacity;
};
struct rd_kafka_consumer_group_metadata_s {
    struct sim_membership self;
};

/* ---- producer (client_out.c) ---- */
enum client_state { CLIENT_NEW, CLIENT_READY, CLIENT_OPEN, CLIENT_ABORTABLE, CLIENT_FATAL };
struct client_record {
    rd_kafka_topic_t *rkt;
    struct sim_log *log;
    struct sim_row row;
    void *opaque;
};
struct client_end { /* an EndTxn under way; in the cluster's memory, since its answer may outlive who asked */
    int number, epoch;
    bool commit;
    int64_t due_ns; /* when the answer is in */
    rd_kafka_resp_err_t answer;
};
struct client_producer {
    enum client_state state;
    rd_kafka_resp_err_t code; /* why ABORTABLE or FATAL */
    int number, epoch;
    struct client_record *queue; /* not yet at the broker */
    size_t head, count, capacity;
    bool is_registered; /* the coordinator knows of this transaction */
    struct client_end *end;
    rd_kafka_topic_t *refused;   /* a delivery failed, which is not yet told */
    rd_kafka_resp_err_t trouble; /* to be told to error_cb */
};

/* ---- consumer (client_in.c) ---- */
enum client_group { CLIENT_APART, CLIENT_JOINING, CLIENT_MEMBER };
struct client_fetch {
    struct sim_log *log;
    int64_t position;
    bool is_assigned, told_end;
    int64_t seen_end; /* high watermark as of the last fetch */
};
struct client_consumer {
    enum client_group group;
    struct sim_membership self;
    bool is_lost, must_rebalance;
    rd_kafka_resp_err_t fatal;
    int64_t heartbeat_ns;
    rd_kafka_topic_t *topic;
    struct client_fetch fetch[SIM_PARTITIONS];
    unsigned partitions; /* of the assignment, bits */
};

struct rd_kafka_s {
    rd_kafka_type_t type;
    struct rd_kafka_conf_s conf;
    struct client_producer out;
    struct client_consumer in;
};
struct rd_kafka_queue_s { /* of a restoring client: one partition */
    rd_kafka_t *rk;
    rd_kafka_topic_t *rkt;
    struct client_fetch fetch;
};

struct rd_kafka_error_s {
    rd_kafka_resp_err_t code;
    bool is_fatal, is_retriable, is_abortable;
};
enum client_fate { CLIENT_RETRIABLE, CLIENT_LOSES_TRANSACTION, CLIENT_ENDS, CLIENT_OUT_OF_PLACE };
rd_kafka_error_t *client_error(enum client_fate fate, rd_kafka_resp_err_t code);
/* As librdkafka does, out of memory ends the process. Zeroed. */
void *client_alloc(size_t n, size_t size);
char *client_copy(const char *text);
/* Heartbeats and the like, which a real client has threads for. */
void client_background(rd_kafka_t *rk);
/* What would be fetched next: a message, an end of partition, or NULL. */
rd_kafka_message_t *client_fetch(rd_kafka_t *rk, rd_kafka_topic_t *rkt, struct client_fetch *fetch);
rd_kafka_message_t *client_message(rd_kafka_topic_t *rkt, int32_t partition, rd_kafka_resp_err_t code);
#endif
