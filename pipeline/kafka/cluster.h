/* cluster.h - a cluster as it is: what its brokers and topics are set to. For looking only; nothing here changes anything. */
#ifndef CX_KAFKA_CLUSTER_H
#define CX_KAFKA_CLUSTER_H
#include "kafka/kafka.h"

struct cx_property {
    const char *name, *value;
};
struct cx_broker {
    int32_t id;
    const struct cx_property *properties; /* NULL: this user may not read them */
    size_t property_count;
};
struct cx_cluster_topic {
    const char *name;
    int32_t partitions;                   /* -1: there is none, or this user may not see it */
    int32_t replicas;                     /* of the partition that has the fewest */
    int64_t ahead_ms;                     /* its newest record is at least so much later than this machine's clock; 0: it is not */
    const struct cx_property *properties; /* NULL: this user may not read them */
    size_t property_count;
};
struct cx_cluster {
    const struct cx_broker *brokers;
    size_t broker_count;
    const struct cx_cluster_topic *topics; /* in the order they were asked for */
    size_t topic_count;
    int join_group_min; /* lowest version of JoinGroup that every broker serves; -1: no broker told */
};
/* Asks the cluster about itself and the topics named; all in the arena. */
int cx_cluster_describe(const struct cx_kafka_config *cfg, struct cx_arena *arena, const char *const *topics, size_t topic_count,
                        struct cx_cluster *out, struct cx_error *err);
/* A broker's or topic's property; NULL when it is not there. */
const char *cx_property_find(const struct cx_property *properties, size_t count, const char *name);
#endif
