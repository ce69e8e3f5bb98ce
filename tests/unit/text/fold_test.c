#include "text/chars.h"
#include "text/model.h"
#include <criterion/criterion.h>

static struct cx_arena *arena;
static void start(void)
{
    arena = cx_arena_new(64u << 20);
}
static void end(void)
{
    cx_arena_free(arena);
    cx_model_use_kernel(CX_KERNEL_AVX2);
}
TestSuite(fold, .init = start, .fini = end);

static void expect(enum cx_fold_language language, const char *text, const char *folded)
{
    struct cx_str got = cx_text_fold(arena, cx_str(text), language).text;
    cr_assert(cx_str_is(got, folded), "\"%s\" folds to \"%.*s\", not \"%s\"", text, CX_STR_ARG(got), folded);
}

/* Deterministic noise: the same texts in every run. */
static uint64_t seed = 1;
static uint32_t noise(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

/* Pieces that meet every rule of folding, and now and then any code point at all. */
static struct cx_str random_text(void)
{
    static const char *const pieces[] = { "a",
                                          "aaa",
                                          "I",
                                          "İ",
                                          "ı",
                                          "i",
                                          "\xcc\x87",
                                          "\xcc\x81",
                                          "\xcc\x88",
                                          "\xcc\xa3",
                                          "e",
                                          "E",
                                          "и",
                                          "\xcc\x86",
                                          "Ё",
                                          "ww",
                                          "w",
                                          ".",
                                          "h",
                                          "t",
                                          "p",
                                          "s",
                                          ":",
                                          "/",
                                          "://",
                                          "www.",
                                          "http",
                                          "@",
                                          "#",
                                          "_",
                                          "<",
                                          ">",
                                          "\"",
                                          " ",
                                          "\n",
                                          "\xc2\xa0",
                                          "\xe2\x80\x8b",
                                          "أ",
                                          "ة",
                                          "ـ",
                                          "\xd9\x8b",
                                          "٣",
                                          "ﷺ",
                                          "ﬁ",
                                          "Ａ",
                                          "＠",
                                          "ß",
                                          "ς",
                                          "Σ",
                                          "ᄀ",
                                          "ᅡ",
                                          "ᆨ",
                                          "가",
                                          "ｶ",
                                          "ﾞ",
                                          "👍🏽",
                                          "½",
                                          "ñ",
                                          "Ǆ",
                                          "ŉ",
                                          "ΐ",
                                          "क",
                                          "़",
                                          "ा",
                                          "1",
                                          "&",
                                          ";",
                                          "&amp;",
                                          "amp;",
                                          "#",
                                          "x41;",
                                          "&#769;",
                                          "&#1080;",
                                          "\xd0\xb0",
                                          "р",
                                          "у",
                                          "к",
                                          "y",
                                          "ο",
                                          "m" };
    char *out = cx_arena_bytes(arena, 40 * 16);
    size_t len = 0;
    for (uint32_t n = noise(40); n > 0; n--) {
        if (noise(8) == 0) {
            uint32_t code = noise(noise(2) ? 0x110000 : 0x3000);
            if (code != 0 && (code < 0xd800 || code > 0xdfff))
                len += cx_utf8_put(code, out + len);
        } else {
            struct cx_str piece = cx_str(pieces[noise(sizeof pieces / sizeof *pieces)]);
            memcpy(out + len, piece.ptr, piece.len);
            len += piece.len;
        }
    }
    return cx_str_n(out, len);
}

Test(fold, lowers_turkish_i_by_the_rules_of_the_language)
{
    expect(CX_FOLD_ANY, "IĞDIR İzmir ıi", "iğdir izmir ıi");
    expect(CX_FOLD_TURKIC, "IĞDIR İzmir ıi", "ığdır izmir ıi");
    expect(CX_FOLD_SEARCH, "IĞDIR İzmir ıi", "igdir izmir ii");
}

Test(fold, takes_a_decomposed_dotted_i_for_one)
{
    expect(CX_FOLD_ANY, "I\xcc\x87zmir", "izmir");
    expect(CX_FOLD_TURKIC, "I\xcc\x87zmir", "izmir");
}

Test(fold, unifies_arabic_forms_and_drops_their_marks)
{
    expect(CX_FOLD_ANY, "أُرِيدُ إلغاء الطلبـــات آخر مرة على", "اريد الغاء الطلبات اخر مره علي");
    expect(CX_FOLD_ANY, "ﻻ ﺷﻜﺮﺍ", "لا شكرا");
    expect(CX_FOLD_ANY, "٠١٢٣ ۴۵۶", "0123 456");
}

Test(fold, writes_io_as_ie_and_joins_what_came_in_two)
{
    expect(CX_FOLD_ANY, "Ёлка ещё", "елка еще");
    expect(CX_FOLD_ANY, "и\xcc\x86 е\xcc\x88 e\xcc\x81", "й е é");
    expect(CX_FOLD_SEARCH, "и\xcc\x86 e\xcc\x81", "й e");
}

Test(fold, orders_marks_before_joining_them)
{
    expect(CX_FOLD_ANY, "a\xcc\x81\xcc\xa3", "\xe1\xba\xa1\xcc\x81");
    expect(CX_FOLD_ANY, "\xc3\xa1\xcc\xa3", "\xe1\xba\xa1\xcc\x81");
    expect(CX_FOLD_ANY, "ᄀ\xe1\x85\xa1ᆨ", "각");
}

Test(fold, cuts_long_runs_of_letters_to_two_and_for_search_to_one)
{
    expect(CX_FOLD_ANY, "çooook SOOO good 1000", "çook soo good 1000");
    expect(CX_FOLD_SEARCH, "çooook SOOO good 1000", "cok so good 1000");
}

Test(fold, puts_tokens_for_links_and_mentions)
{
    expect(CX_FOLD_ANY, "bak https://x.y/z?q=1 ve WWW.site.com!", "bak <url> ve <url>");
    expect(CX_FOLD_ANY, "(@Ali_v.2) sen@posta.com .@veli.", "( <user> ) sen@posta.com . <user> .");
    expect(CX_FOLD_ANY, "ww.x wwww.x xhttp://a @ #", "ww.x ww.x xhttp://a @ #");
    expect(CX_FOLD_ANY, "see\xe2\x80\x8bhttp://a <http://b>", "seehttp://a < <url> >");
}

Test(fold, folds_width_ligatures_quotes_and_skin)
{
    expect(CX_FOLD_ANY, "Ｄｏｎ’ｔ “ﬁx” 👍🏽 ①", "don't \"fix\" 👍 1");
    expect(CX_FOLD_SEARCH, "Straße AÑO Łódź", "strasse ano łodz");
}

Test(fold, decodes_references_of_html_also_nested_and_sloppy_ones)
{
    expect(CX_FOLD_ANY, "caf&eacute; &lt;3 Tom &amp; Jerry&#39;s &quot;x&quot;", "café <3 tom & jerry's \"x\"");
    expect(CX_FOLD_SEARCH, "Te&scedil;ekk&uuml;rler&nbsp;&nbsp;&#8364;5 &#x1F600;", "tesekkurler €5 😀");
    expect(CX_FOLD_ANY, "&amp;amp;lt; &AMP;#39; &hellip; &#0; &#xD800; &#150;", "< ' ... \xef\xbf\xbd -");
    expect(CX_FOLD_ANY, "at&t; r&d &nosuch; &#; &#x; a&b;", "at&t; r&d &nosuch; &#; &#x; a&b;");
    expect(CX_FOLD_ANY, "&a&shy;mp; &am&#112;; &#38;lt;", "& & <");
    expect(CX_FOLD_SEARCH, "&a\xcc\x81mp; &aaaamp; &аmр;", "& & &"); /* what folding would make of them is decoded at once */
    expect(CX_FOLD_ANY, "&lt;a href=&quot;http://x.y/?a=1&amp;b=2&quot;&gt;hi&lt;/a&gt;", "<a href=\" <url> \">hi</a>");
}

Test(fold, writes_words_of_two_scripts_that_look_alike_in_one)
{
    expect(CX_FOLD_SEARCH, "Рaypal sсam, Βank", "paypal scam, bank");           /* Cyrillic Р, с; Greek Β */
    expect(CX_FOLD_SEARCH, "Mocкba: вepните дeньги", "москва: верните деньги"); /* Latin M o c b; e p; e */
    expect(CX_FOLD_SEARCH, "хай hi smsками ж 5кг", "хай hi smsками ж 5кг");
    expect(CX_FOLD_SEARCH, "это кот, тoт", "это кот, тот");
    expect(CX_FOLD_SEARCH, "λόγος logos", "λόγοσ logos");
    expect(CX_FOLD_SEARCH, "һttps://x.y раypal һello", "<url> paypal hello");
    expect(CX_FOLD_SEARCH, "ж #сard сard @bob", "ж #сard card <user>");
}

Test(fold, leaves_single_blanks_and_none_at_the_ends)
{
    expect(CX_FOLD_ANY, " \n a\t\t b \xc2\xa0 ", "a b");
    expect(CX_FOLD_ANY, "", "");
    expect(CX_FOLD_ANY, " \xe2\x80\x8b ", "");
}

Test(fold, counts_letters_outside_links_mentions_and_tags)
{
    cr_assert_eq(cx_text_fold(arena, CX_STR("ab 12 @user #tag http://x.y c! 👍"), CX_FOLD_ANY).letters, 3);
    cr_assert_eq(cx_text_fold(arena, CX_STR("👍🏽 123 ?!"), CX_FOLD_ANY).letters, 0);
}

Test(fold, leads_back_to_the_original)
{
    struct cx_str text = CX_STR("ÇOK  güzel http://x.y son");

    struct cx_folded folded = cx_text_fold(arena, text, CX_FOLD_SEARCH);

    cr_assert(cx_str_is(folded.text, "cok guzel <url> son"));
    cr_assert_eq(folded.origin[0], 0);
    cr_assert_eq(folded.origin[1], 2);   /* o, after the two bytes of Ç */
    cr_assert_eq(folded.origin[4], 6);   /* g */
    cr_assert_eq(folded.origin[10], 13); /* the link */
    cr_assert_eq(folded.origin[16], 24); /* son */
    cr_assert_eq(folded.origin[folded.text.len], text.len);
}

Test(fold, of_what_is_folded_changes_nothing)
{
    for (int round = 0; round < 60000; round++) {
        enum cx_fold_language language = (enum cx_fold_language)(round % CX_FOLD_LANGUAGES);
        struct cx_str text = random_text();

        struct cx_str once = cx_text_fold(arena, text, language).text, twice = cx_text_fold(arena, once, language).text;

        cr_assert(cx_str_eq(once, twice), "mode %d: \"%.*s\" -> \"%.*s\" -> \"%.*s\"", language, CX_STR_ARG(text), CX_STR_ARG(once),
                  CX_STR_ARG(twice));
        cr_assert(cx_utf8_valid(once));
        cx_arena_reset(arena);
    }
}

Test(fold, of_any_single_code_point_changes_nothing_the_second_time)
{
    for (uint32_t code = 1; code < 0x110000; code++) {
        if (code >= 0xd800 && code < 0xe000)
            continue;
        char bytes[4];
        struct cx_str text = cx_str_n(bytes, cx_utf8_put(code, bytes));
        for (int language = 0; language < CX_FOLD_LANGUAGES; language++) {
            struct cx_str once = cx_text_fold(arena, text, (enum cx_fold_language)language).text;
            struct cx_str twice = cx_text_fold(arena, once, (enum cx_fold_language)language).text;
            cr_assert(cx_str_eq(once, twice), "U+%04X in mode %d", code, language);
        }
        cx_arena_reset(arena);
    }
}

Test(fold, keeps_origins_in_order_and_at_starts_of_letters)
{
    for (int round = 0; round < 20000; round++) {
        struct cx_str text = random_text();

        struct cx_folded folded = cx_text_fold(arena, text, (enum cx_fold_language)(round % CX_FOLD_LANGUAGES));

        for (size_t i = 0; i < folded.text.len; i++) {
            cr_assert_leq(folded.origin[i], folded.origin[i + 1]);
            cr_assert_lt(folded.origin[i], text.len);
            cr_assert_neq((unsigned char)text.ptr[folded.origin[i]] & 0xc0, 0x80);
        }
        cx_arena_reset(arena);
    }
}

static bool are_equal(const struct cx_folded *a, const struct cx_folded *b)
{
    return cx_str_eq(a->text, b->text) && a->token_count == b->token_count && a->letters == b->letters &&
           memcmp(a->origin, b->origin, (a->text.len + 1) * sizeof *a->origin) == 0 &&
           memcmp(a->tokens, b->tokens, a->token_count * sizeof *a->tokens) == 0 &&
           memcmp(a->classes, b->classes, LETTER_CLASSES * sizeof *a->classes) == 0;
}

/* Folds what is at the very end of its memory, so that sanitizers see a byte too far. */
static void expect_equal_on_kernels(struct cx_str text)
{
    char *exact = malloc(text.len + (text.len == 0));
    memcpy(exact, text.ptr, text.len);
    for (int language = 0; language < CX_FOLD_LANGUAGES; language++) {
        struct cx_folded seen[2];
        for (int kernel = CX_KERNEL_PORTABLE; kernel <= CX_KERNEL_AVX2; kernel++) {
            cx_model_use_kernel((enum cx_kernel)kernel);
            seen[kernel] = cx_text_fold(arena, cx_str_n(exact, text.len), (enum cx_fold_language)language);
            static const char zeros[CHAR_PAD];
            cr_assert_arr_eq(seen[kernel].text.ptr + seen[kernel].text.len, zeros, CHAR_PAD);
        }
        cr_assert(are_equal(&seen[0], &seen[1]), "mode %d: \"%.*s\" -> \"%.*s\" and \"%.*s\"", language, CX_STR_ARG(text), CX_STR_ARG(seen[0].text),
                  CX_STR_ARG(seen[1].text));
    }
    free(exact);
    cx_arena_reset(arena);
}

/* Texts in which little needs a second look, long enough for several blocks, so that everything meets every edge of them. */
static struct cx_str plain_text(void)
{
    static const char *const pieces[] = { "@",
                                          "@ab",
                                          "@x.y",
                                          "#",
                                          "#ll",
                                          ".",
                                          "c",
                                          "a",
                                          "b",
                                          "Z",
                                          "t",
                                          "o",
                                          "oo",
                                          "_",
                                          "7",
                                          ".",
                                          "!",
                                          ", ",
                                          " ",
                                          " ",
                                          " ",
                                          "the",
                                          "Good",
                                          "ç",
                                          "Ş",
                                          "ı",
                                          "İ",
                                          "ğ",
                                          "ñ",
                                          "é",
                                          "ö",
                                          "ß",
                                          "ø",
                                          "þþ",
                                          "и",
                                          "ж",
                                          "Ъ",
                                          "ь",
                                          "Ё",
                                          "ы",
                                          "лл",
                                          "так",
                                          "ПРИ",
                                          "ا",
                                          "ب",
                                          "ة",
                                          "أ",
                                          "لل",
                                          "مرحبا",
                                          "،",
                                          "ـ",
                                          "َ",
                                          "٣",
                                          "σ",
                                          "Σς",
                                          "א",
                                          "ա",
                                          "😀",
                                          "…",
                                          "’",
                                          "“x",
                                          "ﬁ",
                                          "℀",
                                          "＆",
                                          "—",
                                          "€",
                                          "👍🏽",
                                          "क",
                                          "你",
                                          "你",
                                          "한",
                                          "ｶ",
                                          "\t",
                                          "\xc2\xa0",
                                          "&",
                                          ";",
                                          ":",
                                          "/",
                                          "#",
                                          "@",
                                          "h",
                                          "w",
                                          "\xe2\x80\x8b",
                                          "µ",
                                          "𝐚",
                                          "ɐ",
                                          "ᾳ" };
    /* Most texts keep to few pieces, so that few of them are of several scripts. */
    static char out[64 * 12];
    const char *chosen[6];
    for (int i = 0; i < 6; i++)
        chosen[i] = pieces[noise(noise(2) ? 28 : sizeof pieces / sizeof *pieces)];
    size_t len = 0;
    for (uint32_t n = noise(noise(2) ? 64 : 12); n > 0; n--) {
        struct cx_str piece = cx_str(chosen[noise(6)]);
        memcpy(out + len, piece.ptr, piece.len);
        len += piece.len;
    }
    return cx_str_n(out, len);
}

Test(fold, gives_the_same_on_every_kernel)
{
    for (int round = 0; round < 60000; round++)
        expect_equal_on_kernels(round % 3 == 0 ? random_text() : plain_text());
}

Test(fold, gives_the_same_on_every_kernel_for_any_code_point_at_every_edge_of_a_block)
{
    char bytes[96];
    for (uint32_t code = 1; code < 0x30000; code++) {
        if (code >= 0xd800 && code < 0xe000)
            continue;
        memset(bytes, 'x', sizeof bytes);
        size_t at = code % 37, len = at + cx_utf8_put(code, bytes + at);
        for (size_t i = 1; i < at; i += 2)
            bytes[i] = ' ';
        expect_equal_on_kernels(cx_str_n(bytes, len));
        len += cx_utf8_put(code, bytes + len);
        expect_equal_on_kernels(cx_str_n(bytes, len + code % 29));
    }
}

Test(fold, tells_the_script_of_a_letter_as_it_was_written)
{
    cr_assert_eq(cx_text_script(0x11f), CX_SCRIPT_LATIN);       /* ğ */
    cr_assert_eq(cx_text_script(0x8c22), CX_SCRIPT_UNSPACED);   /* Han */
    cr_assert_eq(cx_text_script(0x3042), CX_SCRIPT_UNSPACED);   /* kana */
    cr_assert_eq(cx_text_script(0x436), cx_text_script(0x451)); /* Cyrillic ж, ё */
    cr_assert_eq(cx_text_script(0x627), cx_text_script(0x67e)); /* Arabic, Persian */
    cr_assert_neq(cx_text_script(0x627), cx_text_script(0x436));
    cr_assert_eq(cx_text_script(0x663), CX_SCRIPT_DIGIT);
    cr_assert_eq(cx_text_script(0x327), CX_SCRIPT_MARK);
    cr_assert_eq(cx_text_script(0x2026), CX_SCRIPT_NONE); /* ... */
    cr_assert_eq(cx_text_script(0x200f), CX_SCRIPT_NONE);
}
