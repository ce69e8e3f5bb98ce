/* judgements.h - what people can tell of a record as classify does, and why classify told it. */
#ifndef CX_STAGES_CLASSIFY_JUDGEMENTS_H
#define CX_STAGES_CLASSIFY_JUDGEMENTS_H
#include "stage/stage.h"
#include "stages/classify/learned.h"
#include "stages/classify/section.h"

/* The thresholds of the stage that was opened as *self. */
const struct classify_least *classify_at_least(const void *self);
extern const struct cx_judgement classify_judgements[];

/* What classify_explain is about: a record whose text was searched. */
struct classify_case {
    const struct classify_lexicons *lexicons;
    struct classify_least at_least;
    const struct cx_interaction *record;
    const struct cx_folded *folded;
    struct cx_str text; /* that was folded */
    struct cx_str language;
    float language_confidence, language_at_least; /* at_least: NAN where it is not the model's */
    const char *language_by;
    struct cx_pii_span_list pii;
    const struct classify_findings *findings; /* model and rating joined */
    struct classify_heads lexical;            /* what the lexicons alone found */
    struct cx_str model;                      /* version of the tenant's; null: it has none */
    const struct classify_learned *learned;   /* what is heard of it in this language; without heads: nothing */
    const float *scores;                      /* of the model, which have joined the findings; NULL: it said nothing */
    float rating;                             /* the sentiment it was taken for; 0: none */
};
/* Writes the object that stage.h describes: every label about which anything is known, also where too little to be said. */
void classify_explain(const struct classify_case *c, struct cx_arena *arena, struct cx_buf *json);
/* Bytes of the text that was folded, as members "text","field","start","end". */
void classify_explain_place(const struct classify_case *c, uint32_t start, uint32_t end, struct cx_buf *json);
/* The words and neighbours that weighed most for a label of the model, as a JSON array of {"text","field","start","end","weight"}; weights are of
 * logits. */
void classify_explain_features(const struct classify_case *c, struct cx_arena *arena, const struct cx_head *head, uint32_t label,
                               struct cx_buf *json);
#endif
