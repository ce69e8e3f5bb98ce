/* select.c - which features get a place.
 * A feature counts by how far its weights are from one another times the root of how many texts have it; what stands in one text only, or in
 * background alone, is not looked at. Each task ranks its own; wholes are placed first and then the best of all tasks, so that where a bucket is full
 * it is the least that goes. */
#include "learn/select.h"
#include "base/error.h"
#include "learn/seen.h"
#include <math.h>

static void count_texts(struct learn_seen_table *table, const struct cx_learn_task *task, int skip_fold)
{
    for (size_t t = 0; t < task->count - task->background; t++)
        for (uint32_t i = 0; i < task->examples[t].count && task->examples[t].fold != skip_fold; i++)
            learn_seen_add(table, task->examples[t].hashes[i], t + 1);
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

void learn_candidates_add(struct learn_candidates *candidates, const struct cx_learn_task *task, int skip_fold, const struct cx_weights *weights,
                          bool is_narrow)
{
    struct learn_seen_table table;
    learn_seen_open(&table);
    count_texts(&table, task, skip_fold);
    struct learn_candidate *own = malloc((table.count + 1) * sizeof *own);
    cx_assert(own != NULL);
    size_t n = 0;
    for (size_t i = 0; i < table.cap; i++) {
        const struct learn_seen *seen = &table.slots[i];
        if (seen->texts >= 2) {
            const float *row = weights->rows + (size_t)(seen->feature >> (32 - weights->bits)) * weights->labels;
            own[n++] = (struct learn_candidate){ seen->feature, spread_of(row, weights->labels) * sqrtf((float)seen->texts), !is_narrow };
        }
    }
    qsort(own, n, sizeof *own, by_score);
    n = n < task->plan->most ? n : task->plan->most;
    candidates->items = realloc(candidates->items, (candidates->count + n + 1) * sizeof *own);
    cx_assert(candidates->items != NULL);
    for (size_t i = 0; i < n; i++)
        candidates->items[candidates->count++] = (struct learn_candidate){ own[i].feature, 1 - (float)i / (float)n, own[i].has_row };
    free(own);
    learn_seen_close(&table);
}

static size_t count_candidates(const struct learn_candidates *candidates)
{
    struct learn_seen_table distinct;
    learn_seen_open(&distinct);
    for (size_t i = 0; i < candidates->count; i++)
        learn_seen_add(&distinct, candidates->items[i].feature, 1);
    size_t count = distinct.count;
    learn_seen_close(&distinct);
    return count;
}

/* The place that has the feature's tag, or an empty one; -1: there is none. */
static int64_t place_of(const struct cx_selection *selection, uint32_t feature)
{
    size_t first = (size_t)cx_model_bucket(feature, selection->buckets) * selection->places, place = first;
    uint16_t tag = cx_model_tag(feature);
    while (place < first + selection->places && selection->tags[place] != 0 && selection->tags[place] != tag)
        place++;
    return place < first + selection->places ? (int64_t)place : -1;
}

static void give(struct cx_selection *selection, size_t place, uint32_t feature, bool narrow, bool row)
{
    selection->tags[place] = cx_model_tag(feature);
    if (selection->rows == NULL)
        return;
    if (row)
        selection->rows[place] = 0;
    if (narrow)
        selection->is_narrow[place] = true;
}

/* Buckets are nine tenths full. */
static void open_selection(struct cx_selection *selection, size_t features, bool in_lines)
{
    selection->places = in_lines ? CX_MODEL_LINE : CX_MODEL_BUCKET;
    selection->buckets = (uint32_t)(features * 10 / 9 / selection->places) + 1;
    if (selection->buckets > CX_MODEL_BUCKETS)
        selection->buckets = CX_MODEL_BUCKETS;
    size_t places = (size_t)selection->buckets * selection->places;
    selection->tags = calloc(places, sizeof *selection->tags);
    selection->is_narrow = in_lines ? calloc(places, sizeof *selection->is_narrow) : NULL;
    selection->rows = in_lines ? malloc(places * sizeof *selection->rows) : NULL;
    cx_assert(selection->tags != NULL && (!in_lines || (selection->rows != NULL && selection->is_narrow != NULL)));
    for (size_t i = 0; i < places && in_lines; i++)
        selection->rows[i] = CX_SELECTION_NONE;
}

/* Features that share it are one. */
static uint32_t place_key(const struct cx_selection *selection, uint32_t feature)
{
    return cx_model_bucket(feature, selection->buckets) << 16 | cx_model_tag(feature);
}

/* Features of which the bucket and the tag are those of a whole would be taken for it, whether they are in the table or not; the wholes that
 * candidates would be taken for are left out. They are placed first, since they save most. */
static void place_wholes(const struct learn_candidates *candidates, struct learn_wholes *wholes, struct cx_selection *selection)
{
    struct learn_seen_table taken; /* by place_key */
    learn_seen_open(&taken);
    for (size_t i = 0; i < candidates->count; i++)
        learn_seen_add(&taken, place_key(selection, candidates->items[i].feature), 1);
    size_t placed = 0;
    for (size_t i = 0; i < wholes->count; i++) {
        uint32_t feature = wholes->items[i].feature;
        int64_t place = place_of(selection, feature);
        bool is_free = place >= 0 && selection->tags[place] == 0;
        if (!is_free || learn_seen_has(&taken, place_key(selection, feature)))
            continue;
        give(selection, (size_t)place, feature, true, true);
        wholes->items[placed++] = wholes->items[i];
    }
    wholes->count = placed;
    learn_seen_close(&taken);
}

void learn_candidates_place(struct learn_candidates *candidates, struct learn_wholes *wholes, bool in_lines, struct cx_selection *selection)
{
    if (candidates->count > 0)
        qsort(candidates->items, candidates->count, sizeof *candidates->items, by_score);
    open_selection(selection, count_candidates(candidates) + wholes->count, in_lines);
    place_wholes(candidates, wholes, selection);
    for (size_t i = 0; i < candidates->count; i++) {
        int64_t place = place_of(selection, candidates->items[i].feature);
        if (place >= 0)
            give(selection, (size_t)place, candidates->items[i].feature, !candidates->items[i].has_row, candidates->items[i].has_row);
    }
    size_t places = (size_t)selection->buckets * selection->places;
    selection->row_count = in_lines ? 0 : (uint32_t)places;
    for (size_t i = 0; i < places && in_lines; i++)
        if (selection->rows[i] != CX_SELECTION_NONE)
            selection->rows[i] = selection->row_count++;
    free(candidates->items);
    *candidates = (struct learn_candidates){ 0 };
}

void cx_selection_free(struct cx_selection *selection)
{
    free(selection->tags);
    free(selection->is_narrow);
    free(selection->rows);
    *selection = (struct cx_selection){ 0 };
}

size_t cx_selection_rows(const struct cx_selection *selection, bool is_narrow)
{
    return is_narrow ? (size_t)selection->buckets * selection->places : selection->row_count;
}

uint32_t cx_selection_bits(const struct cx_selection *selection, bool is_narrow)
{
    uint32_t bits = 1;
    while (((size_t)1 << bits) < cx_selection_rows(selection, is_narrow))
        bits++;
    return bits;
}

uint32_t cx_selection_row(const struct cx_selection *selection, bool is_narrow, uint32_t feature)
{
    uint32_t first = cx_model_bucket(feature, selection->buckets) * selection->places;
    uint16_t tag = cx_model_tag(feature);
    for (uint32_t place = first; place < first + selection->places; place++)
        if (selection->tags[place] == tag)
            return is_narrow ? (selection->is_narrow[place] ? place : CX_SELECTION_NONE) : selection->rows != NULL ? selection->rows[place] : place;
    return CX_SELECTION_NONE;
}

void cx_selection_apply(const struct cx_selection *selection, bool is_narrow, struct cx_arena *arena, struct cx_example *examples, size_t n)
{
    const uint32_t shift = 32 - cx_selection_bits(selection, is_narrow);
    for (size_t e = 0; e < n; e++) {
        struct cx_example *example = &examples[e];
        uint32_t *rows = cx_arena_alloc(arena, example->count * sizeof *rows), kept = 0;
        uint8_t *units = cx_arena_alloc(arena, example->count);
        for (uint32_t i = 0; i < example->count; i++) {
            uint32_t row = cx_selection_row(selection, is_narrow, example->hashes[i]);
            if (row == CX_SELECTION_NONE)
                continue;
            units[kept] = example->units != NULL ? example->units[i] : CX_UNIT_RUN;
            rows[kept++] = row << shift;
        }
        example->total = example->total > 0 ? example->total : example->count;
        example->hashes = rows;
        example->units = units;
        example->word_count = 0;
        example->count = kept;
    }
}
