/* plain.h - the plainest model of a head: logistic regression over hashed words and runs of characters, of sets with labels alone (no phrases, word
 * lists or what was taught), one for all languages, and never silent. That is what `base` of a recipe was, measured on tests that are not here; what
 * it reaches on dev says how hard dev is beside them. */
#ifndef CX_LEARN_PLAIN_H
#define CX_LEARN_PLAIN_H
#include "learn/recipe.h"

struct plain {
    struct cx_arena *arena;
    struct cx_head_plan plan;
    struct cx_learn_task task; /* no examples: the head has no such sets to learn */
    struct cx_weights weights;
};
/* Learns the sets of the head, and reads their dev texts; `of`: of this row alone, PLAIN_ALL: of all. After -1 it is to be freed, too. */
#define PLAIN_ALL SIZE_MAX
int plain_learn(struct plain *plain, const struct cx_recipe *recipe, struct cx_str head, size_t of, cx_read_fn *read, struct cx_error *err);
/* Of the dev texts of a row. False: there are none, or nothing was learned. */
bool plain_figures(const struct plain *plain, size_t row, struct cx_figures *figures);
void plain_free(struct plain *plain);
#endif
