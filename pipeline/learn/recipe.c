/* recipe.c - a recipe to tasks. */
#include "learn/recipe.h"
#include "base/hash.h"
#include "learn/taught.h"

#define COLUMNS 14

static int bad_row(struct cx_str path, size_t line, const char *what, struct cx_error *err)
{
    return cx_fail(err, CX_EXIT_CONFIG, "%.*s:%zu: %s", CX_STR_ARG(path), line, what);
}

static struct cx_str or_null(struct cx_str field)
{
    return cx_str_is(field, "-") ? CX_STR_NULL : field;
}

static bool read_row(struct cx_str line, struct cx_recipe_row *row)
{
    struct cx_str fields[COLUMNS];
    double weight, balance = -1;
    for (int i = 0; i < COLUMNS; i++)
        if (!cx_str_cut(&line, '\t', &fields[i]))
            return false;
    if (line.ptr != NULL || !cx_str_to_f64(fields[6], &weight) || !(weight > 0) ||
        (!cx_str_is(fields[7], "-") && !cx_str_to_f64(fields[7], &balance)))
        return false;
    *row = (struct cx_recipe_row){ .head = fields[0],
                                   .set = fields[1],
                                   .language = or_null(fields[2]),
                                   .train = or_null(fields[3]),
                                   .dev = or_null(fields[4]),
                                   .reader = fields[5],
                                   .map = or_null(fields[8]),
                                   .licence = fields[10],
                                   .base = or_null(fields[11]),
                                   .published = or_null(fields[12]),
                                   .taught = or_null(fields[13]),
                                   .weight = (float)weight,
                                   .balance = (float)balance,
                                   .is_open = cx_str_is(fields[9], "yes") };
    return true;
}

/* What the reader and the column `taught` say together. NULL: it makes sense. */
static const char *fault_of(const struct cx_recipe_row *row)
{
    bool is_untold = cx_str_is(row->reader, "taught");
    if (is_untold && (row->taught.ptr == NULL || row->dev.ptr != NULL))
        return "the reader taught wants a file in the column taught, and no dev: labels of the texts are of something else";
    if (row->taught.ptr != NULL && (cx_str_is(row->reader, "words") || cx_str_is(row->reader, "texts")))
        return "texts of this reader cannot be taught";
    return NULL;
}

int cx_recipe_read(struct cx_recipe *recipe, struct cx_arena *arena, struct cx_str path, struct cx_str data, cx_read_fn *read, struct cx_error *err)
{
    struct cx_str rest, line;
    CX_TRY(read(arena, path, &rest, err));
    size_t lines = 1, number = 0;
    for (size_t i = 0; i < rest.len; i++)
        lines += rest.ptr[i] == '\n';
    size_t slash = path.len;
    while (slash > 0 && path.ptr[slash - 1] != '/')
        slash--;
    *recipe = (struct cx_recipe){ .rows = CX_NEW_ARRAY(arena, struct cx_recipe_row, lines),
                                  .data = data,
                                  .folder = slash > 1 ? cx_str_n(path.ptr, slash - 1) : CX_STR("."),
                                  .hash = cx_hash128(rest.ptr, rest.len) };
    while (cx_str_cut(&rest, '\n', &line)) {
        number++;
        if (number == 1 || line.len == 0 || line.ptr[0] == '#')
            continue;
        if (!read_row(line, &recipe->rows[recipe->count]))
            return bad_row(path, number, "not fourteen fields with tabs between, the seventh a weight above 0, the eighth a number or -", err);
        const char *fault = fault_of(&recipe->rows[recipe->count]);
        if (fault != NULL)
            return bad_row(path, number, fault, err);
        recipe->count++;
    }
    return 0;
}

static struct cx_learn_task *task_of(struct cx_learn_task *tasks, size_t *count, struct cx_str head)
{
    for (size_t i = 0; i < *count; i++)
        if (cx_str_eq(tasks[i].name, head))
            return &tasks[i];
    cx_assert(*count < CX_BUILD_HEADS);
    cx_learn_task_init(&tasks[*count], head);
    return &tasks[(*count)++];
}

