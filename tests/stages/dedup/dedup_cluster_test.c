/* Clusters of copies: what is found, what is not, and what becomes of the queue. Sentences of our own. */
#include <criterion/criterion.h>
#include "tests/stages/dedup/perturbations.h"
#include "tests/stages/one_stage.h"

extern const struct cx_stage dedup_stage;
#define NOON 1795262400000      /* 2026-11-21T12:00:00Z */
enum { COPIES = 2, FORGOTTEN }; /* rows of the stage's metrics */

static struct one_stage one;
static int things;

static void open_with(const char *yaml)
{
    things = 0;
    cr_assert_eq(one_stage_open(&one, &dedup_stage, yaml), 0, "%s", one.err.text);
}
static struct cx_id event_id(int n)
{
    return cx_hash128(&n, sizeof n);
}
/* A new thing with this text. Its event_id is event_id(n) for the n-th. */
static const struct cx_duplicate *say(const char *tenant, struct cx_str text, int64_t time_ms)
{
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.tenant = cx_str(tenant);
    record.channel = CX_STR("x");
    record.native_id = cx_arena_format(one.arena, "%d", things);
    record.event_id = event_id(things++);
    record.text = text;
    cr_assert_str_eq(one_stage_verdict(&one, one_stage_process(&one, &record, time_ms)), "emit");
    return record.duplicate;
}
static bool is_of(const struct cx_duplicate *duplicate, int n)
{
    return duplicate->cluster_id && cx_id_eq(*duplicate->cluster_id, event_id(n));
}

static const char *const originals[] = {
    "The new update of the app logs me out every single morning, please fix it soon",
    "I have been waiting for my refund since the first of October and nobody answers my mails",
    "Great service at the shop in Madrid, thanks to Lucia who was so patient with all of us",
    "Does the large model come in dark green, and when will it be back in your stores?",
    "My order arrived broken and the chat bot keeps sending me in circles for hours",
    "Kargom üç gündür dağıtımda görünüyor ama hâlâ elime ulaşmadı, lütfen artık ilgilenin",
    "Yeni kampanyanızdaki indirim kodu sepette çalışmıyor, müşteri hizmetleri de telefonu açmıyor",
    "Bu markanın ayakkabıları çok rahat, ikinci çifti de bugün sipariş ettim, teşekkürler",
    "Faturamda kullanmadığım bir hizmetin ücreti görünüyor, iptal edilmesini ve iade istiyorum",
    "Llevo dos semanas esperando el paquete y nadie me dice dónde está ni cuándo va a llegar",
    "La aplicación se cierra sola cada vez que intento pagar con la tarjeta del banco",
    "Muchas gracias al equipo de la tienda de Sevilla por cambiarme las zapatillas sin problema",
    "¿Cuándo vuelve a estar disponible la chaqueta azul en la talla mediana en vuestra web?",
    "Третий день не могу дозвониться до вашей поддержки, когда вернёте деньги за заказ?",
    "Приложение постоянно вылетает после обновления, войти в личный кабинет невозможно",
    "Спасибо сотрудникам магазина на Ленинском проспекте за помощь с выбором подарка",
    "Подскажите, пожалуйста, когда новая коллекция появится в магазинах вашего города?",
    "طلبت الجهاز قبل أسبوعين ولم يصل حتى الآن ولا أحد يرد على رسائلي في التطبيق",
    "التطبيق يتوقف عن العمل كلما حاولت الدفع بالبطاقة، أرجو حل المشكلة في أسرع وقت",
    "شكرا جزيلا لفريق خدمة العملاء في فرع الرياض على المساعدة السريعة والتعامل الراقي",
    "متى يتوفر المقاس الكبير من الحذاء الأبيض في متجركم على الإنترنت مرة أخرى؟",
};
enum { ORIGINALS = sizeof originals / sizeof *originals };

Test(dedup_cluster, thirteen_kinds_of_copies_are_found_in_five_languages)
{
    int found = 0;
    struct dice dice = { 3 };
    struct cx_arena *arena = cx_arena_new(16u << 20);
    open_with("");
    for (int i = 0; i < ORIGINALS; i++)
        cr_assert(is_of(say("acme", cx_str(originals[i]), NOON), i), "%s: taken for a copy", originals[i]);
    for (int p = 0; p < PERTURBATIONS; p++)
        for (int i = 0; i < ORIGINALS; i++) {
            struct perturbed what = { arena, cx_str(originals[i]), cx_str(originals[(i + 4) % ORIGINALS]), &dice };
            struct cx_str copy = perturbations[p].make(&what);
            bool is_found = is_of(say("acme", copy, NOON), i);
            found += is_found;
            if (!is_found)
                fprintf(stderr, "%s: not found: %.*s\n", perturbations[p].name, (int)copy.len, copy.ptr);
        }
    cr_assert_geq(found * 100, 98 * PERTURBATIONS * ORIGINALS, "%d of %d", found, PERTURBATIONS * ORIGINALS);
    cr_assert_eq(one.counts[COPIES], found);
    cx_arena_free(arena);
    one_stage_close(&one);
}

