/* model.h - learned heads over hashed features: all of them for one or two walks over a text.
 *
 * A model is tables and heads. A table holds the features that training chose, a row of int8 each (a column a label of its heads), and adds up the
 * rows of a text's features of one kind (features.h); features that it does not hold cost a look at their bucket. A head is a range of columns:
 *
 *   logit(label) = bias + scale * (sum of the column over the features) / sqrt(number of features)
 *
 * For words that are met often a table also has a row that is the sum of all features of the word, and that is read in place of theirs.
 *
 * The sums are integers and the rest is done once a label in fixed order, so that every kernel gives the same bits. Scale and bias contain the
 * calibration that training found; scores are probabilities, but for those near 0.5 of a head that has a lift.
 *
 *   CX_HEAD_ONE_OF  softmax: scores of a head add up to 1
 *   CX_HEAD_ANY_OF  every label has a probability of its own
 *
 * The image of a model, as stored in a .cxm file after zstd: the line "cx model 3\n", the length of the header in decimal and "\n", the header (a
 * JSON object: what the model is, its card, its tables and heads), zero bytes up to a multiple of 64, and for each table its buckets and its rows.
 * `zstd -dc FILE | head -n 3` shows all but the rows. */
#ifndef CX_TEXT_MODEL_H
#define CX_TEXT_MODEL_H
#include "text/features.h"

enum cx_head_kind { CX_HEAD_ONE_OF, CX_HEAD_ANY_OF };

struct cx_head {
    struct cx_str name;
    enum cx_head_kind kind;
    uint32_t table, column;      /* column: the first one's */
    uint32_t label_count, first; /* first: place of its first score among the scores of the model */
    const struct cx_str *labels;
    const float *scale, *bias;
    const float *threshold; /* ANY_OF: said from this score on. ONE_OF: the label whose score is the largest multiple of its threshold wins */
    float at_least;         /* ONE_OF: below this score of the winner nothing is said */
    float lift;             /* ANY_OF: logits from -lift on have scores from 0.5 on (scores.h); 0: all are as they are */
    bool adds;              /* of an overlay: its logits are added to those of the base's head of this name */
};
/* A feature h belongs in bucket (h * buckets) >> 32, at one of its places: where the tag is cx_model_tag(h). Two features that share bucket and tag
 * are one. There are two makes of tables.
 *
 *   of tags   A bucket is eight tags; every place has a row, which has the place's number.
 *   of lines  A bucket is a cache line: ten tags, the first four columns of ten rows, and where the others are. Those need not be there: few labels
 *             learned from many texts want many narrow rows, many labels learned from few texts want few wide ones. */
#define CX_MODEL_BUCKET  8
#define CX_MODEL_LINE    10
#define CX_MODEL_NARROW  4     /* columns in a line */
#define CX_MODEL_BUCKETS 65536 /* a table has at most so many */
struct cx_model_line {
    uint16_t tags[CX_MODEL_LINE];
    int8_t narrow[CX_MODEL_LINE][CX_MODEL_NARROW];
    uint32_t wide; /* bits 0..9: which places have a row too; bits 10..31: the first one's number, the others follow */
};
struct cx_model_table {
    enum cx_feature_kind features;
    uint32_t buckets, row_bytes, row_count, columns;
    const struct cx_model_line *lines; /* NULL: of tags */
    const uint16_t *tags;              /* buckets * 8; 0: an empty place */
    const int8_t *rows;                /* 64-byte aligned, row_bytes (a multiple of 32) each; of lines: from the fifth column on */
};
static inline uint32_t cx_model_bucket(uint32_t feature, uint32_t buckets)
{
    return (uint32_t)((uint64_t)feature * buckets >> 32);
}
static inline uint16_t cx_model_tag(uint32_t feature)
{
    uint16_t tag = (uint16_t)feature;
    return tag != 0 ? tag : 1;
}
/* Heads whose columns follow each other, as their scores do. */
struct cx_model_run {
    uint32_t table, column, first, count;
    const float *scale, *bias; /* theirs, one after the other */
};
#define CX_MODEL_TABLES 4
#define CX_MODEL_LABELS 512 /* a head has at most so many */
#define CX_MODEL_HEADS  64  /* a model, and a model with its overlays */
struct cx_model_layer {
    const struct cx_model *model;
    const uint32_t *places; /* of each of its scores among those of the whole */
};
struct cx_model {
    struct cx_str version; /* name@hash of all that the file holds besides: what a record names */
    struct cx_str base;    /* version of the model an overlay was made for; null for a whole model */
    struct cx_str card;    /* JSON: sets, licences, metrics */
    struct cx_model_table tables[CX_MODEL_TABLES];
    uint32_t table_count, head_count, score_count, run_count;
    const struct cx_head *heads;
    const struct cx_model_run *runs;     /* of the heads of its own tables */
    const struct cx_model_layer *layers; /* what cx_model_lay joined; none: the tables are the model's own */
    uint32_t layer_count;
};

