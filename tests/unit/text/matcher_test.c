#include "text/text.h"
#include <criterion/criterion.h>
#include <pthread.h>

static struct cx_arena *arena;
static void start(void)
{
    arena = cx_arena_new(64u << 20);
}
static void end(void)
{
    cx_arena_free(arena);
}
TestSuite(matcher, .init = start, .fini = end);

static struct cx_matcher *compile(const struct cx_pattern *patterns, size_t n)
{
    struct cx_error err;
    struct cx_matcher *m = cx_matcher_new(patterns, n, &err);
    cr_assert_not_null(m, "%s", err.text);
    return m;
}

/* "id:start-end id:start-end" */
static struct cx_str found(const struct cx_matcher *m, const char *text)
{
    struct cx_match *matches;
    struct cx_folded folded = cx_text_fold(arena, cx_str(text), CX_FOLD_ANY);
    size_t n = cx_matcher_scan(m, arena, &folded, &matches);
    struct cx_str out = CX_STR("");
    for (size_t i = 0; i < n; i++)
        out = cx_arena_format(arena, "%.*s%s%u:%u-%u", CX_STR_ARG(out), i ? " " : "", matches[i].id, matches[i].start, matches[i].end);
    return out;
}

static void expect(const struct cx_pattern *patterns, size_t n, const char *text, const char *expected)
{
    struct cx_matcher *m = compile(patterns, n);
    struct cx_str got = found(m, text);
    cr_assert(cx_str_is(got, expected), "in \"%s\": \"%.*s\", not \"%s\"", text, CX_STR_ARG(got), expected);
    cx_matcher_free(m);
}

Test(matcher, finds_literals_anywhere_by_default)
{
    struct cx_pattern p[] = { { .text = CX_STR("ade"), .id = 7 } };
    expect(p, 1, "iade made", "7:1-4 7:6-9");
}

Test(matcher, keeps_whole_words_whole)
{
    struct cx_pattern p[] = { { .text = CX_STR("iade"), .whole_word = true, .id = 1 } };
    expect(p, 1, "iade iadeyi riade (iade) iade_ #iade", "1:0-4 1:19-23 1:32-36");
}

Test(matcher, sees_letters_of_every_script_as_word)
{
    struct cx_pattern p[] = { { .text = CX_STR("заказ"), .whole_word = true, .id = 1 }, { .text = CX_STR("طلب"), .whole_word = true, .id = 2 } };
    expect(p, 2, "заказы перезаказ заказ طلبي طلب", "1:32-42 2:52-58");
}

Test(matcher, lets_suffixes_follow_a_prefix)
{
    struct cx_pattern p[] = { { .text = CX_STR("şikayet"), .prefix = true, .id = 1 } };
    expect(p, 1, "şikayetim var öşikayet", "1:0-8");
}

Test(matcher, takes_a_star_for_the_rest_of_a_word)
{
    struct cx_pattern p[] = { { .text = CX_STR("para* iade*"), .whole_word = true, .id = 1 },
                              { .text = CX_STR("верн* деньг*"), .whole_word = true, .id = 2 } };
    expect(p, 2, "paramin iadesini para iade paramin x iade kapara iade", "1:0-12 1:17-26");
    expect(p, 2, "верните деньги", "2:0-25");
}

Test(matcher, refuses_a_star_inside_a_word)
{
    struct cx_error err;
    struct cx_pattern p[] = { { .text = CX_STR("pa*ra"), .whole_word = true } };
    cr_assert_null(cx_matcher_new(p, 1, &err));
    cr_assert(strstr(err.text, "pa*ra") != NULL);
}

Test(matcher, lets_arabic_clitics_stand_before)
{
    struct cx_pattern p[] = { { .text = CX_STR("طلب*"), .whole_word = true, .clitics = true, .id = 1 } };
    expect(p, 1, "والطلبات طلبي مطلب", "1:6-12 1:17-23");
}

Test(matcher, reports_expressions_from_their_start)
{
    struct cx_pattern p[] = { { .text = CX_STR("no: ?[0-9]{3}"), .is_regex = true, .whole_word = true, .id = 3 } };
    expect(p, 1, "x no: 123 no:4567", "3:2-9");
}

Test(matcher, names_the_expression_that_does_not_compile)
{
    struct cx_error err;
    struct cx_pattern p[] = { { .text = CX_STR("fine"), .id = 1 }, { .text = CX_STR("(open"), .is_regex = true, .id = 2 } };
    cr_assert_null(cx_matcher_new(p, 2, &err));
    cr_assert(strstr(err.text, "(open") != NULL);
}

