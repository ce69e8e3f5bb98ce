/* eval_plot.c - an evaluation as a picture: how often a head is right when it says so with a score (reliability diagram), and F1 by label and
 * language with intervals. */
#include "run/eval.h"

#define WIDTH   940
#define SQUARE  260 /* the reliability diagram */
#define LEFT    60
#define TOP     46
#define BARS_AT 560 /* where bars begin; names stand before */
#define BARS    320
#define ROW     16

/* Of the first model, and of the one it is compared with. */
static const char *colour_of(size_t model)
{
    return model == 0 ? "#2a6fdb" : "#d9822b";
}

static void add_escaped(struct cx_buf *out, struct cx_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '<' || c == '>' || c == '&')
            cx_buf_str(out, c == '<' ? CX_STR("&lt;") : c == '>' ? CX_STR("&gt;") : CX_STR("&amp;"));
        else if ((unsigned char)c >= ' ')
            cx_buf_byte(out, c);
    }
}

static void add_text(struct cx_buf *out, double x, double y, const char *anchor, struct cx_str text)
{
    cx_buf_format(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    add_escaped(out, text);
    cx_buf_str(out, CX_STR("</text>\n"));
}

/* ---- reliability ---- */

/* Dots are as large as their share of the texts: a bin with few says little. */
static void add_bins(struct cx_buf *out, const struct cx_figures *figures, const char *colour, double top)
{
    double total = 0;
    bool is_first = true;
    for (int b = 0; b < CX_BINS; b++)
        total += figures->bins[b].n;
    cx_buf_format(out, "<polyline fill=\"none\" stroke=\"%s\" points=\"", colour);
    for (int b = 0; b < CX_BINS; b++) {
        const struct cx_bin *bin = &figures->bins[b];
        if (bin->n > 0)
            cx_buf_format(out, "%s%.1f,%.1f", is_first ? "" : " ", LEFT + SQUARE * bin->score / bin->n, top + SQUARE * (1 - bin->right / bin->n));
        is_first = is_first && bin->n == 0;
    }
    cx_buf_str(out, CX_STR("\"/>\n"));
    for (int b = 0; b < CX_BINS; b++) {
        const struct cx_bin *bin = &figures->bins[b];
        if (bin->n > 0)
            cx_buf_format(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"/>\n", LEFT + SQUARE * bin->score / bin->n,
                          top + SQUARE * (1 - bin->right / bin->n), 2 + 8 * bin->n / total, colour);
    }
}

static void add_reliability(struct cx_buf *out, const struct cx_eval_head *eval, double top)
{
    cx_buf_format(out, "<rect x=\"%d\" y=\"%.0f\" width=\"%d\" height=\"%d\" fill=\"none\" stroke=\"#999\"/>\n", LEFT, top, SQUARE, SQUARE);
    cx_buf_format(out, "<line x1=\"%d\" y1=\"%.0f\" x2=\"%d\" y2=\"%.0f\" stroke=\"#999\" stroke-dasharray=\"4 3\"/>\n", LEFT, top + SQUARE,
                  LEFT + SQUARE, top);
    for (int tick = 0; tick <= 10; tick += 5) {
        char label[8];
        snprintf(label, sizeof label, "%.1f", tick / 10.0);
        add_text(out, LEFT + SQUARE * tick / 10.0, top + SQUARE + 16, "middle", cx_str(label));
        add_text(out, LEFT - 6, top + SQUARE * (1 - tick / 10.0) + 4, "end", cx_str(label));
    }
    add_text(out, LEFT + SQUARE / 2.0, top + SQUARE + 34, "middle", CX_STR("score: how sure it is"));
    cx_buf_format(out, "<text x=\"18\" y=\"%.0f\" text-anchor=\"middle\" transform=\"rotate(-90 18 %.0f)\">how often it is right</text>\n",
                  top + SQUARE / 2.0, top + SQUARE / 2.0);
    for (size_t i = 0; i < eval->model_count; i++) {
        char line[300];
        const struct cx_eval_model *model = &eval->models[i];
        add_bins(out, &model->figures, colour_of(i), top);
        snprintf(line, sizeof line, "%.*s: %.1f %% right, macro F1 %.1f, ECE %.1f", CX_STR_ARG(cx_utf8_prefix(model->version, 60)),
                 100 * model->figures.accuracy, 100 * model->figures.macro_f1, 100 * model->figures.ece);
        cx_buf_format(out, "<g fill=\"%s\">", colour_of(i));
        add_text(out, LEFT - 40, top + SQUARE + 56 + 16 * (double)i, "start", cx_str(line));
        cx_buf_str(out, CX_STR("</g>\n"));
    }
}

/* ---- bars ---- */

static void add_bar(struct cx_buf *out, double y, double height, double value, struct cx_interval interval, const char *colour)
{
    double middle = y + height / 2;
    cx_buf_format(out, "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" opacity=\".75\"/>\n", BARS_AT, y, BARS * value, height,
                  colour);
    cx_buf_format(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#222\"/>\n", BARS_AT + BARS * interval.low, middle,
                  BARS_AT + BARS * interval.high, middle);
}

/* F1 by label, then macro F1 by language. */
static void add_bars(struct cx_buf *out, const struct cx_eval_head *eval, double top)
{
    double y = top, height = (ROW - 4.0) / (double)eval->model_count;
    for (uint32_t c = 0; c < cx_eval_labels(eval); c++) {
        if (eval->models[0].figures.support[c] == 0)
            continue;
        add_text(out, BARS_AT - 8, y + ROW - 5, "end", cx_utf8_prefix(cx_eval_label(eval, c), 34));
        for (size_t i = 0; i < eval->model_count; i++)
            add_bar(out, y + height * (double)i, height, eval->models[i].figures.f1[c], eval->models[i].intervals.f1[c], colour_of(i));
        y += ROW;
    }
    y += ROW / 2.0;
    for (size_t l = 0; l < eval->models[0].language_count; l++) {
        add_text(out, BARS_AT - 8, y + ROW - 5, "end", eval->models[0].languages[l].code);
        for (size_t i = 0; i < eval->model_count; i++)
            add_bar(out, y + height * (double)i, height, eval->models[i].languages[l].figures.macro_f1,
                    eval->models[i].languages[l].intervals.macro_f1, colour_of(i));
        y += ROW;
    }
    for (int tick = 0; tick <= 10; tick += 5) {
        char label[8];
        double x = BARS_AT + BARS * tick / 10.0;
        snprintf(label, sizeof label, "%d", tick * 10);
        cx_buf_format(out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#ccc\"/>\n", x, top - 4, x, y);
        add_text(out, x, y + 12, "middle", cx_str(label));
    }
}

static double rows_of(const struct cx_eval_head *eval)
{
    double rows = (double)eval->models[0].language_count + 3;
    for (uint32_t c = 0; c < cx_eval_labels(eval); c++)
        rows += eval->models[0].figures.support[c] > 0;
    return rows * ROW > SQUARE + 90 ? rows * ROW : SQUARE + 90;
}

void cx_eval_plot(struct cx_buf *out, const struct cx_eval_head *const *evals, size_t n)
{
    double height = 10, top = TOP;
    for (size_t i = 0; i < n; i++)
        height += rows_of(evals[i]) + TOP + 20;
    cx_buf_format(out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%.0f\" viewBox=\"0 0 %d %.0f\" font-family=\"sans-serif\" "
                  "font-size=\"11\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                  WIDTH, height, WIDTH, height);
    for (size_t i = 0; i < n; i++) {
        char title[200];
        snprintf(title, sizeof title, "%.*s: %zu texts", CX_STR_ARG(evals[i]->head), evals[i]->models[0].measure.n);
        cx_buf_str(out, CX_STR("<g font-size=\"14\" font-weight=\"bold\">"));
        add_text(out, LEFT - 40, top - 16, "start", cx_str(title));
        cx_buf_str(out, CX_STR("</g>\n"));
        add_text(out, BARS_AT, top - 16, "start", CX_STR("F1 by label, then macro F1 by language; lines are 95 % intervals"));
        add_reliability(out, evals[i], top);
        add_bars(out, evals[i], top);
        top += rows_of(evals[i]) + TOP + 20;
    }
    cx_buf_str(out, CX_STR("</svg>\n"));
}
