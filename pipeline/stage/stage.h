/* stage.h - the contract between the runtime and one stage. Read this first.
 *
 * A stage is one `const struct cx_stage <name>_stage`: tables the runtime reads, functions it calls. The runtime owns threads, topics, offsets,
 * transactions, retries and shutdown. process() is a pure function of (state, record): no clock, no random numbers, no I/O, no malloc. All
 * memory that outlives a record is in the state tables, so that close + open + restore in mid-run gives the same bytes.
 *
 * Each item ends in exactly one verdict: emit (it goes on), absorb (it went into state), drop, reject (to the dead-letter topic). A reject takes
 * back the stage's own changes and outputs for that item. */
#ifndef CX_STAGE_H
#define CX_STAGE_H
#include "base/arena.h"
#include "base/error.h"
#include "codec/codec.h"
#include "config/config.h"
#include "metrics/metrics.h"
#include "state/state.h"

/* ---- tables; each ends with a zero row ---- */
struct cx_port {       /* an output; row 0 of a stage is its main output: the record with this stage's section */
    const char *topic; /* name of a row of schemas/topics.def */
    const char *doc;
};
enum cx_verdict { CX_EMIT = 1, CX_ABSORB, CX_DROP, CX_REJECT };
struct cx_reason {           /* why an item did not go on; indexed by the stage's own enum */
    const char *name;        /* [a-z_]+: metric label, cx-error-code, ledger key */
    enum cx_verdict verdict; /* CX_ABSORB, CX_DROP or CX_REJECT */
    const char *doc;         /* one sentence for operators: what it means and what to do; also the dead letter's message */
};
/* Row 0 of every stateful stage's tables: the tenant's record time, kept by the runtime. */
#define CX_TIME_TABLE                                                                                                                                \
    {                                                                                                                                                \
        "time", CX_TABLE_ORDERED, 0, "Tenant to its record time (8 bytes, big-endian ms)."                                                           \
    }

/* ---- what a stage is handed ---- */
struct cx_header {
    struct cx_str name, value;
};
struct cx_message { /* a Kafka record, or a line of cx pipe */
    struct cx_str topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;     /* of the Kafka record */
    struct cx_str key, value; /* null ptr: null */
    const struct cx_header *headers;
    size_t header_count;
    bool is_pipe; /* a line of cx pipe: `source` and `ingested_at` in the payload are honoured */
};
struct cx_item {
    const struct cx_message *message; /* where it came in */
    int32_t index;                    /* item within the message */
    void *part;                       /* what split() left for this item; NULL for stages without split() */
    struct cx_interaction *record;    /* decoded; a splitting stage makes it (CX_NEW + init), others add their section */
};
struct cx_ctx {
    struct cx_arena *arena; /* lives until every item of the message is settled */
    struct cx_state *state; /* this task's tables; NULL for a stage without any */
    struct cx_item *item;   /* the item at hand; NULL in tick() */
    int64_t time_ms;        /* record time of the item's tenant: max(ingested_at), this record included (stateful stages) */
    /* Filled by the runtime; use the functions below. */
    void (*emit_)(struct cx_ctx *, int port, struct cx_str key, const void *record);
    void (*count_)(struct cx_ctx *, int metric, const char *label, double n);
    void *runtime_;
};
/* An extra output (any port but the main one): `record` is a struct of the port's schema, encoded at once. */
static inline void cx_emit(struct cx_ctx *ctx, int port, struct cx_str key, const void *record)
{
    ctx->emit_(ctx, port, key, record);
}
/* The item's own record with its sections so far, to an extra port (fan-out). Encoded once however many ports take it. */
static inline void cx_emit_item(struct cx_ctx *ctx, int port, struct cx_str key)
{
    ctx->emit_(ctx, port, key, NULL);
}
/* Adds to a counter of the stage's metrics table; `label` NULL where the row has none. */
static inline void cx_count(struct cx_ctx *ctx, int metric, const char *label, double n)
{
    ctx->count_(ctx, metric, label, n);
}

/* What process() answers. */
struct cx_settled {
    int reason;           /* CX_PASSED, or an index of the stage's reasons */
    struct cx_str detail; /* for a reject: what was wrong, without payload; arena or static; may be null */
};
#define CX_PASSED (-1)
static inline struct cx_settled cx_pass(void)
{
    return (struct cx_settled){ CX_PASSED, CX_STR_NULL };
}
static inline struct cx_settled cx_settle(int reason)
{
    return (struct cx_settled){ reason, CX_STR_NULL };
}
static inline struct cx_settled cx_settle_detail(int reason, struct cx_str detail)
{
    return (struct cx_settled){ reason, detail };
}

