/* judge.c - what a packed model says of examples. */
#include "base/error.h"
#include "learn/learn.h"

void cx_judge(const struct cx_model *model, const struct cx_head *head, const struct cx_learn_task *task, struct cx_measure *measure)
{
    float *values = calloc(model->score_count + 1, sizeof *values);
    int places[CX_LABELS_MAX];
    cx_assert(values != NULL);
    for (uint32_t c = 0; c < head->label_count; c++) {
        places[c] = cx_learn_task_label(task, head->labels[c]);
        cx_assert(places[c] >= 0);
    }
    cx_measure_init(measure, head->kind, task->label_count, task->count);
    for (size_t i = 0; i < task->count; i++) {
        const struct cx_example *example = &task->examples[i];
        struct cx_features features = cx_example_list(example);
        cx_model_logits(model, model->tables[head->table].features, &features, values);
        float *scores = values + head->first;
        cx_head_scores(head, scores);
        int choice = head->kind == CX_HEAD_ONE_OF ? cx_head_choice(head, scores) : -1;
        measure->truth[i] = example->label;
        measure->truths[i] = example->labels;
        measure->said[i] = choice < 0 ? -1 : places[choice];
        for (uint32_t c = 0; c < head->label_count; c++) {
            measure->scores[i * measure->labels + (uint32_t)places[c]] = scores[c];
            measure->saids[i] |= (uint64_t)(head->kind == CX_HEAD_ANY_OF && scores[c] >= head->threshold[c]) << places[c] % 64;
        }
    }
    free(values);
}
