/* Random streams of copied texts against a model that keeps a plain list: no hashes, no anchors, no expiry; with aborts and restarts on the way. */
#include <criterion/criterion.h>
#include "tests/stages/one_stage.h"

extern const struct cx_stage dedup_stage;
enum { TENANTS = 2, TEXTS = 14, CAP = 8, WINDOW_S = 7200 };

static const char *const tenants[] = { "acme", "globex" };
/* Any two of them have nothing in common that a sketch could see; the last are short. */
static const char *const texts[TEXTS] = {
    "the update logs me out every single morning",
    "waiting for my refund since the first of october",
    "great service at your shop in madrid yesterday",
    "does this model come in dark green anywhere",
    "parcel arrived broken and chat bot keeps circling",
    "kargom hala elime gelmedi artik ilgilenin lutfen",
    "indirim kodu sepette calismiyor kimse telefonu acmiyor",
    "llevo dos semanas esperando un paquete perdido",
    "la aplicacion se cierra sola cuando pago",
    "третий день не могу дозвониться до поддержки",
    "после обновления приложение постоянно вылетает опять",
    "طلبت الجهاز قبل أسبوعين ولم يصل حتى الآن",
    "thank you",
    "teşekkürler",
};

/* A cluster as the queue holds it; a text founds one at most. */
struct cluster {
    bool is_there;
    uint32_t place, placed_s;
    int size, founder;
};
struct model {
    struct cluster clusters[TENANTS][TEXTS];
    uint32_t next[TENANTS];
    int kept[TENANTS][40]; /* text of each thing so far, -1: not seen */
};

static uint64_t seed;
static int below(int n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (int)((seed >> 33) % (uint64_t)n);
}

/* What is too many leaves: of what is in the window the one placed first. */
static void push_out(struct cluster clusters[TEXTS], uint32_t next)
{
    for (int t = 0; t < TEXTS; t++)
        if (next - clusters[t].place > CAP)
            clusters[t].is_there = false;
}

static const struct cluster *expect(struct model *model, int tenant, int text, bool counts, uint32_t now_s, int thing)
{
    struct cluster *cluster = &model->clusters[tenant][text];
    uint32_t *next = &model->next[tenant];
    bool is_known = cluster->is_there && cluster->placed_s + WINDOW_S >= now_s;
    bool stays = is_known && cluster->placed_s / 3600 == now_s / 3600 && *next - cluster->place <= CAP / 2;
    if (!is_known)
        *cluster = (struct cluster){ .is_there = true, .size = 1, .founder = thing };
    else
        cluster->size += counts;
    if (!stays) {
        cluster->place = (*next)++;
        cluster->placed_s = now_s;
        push_out(model->clusters[tenant], *next);
    }
    return cluster;
}

static struct cx_interaction record_of(struct cx_arena *arena, int tenant, int id, int text, int step)
{
    struct cx_interaction record;
    cx_interaction_init(&record);
    record.tenant = cx_str(tenants[tenant]);
    record.channel = CX_STR("x");
    record.native_id = cx_arena_format(arena, "%d", id);
    record.text = cx_str(texts[text]);
    record.event_id = cx_hash128(&step, sizeof step);
    return record;
}

static void check(const struct cx_duplicate *duplicate, const struct cluster *expected, int step, uint64_t from)
{
    cr_assert_not_null(duplicate->cluster_id, "seed %lu step %d", (unsigned long)from, step);
    struct cx_id founder = cx_hash128(&expected->founder, sizeof expected->founder);
    cr_assert(cx_id_eq(*duplicate->cluster_id, founder), "seed %lu step %d: another cluster than that of step %d", (unsigned long)from, step,
              expected->founder);
    cr_assert_eq(duplicate->cluster_size, expected->size, "seed %lu step %d: %d, not %d", (unsigned long)from, step, duplicate->cluster_size,
                 expected->size);
    cr_assert_eq(duplicate->similarity.set, expected->founder != step, "seed %lu step %d", (unsigned long)from, step);
}

static void run(uint64_t from)
{
    static struct model now, committed;
    struct one_stage one;
    struct one_changelog log = { 0 };
    cr_assert_eq(one_stage_open(&one, &dedup_stage, "near_window: 2h\nnear_texts: 8\n"), 0, "%s", one.err.text);
    memset(&now, 0, sizeof now);
    memset(now.kept, 0xff, sizeof now.kept);
    committed = now;
    seed = from;
    int64_t clock_ms = INT64_C(1795262400000), committed_ms = clock_ms;
    for (int step = 0; step < 3000; step++) {
        clock_ms += below(50) == 0 ? below(9000000) : below(300000);
        int tenant = below(TENANTS), id = below(40), text = below(3) ? below(TEXTS) : below(4);
        struct cx_interaction record = record_of(one.arena, tenant, id, text, step);
        const char *verdict = one_stage_verdict(&one, one_stage_process(&one, &record, clock_ms));
        int *kept = &now.kept[tenant][id];
        cr_assert_str_eq(verdict, *kept == text ? "repeat" : "emit");
        if (*kept != text)
            check(record.duplicate, expect(&now, tenant, text, *kept < 0, (uint32_t)(clock_ms / 1000), step), step, from);
        *kept = text;
        cx_arena_reset(one.arena);
        if (below(10))
            continue;
        if (below(5) == 0) {
            cx_state_abort(one.state);
            now = committed;
            clock_ms = committed_ms;
        } else {
            one_stage_commit(&one, &log);
            committed = now;
            committed_ms = clock_ms;
        }
        if (below(10) == 0) {
            struct cx_id digest = cx_state_digest(one.state);
            cr_assert_eq(one_stage_restart(&one, &log), 0);
            cr_assert(cx_id_eq(digest, cx_state_digest(one.state)), "seed %lu step %d", (unsigned long)from, step);
        }
    }
    one_changelog_free(&log);
    one_stage_close(&one);
}

Test(dedup_cluster_property, random_copies_are_labelled_as_the_model_does)
{
    for (uint64_t s = 1; s <= 20; s++)
        run(s);
}
