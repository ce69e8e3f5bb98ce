/* sums.h - the rows of a text, added up. Where a table has a row for the whole of a word, that row is added and the word's features are not made. */
#ifndef CX_TEXT_SUMS_H
#define CX_TEXT_SUMS_H
#include "text/model.h"

/* A text as a list of features, or as it was folded. */
struct sums_source {
    enum cx_feature_kind kind;
    const struct cx_features *features; /* NULL: folded */
    struct cx_arena *arena;
    const struct cx_folded *folded;
    struct cx_str original;
};
/* Whether so many features, and what they add up to, will do. */
typedef bool sums_enough(void *context, const int32_t *sums, size_t count);
/* Adds the rows of words to sums[columns], letters CX_MODEL_LETTERS_STEP words at a time until it is enough (NULL: it never is); then those of what
 * words are with their neighbours. Returns how many features they are. */
size_t sums_add(const struct cx_model_table *table, const struct sums_source *source, sums_enough *is_enough, void *context, int32_t *sums);
#endif
