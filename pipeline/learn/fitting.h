/* fitting.h - what fitting has in common, whatever is fitted: examples in a drawn order, and of each some of its features. */
#ifndef CX_LEARN_FITTING_H
#define CX_LEARN_FITTING_H
#include "learn/learn.h"
#include "learn/random.h"

struct learn_order {
    struct cx_random random;
    uint32_t *numbers; /* of examples */
    size_t count;
    uint32_t *kept;                /* features of the example at hand, and what they are */
    uint8_t *units;                /* enum cx_feature_unit */
    float paces[CX_FEATURE_UNITS]; /* of the plan */
};
/* The examples that are not of `skip_fold` (-1: all). */
void learn_order_init(struct learn_order *order, const struct cx_learn_task *task, int skip_fold, uint64_t seed);
void learn_order_shuffle(struct learn_order *order);
/* Leaves out a share of the features by lot; how many are kept. */
size_t learn_keep_some(struct learn_order *order, const struct cx_example *example, float drop);
/* What the sum over the kept features is multiplied by. */
float learn_norm(const struct cx_example *example, size_t kept);
void learn_order_free(struct learn_order *order);
#endif
