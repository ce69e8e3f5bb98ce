/* learned.c - scores of the model to heads. */
#include "stages/classify/learned.h"
#include "base/json.h"
#include "codec/codec.h"
#include "stages/classify/section.h"

#define IMAGE_MAX     ((size_t)64 << 20)
#define LANGUAGES_MAX 64

/* Languages whose texts the heads were trained on. Of others they know nothing, so they say nothing. */
static const char *const languages[] = { "ar", "de", "en", "es", "fr", "hi", "it", "pt", "ru", "tr", NULL };

/* How urgent a level is, on the scale of section.h: the middle of its range. */
static const struct {
    const char *level;
    float score;
} levels[] = { { "low", 0.1f }, { "normal", 0.35f }, { "high", 0.65f }, { "critical", 0.9f } };

static const struct cx_head *head_of(const struct cx_model *model, const char *name, enum cx_head_kind kind, uint32_t most)
{
    const struct cx_head *head = cx_model_head(model, cx_str(name));
    return head != NULL && head->kind == kind && head->label_count <= most ? head : NULL;
}

static const int *map_labels(struct cx_arena *arena, const struct cx_head *head, const char *const *names)
{
    int *numbers = CX_NEW_ARRAY(arena, int, head != NULL ? head->label_count : 0);
    for (uint32_t i = 0; head != NULL && i < head->label_count; i++)
        numbers[i] = classify_label(names, head->labels[i]);
    return numbers;
}

int classify_learned_read(struct cx_arena *arena, struct cx_str file, struct cx_model *model, struct cx_error *err)
{
    struct cx_buf image;
    cx_buf_init(&image, IMAGE_MAX);
    int status = cx_zstd_decompress(&image, file) == 0
                     ? cx_model_read(arena, cx_buf_view(&image), model, err)
                     : cx_fail(err, CX_EXIT_DATA, "not a model: it is no zstd file, is damaged or cut short, or is larger than 64 MiB");
    status = status == 0 ? cx_model_check(arena, model, cx_buf_view(&image), err) : status;
    cx_buf_free(&image);
    return status;
}

/* Heads by names that are not ours. */
static void find_own(struct classify_learned *learned, struct cx_arena *arena)
{
    static const char *const ours[] = {
        "language", "sentiment", "toxicity", "intent", "functions", "urgency", "relevance", "reason", "five_c", NULL
    };
    const struct cx_model *model = &learned->model;
    const struct cx_head **own = CX_NEW_ARRAY(arena, const struct cx_head *, model->head_count);
    learned->own = own;
    for (uint32_t i = 0; i < model->head_count; i++)
        if (classify_label(ours, model->heads[i].name) < 0 && model->tables[model->heads[i].table].features == CX_FEATURES_WORDS)
            own[learned->own_count++] = &model->heads[i];
}

/* The head where an overlay adds to it, else NULL. */
static const struct cx_head *only_added(const struct cx_model *model, const struct cx_head *head)
{
    for (uint32_t l = 1; head != NULL && l < model->layer_count; l++)
        if (cx_model_head(model->layers[l].model, head->name) != NULL)
            return head;
    return NULL;
}

/* Languages that the cards of overlays name. */
static void read_languages(struct classify_learned *learned, struct cx_arena *arena)
{
    struct cx_json_fault fault;
    struct cx_str *list = CX_NEW_ARRAY(arena, struct cx_str, LANGUAGES_MAX);
    learned->languages = list;
    for (uint32_t l = 1; l < learned->model.layer_count; l++) {
        const struct cx_json *card = cx_json_parse(arena, learned->model.layers[l].model->card, &fault);
        const struct cx_json *named = card != NULL && card->type == CX_JSON_OBJECT ? cx_json_get(card, CX_STR("languages")) : NULL;
        for (const struct cx_json *n = named != NULL && named->type == CX_JSON_ARRAY ? named->first : NULL; n != NULL; n = n->next)
            if (n->type == CX_JSON_STRING && learned->language_count < LANGUAGES_MAX)
                list[learned->language_count++] = n->text;
    }
    if (learned->language_count == 0)
        return;
    struct classify_learned *elsewhere = CX_NEW(arena, struct classify_learned);
    *elsewhere = *learned;
    const struct cx_head **heads[] = { &elsewhere->sentiment, &elsewhere->toxicity,  &elsewhere->intent, &elsewhere->functions,
                                       &elsewhere->urgency,   &elsewhere->relevance, &elsewhere->reason };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        *heads[i] = only_added(&learned->model, *heads[i]);
    learned->elsewhere = elsewhere;
}

