/* teacher.c - sigmoid units (as tanh) and a softmax, by AdaGrad with a falling rate; the weights of the last third of the epochs are averaged. Chosen
 * on folds of banking77 (docs/decisions/0012, 0021). */
#include "learn/teacher.h"
#include "base/error.h"
#include "learn/fitting.h"
#include "learn/random.h"
#include <math.h>
#include <stdlib.h>

#define SEED      20261129
#define EPOCHS    20
#define DROP      0.6f
#define ROW_RATE  2.0f
#define OUT_RATE  0.03f
#define BITS_MAX  18u   /* features may share rows here */
#define LITTLE    1e-5f /* errors that are not worth a step */
#define LEAST     1e-4f
#define ROW_LEAST 1e-6f

struct teaching {
    const struct cx_learn_task *task;
    struct learn_teacher *teacher;
    struct learn_order order;
    float *row_squares, *out_squares, bias_square, rate;
};

static struct learn_teacher teacher_new(uint32_t bits, uint32_t labels)
{
    bits = bits < BITS_MAX ? bits : BITS_MAX;
    size_t rows = (size_t)LEARN_HIDDEN << bits, outs = (size_t)LEARN_HIDDEN * labels;
    struct learn_teacher teacher = {
        calloc(rows, sizeof(float)), calloc(LEARN_HIDDEN, sizeof(float)), calloc(outs, sizeof(float)), calloc(labels, sizeof(float)), bits, labels
    };
    cx_assert(teacher.rows != NULL && teacher.bias != NULL && teacher.outs != NULL && teacher.out_bias != NULL);
    return teacher;
}

void learn_teacher_free(struct learn_teacher *teacher)
{
    free(teacher->rows);
    free(teacher->bias);
    free(teacher->outs);
    free(teacher->out_bias);
    *teacher = (struct learn_teacher){ 0 };
}

static void add_weights(struct learn_teacher *to, const struct learn_teacher *from, float share)
{
    for (size_t i = 0; i < (size_t)LEARN_HIDDEN << to->bits; i++)
        to->rows[i] += from->rows[i] * share;
    for (size_t i = 0; i < (size_t)LEARN_HIDDEN * to->labels; i++)
        to->outs[i] += from->outs[i] * share;
    for (size_t i = 0; i < LEARN_HIDDEN; i++)
        to->bias[i] += from->bias[i] * share;
    for (size_t i = 0; i < to->labels; i++)
        to->out_bias[i] += from->out_bias[i] * share;
}

/* ---- forward ---- */

static void hidden_of(const struct learn_teacher *teacher, const uint32_t *hashes, size_t count, float norm, float *hidden)
{
    memset(hidden, 0, LEARN_HIDDEN * sizeof *hidden);
    for (size_t i = 0; i < count; i++) {
        const float *row = teacher->rows + (size_t)(hashes[i] >> (32 - teacher->bits)) * LEARN_HIDDEN;
        for (size_t j = 0; j < LEARN_HIDDEN; j++)
            hidden[j] += row[j];
    }
    for (size_t j = 0; j < LEARN_HIDDEN; j++)
        hidden[j] = 2 * (hidden[j] * norm + teacher->bias[j]);
    cx_scores_of(CX_HEAD_ANY_OF, hidden, LEARN_HIDDEN);
    for (size_t j = 0; j < LEARN_HIDDEN; j++)
        hidden[j] = 2 * hidden[j] - 1; /* tanh(x) = 2 sigmoid(2x) - 1 */
}

