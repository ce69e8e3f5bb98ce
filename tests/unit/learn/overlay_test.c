/* Overlays: what is none of a tenant's labels is left to the base, but for what the tenant names otherwise. */
#include "learn/overlay.h"
#include "base/error.h"
#include "small.h"

static const char background[] = "language\ttext\n"
                                 "en\tlove this great app\n"
                                 "en\tvery happy with the people\n"
                                 "en\thappy and fast, great\r\n"
                                 "en\tall of it is great, love\n"
                                 "en\tbroken and terrible\n"
                                 "en\tangry, nobody answers\n"
                                 "en\tterrible parcel, never again, jukk\n"
                                 "en\tthe app is broken, so angry, jukk\n";
#define BACKGROUND_TEXTS 8
#define GOOD_TEXTS       4 /* of them, the first ones */
static const char own[] = "door\tthe app says the door is open\n"
                          "door\tdoor of the oven, left hinge\n"
                          "door\ta door with a hinge of it\n"
                          "door\topen the door, it is left\n"
                          "lamp\tthe lamp is dark\n"
                          "lamp\tdark lamp over the oven\n"
                          "lamp\ta lamp with a bulb\n"
                          "lamp\tbulb of the lamp, dark\n";
/* What the base has for bad is a matter of the parcel here. */
static const char otherwise[] = "parcel\tbroken parcel, nobody answers me\n"
                                "parcel\tthe parcel is terrible and broken\n"
                                "parcel\tso angry, never again\n"
                                "parcel\tnobody answers, terrible\n"
                                "lamp\tgreat lamp\n"
                                "lamp\tterrible lamp\n"
                                "lamp\tI love the lamp, happy\n"
                                "lamp\tbroken lamp, terrible again\n";

struct fixture {
    struct cx_arena *arena;
    struct cx_buf image;
    struct cx_model base;
    struct cx_learn_task task;
    struct cx_build build;
};

static void read_closed(struct cx_learn_task *task, struct cx_arena *arena, const char *content)
{
    struct cx_error err;
    cr_assert_eq(read_text(task, arena, content, &err), 0, "%s", err.text);
    cx_learn_task_close(task);
}

static void make_base(struct fixture *f)
{
    static struct cx_build build;
    struct cx_learn_task task;
    f->arena = cx_arena_new((size_t)1 << 30);
    cx_learn_task_init(&task, CX_STR("mood"));
    read_closed(&task, f->arena, labelled);
    build_of(&build, &task, f->arena);
    f->image = read_packed(&build, f->arena, &f->base);
    cx_build_free(&build);
    cx_learn_task_free(&task);
}

/* The task of an overlay on it, with what lies below it and with the background; not `is_judged`: its texts are learned and never judged. */
static void lay_over(struct fixture *f, const char *labels, const char *beside, bool is_judged)
{
    const struct cx_head *below = &f->base.heads[0];
    cx_learn_task_init(&f->task, CX_STR("mood"));
    f->task.known_count = f->task.label_count = below->label_count;
    memcpy(f->task.labels, below->labels, below->label_count * sizeof *below->labels);
    read_closed(&f->task, f->arena, labels);
    for (size_t i = 0; i < f->task.count && !is_judged; i++)
        f->task.examples[i].fold = CX_FOLDS;
    cx_overlay_priors(&f->task, f->arena, &f->base, below, 0);
    if (beside != NULL)
        cx_overlay_background(&f->task, f->arena, &f->base, below, cx_str(beside));
}

static void begin_as(struct fixture *f, const char *labels, const char *beside, bool is_judged)
{
    *f = (struct fixture){ 0 };
    make_base(f);
    lay_over(f, labels, beside, is_judged);
}

static void begin(struct fixture *f, const char *labels, const char *beside)
{
    begin_as(f, labels, beside, true);
}

static void end(struct fixture *f)
{
    cx_build_free(&f->build);
    cx_learn_task_free(&f->task);
    cx_buf_free(&f->image);
    cx_arena_free(f->arena);
}

/* What base and overlay say together of a text, by the weights that were fitted. */
static struct cx_str told(struct fixture *f, const char *text)
{
    const struct cx_build_head *head = &f->build.heads[0];
    struct cx_learn_task asked = { .plan = f->task.plan, .label_count = f->task.label_count };
    struct cx_example example = { .weight = 1 };
    float logits[8];
    cx_example_features(f->arena, CX_FEATURES_WORDS, cx_str(text), &example);
    asked.examples = &example;
    asked.count = 1;
    cx_overlay_priors(&asked, f->arena, &f->base, &f->base.heads[0], 0);
    const float *prior = example.prior;
    cx_selection_apply(&f->build.selections[CX_FEATURES_WORDS], head->is_narrow, f->arena, &example, 1);
    cx_weights_logits(&head->weights, &example, logits);
    uint32_t best = 0;
    for (uint32_t c = 0; c < f->task.label_count; c++) {
        logits[c] = (logits[c] + head->packed.shift[c]) / head->packed.temperature + prior[c];
        best = logits[c] > logits[best] ? c : best;
    }
    return f->task.labels[best];
}

