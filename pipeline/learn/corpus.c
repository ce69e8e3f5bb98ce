/* corpus.c - files of labelled texts to examples. */
#include "learn/learn.h"
#include "base/error.h"
#include "base/hash.h"
#include "learn/file.h"
#include "learn/taught.h"
#include "learn/words.h"
#include <math.h>

#define COLUMNS_MAX 64
/* Of a set whose texts all have one label so many are enough. */
#define ONE_LABEL_MAX 4000
/* Features of a text that phrases could stand in. A logit is a sum over the root of how many features a text has: what tells a phrase of ten features
 * by a little would weigh nothing in a comment of a hundred and fifty. */
#define PHRASES_STAND_IN 150

struct reading {
    struct cx_learn_task *task;
    struct cx_arena *arena;
    const struct cx_text_source *source;
    struct cx_error *err;
    int label_at, text_at, topic_at; /* columns; topic -1: none */
    size_t columns;                  /* that a line has at most */
    int64_t line;
    struct learn_taught taught;
};

void cx_learn_task_init(struct cx_learn_task *task, struct cx_str name)
{
    *task = (struct cx_learn_task){ .name = name, .plan = cx_head_plan(name) };
    if (task->plan->labels == NULL)
        return;
    struct cx_str rest = cx_str(task->plan->labels), label;
    while (cx_str_cut(&rest, ' ', &label))
        task->labels[task->label_count++] = label;
    task->is_closed = true;
}

void cx_learn_task_free(struct cx_learn_task *task)
{
    free(task->examples);
    free(task->dev);
}

void cx_example_features(struct cx_arena *arena, enum cx_feature_kind kind, struct cx_str text, struct cx_example *example)
{
    struct cx_arena *scratch = cx_arena_new((size_t)1 << 30);
    struct cx_folded folded = cx_text_fold(scratch, text, CX_FOLD_SEARCH);
    struct cx_features features = cx_text_features(scratch, kind, &folded, text, true);
    uint32_t *hashes = cx_arena_alloc(arena, features.count * sizeof *hashes);
    memcpy(hashes, features.hashes, features.count * sizeof *hashes);
    uint8_t *units = cx_arena_alloc(arena, features.count);
    for (size_t i = 0; i < features.count; i++)
        units[i] = (uint8_t)features.spans[i].unit;
    struct cx_feature_word *words = cx_arena_alloc(arena, (features.word_count + 1) * sizeof *words);
    memcpy(words, features.words, features.word_count * sizeof *words);
    example->hashes = hashes;
    example->units = units;
    example->words = words;
    example->word_count = (uint32_t)features.word_count;
    example->count = (uint32_t)features.count;
    example->total = (uint32_t)cx_features_total(&features);
    cx_arena_free(scratch);
}

struct cx_example *learn_add_example(struct cx_learn_task *task, bool is_dev)
{
    struct cx_example **list = is_dev ? &task->dev : &task->examples;
    size_t *count = is_dev ? &task->dev_count : &task->count, *cap = is_dev ? &task->dev_cap : &task->cap;
    if (*count == *cap) {
        *cap = *cap > 0 ? *cap * 2 : 4096;
        *list = realloc(*list, *cap * sizeof **list);
        cx_assert(*list != NULL);
    }
    (*list)[*count] = (struct cx_example){ .label = -1, .weight = 1 };
    return &(*list)[(*count)++];
}

/* ---- labels ---- */

bool learn_is_outside(struct cx_str label)
{
    return label.len == 0 || cx_str_is(label, "oos") || cx_str_is(label, "none");
}

static bool is_none(struct cx_str label)
{
    return learn_is_outside(label) || cx_str_is(label, "no") || cx_str_is(label, "0");
}

int cx_learn_task_label(const struct cx_learn_task *task, struct cx_str label)
{
    for (uint32_t i = 0; i < task->label_count; i++)
        if (cx_str_eq(task->labels[i], label))
            return (int)i;
    return -1;
}

bool cx_learn_favours(const struct cx_learn_task *task, int32_t label)
{
    struct cx_str rest = cx_str(task->plan->favoured != NULL ? task->plan->favoured : ""), name;
    while (label >= 0 && rest.len > 0 && cx_str_cut(&rest, ' ', &name))
        if (cx_str_eq(name, task->labels[label]))
            return true;
    return false;
}

