/* tune.c - calibration.
 * ONE_OF heads get a temperature (Guo et al. 2017) and where the plan says so a shift a label, ANY_OF heads a temperature and one shift (Platt 1999),
 * all by least log loss on examples that were not fitted. A ONE_OF head that was given texts of none of its labels learns from the same below which
 * score to be silent: as high as costs no more than SILENCE_COSTS of the texts that it would have told right. */
#include "learn/build.h"
#include <math.h>
#include <stdlib.h>

/* Of an overlay temperature and shift are of what it adds: where it does not help it comes to nothing. */
static float logit_of(const struct cx_measure *held, size_t at, float temperature, float shift)
{
    return (held->scores[at] + shift) / temperature + (held->priors != NULL ? held->priors[at] : 0);
}

/* Log loss of one example. Truth is taken for `doubt` less than sure: few texts that are all told right must not make a model that never doubts
 * (Platt 1999, for the same reason). */
static double loss_of_one(const struct cx_measure *held, size_t i, const float *scores, double doubt)
{
    double loss = 0, others = held->labels > 1 ? doubt / (held->labels - 1) : 0;
    if (held->kind == CX_HEAD_ONE_OF && doubt == 0)
        return held->truth[i] >= 0 ? -log(fmax((double)scores[held->truth[i]], 1e-9)) : 0;
    for (uint32_t c = 0; c < held->labels && held->kind == CX_HEAD_ONE_OF; c++)
        if (held->truth[i] >= 0)
            loss -= ((int32_t)c == held->truth[i] ? 1 - doubt : others) * log(fmax((double)scores[c], 1e-9));
    for (uint32_t c = 0; c < held->labels && held->kind == CX_HEAD_ANY_OF; c++) {
        double right = (double)(held->truths[i] >> c & 1 ? scores[c] : 1 - scores[c]);
        loss -= (1 - doubt) * log(fmax(right, 1e-9)) + doubt * log(fmax(1 - right, 1e-9));
    }
    return loss;
}

/* Scores of one example under a temperature and shifts of the labels, all of them moved by `shift`. */
static void scale(const struct cx_measure *held, size_t i, float temperature, const float *shifts, float shift, float *values)
{
    for (uint32_t c = 0; c < held->labels; c++)
        values[c] = logit_of(held, i * held->labels + c, temperature, shifts[c] + shift);
    cx_scores_of(held->kind, values, held->labels);
}

/* Log loss of held logits under them. */
static double loss_of(const struct cx_measure *held, float temperature, const float *shifts, float shift, double doubt)
{
    double loss = 0;
    float values[CX_LABELS_MAX];
    for (size_t i = 0; i < held->n; i++) {
        scale(held, i, temperature, shifts, shift, values);
        loss += loss_of_one(held, i, values, doubt);
    }
    return loss;
}

/* A walk downhill with steps that halve: both loss surfaces have one valley. */
static void descend(const struct cx_measure *held, double doubt, struct cx_packed_head *packed)
{
    float temperature = packed->temperature, shift = 0;
    double best = loss_of(held, temperature, packed->shift, shift, doubt);
    for (float step = 0.5f; step > 0.01f; step /= 2) {
        bool moved = true;
        while (moved) {
            moved = false;
            const float tries[4][2] = { { 1 + step, 0 }, { 1 / (1 + step), 0 }, { 1, step }, { 1, -step } };
            for (int t = 0; t < (held->kind == CX_HEAD_ANY_OF ? 4 : 2); t++) {
                float T = temperature * tries[t][0], s = shift + tries[t][1];
                double loss = loss_of(held, T, packed->shift, s, doubt);
                if (loss < best - 1e-7 * fabs(best)) {
                    best = loss;
                    temperature = T;
                    shift = s;
                    moved = true;
                }
            }
        }
    }
    packed->temperature = temperature;
    for (uint32_t c = 0; c < held->labels; c++)
        packed->shift[c] += shift;
}