void classify_learned_bind(struct classify_learned *learned, struct cx_arena *arena)
{
    static const char *const sentiments[] = { "negative", "neutral", "positive", NULL };
    const struct cx_model *model = &learned->model;
    learned->language = head_of(model, "language", CX_HEAD_ONE_OF, CX_MODEL_LABELS);
    learned->sentiment = head_of(model, "sentiment", CX_HEAD_ONE_OF, 3);
    learned->toxicity = head_of(model, "toxicity", CX_HEAD_ANY_OF, 1);
    learned->intent = head_of(model, "intent", CX_HEAD_ONE_OF, CX_MODEL_LABELS);
    learned->functions = head_of(model, "functions", CX_HEAD_ANY_OF, CX_MODEL_LABELS);
    learned->urgency = head_of(model, "urgency", CX_HEAD_ONE_OF, CX_MODEL_LABELS);
    learned->relevance = head_of(model, "relevance", CX_HEAD_ANY_OF, 1);
    learned->reason = head_of(model, "reason", CX_HEAD_ONE_OF, CX_MODEL_LABELS);
    learned->intents = map_labels(arena, learned->intent, classify_intents);
    learned->functions_by_label = map_labels(arena, learned->functions, classify_functions);
    for (uint32_t i = 0; learned->sentiment != NULL && i < learned->sentiment->label_count; i++)
        learned->sentiments[i] = classify_label(sentiments, learned->sentiment->labels[i]);
    find_own(learned, arena);
    read_languages(learned, arena);
}

const struct classify_learned *classify_learned_in(const struct classify_learned *learned, struct cx_str language)
{
    if (learned == NULL || language.ptr == NULL || classify_label(languages, language) >= 0)
        return learned;
    for (size_t i = 0; i < learned->language_count; i++)
        if (cx_str_eq(learned->languages[i], language))
            return learned->elsewhere;
    return NULL;
}

/* "hi-Latn" is Hindi, however it is written. */
static struct cx_str language_of(struct cx_str label)
{
    ptrdiff_t at = cx_str_find(label, '-');
    return at < 0 ? label : cx_str_n(label.ptr, (size_t)at);
}

static bool is_ascii(struct cx_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] & 0x80)
            return false;
    return true;
}

/* Two letters tell no language, and nothing else unless there is more than letters: an emoji does. */
static unsigned kinds_of(const struct cx_folded *folded, struct cx_str text)
{
    if (folded->letters >= 3)
        return CX_MODEL_ALL_KINDS;
    return is_ascii(text) ? 0 : 1u << CX_FEATURES_WORDS;
}

struct classify_reading classify_learned_look(const struct classify_learned *learned, struct cx_arena *arena, const struct cx_folded *folded,
                                              struct cx_str text)
{
    struct classify_reading reading = { .of = learned };
    if (learned == NULL || learned->model.head_count == 0)
        return reading;
    reading.values = cx_arena_zalloc(arena, learned->model.score_count * sizeof *reading.values);
    cx_model_read_text(&learned->model, arena, kinds_of(folded, text), folded, text, reading.values, reading.counts);
    cx_model_scores(&learned->model, reading.values);
    return reading;
}

struct cx_str classify_learned_language(const struct classify_reading *reading, float *confidence)
{
    *confidence = 0;
    if (reading->counts[CX_FEATURES_LETTERS] == 0 || reading->of->language == NULL)
        return CX_STR_NULL;
    const struct cx_head *head = reading->of->language;
    const float *scores = reading->values + head->first;
    int choice = cx_head_choice(head, scores);
    if (choice < 0 || (double)scores[choice] < reading->of->at_least.language)
        return CX_STR_NULL;
    *confidence = scores[choice];
    return language_of(head->labels[choice]);
}

