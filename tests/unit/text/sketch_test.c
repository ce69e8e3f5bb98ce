#include <criterion/criterion.h>
#include "text/sketch.h"

static struct cx_arena *arena;
static void set_up(void)
{
    arena = cx_arena_new(64u << 20);
}
static void tear_down(void)
{
    cx_arena_free(arena);
}
TestSuite(sketch, .init = set_up, .fini = tear_down);

static struct cx_sketched sketched(const char *text)
{
    return cx_text_sketch(arena, cx_str(text));
}
static float similarity(const char *a, const char *b)
{
    struct cx_sketched x = sketched(a), y = sketched(b);
    float there = cx_sketch_similarity(&x.sketch, &y.sketch), back = cx_sketch_similarity(&y.sketch, &x.sketch);
    cr_assert_eq(there, back, "%s | %s", a, b);
    return there;
}
static bool is_found(const char *filed, const char *looked_up)
{
    struct cx_sketched x = sketched(filed), y = sketched(looked_up);
    for (size_t i = 0; i < x.filed_count; i++)
        for (size_t k = 0; k < y.lookup_count; k++)
            if (x.filed[i] == y.lookups[k])
                return true;
    return false;
}

#define APP "The new update of the app logs me out every morning, please fix it"

Test(sketch, what_a_copy_gains_or_loses_does_not_count)
{
    static const char *const copies[] = {
        "the new update of the app logs me out every morning please fix it",
        "RT @ann: " APP,
        "@ann @bob " APP "!!!",
        APP " https://t.co/abc",
        APP " \U0001f621\U0001f621",
        APP " #acme #fail",
        "THE NEW UPDATE OF THE APP LOGS ME OUT EVERY MORNING, PLEASE FIX IT",
        "The  new\tupdate of the app\nlogs me out -- every morning: please fix it",
        "The new update of the app logs me out eeeevery morning, please fix it",
    };
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++) {
        cr_assert_eq(similarity(APP, copies[i]), 1, "%s: %g", copies[i], (double)similarity(APP, copies[i]));
        cr_assert(is_found(APP, copies[i]), "%s", copies[i]);
    }
}

Test(sketch, a_cut_text_and_a_quoted_one_are_nearly_all_there)
{
    cr_assert_gt(similarity(APP, "The new update of the app logs me out ev…"), 0.9);
    cr_assert(is_found(APP, "The new update of the app logs me out ev…"));
    cr_assert_gt(similarity(APP, "Same here since Tuesday, folks: " APP), 0.9);
    cr_assert(is_found(APP, "Same here since Tuesday, folks: " APP));
}

Test(sketch, other_texts_have_little_in_common)
{
    cr_assert_lt(similarity(APP, "Great service at the shop in Madrid, thanks to Lucia who was so patient"), 0.35);
    cr_assert_lt(similarity(APP, "The old app was fine, why would anybody want another one of these"), 0.45);
    cr_assert_lt(similarity("the battery is bad and the screen is good", "the delivery is late and the price is high"), 0.62);
}

Test(sketch, decomposed_letters_are_the_same_as_composed_ones)
{
    cr_assert_eq(similarity("Kargom u\u0308c\u0327 gu\u0308ndu\u0308r yolda go\u0308ru\u0308nu\u0308yor ama gelmedi",
                            "Kargom üç gündür yolda görünüyor ama gelmedi"),
                 1);
    cr_assert_eq(similarity("Когда вернёте мои\u0306 заказ, это уже третий раз", "когда вернете мой заказ это уже третий раз"), 1);
}

Test(sketch, short_texts_are_equal_or_not)
{
    cr_assert_eq(sketched("Thank you so much!").sketch.runs, 0);
    cr_assert_gt(sketched("Thank you so very much!").sketch.runs, 0);
    cr_assert_eq(similarity("Thank you so much!", "THANK  you so much!"), 1);
    cr_assert_eq(similarity("Thank you so much!", "Thank you so much"), 0);
    cr_assert_eq(similarity("Thank you so much!", "Thank you so much \U0001f644"), 0);
    cr_assert_eq(similarity("Thank you so much!", "Thank you so very much!"), 0);
}

