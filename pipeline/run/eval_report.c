/* eval_report.c - an evaluation as text and as JSON. */
#include "run/eval.h"
#include "base/json.h"
#include <math.h>

#define CONFUSIONS 10

uint32_t cx_eval_labels(const struct cx_eval_head *eval)
{
    return eval->kind == CX_HEAD_ANY_OF && eval->task.label_count == 1 ? 2 : eval->task.label_count;
}

struct cx_str cx_eval_label(const struct cx_eval_head *eval, uint32_t label)
{
    return label < eval->task.label_count ? eval->task.labels[label] : CX_STR("(not)");
}

/* ---- what is taken for what ---- */

struct confusion {
    int32_t truth, said; /* -1: none of the labels; nothing was said */
    uint32_t n;
};

/* All pairs that occur, the most frequent wrong ones first. Memory is the caller's to free. */
static struct confusion *confusions_of(const struct cx_eval_head *eval, const struct cx_measure *measure, size_t *count)
{
    size_t labels = eval->task.label_count + 1;
    uint32_t *cells = calloc(labels * labels, sizeof *cells);
    struct confusion *list = calloc(labels * labels, sizeof *list);
    cx_assert(cells != NULL && list != NULL);
    *count = 0;
    for (size_t i = 0; i < measure->n && eval->kind == CX_HEAD_ONE_OF; i++)
        cells[(size_t)(measure->truth[i] + 1) * labels + (size_t)(measure->said[i] + 1)]++;
    for (size_t i = 0; i < labels * labels; i++) {
        struct confusion one = { (int32_t)(i / labels) - 1, (int32_t)(i % labels) - 1, cells[i] };
        if (one.n == 0)
            continue;
        size_t at = (*count)++;
        for (; at > 0 && (one.truth != one.said) >= (list[at - 1].truth != list[at - 1].said) &&
               ((one.truth != one.said) > (list[at - 1].truth != list[at - 1].said) || one.n > list[at - 1].n);
             at--)
            list[at] = list[at - 1];
        list[at] = one;
    }
    free(cells);
    return list;
}

/* ---- for people ---- */

static void print_range(double value, struct cx_interval interval)
{
    printf("%6.1f (%5.1f to %5.1f)", 100 * value, 100 * interval.low, 100 * interval.high);
}

static void print_name(struct cx_str name)
{
    printf("  %-*.*s ", cx_utf8_field(name, 26), CX_STR_ARG(name));
}

static void print_labels(const struct cx_eval_head *eval, const struct cx_eval_model *model)
{
    printf("\n  %-26s %-25s %-25s %-25s texts\n", "label", "precision", "recall", "F1");
    for (uint32_t c = 0; c < cx_eval_labels(eval); c++) {
        if (model->figures.support[c] == 0)
            continue;
        print_name(cx_eval_label(eval, c));
        print_range(model->figures.precision[c], model->intervals.precision[c]);
        printf("  ");
        print_range(model->figures.recall[c], model->intervals.recall[c]);
        printf("  ");
        print_range(model->figures.f1[c], model->intervals.f1[c]);
        printf("  %5zu%s\n", model->figures.support[c], c < eval->task.label_count && !model->knows[c] ? "  not a label of the model" : "");
    }
}

static void print_languages(const struct cx_eval_model *model)
{
    if (model->language_count == 0)
        return;
    printf("\n  %-26s %-25s %-25s %-25s texts\n", "language", "right", "macro F1", "calibration error");
    for (size_t i = 0; i < model->language_count; i++) {
        const struct cx_eval_language *l = &model->languages[i];
        print_name(l->code);
        print_range(l->figures.accuracy, l->intervals.accuracy);
        printf("  ");
        print_range(l->figures.macro_f1, l->intervals.macro_f1);
        printf("  ");
        print_range(l->figures.ece, l->intervals.ece);
        printf("  %5zu\n", l->n);
    }
}

