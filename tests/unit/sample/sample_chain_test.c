/* What becomes of the sample: normalize takes what is good, refuses what is bad, and leaves out what is no event. */
#include "run/sample.h"
#include <criterion/criterion.h>
#include "run/chain.h"
#include "run/registry.h"

enum { MANY = 6000 };

struct verdicts {
    int emitted, dropped, rejected;
};

static int ignore_output(void *context, const struct cx_output *output)
{
    (void)context;
    (void)output;
    return 0;
}

static void count_ending(void *context, const struct cx_ending *ending)
{
    struct verdicts *verdicts = context;
    verdicts->emitted += ending->verdict == CX_EMIT;
    verdicts->dropped += ending->verdict == CX_DROP;
    verdicts->rejected += ending->verdict == CX_REJECT;
}

/* How the items of one payload ended. */
static struct verdicts settle(struct cx_task *task, const struct cx_sample_payload *payload, int64_t offset)
{
    struct verdicts verdicts = { 0 };
    const struct cx_sink sink = { .context = &verdicts, .output = ignore_output, .ending = count_ending };
    const struct cx_message message = {
        .topic = CX_STR("cx.raw.v1"), .offset = offset, .key = payload->key, .value = payload->value, .is_pipe = true
    };
    int64_t items = 0;
    cr_assert_eq(cx_task_settle(task, &message, &sink, &items), 0);
    cx_task_commit(task);
    cr_assert_eq(verdicts.emitted + verdicts.dropped + verdicts.rejected, items, "every item has one verdict");
    cr_assert_geq(items, 1);
    return verdicts;
}

Test(sample_chain, bad_records_and_no_others_are_refused)
{
    struct cx_error err = { 0 };
    const struct cx_stage *stages[] = { cx_stage_find(CX_STR("normalize")) };
    const struct cx_chain_plan plan = { .stages = stages, .count = 1, .max_message = 1 << 20 };
    struct cx_chain *chain = cx_chain_open(&plan, &err);
    cr_assert(chain, "%s", err.text);
    struct cx_task *task = cx_task_new(chain, 0);
    struct cx_sample *sample = cx_sample_new(1, 1790000000000, CX_SAMPLE_PER_DAY, NULL);
    struct cx_arena *arena = cx_arena_new(16 << 20);
    for (int i = 0; i < MANY; i++) {
        struct cx_sample_payload payload;
        cx_arena_reset(arena);
        cx_sample_next(sample, arena, &payload);
        const struct verdicts verdicts = settle(task, &payload, i);
        const char *text = payload.value.ptr;
        const int len = (int)payload.value.len;
        cr_assert_eq(verdicts.rejected > 0, payload.kind == CX_SAMPLE_BAD, "%.*s", len, text);
        cr_assert_eq(verdicts.dropped > 0, payload.kind == CX_SAMPLE_IGNORED, "%.*s", len, text);
        cr_assert_eq(verdicts.emitted > 0, payload.kind != CX_SAMPLE_BAD && payload.kind != CX_SAMPLE_IGNORED, "%.*s", len, text);
    }
    cx_arena_free(arena);
    cx_sample_free(sample);
    cx_task_free(task);
    cx_chain_close(chain);
}
