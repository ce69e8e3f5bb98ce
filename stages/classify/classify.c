/* classify.c - says what a record is about: language, intents, functions, urgency, sentiment, personal data. Stateless. Semantics: README.md. */
#include "stage/stage.h"
#include "stages/classify/judgements.h"
#include "stages/classify/overlays.h"
#include "stages/classify/pii.h"
#include <math.h>

struct classify_config {
    const struct cx_node *lexicons;
    struct cx_str model;
    const struct cx_node *overlays;
    double language_at_least, sentiment_at_least, intents_at_least, functions_at_least, toxicity_at_least, relevance_at_least, reason_at_least;
    int64_t max_text;
};
static const struct cx_option options[] = {
    CX_OPTION(struct classify_config, lexicons, NULL, 0, 0, "", "Files of lexicons that add to or replace entries of those compiled in."),
    CX_OPTION(struct classify_config, model, "", 0, 0, "", "File of a learned model instead of the one compiled in; `none`: lexicons only."),
    CX_OPTION(struct classify_config, overlays, NULL, 0, 0, "",
              "Own labels: a map of tenants to files, or lists of them, that `cx train --base` made; new ones are loaded while running."),
    CX_OPTION(struct classify_config, language_at_least, "0.5", 0, 1, "", "Score from which the model's language counts."),
    CX_OPTION(struct classify_config, sentiment_at_least, "0.36", 0, 1, "", "Score from which the model's sentiment counts; below, the lexicons'."),
    CX_OPTION(struct classify_config, intents_at_least, "0.3", 0, 1, "", "Score from which an intent is said."),
    CX_OPTION(struct classify_config, functions_at_least, "0.2", 0, 1, "", "Score from which a function is said."),
    CX_OPTION(struct classify_config, toxicity_at_least, "0.5", 0, 1, "",
              "Score from which `cx explain` and `cx label` say toxic; the record has the score, and rules have thresholds of their own."),
    CX_OPTION(struct classify_config, relevance_at_least, "0.5", 0, 1, "",
              "Score from which `cx explain` and `cx label` say relevant; the record has the score, and rules have thresholds of their own."),
    CX_OPTION(struct classify_config, reason_at_least, "0.6", 0, 1, "", "Score from which the model's reason counts where the lexicons name none."),
    CX_OPTION(struct classify_config, max_text, "16k", 64, 1048576, "bytes", "How much of a long text is looked at; the rest passes unread."),
    { 0 },
};

enum { METRIC_LANGUAGES, METRIC_SILENT, METRIC_CUT, METRIC_PII };
static const struct cx_metric metrics[] = {
    { "cx_classify_languages_total", CX_COUNTER, "language", "Records by language: tr, es, ar, ru, en, other, or und where nothing is proven." },
    { "cx_classify_silent_total", CX_COUNTER, NULL, "Inbound records with text of which the lexicons said no intent: watch its share." },
    { "cx_classify_cut_texts_total", CX_COUNTER, NULL, "Records whose text was longer than max_text." },
    { "cx_classify_pii_spans_total", CX_COUNTER, "kind", "Pieces of personal data found in texts." },
    { 0 },
};

/* Nothing is rejected here: what cannot be classified passes with und and null, what does not decode is the runtime's to reject. */
static const struct cx_reason reasons[] = { { 0 } };

static const struct cx_port outputs[] = {
    { "cx.events.v1", "Every record, with the section `classification`." },
    { 0 },
};

struct classify {
    struct classify_lexicons lexicons;
    struct classify_learned learned; /* of tenants without an overlay */
    struct classify_overlays overlays;
    bool has_model;
    struct classify_least at_least;
    size_t max_text;
};

const struct classify_least *classify_at_least(const void *self)
{
    return &((const struct classify *)self)->at_least;
}

static int read_own(struct classify_reader *reader, const struct cx_env *env, struct cx_error *err)
{
    for (const char *const *path = env->resources(env, "lexicons/"); *path != NULL; path++)
        CX_TRY(classify_reader_add(reader, *path, env->resource(env, *path), true, err));
    return 0;
}

