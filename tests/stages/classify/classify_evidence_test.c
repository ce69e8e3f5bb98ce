#include "stages/classify/evidence.h"
#include <criterion/criterion.h>

static struct cx_arena *arena;
static struct classify_lexicons lexicons;
static struct classify_findings findings;

static void open_lexicon(const char *yaml)
{
    struct cx_error err;
    arena = cx_arena_new(512u << 20);
    struct classify_reader *reader = classify_reader_new(arena);
    cr_assert_eq(classify_reader_add(reader, "x.yaml", cx_str(yaml), true, &err), 0, "%s", err.text);
    cr_assert_eq(classify_reader_end(reader, &lexicons, &err), 0, "%s", err.text);
}
static void start(void)
{
    open_lexicon("lexicon: x\n"
                 "version: '1'\n"
                 "language: en\n"
                 "negation: { before: [not, never], after: [nope] }\n"
                 "intents:\n"
                 "  refund_request: { functions: { finance: 0.5 }, sentiment: -0.5, urgency: 0.4 }\n"
                 "  praise: { urgency: 0.1 }\n"
                 "entries:\n"
                 "  refund: { phrases: [refund*, 'money back'], intents: { refund_request: 0.5 }, topics: [refund] }\n"
                 "  back: { phrases: ['give * back'], intents: { refund_request: 0.5 }, functions: { care: 0.4 } }\n"
                 "  good: { phrases: [good, great], intents: { praise: 0.5 }, sentiment: 0.6 }\n"
                 "  bad: { phrases: [bad], sentiment: -0.4, reason: quality }\n"
                 "  worse: { phrases: [worst], sentiment: -0.8, reason: disgrace }\n"
                 "  order: { phrases: [order*] }\n"
                 "  where: { phrases: [where] }\n"
                 "  where_order: { when: [where, order], unless: [refund], intents: { order_status: 0.9 } }\n"
                 "  now: { phrases: [now], urgency: 0.5 }\n"
                 "  fool: { phrases: [fool*], toxicity: 0.6 }\n");
}
static void end(void)
{
    classify_lexicons_close(&lexicons);
    cx_arena_free(arena);
}
TestSuite(evidence, .init = start, .fini = end);

static const struct classify_heads *look(const char *text, const char *language)
{
    struct cx_folded folded = cx_text_fold(arena, cx_str(text), CX_FOLD_SEARCH);
    classify_find(&lexicons, arena, &folded, language ? cx_str(language) : CX_STR_NULL, &findings);
    return &findings.heads;
}
#define close_to(got, expected) cr_assert_float_eq(got, expected, 1e-5, "%g, not %g", (double)(got), (double)(expected))

Test(evidence, counts_an_entry_once_and_joins_entries)
{
    close_to(look("refund, refunds, money back", "en")->intents[CLASSIFY_REFUND_REQUEST], 0.5);
    close_to(look("refund! give it back", "en")->intents[CLASSIFY_REFUND_REQUEST], 0.75);
}

Test(evidence, lets_an_intent_say_what_it_means)
{
    const struct classify_heads *heads = look("refund", "en");
    close_to(heads->functions[CLASSIFY_FOR_FINANCE], 0.25);
    close_to(heads->negative, 0.25);
    close_to(heads->urgency, 0.4);
}

Test(evidence, joins_urgency_of_words_with_that_of_the_best_intent)
{
    close_to(look("refund now", "en")->urgency, 1 - 0.5 * 0.6);
}

Test(evidence, turns_a_negated_sentiment_round_by_half_and_drops_the_rest)
{
    const struct classify_heads *heads = look("not so good", "en");
    close_to(heads->positive, 0);
    close_to(heads->negative, 0.3);
    close_to(heads->intents[CLASSIFY_PRAISE], 0);
    cr_assert_eq(findings.hits.len, 0);
    close_to(look("good, nope", "en")->positive, 0.6);
    close_to(look("good nope", "en")->negative, 0.3);
    close_to(look("not bad", "en")->positive, 0.2);
    close_to(look("not one bad", "en")->negative, 0.4);
}

Test(evidence, one_match_that_is_not_negated_suffices)
{
    close_to(look("not good? it is great", "en")->positive, 0.6);
}

Test(evidence, needs_all_of_when_and_none_of_unless)
{
    close_to(look("where is my order", "en")->intents[CLASSIFY_ORDER_STATUS], 0.9);
    close_to(look("my order", "en")->intents[CLASSIFY_ORDER_STATUS], 0);
    close_to(look("where is the refund of my order", "en")->intents[CLASSIFY_ORDER_STATUS], 0);
}

Test(evidence, leaves_lexicons_of_other_languages_out)
{
    close_to(look("refund", "tr")->intents[CLASSIFY_REFUND_REQUEST], 0);
    close_to(look("refund", NULL)->intents[CLASSIFY_REFUND_REQUEST], 0.5);
}

Test(evidence, takes_the_reason_of_the_strongest)
{
    look("bad, the worst", "en");
    cr_assert(cx_str_is(findings.reason, "disgrace"));
}

Test(evidence, lists_hits_in_byte_order_and_not_the_silent_ones)
{
    look("where is my order? refund, fool", "en");
    cr_assert_eq(findings.hits.len, 2);
    cr_assert(cx_str_is(findings.hits.items[0], "x/fool") && cx_str_is(findings.hits.items[1], "x/refund"));
    cr_assert_eq(findings.topics.len, 1);
}

Test(evidence, of_nothing_is_nothing)
{
    struct classify_heads none = { 0 };
    look("nothing to see", "en");
    cr_assert_eq(memcmp(&findings.heads, &none, sizeof none), 0);
    cr_assert_null(findings.reason.ptr);
    cr_assert_eq(findings.hits.len + findings.topics.len, 0);
}

/* Words of the lexicon and others, in any order: the same twice, and always within bounds. */
Test(evidence, of_any_text_is_bounded_sorted_and_the_same_again)
{
    static const char *const words[] = { "refund", "money back", "give", "back", "good", "not", "bad", "worst",
                                         "order",  "where",      "now",  "fool", "nope", ".",   "x",   "GREAT" };
    uint64_t seed = 3;
    for (int round = 0; round < 5000; round++) {
        struct cx_str text = CX_STR("");
        for (int i = 0; i < round % 20; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            text = cx_arena_format(arena, "%.*s %s", CX_STR_ARG(text), words[seed >> 60]);
        }

        const char *terminated = cx_arena_format(arena, "%.*s%c", CX_STR_ARG(text), '\0').ptr;
        struct classify_heads first = *look(terminated, "en");
        struct cx_str_list hits = findings.hits;
        cr_assert_eq(memcmp(&first, look(terminated, "en"), sizeof first), 0);

        for (size_t i = 0; i + 1 < hits.len; i++)
            cr_assert_lt(cx_str_cmp(hits.items[i], hits.items[i + 1]), 0);
        for (int i = 0; i < CLASSIFY_INTENT_COUNT; i++)
            cr_assert(first.intents[i] >= 0 && first.intents[i] < 1);
        cr_assert(first.positive >= 0 && first.positive < 1 && first.negative >= 0 && first.negative < 1 && first.urgency >= 0 && first.urgency < 1);
    }
}