#define NAMED_LABELS 24 /* in an error */

/* Beyond ASCII: controls, blanks, breaks of lines, and signs that nobody sees, some of which turn the line round. */
static bool is_blank_or_control(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = { { 0x7f, 0xa0 },     { 0x1680, 0x1680 }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
                   { 0x205f, 0x206f }, { 0x3000, 0x3000 }, { 0xfeff, 0xfeff } };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (cp >= ranges[i].first && cp <= ranges[i].last)
            return true;
    return false;
}

bool cx_learn_is_name(struct cx_str name)
{
    bool is_good = name.len > 0 && name.len <= CX_LEARN_NAME_BYTES && cx_utf8_valid(name);
    for (size_t at = 0; is_good && at < name.len;) {
        uint32_t cp = cx_utf8_next(name, &at);
        is_good = cp > ' ' && cp != ',' && cp != '=' && !is_blank_or_control(cp);
    }
    return is_good;
}

/* The label's number, a new one where the data names the labels; -1 where it may not. */
int learn_label(struct cx_learn_task *task, struct cx_str label)
{
    int known = cx_learn_task_label(task, label);
    if (known >= 0)
        return known;
    if (task->is_closed && task->label_count == 1 && (cx_str_is(label, "yes") || cx_str_is(label, "1")))
        return 0;
    if (task->is_closed || task->label_count == CX_LABELS_MAX)
        return -1;
    task->labels[task->label_count] = label;
    return (int)task->label_count++;
}

/* The label by our name; false where the text is to be left out. */
static bool map_label(const struct cx_text_source *source, struct cx_str *label)
{
    struct cx_str rest = source->map, pair;
    if (rest.ptr == NULL)
        return true;
    while (cx_str_cut(&rest, ',', &pair)) {
        struct cx_str theirs;
        if (cx_str_cut(&pair, '=', &theirs) && pair.ptr != NULL && cx_str_eq(theirs, *label)) {
            *label = pair;
            return true;
        }
    }
    return false;
}

/* A head of ours that no base brought: the labels are those of its plan, whoever learns it. */
static bool is_ours(const struct cx_learn_task *task)
{
    return task->plan->labels != NULL && task->known_count == 0;
}

static int unknown_label(const struct reading *r, struct cx_str label)
{
    const struct cx_learn_task *task = r->task;
    struct cx_buf names;
    cx_buf_init(&names, 65536);
    for (uint32_t i = 0; i < task->label_count && i < NAMED_LABELS; i++)
        cx_buf_format(&names, "%s%.*s", i > 0 ? ", " : "", CX_STR_ARG(task->labels[i]));
    if (task->label_count == 1)
        cx_buf_str(&names, CX_STR(" (yes), no"));
    if (task->label_count > NAMED_LABELS)
        cx_buf_format(&names, " and %u more", task->label_count - NAMED_LABELS);
    cx_fail(r->err, CX_EXIT_DATA, "%.*s:%lld: %.*s is no label of %.*s%s, which has %.*s", CX_STR_ARG(r->source->path), (long long)r->line,
            CX_STR_ARG(cx_utf8_prefix(label, 60)), CX_STR_ARG(task->name),
            is_ours(task) ? " (labels of your own: another --head, or for intent --base cx)" : "", (int)names.len, names.ptr);
    cx_buf_free(&names);
    return -1;
}

static int bad_label(const struct reading *r, struct cx_str label)
{
    if (!r->task->is_closed)
        return cx_fail(r->err, CX_EXIT_DATA, "%.*s:%lld: %.*s is one label more than the %d that a head may have", CX_STR_ARG(r->source->path),
                       (long long)r->line, CX_STR_ARG(cx_utf8_prefix(label, 60)), CX_LABELS_MAX);
    return unknown_label(r, label);
}

