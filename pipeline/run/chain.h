/* chain.h - stages fused into one: a message goes in, its items come out settled.
 *
 * struct cx_chain is opened once and read-only afterwards. struct cx_task is the chain on one input partition, with each stage's tables.
 * cx_task_settle takes one message through all stages, item by item, depth first; what the stages emit is held back until the item is settled
 * (a reject takes back the rejecting stage's part) and then handed to the sink in order. Nothing here knows Kafka: the same code serves the
 * broker loop and cx pipe, which is why both give the same bytes. */
#ifndef CX_RUN_CHAIN_H
#define CX_RUN_CHAIN_H
#include "run/topics.h"
#include "stage/stage.h"

struct cx_chain;
struct cx_task;

/* One record on its way out. Bytes live until the sink's call returns. */
struct cx_output {
    const struct cx_topic *topic; /* NULL: the end of a pipe whose last stage has no topic */
    const char *stage;
    bool is_main;             /* the chain's main record */
    struct cx_str key, value; /* wire bytes, JSON text, or raw bytes of a dead letter */
    struct cx_str tenant;     /* for placement; null where unknown */
    const struct cx_header *headers;
    size_t header_count;
};
/* How an item ended. */
struct cx_ending {
    const struct cx_message *message;
    int32_t index;
    const struct cx_interaction *record; /* NULL where it never became one */
    const char *stage;                   /* where it ended */
    enum cx_verdict verdict;
    const struct cx_reason *reason; /* NULL for CX_EMIT */
    struct cx_str detail;
};
struct cx_sink {
    void *context;
    int (*output)(void *context, const struct cx_output *output); /* non-zero stops the settling: the world failed */
    void (*ending)(void *context, const struct cx_ending *ending);
    void (*count)(void *context, int stage, int metric, const char *label, double n); /* a stage's own metric; NULL: not kept */
};

/* What a chain is opened with. */
struct cx_chain_plan {
    const struct cx_stage *const *stages;
    size_t count;
    const struct cx_node *root; /* configuration: one map per stage, `keep`, `placement` */
    int64_t max_message;        /* bytes of key + value + headers; larger outputs are rejected as output_too_large (invariant 10) */
    bool is_pipe;               /* lines are read by normalize first where the first stage does not read raw; the main record comes out in any case */
};
struct cx_chain *cx_chain_open(const struct cx_chain_plan *plan, struct cx_error *err);
void cx_chain_close(struct cx_chain *chain);
/* Has a file that a stage read (lexicons, rules, overlays) changed? True at the second look that finds it changed and the same as at the first, so
 * that one that is still being written is left alone. */
bool cx_chain_files_changed(struct cx_chain *chain);
/* Opens all stages anew that have read files, and puts them into the place of the old ones; state is not touched. Between transactions, so that one
 * transaction has one of each. How many there are, or -1 with *err: the old ones stay, every one. */
int cx_chain_reload(struct cx_chain *chain, struct cx_error *err);
/* Of the content of those files; 0: there are none. */
uint64_t cx_chain_files_hash(const struct cx_chain *chain);
const char *cx_chain_name(const struct cx_chain *chain); /* stages joined by '-' */
size_t cx_chain_length(const struct cx_chain *chain);
const struct cx_stage *cx_chain_stage(const struct cx_chain *chain, size_t i);
bool cx_chain_is_stateful(const struct cx_chain *chain);
bool cx_chain_ticks(const struct cx_chain *chain);        /* some stage has tick() */
const char *cx_chain_input(const struct cx_chain *chain); /* default input topic */

/* The last stage of the chain, as it was opened. */
const void *cx_chain_self(const struct cx_chain *chain);
/* explain() of the chain's last stage, which must have it. */
void cx_chain_explain(const struct cx_chain *chain, struct cx_arena *arena, const struct cx_interaction *record, struct cx_str language,
                      struct cx_buf *json);

struct cx_task *cx_task_new(struct cx_chain *chain, int32_t partition);
void cx_task_free(struct cx_task *task);
/* Reasons of the runtime's own, which any stage may end an item for; NULL after the last. */
const struct cx_reason *cx_chain_reason(size_t i);
int32_t cx_task_partition(const struct cx_task *task);
/* The stage's tables, NULL where it has none. */
struct cx_state *cx_task_state(struct cx_task *task, size_t stage);
/* Empties them. */
void cx_task_clear(struct cx_task *task, size_t stage);

/* Settles all items of a message; *items says how many there were. */
int cx_task_settle(struct cx_task *task, const struct cx_message *message, const struct cx_sink *sink, int64_t *items);
/* The message as one item that the first stage rejects, without being looked at: the cluster refuses what it becomes (invariant 10). */
int cx_task_refuse(struct cx_task *task, const struct cx_message *message, const struct cx_sink *sink, int64_t *items);
/* Time passes in silence: every tenant's record time moves to now_ms where it is behind, in the stages that have tick(). */
int cx_task_tick(struct cx_task *task, int64_t now_ms, const struct cx_sink *sink);
void cx_task_commit(struct cx_task *task);
void cx_task_abort(struct cx_task *task);

/* Partition of an output (invariant 4 and DESIGN §2): `source` is the input's partition. -1: its tenant is pinned to one that the topic lacks. */
int32_t cx_chain_place(const struct cx_chain *chain, const struct cx_output *output, int32_t source, int32_t partitions);
#endif
