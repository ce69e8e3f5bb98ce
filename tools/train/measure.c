/* measure - what a model reaches on the dev texts of a recipe, beside what others published: a page of Markdown on stdout, written to models/EVAL.md
 * by `make eval`. With --own also what `cx train` makes of label sets that are not ours: each row of that recipe is learned and measured on its dev
 * texts. usage: measure --data FOLDER [--recipe FILE] [--model FILE] [--own FILE] */
#include "base/error.h"
#include "codec/codec.h"
#include "learn/file.h"
#include "learn/plain.h"
#include "learn/recipe.h"
#include <getopt.h>
#include <math.h>
#include <time.h>

#define IMAGE_MAX ((size_t)1 << 30)

struct options {
    const char *data, *recipe, *model, *own;
};
static const char *const five[] = { "tr", "es", "ar", "ru", "en" };
/* Means over sets or labels that an aim is put for. */
struct mean {
    const char *what;
    double sum;
    int n;
};
static struct mean eight = { "sentiment, macro F1 of the eight XLM-T languages", 0, 0 };
/* Of tweets, posts and reviews in one language each, not of words and sentences of lists. */
static struct mean written_five = { "language of tweets, posts and reviews in tr es ar ru en, macro recall over the sets", 0, 0 };
static struct mean written_all = { "the same over all sets but the romanised Hindi one", 0, 0 };
/* Calibration of a head over all of its sets, weighted by texts. */
struct calibration {
    struct cx_str head;
    struct cx_measure all;
    size_t upto;
};

static void say_nothing(void *context, struct cx_str head, const char *what)
{
    (void)context, (void)head, (void)what;
}

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int load(struct cx_arena *arena, const char *path, struct cx_model *model, struct cx_error *err)
{
    struct cx_str file;
    struct cx_buf image;
    CX_TRY(learn_read_file(arena, cx_str(path), &file, err));
    cx_buf_init(&image, IMAGE_MAX);
    int status = cx_zstd_decompress(&image, file) == 0 ? cx_model_read(arena, cx_buf_view(&image), model, err)
                                                       : cx_fail(err, CX_EXIT_DATA, "%s: no model", path);
    if (status == 0)
        printf("Model `%.*s`: %zu bytes in the file, %zu in memory.\n\n", CX_STR_ARG(model->version), file.len, image.len);
    cx_buf_free(&image);
    return status;
}

/* The dev texts of a row, with the labels of the head. */
static int read_dev(struct cx_recipe *recipe, size_t row, struct cx_arena *arena, const struct cx_model *model, const struct cx_head *head,
                    struct cx_head_plan *plan, struct cx_learn_task *task, struct cx_error *err)
{
    struct cx_text_source source;
    *plan = (struct cx_head_plan){ .kind = head->kind, .features = model->tables[head->table].features };
    *task = (struct cx_learn_task){ .name = head->name, .plan = plan, .label_count = head->label_count };
    memcpy(task->labels, head->labels, head->label_count * sizeof *head->labels);
    CX_TRY(cx_recipe_source(recipe, arena, row, true, learn_read_file, &source, err));
    source.skips_unknown = true;
    source.is_dev = false;
    return cx_learn_task_read(task, arena, &source, err);
}

/* A set of one label says nothing of how sure to be (corpus.c), but where a head has no others. */
static bool says_how_sure(const struct cx_recipe_row *row)
{
    return !cx_str_is(row->reader, "texts") || !cx_head_plan(row->head)->folds;
}

/* `plain` may be NULL: there is none. */
static void print_row(const struct cx_recipe_row *row, size_t n, const struct cx_figures *f, const struct cx_figures *plain, double us)
{
    char beside[64] = "", ece[16] = "";
    if (says_how_sure(row))
        snprintf(ece, sizeof ece, "%.1f", 100 * f->ece);
    if (plain != NULL)
        snprintf(beside, sizeof beside, "F1 %.1f, recall %.1f", 100 * plain->macro_f1, 100 * plain->macro_recall);
    printf("| %.*s | %.*s | %.*s | %zu | %.1f | %.1f | %.1f | %s | %.1f | %s | %.*s | %.*s |\n", CX_STR_ARG(row->head), CX_STR_ARG(row->set),
           CX_STR_ARG(row->language), n, 100 * f->accuracy, 100 * f->macro_f1, 100 * f->macro_recall, ece, us, beside, CX_STR_ARG(row->base),
           CX_STR_ARG(row->published));
}

