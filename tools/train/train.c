/* train - makes a model from a recipe (pipeline/learn/recipe.h) and a folder of data. The same files give the same bytes.
 * usage: train --data FOLDER [--recipe FILE] [--profile all|open] [--name NAME] --out FILE */
#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "codec/codec.h"
#include "learn/card.h"
#include "learn/file.h"
#include <getopt.h>

#define ZSTD_LEVEL 19

struct options {
    const char *data, *recipe, *out, *name, *only;
    bool only_open;
};

static void say(void *context, struct cx_str head, const char *what)
{
    (void)context;
    fprintf(stderr, "train: %.*s %s\n", CX_STR_ARG(head), what);
}

/* SOURCE_DATE_EPOCH where it is set; otherwise a model has no date but the hash of what it holds. */
static struct cx_str date_of(struct cx_arena *arena)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    int64_t seconds;
    char text[CX_TIME_TEXT];
    if (epoch == NULL || !cx_str_to_i64(cx_str(epoch), &seconds))
        return CX_STR_NULL;
    cx_time_format(seconds * 1000, text);
    return cx_arena_copy(arena, cx_str_n(text, 10));
}

static int write_file(const char *path, struct cx_str bytes, struct cx_error *err)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes.ptr, 1, bytes.len, file) != bytes.len || fclose(file) != 0)
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be written", path);
    return 0;
}

/* The card as the file has it, behind the version, which in the file stands beside it. */
static void print_card(struct cx_str version, struct cx_str card)
{
    struct cx_buf name;
    cx_buf_init(&name, 1u << 16);
    cx_json_string(&name, version);
    printf("{\"version\":%.*s,%.*s\n", CX_STR_ARG(cx_buf_view(&name)), CX_STR_ARG(cx_str_skip(card, 1)));
    cx_buf_free(&name);
}

static int write_model(const struct options *options, const struct cx_recipe *recipe, const struct cx_build *build, struct cx_arena *arena,
                       struct cx_error *err)
{
    struct cx_buf card, image, file;
    cx_buf_init(&card, 16u << 20);
    cx_buf_init(&image, (size_t)1 << 30);
    cx_buf_init(&file, (size_t)1 << 30);
    cx_card_write(&card, recipe, build, options->only_open, date_of(arena));
    struct cx_str version = cx_build_pack(build, arena, cx_str(options->name), CX_STR_NULL, cx_buf_view(&card), &image);
    int status = cx_zstd_compress(&file, cx_buf_view(&image), ZSTD_LEVEL) == 0 ? write_file(options->out, cx_buf_view(&file), err)
                                                                               : cx_fail(err, CX_EXIT_BUG, "compressing failed");
    fprintf(stderr, "train: %s: %.*s, %zu bytes, %zu in memory\n", options->out, CX_STR_ARG(version), file.len, image.len);
    print_card(version, cx_buf_view(&card));
    cx_buf_free(&card);
    cx_buf_free(&image);
    cx_buf_free(&file);
    return status;
}

static int train(const struct options *options, struct cx_error *err)
{
    static struct cx_learn_task tasks[CX_BUILD_HEADS];
    static struct cx_build build;
    struct cx_arena *arena = cx_arena_new((size_t)16 << 30);
    struct cx_recipe recipe;
    size_t count = 0, kept = 0;
    build.say = say;
    CX_TRY(cx_recipe_read(&recipe, arena, cx_str(options->recipe), cx_str(options->data), learn_read_file, err));
    CX_TRY(cx_recipe_tasks(&recipe, arena, options->only_open, learn_read_file, tasks, &count, err));
    for (size_t i = 0; i < count; i++)
        if (options->only == NULL || cx_str_is(tasks[i].name, options->only))
            build.heads[kept++].task = &tasks[i];
    build.head_count = kept;
    cx_build_learn(&build, arena);
    int status = write_model(options, &recipe, &build, arena, err);
    cx_build_free(&build);
    for (size_t i = 0; i < count; i++)
        cx_learn_task_free(&tasks[i]);
    cx_arena_free(arena);
    return status;
}

int main(int argc, char **argv)
{
    static const struct option names[] = { { "data", 1, NULL, 'd' },
                                           { "recipe", 1, NULL, 'r' },
                                           { "profile", 1, NULL, 'p' },
                                           { "out", 1, NULL, 'o' },
                                           { "name", 1, NULL, 'n' },
                                           { "only", 1, NULL, 'h' },
                                           { 0 } };
    struct options options = { .recipe = "models/recipe.tsv", .name = "cx" };
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == 'd')
            options.data = optarg;
        else if (option == 'r')
            options.recipe = optarg;
        else if (option == 'o')
            options.out = optarg;
        else if (option == 'n')
            options.name = optarg;
        else if (option == 'h')
            options.only = optarg;
        else if (option == 'p' && strcmp(optarg, "open") == 0)
            options.only_open = true;
        else if (option != 'p' || strcmp(optarg, "all") != 0)
            return CX_EXIT_USAGE;
    }
    if (options.data == NULL || options.out == NULL) {
        fprintf(stderr, "usage: train --data FOLDER [--recipe FILE] [--profile all|open] [--name NAME] [--only HEAD] --out FILE\n");
        return CX_EXIT_USAGE;
    }
    struct cx_error err = { CX_EXIT_BUG, "" };
    if (train(&options, &err) == 0)
        return CX_EXIT_OK;
    fprintf(stderr, "train: %s\n", err.text);
    return (int)err.exit;
}
