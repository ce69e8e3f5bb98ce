/* contrast.c - in how many texts of each label a feature is, by one walk over the examples, and the step that follows from it. */
#include "learn/contrast.h"
#include "base/error.h"
#include <math.h>
#include <stdlib.h>

/* Texts that every label is taken to have with the feature besides: so many are needed before a ratio is believed. Chosen on dev. */
#define TEXTS_MORE 3.0f

/* Where an example is counted: ONE_OF under its label, ANY_OF under nothing or something. -1: nowhere. */
static int32_t class_of(const struct cx_learn_task *task, const struct cx_example *example)
{
    return task->plan->kind == CX_HEAD_ANY_OF ? example->labels != 0 : example->label;
}

/* Weights of examples by row and class; `totals` over all rows. */
static float *count_classes(const struct cx_learn_task *task, uint32_t bits, int skip_fold, uint32_t classes, double *totals)
{
    float *counts = calloc(((size_t)classes << bits) + 1, sizeof *counts);
    cx_assert(counts != NULL);
    for (size_t e = 0; e < task->count; e++) {
        const struct cx_example *example = &task->examples[e];
        int32_t class = class_of(task, example);
        if (class < 0 || (skip_fold >= 0 && example->fold == skip_fold))
            continue;
        for (uint32_t i = 0; i < example->count; i++)
            counts[(size_t)(example->hashes[i] >> (32 - bits)) * classes + (uint32_t) class] += example->weight;
        totals[class] += (double)example->weight * example->count;
    }
    return counts;
}

/* The greatest log of how many times likelier the row is under a class than under the others together. */
static float greatest_ratio(const float *counts, const double *totals, uint32_t classes)
{
    double all = 0, total = 0, greatest = 0;
    for (uint32_t c = 0; c < classes; c++) {
        all += (double)(counts[c] + TEXTS_MORE);
        total += totals[c];
    }
    for (uint32_t c = 0; c < classes; c++) {
        double here = (double)(counts[c] + TEXTS_MORE);
        if (totals[c] > 0 && total > totals[c])
            greatest = fmax(greatest, fabs(log(here / totals[c] * ((total - totals[c]) / (all - here)))));
    }
    return (float)greatest;
}

float *learn_contrast(const struct cx_learn_task *task, uint32_t bits, int skip_fold, float least)
{
    double totals[CX_LABELS_MAX + 2] = { 0 };
    uint32_t classes = task->plan->kind == CX_HEAD_ANY_OF ? 2 : task->label_count;
    float *counts = count_classes(task, bits, skip_fold, classes, totals), *paces = malloc(sizeof *paces << bits);
    cx_assert(paces != NULL);
    for (size_t row = 0; row < (size_t)1 << bits; row++)
        paces[row] = least + greatest_ratio(counts + row * classes, totals, classes);
    free(counts);
    return paces;
}
