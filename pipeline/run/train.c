/* train.c - cx train: a model of one's own from labelled texts, or an overlay: what one's own labels add to a model that is there. */
#include "base/hash.h"
#include "base/json.h"
#include "learn/build.h"
#include "learn/file.h"
#include "learn/overlay.h"
#include "learn/taught.h"
#include "run/models.h"
#include "run/output.h"
#include "run/registry.h"
#include "run/verb.h"

enum { DATA, BASE, HEAD, COLUMN, NAME, OUT, TAUGHT };
static const struct cx_flag flags[] = {
    { "data", 'd', "FILE", "Labelled texts: what cx label writes, any TSV with a header that has the column text, or lines of label TAB text." },
    { "base", 'b', "FILE", "Makes an overlay on this model (cx: the one compiled in) for classify.overlays; else a model that stands alone." },
    { "head", 0, "NAME", "What is told: intent with --base, else intent_own. Names that the base does not know are heads of one's own." },
    { "column", 0, "NAME", "The column of the labels (the head's name)." },
    { "name", 0, "NAME", "What records call it, before a hash of what it holds (the head's name)." },
    { "out", 'o', "FILE", "Where the model goes; a process that has it loaded takes the new one by itself." },
    { "taught", 0, "FILE",
      "What a pretrained network takes each text for, of one label a text; learned from beside the labels. tools/teach/teach writes it." },
    { 0 },
};

#define BACKGROUND     "models/data/background.tsv"
#define IMAGE_MAX      ((size_t)1 << 30)
#define MEMORY_MAX     ((size_t)8 << 30)
#define TEXTS_LEAST    (2 * CX_FOLDS)
#define LANGUAGES_MAX  16
#define LANGUAGE_TEXTS 5 /* a language with fewer is not taken for one the overlay speaks */

struct training {
    const struct cx_args *args;
    struct cx_arena *arena;
    struct cx_text_source source;
    struct cx_learn_task task;
    struct cx_head_plan plan;
    bool has_base, has_kept_back;
    struct cx_model base;
    const struct cx_head *below; /* the base's head of this name, NULL: it has none */
    struct cx_build build;
    struct cx_str name;
};

static void say(void *context, struct cx_str head, const char *what)
{
    (void)context;
    fprintf(stderr, "cx train: %.*s %s\n", CX_STR_ARG(head), what);
}

/* ---- the task ---- */

/* Of these a record may carry any name; of the other heads only those that there are. */
static bool is_open(struct cx_str head)
{
    return cx_str_is(head, "intent") || cx_str_is(head, "reason");
}

/* Heads and models are named by what names labels; a model is name@hash, and base+name@hash over a base. */
static int check_name(const char *flag, struct cx_str name, struct cx_error *err)
{
    if (cx_learn_is_name(name) && cx_str_find(name, '@') < 0 && cx_str_find(name, '+') < 0)
        return 0;
    return cx_fail(err, CX_EXIT_USAGE, "%s \"%.*s\": a name is at most %d bytes, without blanks, commas, @, + and control characters", flag,
                   CX_STR_ARG(cx_utf8_prefix(name, 60)), CX_LEARN_NAME_BYTES);
}

static int begin_task(struct training *t, struct cx_error *err)
{
    struct cx_learn_task *task = &t->task;
    const char *fallback = t->has_base ? "intent" : "intent_own";
    struct cx_str head = cx_str(cx_args_has(t->args, HEAD) ? t->args->values[HEAD] : fallback);
    cx_learn_task_init(task, head);
    t->name = cx_args_has(t->args, NAME) ? cx_str(t->args->values[NAME]) : head;
    CX_TRY(check_name("--head", head, err));
    CX_TRY(check_name("--name", t->name, err));
    t->plan = *task->plan;
    t->plan.name = NULL;
    task->plan = &t->plan;
    if (!t->has_base)
        return 0;
    if (t->plan.features == CX_FEATURES_LETTERS)
        return cx_fail(err, CX_EXIT_USAGE, "%.*s is told by letters, and is not laid over: train a model without --base", CX_STR_ARG(head));
    t->below = cx_model_head(&t->base, head);
    t->plan.folds = true;
    t->plan.balance = 0; /* what the base has learnt is to be corrected by what is seen, as often as it is seen */
    if (t->below == NULL)
        return 0;
    t->plan.kind = t->below->kind;
    t->plan.lift = t->below->lift; /* it is the base's scores that are lifted */
    task->known_count = task->label_count = t->below->label_count;
    memcpy(task->labels, t->below->labels, t->below->label_count * sizeof *task->labels);
    task->is_closed = !is_open(head);
    return 0;
}

