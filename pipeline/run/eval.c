/* eval.c - cx eval: how good a head of a model is on labelled texts that it has not seen. */
#include "codec/codec.h"
#include "learn/learn.h"
#include "base/json.h"
#include "learn/file.h"
#include "run/registry.h"
#include "run/verb.h"
#include <math.h>

enum { MODEL, DATA, HEAD, COLUMN, COMPARE, JSON };
static const struct cx_flag flags[] = {
    { "model", 'm', "FILE", "The model; the one compiled in." },
    { "data", 'd', "FILE", "Labelled texts: lines of label TAB text, or with --column a TSV with a header that has the column text." },
    { "head", 0, "NAME", "The head (the model's only one)." },
    { "column", 0, "NAME", "The column of the labels." },
    { "compare", 0, "FILE", "A second model on the same texts, with McNemar's test." },
    { "json", 0, NULL, "One JSON object." },
    { 0 },
};

#define IMAGE_MAX  ((size_t)1 << 30)
#define MEMORY_MAX ((size_t)8 << 30)

static int load(struct cx_arena *arena, const char *path, struct cx_model *model, struct cx_error *err)
{
    struct cx_str file = cx_resource_find(CX_STR("models/cx.cxm"));
    struct cx_buf image;
    if (path != NULL)
        CX_TRY(learn_read_file(arena, cx_str(path), &file, err));
    cx_buf_init(&image, IMAGE_MAX);
    int status = file.ptr != NULL && cx_zstd_decompress(&image, file) == 0
                     ? cx_model_read(arena, cx_buf_view(&image), model, err)
                     : cx_fail(err, CX_EXIT_DATA, "%s: no model", path != NULL ? path : "models/cx.cxm");
    cx_buf_free(&image);
    return status;
}

/* The examples as a task whose labels are the head's. */
static int read_data(const struct cx_args *args, struct cx_arena *arena, const struct cx_head *head, struct cx_head_plan *plan,
                     struct cx_learn_task *task, enum cx_feature_kind features, struct cx_error *err)
{
    struct cx_text_source source = { .path = cx_str(args->values[DATA]), .column = cx_str(args->values[COLUMN]), .weight = 1 };
    *plan = (struct cx_head_plan){ .kind = head->kind, .features = features };
    *task = (struct cx_learn_task){ .name = head->name, .plan = plan, .label_count = head->label_count };
    memcpy(task->labels, head->labels, head->label_count * sizeof *head->labels);
    source.skips_unknown = true;
    CX_TRY(learn_read_file(arena, source.path, &source.content, err));
    CX_TRY(cx_learn_task_read(task, arena, &source, err));
    return task->count > 0 ? 0 : cx_fail(err, CX_EXIT_DATA, "%s: no text", args->values[DATA]);
}

static void judge(const struct cx_model *model, const struct cx_head *head, const struct cx_learn_task *task, struct cx_measure *measure)
{
    float *values = calloc(model->score_count + 1, sizeof *values);
    cx_assert(values != NULL);
    cx_measure_init(measure, head->kind, head->label_count, task->count);
    for (size_t i = 0; i < task->count; i++) {
        const struct cx_example *example = &task->examples[i];
        struct cx_features features = { example->hashes, example->count, NULL };
        cx_model_logits(model, model->tables[head->table].features, &features, values);
        cx_head_scores(head, values + head->first);
        measure->truth[i] = example->label;
        measure->truths[i] = example->labels;
        measure->said[i] = head->kind == CX_HEAD_ONE_OF ? cx_head_choice(head, values + head->first) : -1;
        for (uint32_t c = 0; c < head->label_count; c++) {
            float score = values[head->first + c];
            measure->scores[i * head->label_count + c] = score;
            if (head->kind == CX_HEAD_ANY_OF && score >= head->threshold[c])
                measure->saids[i] |= UINT64_C(1) << c;
        }
    }
    free(values);
}

static bool is_right(const struct cx_measure *m, size_t i)
{
    return m->kind == CX_HEAD_ONE_OF ? m->truth[i] == m->said[i] : m->truths[i] == m->saids[i];
}

/* Half the width of the 95 % interval of a share of n (Wald). */
static double margin(double share, size_t n)
{
    return n > 0 ? 1.96 * sqrt(share * (1 - share) / (double)n) : 0;
}

