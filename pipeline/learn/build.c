/* build.c - tasks to an image, step by step as learn.h tells them. */
#include "learn/build.h"
#include "base/error.h"
#include "learn/select.h"
#include <math.h>

#define FIT_CELLS_BITS 27u /* of weights at once: half a gigabyte, and as much for their average */
#define BITS_MIN       12u
#define BITS_MAX       22u
#define LETTER_BITS    20u /* of letters there are fewer runs */
#define WORD_WHOLES    32000
#define LETTER_WHOLES  44000

static uint32_t bits_for(double n)
{
    uint32_t bits = BITS_MIN;
    while ((double)(UINT64_C(1) << bits) < n)
        bits++;
    return bits;
}

/* Room for every feature of the task, within reason. */
static uint32_t fit_bits(const struct cx_learn_task *task)
{
    double features = 0;
    for (size_t i = 0; i < task->count; i++)
        features += task->examples[i].count;
    uint32_t bits = bits_for(features), most = FIT_CELLS_BITS - bits_for(task->label_count * (double)(1u << BITS_MIN)) + BITS_MIN;
    uint32_t limit = task->plan->features == CX_FEATURES_LETTERS ? LETTER_BITS : BITS_MAX;
    bits = bits < limit ? bits : limit;
    return bits < most ? bits : most;
}

static void measure_one(struct cx_measure *measure, size_t at, const struct cx_example *example)
{
    measure->truth[at] = example->label;
    measure->truths[at] = example->labels;
    if (example->prior == NULL)
        return;
    if (measure->priors == NULL)
        measure->priors = calloc(measure->n * measure->labels + 1, sizeof *measure->priors);
    cx_assert(measure->priors != NULL);
    memcpy(measure->priors + at * measure->labels, example->prior, measure->labels * sizeof *measure->priors);
}

static void dev_logits(const struct cx_learn_task *task, const struct cx_weights *weights, struct cx_measure *held)
{
    cx_measure_init(held, task->plan->kind, task->label_count, task->dev_count);
    for (size_t i = 0; i < task->dev_count; i++) {
        measure_one(held, i, &task->dev[i]);
        cx_weights_logits(weights, &task->dev[i], held->scores + i * task->label_count);
    }
}

/* First fit of one task: what it would select. Which features tell something is seen without teachers, who cost more than all else. */
static void propose(const struct cx_build_head *head, int skip_fold, struct learn_candidates *candidates)
{
    struct cx_head_plan plan = *head->task->plan;
    struct cx_learn_task task = *head->task;
    uint32_t bits = fit_bits(&task);
    struct cx_weights weights = cx_weights_new(bits, task.label_count);
    plan.teachers = 0;
    task.plan = &plan;
    cx_fit(&task, bits, skip_fold, &weights);
    learn_candidates_add(candidates, &task, skip_fold, &weights, head->is_narrow);
    cx_weights_free(&weights);
}

/* ---- folds ---- */

/* Phrases are not what people send: how they are told says nothing of that. */
static bool is_judged(const struct cx_example *example)
{
    return example->fold < CX_FOLDS;
}

/* Logits of the examples of a fold, by weights fitted to the others on what was selected for them. */
static void judge_fold(struct cx_build_head *head, const struct cx_selection *selection, int fold)
{
    struct cx_learn_task task = *head->task;
    struct cx_arena *arena = cx_arena_new((size_t)1 << 34);
    struct cx_weights weights = cx_weights_new(cx_selection_bits(selection, head->is_narrow), task.label_count);
    task.examples = malloc((task.count + 1) * sizeof *task.examples);
    cx_assert(task.examples != NULL);
    memcpy(task.examples, head->task->examples, task.count * sizeof *task.examples);
    cx_selection_apply(selection, head->is_narrow, arena, task.examples, task.count);
    cx_fit(&task, weights.bits, fold, &weights);
    for (size_t i = 0, judged = 0; i < task.count; i++) {
        if (task.examples[i].fold == fold)
            cx_weights_logits(&weights, &task.examples[i], head->folds.scores + judged * task.label_count);
        judged += is_judged(&task.examples[i]);
    }
    free(task.examples);
    cx_weights_free(&weights);
    cx_arena_free(arena);
}

