#include "stages/classify/section.h"
#include <criterion/criterion.h>

static struct cx_arena *arena;
static struct cx_classification section;
static const struct classify_least least = { .intents = 0.3f, .functions = 0.2f };
static void start(void)
{
    arena = cx_arena_new(1u << 20);
    cx_classification_init(&section);
}
static void end(void)
{
    cx_arena_free(arena);
}
TestSuite(section, .init = start, .fini = end);

Test(section, of_unknown_heads_is_null_all_over)
{
    struct classify_heads heads = { 0 };
    classify_fill(arena, &heads, &least, &section);
    cr_assert_eq(section.sentiment, CX_SENTIMENT_NULL);
    cr_assert_not(section.sentiment_score.set || section.urgency_score.set || section.toxicity.set || section.relevance.set);
    cr_assert_eq(section.urgency, CX_URGENCY_NULL);
    cr_assert_eq(section.intents.len + section.functions.len, 0);
}

Test(section, labels_stand_by_score_then_name_from_a_threshold_on)
{
    struct classify_heads heads = { 0 };
    heads.functions[CLASSIFY_FOR_SALES] = heads.functions[CLASSIFY_FOR_CARE] = 0.5f;
    heads.functions[CLASSIFY_FOR_LEGAL] = 0.9f;
    heads.functions[CLASSIFY_FOR_HR] = least.functions - 0.01f;
    classify_fill(arena, &heads, &least, &section);
    cr_assert_eq(section.functions.len, 3);
    cr_assert(cx_str_is(section.functions.items[0].name, "legal"));
    cr_assert(cx_str_is(section.functions.items[1].name, "care"));
    cr_assert(cx_str_is(section.functions.items[2].name, "sales"));
}

Test(section, thresholds_are_per_head_and_nothing_is_said_of_what_nothing_speaks_for)
{
    struct cx_label own = { CX_STR("warranty_claim"), 0.5f };
    struct classify_heads heads = { .own = { &own, 1 } };
    heads.intents[CLASSIFY_PRAISE] = 0.6f;
    heads.functions[CLASSIFY_FOR_LEGAL] = 0.6f;
    heads.intents_by_model = CLASSIFY_BIT(CLASSIFY_PRAISE);
    heads.functions_by_model = CLASSIFY_BIT(CLASSIFY_FOR_LEGAL);
    uint32_t said = classify_fill(arena, &heads, &(struct classify_least){ .intents = 0.7f, .functions = 0.6f }, &section);
    cr_assert_eq(section.intents.len, 0);
    cr_assert_eq(section.functions.len, 1);
    cr_assert_eq(said, CLASSIFY_BIT(CLASSIFY_HEAD_FUNCTIONS));
    said = classify_fill(arena, &heads, &(struct classify_least){ .intents = 0.5f, .functions = 0.7f }, &section);
    cr_assert_eq(section.intents.len, 2);
    cr_assert_eq(section.functions.len, 0);
    cr_assert_eq(said, CLASSIFY_BIT(CLASSIFY_HEAD_INTENTS));
    classify_fill(arena, &heads, &(struct classify_least){ 0 }, &section);
    cr_assert_eq(section.intents.len, 2);
    cr_assert_eq(section.functions.len, 1);
}

Test(section, sentiment_is_positive_less_negative)
{
    struct classify_heads heads = { .has_sentiment = true, .positive = 0.5f, .negative = 0.45f };
    classify_fill(arena, &heads, &least, &section);
    cr_assert_eq(section.sentiment, CX_SENTIMENT_NEUTRAL);
    cr_assert_float_eq(section.sentiment_score.value, 0.05, 1e-6);
    heads.negative = 0.9f;
    classify_fill(arena, &heads, &least, &section);
    cr_assert_eq(section.sentiment, CX_SENTIMENT_NEGATIVE);
}

static bool is_by_model(uint32_t heads, enum classify_head head)
{
    return heads & CLASSIFY_BIT(head);
}

