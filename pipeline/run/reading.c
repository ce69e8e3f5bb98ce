/* reading.c - a chain of one stage with a sink that hands out records. */
#include "run/reading.h"

#include "run/registry.h"

struct cx_reading {
    struct cx_chain *chain;
    struct cx_task *task;
    int64_t lines;
    cx_reading_fn *each;
    void *context;
    char why[512]; /* "": nothing was refused */
};

static int drop_output(void *context, const struct cx_output *output)
{
    (void)context, (void)output;
    return 0;
}

static void on_ending(void *context, const struct cx_ending *e)
{
    struct cx_reading *reading = context;
    if (e->verdict == CX_EMIT)
        reading->each(reading->context, e->record);
    else
        snprintf(reading->why, sizeof reading->why, "%s%s%.*s", e->reason->name, e->detail.len > 0 ? ": " : "", CX_STR_ARG(e->detail));
}

struct cx_reading *cx_reading_open(const struct cx_settings *settings, bool (*wants)(const struct cx_stage *stage), struct cx_error *err)
{
    const struct cx_stage *const *stage = cx_stages;
    while (*stage != NULL && !wants(*stage))
        stage++;
    cx_assert(*stage != NULL);
    struct cx_chain_plan plan = { .stages = stage, .count = 1, .root = settings->root, .max_message = settings->kafka.max_message, .is_pipe = true };
    struct cx_chain *chain = cx_chain_open(&plan, err);
    if (chain == NULL)
        return NULL;
    struct cx_reading *reading = calloc(1, sizeof *reading);
    cx_assert(reading != NULL);
    reading->chain = chain;
    reading->task = cx_task_new(chain, 0);
    return reading;
}

void cx_reading_close(struct cx_reading *reading)
{
    if (reading == NULL)
        return;
    cx_task_free(reading->task);
    cx_chain_close(reading->chain);
    free(reading);
}

const struct cx_stage *cx_reading_stage(const struct cx_reading *reading)
{
    return cx_chain_stage(reading->chain, 0);
}

void cx_reading_line(struct cx_reading *reading, struct cx_str line, cx_reading_fn *each, void *context, const char **why)
{
    struct cx_message message = { .topic = CX_STR("-"), .offset = reading->lines++, .value = line, .is_pipe = true };
    struct cx_sink sink = { .context = reading, .output = drop_output, .ending = on_ending };
    int64_t items;
    reading->each = each;
    reading->context = context;
    reading->why[0] = '\0';
    cx_task_settle(reading->task, &message, &sink, &items);
    cx_task_commit(reading->task);
    *why = reading->why[0] != '\0' ? reading->why : NULL;
}

void cx_reading_explain(const struct cx_reading *reading, struct cx_arena *arena, const struct cx_interaction *record, struct cx_str language,
                        struct cx_buf *json)
{
    cx_chain_explain(reading->chain, arena, record, language, json);
}

struct cx_label_list cx_reading_said(const struct cx_reading *reading, const struct cx_judgement *judgement, struct cx_arena *arena,
                                     const struct cx_interaction *record)
{
    return judgement->said(cx_chain_self(reading->chain), arena, record);
}
