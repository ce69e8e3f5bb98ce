/* contrast.h - how fast each feature is learned, by how differently the labels have it.
 *
 * A feature that every label has as often can only learn what a few texts have by chance. As in Wang & Manning 2012 features are scaled by the log of
 * how many times likelier they are under one label than under the others; here the scale is that of the step, so that it costs nothing at run time.
 */
#ifndef CX_LEARN_CONTRAST_H
#define CX_LEARN_CONTRAST_H
#include "learn/learn.h"

/* What the step of each of the 2^bits rows is multiplied by: `least` and the greatest log ratio of its features among the labels. Counted over the
 * examples that are not of `skip_fold` (-1: all), by their weight. To be freed. */
float *learn_contrast(const struct cx_learn_task *task, uint32_t bits, int skip_fold, float least);
#endif