static struct cx_str path_of(const struct cx_recipe *recipe, struct cx_arena *arena, struct cx_str file)
{
    if (file.len > 0 && file.ptr[0] == '@')
        return cx_arena_format(arena, "%.*s/%.*s", CX_STR_ARG(recipe->folder), CX_STR_ARG(cx_str_skip(file, 1)));
    return cx_arena_format(arena, "%.*s/%.*s", CX_STR_ARG(recipe->data), CX_STR_ARG(file));
}

int cx_recipe_source(const struct cx_recipe *recipe, struct cx_arena *arena, size_t number, bool is_dev, cx_read_fn *read,
                     struct cx_text_source *source, struct cx_error *err)
{
    const struct cx_recipe_row *row = &recipe->rows[number];
    struct cx_str file = is_dev ? row->dev : row->train;
    *source = (struct cx_text_source){ .map = row->map, .weight = row->weight, .balance = row->balance, .set = (uint16_t)number, .is_dev = is_dev };
    source->path = path_of(recipe, arena, file);
    if (cx_str_starts(row->reader, CX_STR("column:")))
        source->column = cx_str_skip(row->reader, 7);
    source->is_phrases = cx_str_starts(row->reader, CX_STR("phrases:"));
    if (source->is_phrases)
        source->column = cx_str_skip(row->reader, 8);
    source->is_words = cx_str_is(row->reader, "words") && !is_dev;
    if (cx_str_is(row->reader, "texts")) {
        source->label = row->map;
        source->map = CX_STR_NULL;
    }
    CX_TRY(read(arena, source->path, &source->content, err));
    if (row->taught.ptr != NULL && !is_dev) {
        source->taught_path = path_of(recipe, arena, row->taught);
        source->is_untold = cx_str_is(row->reader, "taught");
        CX_TRY(read(arena, source->taught_path, &source->taught, err));
    }
    if (source->label.ptr != NULL)
        cx_text_source_detect(source, CX_STR("text")); /* no column is needed for labels */
    return 0;
}

static int read_source(struct cx_recipe *recipe, struct cx_arena *arena, struct cx_learn_task *task, size_t number, bool is_dev, cx_read_fn *read,
                       struct cx_error *err)
{
    struct cx_recipe_row *row = &recipe->rows[number];
    struct cx_text_source source;
    if ((is_dev ? row->dev : row->train).ptr == NULL)
        return 0;
    CX_TRY(cx_recipe_source(recipe, arena, number, is_dev, read, &source, err));
    struct cx_hasher hasher;
    cx_hasher_init(&hasher, "cx.learn");
    cx_hasher_id(&hasher, recipe->hash);
    cx_hasher_id(&hasher, cx_hash128(source.content.ptr, source.content.len));
    if (source.taught.ptr != NULL) {
        cx_hasher_id(&hasher, cx_hash128(source.taught.ptr, source.taught.len));
        row->taught_by = learn_taught_by(source.taught);
    }
    recipe->hash = cx_hasher_end(&hasher);
    size_t before = is_dev ? task->dev_count : task->count;
    CX_TRY(cx_learn_task_read(task, arena, &source, err));
    *(is_dev ? &row->dev_count : &row->train_count) = (is_dev ? task->dev_count : task->count) - before;
    return 0;
}

int cx_recipe_tasks(struct cx_recipe *recipe, struct cx_arena *arena, bool only_open, cx_read_fn *read, struct cx_learn_task *tasks, size_t *count,
                    struct cx_error *err)
{
    *count = 0;
    for (size_t i = 0; i < recipe->count; i++) {
        if (only_open && !recipe->rows[i].is_open)
            continue;
        struct cx_learn_task *task = task_of(tasks, count, recipe->rows[i].head);
        CX_TRY(read_source(recipe, arena, task, i, false, read, err));
        CX_TRY(read_source(recipe, arena, task, i, true, read, err));
    }
    for (size_t i = 0; i < *count; i++)
        cx_learn_task_close(&tasks[i]);
    return 0;
}
