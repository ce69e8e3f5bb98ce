/* measure.h - how good what a head says is: figures, intervals, two models side by side. Everything that draws by chance is seeded. */
#ifndef CX_LEARN_MEASURE_H
#define CX_LEARN_MEASURE_H
#include "text/model.h"

#define CX_LABELS_MAX 512
struct cx_learn_task;

struct cx_measure {
    enum cx_head_kind kind;
    uint32_t labels;
    size_t n;
    float *scores;    /* n x labels */
    float *priors;    /* n x labels of an overlay's; NULL: none */
    int32_t *truth;   /* ONE_OF: label or -1 */
    uint64_t *truths; /* ANY_OF */
    int32_t *said;    /* ONE_OF: what was chosen */
    uint64_t *saids;
};
#define CX_BINS 15
struct cx_figures {
    double accuracy, macro_f1, macro_recall, ece;
    double in_scope, none_recall; /* ONE_OF: right of the texts that have a label; silent of those that have none of them */
    size_t none;
    double precision[CX_LABELS_MAX], recall[CX_LABELS_MAX], f1[CX_LABELS_MAX];
    size_t support[CX_LABELS_MAX], said[CX_LABELS_MAX]; /* texts that have a label, and those it is said of */
    struct cx_bin {
        double n, right, score; /* sums: right / n against score / n is the reliability diagram */
    } bins[CX_BINS];            /* of the score of what was said, in equal steps from 0 to 1 */
};
void cx_measure_init(struct cx_measure *measure, enum cx_head_kind kind, uint32_t labels, size_t n);
void cx_measure_free(struct cx_measure *measure);
/* What a head says of an example by its scores. */
void cx_measure_say(struct cx_measure *measure, size_t at, const struct cx_head *head);
/* What a model says of the examples of a task, which has all labels of the head and may have others. */
void cx_judge(const struct cx_model *model, const struct cx_head *head, const struct cx_learn_task *task, struct cx_measure *measure);
/* Of the examples whose number is in `some` (NULL: all of them); an ANY_OF head of one label is measured as yes and no. */
void cx_measure_figures(const struct cx_measure *measure, const uint32_t *some, size_t n, struct cx_figures *figures);

/* The calibration error that chance alone would show, were every score exactly how often it is right: what is right is drawn by the scores, a hundred
 * times, seeded; the mean. On few texts it is points, and an error near it is none. */
double cx_measure_ece_by_chance(const struct cx_measure *measure, const uint32_t *some, size_t n);

/* Where figures lie with 95 % likelihood, by the percentile bootstrap over the examples (Efron 1979), 1000 rounds, seeded; that of the ECE
 * without the bias that its rounds have. Where all is right, or nothing, rounds do not differ: Wilson's (1927). */
struct cx_interval {
    double low, high;
};
struct cx_intervals {
    struct cx_interval accuracy, macro_f1, macro_recall, ece, precision[CX_LABELS_MAX], recall[CX_LABELS_MAX], f1[CX_LABELS_MAX];
};
void cx_measure_intervals(const struct cx_measure *measure, const uint32_t *some, size_t n, struct cx_intervals *intervals);
/* Two models on the same examples, label by label the same numbers. */
struct cx_comparison {
    size_t n;
    struct cx_figures first, second;
    double only_first, only_second; /* texts that only one of them gets right */
    double p;                       /* that a coin splits them so or worse: McNemar's test, exact */
    struct cx_interval f1_gain;     /* of macro F1 from the first to the second, by the paired bootstrap */
};
void cx_measure_compare(const struct cx_measure *first, const struct cx_measure *second, struct cx_comparison *comparison);
/* The verdict in one sentence, into `out`: what may be believed of the second against the first. */
void cx_comparison_verdict(const struct cx_comparison *comparison, const char *first, const char *second, char *out, size_t size);
/* Whether texts have labels and none that `who` could say, which knows[label]: who is better at them is no question, and the verdict says so. */
bool cx_comparison_is_empty(const struct cx_figures *figures, const bool *knows, uint32_t labels, const char *who, char *out, size_t size);
#endif
