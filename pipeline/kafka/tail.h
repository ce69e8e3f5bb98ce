/* tail.h - changelogs followed as they grow, and the group of their owners watched from outside: no member, no producer, so it disturbs nobody. */
#ifndef CX_KAFKA_TAIL_H
#define CX_KAFKA_TAIL_H
#include "kafka/kafka.h"

struct cx_tail;
/* Connects. The configuration must outlive it. Group and transactional id derive from `chain` and cfg->instance, as cx_kafka_open's do. */
struct cx_tail *cx_tail_open(const struct cx_kafka_config *cfg, const char *chain, struct cx_error *err);
void cx_tail_close(struct cx_tail *t); /* takes NULL */
const char *cx_tail_cluster_id(struct cx_tail *t);
const char *cx_tail_identity(const struct cx_tail *t); /* the transactional id of the instance */

/* Where a partition begins and ends, uncommitted records included. */
int cx_tail_ends(struct cx_tail *t, const char *topic, int32_t partition, int64_t *start, int64_t *end, struct cx_error *err);
/* Follows a partition from an offset on, read_committed. `topic` must live as long as it is followed; messages carry the same pointer. */
int cx_tail_add(struct cx_tail *t, const char *topic, int32_t partition, int64_t from, struct cx_error *err);
void cx_tail_remove(struct cx_tail *t, const char *topic, int32_t partition);
/* As cx_kafka_poll. CX_POLL_EOF each time a partition is read to its last stable offset, which is the message's offset. */
enum cx_polled cx_tail_poll(struct cx_tail *t, int wait_ms, struct cx_message *message, struct cx_error *err);
/* Records between what was handed out and the ends of the partitions, as of the last fetches. */
int64_t cx_tail_lag(struct cx_tail *t);

enum cx_owner {
    CX_OWNER_UNKNOWN, /* the coordinator did not answer */
    CX_OWNER_GONE,    /* the group has no member of the instance's name */
    CX_OWNER_THERE,   /* it has; and nothing is said of its partitions, since the group is rebalancing */
    CX_OWNER_SETTLED  /* it has, and these are its partitions */
};
/* Asks the coordinator; `partitions` of `topic` (at most `max`) are filled when SETTLED. Waits 2 s at most. */
enum cx_owner cx_tail_owner(struct cx_tail *t, const char *topic, int32_t *partitions, size_t max, size_t *count);
#endif
