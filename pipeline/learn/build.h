/* build.h - tasks to a model. */
#ifndef CX_LEARN_BUILD_H
#define CX_LEARN_BUILD_H
#include "learn/learn.h"

#define CX_BUILD_HEADS 16

struct cx_build_head {
    struct cx_learn_task *task;
    bool is_narrow;             /* its columns stand in the lines */
    struct cx_example *as_read; /* of dev, or the examples where there is none, before they were rewritten to what was selected */
    struct cx_weights weights;  /* by number of row */
    struct cx_measure folds; /* of every example that is judged by weights that have not seen it, background only while tuning; where plan->folds */
    struct cx_measure held;  /* of dev */
    struct cx_packed_head packed; /* temperature and thresholds */
    struct cx_rounding {          /* what int8 costs: the same, judged by the model as it is packed less by the weights fitted */
        size_t texts, said_otherwise;
        double accuracy, macro_f1;
    } rounding;
};
struct cx_build {
    struct cx_build_head heads[CX_BUILD_HEADS];
    size_t head_count;
    struct cx_selection selections[CX_FEATURE_KINDS];
    void (*say)(void *context, struct cx_str head, const char *what); /* progress */
    void *context;
};
/* Learns all heads, whose tasks must be closed. */
void cx_build_learn(struct cx_build *build, struct cx_arena *arena);
/* Finds temperature and shift of a head on its folds, or on dev where it has none; logits of dev become scores, and what is said by them. */
void cx_tune(struct cx_build_head *head);
/* Logits to scores, and to what is said by them. */
void cx_choose(struct cx_measure *held, const struct cx_packed_head *packed);
/* As cx_pack. */
struct cx_str cx_build_pack(const struct cx_build *build, struct cx_arena *arena, struct cx_str name, struct cx_str base, struct cx_str card,
                            struct cx_buf *image);
void cx_build_free(struct cx_build *build);
#endif
