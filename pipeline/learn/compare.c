/* compare.c - how far figures may be trusted, and whether one model is better than another. */
#include "learn/learn.h"
#include "base/error.h"
#include "learn/random.h"
#include <math.h>

#define ROUNDS 1000
#define SEED   20261128

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle 95 % of the rounds of a figure. */
static struct cx_interval middle(double *rounds)
{
    qsort(rounds, ROUNDS, sizeof *rounds, by_size);
    return (struct cx_interval){ rounds[ROUNDS / 40], rounds[ROUNDS - 1 - ROUNDS / 40] };
}

/* Texts that were drawn twice are off the mark twice: rounds of an error that is itself a distance lie above it, the more the fewer texts there are.
 * They are moved by as much as they do on average. */
static struct cx_interval middle_about(double *rounds, double figure)
{
    double above = -figure;
    for (int round = 0; round < ROUNDS; round++)
        above += rounds[round] / ROUNDS;
    struct cx_interval interval = middle(rounds);
    return (struct cx_interval){ fmax(0, interval.low - above), fmin(1, interval.high - above) };
}

#define SQUARED_Z 3.841 /* of 95 % */

/* Wilson's interval of a share of n that is 0 or 1, for which the bootstrap has none; a share of nothing may be any. */
static void widen(struct cx_interval *interval, double share, double n)
{
    if (n <= 0)
        *interval = (struct cx_interval){ 0, 1 };
    if (n > 0 && share <= 0)
        *interval = (struct cx_interval){ 0, SQUARED_Z / (n + SQUARED_Z) };
    if (n > 0 && share >= 1)
        *interval = (struct cx_interval){ n / (n + SQUARED_Z), 1 };
}

static void widen_all(struct cx_intervals *intervals, const struct cx_figures *figures, uint32_t labels, size_t n)
{
    widen(&intervals->accuracy, figures->accuracy, (double)n);
    widen(&intervals->macro_f1, figures->macro_f1, (double)n);
    widen(&intervals->macro_recall, figures->macro_recall, (double)n);
    for (uint32_t c = 0; c < labels; c++) {
        double support = (double)figures->support[c], said = (double)figures->said[c];
        widen(&intervals->precision[c], figures->precision[c], said);
        widen(&intervals->recall[c], figures->recall[c], support);
        widen(&intervals->f1[c], figures->f1[c], (said + support) / 2); /* which it is a share of */
    }
}

static void draw(struct cx_random *random, const uint32_t *some, size_t n, uint32_t *drawn)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = cx_random_below(random, n);
        drawn[i] = some != NULL ? some[at] : (uint32_t)at;
    }
}

/* Figures of a round as one list, in the order of struct cx_intervals. */
static size_t put_figures(const struct cx_figures *figures, uint32_t labels, double (*rounds)[ROUNDS], int round)
{
    size_t n = 0;
    rounds[n++][round] = figures->accuracy;
    rounds[n++][round] = figures->macro_f1;
    rounds[n++][round] = figures->macro_recall;
    rounds[n++][round] = figures->ece;
    for (uint32_t c = 0; c < labels; c++) {
        rounds[n++][round] = figures->precision[c];
        rounds[n++][round] = figures->recall[c];
        rounds[n++][round] = figures->f1[c];
    }
    return n;
}

