/* eval.c - cx eval: how good heads of a model are on labelled texts that it has not seen. */
#include "run/eval.h"
#include "base/json.h"
#include "learn/file.h"
#include "run/models.h"
#include "run/output.h"
#include "run/verb.h"

enum { MODEL, DATA, BASE, HEAD, COLUMN, COMPARE, PLOT, JSON };
static const struct cx_flag flags[] = {
    { "model", 'm', "FILE", "The model, or an overlay (cx: the one compiled in, which it is without this)." },
    { "data", 'd', "FILE", "Labelled texts: a TSV with a header that has the column text, or lines of label TAB text." },
    { "base", 'b', "FILE", "What an overlay lies on (cx)." },
    { "head", 0, "NAME", "The head; without it every head that the data has a column of, or the model's only one." },
    { "column", 0, "NAME", "The column of the labels of --head (the head's name)." },
    { "compare", 0, "FILE", "A second model on the same texts: McNemar's test, a paired bootstrap, and a verdict." },
    { "plot", 0, "FILE", "Also draws reliability diagrams and bars of F1, as SVG." },
    { "json", 0, NULL, "One JSON object." },
    { 0 },
};

#define MEMORY_MAX     ((size_t)8 << 30)
#define LANGUAGE_TEXTS 20 /* a language with fewer has no row of its own */

struct evaluating {
    const struct cx_args *args;
    struct cx_arena *arena;
    struct cx_str content;
    struct cx_model models[2];
    size_t model_count;
    struct cx_eval_head *heads[CX_EVAL_HEADS];
    size_t head_count;
};

/* ---- the texts ---- */

static bool has_column(struct cx_str content, struct cx_str name)
{
    return cx_text_column(content, CX_STR("text")) >= 0 && cx_text_column(content, name) >= 0;
}

static struct cx_text_source source_of(const struct evaluating *e, struct cx_str head)
{
    struct cx_text_source source = {
        .path = cx_str(e->args->values[DATA]), .content = e->content, .column = cx_str(e->args->values[COLUMN]), .is_measured = true, .weight = 1
    };
    cx_text_source_detect(&source, head);
    return source;
}

/* False where they are too many. */
static bool add_labels(struct cx_learn_task *task, const struct cx_head *head)
{
    for (uint32_t i = 0; i < head->label_count; i++) {
        if (cx_learn_task_label(task, head->labels[i]) >= 0)
            continue;
        if (task->label_count == CX_LABELS_MAX || (task->label_count == 64 && head->kind == CX_HEAD_ANY_OF))
            return false;
        task->labels[task->label_count++] = head->labels[i];
    }
    return true;
}

/* The examples; labels are the models', and in a ONE_OF head those that only the data knows, which no model can get right; sets of labels
 * have none but the models'. */
static int read_texts(const struct evaluating *e, struct cx_eval_head *eval, enum cx_feature_kind features, struct cx_error *err)
{
    struct cx_head_plan *plan = CX_NEW(e->arena, struct cx_head_plan);
    *plan = (struct cx_head_plan){ .kind = eval->kind, .features = features };
    struct cx_text_source source = source_of(e, eval->head);
    eval->task = (struct cx_learn_task){ .name = eval->head, .plan = plan };
    for (size_t i = 0; i < e->model_count; i++)
        if (!add_labels(&eval->task, cx_model_head(&e->models[i], eval->head)))
            return cx_fail(err, CX_EXIT_DATA, "%.*s: the models have too many labels to be told together", CX_STR_ARG(eval->head));
    eval->task.is_closed = eval->kind == CX_HEAD_ANY_OF;
    CX_TRY(cx_learn_task_read(&eval->task, e->arena, &source, err));
    return eval->task.count > 0 ? 0 : cx_fail(err, CX_EXIT_DATA, "%s: no text", e->args->values[DATA]);
}

/* ---- their languages ---- */

/* The model's language head, or that of the one compiled in; NULL: neither has one. */
static const struct cx_model *teller(const struct evaluating *e)
{
    struct cx_error err;
    struct cx_model *own = CX_NEW(e->arena, struct cx_model);
    if (cx_model_head(&e->models[0], CX_STR("language")) != NULL)
        return &e->models[0];
    return cx_models_load(e->arena, NULL, own, &err) == 0 && cx_model_head(own, CX_STR("language")) != NULL ? own : NULL;
}

