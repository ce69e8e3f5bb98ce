/* section.c - scores to labels, levels and nulls. */
#include "stages/classify/section.h"

#define NAME(literal)                                                                                                                                \
    {                                                                                                                                                \
        literal, sizeof(literal) - 1                                                                                                                 \
    }
#define NAMES_END                                                                                                                                    \
    {                                                                                                                                                \
        NULL, 0                                                                                                                                      \
    }

/* Scores are told to three places: more would be noise. */
static float rounded(float score)
{
    return (float)(int)(score * 1000 + (score < 0 ? -0.5f : 0.5f)) / 1000;
}

static struct cx_opt_f64 told(float score)
{
    return (struct cx_opt_f64){ true, rounded(score) };
}

static bool goes_before(const struct cx_label *a, const struct cx_label *b)
{
    return a->score > b->score || (a->score == b->score && cx_str_cmp(a->name, b->name) < 0);
}

/* Puts a label that reaches `least` among the others: by score, then name. */
static size_t pick_label(struct cx_label *labels, size_t len, struct cx_str name, float score, float least)
{
    struct cx_label label = { name, rounded(score) };
    size_t at = len;
    if (score < least || score <= 0)
        return len;
    for (; at > 0 && goes_before(&label, &labels[at - 1]); at--)
        labels[at] = labels[at - 1];
    labels[at] = label;
    return len + 1;
}

/* Labels by number, and those of a company's own. */
static struct cx_label_list pick_labels(struct cx_arena *arena, const float *scores, const char *const *names, size_t n, struct cx_label_list own,
                                        float least)
{
    struct cx_label *labels = CX_NEW_ARRAY(arena, struct cx_label, n + own.len);
    size_t len = 0;
    for (size_t i = 0; i < n; i++)
        len = pick_label(labels, len, cx_str(names[i]), scores[i], least);
    for (size_t i = 0; i < own.len; i++)
        len = pick_label(labels, len, own.items[i].name, own.items[i].score, least);
    return (struct cx_label_list){ labels, len };
}

static enum cx_sentiment sentiment_of(float score)
{
    return score >= CLASSIFY_SENTIMENT_AT_LEAST    ? CX_SENTIMENT_POSITIVE
           : score <= -CLASSIFY_SENTIMENT_AT_LEAST ? CX_SENTIMENT_NEGATIVE
                                                   : CX_SENTIMENT_NEUTRAL;
}

static enum cx_urgency urgency_of(float score)
{
    return score >= CLASSIFY_URGENCY_CRITICAL ? CX_URGENCY_CRITICAL
           : score >= CLASSIFY_URGENCY_HIGH   ? CX_URGENCY_HIGH
           : score >= CLASSIFY_URGENCY_NORMAL ? CX_URGENCY_NORMAL
                                              : CX_URGENCY_LOW;
}

float classify_business(const float *intents)
{
    float business = 0;
    for (int intent = 0; intent < CLASSIFY_INTENT_COUNT; intent++)
        if (intent != CLASSIFY_SPAM && intent != CLASSIFY_OTHER)
            classify_join(&business, intents[intent]);
    return business;
}

/* How likely it is anybody's business: intents say yes, and the model's head for it; spam says no. */
static float relevance_of(const struct classify_heads *heads, bool *is_models)
{
    float business = heads->has_relevance ? heads->business : classify_business(heads->intents);
    for (size_t i = 0; i < heads->own.len; i++)
        classify_join(&business, heads->own.items[i].score);
    *is_models = heads->has_relevance && heads->relevance > business;
    return (*is_models ? heads->relevance : business) * (1 - heads->intents[CLASSIFY_SPAM]);
}

/* Whether a label that is said is the model's. */
static bool is_any_said(const float *scores, uint32_t by_model, float least)
{
    for (; by_model != 0; by_model &= by_model - 1)
        if (scores[__builtin_ctz(by_model)] >= least)
            return true;
    return false;
}

static bool is_any_own_said(const struct classify_heads *heads, float least)
{
    for (size_t i = 0; i < heads->own.len; i++)
        if (heads->own.items[i].score >= least)
            return true;
    return false;
}

#define IF(condition, head) ((condition) ? CLASSIFY_BIT(CLASSIFY_HEAD_##head) : 0)