/* A label that is new is learned under its name. */
static int check_name(const struct reading *r, struct cx_str label)
{
    if (r->task->is_closed || r->source->is_measured || cx_learn_task_label(r->task, label) >= 0 || cx_learn_is_name(label))
        return 0;
    return cx_fail(r->err, CX_EXIT_DATA,
                   "%.*s:%lld: \"%.*s\" cannot be a label: one is at most %d bytes, without blanks, commas and control characters",
                   CX_STR_ARG(r->source->path), (long long)r->line, CX_STR_ARG(cx_utf8_prefix(label, 60)), CX_LEARN_NAME_BYTES);
}

static int set_labels(const struct reading *r, struct cx_example *example, struct cx_str label)
{
    if (r->task->plan->kind == CX_HEAD_ONE_OF) {
        if (learn_is_outside(label) && !r->task->is_closed)
            return 0;
        if (r->source->skips_unknown) {
            example->label = cx_learn_task_label(r->task, label);
            return 0;
        }
        CX_TRY(check_name(r, label));
        example->label = learn_label(r->task, label);
        return example->label >= 0 ? 0 : bad_label(r, label);
    }
    struct cx_str one;
    while (cx_str_cut(&label, ',', &one)) {
        bool is_one = r->task->label_count == 1 && (cx_str_is(one, "yes") || cx_str_is(one, "1"));
        int number = is_none(one)                          ? -1
                     : r->source->skips_unknown && !is_one ? cx_learn_task_label(r->task, one)
                     : is_one                              ? 0
                                                           : learn_label(r->task, one);
        if (number < 0 && r->source->skips_unknown)
            continue;
        if (number < 0 && !is_none(one))
            return bad_label(r, one);
        if (number >= 0)
            example->labels |= UINT64_C(1) << number;
    }
    return 0;
}

/* ---- lines ---- */

static size_t cut_columns(struct cx_str line, struct cx_str *columns)
{
    size_t n = 0;
    while (n < COLUMNS_MAX && cx_str_cut(&line, '\t', &columns[n]))
        n++;
    return n;
}

static int no_column(const struct reading *r, struct cx_str name, const struct cx_str *columns, size_t n)
{
    struct cx_buf names;
    cx_buf_init(&names, 65536);
    for (size_t i = 0; i < n; i++)
        cx_buf_format(&names, "%s%.*s", i > 0 ? ", " : "", CX_STR_ARG(columns[i]));
    cx_fail(r->err, CX_EXIT_DATA, "%.*s:1: the header has no column %.*s; it has %.*s", CX_STR_ARG(r->source->path), CX_STR_ARG(name),
            CX_STR_ARG(cx_utf8_prefix(cx_buf_view(&names), 300)));
    cx_buf_free(&names);
    return -1;
}

/* A header line names the columns; a file without one has the label first and the text second. */
static int read_columns(struct reading *r, struct cx_str header)
{
    struct cx_str columns[COLUMNS_MAX];
    size_t n = r->columns = cut_columns(header, columns);
    r->label_at = r->text_at = r->topic_at = -1;
    for (size_t i = 0; i < n; i++) {
        if (cx_str_is(columns[i], "text"))
            r->text_at = (int)i;
        if (cx_str_is(columns[i], "topic"))
            r->topic_at = (int)i;
        if (cx_str_eq(columns[i], r->source->column))
            r->label_at = (int)i;
    }
    if (r->text_at < 0)
        return no_column(r, CX_STR("text"), columns, n);
    return r->label_at >= 0 ? 0 : no_column(r, r->source->column, columns, n);
}