/* What the base says of every text already, and background (overlay.h). */
static void lay_over(struct training *t)
{
    if (t->below == NULL)
        return;
    cx_overlay_priors(&t->task, t->arena, &t->base, t->below, 0);
    if (t->plan.kind == CX_HEAD_ONE_OF)
        cx_overlay_background(&t->task, t->arena, &t->base, t->below, cx_resource_find(CX_STR(BACKGROUND)));
}

/* Where some labelled texts were kept back from the network that taught the others, the head is judged by these alone. */
static void judge_what_was_kept_back(struct training *t)
{
    size_t kept = 0;
    for (size_t i = 0; i < t->task.count; i++)
        kept += t->task.examples[i].label >= 0 && t->task.examples[i].taught == NULL;
    t->has_kept_back = kept >= TEXTS_LEAST;
    for (size_t i = 0; i < t->task.count && t->has_kept_back; i++)
        if (t->task.examples[i].taught != NULL)
            t->task.examples[i].fold = CX_FOLDS;
}

static int read_task(struct training *t, struct cx_error *err)
{
    const char *path = t->args->values[DATA];
    t->source = (struct cx_text_source){ .path = cx_str(path), .column = cx_str(t->args->values[COLUMN]), .weight = 1, .balance = -1 };
    CX_TRY(begin_task(t, err));
    CX_TRY(learn_read_file(t->arena, t->source.path, &t->source.content, err));
    if (cx_args_has(t->args, TAUGHT)) {
        t->source.taught_path = cx_str(t->args->values[TAUGHT]);
        CX_TRY(learn_read_file(t->arena, t->source.taught_path, &t->source.taught, err));
    }
    cx_text_source_detect(&t->source, t->task.name);
    CX_TRY(cx_learn_task_read(&t->task, t->arena, &t->source, err));
    cx_learn_task_close(&t->task);
    uint32_t least = t->task.plan->kind == CX_HEAD_ANY_OF ? 1 : 2;
    if (t->task.count < TEXTS_LEAST)
        return cx_fail(err, CX_EXIT_DATA, "%s: %zu texts with a label are too few to learn from: label %d or more", path, t->task.count, TEXTS_LEAST);
    if (t->task.label_count < least)
        return cx_fail(err, CX_EXIT_DATA, "%s: its texts have %u label%s in all: it takes %u or more to learn", path, t->task.label_count,
                       t->task.label_count == 1 ? "" : "s", least);
    if (t->source.taught.ptr != NULL)
        judge_what_was_kept_back(t);
    lay_over(t);
    return 0;
}

/* ---- what it reaches ---- */

/* The folds as the base alone would have them. */
static void judge_base(const struct training *t, const struct cx_measure *folds, struct cx_measure *base)
{
    cx_measure_init(base, folds->kind, folds->labels, folds->n);
    memcpy(base->truth, folds->truth, folds->n * sizeof *base->truth);
    memcpy(base->truths, folds->truths, folds->n * sizeof *base->truths);
    struct cx_head head = *t->below;
    for (size_t i = 0; i < folds->n; i++) {
        float *values = base->scores + i * base->labels;
        memcpy(values, folds->priors + i * folds->labels, head.label_count * sizeof *values);
        cx_head_scores(&head, values);
        cx_measure_say(base, i, &head);
    }
}

