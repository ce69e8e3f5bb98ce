/* wholes.c - rows that stand for all features of a word. Nothing is learned for them: they are sums of what was learned. */
#include "base/error.h"
#include "learn/seen.h"
#include "learn/select.h"

#define TEXTS_LEAST 2
/* Words of texts with a label that is to be expected are chosen as if so many times as many texts had them. */
#define FAVOURED 2

static void count_words(struct learn_seen_table *table, const struct cx_learn_task *task, const struct cx_example *example, size_t text)
{
    bool is_favoured = cx_learn_favours(task, example->label);
    uint32_t start = 0;
    for (uint32_t w = 0; w < example->word_count; start = example->words[w++].end) {
        const struct cx_feature_word *word = &example->words[w];
        if (word->end - start < 2)
            continue; /* a whole would save nothing */
        struct learn_seen *seen = learn_seen_add(table, word->whole, text);
        if (seen->features == NULL) {
            seen->features = example->hashes + start;
            seen->count = word->end - start;
        }
        seen->is_favoured = seen->is_favoured || is_favoured;
    }
}

static int by_texts(const void *a, const void *b)
{
    const struct learn_whole *x = a, *y = b;
    if (x->texts != y->texts)
        return x->texts < y->texts ? 1 : -1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

struct learn_wholes learn_wholes_of(const struct cx_learn_task *const *tasks, size_t n, size_t most)
{
    struct learn_seen_table table;
    learn_seen_open(&table);
    size_t text = 0;
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < tasks[t]->count - tasks[t]->background; i++)
            count_words(&table, tasks[t], &tasks[t]->examples[i], ++text);
    struct learn_wholes wholes = { malloc((table.count + 1) * sizeof *wholes.items), 0 };
    cx_assert(wholes.items != NULL);
    for (size_t i = 0; i < table.cap; i++) {
        const struct learn_seen *seen = &table.slots[i];
        if (seen->texts >= TEXTS_LEAST)
            wholes.items[wholes.count++] =
                (struct learn_whole){ seen->feature, seen->texts * (seen->is_favoured ? FAVOURED : 1), seen->count, seen->features };
    }
    learn_seen_close(&table);
    qsort(wholes.items, wholes.count, sizeof *wholes.items, by_texts);
    wholes.count = wholes.count < most ? wholes.count : most;
    return wholes;
}

void learn_wholes_fill(const struct learn_wholes *wholes, const struct cx_selection *selection, bool is_narrow, struct cx_weights *weights)
{
    for (size_t i = 0; i < wholes->count; i++) {
        const struct learn_whole *whole = &wholes->items[i];
        uint32_t row = cx_selection_row(selection, is_narrow, whole->feature);
        if (row == CX_SELECTION_NONE)
            continue;
        float *sums = weights->rows + (size_t)row * weights->labels;
        memset(sums, 0, weights->labels * sizeof *sums);
        for (uint32_t k = 0; k < whole->count; k++) {
            uint32_t of = cx_selection_row(selection, is_narrow, whole->features[k]);
            for (uint32_t c = 0; of != CX_SELECTION_NONE && c < weights->labels; c++)
                sums[c] += weights->rows[(size_t)of * weights->labels + c];
        }
    }
}

void learn_wholes_free(struct learn_wholes *wholes)
{
    free(wholes->items);
    *wholes = (struct learn_wholes){ 0 };
}
