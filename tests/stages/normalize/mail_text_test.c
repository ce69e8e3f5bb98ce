/* What of a mail's text its author wrote this time. */
#include <criterion/criterion.h>
#include "stages/normalize/mail_text.h"

static struct cx_arena *arena;

static void setup(void)
{
    arena = cx_arena_new(16u << 20);
}

static void teardown(void)
{
    cx_arena_free(arena);
}

TestSuite(mail_text, .init = setup, .fini = teardown);

static void expect_own(const char *text, const char *want)
{
    struct cx_str got = normalize_mail_own_words(arena, cx_str(text));
    cr_expect(cx_str_is(got, want), "%s\n--- gave\n%.*s", text, CX_STR_ARG(got));
}

Test(mail_text, cuts_what_is_quoted_and_who_introduced_it)
{
    expect_own("Thanks!\r\n\r\nOn Sun, 22 Nov 2026 at 10:00, Care <care@acme.com> wrote:\r\n\r\n> How are you?\r\n> Care\r\n", "Thanks!");
    expect_own("Hâlâ gelmedi\n\nAcme Destek <destek@acme.com>, 22 Kas 2026 Paz, 10:00\ntarihinde şunu yazdı:\n\n> Merhaba\n", "Hâlâ gelmedi");
    expect_own("Ответ\n22.11.2026 10:00, Acme пишет:\n> вопрос", "Ответ");
    expect_own("> first question\nfirst answer\n\n> second question\n\nsecond answer", "first answer\n\nsecond answer");
    expect_own("> only quoted", "");
}

Test(mail_text, keeps_colons_and_arrows_that_are_the_authors)
{
    expect_own("My order:\n> quoted\nrest", "My order:\nrest");
    expect_own("a\n\n  b <- c\nx > y", "a\n\n  b <- c\nx > y");
    expect_own("De: is a French word", "De: is a French word");
}

Test(mail_text, cuts_signatures_and_forwarded_mails)
{
    expect_own("Hello\n-- \nAyşe\nAcme", "Hello");
    expect_own("Hello\n--\nAyşe", "Hello");
    expect_own("Hello\n--not a signature", "Hello\n--not a signature");
    expect_own("Yes\n\n-----Original Message-----\nFrom: x", "Yes");
    expect_own("Evet\n\n-----Orijinal İleti-----\nKimden: x", "Evet");
    expect_own("Да\n\n-------- Исходное сообщение --------\nОт: x", "Да");
    expect_own("Sí\n________________________________\nDe: Soporte <s@a.c>\nEnviado: domingo\nPara: y\n", "Sí");
    expect_own("نعم\n\nمن: الدعم\nتم الإرسال: الأحد\n", "نعم");
}

Test(mail_text, unfolds_flowed_paragraphs)
{
    struct cx_str got = normalize_mail_unflow(arena, CX_STR("one \r\ntwo\r\n  indented\r\n> quoted \r\n> line\r\n-- \r\nsig"), false);
    cr_expect(cx_str_is(got, "one two\n indented\n> quoted \n> line\n-- \nsig"), "%.*s", CX_STR_ARG(got));
    got = normalize_mail_unflow(arena, CX_STR("\nab \ncd"), true);
    cr_expect(cx_str_is(got, "\nabcd"), "%.*s", CX_STR_ARG(got));
}
