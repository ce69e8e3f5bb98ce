#include "stages/classify/checks.h"
#include "stages/classify/pii.h"
#include <criterion/criterion.h>

static struct cx_arena *arena;
static void start(void)
{
    arena = cx_arena_new(16u << 20);
}
static void end(void)
{
    cx_arena_free(arena);
}
TestSuite(pii, .init = start, .fini = end);

/* "kind:the bytes it covers; ..." */
static void expect_in(const char *language, const char *text, const char *expected)
{
    struct cx_pii_span_list spans = classify_pii(arena, cx_str(text), language ? cx_str(language) : CX_STR_NULL);
    struct cx_str out = CX_STR("");
    for (size_t i = 0; i < spans.len; i++) {
        const struct cx_pii_span *span = &spans.items[i];
        out =
            cx_arena_format(arena, "%.*s%s%.*s:%.*s", CX_STR_ARG(out), i ? "; " : "", CX_STR_ARG(span->kind), (int)span->length, text + span->start);
    }
    cr_assert(cx_str_is(out, expected), "in \"%s\": \"%.*s\", not \"%s\"", text, CX_STR_ARG(out), expected);
}
static void expect(const char *text, const char *expected)
{
    expect_in(NULL, text, expected);
}

Test(pii, finds_addresses_where_they_stand)
{
    expect("yazın: ayşe.y+x@posta.example.com.", "email:ayşe.y+x@posta.example.com");
    expect("a@b.co, <c_d@e-f.org>", "email:a@b.co; email:c_d@e-f.org");
    expect("@someone a@b a@.com @ a@b.c", "");
    expect("a@b.co.1 a@b.co_x a@foo.ab2.com", "email:a@b.co; email:a@b.co; email:a@foo.ab2.com");
}

Test(pii, finds_addresses_in_letters_of_any_script)
{
    expect("çağrı@örnek.com; ÇAĞRI@example.com", "email:çağrı@örnek.com; email:ÇAĞRI@example.com");
    expect("ali.veli+x@sub.örnek.com.tr'ye yazın", "email:ali.veli+x@sub.örnek.com.tr");
    expect("пишите на ivan@почта.рф.", "email:ivan@почта.рф");
    expect("(коля.1985@пример.рф)", "email:коля.1985@пример.рф");
    expect("иван.petrov@mail.почта.com", "email:иван.petrov@mail.почта.com");
    expect("راسلوني على علي@مثال.السعودية، شكرا", "email:علي@مثال.السعودية");
    expect("عَلِي@مثال.السعودية عـلي@مثال.السعودية", "email:عَلِي@مثال.السعودية; email:عـلي@مثال.السعودية");
    expect("अजय@डाटा.भारत χρήστης@παράδειγμα.ελ", "email:अजय@डाटा.भारत; email:χρήστης@παράδειγμα.ελ");
    expect("c\u0327ag\u0306ri@o\u0308rnek.com", "email:c\u0327ag\u0306ri@o\u0308rnek.com");
    expect("用户@例子.广告 สมชาย@ตัวอย่าง.ไทย", "email:用户@例子.广告; email:สมชาย@ตัวอย่าง.ไทย");
    expect("ivan@xn--80a1acny.xn--p1ai!", "email:ivan@xn--80a1acny.xn--p1ai");
    expect("ａｌｉ＠example．ｃｏｍ", "email:ａｌｉ＠example．ｃｏｍ");
}

Test(pii, leaves_what_is_written_on_to_an_address_without_a_blank)
{
    expect("我的邮箱是zhang@qq.com谢谢", "email:zhang@qq.com");
    expect("邮箱123456@qq.com或者li@163.com。", "email:123456@qq.com; email:li@163.com");
    expect("почтаivan@mail.ru.Спасибо", "email:ivan@mail.ru");
    expect("بريديali@x.com.شكرا", "email:ali@x.com");
    expect("zhang@例子.中国谢谢", "email:zhang@例子.中国");
}

Test(pii, takes_no_mention_or_sentence_for_an_address)
{
    expect("@çağrı @иван.петров ü@b привет@иван çok güzel@marka", "");
    expect("我在星巴克@北京.很好喝 我在星巴克@北京。很好喝 去@上海", "");
    expect("تصوير@احمد شكرا@القناة، @القناة.الرسمية", "");
    expect("写真@東京.とても良い", "");
    expect("a@б.я a@b.яb a@b.abcdefghijklmnopqrstuvwxyz", "");
}