/* What open() is handed. Memory from `arena` lives until close(). */
struct cx_env {
    struct cx_arena *arena;
    /* A file that is compiled in ("lexicons/tr.yaml", "schemas/channels/email.yaml", "stages/route/default_rules.yaml"); null ptr if there is none.
     */
    struct cx_str (*resource)(const struct cx_env *env, const char *path);
    /* Names of compiled-in files below a folder ("schemas/channels/"), sorted, NULL-terminated. */
    const char *const *(*resources)(const struct cx_env *env, const char *folder);
    /* A file of the operator's, named in the config; read whole, at most 64 MiB. */
    int (*read_file)(const struct cx_env *env, struct cx_str path, struct cx_str *content, struct cx_error *err);
    const struct cx_node *root; /* the whole configuration, for what several stages share (tenants) */
};

/* One thing that a stage says of a record and a person can say too, by a label of a closed set: what cx label asks. Tables end with a zero row. */
struct cx_judgement {
    const char *name, *doc;      /* "intent"; one sentence: how to decide */
    const char *(*label)(int i); /* names by number, NULL beyond the last */
    bool is_set;                 /* any number of labels; else exactly one */
    /* What the stage (opened as *self) said of a record, best first; empty: nothing. In the arena. */
    struct cx_label_list (*said)(const void *self, struct cx_arena *arena, const struct cx_interaction *record);
    bool is_open; /* tenants may have labels of their own besides */
};

/* One finding of lint(); the place is the node's. */
typedef void cx_finding_fn(void *context, const struct cx_node *at, const char *text);

struct cx_stage {
    const char *name, *summary;      /* "dedup"; one sentence */
    int section;                     /* enum cx_section it fills, or -1 */
    bool reads_raw;                  /* has split(); its input is any payload, not an Interaction */
    const char *input;               /* default input topic */
    const struct cx_port *outputs;   /* [0] is the main output; its topic NULL: none of its own, the record passes on */
    const struct cx_option *options; /* NULL: none */
    const struct cx_metric *metrics; /* NULL: none; indexed by the stage's own enum */
    const struct cx_reason *reasons;
    const struct cx_table *tables; /* NULL: stateless */
    const char *changelog;         /* topic of its state, NULL: stateless */
    const char *dead_letters;      /* topic of its rejects */
    size_t config_size, self_size; /* the runtime allocates and zeroes both */

    /* Cross-option rules and nested maps. */
    int (*check)(const void *config, struct cx_error *err);
    /* Loads what is read-only afterwards (rules, lexicons, adapters) into *self. On failure close() is still called. */
    int (*open)(void *self, const void *config, const struct cx_env *env, struct cx_error *err);
    /* Takes a message apart: returns the number of items (0: nothing to account for is not allowed, so at least 1), parts in the arena. */
    size_t (*split)(const void *self, struct cx_ctx *ctx, const struct cx_message *message, void ***parts);
    /* Settles ctx->item. */
    struct cx_settled (*process)(const void *self, struct cx_ctx *ctx);
    /* Optional: a tenant's record time crossed a ten-second boundary (ctx->time_ms is the new time), by a record about to be processed or by a tick.
     */
    void (*tick)(const void *self, struct cx_ctx *ctx, struct cx_str tenant);
    void (*close)(void *self);
    /* Optional, for cx lint: what open() accepts but an author should look at, and the tests that the operator's files bring along. Returns the
     * number of findings reported, or -1 with *err. `config` has passed check(). */
    int (*lint)(const void *config, const struct cx_env *env, cx_finding_fn *report, void *context, struct cx_error *err);
    /* Optional, for cx explain: why process() said of the record what it said, as one JSON object
     * {"language":{"label","score","threshold","by"},"model","pii":[{"kind","start","length"}],"heads":[{"head","label","score","threshold","said","by",
     * "because":[{"what","text","field","start","end","weight"}],"features":[{"text","field","start","end","weight"}]}]}: what spoke for the label by
     * the stage's rule, and the words that weighed most in a model. `threshold` is null where none decided, and 0 with the score 1 where the label
     * stands by itself. `start` and `end` are bytes of the record's `field`, "title" or "text" ("title, text": `start` of the one, `end` of the
     * other), and may be null. `language`: as if the text were in it; null: as found. */
    void (*explain)(const void *self, struct cx_arena *arena, const struct cx_interaction *record, struct cx_str language, struct cx_buf *json);
    const struct cx_judgement *judgements; /* NULL: none */
};
#endif
