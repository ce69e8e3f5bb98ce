/* teacher.h - networks of one hidden layer over the same features, which are thrown away when they have taught.
 *
 * A linear head that is fitted to labels learns that every other label is as wrong as any. Fitted to what a network says of the texts, its scores
 * flattened by a temperature (Hinton et al. 2015, distillation), it also learns which labels are near each other; and it is as fast as before.
 * Several that began from other weights err differently: together they are right more often than each. */
#ifndef CX_LEARN_TEACHER_H
#define CX_LEARN_TEACHER_H
#include "learn/learn.h"

struct learn_teacher {
    float *rows, *bias;     /* 2^bits x LEARN_HIDDEN; of the hidden units */
    float *outs, *out_bias; /* labels x LEARN_HIDDEN */
    uint32_t bits, labels;
};
#define LEARN_HIDDEN       64
#define LEARN_TEACHERS_MAX 8

/* Learns a ONE_OF task from the examples that are not of `skip_fold` (-1: from all). Of a text of none of the labels it is to say a little of each.
 * What it begins from is drawn by its `number`, from 0 on. */
void learn_teacher_fit(const struct cx_learn_task *task, uint32_t bits, int skip_fold, uint32_t number, struct learn_teacher *teacher);
/* What it says of features, whose sum is multiplied by `norm`: shares that add up to one, of logits divided by `softness`. */
void learn_teacher_says(const struct learn_teacher *teacher, const uint32_t *hashes, size_t count, float norm, float softness, float *shares);
void learn_teacher_free(struct learn_teacher *teacher);
#endif
