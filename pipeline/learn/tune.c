/* tune.c - calibration.
 * ONE_OF heads get a temperature (Guo et al. 2017), ANY_OF heads a temperature and a shift (Platt 1999), both by least log loss on examples that were
 * not fitted. */
#include "learn/build.h"
#include <math.h>

/* Mean log loss of held logits under a temperature and a shift. */
static double loss_of(const struct cx_measure *held, float temperature, float shift)
{
    double loss = 0;
    float values[CX_LABELS_MAX];
    for (size_t i = 0; i < held->n; i++) {
        for (uint32_t c = 0; c < held->labels; c++)
            values[c] = (held->scores[i * held->labels + c] + shift) / temperature;
        cx_scores_of(held->kind, values, held->labels);
        if (held->kind == CX_HEAD_ONE_OF) {
            if (held->truth[i] >= 0)
                loss -= log(fmax((double)values[held->truth[i]], 1e-9));
            continue;
        }
        for (uint32_t c = 0; c < held->labels; c++) {
            double right = (double)(held->truths[i] >> c & 1 ? values[c] : 1 - values[c]);
            loss -= log(fmax(right, 1e-9));
        }
    }
    return loss;
}

/* A walk downhill with steps that halve: both loss surfaces have one valley. */
static void descend(const struct cx_measure *held, float *temperature, float *shift)
{
    double best = loss_of(held, *temperature, *shift);
    for (float step = 0.5f; step > 0.01f; step /= 2) {
        bool moved = true;
        while (moved) {
            moved = false;
            const float tries[4][2] = { { 1 + step, 0 }, { 1 / (1 + step), 0 }, { 1, step }, { 1, -step } };
            for (int t = 0; t < (held->kind == CX_HEAD_ANY_OF ? 4 : 2); t++) {
                float T = *temperature * tries[t][0], s = *shift + tries[t][1];
                double loss = loss_of(held, T, s);
                if (loss < best - 1e-7 * fabs(best)) {
                    best = loss;
                    *temperature = T;
                    *shift = s;
                    moved = true;
                }
            }
        }
    }
}

static void choose(struct cx_build_head *head)
{
    struct cx_measure *held = &head->held;
    struct cx_head as = { .kind = held->kind, .label_count = held->labels, .threshold = head->packed.threshold, .at_least = head->packed.at_least };
    for (size_t i = 0; i < held->n; i++) {
        float *values = held->scores + i * held->labels;
        for (uint32_t c = 0; c < held->labels; c++)
            values[c] = (values[c] + head->packed.shift) / head->packed.temperature;
        cx_head_scores(&as, values);
        held->said[i] = held->kind == CX_HEAD_ONE_OF ? cx_head_choice(&as, values) : -1;
        for (uint32_t c = 0; c < held->labels && held->kind == CX_HEAD_ANY_OF; c++)
            held->saids[i] |= (uint64_t)(values[c] >= head->packed.threshold[c]) << c;
    }
}

void cx_tune(struct cx_build_head *head)
{
    head->packed = (struct cx_packed_head){ .task = head->task, .weights = &head->weights, .temperature = 1 };
    for (uint32_t c = 0; c < head->task->label_count; c++)
        head->packed.threshold[c] = head->task->plan->kind == CX_HEAD_ONE_OF ? 1 : 0.5f;
    const struct cx_measure *unseen = head->folds.n > 0 ? &head->folds : &head->held;
    if (unseen->n > 0)
        descend(unseen, &head->packed.temperature, &head->packed.shift);
    choose(head);
}
