/* Mails as they really come: encodings, structure, dates, and what of them is the author's own. */
#include <criterion/criterion.h>
#include "stages/normalize/charset.h"
#include "stages/normalize/mail.h"
#include "stages/normalize/mail_date.h"
#include "stages/normalize/mail_header.h"

static struct cx_arena *arena;
static struct normalize_fault fault;

static void setup(void)
{
    arena = cx_arena_new(256u << 20);
}

static void teardown(void)
{
    cx_arena_free(arena);
}

TestSuite(mail, .init = setup, .fini = teardown);

static const struct cx_json *decode(const char *text)
{
    fault = normalize_no_fault();
    return normalize_mail_decode(arena, cx_str(text), &fault);
}

static const char *member(const struct cx_json *tree, const char *name)
{
    const struct cx_json *node = cx_json_get(tree, cx_str(name));
    return node ? cx_arena_format(arena, "%.*s%c", CX_STR_ARG(node->text), 0).ptr : "(absent)";
}

/* Text of a mail with that header section and body. */
static const char *text_of(const char *head, const char *body)
{
    return member(decode(cx_arena_format(arena, "From: a@b.c\r\nMessage-ID: <1@b.c>\r\n%s\r\n\r\n%s%c", head, body, 0).ptr), "text");
}

static const char *words(const char *value)
{
    return cx_arena_format(arena, "%.*s%c", CX_STR_ARG(normalize_mail_words(arena, cx_str(value))), 0).ptr;
}

Test(mail, decodes_encoded_words_in_every_known_charset)
{
    cr_expect_str_eq(words("=?utf-8?Q?caf=C3=A9_con_leche?="), "café con leche");
    cr_expect_str_eq(words("=?UTF-8?B?xLBhZGU=?="), "İade");
    cr_expect_str_eq(words("=?iso-8859-9?q?Ay=FEe?="), "Ayşe");
    cr_expect_str_eq(words("=?windows-1254?Q?=DDade?="), "İade");
    cr_expect_str_eq(words("=?iso-8859-1?Q?Mu=F1oz?="), "Muñoz");
    cr_expect_str_eq(words("=?iso-8859-2?Q?=A3=F3d=BC?="), "Łódź");
    cr_expect_str_eq(words("=?iso-8859-5?Q?=BF=E0=D8=D2=D5=E2?="), "Привет");
    cr_expect_str_eq(words("=?iso-8859-15?Q?=A4?="), "€");
    cr_expect_str_eq(words("=?windows-1250?Q?=8A?="), "Š");
    cr_expect_str_eq(words("=?windows-1251?Q?=CF=F0=E8=E2=E5=F2?="), "Привет");
    cr_expect_str_eq(words("=?windows-1252?Q?=80?="), "€");
    cr_expect_str_eq(words("=?windows-1256?Q?=E3=D1=CD=C8=C7?="), "مرحبا");
    cr_expect_str_eq(words("=?KOI8-R?B?8NLJ18XU?="), "Привет");
    cr_expect_str_eq(words("=?utf-8*tr?Q?=C5=9F?="), "ş");
}

Test(mail, joins_words_and_even_characters_that_were_split)
{
    cr_expect_str_eq(words("=?utf-8?Q?=C5?= =?utf-8?Q?=9E?="), "Ş");
    cr_expect_str_eq(words("=?utf-8?B?xLA=?= =?utf-8?B?YWRl?="), "İade");
    cr_expect_str_eq(words("Re: =?utf-8?Q?a?= b =?utf-8?Q?c?="), "Re: a b c");
    cr_expect_str_eq(words("no =? word ?="), "no =? word ?=");
    cr_expect_str_eq(words("=?utf-8?X?abc?="), "=?utf-8?X?abc?=");
    cr_expect_str_eq(words("=?utf-8?Q?a=0D=0ABcc:_x?="), "a  Bcc: x");
    cr_expect_str_eq(words("=?utf-8?Q?=FF?="), "\xef\xbf\xbd");
}

