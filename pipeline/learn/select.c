/* select.c - which features get a place.
 * A feature counts by how far its weights are from one another times the root of how many texts have it; what stands in one text only is not looked
 * at. Each task ranks its own; the best of all tasks are placed first, so that where a bucket is full it is the least that goes. */
#include "learn/select.h"
#include "base/error.h"
#include <math.h>

struct seen {
    uint32_t feature, texts, last; /* last: number of the text counted last, plus one */
};
struct table {
    struct seen *slots;
    size_t cap, count;
};

static struct seen *find(struct table *table, uint32_t feature)
{
    size_t at = (size_t)(feature * 0x9e3779b1u) & (table->cap - 1);
    while (table->slots[at].texts > 0 && table->slots[at].feature != feature)
        at = (at + 1) & (table->cap - 1);
    return &table->slots[at];
}

static void grow(struct table *table)
{
    struct table bigger = { calloc(table->cap * 2, sizeof(struct seen)), table->cap * 2, table->count };
    cx_assert(bigger.slots != NULL);
    for (size_t i = 0; i < table->cap; i++)
        if (table->slots[i].texts > 0)
            *find(&bigger, table->slots[i].feature) = table->slots[i];
    free(table->slots);
    *table = bigger;
}

static void count_texts(struct table *table, const struct cx_learn_task *task)
{
    for (size_t t = 0; t < task->count; t++)
        for (uint32_t i = 0; i < task->examples[t].count; i++) {
            if (table->count * 3 > table->cap * 2)
                grow(table);
            struct seen *seen = find(table, task->examples[t].hashes[i]);
            if (seen->texts == 0) {
                seen->feature = task->examples[t].hashes[i];
                table->count++;
            }
            seen->texts += seen->last != t + 1;
            seen->last = (uint32_t)t + 1;
        }
}

static float spread_of(const float *row, uint32_t n)
{
    float mean = 0, square = 0;
    if (n == 1)
        return fabsf(row[0]);
    for (uint32_t c = 0; c < n; c++)
        mean += row[c] / (float)n;
    for (uint32_t c = 0; c < n; c++)
        square += (row[c] - mean) * (row[c] - mean);
    return sqrtf(square);
}

static int by_score(const void *a, const void *b)
{
    const struct learn_candidate *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

void learn_candidates_add(struct learn_candidates *candidates, const struct cx_learn_task *task, const struct cx_weights *weights)
{
    struct table table = { calloc(1u << 20, sizeof(struct seen)), 1u << 20, 0 };
    cx_assert(table.slots != NULL);
    count_texts(&table, task);
    struct learn_candidate *own = malloc((table.count + 1) * sizeof *own);
    cx_assert(own != NULL);
    size_t n = 0;
    for (size_t i = 0; i < table.cap; i++) {
        const struct seen *seen = &table.slots[i];
        if (seen->texts >= 2) {
            const float *row = weights->rows + (size_t)(seen->feature >> (32 - weights->bits)) * weights->labels;
            own[n++] = (struct learn_candidate){ seen->feature, spread_of(row, weights->labels) * sqrtf((float)seen->texts) };
        }
    }
    qsort(own, n, sizeof *own, by_score);
    n = n < task->plan->most ? n : task->plan->most;
    candidates->items = realloc(candidates->items, (candidates->count + n + 1) * sizeof *own);
    cx_assert(candidates->items != NULL);
    for (size_t i = 0; i < n; i++)
        candidates->items[candidates->count++] = (struct learn_candidate){ own[i].feature, 1 - (float)i / (float)n };
    free(own);
    free(table.slots);
}

/* Buckets are nine tenths full. */
void learn_candidates_place(struct learn_candidates *candidates, struct cx_selection *selection)
{
    qsort(candidates->items, candidates->count, sizeof *candidates->items, by_score);
    struct table distinct = { calloc(1u << 20, sizeof(struct seen)), 1u << 20, 0 };
    for (size_t i = 0; i < candidates->count; i++) {
        if (distinct.count * 3 > distinct.cap * 2)
            grow(&distinct);
        struct seen *seen = find(&distinct, candidates->items[i].feature);
        distinct.count += seen->texts == 0;
        *seen = (struct seen){ candidates->items[i].feature, 1, 0 };
    }
    selection->buckets = (uint32_t)(distinct.count * 10 / 9 / CX_MODEL_BUCKET) + 1;
    if (selection->buckets > CX_MODEL_BUCKETS)
        selection->buckets = CX_MODEL_BUCKETS;
    selection->tags = calloc((size_t)selection->buckets * CX_MODEL_BUCKET, sizeof *selection->tags);
    selection->count = 0;
    for (size_t i = 0; i < candidates->count; i++) {
        uint16_t *tags = selection->tags + (size_t)cx_model_bucket(candidates->items[i].feature, selection->buckets) * CX_MODEL_BUCKET;
        uint16_t tag = cx_model_tag(candidates->items[i].feature);
        int place = 0;
        while (place < CX_MODEL_BUCKET && tags[place] != 0 && tags[place] != tag)
            place++;
        if (place < CX_MODEL_BUCKET && tags[place] == 0) {
            tags[place] = tag;
            selection->count++;
        }
    }
    free(distinct.slots);
    free(candidates->items);
    *candidates = (struct learn_candidates){ 0 };
}

void cx_selection_free(struct cx_selection *selection)
{
    free(selection->tags);
    *selection = (struct cx_selection){ 0 };
}

uint32_t cx_selection_bits(const struct cx_selection *selection)
{
    uint32_t bits = 1;
    while ((UINT64_C(1) << bits) < (uint64_t)selection->buckets * CX_MODEL_BUCKET)
        bits++;
    return bits;
}

void cx_selection_apply(const struct cx_selection *selection, struct cx_arena *arena, struct cx_example *examples, size_t n)
{
    const uint32_t shift = 32 - cx_selection_bits(selection);
    for (size_t e = 0; e < n; e++) {
        struct cx_example *example = &examples[e];
        uint32_t *places = cx_arena_alloc(arena, example->count * sizeof *places), kept = 0;
        for (uint32_t i = 0; i < example->count; i++) {
            uint32_t first = cx_model_bucket(example->hashes[i], selection->buckets) * CX_MODEL_BUCKET, k = 0;
            uint16_t tag = cx_model_tag(example->hashes[i]);
            while (k < CX_MODEL_BUCKET && selection->tags[first + k] != tag)
                k++;
            if (k < CX_MODEL_BUCKET)
                places[kept++] = (first + k) << shift;
        }
        example->total = example->total > 0 ? example->total : example->count;
        example->hashes = places;
        example->count = kept;
    }
}