Test(section, what_is_said_of_the_model_is_told)
{
    struct classify_heads heads = {
        .has_sentiment = true, .positive = 0.5f, .urgency = 0.4f, .toxicity = 0.1f, .has_relevance = true, .relevance = 0.8f
    };
    heads.by_model = CLASSIFY_BIT(CLASSIFY_HEAD_SENTIMENT) | CLASSIFY_BIT(CLASSIFY_HEAD_TOXICITY);
    heads.intents[CLASSIFY_PRAISE] = 0.5f;
    heads.intents[CLASSIFY_QUESTION] = least.intents - 0.01f;
    heads.intents_by_model = CLASSIFY_BIT(CLASSIFY_QUESTION); /* which is not said */
    uint32_t said = classify_fill(arena, &heads, &least, &section);
    cr_assert(is_by_model(said, CLASSIFY_HEAD_SENTIMENT) && is_by_model(said, CLASSIFY_HEAD_TOXICITY) && is_by_model(said, CLASSIFY_HEAD_RELEVANCE));
    cr_assert_not(is_by_model(said, CLASSIFY_HEAD_URGENCY) || is_by_model(said, CLASSIFY_HEAD_INTENTS) || is_by_model(said, CLASSIFY_HEAD_FUNCTIONS));
    heads.intents_by_model |= CLASSIFY_BIT(CLASSIFY_PRAISE);
    heads.relevance = 0.4f;
    said = classify_fill(arena, &heads, &least, &section);
    cr_assert_float_eq(section.relevance.value, 0.4, 1e-6); /* praise by the model says nothing of it */
    heads.business = 0.5f;                                  /* praise by lexicons is more */
    said = classify_fill(arena, &heads, &least, &section);
    cr_assert(is_by_model(said, CLASSIFY_HEAD_INTENTS));
    cr_assert_not(is_by_model(said, CLASSIFY_HEAD_RELEVANCE));
    cr_assert_float_eq(section.relevance.value, 0.5, 1e-6);
}

Test(section, deciders_stand_among_the_hits_in_byte_order)
{
    struct cx_str hits[] = { CX_STR("en/praise"), CX_STR("model/intention"), CX_STR("tr/praise") };
    struct cx_str_list all =
        classify_deciders(arena, (struct cx_str_list){ hits, 3 },
                          CLASSIFY_BIT(CLASSIFY_HEAD_URGENCY) | CLASSIFY_BIT(CLASSIFY_HEAD_FUNCTIONS) | CLASSIFY_BIT(CLASSIFY_HEAD_INTENTS));
    static const char *const expected[] = { "en/praise", "model/functions", "model/intention", "model/intents", "model/urgency", "tr/praise" };
    cr_assert_eq(all.len, 6);
    for (size_t i = 0; i < 6; i++)
        cr_assert(cx_str_is(all.items[i], expected[i]), "%zu: %.*s", i, CX_STR_ARG(all.items[i]));
}

Test(section, urgency_has_four_levels)
{
    static const struct {
        float score;
        enum cx_urgency level;
    } levels[] = { { 0.1f, CX_URGENCY_LOW }, { 0.2f, CX_URGENCY_NORMAL }, { 0.5f, CX_URGENCY_HIGH }, { 0.8f, CX_URGENCY_CRITICAL } };
    for (size_t i = 0; i < 4; i++) {
        struct classify_heads heads = { .urgency = levels[i].score };
        classify_fill(arena, &heads, &least, &section);
        cr_assert_eq(section.urgency, levels[i].level);
    }
}

Test(section, spam_is_nobodys_business)
{
    struct classify_heads heads = { 0 };
    heads.intents[CLASSIFY_QUESTION] = 0.5f;
    classify_fill(arena, &heads, &least, &section);
    cr_assert_float_eq(section.relevance.value, 0.5, 1e-6);
    heads.intents[CLASSIFY_SPAM] = 0.8f;
    classify_fill(arena, &heads, &least, &section);
    cr_assert_float_eq(section.relevance.value, 0.1, 1e-6);
}

static enum cx_five_c five_c(const char *channel, const char *kind, const char *intent)
{
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.channel = cx_str(channel);
    record.kind = cx_str(kind);
    return classify_five_c(&record, cx_str(intent));
}

Test(section, five_c_follows_channel_kind_and_intent)
{
    cr_assert_eq(five_c("whatsapp", "message", "order_status"), CX_FIVE_C_CONVERSATION);
    cr_assert_eq(five_c("instagram", "comment", NULL), CX_FIVE_C_COMMUNITY);
    cr_assert_eq(five_c("youtube", "comment", "praise"), CX_FIVE_C_CONTENT);
    cr_assert_eq(five_c("youtube", "comment", "campaign_reaction"), CX_FIVE_C_CAMPAIGN);
    cr_assert_eq(five_c("email", "message", "partnership"), CX_FIVE_C_COLLABORATION);
    cr_assert_eq(five_c("shop", "order", NULL), CX_FIVE_C_NULL);
}