/* How the head does on folds that were left out: on stdout, so that nobody has to take a model on trust. */
static void report(const struct training *t, struct cx_figures *figures)
{
    const struct cx_build_head *head = &t->build.heads[0];
    const struct cx_measure *folds = &head->folds;
    cx_measure_figures(folds, NULL, folds->n, figures);
    printf("%zu texts, each judged by a model that has not seen it%s: %.1f %% right, macro F1 %.1f, calibration error %.1f\n", folds->n,
           cx_args_has(t->args, TAUGHT) && !t->has_kept_back ? " (but who taught it has, which flatters)" : "", 100 * figures->accuracy,
           100 * figures->macro_f1, 100 * figures->ece);
    for (uint32_t c = 0; c < folds->labels; c++)
        if (figures->support[c] > 0)
            printf("  %-*.*s precision %5.1f  recall %5.1f  F1 %5.1f  of %zu%s\n", cx_utf8_field(head->task->labels[c], 32),
                   CX_STR_ARG(head->task->labels[c]), 100 * figures->precision[c], 100 * figures->recall[c], 100 * figures->f1[c],
                   figures->support[c], t->below != NULL && c >= t->below->label_count ? "  (new)" : "");
    const struct cx_rounding *rounding = &head->rounding;
    printf("int8 instead of floats: %zu of %zu texts are told otherwise, macro F1 %+.2f\n", rounding->said_otherwise, rounding->texts,
           100 * rounding->macro_f1);
    if (t->below == NULL)
        return;
    if (head->task->background > 0)
        printf("learned beside %zu texts of no company in particular, to be what the base says\n", head->task->background);
    struct cx_measure base;
    struct cx_comparison comparison;
    judge_base(t, folds, &base);
    cx_measure_compare(&base, folds, &comparison);
    char verdict[300];
    bool knows[CX_LABELS_MAX] = { false };
    memset(knows, true, t->below->label_count);
    if (!cx_comparison_is_empty(figures, knows, folds->labels, "the base", verdict, sizeof verdict))
        cx_comparison_verdict(&comparison, "the base alone", "the base with the overlay", verdict, sizeof verdict);
    printf("the base alone: %.1f %% right, macro F1 %.1f\n%s\n", 100 * comparison.first.accuracy, 100 * comparison.first.macro_f1, verdict);
    cx_measure_free(&base);
}

/* ---- the file ---- */

struct spoken {
    struct cx_str code;
    size_t texts;
};

static void count_language(struct spoken *spoken, size_t *n, struct cx_str code)
{
    for (size_t i = 0; i < *n; i++)
        if (cx_str_eq(spoken[i].code, code)) {
            spoken[i].texts++;
            return;
        }
    if (code.len == 2 && *n < LANGUAGES_MAX)
        spoken[(*n)++] = (struct spoken){ code, 1 };
}

/* Languages of the texts where the file says them: there the overlay speaks, also where its base does not. */
static size_t read_languages(const struct training *t, struct spoken *spoken)
{
    struct cx_str rest = t->source.content, line, field;
    size_t n = 0;
    int at = t->source.column.ptr != NULL ? cx_text_column(rest, CX_STR("language")) : -1, number;
    if (at < 0 || !cx_str_cut(&rest, '\n', &line))
        return 0;
    while (learn_cut_line(&rest, &line)) {
        for (number = 0; cx_str_cut(&line, '\t', &field) && number < at;)
            number++;
        if (number == at)
            count_language(spoken, &n, field);
    }
    return n;
}

static void write_card(const struct training *t, const struct cx_figures *figures, const char *hash, struct cx_buf *card)
{
    struct spoken spoken[LANGUAGES_MAX];
    size_t n = read_languages(t, spoken);
    const char *comma = "";
    char taught[32];
    cx_buf_format(card, "{\"head\":");
    cx_json_string(card, t->task.name);
    cx_buf_format(card, ",\"texts\":%zu,\"background\":%zu,\"data\":\"%.32s\",\"languages\":[", t->task.count - t->task.background,
                  t->task.background, hash);
    for (size_t i = 0; i < n; i++)
        if (spoken[i].texts >= LANGUAGE_TEXTS) {
            cx_buf_str(card, cx_str(comma));
            cx_json_string(card, spoken[i].code);
            comma = ",";
        }
    const struct cx_rounding *rounding = &t->build.heads[0].rounding;
    cx_buf_str(card, CX_STR("]"));
    if (t->source.taught.ptr != NULL) {
        cx_buf_str(card, CX_STR(",\"taught_by\":"));
        cx_json_string(card, learn_taught_by(t->source.taught));
        cx_id_hex(cx_hash128(t->source.taught.ptr, t->source.taught.len), taught);
        cx_buf_format(card, ",\"taught\":\"%.32s\"", taught);
    }
    cx_buf_format(card, ",\"folds\":{\"accuracy\":%.4f,\"macro_f1\":%.4f,\"ece\":%.4f}", figures->accuracy, figures->macro_f1, figures->ece);
    cx_buf_format(card, ",\"int8\":{\"texts\":%zu,\"said_otherwise\":%zu,\"macro_f1\":%.4f}}", rounding->texts, rounding->said_otherwise,
                  rounding->macro_f1);
}

