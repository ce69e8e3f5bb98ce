/* learned.c - scores of the model to heads. */
#include "stages/classify/learned.h"
#include "codec/codec.h"

#define IMAGE_MAX ((size_t)64 << 20)

/* Languages whose texts the heads were trained on. Of others they know nothing, so they say nothing. */
static const char *const languages[] = { "ar", "de", "en", "es", "fr", "hi", "it", "pt", "ru", "tr", NULL };

/* How urgent a level is, on the scale of section.h: the middle of its range. */
static const struct {
    const char *level;
    float score;
} levels[] = { { "low", 0.1f }, { "normal", 0.35f }, { "high", 0.65f }, { "critical", 0.9f } };

static const struct cx_head *head_of(const struct cx_model *model, const char *name, enum cx_head_kind kind, uint32_t most)
{
    const struct cx_head *head = cx_model_head(model, name);
    return head != NULL && head->kind == kind && head->label_count <= most ? head : NULL;
}

static void map_labels(const struct cx_head *head, const char *const *names, int *numbers)
{
    for (uint32_t i = 0; head != NULL && i < head->label_count; i++)
        numbers[i] = classify_label(names, head->labels[i]);
}

int classify_learned_open(struct classify_learned *learned, struct cx_arena *arena, struct cx_str file, struct cx_error *err)
{
    static const char *const sentiments[] = { "negative", "neutral", "positive", NULL };
    struct cx_buf image;
    cx_buf_init(&image, IMAGE_MAX);
    int status = cx_zstd_decompress(&image, file) == 0 ? cx_model_read(arena, cx_buf_view(&image), &learned->model, err)
                                                       : cx_fail(err, CX_EXIT_DATA, "not a model: it is no zstd file, or larger than 64 MiB");
    cx_buf_free(&image);
    CX_TRY(status);
    const struct cx_model *model = &learned->model;
    learned->language = head_of(model, "language", CX_HEAD_ONE_OF, CX_MODEL_LABELS);
    learned->sentiment = head_of(model, "sentiment", CX_HEAD_ONE_OF, 3);
    learned->toxicity = head_of(model, "toxicity", CX_HEAD_ANY_OF, 1);
    learned->intent = head_of(model, "intent", CX_HEAD_ONE_OF, 64);
    learned->functions = head_of(model, "functions", CX_HEAD_ANY_OF, 64);
    learned->urgency = head_of(model, "urgency", CX_HEAD_ONE_OF, 64);
    learned->relevance = head_of(model, "relevance", CX_HEAD_ANY_OF, 1);
    learned->reason = head_of(model, "reason", CX_HEAD_ONE_OF, 64);
    map_labels(learned->intent, classify_intents, learned->intents);
    map_labels(learned->functions, classify_functions, learned->functions_by_label);
    map_labels(learned->sentiment, sentiments, learned->sentiments);
    return 0;
}

/* "hi-Latn" is Hindi, however it is written. */
static struct cx_str language_of(struct cx_str label)
{
    ptrdiff_t at = cx_str_find(label, '-');
    return at < 0 ? label : cx_str_n(label.ptr, (size_t)at);
}

struct cx_str classify_learned_language(const struct classify_learned *learned, struct cx_arena *arena, const struct cx_folded *folded,
                                        struct cx_str text, float *confidence)
{
    *confidence = 0;
    const struct cx_head *head = learned->language;
    if (head == NULL || folded->letters < 3)
        return CX_STR_NULL;
    struct cx_features features = cx_text_features(arena, CX_FEATURES_LETTERS, folded, text, false);
    float *values = cx_arena_alloc(arena, learned->model.score_count * sizeof *values);
    cx_model_logits(&learned->model, CX_FEATURES_LETTERS, &features, values);
    cx_head_scores(head, values + head->first);
    int choice = cx_head_choice(head, values + head->first);
    if (features.count == 0 || choice < 0 || (double)values[head->first + (uint32_t)choice] < learned->at_least.language)
        return CX_STR_NULL;
    *confidence = values[head->first + (uint32_t)choice];
    return language_of(head->labels[choice]);
}

