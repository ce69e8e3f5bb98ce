/* measure.c - how good a head is.
 * ECE: expected calibration error over 15 equal bins of the score of what was said (Guo et al. 2017). */
#include "learn/learn.h"
#include "base/error.h"
#include "learn/random.h"
#include <math.h>

void cx_measure_init(struct cx_measure *measure, enum cx_head_kind kind, uint32_t labels, size_t n)
{
    *measure = (struct cx_measure){ .kind = kind,
                                    .labels = labels,
                                    .n = n,
                                    .scores = calloc(n * labels + 1, sizeof(float)),
                                    .truth = calloc(n + 1, sizeof(int32_t)),
                                    .truths = calloc(n + 1, sizeof(uint64_t)),
                                    .said = calloc(n + 1, sizeof(int32_t)),
                                    .saids = calloc(n + 1, sizeof(uint64_t)) };
    cx_assert(measure->scores != NULL && measure->truth != NULL && measure->truths != NULL && measure->said != NULL && measure->saids != NULL);
}

void cx_measure_free(struct cx_measure *measure)
{
    free(measure->scores);
    free(measure->priors);
    free(measure->truth);
    free(measure->truths);
    free(measure->said);
    free(measure->saids);
}

void cx_measure_say(struct cx_measure *measure, size_t at, const struct cx_head *head)
{
    const float *scores = measure->scores + at * measure->labels;
    measure->said[at] = head->kind == CX_HEAD_ONE_OF ? cx_head_choice(head, scores) : -1;
    measure->saids[at] = 0;
    for (uint32_t c = 0; c < head->label_count && head->kind == CX_HEAD_ANY_OF; c++)
        measure->saids[at] |= (uint64_t)(scores[c] >= head->threshold[c]) << c;
}

struct counts {
    double both[CX_LABELS_MAX], said[CX_LABELS_MAX], truth[CX_LABELS_MAX], right, in_scope, none, silent;
    struct cx_bin bins[CX_BINS];
};

static void count_bin(struct counts *counts, float score, bool is_right)
{
    int number = (int)(score * CX_BINS);
    struct cx_bin *bin = &counts->bins[number < CX_BINS ? number : CX_BINS - 1];
    bin->n++;
    bin->right += is_right;
    bin->score += (double)score;
}

static double ece_of(const struct counts *counts)
{
    double total = 0, apart = 0;
    for (int b = 0; b < CX_BINS; b++) {
        total += counts->bins[b].n;
        apart += fabs(counts->bins[b].right - counts->bins[b].score);
    }
    return total > 0 ? apart / total : 0;
}

static void count_one(struct counts *counts, const struct cx_measure *measure, size_t i)
{
    int32_t truth = measure->truth[i], said = measure->said[i];
    counts->right += truth == said;
    counts->none += truth < 0;
    counts->silent += truth < 0 && said < 0;
    counts->in_scope += truth >= 0 && truth == said;
    if (truth >= 0)
        counts->truth[truth]++;
    if (said >= 0) {
        counts->said[said]++;
        counts->both[said] += truth == said;
        if (truth >= 0)
            count_bin(counts, measure->scores[i * measure->labels + (size_t)said], truth == said);
    }
}

static void count_any(struct counts *counts, const struct cx_measure *measure, size_t i)
{
    counts->right += measure->truths[i] == measure->saids[i];
    for (uint32_t c = 0; c < measure->labels; c++) {
        bool truth = measure->truths[i] >> c & 1, said = measure->saids[i] >> c & 1;
        counts->truth[c] += truth;
        counts->said[c] += said;
        counts->both[c] += truth && said;
        count_bin(counts, measure->scores[i * measure->labels + c], truth);
    }
    if (measure->labels == 1) { /* the other side of yes and no */
        bool truth = measure->truths[i] & 1, said = measure->saids[i] & 1;
        counts->truth[1] += !truth;
        counts->said[1] += !said;
        counts->both[1] += !truth && !said;
    }
}

void cx_measure_figures(const struct cx_measure *measure, const uint32_t *some, size_t n, struct cx_figures *figures)
{
    struct counts counts = { 0 };
    uint32_t labels = measure->kind == CX_HEAD_ANY_OF && measure->labels == 1 ? 2 : measure->labels, present = 0;
    memset(figures, 0, sizeof *figures);
    for (size_t i = 0; i < n; i++)
        (measure->kind == CX_HEAD_ANY_OF ? count_any : count_one)(&counts, measure, some != NULL ? some[i] : i);
    for (uint32_t c = 0; c < labels; c++) {
        figures->support[c] = (size_t)counts.truth[c];
        figures->said[c] = (size_t)counts.said[c];
        figures->precision[c] = counts.said[c] > 0 ? counts.both[c] / counts.said[c] : 0;
        figures->recall[c] = counts.truth[c] > 0 ? counts.both[c] / counts.truth[c] : 0;
        figures->f1[c] = counts.said[c] + counts.truth[c] > 0 ? 2 * counts.both[c] / (counts.said[c] + counts.truth[c]) : 0;
        if (counts.truth[c] == 0)
            continue;
        present++;
        figures->macro_f1 += figures->f1[c];
        figures->macro_recall += figures->recall[c];
    }
    figures->macro_f1 /= present > 0 ? present : 1;
    figures->macro_recall /= present > 0 ? present : 1;
    figures->accuracy = n > 0 ? counts.right / (double)n : 0;
    figures->none = (size_t)counts.none;
    figures->in_scope = n > figures->none ? counts.in_scope / (double)(n - figures->none) : 0;
    figures->none_recall = figures->none > 0 ? counts.silent / counts.none : 0;
    memcpy(figures->bins, counts.bins, sizeof counts.bins);
    figures->ece = ece_of(&counts);
}

#define CHANCE_ROUNDS 100
#define CHANCE_SEED   20261129

double cx_measure_ece_by_chance(const struct cx_measure *measure, const uint32_t *some, size_t n)
{
    struct cx_random random = { CHANCE_SEED };
    double sum = 0;
    for (int round = 0; round < CHANCE_ROUNDS; round++) {
        struct counts counts = { 0 };
        for (size_t k = 0; k < n; k++) {
            size_t i = some != NULL ? some[k] : k;
            const float *scores = measure->scores + i * measure->labels;
            bool is_any = measure->kind == CX_HEAD_ANY_OF;
            uint32_t first = is_any ? 0 : (uint32_t)measure->said[i], end = is_any ? measure->labels : first + 1;
            if (!is_any && (measure->truth[i] < 0 || measure->said[i] < 0))
                continue; /* as count_one */
            for (uint32_t c = first; c < end; c++)
                count_bin(&counts, scores[c], cx_random_share(&random) < (double)scores[c]);
        }
        sum += ece_of(&counts) / CHANCE_ROUNDS;
    }
    return sum;
}