static int check_out(const struct cx_args *args, struct cx_error *err)
{
    const struct cx_output_spared spared[] = { { flags[DATA].name, args->values[DATA] },
                                               { flags[TAUGHT].name, args->values[TAUGHT] },
                                               { flags[BASE].name, cx_models_file(args->values[BASE]) } };
    return cx_output_check(args->values[OUT], spared, sizeof spared / sizeof *spared, err);
}

static int write_model(const struct training *t, const struct cx_figures *figures, struct cx_error *err)
{
    struct cx_buf image, card;
    char hash[32];
    cx_id_hex(cx_hash128(t->source.content.ptr, t->source.content.len), hash);
    cx_buf_init(&image, IMAGE_MAX);
    cx_buf_init(&card, 1u << 20);
    write_card(t, figures, hash, &card);
    struct cx_str version = cx_build_pack(&t->build, t->arena, t->name, t->base.version, cx_buf_view(&card), &image);
    int status = cx_models_write(t->args->values[OUT], cx_buf_view(&image), err);
    if (status == 0)
        printf("%s: %.*s%s%.*s\n", t->args->values[OUT], CX_STR_ARG(version), t->has_base ? " over " : "", CX_STR_ARG(t->base.version));
    cx_buf_free(&image);
    cx_buf_free(&card);
    return status;
}

static int train(struct training *t, struct cx_error *err)
{
    struct cx_figures figures = { 0 };
    CX_TRY(check_out(t->args, err));
    t->has_base = cx_args_has(t->args, BASE);
    if (t->has_base)
        CX_TRY(cx_models_load(t->arena, t->args->values[BASE], &t->base, err));
    CX_TRY(read_task(t, err));
    t->build = (struct cx_build){ .head_count = 1, .say = say };
    t->build.heads[0].task = &t->task;
    cx_build_learn(&t->build, t->arena);
    t->build.heads[0].packed.adds = t->below != NULL;
    if (t->task.plan->folds)
        report(t, &figures);
    int status = write_model(t, &figures, err);
    cx_build_free(&t->build);
    return status;
}

static int run_train(const struct cx_args *args, struct cx_error *err)
{
    static struct training t;
    if (!cx_args_has(args, DATA) || !cx_args_has(args, OUT)) {
        cx_fail(err, CX_EXIT_USAGE, "needs --data FILE and --out FILE (cx train --help)");
        return CX_EXIT_USAGE;
    }
    t = (struct training){ .args = args, .arena = cx_arena_new(MEMORY_MAX) };
    int status = train(&t, err) == 0 ? CX_EXIT_OK : (int)err->exit;
    cx_learn_task_free(&t.task);
    cx_arena_free(t.arena);
    return status;
}

const struct cx_verb cx_verb_train = {
    .name = "train",
    .synopsis = "--data FILE --out FILE [options]",
    .doc = "Learns from labelled texts of your own, in seconds, and says how far to trust it. The same texts give the same bytes.",
    .examples = "  cx tap cx.routed.v1 --values | cx label labels.tsv\n"
                "  cx train --base cx --data labels.tsv --name acme --out acme.cxm      # classify.overlays: { acme: acme.cxm }\n"
                "  cx train --base cx --head sentiment --data labelled.tsv --out acme-sentiment.cxm\n"
                "  cx train --data foreign.tsv --out alone.cxm\n",
    .flags = flags,
    .operands = 0,
    .run = run_train,
};