static void print_confusions(const struct cx_eval_head *eval, const struct cx_eval_model *model)
{
    size_t n;
    struct confusion *list = confusions_of(eval, &model->measure, &n);
    for (size_t i = 0; i < n && i < CONFUSIONS && list[i].truth != list[i].said; i++) {
        struct cx_str truth = list[i].truth < 0 ? CX_STR("(none)") : eval->task.labels[list[i].truth];
        struct cx_str said = list[i].said < 0 ? CX_STR("(nothing)") : eval->task.labels[list[i].said];
        printf("%s  %-*.*s %-*.*s %5u\n", i == 0 ? "\n  is                         is taken for               texts\n" : "", cx_utf8_field(truth, 26),
               CX_STR_ARG(truth), cx_utf8_field(said, 26), CX_STR_ARG(said), list[i].n);
    }
    free(list);
}

static void print_model(const struct cx_eval_head *eval, const struct cx_eval_model *model)
{
    const struct cx_figures *f = &model->figures;
    const struct cx_intervals *i = &model->intervals;
    printf("%.*s by %.*s, %zu texts of %s, in %%, with what 95 of 100 such sets of texts would give\n\n", CX_STR_ARG(eval->head),
           CX_STR_ARG(model->version), model->measure.n, eval->data);
    const struct {
        const char *name;
        double value;
        struct cx_interval interval;
    } rows[] = { { "right", f->accuracy, i->accuracy },
                 { "macro F1", f->macro_f1, i->macro_f1 },
                 { "macro recall", f->macro_recall, i->macro_recall },
                 { "calibration error (ECE)", f->ece, i->ece } };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        print_name(cx_str(rows[r].name));
        print_range(rows[r].value, rows[r].interval);
        printf("\n");
    }
    print_labels(eval, model);
    print_languages(model);
    print_confusions(eval, model);
}

void cx_eval_print(const struct cx_eval_head *eval)
{
    for (size_t i = 0; i < eval->model_count; i++) {
        printf("%s", i > 0 ? "\n" : "");
        print_model(eval, &eval->models[i]);
    }
    if (eval->model_count < 2)
        return;
    const struct cx_comparison *c = &eval->comparison;
    printf("\nonly %s is right on %.0f texts, only %s on %.0f: p %s %.4f (McNemar, exact)\n", eval->models[0].file, c->only_first,
           eval->models[1].file, c->only_second, c->p < 0.0001 ? "<" : "=", fmax(c->p, 0.0001));
    printf("macro F1 %.1f and %.1f: %+.1f, with 95 %% between %+.1f and %+.1f (paired bootstrap)\n%s\n", 100 * c->first.macro_f1,
           100 * c->second.macro_f1, 100 * (c->second.macro_f1 - c->first.macro_f1), 100 * c->f1_gain.low, 100 * c->f1_gain.high, eval->verdict);
}

/* ---- for programs ---- */

/* "name":[value,low,high] */
static void add_range(struct cx_buf *out, const char *name, double value, struct cx_interval interval)
{
    cx_buf_format(out, ",\"%s\":[%.4f,%.4f,%.4f]", name, value, interval.low, interval.high);
}

static void add_labels(struct cx_buf *out, const struct cx_eval_head *eval, const struct cx_eval_model *model)
{
    const char *comma = "";
    cx_buf_str(out, CX_STR(",\"labels\":["));
    for (uint32_t c = 0; c < cx_eval_labels(eval); c++) {
        if (model->figures.support[c] == 0)
            continue;
        cx_buf_format(out, "%s{\"label\":", comma);
        cx_json_string(out, cx_eval_label(eval, c));
        cx_buf_format(out, ",\"texts\":%zu,\"known\":%s", model->figures.support[c],
                      c >= eval->task.label_count || model->knows[c] ? "true" : "false");
        add_range(out, "precision", model->figures.precision[c], model->intervals.precision[c]);
        add_range(out, "recall", model->figures.recall[c], model->intervals.recall[c]);
        add_range(out, "f1", model->figures.f1[c], model->intervals.f1[c]);
        cx_buf_byte(out, '}');
        comma = ",";
    }
    cx_buf_byte(out, ']');
}

