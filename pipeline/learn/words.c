/* words.c - a language from its words: every word once, weighing more the more frequent it is; and texts of two to a dozen words drawn by frequency,
 * so that what is learned of single words also adds up right. Frequencies are flattened: a short text must be told by whatever word it has, however
 * rare. */
#include "learn/words.h"
#include "base/error.h"
#include "learn/random.h"
#include <math.h>

#define TEXTS_A_LANGUAGE 6000
#define WORDS_A_LANGUAGE 20000 /* the most frequent ones */
#define WORDS_MAX        12
#define FLATTENED        0.35 /* words are drawn by frequency to this power */
#define TEXT_BYTES       2048

struct list {
    struct cx_str language;
    struct cx_str *words;
    double *upto; /* running sums of what each is drawn by */
    size_t count;
};

static int bad_line(const struct cx_text_source *source, size_t line, struct cx_error *err)
{
    return cx_fail(err, CX_EXIT_DATA, "%.*s:%zu: not language, centibels and word with tabs between", CX_STR_ARG(source->path), line);
}

static size_t draw_word(const struct list *list, struct cx_random *random)
{
    double at = cx_random_share(random) * list->upto[list->count - 1];
    size_t low = 0, high = list->count - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (list->upto[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* Half are pairs, half longer. */
static size_t draw_length(struct cx_random *random)
{
    return cx_random_below(random, 2) == 0 ? 2 : 3 + cx_random_below(random, WORDS_MAX - 2);
}

static void add_text(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_text_source *source, int label, struct cx_str text,
                     float weight)
{
    struct cx_example *example = learn_add_example(task, false);
    example->label = label;
    example->weight = source->weight * weight;
    example->balance = source->balance;
    example->set = source->set;
    example->fold = (uint16_t)(task->count % CX_FOLDS);
    cx_example_features(arena, task->plan->features, text, example);
}

/* Every word; weights are one on average. */
static void add_words(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_text_source *source, const struct list *list, int label)
{
    double mean = list->upto[list->count - 1] / (double)list->count;
    for (size_t i = 0; i < list->count; i++)
        add_text(task, arena, source, label, list->words[i], (float)((list->upto[i] - (i > 0 ? list->upto[i - 1] : 0)) / mean));
}

static int add_texts(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_text_source *source, const struct list *list,
                     struct cx_error *err)
{
    struct cx_random random = { 0x1a2b3c4d5e6f7081u + list->count };
    int label = learn_label(task, cx_arena_copy(arena, list->language));
    if (label < 0)
        return cx_fail(err, CX_EXIT_DATA, "%.*s: more than %d languages", CX_STR_ARG(source->path), CX_LABELS_MAX);
    add_words(task, arena, source, list, label);
    for (size_t i = 0; i < TEXTS_A_LANGUAGE; i++) {
        char text[TEXT_BYTES];
        size_t len = 0;
        for (size_t n = draw_length(&random); n > 0; n--) {
            struct cx_str word = list->words[draw_word(list, &random)];
            if (len + word.len + 1 > sizeof text)
                break;
            if (len > 0)
                text[len++] = ' ';
            memcpy(text + len, word.ptr, word.len);
            len += word.len;
        }
        add_text(task, arena, source, label, cx_str_n(text, len), 1);
    }
    return 0;
}

int learn_read_words(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_text_source *source, struct cx_error *err)
{
    struct cx_str rest = source->content, line;
    size_t lines = 1, number = 0;
    for (size_t i = 0; i < rest.len; i++)
        lines += rest.ptr[i] == '\n';
    struct list list = { CX_STR_NULL, CX_NEW_ARRAY(arena, struct cx_str, lines), CX_NEW_ARRAY(arena, double, lines), 0 };
    while (cx_str_cut(&rest, '\n', &line)) {
        struct cx_str language, centibels;
        int64_t rarity;
        number++;
        if (line.len == 0)
            continue;
        if (!cx_str_cut(&line, '\t', &language) || !cx_str_cut(&line, '\t', &centibels) || line.ptr == NULL || !cx_str_to_i64(centibels, &rarity) ||
            !cx_utf8_valid(line))
            return bad_line(source, number, err);
        if (list.count > 0 && !cx_str_eq(language, list.language)) {
            CX_TRY(add_texts(task, arena, source, &list, err));
            list.count = 0;
        }
        list.language = language;
        if (list.count == WORDS_A_LANGUAGE)
            continue; /* lists are in order */
        list.words[list.count] = line;
        list.upto[list.count] = (list.count > 0 ? list.upto[list.count - 1] : 0) + pow(10, -(double)rarity / 100 * FLATTENED);
        list.count++;
    }
    return list.count > 0 ? add_texts(task, arena, source, &list, err) : 0;
}