static int read_added(struct classify_reader *reader, const struct cx_node *list, const struct cx_env *env, struct cx_error *err)
{
    if (list == NULL)
        return 0;
    if (list->type != CX_NODE_LIST)
        return cx_node_fail(list, err, "expected a list of files");
    for (const struct cx_node *node = list->first; node != NULL; node = node->next) {
        struct cx_str path, content;
        struct cx_error why;
        CX_TRY(cx_node_str(node, &path, err));
        if (env->read_file(env, path, &content, &why) != 0)
            return cx_node_fail(node, err, "%s", why.text);
        const char *name = cx_arena_format(env->arena, "%.*s%c", CX_STR_ARG(path), '\0').ptr;
        CX_TRY(classify_reader_add(reader, name, content, false, err));
    }
    return 0;
}

/* The model named, or the one compiled in where there is one. */
static int open_model(struct classify *classify, const struct classify_config *given, const struct cx_env *env, struct cx_error *err)
{
    struct cx_str own = env->resource(env, "models/cx.cxm");
    struct cx_model *model = &classify->learned.model;
    if (cx_str_is(given->model, "none") || (given->model.len == 0 && own.ptr == NULL))
        return 0;
    classify->has_model = true;
    classify->learned.at_least = (struct classify_thresholds){ given->language_at_least, given->sentiment_at_least, given->reason_at_least };
    if (given->model.len > 0) {
        const struct cx_node *node = cx_node_get(cx_node_get(env->root, "classify"), "model");
        CX_TRY(classify_model_file(node, env, model, err));
        if (model->base.ptr != NULL)
            return cx_node_fail(node, err, "%.*s: an overlay, made over %.*s: it belongs in classify.overlays, beside its tenant",
                                CX_STR_ARG(given->model), CX_STR_ARG(model->base));
    } else {
        CX_TRY(classify_learned_read(env->arena, own, model, err));
    }
    classify_learned_bind(&classify->learned, env->arena);
    return 0;
}

static int open(void *self, const void *config, const struct cx_env *env, struct cx_error *err)
{
    const struct classify_config *given = config;
    struct classify *classify = self;
    struct classify_reader *reader = classify_reader_new(env->arena);
    classify->max_text = (size_t)given->max_text;
    classify->at_least = (struct classify_least){ (float)given->intents_at_least, (float)given->functions_at_least, (float)given->toxicity_at_least,
                                                  (float)given->relevance_at_least };
    CX_TRY(open_model(classify, given, env, err));
    CX_TRY(classify_overlays_open(&classify->overlays, given->overlays, classify->has_model ? &classify->learned : NULL, env, err));
    CX_TRY(read_own(reader, env, err));
    CX_TRY(read_added(reader, given->lexicons, env, err));
    return classify_reader_end(reader, &classify->lexicons, err);
}

static void close(void *self)
{
    classify_lexicons_close(&((struct classify *)self)->lexicons);
}

/* What is read: title and text, up to max_text. */
static struct cx_str text_of(const struct classify *classify, struct cx_ctx *ctx, const struct cx_interaction *record)
{
    struct cx_str text = record->text;
    if (record->title.len > 0)
        text = text.len > 0 ? cx_arena_format(ctx->arena, "%.*s\n%.*s", CX_STR_ARG(record->title), CX_STR_ARG(text)) : record->title;
    if (text.len <= classify->max_text)
        return text;
    cx_count(ctx, METRIC_CUT, NULL, 1);
    return cx_utf8_prefix(text, classify->max_text);
}

static const char *language_label(struct cx_str language)
{
    static const char *const known[] = { "tr", "es", "ar", "ru", "en", NULL };
    int i = classify_label(known, language);
    return language.ptr == NULL ? "und" : i >= 0 ? known[i] : "other";
}

/* Of a rating's say in the sentiment, against what the text says. */
#define RATING_SHARE 0.65f

