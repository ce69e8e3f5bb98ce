/* fit.c - logistic regression by AdaGrad.
 * One step size a row (the sum over its labels), as in Duchi et al. 2011; the weights of the second half of the epochs are averaged. Where the
 * plan has networks that teach (teacher.h), labels are what they say of the features at hand; where a text was taught (taught.h), that stands beside
 * its label, of some labels only their sum (overlay.h); where the plan has a contrast, steps are the larger the better a feature tells. */
#include "base/error.h"
#include "learn/contrast.h"
#include "learn/fitting.h"
#include "learn/teacher.h"
#include <math.h>
#include <stdlib.h>

#define SEED       20261122
#define LEAST      1e-6f /* square that a row starts from */
#define SAID_LEAST 1e-9f /* scores that are to share something are not all 0 */

struct fitting {
    const struct cx_learn_task *task;
    const struct cx_head_plan *plan;
    struct cx_weights *weights;
    struct learn_teacher teachers[LEARN_TEACHERS_MAX];
    uint32_t teacher_count;
    struct learn_order order;
    float *squares; /* of gradients, a row each */
    float *paces;   /* of rows, by their contrast; NULL: all alike */
    float bias_squares;
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
    add_logits(weights, example->hashes, example->count, learn_norm(example, example->count), logits);
}

/* The share of a text's label beside what it was taught. */
static float told_of(const struct cx_learn_task *task, const struct cx_example *example)
{
    return example->is_untold ? 0 : task->plan->told;
}

/* What is taken for true of one label: 0 or 1, or with what was taught beside it. None of the labels of a ONE_OF head is a little of each. */
static float truth_of(const struct cx_learn_task *task, const struct cx_example *example, uint32_t c)
{
    float truth, told = told_of(task, example);
    if (task->plan->kind == CX_HEAD_ANY_OF)
        truth = (float)(example->labels >> c & 1);
    else
        truth = example->label < 0 ? 1.0f / (float)task->label_count : (float)(example->label == (int32_t)c);
    return example->taught == NULL ? truth : told * truth + (1 - told) * example->taught[c];
}

/* Of labels that stand for one another only the sum is too much or too little. */
static void leave_open(const struct cx_learn_task *task, const struct cx_example *example, float *values)
{
    float said = SAID_LEAST, taught = 0;
    for (uint32_t c = 0; c < task->label_count; c++) {
        said += example->either[c] ? values[c] : 0;
        taught += example->either[c] ? example->taught[c] : 0;
    }
    for (uint32_t c = 0; c < task->label_count; c++)
        values[c] -= example->either[c] ? values[c] * taught / said : truth_of(task, example, c);
}

/* Logits to what is too much of each: probability less truth. */
static void to_errors(const struct cx_learn_task *task, const struct cx_example *example, float *values)
{
    cx_scores_of(task->plan->kind, values, task->label_count);
    if (example->either != NULL) {
        leave_open(task, example, values);
        return;
    }
    for (uint32_t c = 0; c < task->label_count; c++)
        values[c] -= truth_of(task, example, c);
}

/* The same by what the networks take for true on average, and the label beside it. What the text was taught and what they say are half each. */
static void to_errors_by_networks(const struct fitting *f, const struct cx_example *example, size_t count, float norm, float *values)
{
    const float told = told_of(f->task, example), share = example->taught != NULL ? 0.5f : 1, part = share * (1 - told) / (float)f->teacher_count;
    float shares[CX_LABELS_MAX];
    cx_scores_of(CX_HEAD_ONE_OF, values, f->task->label_count);
    for (uint32_t t = 0; t < f->teacher_count; t++) {
        learn_teacher_says(&f->teachers[t], f->order.kept, count, norm, f->plan->softness, shares);
        for (uint32_t c = 0; c < f->task->label_count; c++)
            values[c] -= part * shares[c];
    }
    for (uint32_t c = 0; c < f->task->label_count && example->taught != NULL; c++)
        values[c] -= (1 - share) * (1 - told) * example->taught[c];
    values[example->label] -= told;
}

static void step(struct fitting *f, const struct cx_example *example)
{
    const uint32_t n = f->task->label_count, shift = 32 - f->weights->bits;
    float errors[CX_LABELS_MAX] = { 0 };
    size_t count = learn_keep_some(&f->order, example, f->plan->drop);
    float norm = learn_norm(example, count), square = 0;
    if (example->prior != NULL)
        memcpy(errors, example->prior, n * sizeof *errors);
    add_logits(f->weights, f->order.kept, count, norm, errors);
    if (f->teacher_count > 0 && example->label >= 0)
        to_errors_by_networks(f, example, count, norm, errors);
    else
        to_errors(f->task, example, errors);
    for (uint32_t c = 0; c < n; c++) {
        errors[c] *= example->weight;
        square += errors[c] * errors[c];
    }
    float row_square = square * norm * norm, rate = f->plan->rate * norm;
    for (size_t i = 0; i < count; i++) {
        uint32_t r = f->order.kept[i] >> shift;
        float *row = f->weights->rows + (size_t)r * n;
        float pace = f->order.paces[f->order.units[i]] * rate / sqrtf(f->squares[r] += row_square);
        pace *= f->paces != NULL ? f->paces[r] : 1;
        for (uint32_t c = 0; c < n; c++)
            row[c] -= pace * errors[c];
    }
    f->bias_squares += square;
    float pace = square > 0 ? f->plan->rate / sqrtf(f->bias_squares) : 0;
    for (uint32_t c = 0; c < n; c++)
        f->weights->bias[c] -= pace * errors[c];
}

static void run_epoch(struct fitting *f)
{
    learn_order_shuffle(&f->order);
    for (size_t i = 0; i < f->order.count; i++)
        step(f, &f->task->examples[f->order.numbers[i]]);
}

/* An overlay has no teachers: its base has taught already, and it is to learn what differs. */
static void fit_teachers(struct fitting *f, uint32_t bits, int skip_fold)
{
    bool is_taught = f->plan->kind == CX_HEAD_ONE_OF && f->task->count > 0 && f->task->examples[0].prior == NULL;
    cx_assert(f->plan->teachers <= LEARN_TEACHERS_MAX);
    for (; is_taught && f->teacher_count < f->plan->teachers; f->teacher_count++)
        learn_teacher_fit(f->task, bits, skip_fold, f->teacher_count, &f->teachers[f->teacher_count]);
}

void cx_fit(const struct cx_learn_task *task, uint32_t bits, int skip_fold, struct cx_weights *weights)
{
    const struct cx_head_plan *plan = task->plan;
    size_t rows = (size_t)1 << bits, cells = rows * task->label_count;
    float *total = calloc(cells, sizeof *total);
    struct fitting f = { .task = task, .plan = plan, .weights = weights, .squares = malloc(rows * sizeof(float)), .bias_squares = LEAST };
    cx_assert(total != NULL && f.squares != NULL);
    fit_teachers(&f, bits, skip_fold);
    if (plan->contrast > 0)
        f.paces = learn_contrast(task, bits, skip_fold, plan->contrast);
    learn_order_init(&f.order, task, skip_fold, SEED);
    for (size_t i = 0; i < rows; i++)
        f.squares[i] = LEAST;
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
    free(f.paces);
    learn_order_free(&f.order);
    while (f.teacher_count > 0)
        learn_teacher_free(&f.teachers[--f.teacher_count]);
}