Test(pii, finds_numbers_among_brackets_quotes_and_the_marks_of_other_scripts)
{
    expect("(4111111111111111), (021) 835 01 23", "card:4111111111111111; phone:(021) 835 01 23");
    expect("رقم:10000000146؛ «4111111111111111»", "national_id:10000000146; card:4111111111111111");
    expect("10000000146… \u201c10000000146\u201d 10000000146\U0001f621", "national_id:10000000146; national_id:10000000146; national_id:10000000146");
    expect("ü10000000146 10000000146ж", "");
}

Test(pii, finds_cards_by_issuer_and_luhn)
{
    expect("kart 4111 1111 1111 1111 son", "card:4111 1111 1111 1111");
    expect("4111-1111-1111-1111/5500000000000004", "card:4111-1111-1111-1111; card:5500000000000004");
    expect("4111 1111 1111 1112 and 9111111111111111", "");
    expect("４１１１ １１１１ １１１１ １１１１，ａ４１１１１１１１１１１１１１１１", "card:４１１１ １１１１ １１１１ １１１１");
    expect("x4111111111111111 41111111111111112222", "");
}

Test(pii, finds_accounts_by_country_length_and_modulo_97)
{
    expect("IBAN: TR33 0006 1005 1978 6457 8413 26.", "iban:TR33 0006 1005 1978 6457 8413 26");
    expect("es9121000418450200051332 ya", "iban:es9121000418450200051332");
    expect("TR34 0006 1005 1978 6457 8413 26", "");
    expect("TR3300061005197864578413", "");
}

Test(pii, finds_national_ids_by_their_check_digits)
{
    expect("TC 10000000146, 10000000147", "national_id:10000000146");
    expect("DNI 12345678Z, 12345678-z y 12345678A", "national_id:12345678Z; national_id:12345678-z");
    expect("NIE X1234567L, A1234567L", "national_id:X1234567L");
}

Test(pii, finds_tax_ids_of_people_and_of_firms_where_the_word_says_so)
{
    expect("500100732259 500100732258", "tax_id:500100732259");
    expect("ИНН 7707083893", "tax_id:7707083893");
    expect("заказ 7707083893", "");
}

Test(pii, finds_phone_numbers_as_people_write_them)
{
    expect("ara: 0532 123 45 67", "phone:0532 123 45 67");
    expect("+90 (532) 123-45-67 / 00905321234567", "phone:+90 (532) 123-45-67; phone:00905321234567");
    expect("8 (916) 123-45-67", "phone:8 (916) 123-45-67");
    expect("٠٥٥ ١٢٣ ٤٥٦٧", "phone:٠٥٥ ١٢٣ ٤٥٦٧");
    expect("(415) 555-0132", "phone:(415) 555-0132");
    expect("＋９０ ５３２ １２３ ４５ ６７", "phone:＋９０ ５３２ １２３ ４５ ６７");
    expect("电话：＋９０　（５３２）　１２３－４５－６７。", "phone:＋９０　（５３２）　１２３－４５－６７");
    expect("（０２１）８３５ ０１ ２３，５５１２３", "phone:（０２１）８３５ ０１ ２３");
    expect_in("es", "llámame al 612345678", "phone:612345678");
    expect("pedido 612345678", "");
}

Test(pii, leaves_other_numbers_alone)
{
    expect("sipariş 1234567890, 2026-11-22 14:30, 1.299,90 TL, 3 x 250", "");
    expect("order 90-4417, 01.02.2026 12:30, v1.2.3.4, 100000000000", "");
}

Test(pii, goes_on_after_a_date_before_a_number)
{
    expect("01.12.2026 0532 123 45 67", "phone:0532 123 45 67");
}

/* One wrong digit is always noticed by these sums: all nine neighbours of every digit are tried. */
static void expect_no_neighbour(bool (*is_valid)(struct cx_str), const char *valid)
{
    char changed[40];
    size_t len = strlen(valid);
    cr_assert(is_valid(cx_str(valid)), "%s", valid);
    memcpy(changed, valid, len + 1);
    for (size_t i = 0; i < len; i++)
        for (char d = '0'; d <= '9'; d++) {
            if (valid[i] < '0' || valid[i] > '9' || d == valid[i])
                continue;
            changed[i] = d;
            cr_assert_not(is_valid(cx_str(changed)), "%s", changed);
            changed[i] = valid[i];
        }
}

