/* audit.h - the conservation law, checked from the outside: each chain's ledger against its input, output and dead-letter topics. */
#ifndef CX_RUN_AUDIT_H
#define CX_RUN_AUDIT_H
#include "run/settings.h"
#include "run/registry.h"

#define CX_USUAL_CHAINS   "normalize-classify,dedup-identify,route-analytics"
#define CX_AUDIT_CHAINS   16
#define CX_AUDIT_TOPICS   96
#define CX_AUDIT_INPUTS   1024
#define CX_AUDIT_FINDINGS 100

struct cx_audit_input { /* one input partition of a chain */
    const char *topic;
    int32_t partition;
    int64_t first_offset, next_offset; /* what the ledger covers */
    int64_t records;                   /* by the ledger */
    int64_t found, waiting;            /* by the topic: below next_offset, and not read yet */
};
struct cx_audit_ending {
    struct cx_str reason; /* stage/reason */
    enum cx_verdict verdict;
    int64_t n;
};
struct cx_audit_chain {
    const char *name, *ledger, *output; /* output NULL: the chain's last stage has no topic of its own */
    const struct cx_stage *stages[CX_CHAIN_STAGES];
    size_t stage_count;
    struct cx_audit_input inputs[CX_AUDIT_INPUTS];
    size_t input_count;
    struct cx_audit_ending endings[128];
    size_t ending_count;
    int64_t transactions, records, items, emitted, absorbed, dropped, rejected, waiting;
};
struct cx_audit_topic {
    const char *name;
    int64_t found, expected; /* committed records; for dead letters: what the ledgers say */
};
struct cx_audit {
    struct cx_arena *arena;
    struct cx_audit_chain chains[CX_AUDIT_CHAINS];
    size_t chain_count;
    struct cx_audit_topic topics[CX_AUDIT_TOPICS];
    size_t topic_count;
    struct cx_str findings[CX_AUDIT_FINDINGS];
    size_t finding_count; /* all of them, also beyond the array */
};
/* Reads the topics; findings are data, a failure is the world's. `chains`: names separated by commas. */
int cx_audit_run(struct cx_audit *audit, const struct cx_settings *settings, const char *chains, struct cx_error *err);
void cx_audit_print(const struct cx_audit *audit, FILE *out);
void cx_audit_json(const struct cx_audit *audit, struct cx_buf *out);
#endif