/* Mean recall of the five languages that come first, of a set in all of them. */
static void print_five(const struct cx_recipe_row *row, const struct cx_head *head, const struct cx_figures *figures)
{
    double sum = 0;
    for (size_t i = 0; i < 5; i++)
        for (uint32_t c = 0; c < head->label_count; c++)
            if (cx_str_is(head->labels[c], five[i]))
                sum += figures->recall[c] / 5;
    printf("| %.*s | %.*s | tr es ar ru en | | | | **%.1f** | | | | | |\n", CX_STR_ARG(row->head), CX_STR_ARG(row->set), 100 * sum);
}

static void add_all(struct calibration *to, const struct cx_measure *from)
{
    for (size_t i = 0; i < from->n; i++, to->upto++) {
        memcpy(to->all.scores + to->upto * to->all.labels, from->scores + i * from->labels, from->labels * sizeof *from->scores);
        to->all.truth[to->upto] = from->truth[i];
        to->all.truths[to->upto] = from->truths[i];
        to->all.said[to->upto] = from->said[i];
        to->all.saids[to->upto] = from->saids[i];
    }
}

static bool is_of_five(struct cx_str language)
{
    for (size_t i = 0; i < sizeof five / sizeof *five; i++)
        if (cx_str_is(language, five[i]))
            return true;
    return false;
}

static void add_to(struct mean *mean, double figure)
{
    mean->sum += figure;
    mean->n++;
}

static void add_means(const struct cx_recipe_row *row, const struct cx_figures *figures)
{
    if (cx_str_is(row->head, "sentiment") && cx_str_find(row->set, '.') == 2 && cx_str_is(cx_str_skip(row->set, 3), "xlmt"))
        add_to(&eight, figures->macro_f1);
    if (!cx_str_is(row->head, "language") || row->language.ptr == NULL)
        return;
    if (is_of_five(row->language))
        add_to(&written_five, figures->macro_recall);
    if (!cx_str_is(row->language, "hi-Latn"))
        add_to(&written_all, figures->macro_recall);
}

static void print_mean(const struct mean *mean)
{
    printf("%s: **%.1f**\n\n", mean->what, mean->n > 0 ? 100 * mean->sum / mean->n : 0);
}

#define ALL_MAX 65536
static int measure_row(struct cx_recipe *recipe, size_t number, struct cx_arena *arena, const struct cx_model *model, const struct cx_head *head,
                       const struct plain *plain, struct calibration *calibration, struct cx_error *err)
{
    static struct cx_learn_task task;
    struct cx_head_plan plan;
    struct cx_measure measure;
    struct cx_figures figures, plainly;
    const struct cx_recipe_row *row = &recipe->rows[number];
    double start = cpu_us();
    CX_TRY(read_dev(recipe, number, arena, model, head, &plan, &task, err));
    cx_judge(model, head, &task, &measure);
    double us = (cpu_us() - start) / (double)(task.count > 0 ? task.count : 1);
    cx_measure_figures(&measure, NULL, measure.n, &figures);
    print_row(row, measure.n, &figures, plain_figures(plain, number, &plainly) ? &plainly : NULL, us);
    if (row->language.ptr == NULL)
        print_five(row, head, &figures);
    add_means(row, &figures);
    if (calibration->all.n == 0) {
        calibration->head = head->name;
        cx_measure_init(&calibration->all, head->kind, head->label_count, ALL_MAX);
    }
    if (says_how_sure(row) && calibration->upto + measure.n <= ALL_MAX)
        add_all(calibration, &measure);
    cx_measure_free(&measure);
    cx_learn_task_free(&task);
    return 0;
}

