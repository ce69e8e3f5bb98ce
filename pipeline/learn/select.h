/* select.h - candidates for a table, gathered task by task so that the weights of one can be freed before the next is fitted. */
#ifndef CX_LEARN_SELECT_H
#define CX_LEARN_SELECT_H
#include "learn/learn.h"

struct learn_candidate {
    uint32_t feature;
    float score;
    bool has_row; /* chosen by a head whose columns are in rows; else in the lines */
};
struct learn_candidates {
    struct learn_candidate *items;
    size_t count;
};
/* The best of a task, at most plan->most; of examples that are not of `skip_fold` (-1: of all). */
void learn_candidates_add(struct learn_candidates *candidates, const struct cx_learn_task *task, int skip_fold, const struct cx_weights *weights,
                          bool is_narrow);
/* Gives places, in lines where there are narrow columns; the candidates are freed. */
void learn_candidates_place(struct learn_candidates *candidates, bool in_lines, struct cx_selection *selection);
#endif
