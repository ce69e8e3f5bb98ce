/* evidence.h - what the lexicons find in a text, and how findings become scores.
 *
 * The rule. Every entry counts once, however often it matches. Statements about one label join as independent pieces of evidence: two of 0.5 make
 * 1 - 0.5 * 0.5 = 0.75. An intent also says what it means (functions, sentiment, urgency), by its own score. Sentiment is the joined evidence for
 * positive less that for negative. A match that is negated ("not good") counts for half its sentiment turned round, and for nothing else. */
#ifndef CX_STAGES_CLASSIFY_EVIDENCE_H
#define CX_STAGES_CLASSIFY_EVIDENCE_H
#include "codec/codec.h"
#include "stages/classify/lexicon.h"

/* What is known of a text, whoever knows it: the lexicons fill it, the learned model joins (learned.h). Scores are 0..1; 0 and false: nothing is
 * known. */
struct classify_heads {
    float intents[CLASSIFY_INTENT_COUNT];
    struct cx_label_list own; /* intents by names that a company made up, in no order */
    float functions[CLASSIFY_FUNCTION_COUNT];
    bool has_sentiment;
    float positive, negative;
    bool is_decided; /* the label is `decided`, whatever the scores */
    bool is_joined;  /* of the model and a rating */
    enum cx_sentiment decided;
    float urgency, toxicity;
    bool has_relevance; /* the model's, which has a head for it: what its intents say of it is not asked */
    float relevance;
    float business; /* then: what the lexicons' intents say of it, by classify_business */
    /* What is the model's, or the model's and the lexicons': a bit a head (enum classify_head), and of the heads of many labels a bit a label. */
    uint32_t by_model, intents_by_model, functions_by_model;
};
#define CLASSIFY_BIT(number) (UINT32_C(1) << (number))
_Static_assert(CLASSIFY_INTENT_COUNT <= 32, "a bit a label");
struct classify_findings {
    struct classify_heads heads;
    struct cx_str_list topics, hits; /* in byte order, each once */
    struct cx_str reason;
};

/* Looks through one text; `language` null: not known, every lexicon counts. Lists are in the arena. */
void classify_find(const struct classify_lexicons *lexicons, struct cx_arena *arena, const struct cx_folded *folded, struct cx_str language,
                   struct classify_findings *findings);
/* Why: every match that counted, in the order of the text, and the entries that stand without one (start = end = 0). Slower than classify_find and of
 * the same mind. */
struct classify_witness {
    const struct classify_entry *entry;
    uint32_t start, end; /* bytes of the folded text */
    bool is_negated;     /* counts for half its sentiment turned round, and for nothing else */
};
size_t classify_witnesses(const struct classify_lexicons *lexicons, struct cx_arena *arena, const struct cx_folded *folded, struct cx_str language,
                          struct classify_witness **witnesses);
/* Joins a further piece of evidence for the same thing. */
static inline void classify_join(float *score, float more)
{
    *score = 1 - (1 - *score) * (1 - more);
}
/* Evidence of a sentiment, -1..1; 0 says neutral. */
void classify_join_sentiment(struct classify_heads *heads, float sentiment);
#endif
