/* teacher.h - a network of one hidden layer over the same features, which is thrown away when it has taught.
 *
 * A linear head that is fitted to labels learns that every other label is as wrong as any. Fitted to what a network says of the texts, its scores
 * flattened by a temperature (Hinton et al. 2015, distillation), it also learns which labels are near each other; and it is as fast as before. */
#ifndef CX_LEARN_TEACHER_H
#define CX_LEARN_TEACHER_H
#include "learn/learn.h"

struct learn_teacher {
    float *rows, *bias;     /* 2^bits x LEARN_HIDDEN; of the hidden units */
    float *outs, *out_bias; /* labels x LEARN_HIDDEN */
    uint32_t bits, labels;
};
#define LEARN_HIDDEN 64

/* Learns a ONE_OF task from the examples that are not of `skip_fold` (-1: from all). */
void learn_teacher_fit(const struct cx_learn_task *task, uint32_t bits, int skip_fold, struct learn_teacher *teacher);
/* What it says of features, whose sum is multiplied by `norm`: shares that add up to one, of logits divided by `softness`. */
void learn_teacher_says(const struct learn_teacher *teacher, const uint32_t *hashes, size_t count, float norm, float softness, float *shares);
void learn_teacher_free(struct learn_teacher *teacher);
#endif