/* Spans are whole characters of the text, in order and apart, whatever stands around a sign: seeded mixes of pieces. */
Test(pii, spans_are_whole_characters_in_order_whatever_the_text)
{
    static const char *const pieces[] = {
        "@",   "＠", ".", "．", "-", "_",   "+", "＋", " ",      "a",      "ali", "Ğ",    "ж", "ي", "谢", "中国", "ไทย",
        "com", "рф", "١", "５", "5", "532", "(", "）", "\u0327", "\u200f", "😡",   "xn--", "ﬁ", "½", "…",  "İ",    "4111111111111111"
    };
    uint32_t seed = 1;
    size_t count = 0;
    for (int round = 0; round < 50000; round++) {
        char text[512];
        size_t len = 0;
        for (int n = 0; n < 14; n++) {
            seed = seed * 1664525u + 1013904223u;
            len += (size_t)snprintf(text + len, sizeof text - len, "%s", pieces[(seed >> 16) % (sizeof pieces / sizeof *pieces)]);
        }
        struct cx_pii_span_list spans = classify_pii(arena, cx_str(text), CX_STR_NULL);
        size_t last = 0;
        for (size_t i = 0; i < spans.len; i++, count++) {
            size_t start = (size_t)spans.items[i].start, end = start + (size_t)spans.items[i].length;
            struct cx_str span = cx_str_n(text + start, end - start);
            cr_assert(start >= last && end > start && end <= len, "%s", text);
            cr_assert(cx_utf8_valid(span), "\"%.*s\" of \"%s\"", CX_STR_ARG(span), text);
            last = end;
        }
        cx_arena_reset(arena);
    }
    cr_assert_gt(count, 1000, "%zu", count);
}

Test(pii, check_digits_notice_every_wrong_digit)
{
    expect_no_neighbour(classify_is_card, "4111111111111111");
    expect_no_neighbour(classify_is_card, "378282246310005");
    expect_no_neighbour(classify_is_iban, "TR330006100519786457841326");
    expect_no_neighbour(classify_is_iban, "SA0380000000608010167519");
    expect_no_neighbour(classify_is_tckn, "10000000146");
    expect_no_neighbour(classify_is_dni, "12345678Z");
}

Test(pii, bounds_what_a_text_full_of_numbers_gives)
{
    struct cx_buf text;
    cx_buf_init(&text, 1u << 20);
    for (int i = 0; i < 1000; i++)
        cx_buf_str(&text, CX_STR("a@b.co 1 2 3 4 5 6 7 8 9 0 "));

    struct cx_pii_span_list spans = classify_pii(arena, cx_buf_view(&text), CX_STR_NULL);

    cr_assert_eq(spans.len, 64);
    cx_buf_free(&text);
}

/* Kinds with check digits: every right number is found, as written, and no wrong one, whatever stands around it. Rows of our own: type, value, valid.
 */
Test(pii, every_right_number_and_no_wrong_one_of_a_thousand)
{
    static const char *const around[][2] = { { "my number is ", "." }, { "", "" }, { "(", ")," }, { "رقم:", "؛" } };
    FILE *rows = fopen(SOURCE_DIR "/tests/stages/classify/pii_ids.tsv", "r");
    cr_assert_not_null(rows);
    char type[32], value[64];
    int valid, count = 0;
    cr_assert_eq(fscanf(rows, "%*[^\n]\n"), 0);
    for (; fscanf(rows, "%31s %63s %d\n", type, value, &valid) == 3; count++)
        for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
            const char *kind = strncmp(type, "CARD", 4) == 0   ? "card"
                               : strncmp(type, "IBAN", 4) == 0 ? "iban"
                               : strcmp(type, "RU_INN12") == 0 ? "tax_id"
                                                               : "national_id";
            char text[128];
            snprintf(text, sizeof text, "%s%s%s", around[i][0], value, around[i][1]);
            struct cx_pii_span_list spans = classify_pii(arena, cx_str(text), CX_STR_NULL);
            bool is_found = false;
            for (size_t k = 0; k < spans.len; k++)
                is_found |= cx_str_is(spans.items[k].kind, kind) && (size_t)spans.items[k].length == strlen(value) &&
                            memcmp(text + spans.items[k].start, value, strlen(value)) == 0;
            cr_assert_eq(is_found, valid != 0, "%s in \"%s\"", type, text);
            cx_arena_reset(arena);
        }
    fclose(rows);
    cr_assert_eq(count, 1100, "%d", count);
}
