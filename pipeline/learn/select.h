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
/* Words that are in many texts, and the features of each: one row in the table will stand for them (text/features.h). */
struct learn_whole {
    uint32_t feature, texts, count;
    const uint32_t *features;
};
struct learn_wholes {
    struct learn_whole *items;
    size_t count;
};
/* The `most` words that most texts of the tasks' examples have, of those in more than one; examples are as they were read. */
struct learn_wholes learn_wholes_of(const struct cx_learn_task *const *tasks, size_t n, size_t most);
/* Fills a head's rows of wholes: the sums of what the features of each weigh. */
void learn_wholes_fill(const struct learn_wholes *wholes, const struct cx_selection *selection, bool is_narrow, struct cx_weights *weights);
void learn_wholes_free(struct learn_wholes *wholes);

/* The best of a task, at most plan->most; of examples that are not of `skip_fold` (-1: of all). */
void learn_candidates_add(struct learn_candidates *candidates, const struct cx_learn_task *task, int skip_fold, const struct cx_weights *weights,
                          bool is_narrow);
/* Gives places, in lines where there are narrow columns; the candidates are freed. A whole that would share its place with a candidate or another
 * whole gets none, and is taken out of the list. */
void learn_candidates_place(struct learn_candidates *candidates, struct learn_wholes *wholes, bool in_lines, struct cx_selection *selection);
#endif