/* The same texts again, labelled by language: by the file's column where it has one, else by a model. */
static int read_languages(const struct evaluating *e, const struct cx_eval_head *eval, struct cx_learn_task *task, struct cx_error *err)
{
    static const struct cx_head_plan plan = { .kind = CX_HEAD_ONE_OF, .features = CX_FEATURES_LETTERS };
    struct cx_text_source source = source_of(e, eval->head);
    bool is_told = has_column(e->content, CX_STR("language"));
    if (is_told)
        source.column = CX_STR("language");
    else
        source.skips_unknown = true; /* labels of another head are none of languages */
    *task = (struct cx_learn_task){ .name = CX_STR("language"), .plan = &plan };
    CX_TRY(cx_learn_task_read(task, e->arena, &source, err));
    const struct cx_model *model = is_told ? NULL : teller(e);
    const struct cx_head *head = model != NULL ? cx_model_head(model, CX_STR("language")) : NULL;
    float *values = CX_NEW_ARRAY(e->arena, float, model != NULL ? model->score_count : 1);
    if (!is_told)
        task->label_count = 0;
    if (head != NULL)
        add_labels(task, head);
    for (size_t i = 0; i < task->count && !is_told; i++) {
        struct cx_features features = cx_example_list(&task->examples[i]);
        task->examples[i].label = -1;
        if (head == NULL || features.count == 0)
            continue;
        cx_model_logits(model, CX_FEATURES_LETTERS, &features, values);
        cx_head_scores(head, values + head->first);
        task->examples[i].label = cx_head_choice(head, values + head->first);
    }
    return 0;
}

static void add_language(const struct evaluating *e, struct cx_eval_model *model, struct cx_str code, const uint32_t *texts, size_t n)
{
    struct cx_eval_language *language = &model->languages[model->language_count++];
    *language = (struct cx_eval_language){ .code = code, .n = n };
    language->texts = CX_NEW_ARRAY(e->arena, uint32_t, n);
    memcpy(language->texts, texts, n * sizeof *texts);
    cx_measure_figures(&model->measure, language->texts, n, &language->figures);
    cx_measure_intervals(&model->measure, language->texts, n, &language->intervals);
}

/* Rows of a model by language; what is rare is one row. */
static void measure_languages(const struct evaluating *e, struct cx_eval_model *model, const struct cx_learn_task *languages)
{
    uint32_t *texts = CX_NEW_ARRAY(e->arena, uint32_t, languages->count + 1), *rare = CX_NEW_ARRAY(e->arena, uint32_t, languages->count + 1);
    size_t rare_count = 0;
    model->languages = CX_NEW_ARRAY(e->arena, struct cx_eval_language, CX_EVAL_LANGUAGES);
    for (int32_t label = -1; label < (int32_t)languages->label_count; label++) {
        size_t n = 0;
        for (size_t i = 0; i < languages->count; i++)
            if (languages->examples[i].label == label)
                texts[n++] = (uint32_t)i;
        if (n >= LANGUAGE_TEXTS && label >= 0 && model->language_count < CX_EVAL_LANGUAGES - 1) {
            add_language(e, model, languages->labels[label], texts, n);
        } else {
            memcpy(rare + rare_count, texts, n * sizeof *texts);
            rare_count += n;
        }
    }
    if (rare_count > 0 && rare_count < languages->count)
        add_language(e, model, CX_STR("other"), rare, rare_count);
}

/* ---- the models on them ---- */

static void compare(struct cx_eval_head *eval)
{
    const struct cx_eval_model *first = &eval->models[0], *second = &eval->models[1];
    cx_measure_compare(&first->measure, &second->measure, &eval->comparison);
    cx_comparison_verdict(&eval->comparison, first->file, second->file, eval->verdict, sizeof eval->verdict);
    for (size_t i = 0; i < eval->model_count; i++)
        cx_comparison_is_empty(&eval->models[i].figures, eval->models[i].knows, eval->task.label_count, eval->models[i].file, eval->verdict,
                               sizeof eval->verdict);
}

