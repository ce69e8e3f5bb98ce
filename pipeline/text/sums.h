/* sums.h - the rows of a text, added up. Where a table has a row for the whole of a word, that row is added and the word's features are not made. */
#ifndef CX_TEXT_SUMS_H
#define CX_TEXT_SUMS_H
#include "text/model.h"

/* A text as it was folded, or as a list of the features of one kind. */
struct sums_source {
    const struct cx_features *features; /* NULL: folded */
    struct cx_arena *arena;
    const struct cx_folded *folded;
    struct cx_str original;
};
/* Whether so many features, and what they add up to, will do. */
typedef bool sums_enough(void *context, const int32_t *sums, size_t count);
/* What is wanted of a table: rows of words are added to sums[columns] (SCORES_SLACK more are readable), letters CX_MODEL_LETTERS_STEP words at a time
 * until it is enough (NULL: it never is), and those of what words are with their neighbours. */
struct sums_wanted {
    const struct cx_model_table *table;
    sums_enough *is_enough;
    void *context;
    int32_t *sums;
    size_t count; /* how many features they are, when done */
};
/* Adds up for all of the tables, at most CX_MODEL_TABLES, side by side. */
void sums_add(const struct sums_source *source, struct sums_wanted *wanted, size_t n);
#endif
