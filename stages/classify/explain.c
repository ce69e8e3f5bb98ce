/* explain.c - what was known of every label, and from where. The same sums as evidence.c, shown instead of done. */
#include "stages/classify/judgements.h"
#include "stages/classify/section.h"
#include <math.h>

struct writer {
    const struct classify_case *c;
    struct cx_arena *arena;
    struct cx_buf *json;
    const struct classify_witness *witnesses;
    size_t witness_count;
    struct cx_classification section;
    uint32_t by_model; /* what the section's say is the model's of, as classify_fill tells it */
    bool has_head, has_because;
};

/* ---- pieces of JSON ---- */

static void begin_head(struct writer *w, const char *head, struct cx_str label, float score, float threshold, bool is_said, const char *by)
{
    cx_buf_format(w->json, "%s{\"head\":\"%s\",\"label\":", w->has_head ? "," : "", head);
    cx_json_string(w->json, label);
    cx_buf_str(w->json, CX_STR(",\"score\":"));
    cx_json_f32(w->json, score);
    cx_buf_str(w->json, CX_STR(",\"threshold\":"));
    cx_json_f32(w->json, threshold);
    cx_buf_format(w->json, ",\"said\":%s,\"by\":\"%s\",\"because\":[", is_said ? "true" : "false", by);
    w->has_head = true;
    w->has_because = false;
}

/* With the words that the model weighed for `label` in its `head`, where it had a say; NULL: it had none. */
static void end_head(struct writer *w, const struct cx_head *head, struct cx_str label)
{
    cx_buf_str(w->json, CX_STR("],\"features\":"));
    int number = w->c->scores != NULL && head != NULL ? cx_head_label(head, label) : -1;
    if (number >= 0)
        classify_explain_features(w->c, w->arena, head, (uint32_t)number, w->json);
    else
        cx_buf_str(w->json, CX_STR("[]"));
    cx_buf_byte(w->json, '}');
}