static void add_languages(struct cx_buf *out, const struct cx_eval_model *model)
{
    cx_buf_str(out, CX_STR(",\"languages\":["));
    for (size_t i = 0; i < model->language_count; i++) {
        const struct cx_eval_language *l = &model->languages[i];
        cx_buf_format(out, "%s{\"language\":", i > 0 ? "," : "");
        cx_json_string(out, l->code);
        cx_buf_format(out, ",\"texts\":%zu", l->n);
        add_range(out, "accuracy", l->figures.accuracy, l->intervals.accuracy);
        add_range(out, "macro_f1", l->figures.macro_f1, l->intervals.macro_f1);
        add_range(out, "macro_recall", l->figures.macro_recall, l->intervals.macro_recall);
        add_range(out, "ece", l->figures.ece, l->intervals.ece);
        cx_buf_byte(out, '}');
    }
    cx_buf_byte(out, ']');
}

/* [truth,said,texts], null: none of the labels. */
static void add_confusion(struct cx_buf *out, const struct cx_eval_head *eval, const struct cx_eval_model *model)
{
    size_t n;
    struct confusion *list = confusions_of(eval, &model->measure, &n);
    cx_buf_str(out, CX_STR(",\"confusion\":["));
    for (size_t i = 0; i < n; i++) {
        cx_buf_str(out, i > 0 ? CX_STR(",[") : CX_STR("["));
        cx_json_string(out, list[i].truth < 0 ? CX_STR_NULL : eval->task.labels[list[i].truth]);
        cx_buf_byte(out, ',');
        cx_json_string(out, list[i].said < 0 ? CX_STR_NULL : eval->task.labels[list[i].said]);
        cx_buf_format(out, ",%u]", list[i].n);
    }
    cx_buf_byte(out, ']');
    free(list);
}

static void add_model(struct cx_buf *out, const struct cx_eval_head *eval, const struct cx_eval_model *model)
{
    cx_buf_str(out, CX_STR("{\"file\":"));
    cx_json_string(out, cx_str(model->file));
    cx_buf_str(out, CX_STR(",\"model\":"));
    cx_json_string(out, model->version);
    cx_buf_format(out, ",\"texts\":%zu", model->measure.n);
    add_range(out, "accuracy", model->figures.accuracy, model->intervals.accuracy);
    add_range(out, "macro_f1", model->figures.macro_f1, model->intervals.macro_f1);
    add_range(out, "macro_recall", model->figures.macro_recall, model->intervals.macro_recall);
    add_range(out, "ece", model->figures.ece, model->intervals.ece);
    add_labels(out, eval, model);
    add_languages(out, model);
    add_confusion(out, eval, model);
    cx_buf_str(out, CX_STR(",\"bins\":["));
    for (int b = 0; b < CX_BINS; b++) {
        const struct cx_bin *bin = &model->figures.bins[b];
        cx_buf_format(out, "%s[%.0f,%.4f,%.4f]", b > 0 ? "," : "", bin->n, bin->n > 0 ? bin->score / bin->n : 0,
                      bin->n > 0 ? bin->right / bin->n : 0);
    }
    cx_buf_str(out, CX_STR("]}"));
}

void cx_eval_json(struct cx_buf *out, const struct cx_eval_head *eval)
{
    const struct cx_comparison *c = &eval->comparison;
    cx_buf_str(out, CX_STR("{\"head\":"));
    cx_json_string(out, eval->head);
    cx_buf_str(out, CX_STR(",\"data\":"));
    cx_json_string(out, cx_str(eval->data));
    cx_buf_str(out, CX_STR(",\"models\":["));
    for (size_t i = 0; i < eval->model_count; i++) {
        if (i > 0)
            cx_buf_byte(out, ',');
        add_model(out, eval, &eval->models[i]);
    }
    cx_buf_str(out, CX_STR("],\"comparison\":"));
    if (eval->model_count < 2) {
        cx_buf_str(out, CX_STR("null}"));
        return;
    }
    cx_buf_format(out, "{\"only_first\":%.0f,\"only_second\":%.0f,\"p\":%.6f", c->only_first, c->only_second, c->p);
    add_range(out, "macro_f1_gain", c->second.macro_f1 - c->first.macro_f1, c->f1_gain);
    cx_buf_str(out, CX_STR(",\"verdict\":"));
    cx_json_string(out, cx_str(eval->verdict));
    cx_buf_str(out, CX_STR("}}"));
}