/* A rating is a sentiment too: its place between the worst and the best that can be given. The sentiment it was taken for. */
static float join_rating(const struct cx_interaction *record, struct classify_heads *heads)
{
    if (record->rating == NULL || !(record->rating->scale > 1))
        return 0;
    double worst = record->rating->scale > 5 ? 0 : 1; /* ten-point scales and NPS start at 0, stars at 1 */
    double place = (record->rating->value - worst) / (record->rating->scale - worst) * 2 - 1;
    place = place < -1 ? -1 : place > 1 ? 1 : place;
    float sentiment = place > -0.2 && place < 0.2 ? 0 : (float)(0.8 * place);
    if (!heads->is_decided) {
        classify_join_sentiment(heads, sentiment);
        return sentiment;
    }
    float joined = RATING_SHARE * sentiment + (1 - RATING_SHARE) * (heads->positive - heads->negative);
    heads->is_decided = false;
    heads->is_joined = true;
    heads->positive = joined > 0 ? joined : 0;
    heads->negative = joined < 0 ? -joined : 0;
    return sentiment;
}

/* The model of a tenant, NULL where there is none. */
static const struct classify_learned *learned_of(const struct classify *classify, struct cx_str tenant)
{
    const struct classify_learned *own = classify_overlays_find(&classify->overlays, tenant);
    return own != NULL ? own : classify->has_model ? &classify->learned : NULL;
}

/* The language by the model, or by letters and frequent words where it does not say. */
static struct cx_str language_of(const struct classify_reading *reading, const struct cx_folded *folded, float *confidence, bool *is_models)
{
    struct cx_str language = classify_learned_language(reading, confidence);
    *is_models = language.ptr != NULL;
    return *is_models ? language : cx_text_script_language(folded, confidence);
}

/* What is heard of the model joins what the lexicons found. Its scores, NULL where it says nothing. */
static const float *join_model(const struct classify_learned *heard, struct classify_reading reading, struct cx_arena *arena,
                               const struct cx_folded *folded, struct cx_str text, struct classify_findings *findings)
{
    if (heard == NULL || reading.of == NULL || heard->model.heads != reading.of->model.heads)
        reading = classify_learned_look(heard, arena, folded, text);
    const float *scores = classify_learned_scores(&reading);
    if (scores != NULL)
        classify_learned_join(heard, arena, scores, findings);
    return scores;
}

static void find_pii(struct cx_ctx *ctx, const struct classify *classify, struct cx_str text, struct cx_str language,
                     struct cx_classification *section)
{
    section->pii = classify_pii(ctx->arena, cx_utf8_prefix(text, classify->max_text), language);
    for (size_t i = 0; i < section->pii.len; i++)
        cx_count(ctx, METRIC_PII, section->pii.items[i].kind.ptr, 1);
}

/* Everything the text tells. What the company itself said is no customer's intent: there language, hits, toxicity and personal data are told. */
static void read_text(const struct classify *classify, struct cx_ctx *ctx, const struct cx_interaction *record, struct cx_str text,
                      struct cx_classification *section)
{
    struct cx_folded folded = cx_text_fold(ctx->arena, text, CX_FOLD_SEARCH);
    const struct classify_learned *learned = learned_of(classify, record->tenant);
    struct classify_reading reading = classify_learned_look(learned, ctx->arena, &folded, text);
    bool is_models = false;
    struct cx_str language = language_of(&reading, &folded, &section->language_confidence, &is_models);
    if (language.ptr != NULL)
        section->language = language;
    cx_count(ctx, METRIC_LANGUAGES, language_label(language), 1);

    struct classify_findings findings;
    classify_find(&classify->lexicons, ctx->arena, &folded, language, &findings);
    join_model(classify_learned_in(learned, language), reading, ctx->arena, &folded, text, &findings);
    section->model = learned != NULL ? learned->model.version : CX_STR_NULL;
    uint32_t by_model = is_models ? CLASSIFY_BIT(CLASSIFY_HEAD_LANGUAGE) : 0;
    section->topics = findings.topics;
    if (record->direction == CX_DIRECTION_INBOUND) {
        join_rating(record, &findings.heads);
        by_model |=
            classify_fill(ctx->arena, &findings.heads, &classify->at_least, section) | (findings.heads.by_model & CLASSIFY_BIT(CLASSIFY_HEAD_REASON));
        section->reason = findings.reason;
        if (section->intents.len == 0)
            cx_count(ctx, METRIC_SILENT, NULL, 1);
    } else if (findings.heads.toxicity > 0) {
        section->toxicity = (struct cx_opt_f64){ true, findings.heads.toxicity };
        by_model |= findings.heads.by_model & CLASSIFY_BIT(CLASSIFY_HEAD_TOXICITY);
    }
    section->lexicon_hits = classify_deciders(ctx->arena, findings.hits, by_model);
    if (record->text.len > 0)
        find_pii(ctx, classify, record->text, language, section);
}

