/* section.h - the section `classification` of a record, from what is known of it. */
#ifndef CX_STAGES_CLASSIFY_SECTION_H
#define CX_STAGES_CLASSIFY_SECTION_H
#include "stages/classify/evidence.h"

/* Below these scores a label is not said, nor one of which nothing is known. The record tells toxicity and relevance as scores, these say from where
 * on they are a yes. */
struct classify_least {
    float intents, functions, toxicity, relevance;
};
/* Sentiment is neutral between minus this and this. */
#define CLASSIFY_SENTIMENT_AT_LEAST 0.15f
/* Urgency from these scores on; below the first it is low. */
#define CLASSIFY_URGENCY_NORMAL   0.2f
#define CLASSIFY_URGENCY_HIGH     0.5f
#define CLASSIFY_URGENCY_CRITICAL 0.8f

/* Fills what the heads know: sentiment, intents, functions, urgency, toxicity, relevance. Labels are in the arena. Returns those of which what is
 * said is the model's, or the model's and the lexicons': a bit a head. */
uint32_t classify_fill(struct cx_arena *arena, const struct classify_heads *heads, const struct classify_least *least,
                       struct cx_classification *section);
/* How likely a text is some company's business, by scores of intents: any but spam and other says yes. */
float classify_business(const float *intents);
/* The entries that matched and, as model/head, the heads that the model said; in byte order. */
struct cx_str_list classify_deciders(struct cx_arena *arena, struct cx_str_list hits, uint32_t by_model);
/* Which of the five C a record belongs to, by what and where it is and by its best intent (null: not known); the rule stands in README.md. */
enum cx_five_c classify_five_c(const struct cx_interaction *record, struct cx_str intent);
#endif