static void open_folds(struct cx_build_head *head)
{
    const struct cx_learn_task *task = head->task;
    size_t n = 0;
    for (size_t i = 0; i < task->count; i++)
        n += is_judged(&task->examples[i]);
    cx_measure_init(&head->folds, task->plan->kind, task->label_count, n);
    for (size_t i = 0, judged = 0; i < task->count; i++)
        if (is_judged(&task->examples[i]))
            measure_one(&head->folds, judged++, &task->examples[i]);
}

/* Background has told how sure to be, and is nothing to be judged by. */
static void leave_background(struct cx_build_head *head)
{
    const struct cx_learn_task *task = head->task;
    for (size_t i = task->count - task->background; i < task->count && head->folds.n > 0; i++)
        head->folds.n -= is_judged(&task->examples[i]);
}

static bool has_folds(const struct cx_build_head *head, enum cx_feature_kind kind)
{
    return head->task->plan->features == kind && head->task->plan->folds;
}

/* What heads say of texts that they have not seen, neither when features were chosen nor when weights were fitted. The fold is kept from the choice
 * too: what was chosen with its help tells it better than it tells a new text, and a temperature found so makes the head too sure. */
static void cross_fit(struct cx_build *build, enum cx_feature_kind kind, bool in_lines)
{
    for (size_t i = 0; i < build->head_count; i++)
        if (has_folds(&build->heads[i], kind))
            open_folds(&build->heads[i]);
    for (int fold = 0; fold < CX_FOLDS; fold++) {
        struct learn_candidates candidates = { 0 };
        struct cx_selection selection = { 0 };
        struct learn_wholes none = { 0 }; /* they say what their features say */
        for (size_t i = 0; i < build->head_count; i++)
            if (has_folds(&build->heads[i], kind))
                propose(&build->heads[i], fold, &candidates);
        learn_candidates_place(&candidates, &none, in_lines, &selection);
        for (size_t i = 0; i < build->head_count; i++)
            if (has_folds(&build->heads[i], kind)) {
                build->say(build->context, build->heads[i].task->name, "judges a fold");
                judge_fold(&build->heads[i], &selection, fold);
            }
        cx_selection_free(&selection);
    }
}

/* ---- a table ---- */

/* What the plan expects of labels beyond what the texts say of them. */
static void favour(const struct cx_learn_task *task, struct cx_weights *weights)
{
    for (uint32_t label = 0; label < task->label_count; label++)
        if (cx_learn_favours(task, (int32_t)label))
            weights->bias[label] += task->plan->favour;
}

/* Columns stand in the lines where the plan wants it and they are not too many. True: there are such. */
static bool choose_narrow(struct cx_build *build, enum cx_feature_kind kind)
{
    uint32_t columns = 0;
    for (size_t i = 0; i < build->head_count; i++)
        if (build->heads[i].task->plan->features == kind && build->heads[i].task->plan->narrow)
            columns += build->heads[i].task->label_count;
    for (size_t i = 0; i < build->head_count; i++)
        if (build->heads[i].task->plan->features == kind)
            build->heads[i].is_narrow = build->heads[i].task->plan->narrow && columns <= CX_MODEL_NARROW;
    return columns > 0 && columns <= CX_MODEL_NARROW;
}

static struct cx_example *copy_of(const struct cx_example *examples, size_t n)
{
    struct cx_example *copy = malloc((n + 1) * sizeof *copy);
    cx_assert(copy != NULL);
    memcpy(copy, examples, n * sizeof *copy);
    return copy;
}