static int eval_head(struct evaluating *e, const struct cx_head *head, struct cx_error *err)
{
    struct cx_eval_head *eval = CX_NEW(e->arena, struct cx_eval_head);
    struct cx_learn_task languages;
    memset(eval, 0, sizeof *eval);
    eval->head = head->name;
    eval->kind = head->kind;
    eval->data = e->args->values[DATA];
    enum cx_feature_kind features = e->models[0].tables[head->table].features;
    for (size_t i = 0; i < e->model_count; i++) {
        const struct cx_head *other = cx_model_head(&e->models[i], head->name);
        if (other == NULL || other->kind != head->kind || e->models[i].tables[other->table].features != features)
            return cx_fail(err, CX_EXIT_DATA, "%s has no head %.*s of that kind", e->args->values[i == 0 ? MODEL : COMPARE], CX_STR_ARG(head->name));
    }
    CX_TRY(read_texts(e, eval, features, err));
    CX_TRY(read_languages(e, eval, &languages, err));
    for (size_t i = 0; i < e->model_count; i++) {
        struct cx_eval_model *model = &eval->models[eval->model_count++];
        model->file = e->args->values[i == 0 ? MODEL : COMPARE] != NULL ? e->args->values[i == 0 ? MODEL : COMPARE] : "cx";
        model->version = e->models[i].version;
        const struct cx_head *own = cx_model_head(&e->models[i], head->name);
        cx_judge(&e->models[i], own, &eval->task, &model->measure);
        for (uint32_t c = 0; c < own->label_count; c++)
            model->knows[cx_learn_task_label(&eval->task, own->labels[c])] = true;
        cx_measure_figures(&model->measure, NULL, model->measure.n, &model->figures);
        cx_measure_intervals(&model->measure, NULL, model->measure.n, &model->intervals);
        measure_languages(e, model, &languages);
    }
    cx_learn_task_free(&languages);
    if (e->model_count == 2)
        compare(eval);
    e->heads[e->head_count++] = eval;
    return 0;
}

/* ---- which heads ---- */

/* A first line that is no label and text, and names no column of texts. */
static bool lacks_text(const struct evaluating *e)
{
    struct cx_str rest = e->content, line, field;
    const char *head = e->args->values[HEAD];
    size_t columns = 0;
    if (cx_text_column(rest, CX_STR("text")) >= 0)
        return false;
    for (uint32_t i = 0; i < e->models[0].head_count; i++)
        if ((head == NULL || cx_str_is(e->models[0].heads[i].name, head)) && cx_text_column(rest, e->models[0].heads[i].name) >= 0)
            return true;
    cx_str_cut(&rest, '\n', &line);
    while (cx_str_cut(&line, '\t', &field))
        columns++;
    return columns != 2 && head == NULL && e->models[0].head_count > 1;
}

static int no_head(const struct evaluating *e, struct cx_error *err)
{
    struct cx_buf names;
    cx_buf_init(&names, 4096);
    for (uint32_t i = 0; i < e->models[0].head_count; i++)
        cx_buf_format(&names, " %.*s", CX_STR_ARG(e->models[0].heads[i].name));
    if (cx_args_has(e->args, COLUMN))
        cx_fail(err, CX_EXIT_USAGE, "--column %s: labels of which head? add --head, one of%.*s", e->args->values[COLUMN], (int)names.len, names.ptr);
    else
        cx_fail(err, CX_EXIT_USAGE, "which head? %s names none of%.*s: --head, or a column of that name", e->args->values[DATA], (int)names.len,
                names.ptr);
    cx_buf_free(&names);
    return -1;
}

static int eval_heads(struct evaluating *e, struct cx_error *err)
{
    const struct cx_model *model = &e->models[0];
    if (cx_str_trim(e->content).len == 0)
        return cx_fail(err, CX_EXIT_DATA, "%s: no text", e->args->values[DATA]);
    if (lacks_text(e))
        return cx_fail(err, CX_EXIT_DATA, "%s:1: no column text: name it and those of the heads in a header, or give label TAB text and --head",
                       e->args->values[DATA]);
    if (cx_args_has(e->args, HEAD)) {
        const struct cx_head *head = cx_model_head(model, cx_str(e->args->values[HEAD]));
        return head != NULL ? eval_head(e, head, err) : cx_fail(err, CX_EXIT_USAGE, "%s: the model has no such head", e->args->values[HEAD]);
    }
    if (cx_args_has(e->args, COLUMN) && model->head_count > 1)
        return no_head(e, err);
    for (uint32_t i = 0; i < model->head_count && e->head_count < CX_EVAL_HEADS; i++)
        if (cx_text_column(e->content, model->heads[i].name) >= 0 && (!cx_str_is(model->heads[i].name, "language") || model->head_count == 1))
            CX_TRY(eval_head(e, &model->heads[i], err));
    if (e->head_count == 0 && model->head_count == 1)
        return eval_head(e, model->heads, err);
    return e->head_count > 0 ? 0 : no_head(e, err);
}