static bool is_ascii(struct cx_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] & 0x80)
            return false;
    return true;
}

const float *classify_learned_scores(const struct classify_learned *learned, struct cx_arena *arena, const struct cx_folded *folded,
                                     struct cx_str text, struct cx_str language)
{
    if (language.ptr != NULL && classify_label(languages, language) < 0)
        return NULL;
    if (folded->letters < 3 && is_ascii(text))
        return NULL; /* two letters say nothing; an emoji does */
    struct cx_features features = cx_text_features(arena, CX_FEATURES_WORDS, folded, text, false);
    if (features.count == 0)
        return NULL;
    float *values = cx_arena_zalloc(arena, learned->model.score_count * sizeof *values);
    cx_model_logits(&learned->model, CX_FEATURES_WORDS, &features, values);
    for (uint32_t i = 0; i < learned->model.head_count; i++)
        if (learned->model.tables[learned->model.heads[i].table].features == CX_FEATURES_WORDS)
            cx_head_scores(&learned->model.heads[i], values + learned->model.heads[i].first);
    return values;
}

/* ---- joining ---- */

static void join_sentiment(const struct classify_learned *learned, const float *scores, struct classify_heads *heads)
{
    const struct cx_head *head = learned->sentiment;
    const float *own = scores + head->first;
    int choice = cx_head_choice(head, own);
    if (choice < 0 || (double)own[choice] < learned->at_least.sentiment || learned->sentiments[choice] < 0)
        return;
    heads->has_sentiment = true;
    heads->negative = heads->positive = 0;
    for (uint32_t i = 0; i < head->label_count; i++) {
        if (learned->sentiments[i] == 0)
            heads->negative = own[i];
        if (learned->sentiments[i] == 2)
            heads->positive = own[i];
    }
    heads->is_decided = true;
    heads->decided = learned->sentiments[choice] == 0   ? CX_SENTIMENT_NEGATIVE
                     : learned->sentiments[choice] == 1 ? CX_SENTIMENT_NEUTRAL
                                                        : CX_SENTIMENT_POSITIVE;
}

static void join_labels(const struct cx_head *head, const int *numbers, const float *scores, float least, float *values)
{
    for (uint32_t i = 0; head != NULL && i < head->label_count; i++)
        if (numbers[i] >= 0 && scores[head->first + i] >= least)
            classify_join(&values[numbers[i]], scores[head->first + i]);
}

float classify_learned_urgency(const struct classify_learned *learned, const float *scores)
{
    const struct cx_head *head = learned->urgency;
    float expected = 0;
    for (uint32_t i = 0; head != NULL && i < head->label_count; i++)
        for (size_t k = 0; k < sizeof levels / sizeof *levels; k++)
            if (cx_str_is(head->labels[i], levels[k].level))
                expected += levels[k].score * scores[head->first + i];
    return expected;
}

void classify_learned_join(const struct classify_learned *learned, const float *scores, struct classify_findings *findings)
{
    struct classify_heads *heads = &findings->heads;
    if (learned->sentiment != NULL)
        join_sentiment(learned, scores, heads);
    join_labels(learned->intent, learned->intents, scores, CLASSIFY_INTENT_JOINS, heads->intents);
    join_labels(learned->functions, learned->functions_by_label, scores, CLASSIFY_FUNCTION_JOINS, heads->functions);
    float urgency = classify_learned_urgency(learned, scores);
    heads->urgency = urgency > heads->urgency ? urgency : heads->urgency;
    if (learned->toxicity != NULL && scores[learned->toxicity->first] > heads->toxicity)
        heads->toxicity = scores[learned->toxicity->first];
    if (learned->relevance != NULL) {
        heads->has_relevance = true;
        heads->relevance = scores[learned->relevance->first];
    }
    if (learned->reason != NULL && findings->reason.ptr == NULL) {
        int choice = cx_head_choice(learned->reason, scores + learned->reason->first);
        if (choice >= 0 && (double)scores[learned->reason->first + (uint32_t)choice] >= learned->at_least.reason)
            findings->reason = learned->reason->labels[choice];
    }
}
