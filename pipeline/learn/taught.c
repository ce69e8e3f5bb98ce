/* taught.c - reads the files of taught.h. */
#include "learn/taught.h"
#include "learn/words.h"

static int bad_line(const struct learn_taught *taught, const char *what, struct cx_error *err)
{
    return cx_fail(err, CX_EXIT_DATA, "%.*s:%lld: %s", CX_STR_ARG(taught->path), (long long)taught->line, what);
}

struct cx_str learn_taught_by(struct cx_str content)
{
    struct cx_str line;
    return cx_str_cut(&content, '\n', &line) && cx_str_starts(line, CX_STR("# ")) ? cx_str_skip(line, 2) : CX_STR_NULL;
}

int learn_taught_begin(struct learn_taught *taught, struct cx_str path, struct cx_str content, struct cx_error *err)
{
    struct cx_str header;
    *taught = (struct learn_taught){ path, content, 1 };
    if (learn_taught_by(content).ptr == NULL)
        return bad_line(taught, "does not say who taught: # TEACHER", err);
    cx_str_cut(&taught->rest, '\n', &header);
    return 0;
}

/* "label=PERCENT" to the label's share. */
static bool read_share(struct cx_learn_task *task, struct cx_str pair, float *shares)
{
    struct cx_str label;
    double percent;
    if (!cx_str_cut(&pair, '=', &label) || learn_is_outside(label) || (cx_learn_task_label(task, label) < 0 && !cx_learn_is_name(label)) ||
        !cx_str_to_f64(pair, &percent))
        return false;
    int number = percent >= 0 && percent <= 100 ? learn_label(task, label) : -1;
    if (number < 0 || shares[number] > 0)
        return false;
    shares[number] = (float)percent / 100;
    return true;
}

#define ROUNDED 1.1f /* percents of one text that are rounded may add up to a little more than a hundred */

int learn_taught_next(struct learn_taught *taught, struct cx_learn_task *task, struct cx_arena *arena, struct cx_str text, float **shares,
                      struct cx_error *err)
{
    struct cx_str line, length, pair;
    int64_t bytes;
    float sum = 0;
    *shares = NULL;
    taught->line++;
    if (!cx_str_cut(&taught->rest, '\n', &line) || !cx_str_cut(&line, '\t', &length) || !cx_str_to_i64(length, &bytes))
        return bad_line(taught, "not the length of a text, a tab and label=percent with commas between; the set has a text more", err);
    if (bytes != (int64_t)text.len)
        return bad_line(taught, "is of a text of another length: the set is not the one that was taught", err);
    if (line.len == 0)
        return 0;
    *shares = CX_NEW_ARRAY(arena, float, task->is_closed ? task->label_count : CX_LABELS_MAX); /* other labels may come */
    while (cx_str_cut(&line, ',', &pair))
        if (!read_share(task, pair, *shares))
            return bad_line(taught, "not label=percent, a label twice, or no label of the head", err);
    for (uint32_t c = 0; c < task->label_count; c++)
        sum += (*shares)[c];
    return task->plan->kind == CX_HEAD_ANY_OF || sum <= ROUNDED ? 0 : bad_line(taught, "more than a hundred percent", err);
}

void learn_taught_fill(const struct cx_learn_task *task, struct cx_example *example)
{
    float sum = 0, unnamed = 0;
    for (uint32_t c = 0; c < task->label_count; c++) {
        sum += example->taught[c];
        unnamed += example->taught[c] == 0;
    }
    for (uint32_t c = 0; c < task->label_count; c++)
        if (sum >= 1 || unnamed == 0)
            example->taught[c] /= sum;
        else if (example->taught[c] == 0)
            example->taught[c] = (1 - sum) / unnamed;
}

int learn_taught_end(const struct learn_taught *taught, struct cx_error *err)
{
    struct learn_taught next = *taught;
    next.line++;
    return next.rest.len == 0 ? 0 : bad_line(&next, "is of a text that the set does not have", err);
}

void learn_taught_label(const struct cx_learn_task *task, struct cx_example *example)
{
    example->is_untold = true;
    example->fold = CX_FOLDS;
    example->label = task->plan->kind == CX_HEAD_ONE_OF ? 0 : -1;
    for (uint32_t c = 0; c < task->label_count; c++) {
        if (task->plan->kind == CX_HEAD_ANY_OF && example->taught[c] >= 0.5f)
            example->labels |= UINT64_C(1) << c;
        if (task->plan->kind == CX_HEAD_ONE_OF && example->taught[c] > example->taught[example->label])
            example->label = (int32_t)c;
    }
}
