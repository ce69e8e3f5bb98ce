/* judgements.c - the heads that people can label. Names are those of the section's fields; questions are the guidelines of models/data in a sentence.
 */
#include "stages/classify/judgements.h"

static const char *intent_label(int i)
{
    return i < CLASSIFY_INTENT_COUNT ? classify_intents[i] : NULL;
}

static const char *function_label(int i)
{
    return i < CLASSIFY_FUNCTION_COUNT ? classify_functions[i] : NULL;
}

static const char *sentiment_label(int i)
{
    return cx_sentiment_name((enum cx_sentiment)i);
}

static const char *urgency_label(int i)
{
    return cx_urgency_name((enum cx_urgency)i);
}

static const char *five_c_label(int i)
{
    return cx_five_c_name((enum cx_five_c)i);
}

static const char *yes_no_label(int i)
{
    return i == 0 ? "yes" : i == 1 ? "no" : NULL;
}

static const struct cx_label_list nothing = { NULL, 0 };

static struct cx_label_list one(struct cx_arena *arena, const char *name, float score)
{
    if (name == NULL)
        return nothing;
    struct cx_label *label = CX_NEW(arena, struct cx_label);
    *label = (struct cx_label){ cx_str(name), score };
    return (struct cx_label_list){ label, 1 };
}

static struct cx_label_list likely(struct cx_arena *arena, struct cx_opt_f64 score, float least)
{
    return score.set ? one(arena, yes_no_label((float)score.value < least), (float)score.value) : nothing;
}

static struct cx_label_list said_intents(const void *self, struct cx_arena *arena, const struct cx_interaction *record)
{
    (void)self, (void)arena;
    return record->classification->intents;
}

static struct cx_label_list said_functions(const void *self, struct cx_arena *arena, const struct cx_interaction *record)
{
    (void)self, (void)arena;
    return record->classification->functions;
}

static struct cx_label_list said_sentiment(const void *self, struct cx_arena *arena, const struct cx_interaction *record)
{
    (void)self;
    return one(arena, cx_sentiment_name(record->classification->sentiment), (float)record->classification->sentiment_score.value);
}

static struct cx_label_list said_urgency(const void *self, struct cx_arena *arena, const struct cx_interaction *record)
{
    (void)self;
    return one(arena, cx_urgency_name(record->classification->urgency), (float)record->classification->urgency_score.value);
}

static struct cx_label_list said_toxicity(const void *self, struct cx_arena *arena, const struct cx_interaction *record)
{
    return likely(arena, record->classification->toxicity, classify_at_least(self)->toxicity);
}

static struct cx_label_list said_relevance(const void *self, struct cx_arena *arena, const struct cx_interaction *record)
{
    return likely(arena, record->classification->relevance, classify_at_least(self)->relevance);
}

static struct cx_label_list said_five_c(const void *self, struct cx_arena *arena, const struct cx_interaction *record)
{
    (void)self;
    return one(arena, cx_five_c_name(record->classification->five_c), 1);
}

const struct cx_judgement classify_judgements[] = {
    { "intent", "What does the writer want to happen next? Of several, what would be acted on first.", intent_label, false, said_intents, true },
    { "sentiment", "How does the writer feel about it? Irony counts for what is meant; a polite request is neutral.", sentiment_label, false,
      said_sentiment },
    { "urgency", "How soon does it hurt? critical: life, limb or money this minute; high: within a day; low: nothing happens.", urgency_label, false,
      said_urgency },
    { "functions", "Who has to act on it or know of it?", function_label, true, said_functions },
    { "toxicity", "Does it insult, slur or abuse somebody? Anger and swearing at a thing do not count.", yes_no_label, false, said_toxicity },
    { "relevance", "Is it any company's business? Spam, quarrels and the weather are not.", yes_no_label, false, said_relevance },
    { "five_c", "Which of the five C does it belong to?", five_c_label, false, said_five_c },
    { 0 },
};
