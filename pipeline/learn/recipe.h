/* recipe.h - which sets a model is made of: a TSV with a header, a row a set and head.
 *   head set language train dev reader weight balance map open licence base published taught
 * `reader` is labels (label TAB text), words (words.c), texts (every text has the label in `map`), column:NAME, or phrases:NAME where the texts of
 * such a file are a few words each (is_phrases in learn.h), or taught: what the file has for labels is of something else, and what the file in the
 * column `taught` says of the texts (taught.h) is all there is. Where texts have labels it is learned from beside them. Fields that do not apply are
 * -; a balance (0: labels as the set has them, 1: each as much as the others) that is - is the plan's. Files are relative to the data folder, those
 * that begin with @ to the folder of the recipe. `base` and `published` are figures to beat, for the table of cx eval. */
#ifndef CX_LEARN_RECIPE_H
#define CX_LEARN_RECIPE_H
#include "base/hash.h"
#include "learn/build.h"

struct cx_recipe_row {
    struct cx_str head, set, language, train, dev, reader, map, licence, base, published, taught;
    struct cx_str taught_by; /* filled by reading */
    float weight, balance;
    bool is_open;
    size_t train_count, dev_count; /* filled by reading */
};
struct cx_recipe {
    struct cx_recipe_row *rows;
    size_t count;
    struct cx_str data, folder;
    struct cx_id hash; /* of the recipe and every file read, in order */
};
typedef int cx_read_fn(struct cx_arena *arena, struct cx_str path, struct cx_str *content, struct cx_error *err);
int cx_recipe_read(struct cx_recipe *recipe, struct cx_arena *arena, struct cx_str path, struct cx_str data, cx_read_fn *read, struct cx_error *err);
/* Where the train or dev texts of a row stand, read. The row must name such a file. */
int cx_recipe_source(const struct cx_recipe *recipe, struct cx_arena *arena, size_t number, bool is_dev, cx_read_fn *read,
                     struct cx_text_source *source, struct cx_error *err);
/* Reads the sets of all heads into tasks and closes them; with `only_open` the sets marked so. Heads come in the order of the rows. */
int cx_recipe_tasks(struct cx_recipe *recipe, struct cx_arena *arena, bool only_open, cx_read_fn *read, struct cx_learn_task *tasks, size_t *count,
                    struct cx_error *err);
#endif