/* Second fit of one task, of what was selected. */
static void learn_selected(struct cx_build *build, struct cx_build_head *head, const struct cx_selection *selection, struct cx_arena *arena)
{
    struct cx_learn_task *task = head->task;
    bool is_narrow = head->is_narrow, has_dev = task->dev_count > 0;
    uint32_t bits = cx_selection_bits(selection, is_narrow);
    head->as_read = copy_of(has_dev ? task->dev : task->examples, has_dev ? task->dev_count : task->count);
    cx_selection_apply(selection, is_narrow, arena, task->examples, task->count);
    cx_selection_apply(selection, is_narrow, arena, task->dev, task->dev_count);
    build->say(build->context, task->name, "fits what was selected");
    head->weights = cx_weights_new(bits, task->label_count);
    cx_fit(task, bits, -1, &head->weights);
    favour(task, &head->weights);
    dev_logits(task, &head->weights, &head->held);
}

static struct learn_wholes wholes_of(const struct cx_build *build, enum cx_feature_kind kind)
{
    const struct cx_learn_task *tasks[CX_BUILD_HEADS];
    size_t n = 0;
    for (size_t i = 0; i < build->head_count; i++)
        if (build->heads[i].task->plan->features == kind)
            tasks[n++] = build->heads[i].task;
    return learn_wholes_of(tasks, n, kind == CX_FEATURES_LETTERS ? LETTER_WHOLES : WORD_WHOLES);
}

static void learn_table(struct cx_build *build, enum cx_feature_kind kind, struct cx_arena *arena)
{
    struct cx_selection *selection = &build->selections[kind];
    struct learn_candidates candidates = { 0 };
    bool in_lines = choose_narrow(build, kind), has_heads = false;
    for (size_t i = 0; i < build->head_count; i++)
        if (build->heads[i].task->plan->features == kind) {
            build->say(build->context, build->heads[i].task->name, "fits");
            propose(&build->heads[i], -1, &candidates);
            has_heads = true;
        }
    if (!has_heads)
        return;
    cross_fit(build, kind, in_lines);
    struct learn_wholes wholes = wholes_of(build, kind);
    learn_candidates_place(&candidates, &wholes, in_lines, selection);
    for (size_t i = 0; i < build->head_count; i++)
        if (build->heads[i].task->plan->features == kind) {
            learn_selected(build, &build->heads[i], selection, arena);
            learn_wholes_fill(&wholes, selection, build->heads[i].is_narrow, &build->heads[i].weights);
        }
    learn_wholes_free(&wholes);
}

/* ---- packing ---- */

struct cx_str cx_build_pack(const struct cx_build *build, struct cx_arena *arena, struct cx_str name, struct cx_str base, struct cx_str card,
                            struct cx_buf *image)
{
    struct cx_packed_head heads[CX_FEATURE_KINDS][CX_BUILD_HEADS];
    struct cx_packed_table tables[CX_FEATURE_KINDS];
    size_t table_count = 0;
    for (int kind = 0; kind < CX_FEATURE_KINDS; kind++) {
        size_t n = 0;
        for (size_t i = 0; i < build->head_count; i++) {
            if (build->heads[i].task->plan->features != (enum cx_feature_kind)kind)
                continue;
            heads[kind][n] = build->heads[i].packed;
            heads[kind][n++].is_narrow = build->heads[i].is_narrow;
        }
        if (n > 0)
            tables[table_count++] = (struct cx_packed_table){ &build->selections[kind], (enum cx_feature_kind)kind, heads[kind], n };
    }
    return cx_pack(image, arena, name, base, card, tables, table_count);
}

/* ---- what int8 costs ---- */

struct judged {
    const struct cx_example *fitted, *read; /* as the weights know them, and as models do */
    size_t n;
};

/* Dev, or the examples where there is none. */
static struct judged judged_of(const struct cx_build_head *head)
{
    const struct cx_learn_task *task = head->task;
    return task->dev_count > 0 ? (struct judged){ task->dev, head->as_read, task->dev_count }
                               : (struct judged){ task->examples, head->as_read, task->count - task->background };
}

