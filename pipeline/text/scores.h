/* scores.h - sums to logits, and logits to scores: a few operations a label, in the same order and with the same rounding on every kernel. */
#ifndef CX_TEXT_SCORES_H
#define CX_TEXT_SCORES_H
#include "text/model.h"

/* Floats that must be readable behind scales and biases, so that eight may be read at once. */
#define SCORES_SLACK 8

/* logits[i] = bias[i] + scale[i] * (sums[i] * norm) for all labels of a run; `sums` are its own, and SCORES_SLACK numbers behind them readable. */
void scores_logits(const struct cx_model_run *run, const int32_t *sums, float norm, float *logits);
/* How many logits are above the largest one less `lead`, itself included. */
size_t scores_near(const struct cx_head *head, const int32_t *sums, float norm, float lead);
/* Logits of heads that follow each other to probabilities, in place. Where a head has a lift, logits of -lift..lift are drawn together to 0..lift and
 * those of -2 lift..-lift apart to -2 lift..0 before: what is said from 0.5 on is more than calibration alone would say, the order of texts stays,
 * and scores elsewhere are as calibrated. Of many heads at once they are the same bits as head by head. e^x is within 2 in 10^7, unlike the library's
 * the same bits everywhere. */
void scores_of(const struct cx_head *heads, size_t n, float *values);
#endif
