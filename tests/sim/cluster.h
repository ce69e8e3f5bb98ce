/* cluster.h - brokers in memory: logs with transactions, the transaction coordinator, one consumer group.
 *
 * As in Kafka 3.x with clients that do not know KIP-890: an EndTxn is checked by producer id and epoch only. Offsets of a log count control markers;
 * the last stable offset is where the first open transaction begins. */
#ifndef CX_TESTS_CLUSTER_H
#define CX_TESTS_CLUSTER_H
#include "sim.h"
#include <librdkafka/rdkafka.h>

/* ---- logs (cluster.c) ---- */
enum sim_row_kind { SIM_DATA, SIM_MARKER };
enum sim_row_status { SIM_OPEN, SIM_COMMITTED, SIM_ABORTED };
struct sim_row {
    enum sim_row_kind kind;
    enum sim_row_status status;
    int transaction;
    struct cx_str key, value;
    struct cx_header *headers;
    size_t header_count;
    int64_t timestamp_ms;
};
struct sim_log {
    const char *topic;
    int32_t partition;
    struct sim_row *rows; /* by offset */
    int64_t count, capacity;
    struct {
        int transaction;
        int64_t first;
    } open[16];
    int open_count;
};
struct sim_topic {
    const char *name;
    struct sim_log logs[SIM_PARTITIONS];
};
#define SIM_TOPICS_MAX 16
struct sim_cluster {
    struct sim_topic topics[SIM_TOPICS_MAX];
    int topic_count;
    int transactions;     /* numbers given so far */
    const char *refusing; /* a topic that refuses values longer than `refused` */
    size_t refused;
};
extern struct sim_cluster cluster;

void sim_cluster_begin(const char *const *topics);
struct sim_topic *sim_topic(const char *name); /* NULL: none */
struct sim_row *sim_log_add(struct sim_log *log, struct sim_row row);
void sim_log_end(struct sim_log *log, int transaction, bool commit);
int64_t sim_log_stable(const struct sim_log *log); /* last stable offset */
/* First record at or after `from` that a client sees; -1: none yet. `end`: where such a client stands then. */
int64_t sim_log_next(const struct sim_log *log, int64_t from, bool committed, int64_t *end);

/* ---- transactions (coordinator.c) ---- */
struct sim_offset {
    int32_t partition;
    int64_t offset;
};
void sim_coordinator_begin(void);
rd_kafka_resp_err_t sim_init_producer(const char *id, int64_t timeout_ms, int *number, int *epoch);
rd_kafka_resp_err_t sim_produce(int number, int epoch, struct sim_log *log, struct sim_row row);
rd_kafka_resp_err_t sim_add_group(int number, int epoch);
rd_kafka_resp_err_t sim_end(int number, int epoch, bool commit);
bool sim_has_group(int number, int epoch); /* is a transaction open to which the group was added? */
void sim_time_out_transactions(void);
bool sim_transactions_rest(void); /* none is open or being completed */

/* ---- the group (group.c) ---- */
struct sim_membership {
    char id[16];
    int generation;
};
void sim_group_begin(void);
/* Joins, or asks how joining goes: false, not yet; else the partitions (bits). */
bool sim_join(int process, const char *instance, struct sim_membership *self, unsigned *partitions);
/* NO_ERROR, REBALANCE_IN_PROGRESS, UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID */
rd_kafka_resp_err_t sim_heartbeat(const struct sim_membership *self, const char *instance);
void sim_expire_members(void);
rd_kafka_resp_err_t sim_commit_offsets(int number, int epoch, const struct sim_membership *self, const char *instance,
                                       const struct sim_offset *offsets, int count);
void sim_group_end(int number, bool commit);                           /* the marker arrives in __consumer_offsets */
rd_kafka_resp_err_t sim_committed(int32_t partition, int64_t *offset); /* stable; -1: none */
int64_t sim_committed_now(int32_t partition);
#endif
