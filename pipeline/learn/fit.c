/* fit.c - logistic regression by AdaGrad.
 * One step size a row (the sum over its labels), as in Duchi et al. 2011; the weights of the second half of the epochs are averaged. */
#include "learn/learn.h"
#include "base/error.h"
#include "learn/random.h"
#include <math.h>
#include <stdlib.h>

#define SEED 20261122

struct fitting {
    const struct cx_learn_task *task;
    const struct cx_head_plan *plan;
    struct cx_weights *weights;
    float *squares; /* of gradients, a row each */
    float *bias_squares;
    uint32_t *order, *kept;
    size_t order_count;
    struct cx_random random;
};

struct cx_weights cx_weights_new(uint32_t bits, uint32_t labels)
{
    size_t rows = (size_t)1 << bits;
    struct cx_weights weights = { calloc(rows * labels, sizeof(float)), calloc(labels, sizeof(float)), bits, labels };
    cx_assert(weights.rows != NULL && weights.bias != NULL);
    return weights;
}

void cx_weights_free(struct cx_weights *weights)
{
    free(weights->rows);
    free(weights->bias);
    *weights = (struct cx_weights){ 0 };
}

/* As if the text had lost its left-out features in the same measure as those of the selection. */
static float norm_of(const struct cx_example *example, size_t kept)
{
    if (kept == 0)
        return 0;
    float total = example->total > 0 ? (float)example->total : (float)example->count;
    return 1 / sqrtf(total * (float)kept / (float)example->count);
}

static void add_logits(const struct cx_weights *weights, const uint32_t *hashes, size_t count, float norm, float *logits)
{
    const uint32_t shift = 32 - weights->bits, n = weights->labels;
    float sums[CX_LABELS_MAX] = { 0 };
    for (size_t i = 0; i < count; i++) {
        const float *row = weights->rows + (size_t)(hashes[i] >> shift) * n;
        for (uint32_t c = 0; c < n; c++)
            sums[c] += row[c];
    }
    for (uint32_t c = 0; c < n; c++)
        logits[c] += weights->bias[c] + norm * sums[c];
}

void cx_scores_of(enum cx_head_kind kind, float *values, uint32_t labels)
{
    float most = values[0], total = 0;
    for (uint32_t c = 1; c < labels; c++)
        most = fmaxf(most, values[c]);
    for (uint32_t c = 0; c < labels; c++)
        total += values[c] = kind == CX_HEAD_ANY_OF ? 1 / (1 + expf(-values[c])) : expf(values[c] - most);
    for (uint32_t c = 0; c < labels && kind == CX_HEAD_ONE_OF; c++)
        values[c] /= total;
}

void cx_weights_logits(const struct cx_weights *weights, const struct cx_example *example, float *logits)
{
    memset(logits, 0, weights->labels * sizeof *logits);
    add_logits(weights, example->hashes, example->count, norm_of(example, example->count), logits);
}

/* Logits to what is too much of each: probability less truth. None of the labels is a little of each. */
static void to_errors(const struct cx_learn_task *task, const struct cx_example *example, float *values)
{
    cx_scores_of(task->plan->kind, values, task->label_count);
    for (uint32_t c = 0; c < task->label_count; c++) {
        if (task->plan->kind == CX_HEAD_ANY_OF)
            values[c] -= (float)(example->labels >> c & 1);
        else
            values[c] -= example->label == (int32_t)c ? 1.0f : example->label < 0 ? 1.0f / (float)task->label_count : 0.0f;
    }
}

static size_t keep_some(struct fitting *f, const struct cx_example *example)
{
    size_t kept = 0;
    uint32_t limit = (uint32_t)(f->plan->drop * 4294967295.0f);
    if (limit == 0) {
        memcpy(f->kept, example->hashes, example->count * sizeof *f->kept);
        return example->count;
    }
    for (uint32_t i = 0; i < example->count; i++) {
        f->kept[kept] = example->hashes[i];
        kept += (uint32_t)cx_random_next(&f->random) >= limit;
    }
    return kept;
}

static void step(struct fitting *f, size_t at)
{
    const struct cx_example *example = &f->task->examples[at];
    const uint32_t n = f->task->label_count, shift = 32 - f->weights->bits;
    float errors[CX_LABELS_MAX] = { 0 };
    size_t count = keep_some(f, example);
    float norm = norm_of(example, count), square = 0;
    if (example->prior != NULL)
        memcpy(errors, example->prior, n * sizeof *errors);
    add_logits(f->weights, f->kept, count, norm, errors);
    to_errors(f->task, example, errors);
    for (uint32_t c = 0; c < n; c++) {
        errors[c] *= example->weight;
        square += errors[c] * errors[c];
    }
    float row_square = square * norm * norm, rate = f->plan->rate * norm;
    for (size_t i = 0; i < count; i++) {
        uint32_t r = f->kept[i] >> shift;
        float *row = f->weights->rows + (size_t)r * n;
        float pace = rate / sqrtf(f->squares[r] += row_square);
        for (uint32_t c = 0; c < n; c++)
            row[c] -= pace * errors[c];
    }
    *f->bias_squares += square;
    float pace = square > 0 ? f->plan->rate / sqrtf(*f->bias_squares) : 0;
    for (uint32_t c = 0; c < n; c++)
        f->weights->bias[c] -= pace * errors[c];
}

static void run_epoch(struct fitting *f)
{
    for (size_t i = f->order_count; i > 1; i--) {
        size_t j = cx_random_below(&f->random, i);
        uint32_t swap = f->order[i - 1];
        f->order[i - 1] = f->order[j];
        f->order[j] = swap;
    }
    for (size_t i = 0; i < f->order_count; i++)
        step(f, f->order[i]);
}

void cx_fit(const struct cx_learn_task *task, uint32_t bits, int skip_fold, struct cx_weights *weights)
{
    const struct cx_head_plan *plan = task->plan;
    size_t rows = (size_t)1 << bits, cells = rows * task->label_count, most = 1;
    float *total = calloc(cells, sizeof *total), bias_square = 1e-6f;
    struct fitting f = { task, plan, weights, malloc(rows * sizeof(float)), &bias_square, malloc((task->count + 1) * sizeof(uint32_t)),
                         NULL, 0,    { SEED } };
    cx_assert(total != NULL && f.squares != NULL && f.order != NULL);
    for (size_t i = 0; i < rows; i++)
        f.squares[i] = 1e-6f;
    for (size_t i = 0; i < task->count; i++) {
        if (skip_fold < 0 || task->examples[i].fold != skip_fold)
            f.order[f.order_count++] = (uint32_t)i;
        most = task->examples[i].count > most ? task->examples[i].count : most;
    }
    f.kept = malloc((most + 1) * sizeof *f.kept);
    uint32_t averaged = 0;
    for (uint32_t epoch = 0; epoch < plan->epochs; epoch++) {
        run_epoch(&f);
        if (epoch * 2 + 1 < plan->epochs)
            continue;
        averaged++;
        for (size_t i = 0; i < cells; i++)
            total[i] += weights->rows[i];
    }
    for (size_t i = 0; i < cells && averaged > 0; i++)
        weights->rows[i] = total[i] / (float)averaged;
    free(total);
    free(f.squares);
    free(f.order);
    free(f.kept);
}
