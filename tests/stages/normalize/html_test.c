/* HTML to the words a reader would see. */
#include <criterion/criterion.h>
#include "stages/normalize/html.h"

static struct cx_arena *arena;

static void setup(void)
{
    arena = cx_arena_new(64u << 20);
}

static void teardown(void)
{
    cx_arena_free(arena);
}

TestSuite(html, .init = setup, .fini = teardown);

static void expect_text(const char *html, enum normalize_html mode, const char *want)
{
    struct cx_str got = normalize_html_text(arena, cx_str(html), mode);
    cr_expect(cx_str_is(got, want), "%s\n--- gave\n%.*s", html, CX_STR_ARG(got));
}

Test(html, lays_text_out_in_lines_and_paragraphs)
{
    static const char *const cases[][2] = {
        { "one<br>two<br/>three", "one\ntwo\nthree" },
        { "<p>one</p>\n<p>two</p>", "one\n\ntwo" },
        { "<div>one</div><div>two</div><div><br></div><div>three</div>", "one\ntwo\n\nthree" },
        { "<div>one<br></div><div>two</div>", "one\ntwo" },
        { "a  \n\t b", "a b" },
        { "<ul><li>x</li><li>y</li></ul>z", "x\ny\nz" },
        { "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc" },
        { "<p>a</p><p>&nbsp;</p><p>b</p>", "a\n\nb" },
        { "<pre>x\ny</pre>", "x\ny" },
        { "  <b>bold</b>,<i>it</i> ", "bold,it" },
        { "", "" },
        { "<p></p>", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_text(cases[i][0], NORMALIZE_HTML_PLAIN, cases[i][1]);
}

Test(html, decodes_entities_and_leaves_lone_signs)
{
    static const char *const cases[][2] = {
        { "&amp;&lt;&gt;&quot;&#39;&apos;", "&<>\"''" },
        { "&#x1F600; &#128512;", "😀 😀" },
        { "&ccedil;&Scedil;&iquest;", "çŞ¿" },
        { "AT&T &unknown; &", "AT&T &unknown; &" },
        { "&#150;", "–" },
        { "&#xD800;&#x110000;", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "a &lt;b&gt; c", "a <b> c" },
        { "1 < 2 <3", "1 < 2 <3" },
        { "a<b", "a<b" },
        { "x&#0;y&shy;z", "xyz" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_text(cases[i][0], NORMALIZE_HTML_PLAIN, cases[i][1]);
    cr_expect(cx_str_is(normalize_html_entities(arena, CX_STR("<b>&amp;</b> &lt;")), "<b>&</b> <"));
}

Test(html, leaves_out_what_nobody_sees)
{
    static const char *const cases[][2] = {
        { "<head><title>t</title><style>p{}</style></head><body>b", "b" },
        { "a<script>if (1 < 2) x();</script>b", "ab" },
        { "a<!-- <p>c</p> -->b", "ab" },
        { "<!DOCTYPE html><?xml?>a", "a" },
        { "<div style=\"display:none\">pre<div>x</div></div>a", "a" },
        { "<head><body>a", "a" },
        { "<a title='x > y' href=\"z\">l</a>", "l" },
        { "a<style>unclosed", "a" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_text(cases[i][0], NORMALIZE_HTML_PLAIN, cases[i][1]);
}

Test(html, marks_quotes_of_mail_programs)
{
    expect_text("<div>mine</div><div class=\"gmail_quote\"><div>On x wrote:</div><blockquote>old</blockquote></div>", NORMALIZE_HTML_MAIL, "mine\n>");
    expect_text("mine<blockquote type=\"cite\">old<blockquote>older</blockquote></blockquote>after", NORMALIZE_HTML_MAIL, "mine\n\n>\nafter");
    expect_text("mine<hr><div id=\"divRplyFwdMsg\">From</div>old", NORMALIZE_HTML_MAIL, "mine");
    expect_text("mine<blockquote>said</blockquote>", NORMALIZE_HTML_PLAIN, "mine\n\nsaid");
}

Test(html, costs_no_more_than_its_length_however_hostile)
{
    enum { SIZE = 1 << 20 };
    static const char *const units[] = { "<a", "<a \"", "<!--", "<div style='", "&", "&#", "<p>", "<blockquote>", "< " };
    char *html = malloc(SIZE);
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        size_t n = strlen(units[u]);
        for (size_t i = 0; i + n <= SIZE; i += n)
            memcpy(html + i, units[u], n);
        struct cx_str got = normalize_html_text(arena, cx_str_n(html, SIZE / n * n), NORMALIZE_HTML_MAIL);
        cr_expect_leq(got.len, (size_t)SIZE);
        cx_arena_reset(arena);
    }
    free(html);
}
