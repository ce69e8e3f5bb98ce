/* card.c - the card as JSON. Figures are percentages to one place. */
#include "learn/card.h"
#include "base/hash.h"
#include "base/json.h"
#include <math.h>

static void add_percent(struct cx_buf *card, const char *name, double share)
{
    cx_buf_format(card, ",\"%s\":", name);
    cx_json_f64(card, rint(share * 1000) / 10);
}

static void add_sets(struct cx_buf *card, const struct cx_recipe *recipe, bool only_open)
{
    bool is_first = true;
    for (size_t i = 0; i < recipe->count; i++) {
        const struct cx_recipe_row *row = &recipe->rows[i];
        if ((only_open && !row->is_open) || row->train_count == 0)
            continue;
        cx_buf_str(card, is_first ? CX_STR("{\"head\":") : CX_STR(",{\"head\":"));
        is_first = false;
        cx_json_string(card, row->head);
        cx_buf_str(card, CX_STR(",\"set\":"));
        cx_json_string(card, row->set);
        cx_buf_format(card, ",\"texts\":%zu,\"licence\":", row->train_count);
        cx_json_string(card, row->licence);
        if (row->taught_by.ptr != NULL) {
            cx_buf_str(card, CX_STR(",\"taught_by\":"));
            cx_json_string(card, row->taught_by);
        }
        cx_buf_format(card, ",\"open\":%s}", row->is_open ? "true" : "false");
    }
}

/* Of a set in several languages: the recall of each. */
static void add_recalls(struct cx_buf *card, const struct cx_learn_task *task, const struct cx_figures *figures)
{
    cx_buf_str(card, CX_STR(",\"recalls\":{"));
    bool is_first = true;
    for (uint32_t i = 0; i < task->label_count; i++) {
        if (figures->support[i] == 0)
            continue;
        if (!is_first)
            cx_buf_byte(card, ',');
        is_first = false;
        cx_json_string(card, task->labels[i]);
        cx_buf_byte(card, ':');
        cx_json_f64(card, rint(figures->recall[i] * 1000) / 10);
    }
    cx_buf_byte(card, '}');
}

static void add_figures(struct cx_buf *card, const struct cx_build_head *head, const struct cx_recipe_row *row, uint16_t set, bool *is_first)
{
    const struct cx_learn_task *task = head->task;
    const struct cx_example *examples = task->dev;
    uint32_t *some = calloc(head->held.n + 1, sizeof *some);
    size_t n = 0;
    for (size_t i = 0; i < head->held.n; i++)
        if (examples[i].set == set)
            some[n++] = (uint32_t)i;
    struct cx_figures figures;
    cx_measure_figures(&head->held, some, n, &figures);
    free(some);
    if (n == 0)
        return;
    cx_buf_str(card, *is_first ? CX_STR("{\"head\":") : CX_STR(",{\"head\":"));
    *is_first = false;
    cx_json_string(card, row->head);
    cx_buf_str(card, CX_STR(",\"set\":"));
    cx_json_string(card, row->set);
    cx_buf_str(card, CX_STR(",\"language\":"));
    cx_json_string(card, row->language);
    cx_buf_format(card, ",\"texts\":%zu", n);
    add_percent(card, "accuracy", figures.accuracy);
    add_percent(card, "macro_f1", figures.macro_f1);
    add_percent(card, "macro_recall", figures.macro_recall);
    add_percent(card, "ece", figures.ece);
    if (row->language.ptr == NULL)
        add_recalls(card, task, &figures);
    cx_buf_byte(card, '}');
}

/* What int8 changed, head by head: figures with it less figures without. */
static void add_rounding(struct cx_buf *card, const struct cx_build *build)
{
    for (size_t h = 0; h < build->head_count; h++) {
        const struct cx_rounding *rounding = &build->heads[h].rounding;
        cx_buf_str(card, h == 0 ? CX_STR(",\"int8\":[{\"head\":") : CX_STR(",{\"head\":"));
        cx_json_string(card, build->heads[h].task->name);
        cx_buf_format(card, ",\"texts\":%zu,\"said_otherwise\":%zu,\"accuracy\":", rounding->texts, rounding->said_otherwise);
        cx_json_f64(card, rint(rounding->accuracy * 10000) / 100);
        cx_buf_str(card, CX_STR(",\"macro_f1\":"));
        cx_json_f64(card, rint(rounding->macro_f1 * 10000) / 100);
        cx_buf_str(card, h + 1 == build->head_count ? CX_STR("}]") : CX_STR("}"));
    }
}

void cx_card_write(struct cx_buf *card, const struct cx_recipe *recipe, const struct cx_build *build, bool only_open, struct cx_str date)
{
    char hash[32];
    bool is_first = true;
    cx_id_hex(recipe->hash, hash);
    cx_buf_str(card, CX_STR("{\"date\":"));
    cx_json_string(card, date);
    cx_buf_format(
        card,
        ",\"data\":\"%.32s\",\"note\":\"The texts are not part of the model. Figures are percentages on texts that were not fitted; temperatures "
        "were chosen on the same.\",\"sets\":[",
        hash);
    add_sets(card, recipe, only_open);
    cx_buf_str(card, CX_STR("],\"figures\":["));
    for (size_t i = 0; i < recipe->count; i++)
        for (size_t h = 0; h < build->head_count; h++)
            if (cx_str_eq(build->heads[h].task->name, recipe->rows[i].head) && !(only_open && !recipe->rows[i].is_open))
                add_figures(card, &build->heads[h], &recipe->rows[i], (uint16_t)i, &is_first);
    cx_buf_byte(card, ']');
    add_rounding(card, build);
    cx_buf_byte(card, '}');
}