static struct cx_settled process(const void *self, struct cx_ctx *ctx)
{
    const struct classify *classify = self;
    struct cx_interaction *record = ctx->item->record;
    struct cx_classification *section = CX_NEW(ctx->arena, struct cx_classification);
    cx_classification_init(section);
    section->language = CX_STR("und");
    section->lexicons = classify->lexicons.version;
    struct cx_str text = text_of(classify, ctx, record);
    if (text.len > 0) {
        read_text(classify, ctx, record, text, section);
    } else if (record->direction == CX_DIRECTION_INBOUND) {
        struct classify_heads heads = { 0 };
        join_rating(record, &heads);
        classify_fill(ctx->arena, &heads, &classify->at_least, section);
    }
    section->five_c = classify_five_c(record, section->intents.len > 0 ? section->intents.items[0].name : CX_STR_NULL);
    record->classification = section;
    return cx_pass();
}

static void count_nothing(struct cx_ctx *ctx, int metric, const char *label, double n)
{
    (void)ctx, (void)metric, (void)label, (void)n;
}

static void explain(const void *self, struct cx_arena *arena, const struct cx_interaction *record, struct cx_str language, struct cx_buf *json)
{
    static const struct classify_learned silent;
    bool is_models = false;
    const struct classify *classify = self;
    struct cx_classification section = { 0 };
    struct cx_ctx ctx = { .arena = arena, .count_ = count_nothing };
    struct classify_case c = { .lexicons = &classify->lexicons, .record = record, .language = language, .language_confidence = 1 };
    c.at_least = classify->at_least;
    c.text = text_of(classify, &ctx, record);
    struct cx_folded folded = cx_text_fold(arena, c.text, CX_FOLD_SEARCH);
    struct classify_findings findings;
    const struct classify_learned *learned = learned_of(classify, record->tenant);
    struct classify_reading reading = classify_learned_look(learned, arena, &folded, c.text);
    if (language.ptr == NULL)
        c.language = language_of(&reading, &folded, &c.language_confidence, &is_models);
    c.language_by = language.ptr != NULL ? "as asked" : is_models ? "model" : "letters and frequent words";
    c.language_at_least = is_models ? (float)learned->at_least.language : NAN;
    if (record->text.len > 0)
        find_pii(&ctx, classify, record->text, c.language, &section);
    c.pii = section.pii;
    classify_find(&classify->lexicons, arena, &folded, c.language, &findings);
    const struct classify_learned *heard = classify_learned_in(learned, c.language);
    c.learned = heard != NULL ? heard : &silent;
    c.lexical = findings.heads;
    c.scores = join_model(heard, reading, arena, &folded, c.text, &findings);
    c.model = learned != NULL ? learned->model.version : CX_STR_NULL;
    c.rating = join_rating(record, &findings.heads);
    c.folded = &folded;
    c.findings = &findings;
    classify_explain(&c, arena, json);
}

const struct cx_stage classify_stage = {
    .name = "classify",
    .summary = "Says what a record is about: language, intents, functions, urgency, sentiment, personal data.",
    .section = CX_SECTION_CLASSIFICATION,
    .input = "cx.normalized.v1",
    .outputs = outputs,
    .options = options,
    .metrics = metrics,
    .reasons = reasons,
    .dead_letters = "cx.dlq.classify.v1",
    .config_size = sizeof(struct classify_config),
    .self_size = sizeof(struct classify),
    .open = open,
    .process = process,
    .close = close,
    .explain = explain,
    .judgements = classify_judgements,
};