static int read_line(struct reading *r, struct cx_str line)
{
    struct cx_str columns[COLUMNS_MAX];
    size_t n = cut_columns(line, columns), least = (size_t)(r->label_at > r->text_at ? r->label_at : r->text_at) + 1;
    if (line.len == 0)
        return 0;
    if (n < least)
        return cx_fail(r->err, CX_EXIT_DATA, "%.*s:%lld: %zu columns where %zu are needed, with tabs between", CX_STR_ARG(r->source->path),
                       (long long)r->line, n, least);
    if (n > r->columns)
        return cx_fail(r->err, CX_EXIT_DATA, "%.*s:%lld: %zu columns where %s %zu: a tab within a text%s", CX_STR_ARG(r->source->path),
                       (long long)r->line, n, r->source->column.ptr != NULL ? "the header has" : "label and text are", r->columns,
                       r->source->column.ptr != NULL || r->line > 1 ? "" : ", or a header without the column text");
    struct cx_str text = columns[r->text_at], label = r->source->label.ptr != NULL ? r->source->label : columns[r->label_at];
    if (!cx_utf8_valid(text) || !cx_utf8_valid(label))
        return cx_fail(r->err, CX_EXIT_DATA, "%.*s:%lld: not UTF-8", CX_STR_ARG(r->source->path), (long long)r->line);
    float *taught = NULL;
    if (r->source->taught.ptr != NULL)
        CX_TRY(learn_taught_next(&r->taught, r->task, r->arena, text, &taught, r->err));
    bool is_untold = r->source->is_untold || cx_str_is(label, "?");
    if (is_untold ? taught == NULL : !map_label(r->source, &label))
        return 0;
    struct cx_example *example = learn_add_example(r->task, r->source->is_dev);
    struct cx_str scenario = r->topic_at >= 0 && (size_t)r->topic_at < n ? columns[r->topic_at] : text;
    bool is_judged = !r->source->is_phrases && r->source->label.ptr == NULL; /* a set of one label says nothing of how sure to be */
    example->fold = is_judged ? (uint16_t)(cx_hash64(scenario.ptr, scenario.len) % CX_FOLDS) : CX_FOLDS;
    example->set = r->source->set;
    example->weight = r->source->weight;
    example->balance = r->source->balance;
    example->taught = taught;
    if (is_untold)
        learn_taught_label(r->task, example);
    else
        CX_TRY(set_labels(r, example, label));
    cx_example_features(r->arena, r->task->plan->features, text, example);
    if (r->source->is_phrases && example->total < PHRASES_STAND_IN)
        example->total = PHRASES_STAND_IN;
    return 0;
}

int cx_text_column(struct cx_str content, struct cx_str name)
{
    struct cx_str line, column;
    content = cx_utf8_skip_mark(content);
    if (!learn_cut_line(&content, &line))
        return -1;
    for (int at = 0; cx_str_cut(&line, '\t', &column); at++)
        if (cx_str_eq(column, name))
            return at;
    return -1;
}

/* Whether the first line has a column of that name, and is a header: what it begins with is no label of other lines too. */
static bool names_column(struct cx_str content, struct cx_str name)
{
    struct cx_str line, first, field;
    if (cx_text_column(content, name) < 0)
        return false;
    content = cx_utf8_skip_mark(content);
    learn_cut_line(&content, &line);
    cx_str_cut(&line, '\t', &first);
    while (learn_cut_line(&content, &line))
        if (cx_str_cut(&line, '\t', &field) && cx_str_eq(field, first))
            return false;
    return true;
}

void cx_text_source_detect(struct cx_text_source *source, struct cx_str head)
{
    bool has_text = cx_text_column(source->content, CX_STR("text")) >= 0;
    if (source->column.ptr == NULL && (has_text || names_column(source->content, head) || names_column(source->content, CX_STR("label"))))
        source->column = head;
}

int cx_learn_task_read(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_text_source *source, struct cx_error *err)
{
    if (source->is_words)
        return learn_read_words(task, arena, source, err);
    struct reading r = { .task = task, .arena = arena, .source = source, .err = err, .text_at = 1, .topic_at = -1, .columns = 2 };
    if (source->taught.ptr != NULL)
        CX_TRY(learn_taught_begin(&r.taught, source->taught_path, source->taught, err));
    struct cx_str rest = cx_utf8_skip_mark(source->content), line;
    size_t before = task->count;
    while (learn_cut_line(&rest, &line) && (source->label.ptr == NULL || source->is_dev || task->count - before < ONE_LABEL_MAX)) {
        r.line++;
        if (r.line == 1 && source->column.ptr != NULL)
            CX_TRY(read_columns(&r, line));
        else
            CX_TRY(read_line(&r, line));
    }
    return source->taught.ptr == NULL ? 0 : learn_taught_end(&r.taught, err);
}

/* ---- closing ---- */

static int by_bytes(const void *a, const void *b)
{
    return cx_str_cmp(*(const struct cx_str *)a, *(const struct cx_str *)b);
}

