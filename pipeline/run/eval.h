/* eval.h - what cx eval found out about one head, and how it is told: as text, JSON or a picture. */
#ifndef CX_RUN_EVAL_H
#define CX_RUN_EVAL_H
#include "base/buf.h"
#include "learn/learn.h"

#define CX_EVAL_LANGUAGES 40
#define CX_EVAL_HEADS     16

struct cx_eval_language {
    struct cx_str code;
    uint32_t *texts; /* their numbers */
    size_t n;
    struct cx_figures figures;
    struct cx_intervals intervals;
};
struct cx_eval_model { /* one model on the texts */
    const char *file;
    struct cx_str version;
    struct cx_measure measure;
    struct cx_figures figures;
    struct cx_intervals intervals;
    struct cx_eval_language *languages;
    size_t language_count;
    bool knows[CX_LABELS_MAX]; /* labels of the task that the model has */
};
struct cx_eval_head {
    struct cx_str head;
    const char *data;
    enum cx_head_kind kind;
    struct cx_learn_task task; /* labels: the models' and those that only the data has */
    struct cx_eval_model models[2];
    size_t model_count;
    struct cx_comparison comparison; /* of two */
    char verdict[400];
};
/* Labels that figures have: of an ANY_OF head with one label also its contrary. */
uint32_t cx_eval_labels(const struct cx_eval_head *eval);
struct cx_str cx_eval_label(const struct cx_eval_head *eval, uint32_t label);

void cx_eval_print(const struct cx_eval_head *eval);
/* Appends one JSON object. */
void cx_eval_json(struct cx_buf *out, const struct cx_eval_head *eval);
/* Appends an SVG picture of all heads: reliability diagrams and bars of F1. */
void cx_eval_plot(struct cx_buf *out, const struct cx_eval_head *const *evals, size_t n);
#endif