static void print_means(struct calibration *calibrations, size_t n)
{
    printf("\n## Means\n\n");
    print_mean(&eight);
    print_mean(&written_five);
    print_mean(&written_all);
    printf("Calibration error of a head over all of its dev texts:\n\n| head | texts | ECE | by chance |\n|---|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        struct cx_figures figures;
        if (calibrations[i].all.n == 0)
            continue;
        calibrations[i].all.n = calibrations[i].upto;
        cx_measure_figures(&calibrations[i].all, NULL, calibrations[i].upto, &figures);
        printf("| %.*s | %zu | %.1f | %.1f |\n", CX_STR_ARG(calibrations[i].head), calibrations[i].upto, 100 * figures.ece,
               100 * cx_measure_ece_by_chance(&calibrations[i].all, NULL, calibrations[i].upto));
        cx_measure_free(&calibrations[i].all);
    }
}

static int measure_rows(struct cx_recipe *recipe, struct cx_arena *arena, const struct cx_model *model, const struct cx_head *head,
                        const struct plain *plain, struct calibration *calibration, struct cx_error *err)
{
    for (size_t i = 0; i < recipe->count; i++)
        if (cx_str_eq(recipe->rows[i].head, head->name) && recipe->rows[i].dev.ptr != NULL)
            CX_TRY(measure_row(recipe, i, arena, model, head, plain, calibration, err));
    return 0;
}

static int measure_head(struct cx_recipe *recipe, struct cx_arena *arena, const struct cx_model *model, const struct cx_head *head,
                        struct calibration *calibration, struct cx_error *err)
{
    static struct plain plain;
    int status = plain_learn(&plain, recipe, head->name, PLAIN_ALL, learn_read_file, err);
    if (status == 0)
        status = measure_rows(recipe, arena, model, head, &plain, calibration, err);
    plain_free(&plain);
    return status;
}

