/* topics.h - the rows of schemas/topics.def as data. */
#ifndef CX_RUN_TOPICS_H
#define CX_RUN_TOPICS_H
#include "base/str.h"
#include "config/config.h"

enum cx_placement { CX_PLACE_ANY, CX_PLACE_TENANT, CX_PLACE_SOURCE, CX_PLACE_SOURCE_MOD, CX_PLACE_KEY };
enum cx_partition_count { CX_COUNT_RAW_N, CX_COUNT_SCOPE_N, CX_COUNT_ROUTE_N };
enum cx_cleanup { CX_CLEANUP_DELETE, CX_CLEANUP_COMPACT, CX_CLEANUP_COMPACT_DELETE };
enum cx_pii_class { CX_PII_NONE, CX_PII_QUASI, CX_PII_DIRECT };

struct cx_topic {
    const char *name, *schema, *key;
    enum cx_placement placement;
    enum cx_partition_count partitions;
    int64_t retention_ms; /* -1: for ever */
    enum cx_cleanup cleanup;
    enum cx_pii_class pii;
    const char *doc;
};
extern const struct cx_topic cx_topics[];
extern const size_t cx_topic_count;

/* Row of a topic; cx.ledger.dedup-identify.v1 finds cx.ledger.<chain>.v1. NULL if nothing of ours. */
const struct cx_topic *cx_topic_find(struct cx_str name);
static inline bool cx_topic_is_pattern(const struct cx_topic *topic)
{
    return strchr(topic->name, '<') != NULL;
}
/* Is the message key the UCID (else the tenant)? */
static inline bool cx_topic_key_is_ucid(const struct cx_topic *topic)
{
    return strcmp(topic->key, "ucid") == 0;
}
/* The name of a chain's ledger, into 128 bytes. */
void cx_topic_ledger(const char *chain, char out[128]);
/* kafka.partitions of the deployment. */
int cx_topic_counts(const struct cx_node *partitions, int32_t counts[3], struct cx_error *err);
#endif