uint32_t classify_fill(struct cx_arena *arena, const struct classify_heads *heads, const struct classify_least *least,
                       struct cx_classification *section)
{
    static const struct cx_label_list none = { NULL, 0 };
    bool is_models_relevance = false;
    if (heads->has_sentiment) {
        float score = heads->positive - heads->negative;
        section->sentiment = heads->is_decided ? heads->decided : sentiment_of(score);
        section->sentiment_score = told(score);
    }
    section->intents = pick_labels(arena, heads->intents, classify_intents, CLASSIFY_INTENT_COUNT, heads->own, least->intents);
    section->functions = pick_labels(arena, heads->functions, classify_functions, CLASSIFY_FUNCTION_COUNT, none, least->functions);
    if (section->intents.len > 0 || heads->urgency > 0) {
        section->urgency = urgency_of(heads->urgency);
        section->urgency_score = told(heads->urgency);
    }
    if (section->intents.len > 0 || heads->has_relevance)
        section->relevance = told(relevance_of(heads, &is_models_relevance));
    if (heads->toxicity > 0)
        section->toxicity = told(heads->toxicity);
    bool are_intents = is_any_said(heads->intents, heads->intents_by_model, least->intents) || is_any_own_said(heads, least->intents);
    bool are_functions = is_any_said(heads->functions, heads->functions_by_model, least->functions);
    return (heads->by_model & (CLASSIFY_BIT(CLASSIFY_HEAD_SENTIMENT) | CLASSIFY_BIT(CLASSIFY_HEAD_URGENCY) | CLASSIFY_BIT(CLASSIFY_HEAD_TOXICITY))) |
           IF(is_models_relevance, RELEVANCE) | IF(are_intents, INTENTS) | IF(are_functions, FUNCTIONS);
}

struct cx_str_list classify_deciders(struct cx_arena *arena, struct cx_str_list hits, uint32_t by_model)
{
#define HEAD_NAME(symbol, name) NAME("model/" name),
    static const struct cx_str names[] = { CLASSIFY_HEADS(HEAD_NAME) };
    struct cx_str *all = CX_NEW_ARRAY(arena, struct cx_str, hits.len + CLASSIFY_HEAD_COUNT);
    size_t len = 0, hit = 0;
    for (; by_model != 0; by_model &= by_model - 1) {
        struct cx_str name = names[__builtin_ctz(by_model)];
        while (hit < hits.len && cx_str_cmp(hits.items[hit], name) < 0)
            all[len++] = hits.items[hit++];
        all[len++] = name;
    }
    while (hit < hits.len)
        all[len++] = hits.items[hit++];
    return (struct cx_str_list){ all, len };
}

static bool is_one_of(struct cx_str name, const struct cx_str *names)
{
    for (; names->ptr != NULL; names++)
        if (cx_str_eq(name, *names))
            return true;
    return false;
}

enum cx_five_c classify_five_c(const struct cx_interaction *record, struct cx_str intent)
{
    static const struct cx_str partners[] = { NAME("job_inquiry"), NAME("partnership"), NAME("press_or_investor"), NAME("employee_experience"),
                                              NAMES_END };
    static const struct cx_str private_kinds[] = { NAME("message"), NAME("call_turn"), NAME("ticket_comment"), NAMES_END };
    static const struct cx_str public_kinds[] = { NAME("comment"),         NAME("post"), NAME("review"), NAME("review_reply"),
                                                  NAME("survey_response"), NAMES_END };
    static const struct cx_str shows[] = { NAME("youtube"), NAME("tiktok"), NAME("instagram_media"), NAME("twitch"), NAMES_END };
    static const struct cx_str employers[] = { NAME("employer_review"), NAME("glassdoor"), NAME("indeed"), NAME("kununu"), NAMES_END };
    bool is_private = is_one_of(record->kind, private_kinds);
    if (!is_private && !is_one_of(record->kind, public_kinds))
        return CX_FIVE_C_NULL;
    if (cx_str_is(intent, "campaign_reaction"))
        return CX_FIVE_C_CAMPAIGN;
    if (is_one_of(record->channel, employers) || is_one_of(intent, partners))
        return CX_FIVE_C_COLLABORATION;
    if (is_private)
        return CX_FIVE_C_CONVERSATION;
    return is_one_of(record->channel, shows) ? CX_FIVE_C_CONTENT : CX_FIVE_C_COMMUNITY;
}
