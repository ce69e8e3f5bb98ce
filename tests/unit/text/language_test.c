#include "text/text.h"
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
TestSuite(language, .init = start, .fini = end);

static void expect(const char *language, const char *text)
{
    for (int mode = 0; mode < CX_FOLD_LANGUAGES; mode++) {
        float confidence;
        struct cx_folded folded = cx_text_fold(arena, cx_str(text), (enum cx_fold_language)mode);
        struct cx_str got = cx_text_script_language(&folded, &confidence);
        cr_assert(language ? cx_str_is(got, language) : got.ptr == NULL, "\"%s\" is taken for \"%.*s\"", text, CX_STR_ARG(got));
        cr_assert(got.ptr ? confidence > 0 && confidence <= 1 : confidence == 0);
    }
}

Test(language, knows_the_five)
{
    expect("tr", "Siparişim üç gündür gelmedi, ne zaman gönderecekiniz?");
    expect("tr", "siparisim hala gelmedi, param iade edilsin lutfen");
    expect("es", "¿Cuándo llega mi pedido? No me han avisado y ya pagué el envío.");
    expect("en", "Where is my order? It was supposed to arrive last week.");
    expect("ru", "Где мой заказ? Обещали доставить ещё вчера.");
    expect("ar", "وين طلبي؟ قالوا يوصل امس ولين الحين ما وصل");
}

Test(language, knows_arabic_and_russian_typed_in_latin_letters)
{
    expect("ar", "ana 3ayz arga3 el order da, msh 3agebny w mafeesh 7ad byrod");
    expect("ru", "zakaz tak i ne prishel, podskazhite pozhaluysta gde on, uzhe tri dnya");
}

Test(language, does_not_take_azerbaijani_for_turkish)
{
    expect("az", "Sifarişim hələ də gəlmədi, mənə kömək edin zəhmət olmasa");
}

Test(language, does_not_take_persian_or_urdu_for_arabic)
{
    expect("fa", "سفارش من هنوز نرسیده است، لطفا پیگیری کنید");
    expect("ur", "میرا آرڈر ابھی تک نہیں پہنچا، براہ کرم مدد کریں");
}

Test(language, does_not_take_ukrainian_or_bulgarian_for_russian)
{
    expect("uk", "Де моє замовлення? Обіцяли привезти ще вчора, але нічого немає.");
    expect("bg", "Къде е моята поръчка? Казаха, че ще бъде доставена вчера, но още я няма.");
}

Test(language, is_not_one_whose_letters_these_cannot_be)
{
    expect("uk", "это что для меня как если только очень і тебе і");
    expect("pt", "que los las por una con pero más, mas não é são você");
}

Test(language, says_nothing_of_texts_that_prove_nothing)
{
    expect(NULL, "");
    expect(NULL, "ok");
    expect(NULL, "👍👍🔥 @someone https://example.com/very/long/english/words #iade");
    expect(NULL, "12345 67,90 !!!");
    expect(NULL, "Zara Ikea Nivea");
}
