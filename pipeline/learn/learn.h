/* learn.h - from labelled texts to a model, and how good it is. Everything is seeded and in fixed order: the same texts give the same bytes.
 *
 *   read     texts with labels become the examples of a task: features, made by the functions that the running program uses   (corpus.c, words.c)
 *   lay over what an overlay's base says of them already, and background                                                      (overlay.h)
 *   fit      logistic regression by AdaGrad on all features, 2^22 buckets, without teachers                                   (fit.c)
 *   select   the features that weigh most, of all tasks together, get places in a table; the others are forgotten             (select.c)
 *   refit    on what was selected
 *   sum up   a row for the whole of each frequent word, from those of its features                                            (wholes.c)
 *   tune     a temperature a head, shifts, lift, and where it says nothing, from examples that were not fitted                      (tune.c)
 *   pack     weights to int8, and the image of text/model.h                                                                   (pack.c)
 *   measure  precision, recall, F1, calibration, intervals, paired tests                                                      (measure.h) */
#ifndef CX_LEARN_H
#define CX_LEARN_H
#include "base/buf.h"
#include "learn/measure.h"

#define CX_FOLDS 5

/* ---- tasks: a head to be and its examples ---- */

struct cx_example {
    const uint32_t *hashes;
    const uint8_t *units;                /* enum cx_feature_unit of each; NULL: all are runs */
    const struct cx_feature_word *words; /* which of them are whose (features.h), until they are those of a selection */
    uint32_t word_count;
    uint32_t count, total; /* total: what they count as (cx_features_total), those not selected too, or those of a text that the words could stand in;
                              0: as count */
    int32_t label;         /* ONE_OF; -1: none of them */
    uint64_t labels;       /* ANY_OF: a bit a label, at most 64 */
    float weight, balance; /* balance: of its set */
    float *taught;         /* shares of the labels as a teacher sees them (taught.h), balanced once the task is closed; NULL: none has read it */
    bool is_untold;        /* nobody has labelled it: what is taught is all there is */
    const float *prior;    /* logits that the labels have already, from the model an overlay is learned over; NULL: none */
    const bool *either;    /* labels of which only the sum was taught: each gets of it what it is said to have (overlay.h); NULL: none */
    uint16_t set;          /* row of the recipe it came from */
    uint16_t fold; /* 0..CX_FOLDS-1; texts about one thing share it. CX_FOLDS: a phrase, untold, or of a set of one label: learned and never judged */
};
/* How a head is learned; rows in plan.c. */
struct cx_head_plan {
    const char *name; /* NULL: of labels of somebody's own, which are few: calibration doubts them */
    enum cx_head_kind kind;
    enum cx_feature_kind features; /* heads of one kind share a table */
    bool narrow;        /* few labels learned from many texts: their columns stand in the buckets, if there are no more than four of such */
    const char *labels; /* by blanks; NULL: those of the data, in byte order */
    uint32_t epochs;
    float rate, drop;
    float says;                 /* ANY_OF: a label is said from this score on; 0: from 0.5 on */
    float word_pace, pair_pace; /* how much faster words and pairs are learned than runs of characters; 0: as fast */
    float contrast;             /* steps of a feature are so much, and more the more differently labels have it (contrast.h); 0: all alike */
    uint32_t teachers;          /* ONE_OF: so many networks are fitted first and teach the head together (teacher.h); 0: labels alone do */
    float softness, told;       /* what they say of a text: by logits divided by softness; the share of its label beside it, and beside `taught` */
    float balance;              /* 0: as the data is; 1: every label of a set weighs the same */
    uint32_t most;              /* features it may have in the table */
    bool folds;                 /* calibrated on folds of its examples rather than on dev: what has few examples and no public dev set */
    bool shifts;                /* ONE_OF: calibration shifts labels, until each is said as much as it is true; it undoes balance */
    const char *favoured;       /* labels to be expected more often than texts have them, by so much of a logit */
    float favour;
    float lift; /* ANY_OF: of what is rare and dear to miss, logits from so far below 0 on have scores from 0.5 on (text/scores.h) */
};
/* What scores of its labels are measured against (cx_head): of ANY_OF the least that is said. */
static inline float cx_plan_threshold(const struct cx_head_plan *plan)
{
    return plan->kind == CX_HEAD_ONE_OF ? 1 : plan->says > 0 ? plan->says : 0.5f;
}
/* Plan of a head by name; for names that are not ours one for own labels. */
const struct cx_head_plan *cx_head_plan(struct cx_str name);

struct cx_learn_task {
    struct cx_str name;
    const struct cx_head_plan *plan;
    struct cx_str labels[CX_LABELS_MAX];
    uint32_t label_count;
    uint32_t known_count; /* of an overlay: labels that the base has; they keep their numbers, new ones come after */
    bool is_closed;       /* labels it does not know are an error rather than new */
    struct cx_example *examples, *dev;
    size_t count, cap, dev_count, dev_cap;
    size_t background; /* the last so many examples: learned and calibrated by, and in no figure (overlay.h) */
};
void cx_learn_task_init(struct cx_learn_task *task, struct cx_str name);
void cx_learn_task_free(struct cx_learn_task *task);