Test(dedup_cluster, a_text_is_compared_with_the_one_that_founded_the_cluster)
{
    open_with("");
    say("acme", cx_str(originals[0]), NOON);
    const struct cx_duplicate *copy =
        say("acme", cx_str("RT @ann: The new update of the app logs me out every single morning, plaese fix it soon"), NOON);
    cr_assert(is_of(copy, 0));
    cr_assert_eq(copy->cluster_size, 2);
    cr_assert(copy->similarity.set && copy->similarity.value > 0.8 && copy->similarity.value < 1);
    const struct cx_duplicate *same = say("acme", cx_str(originals[0]), NOON);
    cr_assert_eq(same->cluster_size, 3);
    cr_assert_eq(same->similarity.value, 1);
    one_stage_close(&one);
}

Test(dedup_cluster, a_title_stands_for_a_text_that_is_not_there_and_a_delete_has_none)
{
    open_with("");
    struct cx_interaction review, gone;
    cx_interaction_init(&review);
    review.tenant = CX_STR("acme");
    review.channel = CX_STR("x");
    review.native_id = CX_STR("r");
    review.title = cx_str(originals[1]);
    review.event_id = event_id(100);
    one_stage_process(&one, &review, NOON);
    cr_assert(is_of(review.duplicate, 100));
    gone = review;
    gone.op = CX_OP_DELETE;
    one_stage_process(&one, &gone, NOON);
    cr_assert_null(gone.duplicate->cluster_id);
    cr_assert(is_of(say("acme", cx_str(originals[1]), NOON), 100));
    one_stage_close(&one);
}

Test(dedup_cluster, a_cluster_survives_a_restart_with_its_id_and_size)
{
    struct one_changelog log = { 0 };
    open_with("");
    for (int i = 0; i < ORIGINALS; i++)
        say("acme", cx_str(originals[i]), NOON);
    say("acme", cx_str(originals[3]), NOON);
    one_stage_commit(&one, &log);
    struct cx_id digest = cx_state_digest(one.state);
    cr_assert_eq(one_stage_restart(&one, &log), 0);
    cr_assert(cx_id_eq(digest, cx_state_digest(one.state)));
    const struct cx_duplicate *copy = say("acme", cx_str(originals[3]), NOON);
    cr_assert(is_of(copy, 3));
    cr_assert_eq(copy->cluster_size, 3);
    one_changelog_free(&log);
    one_stage_close(&one);
}

Test(dedup_cluster, beyond_the_cap_the_oldest_are_forgotten_and_counted)
{
    open_with("near_texts: 10\n");
    for (int i = 0; i < ORIGINALS; i++)
        say("acme", cx_str(originals[i]), NOON + i);
    cr_assert_eq(one.counts[FORGOTTEN], ORIGINALS - 10);
    cr_assert(is_of(say("acme", cx_str(originals[ORIGINALS - 10]), NOON + 30), ORIGINALS - 10));
    cr_assert_eq(one.counts[FORGOTTEN], ORIGINALS - 10, "a text that moves to the end makes its own room");
    int forgotten = things;
    cr_assert(is_of(say("acme", cx_str(originals[ORIGINALS - 11]), NOON + 30), forgotten), "it is new again");
    one_stage_close(&one);
}

Test(dedup_cluster, what_left_the_window_leaves_the_tables)
{
    enum { QUEUES = 4, CLUSTERS, ANCHORS };
    open_with("window: 1h\nnear_window: 1h\n");
    size_t clusters = 0, anchors = 0;
    for (int i = 0; i < 100000; i++) { /* 10,000 texts an hour, for 10 hours */
        uint64_t a = cx_hash64(&i, sizeof i);
        struct cx_str text = cx_arena_format(one.arena, "%x house %x garden %x river %x mountain", (unsigned)a, (unsigned)(a >> 8),
                                             (unsigned)(a >> 16), (unsigned)(a >> 32));
        cr_assert(is_of(say("acme", text, NOON + (int64_t)i * 360), i));
        cx_arena_reset(one.arena);
        if (i % 100 == 99)
            cx_state_commit(one.state);
        clusters = cx_state_count(one.state, CLUSTERS) > clusters ? cx_state_count(one.state, CLUSTERS) : clusters;
        anchors = cx_state_count(one.state, ANCHORS) > anchors ? cx_state_count(one.state, ANCHORS) : anchors;
    }
    cr_assert_lt(clusters, 17500, "%zu", clusters); /* 10,000 in the window, and what waits for the sweep */
    cr_assert_lt(anchors, 5 * 17500, "%zu", anchors);
    cr_assert_eq(cx_state_count(one.state, QUEUES), 1);
    one_stage_close(&one);
}

Test(dedup_cluster, places_begin_anew_after_the_last)
{
    struct one_changelog log = { 0 };
    open_with("near_texts: 8\n");
    say("acme", cx_str(originals[0]), NOON);
    one_stage_commit(&one, &log);
    for (size_t i = 0; i < log.len; i++)
        if (log.records[i].key.ptr[0] == 4) /* the queue: as after 2^32 - 4 texts, all forgotten */
            log.records[i].value = cx_str_n("\xfc\xff\xff\xff\xfc\xff\xff\xff", 8);
    cr_assert_eq(one_stage_restart(&one, &log), 0);
    for (int i = 1; i < 12; i++)
        cr_assert(is_of(say("acme", cx_str(originals[i]), NOON), i), "%d", i);
    for (int i = 5; i < 12; i++)
        cr_assert(is_of(say("acme", cx_str(originals[i]), NOON), i), "%d", i);
    one_changelog_free(&log);
    one_stage_close(&one);
}