/* A reason that stands nowhere in the text. */
static void add_because(struct writer *w, const char *kind, const char *name, float weight)
{
    cx_buf_format(w->json, "%s{\"what\":\"%s%s\",\"text\":null,\"field\":null,\"start\":null,\"end\":null,\"weight\":", w->has_because ? "," : "",
                  kind, name);
    cx_json_f32(w->json, weight);
    cx_buf_byte(w->json, '}');
    w->has_because = true;
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static void add_witness(struct writer *w, const struct classify_witness *witness, float weight)
{
    if (witness->end == 0) {
        char name[128];
        snprintf(name, sizeof name, "%.*s", CX_STR_ARG(witness->entry->name));
        add_because(w, "", name, weight);
        return;
    }
    uint32_t start = w->c->folded->origin[witness->start], end = w->c->folded->origin[witness->end];
    while (end > start && w->c->text.ptr[end - 1] == ' ') /* the map leads to where the next letter begins */
        end--;
    while (end < w->c->text.len && is_word_byte(w->c->text.ptr[end])) /* a stem matched: the whole word is shown */
        end++;
    cx_buf_format(w->json, "%s{\"what\":", w->has_because ? "," : "");
    cx_json_string(w->json, witness->is_negated ? cx_str("negated") : witness->entry->name);
    cx_buf_byte(w->json, ',');
    classify_explain_place(w->c, start, end, w->json);
    cx_buf_str(w->json, CX_STR(",\"weight\":"));
    cx_json_f32(w->json, weight);
    cx_buf_byte(w->json, '}');
    w->has_because = true;
}

/* ---- reasons ---- */

/* An entry counts once: only its first witness is asked. */
static bool is_first(const struct writer *w, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (w->witnesses[k].entry == w->witnesses[i].entry)
            return false;
    return true;
}

static float said_of(const struct classify_says_list *list, int label)
{
    for (size_t i = 0; i < list->len; i++)
        if (list->items[i].label == label)
            return list->items[i].score;
    return 0;
}

enum aspect { INTENT, FUNCTION, SENTIMENT, URGENCY, TOXICITY };

static float aspect_of(const struct classify_witness *witness, enum aspect aspect, int label)
{
    const struct classify_entry *entry = witness->entry;
    if (witness->is_negated)
        return aspect == SENTIMENT ? entry->sentiment * -0.5f : 0;
    switch (aspect) {
    case INTENT:
        return said_of(&entry->intents, label);
    case FUNCTION:
        return said_of(&entry->functions, label);
    case SENTIMENT:
        return entry->has_sentiment ? entry->sentiment : 0;
    case URGENCY:
        return entry->urgency;
    default:
        return entry->toxicity;
    }
}

static void add_witnesses(struct writer *w, enum aspect aspect, int label)
{
    for (size_t i = 0; i < w->witness_count; i++) {
        float weight = is_first(w, i) ? aspect_of(&w->witnesses[i], aspect, label) : 0;
        if (weight != 0)
            add_witness(w, &w->witnesses[i], weight);
    }
}

/* What the intents mean for a function (number) or for sentiment. */
static void add_meanings(struct writer *w, enum aspect aspect, int label)
{
    for (int i = 0; i < CLASSIFY_INTENT_COUNT; i++) {
        const struct classify_meaning *meaning = &w->c->lexicons->meanings[i];
        float weight = w->c->lexical.intents[i] * (aspect == FUNCTION ? said_of(&meaning->functions, label) : meaning->sentiment);
        if (weight != 0)
            add_because(w, "intent ", classify_intents[i], weight);
    }
}

/* What the model gave to a label; 0: nothing. */
static float model_score(const struct writer *w, const struct cx_head *head, const int *numbers, float least, int label)
{
    for (uint32_t i = 0; w->c->scores != NULL && head != NULL && i < head->label_count; i++)
        if (numbers[i] == label && w->c->scores[head->first + i] >= least)
            return w->c->scores[head->first + i];
    return 0;
}

static const char *by_of(float score, float model)
{
    return model == 0 ? "lexicon" : score - model < 0.001f ? "model" : "lexicon and model";
}

/* ---- heads ---- */

/* The label with the next lower score, the first of the list among equals; -1 at the end. Begin with last = -1. */
static int next_by_score(const float *scores, int n, int last)
{
    int best = -1;
    for (int i = 0; i < n; i++) {
        bool comes_after = last < 0 || scores[i] < scores[last] || (scores[i] == scores[last] && i > last);
        if (scores[i] > 0 && comes_after && (best < 0 || scores[i] > scores[best]))
            best = i;
    }
    return best;
}

static void explain_intent(struct writer *w, int i)
{
    float score = w->c->findings->heads.intents[i];
    float model = model_score(w, w->c->learned->intent, w->c->learned->intents, CLASSIFY_INTENT_JOINS, i);
    begin_head(w, "intents", cx_str(classify_intents[i]), score, w->c->at_least.intents, score >= w->c->at_least.intents, by_of(score, model));
    if (model > 0)
        add_because(w, "model", "", model);
    add_witnesses(w, INTENT, i);
    end_head(w, w->c->learned->intent, cx_str(classify_intents[i]));
}

/* Whether a head can have intents by a company's own names. */
static bool has_own(const struct classify_learned *learned, const struct cx_head *head)
{
    bool is_own = head == learned->intent;
    for (size_t i = 0; i < learned->own_count; i++)
        is_own = is_own || learned->own[i] == head;
    return is_own;
}

/* An intent by a company's own name, which no lexicon knows. Two heads may have it: the score, told to three places, says which. */
static void explain_own(struct writer *w, const struct cx_label *said)
{
    const struct cx_model *model = &w->c->learned->model;
    for (uint32_t h = 0; h < model->head_count; h++) {
        const struct cx_head *head = &model->heads[h];
        int label = has_own(w->c->learned, head) ? cx_head_label(head, said->name) : -1;
        float score = label >= 0 ? w->c->scores[head->first + (uint32_t)label] : 0;
        if (label < 0 || fabsf(score - said->score) > 0.001f)
            continue;
        begin_head(w, "intents", said->name, score, w->c->at_least.intents, true, "model");
        add_because(w, "model", "", score);
        end_head(w, head, said->name);
        return;
    }
}

/* Those that are said, as the record lists them, and what was left out; but a model has an opinion of everything. */
static void explain_intents(struct writer *w)
{
    const float *scores = w->c->findings->heads.intents;
    for (size_t k = 0; k < w->section.intents.len; k++) {
        int i = classify_label(classify_intents, w->section.intents.items[k].name);
        if (i >= 0)
            explain_intent(w, i);
        else
            explain_own(w, &w->section.intents.items[k]);
    }
    for (int i = -1; (i = next_by_score(scores, CLASSIFY_INTENT_COUNT, i)) >= 0;)
        if (scores[i] < w->c->at_least.intents && w->c->lexical.intents[i] != 0)
            explain_intent(w, i);
}

static void explain_function(struct writer *w, int i)
{
    float score = w->c->findings->heads.functions[i];
    float model = model_score(w, w->c->learned->functions, w->c->learned->functions_by_label, CLASSIFY_FUNCTION_JOINS, i);
    begin_head(w, "functions", cx_str(classify_functions[i]), score, w->c->at_least.functions, score >= w->c->at_least.functions,
               by_of(score, model));
    if (model > 0)
        add_because(w, "model", "", model);
    add_witnesses(w, FUNCTION, i);
    add_meanings(w, FUNCTION, i);
    end_head(w, w->c->learned->functions, cx_str(classify_functions[i]));
}

static void explain_functions(struct writer *w)
{
    const float *scores = w->c->findings->heads.functions;
    for (size_t k = 0; k < w->section.functions.len; k++)
        explain_function(w, classify_label(classify_functions, w->section.functions.items[k].name));
    for (int i = -1; (i = next_by_score(scores, CLASSIFY_FUNCTION_COUNT, i)) >= 0;)
        if (scores[i] < w->c->at_least.functions && w->c->lexical.functions[i] != 0)
            explain_function(w, i);
}

/* What the model gave to a label of one of its heads. */
static float score_of(const struct writer *w, const struct cx_head *head, struct cx_str label)
{
    return w->c->scores[head->first + (uint32_t)cx_head_label(head, label)];
}

/* The model decides by the score of a label, all else by how far positive is from negative: neutral is what is near to neither. */
static void begin_sentiment(struct writer *w)
{
    static const float from[CX_SENTIMENT_SYMBOLS] = {
        [CX_SENTIMENT_NEGATIVE] = -CLASSIFY_SENTIMENT_AT_LEAST, [CX_SENTIMENT_NEUTRAL] = NAN, [CX_SENTIMENT_POSITIVE] = CLASSIFY_SENTIMENT_AT_LEAST
    };
    struct cx_str label = cx_str(cx_sentiment_name(w->section.sentiment));
    const struct classify_learned *learned = w->c->learned;
    if (w->c->findings->heads.is_decided)
        begin_head(w, "sentiment", label, score_of(w, learned->sentiment, label), (float)learned->at_least.sentiment, true, "model");
    else
        begin_head(w, "sentiment", label, (float)w->section.sentiment_score.value, from[w->section.sentiment], true,
                   w->c->findings->heads.is_joined ? "rating and model" : "lexicon");
}

static void explain_sentiment(struct writer *w)
{
    if (w->section.sentiment == CX_SENTIMENT_NULL)
        return;
    begin_sentiment(w);
    const struct classify_heads *heads = &w->c->findings->heads;
    if (heads->is_decided) {
        add_because(w, "model", " positive", heads->positive);
        add_because(w, "model", " negative", -heads->negative);
    } else if (heads->is_joined) {
        add_because(w, "rating and model", "", heads->positive - heads->negative);
    } else {
        add_witnesses(w, SENTIMENT, 0);
        add_meanings(w, SENTIMENT, 0);
    }
    if (w->c->rating != 0 && !heads->is_joined)
        add_because(w, "rating", "", w->c->rating);
    end_head(w, heads->is_decided || heads->is_joined ? w->c->learned->sentiment : NULL, cx_str(cx_sentiment_name(w->section.sentiment)));
}

static void explain_urgency(struct writer *w)
{
    static const float from[CX_URGENCY_SYMBOLS] = { NAN, CLASSIFY_URGENCY_NORMAL, CLASSIFY_URGENCY_HIGH, CLASSIFY_URGENCY_CRITICAL };
    if (w->section.urgency == CX_URGENCY_NULL)
        return;
    float model = w->c->scores != NULL ? classify_learned_urgency(w->c->learned, w->c->scores) : 0;
    bool is_model = w->by_model & CLASSIFY_BIT(CLASSIFY_HEAD_URGENCY);
    begin_head(w, "urgency", cx_str(cx_urgency_name(w->section.urgency)), (float)w->section.urgency_score.value, from[w->section.urgency], true,
               is_model ? "model" : "lexicon");
    if (is_model) {
        add_because(w, "model", "", model);
        end_head(w, w->c->learned->urgency, cx_str(cx_urgency_name(w->section.urgency)));
        return;
    }
    add_witnesses(w, URGENCY, 0);
    int best = -1;
    for (int i = 0; i < CLASSIFY_INTENT_COUNT; i++)
        if (w->c->lexical.intents[i] > (best < 0 ? 0 : w->c->lexical.intents[best]))
            best = i;
    if (best >= 0 && w->c->lexicons->meanings[best].urgency > 0)
        add_because(w, "intent ", classify_intents[best], w->c->lexicons->meanings[best].urgency);
    end_head(w, NULL, CX_STR_NULL);
}

static void explain_open_labels(struct writer *w)
{
    const struct classify_findings *findings = w->c->findings;
    if (findings->reason.ptr != NULL) {
        bool is_model = findings->heads.by_model & CLASSIFY_BIT(CLASSIFY_HEAD_REASON);
        const struct classify_learned *learned = w->c->learned;
        if (is_model)
            begin_head(w, "reason", findings->reason, score_of(w, learned->reason, findings->reason), (float)learned->at_least.reason, true, "model");
        else
            begin_head(w, "reason", findings->reason, 1, 0, true, "lexicon");
        for (size_t i = 0; i < w->witness_count; i++)
            if (is_first(w, i) && !w->witnesses[i].is_negated && cx_str_eq(w->witnesses[i].entry->reason, findings->reason))
                add_witness(w, &w->witnesses[i], 1);
        end_head(w, is_model ? learned->reason : NULL, findings->reason);
    }
    for (size_t t = 0; t < findings->topics.len; t++) {
        begin_head(w, "topics", findings->topics.items[t], 1, 0, true, "lexicon");
        for (size_t i = 0; i < w->witness_count; i++)
            for (size_t k = 0; is_first(w, i) && !w->witnesses[i].is_negated && k < w->witnesses[i].entry->topic_count; k++)
                if (cx_str_eq(w->witnesses[i].entry->topics[k], findings->topics.items[t]))
                    add_witness(w, &w->witnesses[i], 1);
        end_head(w, NULL, CX_STR_NULL);
    }
}

static void explain_rest(struct writer *w)
{
    if (w->section.toxicity.set) {
        const struct cx_head *head = w->by_model & CLASSIFY_BIT(CLASSIFY_HEAD_TOXICITY) ? w->c->learned->toxicity : NULL;
        begin_head(w, "toxicity", CX_STR("toxic"), (float)w->section.toxicity.value, w->c->at_least.toxicity,
                   (float)w->section.toxicity.value >= w->c->at_least.toxicity, head != NULL ? "model" : "lexicon");
        if (head != NULL)
            add_because(w, "model", "", w->c->scores[head->first]);
        else
            add_witnesses(w, TOXICITY, 0);
        end_head(w, head, head != NULL ? head->labels[0] : CX_STR_NULL);
    }
    if (w->section.relevance.set) {
        const struct cx_head *relevance = w->by_model & CLASSIFY_BIT(CLASSIFY_HEAD_RELEVANCE) ? w->c->learned->relevance : NULL;
        begin_head(w, "relevance", CX_STR("relevant"), (float)w->section.relevance.value, w->c->at_least.relevance,
                   (float)w->section.relevance.value >= w->c->at_least.relevance, relevance != NULL ? "model and rule" : "rule");
        end_head(w, relevance, relevance != NULL ? relevance->labels[0] : CX_STR_NULL);
    }
    enum cx_five_c five_c = classify_five_c(w->c->record, w->section.intents.len > 0 ? w->section.intents.items[0].name : CX_STR_NULL);
    if (five_c != CX_FIVE_C_NULL) {
        begin_head(w, "five_c", cx_str(cx_five_c_name(five_c)), 1, 0, true, "rule");
        end_head(w, NULL, CX_STR_NULL);
    }
}

static void write_pii(const struct cx_pii_span_list *pii, struct cx_buf *json)
{
    cx_buf_str(json, CX_STR(",\"pii\":["));
    for (size_t i = 0; i < pii->len; i++) {
        cx_buf_str(json, i == 0 ? CX_STR("{\"kind\":") : CX_STR(",{\"kind\":"));
        cx_json_string(json, pii->items[i].kind);
        cx_buf_format(json, ",\"start\":%d,\"length\":%d}", pii->items[i].start, pii->items[i].length);
    }
    cx_buf_byte(json, ']');
}

void classify_explain(const struct classify_case *c, struct cx_arena *arena, struct cx_buf *json)
{
    struct writer w = { .c = c, .arena = arena, .json = json };
    struct classify_witness *witnesses = NULL;
    w.witness_count = classify_witnesses(c->lexicons, arena, c->folded, c->language, &witnesses);
    w.witnesses = witnesses;
    cx_classification_init(&w.section);
    w.by_model = classify_fill(arena, &c->findings->heads, &c->at_least, &w.section);
    cx_buf_str(json, CX_STR("{\"language\":{\"label\":"));
    cx_json_string(json, c->language.ptr != NULL ? c->language : CX_STR("und"));
    cx_buf_str(json, CX_STR(",\"score\":"));
    cx_json_f32(json, c->language_confidence);
    cx_buf_str(json, CX_STR(",\"threshold\":"));
    cx_json_f32(json, c->language_at_least);
    cx_buf_format(json, ",\"by\":\"%s\"},\"model\":", c->language_by);
    cx_json_string(json, c->model);
    write_pii(&c->pii, json);
    cx_buf_str(json, CX_STR(",\"heads\":["));
    explain_intents(&w);
    explain_functions(&w);
    explain_sentiment(&w);
    explain_urgency(&w);
    explain_open_labels(&w);
    explain_rest(&w);
    cx_buf_str(json, CX_STR("]}"));
}