/* Eight sums side by side, so that they may be reckoned at once and still in one order everywhere. */
static float product_of(const float *a, const float *b)
{
    float sums[8] = { 0 };
    for (size_t j = 0; j < LEARN_HIDDEN; j += 8)
        for (size_t k = 0; k < 8; k++)
            sums[k] += a[j + k] * b[j + k];
    return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

static void shares_of(const struct learn_teacher *teacher, const float *hidden, float softness, float *shares)
{
    for (uint32_t c = 0; c < teacher->labels; c++)
        shares[c] = (teacher->out_bias[c] + product_of(teacher->outs + (size_t)c * LEARN_HIDDEN, hidden)) / softness;
    cx_scores_of(CX_HEAD_ONE_OF, shares, teacher->labels);
}

void learn_teacher_says(const struct learn_teacher *teacher, const uint32_t *hashes, size_t count, float norm, float softness, float *shares)
{
    float hidden[LEARN_HIDDEN];
    hidden_of(teacher, hashes, count, norm, hidden);
    shares_of(teacher, hidden, softness, shares);
}

/* ---- backward ---- */

/* Moves the labels' weights against their errors; what is too much of each hidden unit. */
static void step_outs(struct teaching *t, const float *hidden, const float *errors, float *back)
{
    struct learn_teacher *teacher = t->teacher;
    float square = product_of(hidden, hidden) / LEARN_HIDDEN;
    memset(back, 0, LEARN_HIDDEN * sizeof *back);
    for (uint32_t c = 0; c < teacher->labels; c++) {
        float *out = teacher->outs + (size_t)c * LEARN_HIDDEN, error = errors[c];
        if (fabsf(error) < LITTLE)
            continue;
        float pace = OUT_RATE * t->rate * error / sqrtf(t->out_squares[c] += error * error * square);
        for (size_t j = 0; j < LEARN_HIDDEN; j++) {
            back[j] += error * out[j];
            out[j] -= pace * hidden[j];
        }
        teacher->out_bias[c] -= pace;
    }
    for (size_t j = 0; j < LEARN_HIDDEN; j++)
        back[j] *= 1 - hidden[j] * hidden[j];
}

static void step(struct teaching *t, const struct cx_example *example)
{
    float hidden[LEARN_HIDDEN], back[LEARN_HIDDEN], errors[CX_LABELS_MAX];
    const struct learn_order *order = &t->order;
    size_t count = learn_keep_some(&t->order, example, DROP);
    float norm = learn_norm(example, count);
    hidden_of(t->teacher, order->kept, count, norm, hidden);
    shares_of(t->teacher, hidden, 1, errors);
    for (uint32_t c = 0; c < t->task->label_count; c++) {
        float truth = example->label < 0 ? 1.0f / (float)t->task->label_count : example->label == (int32_t)c;
        errors[c] = (errors[c] - truth) * example->weight;
    }
    step_outs(t, hidden, errors, back);
    float square = product_of(back, back);
    if (square == 0)
        return;
    for (size_t i = 0; i < count; i++) {
        size_t r = order->kept[i] >> (32 - t->teacher->bits);
        float *row = t->teacher->rows + r * LEARN_HIDDEN;
        float pace = order->paces[order->units[i]] * ROW_RATE * t->rate * norm / sqrtf(t->row_squares[r] += square * norm * norm);
        for (size_t j = 0; j < LEARN_HIDDEN; j++)
            row[j] -= pace * back[j];
    }
    float pace = ROW_RATE * t->rate / sqrtf(t->bias_square += square);
    for (size_t j = 0; j < LEARN_HIDDEN; j++)
        t->teacher->bias[j] -= pace * back[j];
}

static float between(struct cx_random *random, float most)
{
    return most * (float)(2 * cx_random_share(random) - 1);
}

static void begin(struct learn_teacher *teacher, struct cx_random *random)
{
    for (size_t i = 0; i < (size_t)LEARN_HIDDEN << teacher->bits; i++)
        teacher->rows[i] = between(random, 1);
    for (size_t i = 0; i < (size_t)LEARN_HIDDEN * teacher->labels; i++)
        teacher->outs[i] = between(random, sqrtf(3.0f / LEARN_HIDDEN));
}

void learn_teacher_fit(const struct cx_learn_task *task, uint32_t bits, int skip_fold, uint32_t number, struct learn_teacher *teacher)
{
    struct learn_teacher moving = teacher_new(bits, task->label_count);
    struct teaching t = { .task = task, .teacher = &moving, .bias_square = LEAST };
    size_t rows = (size_t)1 << moving.bits;
    *teacher = teacher_new(bits, task->label_count);
    learn_order_init(&t.order, task, skip_fold, SEED + number);
    begin(&moving, &t.order.random);
    t.row_squares = malloc(rows * sizeof(float));
    t.out_squares = malloc(task->label_count * sizeof(float));
    cx_assert(t.row_squares != NULL && t.out_squares != NULL);
    for (size_t i = 0; i < rows; i++)
        t.row_squares[i] = ROW_LEAST;
    for (size_t i = 0; i < task->label_count; i++)
        t.out_squares[i] = LEAST;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        t.rate = 1 - 0.9f * (float)epoch / EPOCHS;
        learn_order_shuffle(&t.order);
        for (size_t i = 0; i < t.order.count; i++)
            if (!task->examples[t.order.numbers[i]].is_untold)
                step(&t, &task->examples[t.order.numbers[i]]);
        if (epoch >= EPOCHS * 2 / 3)
            add_weights(teacher, &moving, 1.0f / (EPOCHS - EPOCHS * 2 / 3));
    }
    free(t.row_squares);
    free(t.out_squares);
    learn_order_free(&t.order);
    learn_teacher_free(&moving);
}