/* Reads an image. Everything is checked: no bytes make it read outside. The model and a copy of the rows are in the arena; -1 with *err otherwise. */
int cx_model_read(struct cx_arena *arena, struct cx_str image, struct cx_model *model, struct cx_error *err);
/* The version of a model: its name, and a hash of all that its image holds besides, so that models which say anything otherwise are called otherwise.
 * `header` is what stands in it behind the version. */
#define CX_MODEL_VERSION_KEY "{\"version\":"
struct cx_str cx_model_name(struct cx_arena *arena, struct cx_str name, struct cx_str header, struct cx_str rows);
/* Whether the image that a model was read from is the one that its version names; -1 with *err: bytes of it are others. */
int cx_model_check(struct cx_arena *arena, const struct cx_model *model, struct cx_str image, struct cx_error *err);
/* The head of that name, or NULL. */
const struct cx_head *cx_model_head(const struct cx_model *model, struct cx_str name);

/* A model with `n` overlays on it: a company's own labels. Heads of an overlay that add to the base's have their logits added to it label by label,
 * and the labels that the base lacks come after its own; other heads stand beside the base's. It is used like any model, and what it was made of must
 * live as long. -1 with *err where an overlay was made over another base, or does not fit. */
#define CX_MODEL_LAYERS 8 /* the base included */
int cx_model_lay(struct cx_arena *arena, const struct cx_model *base, const struct cx_model *const *overlays, size_t n, struct cx_model *model,
                 struct cx_error *err);

/* Logits of all heads that read this kind of features, into logits[model->score_count]; others are left alone. Texts without features get the biases.
 *
 * Letters are read until they decide: a few words at a time, until the best label of a head leads the next one by CX_MODEL_LEAD. */
#define CX_MODEL_LETTERS_STEP 4 /* words */
#define CX_MODEL_LEAD         4.0f
void cx_model_logits(const struct cx_model *model, enum cx_feature_kind kind, const struct cx_features *features, float *logits);
/* The same bits of a text as CX_FOLD_SEARCH folded it, and quicker: features are made only where they are needed. `kinds` are a bit each, and best
 * read together: one is added up while another waits for memory. counts[CX_FEATURE_KINDS]: how many features of each were read. */
#define CX_MODEL_ALL_KINDS ((1u << CX_FEATURE_KINDS) - 1)
void cx_model_read_text(const struct cx_model *model, struct cx_arena *arena, unsigned kinds, const struct cx_folded *folded, struct cx_str original,
                        float *logits, size_t *counts);
/* Logits to scores, in place, of one head. `values` are the head's own: logits + head->first. */
void cx_head_scores(const struct cx_head *head, float *values);
/* The same of all heads. */
void cx_model_scores(const struct cx_model *model, float *values);
/* A label's number; -1: the head has none of that name. */
int cx_head_label(const struct cx_head *head, struct cx_str name);
/* What a ONE_OF head says of scores: a label's number, or -1 where it abstains. */
int cx_head_choice(const struct cx_head *head, const float *scores);

/* What every feature adds to the logit of one label, into weights[features->count]; of a word that has a row for its whole, the first one all of it.
 */
void cx_model_weigh(const struct cx_model *model, const struct cx_head *head, uint32_t label, const struct cx_features *features, float *weights);

/* Which kernels add rows: the best the machine has. Tests name one; false where the machine lacks it. */
enum cx_kernel { CX_KERNEL_PORTABLE, CX_KERNEL_AVX2 };
bool cx_model_use_kernel(enum cx_kernel kernel);
#endif