/* Where labelled texts stand and what they are. */
struct cx_text_source {
    struct cx_str path, content;
    struct cx_str column;              /* of a file with a header line that has `text`; null: lines are label TAB text */
    struct cx_str label;               /* the label of every text, whatever the file says, for heads with folds never judged; null: the file's */
    struct cx_str map;                 /* "their=ours,their=ours": labels by other names; null: as they are; one that is not named is left out */
    struct cx_str taught_path, taught; /* what a teacher says of the texts (taught.h); null: nothing */
    bool is_untold;                    /* the labels of the file are of something else: what the teacher says is all there is */
    bool is_words;                     /* language TAB centibels TAB word: texts are made of it */
    bool is_dev;
    bool is_phrases;    /* a few words each, that stand for what they are in a longer text */
    bool is_measured;   /* nothing is learned from them: labels may be what no record could carry */
    bool skips_unknown; /* texts with labels that the task does not know count as none of them */
    float weight;
    float balance; /* below 0: the plan's */
    uint16_t set;
};
/* Where a column of that name stands in a file's first line, from 0 on; -1: nowhere. */
int cx_text_column(struct cx_str content, struct cx_str name);
/* Where the file's first line is a header, labels are in the column named, or in the one with the head's name. It is one if it has a column `text`,
 * or (reading then says what is missing) one that is called as the head, or `label`. */
void cx_text_source_detect(struct cx_text_source *source, struct cx_str head);
/* Adds the texts of a source; those with the label ? that were not taught are left out. -1 with *err: file:line and what is wrong. */
int cx_learn_task_read(struct cx_learn_task *task, struct cx_arena *arena, const struct cx_text_source *source, struct cx_error *err);
/* Gives the labels their numbers for good (byte order where the data named them) and texts, with what they were taught, the balance of the plan or of
 * their set. Once, after reading. */
void cx_learn_task_close(struct cx_learn_task *task);
/* Whether records, lists with commas and tables can carry it as a name, of a label for one: at most so many bytes, no blanks, commas and control
 * characters. */
#define CX_LEARN_NAME_BYTES 64
bool cx_learn_is_name(struct cx_str name);
/* A label's number; -1: the task has none of that name. */
int cx_learn_task_label(const struct cx_learn_task *task, struct cx_str label);
/* An example that has not been rewritten, as models read it. */
static inline struct cx_features cx_example_list(const struct cx_example *example)
{
    return (struct cx_features){ .hashes = example->hashes, .count = example->count, .words = example->words, .word_count = example->word_count };
}
/* Features of one text as examples have them. */
void cx_example_features(struct cx_arena *arena, enum cx_feature_kind kind, struct cx_str text, struct cx_example *example);

/* Whether the plan expects texts of this label rather than of others. */
bool cx_learn_favours(const struct cx_learn_task *task, int32_t label);

/* ---- fitting ---- */

/* Weights of one head: 2^bits rows x labels, row by row, and a bias a label. Feature h has row h >> (32 - bits). */
struct cx_weights {
    float *rows, *bias;
    uint32_t bits, labels;
};
struct cx_weights cx_weights_new(uint32_t bits, uint32_t labels);
void cx_weights_free(struct cx_weights *weights);
/* Fits from the examples that are not of `skip_fold` (-1: from all). */
void cx_fit(const struct cx_learn_task *task, uint32_t bits, int skip_fold, struct cx_weights *weights);
void cx_weights_logits(const struct cx_weights *weights, const struct cx_example *example, float *logits);
/* Scores and truth of examples, for measuring. */
void cx_scores_of(enum cx_head_kind kind, float *values, uint32_t labels);

/* ---- selecting ---- */

/* Features by the place they have in a table of cx_model_table's make. */
struct cx_selection {
    uint32_t buckets, places, row_count; /* places: of a bucket */
    uint16_t *tags;
    bool *is_narrow; /* of lines: whether a head with narrow columns chose it */
    uint32_t *rows;  /* of lines: the number of the row a place has, or CX_SELECTION_NONE; NULL: the place's number */
};
#define CX_SELECTION_NONE UINT32_MAX
void cx_selection_free(struct cx_selection *selection);
/* How many rows the weights of a head have: of narrow columns one for every place, of others one for every row of theirs. */
size_t cx_selection_rows(const struct cx_selection *selection, bool is_narrow);
/* Weights of so many bits have room for them. */
uint32_t cx_selection_bits(const struct cx_selection *selection, bool is_narrow);
/* The number of a feature's row in them; CX_SELECTION_NONE: it has none. */
uint32_t cx_selection_row(const struct cx_selection *selection, bool is_narrow, uint32_t feature);
/* Rewrites examples to what was selected: features become numbers of rows, in the upper cx_selection_bits. */
void cx_selection_apply(const struct cx_selection *selection, bool is_narrow, struct cx_arena *arena, struct cx_example *examples, size_t n);

/* ---- packing ---- */

struct cx_packed_head {
    const struct cx_learn_task *task;
    const struct cx_weights *weights; /* by number of row */
    bool is_narrow;                   /* its columns stand in the lines */
    float temperature;
    float shift[CX_LABELS_MAX]; /* logits are (logit + shift) / temperature */
    float threshold[CX_LABELS_MAX], at_least, lift;
    bool adds;
};
struct cx_packed_table {
    const struct cx_selection *selection;
    enum cx_feature_kind features;
    const struct cx_packed_head *heads;
    size_t head_count;
};
/* Writes an image. `card` is a JSON object; `base` may be null. Returns the model's version, name@hash of all that the image holds besides, in the
 * arena. */
struct cx_str cx_pack(struct cx_buf *image, struct cx_arena *arena, struct cx_str name, struct cx_str base, struct cx_str card,
                      const struct cx_packed_table *tables, size_t n);
#endif