Test(mail, reads_addresses_as_people_write_them)
{
    static const char *const cases[][3] = {
        { "Ayse <A@B.c>", "a@b.c", "Ayse" },
        { "\"Muñoz, José\" <j@b.c>", "j@b.c", "Muñoz, José" },
        { "=?utf-8?Q?Ay=C5=9Fe?= <a@b.c>", "a@b.c", "Ayşe" },
        { "a@b.c (Ayse (home))", "a@b.c", "Ayse (home)" },
        { "a@b.c", "a@b.c", "(absent)" },
        { "Team: x@y.z, b@b.c;", "x@y.z", "(absent)" },
        { "nobody", "(absent)", "(absent)" },
        { "Nobody <>", "(absent)", "Nobody" },
        { "\"a \\\" b\" <a@b.c>", "a@b.c", "a \" b" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct cx_json *tree = decode(cx_arena_format(arena, "From: %s\r\n\r\n%c", cases[i][0], 0).ptr);
        const struct cx_json *list = cx_json_get(tree, CX_STR("from")), *first = list ? list->first : NULL;
        cr_expect_str_eq(member(first, "address"), cases[i][1], "%s: %s", cases[i][0], member(first, "address"));
        cr_expect_str_eq(member(first, "name"), cases[i][2], "%s: %s", cases[i][0], member(first, "name"));
    }
}

Test(mail, unfolds_fields_and_finds_ids)
{
    const struct cx_json *tree = decode("Subject: one\r\n two\r\n\tthree\r\nMessage-ID:\r\n <id@host>\r\nReferences: <a@h>\r\n <b@h> <c@h>\r\n"
                                        "In-Reply-To: Your message of Monday <c@h>\r\n\r\nbody");
    cr_expect_str_eq(member(tree, "subject"), "one two three");
    cr_expect_str_eq(member(tree, "message_id"), "<id@host>");
    cr_expect_eq(cx_json_get(tree, CX_STR("references"))->count, 3);
    cr_expect(cx_str_is(cx_json_get(tree, CX_STR("in_reply_to"))->first->text, "<c@h>"));
    cr_expect_str_eq(member(tree, "from_count"), "0");
}

Test(mail, prefers_plain_text_and_falls_back_to_html)
{
    static const char multipart[] = "Content-Type: multipart/alternative; boundary=\"b 1\"";
    cr_expect_str_eq(text_of(multipart, "preamble\r\n--b 1\r\nContent-Type: text/html\r\n\r\n<p>html</p>\r\n--b 1\r\nContent-Type: "
                                        "text/plain\r\n\r\nplain\r\n--b 1--\r\nepilogue"),
                     "plain");
    cr_expect_str_eq(text_of(multipart,
                             "--b 1\r\nContent-Type: text/plain\r\n\r\n\r\n--b 1\r\nContent-Type: text/html; charset=iso-8859-9\r\n"
                             "Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>=DEu &amp; bu</p><blockquote>old</blockquote>=\r\n\r\n--b 1--"),
                     "Şu & bu");
    cr_expect_str_eq(text_of("Content-Type: multipart/mixed; boundary=b",
                             "--b\r\n\r\none\r\n--b\r\nContent-Type: image/png; name=x.png\r\n\r\nPNG\r\n--b\r\n\r\ntwo"),
                     "one\ntwo", "the last boundary may be missing");
    cr_expect_str_eq(text_of("Content-Type: multipart/mixed; boundary=b",
                             "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nno\r\n--b--"),
                     "(absent)");
    cr_expect_str_eq(text_of("Content-Type: multipart/mixed; boundary=b",
                             "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nin\r\n--bb--\r\n--b\r\n\r\nout\r\n--b--"),
                     "in\nout", "one boundary begins like the other");
}

Test(mail, decodes_bodies)
{
    cr_expect_str_eq(text_of("Content-Transfer-Encoding: base64\r\nContent-Type: text/plain; charset=\"UTF-8\"", "TWVyaGFi\r\nYQ=="), "Merhaba");
    cr_expect_str_eq(text_of("Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/plain; charset=utf-8", "long =\r\nline =C5=9F =ZZ"),
                     "long line ş =ZZ");
    cr_expect_str_eq(text_of("Content-Type: text/plain; charset=iso-8859-9", "\xfe"), "ş");
    cr_expect_str_eq(text_of("Content-Type: text/plain; charset=iso-8859-9", "ş"), "ş", "re-encoded on the way: the bytes are right");
    cr_expect_str_eq(text_of("Content-Type: text/plain; charset=x-unknown", "\xe9"), "é");
}

Test(mail, lists_attachments)
{
    const struct cx_json *tree =
        decode("From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: IMAGE/JPEG\r\nContent-ID: <cid1>\r\n"
               "Content-Disposition: inline; filename*=utf-8''%C5%9F.jpg\r\n\r\nx\r\n--b\r\nContent-Type: application/pdf; "
               "name=\"=?utf-8?Q?=C5=9F.pdf?=\"\r\n\r\nx\r\n--b--");
    const struct cx_json *media = cx_json_get(tree, CX_STR("media"));
    cr_assert_not_null(media);
    cr_assert_eq(media->count, 2);
    cr_expect_str_eq(member(media->first, "type"), "image");
    cr_expect_str_eq(member(media->first, "id"), "<cid1>");
    cr_expect_str_eq(member(media->first, "name"), "ş.jpg");
    cr_expect_str_eq(member(media->first->next, "type"), "document");
    cr_expect_str_eq(member(media->first->next, "name"), "ş.pdf");
}

Test(mail, refuses_what_is_no_mail_or_nests_too_deep)
{
    cr_expect_null(decode("just words\n"));
    cr_expect_eq(fault.reason, NORMALIZE_BAD_MAIL);
    struct cx_str deep = CX_STR("");
    for (int i = 0; i < 20; i++)
        deep = cx_arena_format(arena, "%.*s%sContent-Type: multipart/mixed; boundary=b%02d\r\n\r\n--b%02d\r\n", CX_STR_ARG(deep),
                               i ? "" : "From: a@b.c\r\n", i, i);
    cr_expect_null(normalize_mail_decode(arena, deep, &fault));
    cr_expect_eq(fault.reason, NORMALIZE_TOO_DEEP);
    struct cx_buf many;
    cx_buf_init(&many, 1 << 20);
    cx_buf_str(&many, CX_STR("From: a@b.c\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"));
    for (int i = 0; i < 600; i++)
        cx_buf_str(&many, CX_STR("--b\r\n\r\nx\r\n"));
    cr_expect_null(normalize_mail_decode(arena, cx_buf_view(&many), &fault));
    cr_expect_eq(fault.reason, NORMALIZE_BAD_MAIL);
    cx_buf_free(&many);
}

Test(mail, reads_dates_new_and_obsolete)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: none */
    } cases[] = {
        { "Sun, 22 Nov 2026 07:00:00 +0300", 1795320000000 },
        { "Sun, 22 Nov 2026 07:00:00 +0300 (TRT (Istanbul))", 1795320000000 },
        { "22 Nov 2026 04:00 GMT", 1795320000000 },
        { "22 Nov 26 04:00:00 Z", 1795320000000 },
        { "Sat, 21 Nov 2026 23:00:00 EST", 1795320000000 },
        { "Sat , (comment) 21 Nov 2026 20:00:00 (x) PST", 1795320000000 },
        { "Sun, 22 November 2026 04:00:00 UT", 1795320000000 },
        { "Sun, 22 Nov 2026 04:00:00 -0000", 1795320000000 },
        { "Sun, 22 Nov 2026 04:00:00", 1795320000000 },
        { "Sun, 22 Nov 2026 07:00:00 +03:00", 1795320000000 },
        { "Fri, 21 Nov 97 09:55:06 -0600", 880127706000 },
        { "Mon, 30 Feb 2026 10:00:00 GMT", -1 },
        { "Sun, 22 Nov 2026 25:00:00 GMT", -1 },
        { "tomorrow", -1 },
        { "", -1 },
        { "Sun, 22 Nov 2026", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = -1;
        bool ok = normalize_mail_date(cx_str(cases[i].text), &ms);
        cr_expect_eq(ok ? ms : -1, cases[i].ms, "%s: %lld", cases[i].text, (long long)ms);
    }
}

