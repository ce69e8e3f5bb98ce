/* outcome.h - what came out of a run, gathered for the demo's page: fed with records of topics, whether they come from a broker or from memory. */
#ifndef CX_RUN_OUTCOME_H
#define CX_RUN_OUTCOME_H
#include "run/chain.h"

#define CX_TALLY_MAX 64
struct cx_tally_row {
    struct cx_str name;
    int64_t n;
};
struct cx_tally { /* names and how often, in order of first sight until sorted */
    struct cx_tally_row rows[CX_TALLY_MAX];
    size_t len;
    int64_t total;
};
struct cx_outcome_record { /* one line of cx.routed.v1, as far as the page needs it */
    struct cx_id ucid;     /* zero: none */
    int64_t occurred_at;
    struct cx_str channel, kind, language, text, functions, rules, email, phone;
    enum cx_op op;
    enum cx_direction direction;
};
struct cx_outcome_letter {
    struct cx_str stage, code, message, payload;
    int64_t n;
};
#define CX_OUTCOME_RECORDS 200000
#define CX_OUTCOME_LETTERS 64
struct cx_outcome {
    struct cx_arena *arena;
    struct cx_arena *scratch;
    int64_t payloads, items, emitted, absorbed, dropped, rejected; /* of the whole way: items into normalize, where each ended */
    struct cx_tally endings;                                       /* stage/reason of what did not go on */
    struct cx_tally languages, channels, functions, sentiments, urgencies, ops, tenants;
    int64_t routed, copies, customers, merges, metric_rows, two_channels;
    struct cx_outcome_record *records;
    size_t record_count;
    struct cx_alias {
        struct cx_id from, to;
    } * aliases; /* sorted by from once finished */
    size_t alias_count, alias_cap;
    struct cx_outcome_letter letters[CX_OUTCOME_LETTERS];
    size_t letter_count;
};
struct cx_outcome *cx_outcome_new(void);
void cx_outcome_free(struct cx_outcome *o);
/* A record of a topic of ours; others are ignored. */
void cx_outcome_add(struct cx_outcome *o, struct cx_str topic, struct cx_str value, const struct cx_header *headers, size_t header_count);
/* `n` items ended at a stage; reason null for emitted. */
void cx_outcome_ended(struct cx_outcome *o, const char *stage, enum cx_verdict verdict, struct cx_str reason, int64_t n);
/* Resolves merges and sorts the tallies. */
void cx_outcome_finish(struct cx_outcome *o);
/* The customer a record belongs to now, merges followed. */
struct cx_id cx_outcome_customer(const struct cx_outcome *o, struct cx_id ucid);

/* outcome_page.c: for people (colour when `out` is a terminal) and as data. `config`: what to pass to -c when looking further; NULL: no broker. */
void cx_outcome_print(const struct cx_outcome *o, FILE *out, const char *config, const char *brokers);
void cx_outcome_json(const struct cx_outcome *o, struct cx_buf *out);
#endif
