/* Random version streams of two tenants against a model without tables, hashes or expiry; with aborts and restarts on the way. */
#include <criterion/criterion.h>
#include "base/version.h"
#include "tests/stages/one_stage.h"

extern const struct cx_stage dedup_stage;
enum { TENANTS = 2, IDS = 40, WINDOW_S = 7200, CAP = 25 };

struct seen {
    bool is_seen, known;
    int op, text, author;
    int64_t at, seen_s;
};
struct model {
    struct seen seen[TENANTS][IDS];
};

static uint64_t seed;
static int below(int n)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (int)((seed >> 33) % (uint64_t)n);
}

static const char *const tenants[] = { "acme", "globex" };
static const char *const texts[] = { NULL, "", "a", "b" };
static const char *const authors[] = { NULL, "ann", "bob" };

struct step {
    int tenant, id;
    struct seen what;
};

static struct cx_interaction record_of(const struct step *step, struct cx_author *author, char id[16])
{
    struct cx_interaction record;
    cx_interaction_init(&record);
    cx_author_init(author);
    snprintf(id, 16, "id%d", step->id);
    author->native_id = cx_str(authors[step->what.author]);
    record.author = step->what.author ? author : NULL;
    record.tenant = cx_str(tenants[step->tenant]);
    record.channel = CX_STR("x");
    record.native_id = cx_str_n(id, strlen(id));
    record.op = (enum cx_op)step->what.op;
    record.text = cx_str(texts[step->what.text]);
    record.occurred_at = step->what.at;
    record.occurred_at_known = step->what.known;
    return record;
}

/* "emit+": with edit_of. */
static const char *expect(struct model *model, const struct step *step)
{
    struct seen *before = &model->seen[step->tenant][step->id];
    const struct seen *what = &step->what;
    if (!before->is_seen || what->seen_s - before->seen_s > WINDOW_S) {
        int live = 0;
        for (int i = 0; i < IDS; i++) {
            const struct seen *other = &model->seen[step->tenant][i];
            live += other->is_seen && i != step->id && other->seen_s / 3600 >= (what->seen_s - WINDOW_S) / 3600;
        }
        if (live >= CAP)
            return "too_many_ids";
        *before = *what;
        before->is_seen = true;
        return "emit";
    }
    if (before->author && what->author && before->author != what->author)
        return "id_conflict";
    before->author = before->author ? before->author : what->author;
    before->seen_s = what->seen_s;
    if (before->op == what->op && before->text == what->text)
        return "repeat";
    if (what->known && what->at < before->at && (before->known || before->op == CX_OP_DELETE))
        return "stale";
    bool is_edit = before->text != what->text;
    int author = before->author;
    *before = *what;
    before->is_seen = true;
    before->author = author;
    return is_edit ? "emit+" : "emit";
}

static void run(uint64_t from)
{
    static struct model now, committed;
    struct one_stage one;
    struct one_changelog log = { 0 };
    cr_assert_eq(one_stage_open(&one, &dedup_stage, "window: 2h\nmax_slots: 25\n"), 0, "%s", one.err.text);
    memset(&now, 0, sizeof now);
    committed = now;
    seed = from;
    int64_t clock_ms = INT64_C(1795262400000), committed_ms = clock_ms;
    for (int i = 0; i < 4000; i++) {
        clock_ms += below(100) == 0 ? below(20000000) : below(200000);
        struct step step = { below(TENANTS),
                             below(IDS),
                             { .known = below(4) != 0, .op = below(3), .text = below(4), .author = below(8) ? 0 : 1 + below(2) } };
        step.what.at = (clock_ms / 60000 - below(10)) * 60000; /* so that ties happen */
        step.what.seen_s = clock_ms / 1000;
        struct cx_author author;
        char id[16];
        struct cx_interaction record = record_of(&step, &author, id);
        const char *expected = expect(&now, &step);
        const char *verdict = one_stage_verdict(&one, one_stage_process(&one, &record, clock_ms));
        if (record.duplicate && record.duplicate->edit_of)
            verdict = "emit+";
        cr_assert_str_eq(verdict, expected, "seed %lu step %d", (unsigned long)from, i);
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
            cr_assert(cx_id_eq(digest, cx_state_digest(one.state)), "seed %lu step %d", (unsigned long)from, i);
        }
    }
    one_changelog_free(&log);
    one_stage_close(&one);
}

Test(dedup_property, random_version_streams_are_settled_as_the_model_does)
{
    for (uint64_t s = 1; s <= 25; s++)
        run(s);
}