void cx_measure_intervals(const struct cx_measure *measure, const uint32_t *some, size_t n, struct cx_intervals *intervals)
{
    struct cx_random random = { SEED };
    struct cx_figures figures;
    uint32_t labels = measure->kind == CX_HEAD_ANY_OF && measure->labels == 1 ? 2 : measure->labels;
    uint32_t *drawn = malloc((n + 1) * sizeof *drawn);
    double(*rounds)[ROUNDS] = malloc((4 + 3 * (size_t)labels) * sizeof *rounds);
    cx_assert(drawn != NULL && rounds != NULL);
    for (int round = 0; round < ROUNDS; round++) {
        draw(&random, some, n, drawn);
        cx_measure_figures(measure, drawn, n, &figures);
        put_figures(&figures, labels, rounds, round);
    }
    intervals->accuracy = middle(rounds[0]);
    intervals->macro_f1 = middle(rounds[1]);
    intervals->macro_recall = middle(rounds[2]);
    cx_measure_figures(measure, some, n, &figures);
    intervals->ece = middle_about(rounds[3], figures.ece);
    for (uint32_t c = 0; c < labels; c++) {
        intervals->precision[c] = middle(rounds[4 + 3 * c]);
        intervals->recall[c] = middle(rounds[5 + 3 * c]);
        intervals->f1[c] = middle(rounds[6 + 3 * c]);
    }
    widen_all(intervals, &figures, labels, n);
    free(drawn);
    free(rounds);
}

/* ---- two models ---- */

static bool is_right(const struct cx_measure *m, size_t i)
{
    return m->kind == CX_HEAD_ONE_OF ? m->truth[i] == m->said[i] : m->truths[i] == m->saids[i];
}

/* Of n tosses `few` or fewer on one side, or as many on the other: two-sided, exact. */
static double coin(double few, double n)
{
    double sum = 0;
    for (double k = 0; k <= few; k++)
        sum += exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) - n * log(2));
    return fmin(1, 2 * sum);
}

void cx_measure_compare(const struct cx_measure *first, const struct cx_measure *second, struct cx_comparison *comparison)
{
    struct cx_random random = { SEED };
    struct cx_figures a, b;
    size_t n = first->n;
    double rounds[ROUNDS];
    uint32_t *drawn = malloc((n + 1) * sizeof *drawn);
    cx_assert(drawn != NULL && second->n == n);
    *comparison = (struct cx_comparison){ .n = n };
    cx_measure_figures(first, NULL, n, &comparison->first);
    cx_measure_figures(second, NULL, n, &comparison->second);
    for (size_t i = 0; i < n; i++) {
        comparison->only_first += is_right(first, i) && !is_right(second, i);
        comparison->only_second += is_right(second, i) && !is_right(first, i);
    }
    comparison->p = coin(fmin(comparison->only_first, comparison->only_second), comparison->only_first + comparison->only_second);
    for (int round = 0; round < ROUNDS; round++) {
        draw(&random, NULL, n, drawn);
        cx_measure_figures(first, drawn, n, &a);
        cx_measure_figures(second, drawn, n, &b);
        rounds[round] = b.macro_f1 - a.macro_f1;
    }
    comparison->f1_gain = middle(rounds);
    free(drawn);
}

void cx_comparison_verdict(const struct cx_comparison *c, const char *first, const char *second, char *out, size_t size)
{
    int right = c->p >= 0.05 ? 0 : c->only_second > c->only_first ? 1 : -1;
    int even = c->f1_gain.low > 0 ? 1 : c->f1_gain.high < 0 ? -1 : 0;
    if (right == 0 && even == 0)
        snprintf(out, size, "%zu texts show no difference between %s and %s that chance would not make: label more, or keep the simpler one", c->n,
                 first, second);
    else if (right * even < 0)
        snprintf(out, size, "%s is right more often than %s, but worse label by label: it gains on frequent labels and loses on rare ones",
                 right > 0 ? second : first, right > 0 ? first : second);
    else
        snprintf(out, size, "%s is better than %s, %s, and by more than chance", right + even > 0 ? second : first, right + even > 0 ? first : second,
                 right == 0  ? "on the average over labels"
                 : even == 0 ? "in how often it is right"
                             : "in how often it is right and on the average over labels");
}

bool cx_comparison_is_empty(const struct cx_figures *figures, const bool *knows, uint32_t labels, const char *who, char *out, size_t size)
{
    size_t known = 0, others = 0;
    for (uint32_t c = 0; c < labels; c++)
        *(knows[c] ? &known : &others) += figures->support[c];
    if (known > 0 || others == 0)
        return false;
    snprintf(out, size, "no comparison: %s has none of these labels", who);
    return true;
}