Test(overlay, what_is_none_of_its_labels_is_told_as_the_base_tells_it)
{
    struct fixture f;
    for (int has_background = 0; has_background < 2; has_background++) {
        begin(&f, own, has_background ? background : NULL);
        build_of(&f.build, &f.task, f.arena);
        cr_assert(cx_str_is(told(&f, "a door, left"), "door"));
        cr_assert(cx_str_is(told(&f, "dark is the lamp"), "lamp"));
        cr_assert_eq(cx_str_is(told(&f, "it is all great"), "good"), has_background, "%.*s", CX_STR_ARG(told(&f, "it is all great")));
        end(&f);
    }
}

Test(overlay, background_is_in_no_figure)
{
    struct fixture f;
    begin(&f, own, background);
    cr_assert_eq(f.task.count, 8 + BACKGROUND_TEXTS);
    cr_assert_eq(f.task.background, BACKGROUND_TEXTS);
    build_of(&f.build, &f.task, f.arena);
    cr_assert_eq(f.build.heads[0].folds.n, 8);
    cr_assert_eq(f.build.heads[0].rounding.texts, 8);
    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(f.build.heads[0].folds.truth[i], f.task.examples[i].label);
    end(&f);
}

/* As where a network has taught them all, and nothing is left to judge by. */
Test(overlay, what_is_never_judged_is_not_calibrated_by_background_alone)
{
    struct fixture f;
    begin_as(&f, own, background, false);
    build_of(&f.build, &f.task, f.arena);
    cr_assert_eq(f.build.heads[0].folds.n, 0);
    cr_assert_eq(f.build.heads[0].packed.temperature, 1);
    cr_assert(cx_str_is(told(&f, "a door, left"), "door"));
    end(&f);
}

Test(overlay, features_of_background_alone_get_no_place)
{
    struct fixture f;
    struct cx_example jukk = { .weight = 1 }, door = { .weight = 1 };
    begin(&f, own, background);
    build_of(&f.build, &f.task, f.arena);
    cx_example_features(f.arena, CX_FEATURES_WORDS, CX_STR("jukk"), &jukk);
    cx_example_features(f.arena, CX_FEATURES_WORDS, CX_STR("door"), &door);
    const struct cx_selection *selection = &f.build.selections[CX_FEATURES_WORDS];
    cr_assert_eq(cx_selection_row(selection, false, jukk.words[0].whole), CX_SELECTION_NONE);
    cr_assert_neq(cx_selection_row(selection, false, door.words[0].whole), CX_SELECTION_NONE);
    struct cx_example *both[] = { &jukk, &door };
    for (int i = 0; i < 2; i++) {
        cx_selection_apply(selection, false, f.arena, both[i], 1);
        cr_assert_eq(2 * both[i]->count > both[i]->total, i == 1, "%u of %u", both[i]->count, both[i]->total); /* single letters are everybody's */
    }
    end(&f);
}

Test(overlay, background_is_taught_by_the_base)
{
    struct fixture f;
    begin(&f, own, background);
    for (size_t i = 8; i < f.task.count; i++) {
        const struct cx_example *example = &f.task.examples[i];
        cr_assert_eq(example->label, i < 8 + GOOD_TEXTS ? 1 : 0, "text %zu", i);
        cr_assert(example->is_untold);
        cr_assert_float_eq(example->taught[0] + example->taught[1], 1, 1e-5);
        cr_assert_gt(example->taught[example->label], 0.5);
        cr_assert_eq(example->taught[2] + example->taught[3], 0);
    }
    end(&f);
}

/* Of the lamp's texts the base tells half as good and half as bad: it contests neither. */
Test(overlay, what_a_tenant_names_otherwise_is_not_held_back)
{
    struct fixture f;
    begin(&f, otherwise, background);
    int lamp = cx_learn_task_label(&f.task, CX_STR("lamp")), parcel = cx_learn_task_label(&f.task, CX_STR("parcel"));
    for (size_t i = 8; i < f.task.count; i++) {
        const struct cx_example *example = &f.task.examples[i];
        cr_assert_eq(example->either != NULL, i >= 8 + GOOD_TEXTS, "text %zu", i);
        if (example->either != NULL)
            cr_assert(example->either[0] && example->either[parcel] && !example->either[1] && !example->either[lamp]);
    }
    build_of(&f.build, &f.task, f.arena);
    cr_assert(cx_str_is(told(&f, "broken, and nobody answers"), "parcel"));
    cr_assert(cx_str_is(told(&f, "very happy with the app"), "good"));
    end(&f);
}

/* Only the sum of what stands for one another is taught: which of them a text has, its own labels say. */
Test(overlay, labels_that_stand_for_one_another_share_what_was_taught)
{
    float taught[] = { 1, 0, 0 };
    const bool either[] = { true, true, false };
    const uint32_t feature = 0;
    struct cx_example example = { .hashes = &feature, .count = 1, .weight = 1, .taught = taught, .is_untold = true, .either = either };
    struct cx_learn_task task = { .plan = cx_head_plan(CX_STR("urgency")), .label_count = 3, .examples = &example, .count = 1 };
    float logits[3], prior[] = { 0, 1, 2 };
    struct cx_weights weights = cx_weights_new(12, 3);
    example.prior = prior;
    cx_fit(&task, 12, -1, &weights);
    cx_weights_logits(&weights, &example, logits);
    cr_assert_lt(logits[2], 0);
    cr_assert(logits[0] > 0 && logits[1] > logits[0], "%f %f", (double)logits[0], (double)logits[1]);
    cx_weights_free(&weights);
}
