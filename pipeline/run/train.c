/* train.c - cx train: a model of one's own from labelled texts. */
#include "base/hash.h"
#include "codec/codec.h"
#include "learn/build.h"
#include "learn/file.h"
#include "run/verb.h"

enum { DATA, HEAD, COLUMN, OUT };
static const struct cx_flag flags[] = {
    { "data", 'd', "FILE", "Labelled texts: lines of label TAB text, or with --column a TSV with a header that has the column text." },
    { "head", 0, "NAME", "What is told (intent_own); a head of the shipped model has its closed set of labels." },
    { "column", 0, "NAME", "The column of the labels." },
    { "out", 'o', "FILE", "Where the model goes; classify.model names it." },
    { 0 },
};

#define IMAGE_MAX  ((size_t)1 << 30)
#define MEMORY_MAX ((size_t)8 << 30)
#define LEVEL      19

static void say(void *context, struct cx_str head, const char *what)
{
    (void)context;
    fprintf(stderr, "cx train: %.*s %s\n", CX_STR_ARG(head), what);
}

static int write_out(const char *path, struct cx_str bytes, struct cx_error *err)
{
    FILE *file = fopen(path, "wb");
    bool is_written = file != NULL && fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len;
    if (file == NULL || fclose(file) != 0 || !is_written)
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be written", path);
    return 0;
}

/* How the head does on folds that were left out: on stdout, so that nobody has to take a model on trust. */
static void report(const struct cx_build_head *head)
{
    struct cx_figures figures;
    struct cx_measure folds = head->folds;
    for (size_t i = 0; i < folds.n; i++) {
        const float *values = folds.scores + i * folds.labels;
        folds.said[i] = 0;
        for (uint32_t c = 1; c < folds.labels; c++)
            if (values[c] > values[folds.said[i]])
                folds.said[i] = (int32_t)c;
    }
    cx_measure_figures(&folds, NULL, folds.n, &figures);
    printf("%zu texts, each judged by a model that has not seen it: %.1f %% right, macro F1 %.1f\n", folds.n, 100 * figures.accuracy,
           100 * figures.macro_f1);
    for (uint32_t c = 0; c < folds.labels; c++)
        printf("  %-32.*s precision %5.1f  recall %5.1f  F1 %5.1f  of %zu\n", CX_STR_ARG(head->task->labels[c]), 100 * figures.precision[c],
               100 * figures.recall[c], 100 * figures.f1[c], figures.support[c]);
}

static int learn(const struct cx_args *args, struct cx_arena *arena, struct cx_learn_task *task, struct cx_error *err)
{
    static struct cx_build build;
    struct cx_text_source source = { .path = cx_str(args->values[DATA]), .column = cx_str(args->values[COLUMN]), .weight = 1 };
    char hash[32];
    CX_TRY(learn_read_file(arena, source.path, &source.content, err));
    CX_TRY(cx_learn_task_read(task, arena, &source, err));
    cx_learn_task_close(task);
    if (task->count < 2 * CX_FOLDS || task->label_count < 2)
        return cx_fail(err, CX_EXIT_DATA, "%s: %zu texts with %u labels are too few to learn from", args->values[DATA], task->count,
                       task->label_count);
    build = (struct cx_build){ .head_count = 1, .say = say };
    build.heads[0].task = task;
    cx_build_learn(&build, arena);
    if (task->plan->kind == CX_HEAD_ONE_OF && task->plan->folds)
        report(&build.heads[0]);
    struct cx_buf image, file;
    cx_buf_init(&image, IMAGE_MAX);
    cx_buf_init(&file, IMAGE_MAX);
    cx_id_hex(cx_hash128(source.content.ptr, source.content.len), hash);
    struct cx_str version = cx_arena_format(arena, "%.*s@%.8s", CX_STR_ARG(task->name), hash);
    cx_build_pack(&build, version, CX_STR_NULL, CX_STR("{}"), &image);
    int status = cx_zstd_compress(&file, cx_buf_view(&image), LEVEL) == 0 ? write_out(args->values[OUT], cx_buf_view(&file), err)
                                                                          : cx_fail(err, CX_EXIT_BUG, "compressing failed");
    cx_buf_free(&image);
    cx_buf_free(&file);
    cx_build_free(&build);
    return status;
}

static int run_train(const struct cx_args *args, struct cx_error *err)
{
    if (!cx_args_has(args, DATA) || !cx_args_has(args, OUT)) {
        cx_fail(err, CX_EXIT_USAGE, "needs --data FILE and --out FILE (cx train --help)");
        return CX_EXIT_USAGE;
    }
    struct cx_arena *arena = cx_arena_new(MEMORY_MAX);
    static struct cx_learn_task task;
    cx_learn_task_init(&task, cx_args_has(args, HEAD) ? cx_str(args->values[HEAD]) : CX_STR("intent_own"));
    int status = learn(args, arena, &task, err) == 0 ? CX_EXIT_OK : (int)err->exit;
    cx_learn_task_free(&task);
    cx_arena_free(arena);
    return status;
}

const struct cx_verb cx_verb_train = {
    .name = "train",
    .synopsis = "--data FILE --out FILE [options]",
    .doc = "Learns a model from labelled texts of your own, and says how far to trust it. The same texts give the same bytes.",
    .examples = "  cx train --data labels.tsv --out acme.cxm\n  cx train --data labelled.tsv --column sentiment --head sentiment --out acme.cxm\n",
    .flags = flags,
    .operands = 0,
    .run = run_train,
};