static void print_figures(const struct cx_head *head, const struct cx_measure *measure, bool as_json)
{
    struct cx_figures figures;
    cx_measure_figures(measure, NULL, measure->n, &figures);
    if (as_json) {
        printf("{\"head\":\"%.*s\",\"texts\":%zu,\"accuracy\":%.4f,\"accuracy_margin\":%.4f,\"macro_f1\":%.4f,\"macro_recall\":%.4f,\"ece\":%.4f}\n",
               CX_STR_ARG(head->name), measure->n, figures.accuracy, margin(figures.accuracy, measure->n), figures.macro_f1, figures.macro_recall,
               figures.ece);
        return;
    }
    printf("%.*s, %zu texts: %.1f ± %.1f %% right, macro F1 %.1f, macro recall %.1f, calibration error %.1f\n", CX_STR_ARG(head->name), measure->n,
           100 * figures.accuracy, 100 * margin(figures.accuracy, measure->n), 100 * figures.macro_f1, 100 * figures.macro_recall, 100 * figures.ece);
    for (uint32_t c = 0; c < head->label_count; c++)
        if (figures.support[c] > 0)
            printf("  %-32.*s precision %5.1f  recall %5.1f ± %4.1f  F1 %5.1f  of %zu\n", CX_STR_ARG(head->labels[c]), 100 * figures.precision[c],
                   100 * figures.recall[c], 100 * margin(figures.recall[c], figures.support[c]), 100 * figures.f1[c], figures.support[c]);
}

/* McNemar: of the texts that only one of two models gets right, is the split what a coin would give? */
static void print_comparison(const struct cx_measure *a, const struct cx_measure *b)
{
    double only_a = 0, only_b = 0;
    for (size_t i = 0; i < a->n; i++) {
        only_a += is_right(a, i) && !is_right(b, i);
        only_b += is_right(b, i) && !is_right(a, i);
    }
    double n = only_a + only_b, distance = fabs(only_a - only_b) - 1;
    double p = n > 0 ? erfc(sqrt((distance > 0 ? distance * distance : 0) / n / 2)) : 1;
    printf("only the first is right on %.0f, only the second on %.0f: p = %.4f (McNemar)\n", only_a, only_b, p);
}

static int eval_model(const struct cx_args *args, const char *path, struct cx_arena *arena, struct cx_measure *measure, struct cx_error *err)
{
    struct cx_model model;
    struct cx_head_plan plan;
    static struct cx_learn_task task;
    CX_TRY(load(arena, path, &model, err));
    const struct cx_head *head = cx_args_has(args, HEAD) ? cx_model_head(&model, args->values[HEAD]) : model.head_count == 1 ? model.heads : NULL;
    if (head == NULL)
        return cx_fail(err, CX_EXIT_USAGE, "which head? --head names one that the model has (zstd -dc FILE | head -n 3 shows them)");
    CX_TRY(read_data(args, arena, head, &plan, &task, model.tables[head->table].features, err));
    judge(&model, head, &task, measure);
    print_figures(head, measure, cx_args_has(args, JSON));
    cx_learn_task_free(&task);
    return 0;
}

static int run_eval(const struct cx_args *args, struct cx_error *err)
{
    if (!cx_args_has(args, DATA)) {
        cx_fail(err, CX_EXIT_USAGE, "needs --data FILE (cx eval --help)");
        return CX_EXIT_USAGE;
    }
    struct cx_arena *arena = cx_arena_new(MEMORY_MAX);
    struct cx_measure first = { 0 }, second = { 0 };
    int status = eval_model(args, args->values[MODEL], arena, &first, err);
    if (status == 0 && cx_args_has(args, COMPARE)) {
        status = eval_model(args, args->values[COMPARE], arena, &second, err);
        if (status == 0)
            print_comparison(&first, &second);
    }
    cx_measure_free(&first);
    cx_measure_free(&second);
    cx_arena_free(arena);
    return status == 0 ? CX_EXIT_OK : (int)err->exit;
}

const struct cx_verb cx_verb_eval = {
    .name = "eval",
    .synopsis = "--data FILE [options]",
    .doc = "Measures a head of a model on labelled texts: precision, recall, F1 with intervals, calibration; two models against each other.",
    .examples = "  cx eval --head sentiment --data held.tsv --column sentiment\n  cx eval --model acme.cxm --data held.tsv\n"
                "  cx eval --head sentiment --data held.tsv --compare acme.cxm\n",
    .flags = flags,
    .operands = 0,
    .run = run_eval,
};