static void judge_fitted(const struct cx_build_head *head, const struct judged *judged, struct cx_measure *measure)
{
    for (size_t i = 0; i < judged->n; i++) {
        measure_one(measure, i, &judged->fitted[i]);
        cx_weights_logits(&head->weights, &judged->fitted[i], measure->scores + i * measure->labels);
    }
    cx_choose(measure, &head->packed);
}

static void judge_packed(const struct cx_build_head *head, const struct cx_model *model, const struct judged *judged, struct cx_measure *measure)
{
    const struct cx_head *as = cx_model_head(model, head->task->name);
    float *logits = calloc(model->score_count + 1, sizeof *logits);
    cx_assert(as != NULL && logits != NULL);
    for (size_t i = 0; i < judged->n; i++) {
        struct cx_features features = cx_example_list(&judged->read[i]);
        float *scores = measure->scores + i * measure->labels;
        measure_one(measure, i, &judged->read[i]);
        cx_model_logits(model, head->task->plan->features, &features, logits);
        for (uint32_t c = 0; c < measure->labels; c++)
            scores[c] = logits[as->first + c] + (measure->priors != NULL ? measure->priors[i * measure->labels + c] : 0);
        cx_head_scores(as, scores);
        cx_measure_say(measure, i, as);
    }
    free(logits);
}

static void compare(struct cx_build_head *head, const struct cx_model *model)
{
    struct judged judged = judged_of(head);
    struct cx_measure fitted, packed;
    struct cx_figures before, after;
    cx_measure_init(&fitted, head->task->plan->kind, head->task->label_count, judged.n);
    cx_measure_init(&packed, head->task->plan->kind, head->task->label_count, judged.n);
    judge_fitted(head, &judged, &fitted);
    judge_packed(head, model, &judged, &packed);
    cx_measure_figures(&fitted, NULL, judged.n, &before);
    cx_measure_figures(&packed, NULL, judged.n, &after);
    head->rounding = (struct cx_rounding){ judged.n, 0, after.accuracy - before.accuracy, after.macro_f1 - before.macro_f1 };
    for (size_t i = 0; i < judged.n; i++)
        head->rounding.said_otherwise += fitted.said[i] != packed.said[i] || fitted.saids[i] != packed.saids[i];
    cx_measure_free(&fitted);
    cx_measure_free(&packed);
}

/* Of the model as it is packed and read: sums of whole words are rounded once rather than each of what they are of. */
static void measure_rounding(struct cx_build *build)
{
    struct cx_arena *arena = cx_arena_new((size_t)1 << 31);
    struct cx_model model;
    struct cx_buf image;
    struct cx_error err = { CX_EXIT_BUG, "" };
    cx_buf_init(&image, (size_t)1 << 30);
    cx_build_pack(build, arena, CX_STR_NULL, CX_STR_NULL, CX_STR("{}"), &image);
    int status = cx_model_read(arena, cx_buf_view(&image), &model, &err);
    cx_assert(status == 0);
    for (size_t i = 0; i < build->head_count; i++)
        compare(&build->heads[i], &model);
    cx_buf_free(&image);
    cx_arena_free(arena);
}

void cx_build_learn(struct cx_build *build, struct cx_arena *arena)
{
    for (int kind = 0; kind < CX_FEATURE_KINDS; kind++)
        learn_table(build, (enum cx_feature_kind)kind, arena);
    for (size_t i = 0; i < build->head_count; i++) {
        cx_tune(&build->heads[i]);
        leave_background(&build->heads[i]);
    }
    measure_rounding(build);
}

void cx_build_free(struct cx_build *build)
{
    for (size_t i = 0; i < build->head_count; i++) {
        free(build->heads[i].as_read);
        cx_weights_free(&build->heads[i].weights);
        cx_measure_free(&build->heads[i].folds);
        cx_measure_free(&build->heads[i].held);
    }
    for (int kind = 0; kind < CX_FEATURE_KINDS; kind++)
        cx_selection_free(&build->selections[kind]);
}