const float *classify_learned_scores(const struct classify_reading *reading)
{
    return reading->counts[CX_FEATURES_WORDS] > 0 ? reading->values : NULL;
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
    heads->by_model |= CLASSIFY_BIT(CLASSIFY_HEAD_SENTIMENT);
    heads->decided = learned->sentiments[choice] == 0   ? CX_SENTIMENT_NEGATIVE
                     : learned->sentiments[choice] == 1 ? CX_SENTIMENT_NEUTRAL
                                                        : CX_SENTIMENT_POSITIVE;
}

/* The labels that were joined, a bit each. */
static uint32_t join_labels(const struct cx_head *head, const int *numbers, const float *scores, float least, float *values)
{
    uint32_t joined = 0;
    for (uint32_t i = 0; head != NULL && i < head->label_count; i++)
        if (numbers[i] >= 0 && scores[head->first + i] >= least) {
            classify_join(&values[numbers[i]], scores[head->first + i]);
            joined |= CLASSIFY_BIT(numbers[i]);
        }
    return joined;
}

/* Labels of a head that are no names of ours: intents of a company's own. */
static void join_own(const struct cx_head *head, const float *scores, struct cx_arena *arena, struct classify_heads *heads)
{
    struct cx_label *labels = CX_NEW_ARRAY(arena, struct cx_label, heads->own.len + head->label_count);
    size_t len = heads->own.len;
    if (len > 0)
        memcpy(labels, heads->own.items, len * sizeof *labels);
    for (uint32_t i = 0; i < head->label_count; i++) {
        float score = scores[head->first + i];
        int number = classify_label(classify_intents, head->labels[i]);
        if (score < CLASSIFY_INTENT_JOINS)
            continue;
        if (number < 0)
            labels[len++] = (struct cx_label){ head->labels[i], score };
        else if (!cx_str_is(head->name, "intent")) {
            classify_join(&heads->intents[number], score);
            heads->intents_by_model |= CLASSIFY_BIT(number);
        }
    }
    heads->own = (struct cx_label_list){ labels, len };
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

static void take_higher(struct classify_heads *heads, enum classify_head head, float *score, float models)
{
    if (models <= *score)
        return;
    *score = models;
    heads->by_model |= CLASSIFY_BIT(head);
}

void classify_learned_join(const struct classify_learned *learned, struct cx_arena *arena, const float *scores, struct classify_findings *findings)
{
    struct classify_heads *heads = &findings->heads;
    if (learned->sentiment != NULL)
        join_sentiment(learned, scores, heads);
    if (learned->relevance != NULL) {
        heads->has_relevance = true;
        heads->relevance = scores[learned->relevance->first];
        heads->business = classify_business(heads->intents);
    }
    heads->intents_by_model = join_labels(learned->intent, learned->intents, scores, CLASSIFY_INTENT_JOINS, heads->intents);
    if (learned->intent != NULL && learned->intent->label_count > CLASSIFY_INTENT_COUNT)
        join_own(learned->intent, scores, arena, heads);
    for (size_t i = 0; i < learned->own_count; i++)
        join_own(learned->own[i], scores, arena, heads);
    heads->functions_by_model = join_labels(learned->functions, learned->functions_by_label, scores, CLASSIFY_FUNCTION_JOINS, heads->functions);
    take_higher(heads, CLASSIFY_HEAD_URGENCY, &heads->urgency, classify_learned_urgency(learned, scores));
    if (learned->toxicity != NULL)
        take_higher(heads, CLASSIFY_HEAD_TOXICITY, &heads->toxicity, scores[learned->toxicity->first]);
    if (learned->reason != NULL && findings->reason.ptr == NULL) {
        int choice = cx_head_choice(learned->reason, scores + learned->reason->first);
        if (choice >= 0 && (double)scores[learned->reason->first + (uint32_t)choice] >= learned->at_least.reason) {
            findings->reason = learned->reason->labels[choice];
            heads->by_model |= CLASSIFY_BIT(CLASSIFY_HEAD_REASON);
        }
    }
}
