/* judge.c - what a packed model says of examples. */
#include "base/error.h"
#include "learn/learn.h"

void cx_judge(const struct cx_model *model, const struct cx_head *head, const struct cx_learn_task *task, struct cx_measure *measure)
{
    float *values = calloc(model->score_count + 1, sizeof *values);
    cx_assert(values != NULL);
    cx_measure_init(measure, head->kind, head->label_count, task->count);
    for (size_t i = 0; i < task->count; i++) {
        const struct cx_example *example = &task->examples[i];
        struct cx_features features = { example->hashes, example->count, NULL };
        cx_model_logits(model, model->tables[head->table].features, &features, values);
        cx_head_scores(head, values + head->first);
        measure->truth[i] = example->label;
        measure->truths[i] = example->labels;
        memcpy(measure->scores + i * head->label_count, values + head->first, head->label_count * sizeof *values);
        cx_measure_say(measure, i, head);
    }
    free(values);
}