Test(matcher, gives_each_match_once_and_in_order)
{
    struct cx_pattern p[] = { { .text = CX_STR("iade"), .whole_word = true, .id = 5 },
                              { .text = CX_STR("iade*"), .whole_word = true, .id = 5 },
                              { .text = CX_STR("para iade"), .whole_word = true, .id = 2 } };
    expect(p, 3, "para iade iade", "2:0-9 5:5-9 5:10-14");
}

Test(matcher, of_no_patterns_finds_nothing)
{
    expect(NULL, 0, "anything", "");
}

static void *scan_elsewhere(void *matcher)
{
    struct cx_arena *own = cx_arena_new(1u << 20);
    struct cx_match *matches;
    size_t n = 0;
    for (int i = 0; i < 1000; i++) {
        cx_arena_reset(own);
        struct cx_folded folded = cx_text_fold(own, CX_STR("one two one"), CX_FOLD_ANY);
        n += cx_matcher_scan(matcher, own, &folded, &matches);
    }
    cx_arena_free(own);
    return (void *)n;
}

Test(matcher, is_shared_between_threads)
{
    struct cx_pattern p[] = { { .text = CX_STR("one"), .whole_word = true, .id = 1 } };
    struct cx_matcher *m = compile(p, 1);
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, scan_elsewhere, m), 0);
    for (int i = 0; i < 4; i++) {
        void *n;
        cr_assert_eq(pthread_join(threads[i], &n), 0);
        cr_assert_eq((size_t)n, 2000);
    }
    cx_matcher_free(m);
}

/* ---- against a search that tries every place ---- */

static uint64_t seed = 7;
static uint32_t noise(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static struct cx_str random_words(uint32_t most)
{
    static const char *const syllables[] = { "a", "b", "ab", "ba", "я", "ж", "ab ", " ", "." };
    char *out = cx_arena_bytes(arena, most * 4);
    size_t len = 0;
    for (uint32_t n = 1 + noise(most); n > 0; n--) {
        struct cx_str s = cx_str(syllables[noise(9)]);
        memcpy(out + len, s.ptr, s.len);
        len += s.len;
    }
    return cx_str_n(out, len);
}

/* Folded, and of more than one letter. */
static struct cx_str random_phrase(void)
{
    struct cx_str phrase;
    do
        phrase = cx_text_fold(arena, random_words(5), CX_FOLD_ANY).text;
    while (phrase.len < 3);
    return phrase;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool matches_at(const struct cx_pattern *p, struct cx_str text, size_t at)
{
    if (!cx_str_starts(cx_str_skip(text, at), p->text))
        return false;
    size_t end = at + p->text.len;
    bool starts = at == 0 || !is_letter(text.ptr[at - 1]) || !is_letter(text.ptr[at]);
    bool ends = end == text.len || !is_letter(text.ptr[end]) || !is_letter(text.ptr[end - 1]);
    return (!(p->whole_word || p->prefix) || starts) && (!(p->whole_word && !p->prefix) || ends);
}

Test(matcher, agrees_with_a_naive_search)
{
    for (int round = 0; round < 300; round++) {
        struct cx_pattern patterns[20];
        for (size_t i = 0; i < 20; i++)
            patterns[i] = (struct cx_pattern){ .text = random_phrase(), .whole_word = noise(2), .prefix = noise(3) == 0, .id = (uint32_t)i };
        struct cx_matcher *m = compile(patterns, 20);
        for (int t = 0; t < 20; t++) {
            struct cx_folded folded = cx_text_fold(arena, random_words(60), CX_FOLD_ANY);
            struct cx_str text = folded.text;
            struct cx_match *got;
            size_t n = cx_matcher_scan(m, arena, &folded, &got), expected = 0;
            for (size_t at = 0; at < text.len; at++)
                for (size_t i = 0; i < 20; i++)
                    expected += matches_at(&patterns[i], text, at);
            cr_assert_eq(n, expected, "in \"%.*s\": %zu, not %zu", CX_STR_ARG(text), n, expected);
            for (size_t k = 0; k < n; k++)
                cr_assert(matches_at(&patterns[got[k].id], text, got[k].start));
        }
        cx_matcher_free(m);
        cx_arena_reset(arena);
    }
}
