/* overlay.c */
#include "learn/overlay.h"
#include "base/error.h"
#include "base/hash.h"
#include "learn/file.h"
#include "learn/words.h"
#include <stdlib.h>

void cx_overlay_priors(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_model *base, const struct cx_head *below, size_t from)
{
    float *logits = CX_NEW_ARRAY(arena, float, base->score_count);
    for (size_t i = from; i < task->count; i++) {
        struct cx_features features = cx_example_list(&task->examples[i]);
        float *prior = CX_NEW_ARRAY(arena, float, task->label_count);
        cx_model_logits(base, task->plan->features, &features, logits);
        memcpy(prior, logits + below->first, below->label_count * sizeof *prior);
        task->examples[i].prior = prior;
    }
}

static uint32_t told_as(const struct cx_head *below, const struct cx_example *example)
{
    uint32_t best = 0;
    for (uint32_t c = 1; c < below->label_count; c++)
        best = example->prior[c] > example->prior[best] ? c : best;
    return best;
}

/* A row of the labels for each that the base has: it and those that contest it. NULL: none does. */
struct contested {
    bool *rows[CX_LABELS_MAX];
};

static void contest(struct contested *contested, struct cx_arena *arena, uint32_t labels, uint32_t told, uint32_t label)
{
    if (contested->rows[told] == NULL) {
        contested->rows[told] = CX_NEW_ARRAY(arena, bool, labels);
        contested->rows[told][told] = true;
    }
    contested->rows[told][label] = true;
}

static struct contested find_contested(const struct cx_learn_task *task, struct cx_arena *arena, const struct cx_head *below)
{
    struct contested contested = { { NULL } };
    size_t texts[CX_LABELS_MAX] = { 0 };
    size_t *told = calloc((size_t)task->label_count * below->label_count, sizeof *told); /* texts of a label that the base tells as another */
    cx_assert(told != NULL);
    for (size_t i = 0; i < task->count; i++) {
        const struct cx_example *example = &task->examples[i];
        if (example->label < 0)
            continue;
        texts[example->label]++;
        told[(size_t)example->label * below->label_count + told_as(below, example)]++;
    }
    for (uint32_t label = 0; label < task->label_count; label++)
        for (uint32_t as = 0; as < below->label_count; as++)
            if (as != label && 2 * told[(size_t)label * below->label_count + as] > texts[label])
                contest(&contested, arena, task->label_count, as, label);
    free(told);
    return contested;
}

static void teach(struct cx_example *example, struct cx_arena *arena, uint32_t labels, const struct cx_head *below, const struct contested *contested)
{
    uint32_t told = told_as(below, example);
    example->label = (int32_t)told;
    example->is_untold = true;
    example->taught = CX_NEW_ARRAY(arena, float, labels);
    memcpy(example->taught, example->prior, below->label_count * sizeof *example->taught);
    cx_scores_of(CX_HEAD_ONE_OF, example->taught, below->label_count);
    example->either = contested->rows[told];
}

/* Where nothing of the tenant's is judged, background is not either: it alone would tell an overlay to be silent. */
static bool has_judged(const struct cx_learn_task *task)
{
    size_t i = 0;
    while (i < task->count && task->examples[i].fold == CX_FOLDS)
        i++;
    return i < task->count;
}

static void add_text(struct cx_learn_task *task, struct cx_arena *arena, struct cx_str line, bool is_judged)
{
    struct cx_example *example = learn_add_example(task, false);
    struct cx_str language;
    cx_str_cut(&line, '\t', &language);
    example->fold = is_judged ? (uint16_t)(cx_hash64(line.ptr, line.len) % CX_FOLDS) : CX_FOLDS;
    cx_example_features(arena, task->plan->features, line, example);
}

void cx_overlay_background(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_model *base, const struct cx_head *below,
                           struct cx_str content)
{
    cx_assert(task->is_closed && task->plan->kind == CX_HEAD_ONE_OF && content.ptr != NULL);
    struct contested contested = find_contested(task, arena, below);
    struct cx_str line;
    const size_t own = task->count;
    const bool is_judged = has_judged(task);
    learn_cut_line(&content, &line); /* the header */
    while (learn_cut_line(&content, &line))
        if (line.len > 0)
            add_text(task, arena, line, is_judged);
    task->background = task->count - own;
    cx_overlay_priors(task, arena, base, below, own);
    for (size_t i = own; i < task->count; i++)
        teach(&task->examples[i], arena, task->label_count, below, &contested);
}