Test(sketch, a_text_without_blanks_is_not_short)
{
    cr_assert_gt(sketched("このアプリの新しいアップデートをインストールしてから毎朝ログアウトされてしまうので至急修正してくださいよろしくお願いします"
                          "ありがとうございます")
                     .sketch.runs,
                 0);
}

Test(sketch, without_a_word_there_is_nothing_to_compare)
{
    static const char *const texts[] = { "", " ", "!!!", "\U0001f44f\U0001f44f", "https://t.co/abc", "@ann @bob", "RT" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert_eq(sketched(texts[i]).filed_count, 0, "%s", texts[i]);
}

Test(sketch, tags_that_end_a_text_are_left_out_where_enough_remains)
{
    cr_assert_eq(similarity("The camera of this phone is dark #acme", "The camera of this phone is dark #phone #fail"), 1);
    cr_assert_lt(similarity("#my #cat #is #so #cute", "#our #dog #was #too #loud"), 0.62);
}

/* Folding gives what folds to itself; so a sketch is the same whether its text was folded before or is folded on the way. */
Test(sketch, it_reads_what_folding_writes)
{
    static const char *const texts[] = {
        "Kargom ÜÇ GÜNDÜR dağıtımda görünüyor ama hâlâ gelmediiiii, LÜTFEN ilgilenin!",
        "Третий день не могу дозвониться до вашей поддержки, когда вернёте деньги?",
        "طلبتُ الجهاز قبل أسبوعين ولم يصــــل حتى الآن ولا أحد يرد على رسائلي",
        "¿Por qué no contesta nadie? ½ ﬁn ① ＡＢＣ años después sigo esperando aaaaaa bb",
        "Straße ŒUVRE ǆ İstanbul ILIK ılık e\u0301te\u0301 मेरा फ़ोन काम नहीं कर रहा है",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cx_folded folded = cx_text_fold(arena, cx_str(texts[i]), CX_FOLD_SEARCH);
        struct cx_sketched a = sketched(texts[i]), b = cx_text_sketch(arena, folded.text);
        cr_assert_eq(memcmp(&a, &b, sizeof a), 0, "%s", texts[i]);
    }
}

Test(sketch, a_long_text_is_read_up_to_a_point)
{
    char *text = cx_arena_bytes(arena, 40000);
    for (size_t i = 0; i < 40000; i++)
        text[i] = i % 7 == 6 ? ' ' : (char)('a' + (i * i + i / 3) % 26);
    struct cx_sketched whole = cx_text_sketch(arena, cx_str_n(text, 40000)), part = cx_text_sketch(arena, cx_str_n(text, 20000));
    cr_assert_leq(whole.sketch.runs, CX_SKETCH_LETTERS);
    cr_assert_eq(cx_sketch_similarity(&whole.sketch, &part.sketch), 1);
}

static void assert_ascends(const uint64_t *anchors, size_t count, const char *text)
{
    for (size_t i = 1; i < count; i++)
        cr_assert_lt(anchors[i - 1], anchors[i], "anchor %zu of %s", i, text);
}

Test(sketch, anchors_are_in_order_and_each_is_there_once)
{
    static const char *const texts[] = { APP, APP " " APP " " APP, "please fix it now please fix it now please fix it now please fix it now" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cx_sketched s = sketched(texts[i]);
        cr_assert_gt(s.filed_count, 1);
        cr_assert_geq(s.lookup_count, s.filed_count);
        assert_ascends(s.filed, s.filed_count, texts[i]);
        assert_ascends(s.lookups, s.lookup_count, texts[i]);
    }
}

/* The numbers stand in changelogs: they must not change unnoticed. */
Test(sketch, the_numbers_stay_as_they_are)
{
    struct cx_sketched text = sketched(APP);
    uint64_t bins[4];
    memcpy(bins, text.sketch.bins, sizeof bins);
    cr_assert_eq(text.sketch.runs, 49, "%u", text.sketch.runs);
    cr_assert_eq(bins[0] ^ bins[1] ^ bins[2] ^ bins[3], UINT64_C(0xd71c3f4eff603a46), "0x%llx",
                 (unsigned long long)(bins[0] ^ bins[1] ^ bins[2] ^ bins[3]));
    cr_assert_eq(text.filed[0], UINT64_C(0x0a6683d1160597a4), "0x%llx", (unsigned long long)text.filed[0]);
}
