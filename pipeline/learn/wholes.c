/* wholes.c - rows that stand for all features of a word. Nothing is learned for them: they are sums of what was learned. */
#include "base/error.h"
#include "learn/select.h"

#define TEXTS_LEAST 2

/* By feature, open addressing; of `last` the number of the text counted last, plus one. */
struct slot {
    struct learn_whole whole;
    size_t last;
};
struct table {
    struct slot *slots;
    size_t cap, count;
};

static struct slot *find(const struct table *table, uint32_t feature)
{
    size_t at = (size_t)(feature * 0x9e3779b1u) & (table->cap - 1);
    while (table->slots[at].whole.texts > 0 && table->slots[at].whole.feature != feature)
        at = (at + 1) & (table->cap - 1);
    return &table->slots[at];
}

static void grow(struct table *table)
{
    struct table bigger = { calloc(table->cap * 2, sizeof(struct slot)), table->cap * 2, table->count };
    cx_assert(bigger.slots != NULL);
    for (size_t i = 0; i < table->cap; i++)
        if (table->slots[i].whole.texts > 0)
            *find(&bigger, table->slots[i].whole.feature) = table->slots[i];
    free(table->slots);
    *table = bigger;
}

static void count_words(struct table *table, const struct cx_example *example, size_t text)
{
    uint32_t start = 0;
    for (uint32_t w = 0; w < example->word_count; start = example->words[w++].end) {
        const struct cx_feature_word *word = &example->words[w];
        if (word->end - start < 2)
            continue; /* a whole would save nothing */
        if (table->count * 3 > table->cap * 2)
            grow(table);
        struct slot *slot = find(table, word->whole);
        if (slot->whole.texts == 0) {
            slot->whole = (struct learn_whole){ word->whole, 0, word->end - start, example->hashes + start };
            table->count++;
        }
        slot->whole.texts += slot->last != text;
        slot->last = text;
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
    struct table table = { calloc(1u << 16, sizeof(struct slot)), 1u << 16, 0 };
    cx_assert(table.slots != NULL);
    size_t text = 0;
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < tasks[t]->count; i++)
            count_words(&table, &tasks[t]->examples[i], ++text);
    struct learn_wholes wholes = { malloc((table.count + 1) * sizeof *wholes.items), 0 };
    cx_assert(wholes.items != NULL);
    for (size_t i = 0; i < table.cap; i++)
        if (table.slots[i].whole.texts >= TEXTS_LEAST)
            wholes.items[wholes.count++] = table.slots[i].whole;
    free(table.slots);
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
