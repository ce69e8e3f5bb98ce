/* one_stage.h - a stage on its own, for tests and benchmarks: its state, its config from YAML text, and process() called as the runtime does. */
#ifndef CX_TESTS_ONE_STAGE_H
#define CX_TESTS_ONE_STAGE_H
#include "stage/stage.h"

struct one_stage {
    const struct cx_stage *stage;
    void *config, *self;
    struct cx_arena *env_arena, *arena;
    struct cx_state *state;
    struct cx_error err;
    double counts[16];
    /* Called for every record to an extra port; may be NULL. */
    void (*on_emit)(struct one_stage *, int port, struct cx_str key, const void *record);
};

static inline void one_stage_emit_(struct cx_ctx *ctx, int port, struct cx_str key, const void *record)
{
    struct one_stage *one = ctx->runtime_;
    if (one->on_emit)
        one->on_emit(one, port, key, record);
}
static inline void one_stage_count_(struct cx_ctx *ctx, int metric, const char *label, double n)
{
    (void)label;
    ((struct one_stage *)ctx->runtime_)->counts[metric] += n;
}

/* 0, or -1 with one->err filled. `yaml`: the stage's map; "" for all defaults. */
static inline int one_stage_open(struct one_stage *one, const struct cx_stage *stage, const char *yaml)
{
    *one = (struct one_stage){ .stage = stage, .env_arena = cx_arena_new(64u << 20), .arena = cx_arena_new(64u << 20) };
    one->config = calloc(1, stage->config_size + 1);
    one->self = calloc(1, stage->self_size + 1);
    one->state = stage->tables ? cx_state_new(stage->tables) : NULL;
    const struct cx_node *map = NULL;
    if (*yaml && (map = cx_config_parse(one->env_arena, "test.yaml", cx_str(yaml), &one->err)) == NULL)
        return -1;
    struct cx_env env = { .arena = one->env_arena, .root = map };
    if (stage->options)
        CX_TRY(cx_options_read(stage->options, map, stage->name, one->config, &one->err));
    if (stage->check)
        CX_TRY(stage->check(one->config, &one->err));
    return stage->open ? stage->open(one->self, one->config, &env, &one->err) : 0;
}
static inline void one_stage_close(struct one_stage *one)
{
    if (one->stage->close)
        one->stage->close(one->self);
    cx_state_free(one->state);
    cx_arena_free(one->arena);
    cx_arena_free(one->env_arena);
    free(one->config);
    free(one->self);
}

/* Settles one record at a record time. What a reject changed is taken back. The arena is the caller's to reset. */
static inline struct cx_settled one_stage_process(struct one_stage *one, struct cx_interaction *record, int64_t time_ms)
{
    struct cx_message message = { .topic = record->source.topic, .offset = record->source.offset };
    struct cx_item item = { .message = &message, .record = record };
    struct cx_ctx ctx = { .arena = one->arena,
                          .state = one->state,
                          .item = &item,
                          .time_ms = time_ms,
                          .emit_ = one_stage_emit_,
                          .count_ = one_stage_count_,
                          .runtime_ = one };
    struct cx_savepoint savepoint = one->state ? cx_state_savepoint(one->state) : (struct cx_savepoint){ 0, 0 };
    struct cx_settled settled = one->stage->process(one->self, &ctx);
    if (settled.reason != CX_PASSED && one->stage->reasons[settled.reason].verdict == CX_REJECT && one->state)
        cx_state_rollback(one->state, savepoint);
    return settled;
}
/* "emit", or the name of the reason. */
static inline const char *one_stage_verdict(const struct one_stage *one, struct cx_settled settled)
{
    return settled.reason == CX_PASSED ? "emit" : one->stage->reasons[settled.reason].name;
}

/* A changelog topic in memory: what commits wrote, and a new state made of it. */
struct one_changelog {
    struct one_changelog_record {
        struct cx_str key, value;
    } * records;
    size_t len, cap;
    struct cx_arena *arena;
};
static inline int one_changelog_append_(void *context, struct cx_str key, struct cx_str value)
{
    struct one_changelog *log = context;
    if (log->arena == NULL)
        log->arena = cx_arena_new(1u << 30);
    if (log->len == log->cap) {
        log->cap = 2 * log->cap + 64;
        log->records = realloc(log->records, log->cap * sizeof *log->records);
    }
    log->records[log->len++] = (struct one_changelog_record){ cx_arena_copy(log->arena, key), cx_arena_copy(log->arena, value) };
    return 0;
}
static inline void one_stage_commit(struct one_stage *one, struct one_changelog *log)
{
    if (log)
        (void)cx_state_changes(one->state, one_changelog_append_, log);
    cx_state_commit(one->state);
}
/* The process dies and another takes over. */
static inline int one_stage_restart(struct one_stage *one, const struct one_changelog *log)
{
    cx_state_free(one->state);
    one->state = cx_state_new(one->stage->tables);
    for (size_t i = 0; i < log->len; i++)
        CX_TRY(cx_state_restore(one->state, log->records[i].key, log->records[i].value, &one->err));
    return 0;
}
static inline void one_changelog_free(struct one_changelog *log)
{
    cx_arena_free(log->arena);
    free(log->records);
}
#endif