static void renumber(const struct cx_learn_task *task, struct cx_example *example, const int32_t *number)
{
    float before[CX_LABELS_MAX];
    example->label = example->label < 0 ? -1 : number[example->label];
    if (example->taught == NULL)
        return;
    memcpy(before, example->taught, task->label_count * sizeof *before);
    for (uint32_t old = 0; old < task->label_count; old++)
        example->taught[number[old]] = before[old];
}

/* New labels into byte order, so that they do not depend on which text came first. */
static void sort_labels(struct cx_learn_task *task)
{
    struct cx_str before[CX_LABELS_MAX];
    int32_t number[CX_LABELS_MAX];
    memcpy(before, task->labels, task->label_count * sizeof *before);
    qsort(task->labels + task->known_count, task->label_count - task->known_count, sizeof *task->labels, by_bytes);
    for (uint32_t old = 0; old < task->label_count; old++)
        for (uint32_t new = 0; new < task->label_count; new ++)
            if (cx_str_eq(before[old], task->labels[new]))
                number[old] = (int32_t) new;
    for (size_t i = 0; i < task->count; i++)
        renumber(task, &task->examples[i], number);
    for (size_t i = 0; i < task->dev_count; i++)
        renumber(task, &task->dev[i], number);
}

/* Which of the classes that balance each other a text is in. An ANY_OF head has two: something and nothing. */
static uint32_t class_of(const struct cx_learn_task *task, const struct cx_example *example)
{
    return task->plan->kind == CX_HEAD_ANY_OF ? example->labels != 0 : (uint32_t)(example->label + 1);
}

/* Shares were taught of texts as they come: those of a class grow by as much as its texts weigh. Returns what the text weighs by its shares. */
static double balance_taught(const struct cx_learn_task *task, const struct cx_example *example, const double *weights)
{
    float *shares = example->taught;
    double sum = 0;
    if (task->plan->kind == CX_HEAD_ANY_OF) {
        if (task->label_count > 1) /* it has something by one label or another: shares do not say how likely */
            return weights[class_of(task, example)];
        double yes = (double)shares[0] * weights[1];
        sum = yes + (1 - (double)shares[0]) * weights[0];
        shares[0] = (float)(yes / sum);
        return sum;
    }
    for (uint32_t c = 0; c < task->label_count; c++)
        sum += (double)shares[c] * weights[c + 1];
    for (uint32_t c = 0; c < task->label_count; c++)
        shares[c] = (float)((double)shares[c] * weights[c + 1] / sum);
    return sum;
}

static void balance_set(struct cx_learn_task *task, size_t from, size_t to)
{
    double counts[CX_LABELS_MAX + 1] = { 0 }, weights[CX_LABELS_MAX + 1], classes = 0;
    float balance = task->examples[from].balance < 0 ? task->plan->balance : task->examples[from].balance;
    for (size_t i = from; i < to; i++)
        counts[class_of(task, &task->examples[i])]++;
    for (uint32_t c = 0; c <= CX_LABELS_MAX; c++)
        classes += counts[c] > 0;
    for (uint32_t c = 0; c <= CX_LABELS_MAX; c++)
        weights[c] = counts[c] > 0 ? pow((double)(to - from) / (classes * counts[c]), (double)balance) : 1;
    for (size_t i = from; i < to; i++) {
        struct cx_example *example = &task->examples[i];
        double by_label = weights[class_of(task, example)], by_shares = by_label;
        if (example->taught != NULL)
            by_shares = balance_taught(task, example, weights);
        example->weight *= (float)(example->is_untold ? by_shares : by_label);
    }
}

void cx_learn_task_close(struct cx_learn_task *task)
{
    if (!task->is_closed)
        sort_labels(task);
    task->is_closed = true;
    for (size_t i = 0; i < task->count && task->plan->kind == CX_HEAD_ONE_OF; i++)
        if (task->examples[i].taught != NULL)
            learn_taught_fill(task, &task->examples[i]);
    for (size_t from = 0, to; from < task->count; from = to) {
        for (to = from; to < task->count && task->examples[to].set == task->examples[from].set;)
            to++;
        balance_set(task, from, to);
    }
}