#define EVEN_ROUNDS 20
#define TURNS       4

/* Shifts labels until the scores of each add up to how often it is true, where log loss is least (iterative proportional fitting, Deming and Stephan
 * 1940). One text more of each keeps rare labels from running away. */
static void even_out(const struct cx_measure *held, struct cx_packed_head *packed)
{
    float values[CX_LABELS_MAX];
    for (int round = 0; round < EVEN_ROUNDS; round++) {
        double said[CX_LABELS_MAX] = { 0 }, truth[CX_LABELS_MAX] = { 0 };
        for (size_t i = 0; i < held->n; i++) {
            if (held->truth[i] < 0)
                continue;
            scale(held, i, packed->temperature, packed->shift, 0, values);
            truth[held->truth[i]]++;
            for (uint32_t c = 0; c < held->labels; c++)
                said[c] += (double)values[c];
        }
        for (uint32_t c = 0; c < held->labels; c++)
            packed->shift[c] += packed->temperature * (float)log((truth[c] + 1) / (said[c] + 1));
    }
}

/* Temperature and shifts in turn: each is sought with the other as it is. */
static void calibrate(const struct cx_measure *unseen, const struct cx_head_plan *plan, struct cx_packed_head *packed)
{
    double doubt = plan->name == NULL ? 1 / ((double)unseen->n + 2) : 0;
    for (int turn = 0; turn < (plan->shifts ? TURNS : 1); turn++) {
        descend(unseen, doubt, packed);
        if (plan->shifts)
            even_out(unseen, packed);
    }
}

#define SILENCE_COSTS 0.003
#define NONE_MIN      20 /* texts of none of the labels; fewer tell nothing */

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The score below which nothing is said. */
static float silence(const struct cx_measure *unseen, const struct cx_packed_head *packed)
{
    size_t right = 0, none = 0;
    float values[CX_LABELS_MAX], *scores = malloc((unseen->n + 1) * sizeof *scores);
    for (size_t i = 0; i < unseen->n; i++) {
        uint32_t best = 0;
        scale(unseen, i, packed->temperature, packed->shift, 0, values);
        for (uint32_t c = 1; c < unseen->labels; c++)
            best = values[c] > values[best] ? c : best;
        none += unseen->truth[i] < 0;
        if (unseen->truth[i] == (int32_t)best)
            scores[right++] = values[best];
    }
    qsort(scores, right, sizeof *scores, by_size);
    float least = none >= NONE_MIN && right > 0 ? scores[(size_t)((double)right * SILENCE_COSTS)] : 0;
    free(scores);
    return least;
}

void cx_choose(struct cx_measure *held, const struct cx_packed_head *packed)
{
    struct cx_head as = {
        .kind = held->kind, .label_count = held->labels, .threshold = packed->threshold, .at_least = packed->at_least, .lift = packed->lift
    };
    for (size_t i = 0; i < held->n; i++) {
        float *values = held->scores + i * held->labels;
        for (uint32_t c = 0; c < held->labels; c++)
            values[c] = logit_of(held, i * held->labels + c, packed->temperature, packed->shift[c]);
        cx_head_scores(&as, values);
        cx_measure_say(held, i, &as);
    }
}

void cx_tune(struct cx_build_head *head)
{
    head->packed = (struct cx_packed_head){ .task = head->task, .weights = &head->weights, .temperature = 1 };
    for (uint32_t c = 0; c < head->task->label_count; c++)
        head->packed.threshold[c] = cx_plan_threshold(head->task->plan);
    const struct cx_measure *unseen = head->folds.n > 0 ? &head->folds : &head->held;
    if (unseen->n > 0)
        calibrate(unseen, head->task->plan, &head->packed);
    head->packed.lift = head->task->plan->lift;
    if (unseen->kind == CX_HEAD_ONE_OF)
        head->packed.at_least = silence(unseen, &head->packed);
    cx_choose(&head->held, &head->packed);
    cx_choose(&head->folds, &head->packed);
}
