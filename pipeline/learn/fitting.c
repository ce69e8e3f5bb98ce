/* fitting.c */
#include "learn/fitting.h"
#include "base/error.h"
#include <math.h>
#include <stdlib.h>

static float pace_of(float pace)
{
    return pace > 0 ? pace : 1;
}

void learn_order_init(struct learn_order *order, const struct cx_learn_task *task, int skip_fold, uint64_t seed)
{
    size_t most = 1;
    *order = (struct learn_order){ .random = { seed },
                                   .numbers = malloc((task->count + 1) * sizeof *order->numbers),
                                   .paces = { 1, pace_of(task->plan->word_pace), pace_of(task->plan->pair_pace) } };
    cx_assert(order->numbers != NULL);
    for (size_t i = 0; i < task->count; i++) {
        if (skip_fold < 0 || task->examples[i].fold != skip_fold)
            order->numbers[order->count++] = (uint32_t)i;
        most = task->examples[i].count > most ? task->examples[i].count : most;
    }
    order->kept = malloc((most + 1) * sizeof *order->kept);
    order->units = malloc(most + 1);
    cx_assert(order->kept != NULL && order->units != NULL);
}

void learn_order_shuffle(struct learn_order *order)
{
    for (size_t i = order->count; i > 1; i--) {
        size_t j = cx_random_below(&order->random, i);
        uint32_t swap = order->numbers[i - 1];
        order->numbers[i - 1] = order->numbers[j];
        order->numbers[j] = swap;
    }
}

size_t learn_keep_some(struct learn_order *order, const struct cx_example *example, float drop)
{
    size_t kept = 0;
    uint32_t limit = (uint32_t)(drop * 4294967295.0f);
    for (uint32_t i = 0; i < example->count; i++) {
        order->kept[kept] = example->hashes[i];
        order->units[kept] = example->units != NULL ? example->units[i] : CX_UNIT_RUN;
        kept += limit == 0 || (uint32_t)cx_random_next(&order->random) >= limit;
    }
    return kept;
}

/* As if the text had lost its left-out features in the same measure as those of the selection. */
float learn_norm(const struct cx_example *example, size_t kept)
{
    if (kept == 0)
        return 0;
    float total = example->total > 0 ? (float)example->total : (float)example->count;
    return 1 / sqrtf(total * (float)kept / (float)example->count);
}

void learn_order_free(struct learn_order *order)
{
    free(order->numbers);
    free(order->kept);
    free(order->units);
}
