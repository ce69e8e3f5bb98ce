/* learned.h - what the learned model says of a text, and how it meets what the lexicons say.
 *
 * The rule, head by head (README.md tells it to operators):
 *   language    the model where its score reaches language_at_least; else letters and frequent words where they prove one; else und
 *   sentiment   the model where its score reaches sentiment_at_least, else the lexicons; a rating weighs two thirds against either
 *   intents, functions   a company's own intents are the model's alone; others are joined as independent evidence: 1 - (1 - model) (1 - lexicons)
 *   urgency, toxicity, relevance   the higher of the two; spam that a lexicon proves takes relevance down
 *   reason      the lexicons where they name one, else the model where its score reaches reason_at_least */
#ifndef CX_STAGES_CLASSIFY_LEARNED_H
#define CX_STAGES_CLASSIFY_LEARNED_H
#include "config/config.h"
#include "stages/classify/evidence.h"
#include "text/model.h"

/* Below these a score of the model is what any text would get, and no evidence of anything. */
#define CLASSIFY_INTENT_JOINS   0.1f
#define CLASSIFY_FUNCTION_JOINS 0.4f

struct classify_thresholds {
    double language, sentiment, reason;
};
struct classify_learned {
    struct cx_model model;
    struct classify_thresholds at_least;
    const struct cx_head *language, *sentiment, *toxicity, *intent, *functions, *urgency, *relevance, *reason; /* NULL: the model has none */
    const int *intents, *functions_by_label; /* a label's number in labels.h, -1: none of ours */
    int sentiments[3];
    const struct cx_head *const *own; /* heads of a company's own, whose labels are intents by other names */
    size_t own_count;
    const struct cx_str *languages; /* of an overlay's texts: it speaks of these even where its base does not */
    size_t language_count;
    const struct classify_learned *elsewhere; /* the heads that are heard there; NULL: none */
};
/* Reads a .cxm file's bytes. The model lives in the arena. */
int classify_learned_read(struct cx_arena *arena, struct cx_str file, struct cx_model *model, struct cx_error *err);
/* Finds the heads of learned->model; at_least is set. */
void classify_learned_bind(struct classify_learned *learned, struct cx_arena *arena);
/* What of the model (NULL: there is none) is heard of texts in a language (null: not known); NULL: nothing. */
const struct classify_learned *classify_learned_in(const struct classify_learned *learned, struct cx_str language);

/* What a model reads in a text, all heads in one walk. */
struct classify_reading {
    const struct classify_learned *of;
    float *values;                   /* scores, by head; in the arena */
    size_t counts[CX_FEATURE_KINDS]; /* features that were read of each kind; 0: there is too little of it */
};
/* `learned` may be NULL: nothing is read. */
struct classify_reading classify_learned_look(const struct classify_learned *learned, struct cx_arena *arena, const struct cx_folded *folded,
                                              struct cx_str text);
/* Language of the text (ISO 639-1) and the score, or null. */
struct cx_str classify_learned_language(const struct classify_reading *reading, float *confidence);
/* Scores of all other heads; NULL where there is too little of a text. */
const float *classify_learned_scores(const struct classify_reading *reading);
/* How urgent the model takes a text to be, 0..1: the mean of the levels by their scores; 0 where it has no such head. */
float classify_learned_urgency(const struct classify_learned *learned, const float *scores);
/* Joins the scores to what the lexicons found, by the rule above. */
void classify_learned_join(const struct classify_learned *learned, struct cx_arena *arena, const float *scores, struct classify_findings *findings);
#endif