static int measure_heads(struct cx_recipe *recipe, struct cx_arena *arena, const struct cx_model *model, struct cx_error *err)
{
    static struct calibration calibrations[CX_BUILD_HEADS];
    printf("| head | set | language | texts | right | macro F1 | macro recall | ECE | µs a text | plain | base | published |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (uint32_t h = 0; h < model->head_count; h++)
        CX_TRY(measure_head(recipe, arena, model, &model->heads[h], &calibrations[h], err));
    print_means(calibrations, model->head_count);
    return 0;
}

/* ---- own labels ---- */

/* As cx train learns it. */
static int learn_row(struct cx_recipe *recipe, size_t number, struct cx_arena *arena, struct cx_buf *image, struct cx_error *err)
{
    static struct cx_learn_task task;
    static struct cx_build build;
    struct cx_text_source source;
    cx_learn_task_init(&task, recipe->rows[number].head);
    CX_TRY(cx_recipe_source(recipe, arena, number, false, learn_read_file, &source, err));
    CX_TRY(cx_learn_task_read(&task, arena, &source, err));
    cx_learn_task_close(&task);
    build = (struct cx_build){ .head_count = 1, .say = say_nothing };
    build.heads[0].task = &task;
    cx_build_learn(&build, arena);
    cx_build_pack(&build, arena, CX_STR("own"), CX_STR_NULL, CX_STR("{}"), image);
    cx_build_free(&build);
    cx_learn_task_free(&task);
    return 0;
}

static int measure_plain(const struct cx_recipe *recipe, size_t number, struct cx_figures *figures, struct cx_error *err)
{
    static struct plain plain;
    int status = plain_learn(&plain, recipe, recipe->rows[number].head, number, learn_read_file, err);
    if (status == 0 && !plain_figures(&plain, number, figures))
        status = cx_fail(err, CX_EXIT_DATA, "%.*s: no labelled texts to learn from, or none of dev", CX_STR_ARG(recipe->rows[number].set));
    plain_free(&plain);
    return status;
}

static int measure_own(struct cx_recipe *recipe, size_t number, struct cx_arena *arena, struct cx_error *err)
{
    static struct cx_learn_task task;
    struct cx_head_plan plan;
    struct cx_buf image;
    struct cx_model model;
    struct cx_measure measure;
    struct cx_figures f, plainly;
    const struct cx_recipe_row *row = &recipe->rows[number];
    CX_TRY(measure_plain(recipe, number, &plainly, err));
    double start = cpu_us();
    cx_buf_init(&image, IMAGE_MAX);
    CX_TRY(learn_row(recipe, number, arena, &image, err));
    CX_TRY(cx_model_read(arena, cx_buf_view(&image), &model, err));
    double seconds = (cpu_us() - start) / 1e6;
    CX_TRY(read_dev(recipe, number, arena, &model, &model.heads[0], &plan, &task, err));
    cx_judge(&model, &model.heads[0], &task, &measure);
    cx_measure_figures(&measure, NULL, measure.n, &f);
    printf("| %.*s | %zu | %.1f | %.1f | %.1f of %zu | %.1f | %.1f | %.0f | %.1f | %.*s | %.*s |\n", CX_STR_ARG(row->set), measure.n,
           100 * f.in_scope, 100 * f.macro_f1, 100 * f.none_recall, f.none, 100 * f.ece, 100 * cx_measure_ece_by_chance(&measure, NULL, measure.n),
           seconds, 100 * plainly.in_scope, CX_STR_ARG(row->base), CX_STR_ARG(row->published));
    cx_measure_free(&measure);
    cx_learn_task_free(&task);
    cx_buf_free(&image);
    return 0;
}

static int measure(const struct options *options, struct cx_arena *arena, struct cx_error *err)
{
    struct cx_recipe recipe, own;
    struct cx_model model;
    printf("# What the model reaches on dev\n\nWritten by `make eval`. Nothing here was trained on; temperatures were chosen on dev texts where a "
           "head has no "
           "folds. Figures are percentages; ECE is the\nexpected calibration error in points, and `by chance` what it would be on so many texts if "
           "every score were exactly right; µs are CPU time of folding, features and rows of one "
           "head on "
           "the machine that wrote this.\n`own` are texts held back from `models/data`: what to expect of function, intent and urgency in each "
           "language.\n`base` and `published` are of tests that are not here. `plain` is the plainest model of sets with labels "
           "(pipeline/learn/plain.h), "
           "told on dev like ours:\nwhere it is below `base`, dev is harder than the test.\nSets of one label, which relevance has, count for that "
           "label what may be the other: most of "
           "their texts are what they are taken for. They have no ECE.\n\n");
    CX_TRY(load(arena, options->model, &model, err));
    CX_TRY(cx_recipe_read(&recipe, arena, cx_str(options->recipe), cx_str(options->data), learn_read_file, err));
    CX_TRY(measure_heads(&recipe, arena, &model, err));
    if (options->own == NULL)
        return 0;
    CX_TRY(cx_recipe_read(&own, arena, cx_str(options->own), cx_str(options->data), learn_read_file, err));
    printf("\n## Labels of one's own\n\nWhat `cx train` makes of label sets that are not ours, with its defaults; `taught` with `--taught`, of what "
           "a pretrained network says "
           "of their texts.\n\n"
           "| set | texts | right of those with a label | macro F1 | silent of those with none | ECE | by chance | seconds to learn | plain | base | "
           "published |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < own.count; i++)
        CX_TRY(measure_own(&own, i, arena, err));
    return 0;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {
        { "data", 1, NULL, 'd' }, { "recipe", 1, NULL, 'r' }, { "model", 1, NULL, 'm' }, { "own", 1, NULL, 'o' }, { 0 }
    };
    struct options options = { .recipe = "models/recipe.tsv", .model = "models/cx.cxm" };
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        const char **value = option == 'd'   ? &options.data
                             : option == 'r' ? &options.recipe
                             : option == 'm' ? &options.model
                             : option == 'o' ? &options.own
                                             : NULL;
        if (value == NULL)
            return CX_EXIT_USAGE;
        *value = optarg;
    }
    if (options.data == NULL) {
        fprintf(stderr, "usage: measure --data FOLDER [--recipe FILE] [--model FILE] [--own FILE]\n");
        return CX_EXIT_USAGE;
    }
    struct cx_error err = { CX_EXIT_BUG, "" };
    struct cx_arena *arena = cx_arena_new((size_t)16 << 30);
    int status = measure(&options, arena, &err);
    cx_arena_free(arena);
    if (status == 0)
        return CX_EXIT_OK;
    fprintf(stderr, "measure: %s\n", err.text);
    return (int)err.exit;
}