Test(mail, reads_a_message_of_the_gmail_api)
{
    static const char json[] =
        "{\"id\":\"g1\",\"threadId\":\"t1\",\"labelIds\":[\"SENT\"],\"internalDate\":\"1795320000000\",\"historyId\":\"9\",\"payload\":{\"mimeType\":"
        "\"multipart/alternative\","
        "\"filename\":\"\",\"headers\":[{\"name\":\"From\",\"value\":\"A <a@b.c>\"},{\"name\":\"Message-Id\",\"value\":\"<m@b.c>\"}],\"parts\":["
        "{\"mimeType\":\"text/plain\",\"headers\":[{\"name\":\"Content-Type\",\"value\":\"text/plain; "
        "charset=iso-8859-9\"}],\"body\":{\"size\":7,\"data\":\"xZ91IGJ1\"}}]}}";
    struct cx_json_fault json_fault;
    const struct cx_json *tree = normalize_gmail_decode(arena, cx_json_parse(arena, cx_str(json), &json_fault), &fault);
    cr_expect_str_eq(member(tree, "text"), "şu bu");
    cr_expect_str_eq(member(tree, "message_id"), "<m@b.c>");
    cr_expect_str_eq(member(cx_json_get(tree, CX_STR("gmail")), "internalDate"), "1795320000000");
}

Test(mail, keeps_charset_guesses_apart_from_labels_that_are_right)
{
    struct cx_str bytes = CX_STR("\xc5\x9f"); /* "ş" in UTF-8, "Ĺź" in windows-1250 */
    cr_expect(cx_str_is(normalize_to_utf8(arena, CX_STR("windows-1250"), bytes, NORMALIZE_TRUST_BYTES), "ş"));
    cr_expect(cx_str_is(normalize_to_utf8(arena, CX_STR("windows-1250"), bytes, NORMALIZE_TRUST_LABEL), "Ĺź"));
    cr_expect(cx_str_is(normalize_to_utf8(arena, CX_STR("utf-8"), cx_str_n("a\0b\xff", 4), NORMALIZE_TRUST_LABEL), "ab\xef\xbf\xbd"));
}
