/* plain.c - what others would begin with. */
#include "learn/plain.h"
#include "base/error.h"

enum { BITS = 18, EPOCHS = 8 };
#define ROOM ((size_t)1 << 33) /* of addresses */
#define RATE 0.5f

static bool has_labels(const struct cx_recipe_row *row)
{
    return cx_str_is(row->reader, "labels") || cx_str_starts(row->reader, CX_STR("column:"));
}

static int read_texts(struct plain *plain, const struct cx_recipe *recipe, size_t number, bool is_dev, cx_read_fn *read, struct cx_error *err)
{
    struct cx_text_source source;
    if ((is_dev ? recipe->rows[number].dev : recipe->rows[number].train).ptr == NULL)
        return 0;
    CX_TRY(cx_recipe_source(recipe, plain->arena, number, is_dev, read, &source, err));
    source.taught = CX_STR_NULL;
    source.balance = source.weight = 1;
    source.skips_unknown = is_dev;
    return cx_learn_task_read(&plain->task, plain->arena, &source, err);
}

int plain_learn(struct plain *plain, const struct cx_recipe *recipe, struct cx_str head, size_t of, cx_read_fn *read, struct cx_error *err)
{
    const struct cx_head_plan *ours = cx_head_plan(head);
    *plain = (struct plain){ .arena = cx_arena_new(ROOM),
                             .plan = { .name = ours->name,
                                       .kind = ours->kind,
                                       .features = CX_FEATURES_WORDS,
                                       .labels = ours->labels,
                                       .says = ours->says,
                                       .epochs = EPOCHS,
                                       .rate = RATE,
                                       .balance = 1 } };
    cx_learn_task_init(&plain->task, head);
    plain->task.plan = &plain->plan;
    for (int is_dev = 0; is_dev < 2 && (is_dev == 0 || plain->task.count > 0); is_dev++)
        for (size_t i = 0; i < recipe->count; i++)
            if (cx_str_eq(recipe->rows[i].head, head) && has_labels(&recipe->rows[i]) && (of == PLAIN_ALL || of == i))
                CX_TRY(read_texts(plain, recipe, i, is_dev, read, err));
    cx_learn_task_close(&plain->task);
    if (plain->task.count == 0)
        return 0;
    plain->weights = cx_weights_new(BITS, plain->task.label_count);
    cx_fit(&plain->task, BITS, -1, &plain->weights);
    return 0;
}

bool plain_figures(const struct plain *plain, size_t row, struct cx_figures *figures)
{
    const struct cx_learn_task *task = &plain->task;
    float threshold[CX_LABELS_MAX];
    struct cx_head as = { .kind = task->plan->kind, .label_count = task->label_count, .threshold = threshold };
    struct cx_measure measure;
    size_t n = 0;
    for (size_t i = 0; i < task->dev_count; i++)
        n += task->dev[i].set == row;
    if (n == 0 || task->count == 0)
        return false;
    for (uint32_t c = 0; c < task->label_count; c++)
        threshold[c] = cx_plan_threshold(task->plan);
    cx_measure_init(&measure, as.kind, as.label_count, n);
    n = 0;
    for (size_t i = 0; i < task->dev_count; i++) {
        if (task->dev[i].set != row)
            continue;
        float *scores = measure.scores + n * measure.labels;
        measure.truth[n] = task->dev[i].label;
        measure.truths[n] = task->dev[i].labels;
        cx_weights_logits(&plain->weights, &task->dev[i], scores);
        cx_scores_of(as.kind, scores, as.label_count);
        cx_measure_say(&measure, n++, &as);
    }
    cx_measure_figures(&measure, NULL, n, figures);
    cx_measure_free(&measure);
    return true;
}

void plain_free(struct plain *plain)
{
    cx_weights_free(&plain->weights);
    cx_learn_task_free(&plain->task);
    cx_arena_free(plain->arena);
}
