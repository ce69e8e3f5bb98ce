/* timed_stage.h - the stage with the runtime's record time: the highest ingested_at per tenant, ticks at ten-second boundaries. */
#ifndef CX_TESTS_TIMED_STAGE_H
#define CX_TESTS_TIMED_STAGE_H
#include "tests/stages/one_stage.h"

extern const struct cx_stage analytics_stage;

/* As the runtime: moves the tenant's time and ticks where it crosses a boundary. Returns the time. */
static inline int64_t timed_advance(struct one_stage *one, struct cx_str tenant, int64_t to_ms)
{
    enum { tick_ms = 10000 };
    struct cx_str old = cx_state_oget(one->state, 0, tenant);
    uint64_t be = 0;
    if (old.ptr)
        memcpy(&be, old.ptr, sizeof be);
    const int64_t before = (int64_t)__builtin_bswap64(be);
    if (old.ptr && to_ms <= before)
        return before;
    const bool crosses = old.ptr && before / tick_ms != to_ms / tick_ms;
    be = __builtin_bswap64((uint64_t)to_ms);
    cx_state_oput(one->state, 0, tenant, cx_str_n(&be, sizeof be));
    struct cx_ctx ctx = {
        .arena = one->arena, .state = one->state, .time_ms = to_ms, .emit_ = one_stage_emit_, .count_ = one_stage_count_, .runtime_ = one
    };
    if (crosses)
        one->stage->tick(one->self, &ctx, tenant);
    return to_ms;
}

static inline const char *timed_process(struct one_stage *one, struct cx_interaction *record)
{
    const int64_t time_ms = timed_advance(one, record->tenant, record->ingested_at);
    return one_stage_verdict(one, one_stage_process(one, record, time_ms));
}
#endif