/* ---- telling ---- */

static int check_plot(const struct cx_args *args, struct cx_error *err)
{
    const struct cx_output_spared spared[] = { { flags[DATA].name, args->values[DATA] },
                                               { flags[MODEL].name, cx_models_file(args->values[MODEL]) },
                                               { flags[BASE].name, cx_models_file(args->values[BASE]) },
                                               { flags[COMPARE].name, cx_models_file(args->values[COMPARE]) } };
    return cx_output_check(args->values[PLOT], spared, sizeof spared / sizeof *spared, err);
}

static int write_plot(const struct evaluating *e, struct cx_error *err)
{
    struct cx_buf picture;
    cx_buf_init(&picture, (size_t)16 << 20);
    cx_eval_plot(&picture, (const struct cx_eval_head *const *)e->heads, e->head_count);
    int status = cx_output_write(e->args->values[PLOT], cx_buf_view(&picture), err);
    cx_buf_free(&picture);
    return status;
}

static void tell(const struct evaluating *e)
{
    struct cx_buf out;
    if (!cx_args_has(e->args, JSON)) {
        for (size_t i = 0; i < e->head_count; i++) {
            printf("%s", i > 0 ? "\n" : "");
            cx_eval_print(e->heads[i]);
        }
        return;
    }
    cx_buf_init(&out, (size_t)64 << 20);
    for (size_t i = 0; i < e->head_count; i++) {
        cx_buf_str(&out, i == 0 ? CX_STR("{\"heads\":[") : CX_STR(","));
        cx_eval_json(&out, e->heads[i]);
    }
    cx_buf_str(&out, CX_STR("]}\n"));
    fwrite(out.ptr, 1, out.len, stdout);
    cx_buf_free(&out);
}

static int eval(struct evaluating *e, struct cx_error *err)
{
    if (cx_args_has(e->args, PLOT))
        CX_TRY(check_plot(e->args, err));
    CX_TRY(cx_models_load_whole(e->arena, e->args->values[MODEL], e->args->values[BASE], &e->models[e->model_count++], err));
    if (cx_args_has(e->args, COMPARE))
        CX_TRY(cx_models_load_whole(e->arena, e->args->values[COMPARE], e->args->values[BASE], &e->models[e->model_count++], err));
    CX_TRY(learn_read_file(e->arena, cx_str(e->args->values[DATA]), &e->content, err));
    CX_TRY(eval_heads(e, err));
    tell(e);
    return cx_args_has(e->args, PLOT) ? write_plot(e, err) : 0;
}

static int run_eval(const struct cx_args *args, struct cx_error *err)
{
    if (!cx_args_has(args, DATA)) {
        cx_fail(err, CX_EXIT_USAGE, "needs --data FILE (cx eval --help)");
        return CX_EXIT_USAGE;
    }
    struct evaluating e = { .args = args, .arena = cx_arena_new(MEMORY_MAX) };
    int status = eval(&e, err);
    for (size_t i = 0; i < e.head_count; i++) {
        cx_learn_task_free(&e.heads[i]->task);
        for (size_t k = 0; k < e.heads[i]->model_count; k++)
            cx_measure_free(&e.heads[i]->models[k].measure);
    }
    cx_arena_free(e.arena);
    return status == 0 ? CX_EXIT_OK : (int)err->exit;
}

const struct cx_verb cx_verb_eval = {
    .name = "eval",
    .synopsis = "--data FILE [options]",
    .doc = "Measures heads of a model on labelled texts, by label and language: precision, recall, F1 with 95 % intervals, confusion, calibration.",
    .examples = "  cx eval --data held.tsv                             # every head that the file has a column of\n"
                "  cx eval --data held.tsv --head toxicity --column toxic\n"
                "  cx eval --model acme.cxm --data held.tsv --plot acme.svg\n"
                "  cx eval --data held.tsv --head intent --compare acme.cxm\n",
    .flags = flags,
    .operands = 0,
    .run = run_eval,
};
