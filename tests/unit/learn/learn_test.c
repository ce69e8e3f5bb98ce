/* Learning: small tasks with known answers, through to an image that the running program reads. */
#include "learn/build.h"
#include "base/error.h"
#include "learn/contrast.h"
#include "learn/plain.h"
#include "learn/random.h"
#include "learn/teacher.h"
#include "learn/select.h"
#include "small.h"
#include <criterion/criterion.h>
#include <math.h>

/* Learns from the labels of small.h; the image. */
static struct cx_buf learn_at(struct cx_arena *arena, float rate, const char *card)
{
    static struct cx_build build;
    struct cx_learn_task task;
    struct cx_error err;
    struct cx_buf image;
    cx_learn_task_init(&task, CX_STR("mood"));
    struct cx_head_plan plan = *task.plan;
    plan.rate *= rate;
    task.plan = &plan;
    cr_assert_eq(read_text(&task, arena, labelled, &err), 0, "%s", err.text);
    cx_learn_task_close(&task);
    build_of(&build, &task, arena);
    cx_buf_init(&image, 64u << 20);
    cx_build_pack(&build, arena, CX_STR("t"), CX_STR_NULL, cx_str(card), &image);
    cx_build_free(&build);
    cx_learn_task_free(&task);
    return image;
}

static struct cx_buf learn(struct cx_arena *arena)
{
    return learn_at(arena, 1, "{}");
}

static int choice(struct cx_arena *arena, const struct cx_model *model, const char *text)
{
    struct cx_folded folded = cx_text_fold(arena, cx_str(text), CX_FOLD_SEARCH);
    struct cx_features features = cx_text_features(arena, CX_FEATURES_WORDS, &folded, cx_str(text), false);
    float logits[8];
    cx_model_logits(model, CX_FEATURES_WORDS, &features, logits);
    cx_head_scores(&model->heads[0], logits);
    return cx_head_choice(&model->heads[0], logits);
}

Test(learn, what_is_learned_is_what_the_running_program_says)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_buf image = learn(arena);
    struct cx_model model;
    struct cx_error err;
    cr_assert_eq(cx_model_read(arena, cx_buf_view(&image), &model, &err), 0, "%s", err.text);
    cr_assert_str_eq(cx_arena_format(arena, "%.*s%c", CX_STR_ARG(model.heads[0].labels[0]), 0).ptr, "bad");
    cr_assert_eq(choice(arena, &model, "great, I love the people"), 1);
    cr_assert_eq(choice(arena, &model, "it is broken, terrible"), 0);
    cx_buf_free(&image);
    cx_arena_free(arena);
}

static struct cx_str version_of(struct cx_arena *arena, struct cx_buf image)
{
    struct cx_model model;
    struct cx_error err;
    cr_assert_eq(cx_model_read(arena, cx_buf_view(&image), &model, &err), 0, "%s", err.text);
    struct cx_str version = cx_arena_copy(arena, model.version);
    cx_buf_free(&image);
    return version;
}

Test(learn, a_model_is_named_by_all_that_it_holds)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_str version = version_of(arena, learn(arena));
    cr_assert(cx_str_starts(version, CX_STR("t@")));
    cr_assert_eq(version.len, sizeof "t@" - 1 + 8);
    cr_assert(cx_str_eq(version, version_of(arena, learn(arena))));
    cr_assert_not(cx_str_eq(version, version_of(arena, learn_at(arena, 0.5f, "{}"))), "the same texts, learned otherwise");
    cr_assert_not(cx_str_eq(version, version_of(arena, learn_at(arena, 1, "{\"languages\":[\"xx\"]}"))), "a card that lets it speak elsewhere");
    cx_arena_free(arena);
}

/* Bytes between header and rows are nobody's, and those of the version itself are compared with what the others say. */
Test(learn, a_changed_bit_is_noticed_by_the_name)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_buf image = learn(arena);
    struct cx_str all = cx_buf_view(&image);
    ptrdiff_t behind_version = cx_str_find(all, ',');
    struct cx_model model;
    struct cx_error err;
    cr_assert_eq(cx_model_read(arena, all, &model, &err), 0, "%s", err.text);
    cr_assert_eq(cx_model_check(arena, &model, all, &err), 0, "%s", err.text);
    for (size_t at = (size_t)behind_version; at < image.len; at += at % 7 + 1) {
        cx_arena_reset(arena);
        if (image.ptr[at] == '\0' && at < image.len / 2)
            continue;
        image.ptr[at] ^= 1;
        cr_assert(cx_model_read(arena, all, &model, &err) != 0 || cx_model_check(arena, &model, all, &err) != 0, "byte %zu of %zu", at, image.len);
        cr_assert_eq(err.exit, CX_EXIT_DATA);
        image.ptr[at] ^= 1;
    }
    cx_buf_free(&image);
    cx_arena_free(arena);
}

Test(learn, two_runs_give_the_same_bytes)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_buf one = learn(arena), two = learn(arena);
    cr_assert(cx_str_eq(cx_buf_view(&one), cx_buf_view(&two)));
    cx_buf_free(&one);
    cx_buf_free(&two);
    cx_arena_free(arena);
}

/* Two labels with words of their own, and texts of neither. */
static struct cx_str many_texts(struct cx_arena *arena)
{
    static const char *const things[] = { "parcel", "invoice", "shoe", "phone", "coat", "lamp" };
    static const char *const strange[] = { "weather", "football", "sonata", "mountain", "soup", "planet" };
    struct cx_buf texts;
    cx_buf_init(&texts, 1u << 20);
    for (int i = 0; i < 36; i++) {
        cx_buf_format(&texts, "late\twhere is my %s number %c, it is late\n", things[i % 6], 'a' + i % 26);
        cx_buf_format(&texts, "refund\tmoney back for the %s please, refund %c\n", things[i / 6], 'a' + i % 26);
        cx_buf_format(&texts, "oos\t%s and %s tonight %c\n", strange[i % 6], strange[i / 6], 'a' + i % 26);
    }
    struct cx_str copy = cx_arena_copy(arena, cx_buf_view(&texts));
    cx_buf_free(&texts);
    return copy;
}

Test(learn, texts_of_no_label_teach_a_head_when_to_be_silent)
{
    static struct cx_build build;
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task task;
    struct cx_error err;
    struct cx_figures figures;
    struct cx_text_source source = { .path = CX_STR("labels.tsv"), .content = many_texts(arena), .weight = 1 };
    cx_learn_task_init(&task, CX_STR("wish"));
    cr_assert_eq(cx_learn_task_read(&task, arena, &source, &err), 0, "%s", err.text);
    cx_learn_task_close(&task);
    cr_assert_eq(task.label_count, 2);
    build_of(&build, &task, arena);
    cx_measure_figures(&build.heads[0].folds, NULL, build.heads[0].folds.n, &figures);
    cr_assert_eq(figures.none, 36);
    cr_assert_gt(build.heads[0].packed.at_least, 0.5);
    cr_assert_geq(figures.none_recall, 0.9);
    cr_assert_geq(figures.in_scope, 0.9);
    cx_build_free(&build);
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

Test(learn, what_the_plan_favours_is_expected_more_often)
{
    static struct cx_build build;
    struct cx_arena *arena = cx_arena_new(1u << 30);
    float bias[2];
    for (int favours = 0; favours < 2; favours++) {
        struct cx_learn_task task;
        struct cx_error err;
        cx_learn_task_init(&task, CX_STR("mood"));
        struct cx_head_plan plan = *task.plan;
        plan.favoured = favours ? "fine bad" : NULL;
        plan.favour = 0.5f;
        task.plan = &plan;
        cr_assert_eq(read_text(&task, arena, labelled, &err), 0, "%s", err.text);
        cx_learn_task_close(&task);
        build_of(&build, &task, arena);
        bias[favours] = build.heads[0].weights.bias[0];
        cx_build_free(&build);
        cx_learn_task_free(&task);
    }
    cr_assert_float_eq(bias[1] - bias[0], 0.5, 1e-5);
    cx_arena_free(arena);
}

Test(learn, a_set_may_be_balanced_other_than_the_plan_says)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    static const float balances[] = { 0, 1, -1 }, expected[] = { 1, 2, 2 }; /* of the one that is alone; mood of the plan below is even */
    for (int i = 0; i < 3; i++) {
        struct cx_learn_task task;
        struct cx_error err;
        struct cx_text_source source = { .content = CX_STR("a\tx\na\ty\na\tz\nb\tw\n"), .weight = 1, .balance = balances[i] };
        cx_learn_task_init(&task, CX_STR("mood"));
        struct cx_head_plan plan = *task.plan;
        plan.balance = 1;
        task.plan = &plan;
        cr_assert_eq(cx_learn_task_read(&task, arena, &source, &err), 0);
        cx_learn_task_close(&task);
        cr_assert_float_eq(task.examples[3].weight, expected[i], 1e-6);
        cx_learn_task_free(&task);
    }
    cx_arena_free(arena);
}

Test(learn, phrases_weigh_what_they_do_in_a_longer_text)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    uint32_t totals[2];
    for (int are_phrases = 0; are_phrases < 2; are_phrases++) {
        struct cx_learn_task task;
        struct cx_error err;
        struct cx_text_source source = { .content = CX_STR("fine\tlovely\n"), .weight = 1, .is_phrases = are_phrases };
        cx_learn_task_init(&task, CX_STR("mood"));
        cr_assert_eq(cx_learn_task_read(&task, arena, &source, &err), 0);
        totals[are_phrases] = task.examples[0].total > 0 ? task.examples[0].total : task.examples[0].count;
        cx_learn_task_free(&task);
    }
    cr_assert_gt(totals[1], 4 * totals[0]);
    cx_arena_free(arena);
}

Test(learn, sets_of_one_label_are_learned_and_never_judged)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task task;
    struct cx_error err;
    struct cx_text_source source = { .content = CX_STR("-\tquokka\n-\twombat\n-\tdingo\n"), .label = CX_STR("good"), .weight = 1 };
    cx_learn_task_init(&task, CX_STR("mood"));
    cr_assert_eq(cx_learn_task_read(&task, arena, &source, &err), 0);
    cr_assert_eq(task.count, 3);
    for (size_t i = 0; i < task.count; i++) {
        cr_assert_eq(task.examples[i].fold, CX_FOLDS);
        cr_assert(cx_str_is(task.labels[task.examples[i].label], "good"));
    }
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

Test(learn, phrases_are_learned_and_never_judged)
{
    static struct cx_build build;
    struct cx_arena *arena = cx_arena_new(1u << 30);
    size_t judged[2];
    int32_t truth[2][8] = { { 0 } };
    for (int has_phrases = 0; has_phrases < 2; has_phrases++) {
        struct cx_learn_task task;
        struct cx_error err;
        struct cx_text_source phrases = { .content = CX_STR("good\tquokka\ngood\tquokka wombat\nbad\tdingo\nbad\tdingo numbat\n"),
                                          .weight = 1,
                                          .is_phrases = true };
        cx_learn_task_init(&task, CX_STR("mood"));
        cr_assert(!has_phrases || cx_learn_task_read(&task, arena, &phrases, &err) == 0); /* before what is judged */
        cr_assert_eq(read_text(&task, arena, labelled, &err), 0, "%s", err.text);
        cx_learn_task_close(&task);
        build_of(&build, &task, arena);
        const struct cx_measure *folds = &build.heads[0].folds;
        judged[has_phrases] = folds->n;
        cr_assert_leq(folds->n, 8);
        memcpy(truth[has_phrases], folds->truth, folds->n * sizeof **truth);
        for (size_t i = 0; i < folds->n; i++)
            cr_assert_neq(folds->scores[2 * i], folds->scores[2 * i + 1], "text %zu was judged", i);
        if (has_phrases) {
            struct cx_model model;
            struct cx_buf image;
            image = read_packed(&build, arena, &model);
            cr_assert(cx_str_is(model.heads[0].labels[choice(arena, &model, "quokka")], "good"));
            cr_assert(cx_str_is(model.heads[0].labels[choice(arena, &model, "dingo")], "bad"));
            cx_buf_free(&image);
        }
        cx_build_free(&build);
        cx_learn_task_free(&task);
    }
    cr_assert_gt(judged[0], 0);
    cr_assert_eq(judged[1], judged[0]);
    cr_assert_arr_eq(truth[1], truth[0], sizeof truth[0]);
    cx_arena_free(arena);
}

/* The row of the word itself. */
static uint32_t row_of_word(struct cx_arena *arena, const char *word, uint32_t bits)
{
    struct cx_example example = { 0 };
    cx_example_features(arena, CX_FEATURES_WORDS, cx_str(word), &example);
    for (uint32_t i = 0; i < example.count; i++)
        if (example.units[i] == CX_UNIT_WORD)
            return example.hashes[i] >> (32 - bits);
    cr_assert_fail("%s is no word", word);
    return 0;
}

Test(learn, what_one_label_alone_has_is_learned_faster)
{
    enum { BITS = 20 };
    static const char texts[] = "good\tlovely service\ngood\tlovely parcel\ngood\tlovely app\n"
                                "bad\tawful service\nbad\tawful parcel\nbad\tawful app\nbad\tawful box\n";
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task task;
    struct cx_error err;
    cx_learn_task_init(&task, CX_STR("mood"));
    struct cx_head_plan plan = *task.plan;
    plan.teachers = 0;
    task.plan = &plan;
    cr_assert_eq(read_text(&task, arena, texts, &err), 0, "%s", err.text);
    cx_learn_task_close(&task);
    uint32_t told = row_of_word(arena, "lovely", BITS), common = row_of_word(arena, "service", BITS);
    float *paces = learn_contrast(&task, BITS, -1, 0.25f), share[2];
    cr_assert_float_eq(paces[common], 0.25, 0.2); /* the bad ones have more texts */
    cr_assert_float_eq(paces[told], 0.25 + log(2), 0.2);
    free(paces);
    for (int has_contrast = 0; has_contrast < 2; has_contrast++) {
        struct cx_weights weights = cx_weights_new(BITS, 2);
        plan.contrast = has_contrast ? 0.25f : 0;
        cx_fit(&task, BITS, -1, &weights);
        share[has_contrast] = fabsf(weights.rows[2 * common] / weights.rows[2 * told]);
        cx_weights_free(&weights);
    }
    cr_assert_lt(share[1], share[0]); /* by fitting, too */
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

Test(learn, labels_are_said_from_the_score_of_the_plan_on)
{
    static struct cx_build build;
    static const float says[] = { 0, 0.3f }, expected[] = { 0.5f, 0.3f };
    struct cx_arena *arena = cx_arena_new(1u << 30);
    for (int i = 0; i < 2; i++) {
        struct cx_learn_task task;
        struct cx_error err;
        cx_learn_task_init(&task, CX_STR("mood"));
        struct cx_head_plan plan = *task.plan;
        plan.kind = CX_HEAD_ANY_OF;
        plan.says = says[i];
        task.plan = &plan;
        cr_assert_eq(read_text(&task, arena, labelled, &err), 0, "%s", err.text);
        cx_learn_task_close(&task);
        build_of(&build, &task, arena);
        cr_assert_float_eq(build.heads[0].packed.threshold[0], expected[i], 1e-6);
        cx_build_free(&build);
        cx_learn_task_free(&task);
    }
    cx_arena_free(arena);
}

Test(learn, what_the_plan_lifts_has_scores_from_a_half_on_where_calibration_alone_says_less)
{
    static struct cx_build build;
    struct cx_arena *arena = cx_arena_new(1u << 30);
    float shift[2], lift[2], scores[2][sizeof labelled] = { 0 };
    size_t lifted_count = 0;
    for (int i = 0; i < 2; i++) {
        struct cx_learn_task task;
        struct cx_error err;
        struct cx_model model;
        struct cx_buf image;
        cx_learn_task_init(&task, CX_STR("mood"));
        struct cx_head_plan plan = *task.plan;
        plan.kind = CX_HEAD_ANY_OF;
        plan.lift = i == 0 ? 0 : 0.6f;
        task.plan = &plan;
        cr_assert_eq(read_text(&task, arena, labelled, &err), 0, "%s", err.text);
        cx_learn_task_close(&task);
        build_of(&build, &task, arena);
        image = read_packed(&build, arena, &model);
        shift[i] = build.heads[0].packed.shift[0];
        lift[i] = model.heads[0].lift;
        memcpy(scores[i], build.heads[0].folds.scores, build.heads[0].folds.n * task.label_count * sizeof **scores);
        cx_buf_free(&image);
        cx_build_free(&build);
        cx_learn_task_free(&task);
    }
    cr_assert_eq(shift[0], shift[1], "calibration is the same");
    cr_assert(lift[0] == 0 && lift[1] == 0.6f);
    for (size_t k = 0; k < sizeof labelled; k++) {
        cr_assert_eq(scores[1][k] >= 0.5f, scores[0][k] >= 1 / (1 + expf(0.6f)), "%zu", k);
        lifted_count += scores[1][k] > scores[0][k] + 1e-3f;
    }
    cr_assert_gt(lifted_count, 0);
    cx_arena_free(arena);
}

Test(learn, no_may_be_a_label_of_ones_own)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task task;
    struct cx_error err;
    cx_learn_task_init(&task, CX_STR("answer"));
    cr_assert_eq(read_text(&task, arena, "yes\tof course\nno\tcertainly not\noos\tthe sky is high\n", &err), 0, "%s", err.text);
    cx_learn_task_close(&task);
    cr_assert_eq(task.label_count, 2);
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

Test(learn, a_bad_line_is_named)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task task;
    struct cx_error err;
    cx_learn_task_init(&task, CX_STR("sentiment"));
    cr_assert_eq(read_text(&task, arena, "positive\tfine\nangry\tnot one of ours\n", &err), -1);
    cr_assert(strstr(err.text, "labels.tsv:2: angry is no label of sentiment") != NULL, "%s", err.text);
    cr_assert_eq(read_text(&task, arena, "positive\n", &err), -1);
    cr_assert(strstr(err.text, "labels.tsv:1:") != NULL, "%s", err.text);
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

Test(learn, figures_are_those_of_the_textbook)
{
    struct cx_measure measure;
    struct cx_figures figures;
    cx_measure_init(&measure, CX_HEAD_ONE_OF, 2, 4);
    int32_t truth[] = { 0, 0, 0, 1 }, said[] = { 0, 0, 1, 1 };
    for (int i = 0; i < 4; i++) {
        measure.truth[i] = truth[i];
        measure.said[i] = said[i];
        measure.scores[i * 2 + said[i]] = 0.9f;
    }
    cx_measure_figures(&measure, NULL, 4, &figures);
    cr_assert_float_eq(figures.accuracy, 0.75, 1e-9);
    cr_assert_float_eq(figures.recall[0], 2.0 / 3, 1e-9);
    cr_assert_float_eq(figures.precision[1], 0.5, 1e-9);
    cr_assert_float_eq(figures.macro_f1, (0.8 + 2.0 / 3) / 2, 1e-9);
    cr_assert_float_eq(figures.ece, 0.15, 1e-6);
    cx_measure_free(&measure);
}

#define SOFTNESS 4.0f /* of teachers in these tests */

/* The wishes of many_texts by a head of that plan. */
static void fit_wishes(struct cx_arena *arena, struct cx_learn_task *task, struct cx_head_plan *plan, struct cx_weights *weights)
{
    struct cx_error err;
    struct cx_text_source source = { .path = CX_STR("labels.tsv"), .content = many_texts(arena), .weight = 1 };
    cx_learn_task_init(task, CX_STR("wish"));
    plan->name = task->plan->name;
    task->plan = plan;
    cr_assert_eq(cx_learn_task_read(task, arena, &source, &err), 0, "%s", err.text);
    cx_learn_task_close(task);
    *weights = cx_weights_new(14, task->label_count);
    cx_fit(task, 14, -1, weights);
}

/* How far a head is on average from what teachers say together, over texts with a label. */
static double apart(const struct cx_learn_task *task, const struct cx_weights *weights, const struct learn_teacher *teachers, size_t n_teachers)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < task->count; i++) {
        const struct cx_example *example = &task->examples[i];
        float said[CX_LABELS_MAX], taught[2], mean[2] = { 0 }, norm = 1 / sqrtf((float)example->count);
        for (size_t t = 0; t < n_teachers; t++) {
            learn_teacher_says(&teachers[t], example->hashes, example->count, norm, SOFTNESS, taught);
            cr_assert_float_eq(taught[0] + taught[1], 1, 1e-5);
            mean[0] += taught[0] / (float)n_teachers;
            mean[1] += taught[1] / (float)n_teachers;
        }
        if (example->label < 0) {
            cr_assert_float_eq(mean[0], 0.5, 0.1); /* a little of each */
            continue;
        }
        cx_weights_logits(weights, example, said);
        cx_scores_of(CX_HEAD_ONE_OF, said, task->label_count);
        cr_assert_gt(mean[example->label], 0.6);
        sum += fabs((double)(said[0] - mean[0]));
        n++;
    }
    return sum / n;
}

Test(learn, a_head_learns_what_its_teachers_say_together_rather_than_labels)
{
    enum { MOST = 3 };
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_head_plan plain = { .kind = CX_HEAD_ONE_OF, .epochs = 20, .rate = 1, .drop = 0.5f };
    struct cx_learn_task task;
    struct cx_weights weights;
    struct learn_teacher teachers[MOST];
    fit_wishes(arena, &task, &plain, &weights);
    for (uint32_t t = 0; t < MOST; t++)
        learn_teacher_fit(&task, 14, -1, t, &teachers[t]);
    cr_assert_arr_neq(teachers[0].outs, teachers[1].outs, 2 * LEARN_HIDDEN * sizeof(float));
    for (uint32_t n = 1; n <= MOST; n += MOST - 1) {
        struct cx_head_plan plan = plain;
        struct cx_learn_task pupil;
        struct cx_weights learned;
        plan.teachers = n;
        plan.softness = SOFTNESS;
        fit_wishes(arena, &pupil, &plan, &learned);
        double without = apart(&task, &weights, teachers, n), with = apart(&pupil, &learned, teachers, n);
        cr_assert_lt(with, without * 0.75, "%f, without %f", with, without);
        cx_weights_free(&learned);
        cx_learn_task_free(&pupil);
    }
    for (size_t t = 0; t < MOST; t++)
        learn_teacher_free(&teachers[t]);
    cx_weights_free(&weights);
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

/* The surer the more it is told of labels themselves; of nothing but them it learns what it does without teachers. */
Test(learn, a_head_may_be_told_labels_beside_what_its_teachers_say)
{
    static const float told[] = { 0, 0.5f, 1 };
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task tasks[4];
    struct cx_weights weights[4];
    float sure[4] = { 0 };
    for (int i = 0; i < 4; i++) {
        struct cx_head_plan plan = { .kind = CX_HEAD_ONE_OF, .epochs = 5, .rate = 1, .drop = 0.5f };
        plan.teachers = i < 3;
        plan.softness = SOFTNESS;
        plan.told = i < 3 ? told[i] : 0;
        fit_wishes(arena, &tasks[i], &plan, &weights[i]);
        float said[CX_LABELS_MAX];
        cx_weights_logits(&weights[i], &tasks[i].examples[0], said);
        sure[i] = fabsf(said[0] - said[1]);
    }
    cr_assert_lt(sure[0], sure[1]);
    cr_assert_lt(sure[1], sure[2]);
    cr_assert_arr_eq(weights[2].rows, weights[3].rows, (sizeof(float) * 2) << 14);
    for (int i = 0; i < 4; i++) {
        cx_weights_free(&weights[i]);
        cx_learn_task_free(&tasks[i]);
    }
    cx_arena_free(arena);
}

/* ---- what was taught ---- */

static int read_taught(struct cx_learn_task *task, struct cx_arena *arena, struct cx_str content, struct cx_str taught, bool is_untold,
                       struct cx_error *err)
{
    struct cx_text_source source = { .path = CX_STR("labels.tsv"),
                                     .content = content,
                                     .taught_path = CX_STR("taught.tsv"),
                                     .taught = taught,
                                     .is_untold = is_untold,
                                     .weight = 1,
                                     .balance = -1 };
    return cx_learn_task_read(task, arena, &source, err);
}

/* A task of texts that were taught, not closed. */
static struct cx_learn_task taught_task(struct cx_arena *arena, const char *head, const char *content, const char *taught, bool is_untold)
{
    struct cx_learn_task task;
    struct cx_error err;
    cx_learn_task_init(&task, cx_str(head));
    cr_assert_eq(read_taught(&task, arena, cx_str(content), cx_str(taught), is_untold, &err), 0, "%s", err.text);
    return task;
}

Test(learn, what_is_taught_keeps_its_label_when_labels_are_put_in_order)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task task =
        taught_task(arena, "mood", "good\tfine\nbad\tawful\noos\twhat\n", "# x\n4\tgood=70,fair=20\n5\tbad=100\n4\t\n", false);
    cx_learn_task_close(&task);
    cr_assert_eq(task.label_count, 3, "a label that only the teacher names is a label");
    static const float expected[][3] = { { 0.1f, 0.2f, 0.7f }, { 1, 0, 0 } };
    for (int i = 0; i < 2; i++)
        for (int c = 0; c < 3; c++)
            cr_assert_float_eq(task.examples[i].taught[c], expected[i][c], 1e-6);
    cr_assert_eq(task.examples[0].label, 2);
    cr_assert_null(task.examples[2].taught);
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

Test(learn, what_was_taught_of_other_texts_is_refused)
{
    static const struct {
        const char *taught, *fault;
    } cases[] = {
        { "# x\n4\tpositive=70\n", "taught.tsv:3: not the length of a text, a tab and label=percent" },
        { "# x\n4\tpositive=70\n6\tnegative=9\n", "taught.tsv:3: is of a text of another length" },
        { "# x\n4\tpositive=70\n5\tnegative=9\n5\tnegative=9\n", "taught.tsv:4: is of a text that the set does not have" },
        { "# x\n4\tpositive=70\n5\tangry=9\n", "taught.tsv:3: not label=percent, a label twice, or no label of the head" },
        { "# x\n4\tpositive=101\n5\tnegative=9\n", "taught.tsv:2: not label=percent" },
        { "# x\n4\tpositive\n5\tnegative=9\n", "taught.tsv:2: not label=percent" },
        { "# x\n4\tpositive=70,positive=9\n5\tnegative=9\n", "taught.tsv:2: not label=percent, a label twice" },
        { "# x\n4\tpositive=70,negative=70\n5\tnegative=9\n", "taught.tsv:2: more than a hundred percent" },
        { "# x\n4\t=70\n5\tnegative=9\n", "taught.tsv:2: not label=percent" },
        { "# x", "taught.tsv:2: not the length" },
        { "4\tpositive=70\n5\tnegative=9\n", "taught.tsv:1: does not say who taught" },
        { "", "taught.tsv:1: does not say who taught" },
        { "# x\nfour\tpositive=70\n5\tnegative=9\n", "taught.tsv:2: not the length" },
    };
    struct cx_arena *arena = cx_arena_new(1u << 30);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cx_learn_task task;
        struct cx_error err = { 0 };
        cx_learn_task_init(&task, CX_STR("sentiment"));
        cr_assert_eq(read_taught(&task, arena, CX_STR("positive\tfine\nnegative\tawful\n"), cx_str(cases[i].taught), false, &err), -1, "%zu", i);
        cr_assert(strstr(err.text, cases[i].fault) == err.text, "%s", err.text);
        cx_learn_task_free(&task);
    }
    cx_arena_free(arena);
}

/* Every text has its line, whatever becomes of it; header and empty lines have none. */
Test(learn, what_was_taught_keeps_step_with_the_texts)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task task;
    struct cx_error err;
    struct cx_text_source source = { .path = CX_STR("labels.tsv"),
                                     .content = CX_STR("id\ttext\tjoy\r\n1\tfine\tyes\r\n\r\n2\twhatever\tperhaps\r\n3\tawful\tno\r\n"),
                                     .column = CX_STR("joy"),
                                     .map = CX_STR("yes=positive,no=negative"),
                                     .taught_path = CX_STR("taught.tsv"),
                                     .taught = CX_STR("# x\n4\tpositive=70\n8\tneutral=50\n5\tnegative=90\n"),
                                     .weight = 1 };
    cx_learn_task_init(&task, CX_STR("sentiment"));
    cr_assert_eq(cx_learn_task_read(&task, arena, &source, &err), 0, "%s", err.text);
    cr_assert_eq(task.count, 2);
    cr_assert_float_eq(task.examples[0].taught[2], 0.7f, 1e-6);
    cr_assert_float_eq(task.examples[1].taught[0], 0.9f, 1e-6);
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

/* Of a set of something else what the teacher says is the label as well, and a text of which it says nothing is left out. */
Test(learn, a_text_without_a_label_has_what_was_taught)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task tone =
        taught_task(arena, "sentiment", "joy\tfine\nfear\tawful\nfear\twhat\n", "# x\n4\tnegative=10,positive=80\n5\tnegative=60\n4\t\n", true);
    struct cx_learn_task toxic = taught_task(arena, "toxicity", "joy\tfine\nfear\tawful\n", "# x\n4\ttoxic=49\n5\ttoxic=50\n", true);
    cr_assert_eq(tone.count, 2);
    cr_assert_eq(tone.examples[0].label, 2);
    cr_assert_eq(tone.examples[1].label, 0);
    cr_assert_eq(toxic.examples[0].labels, 0);
    cr_assert_eq(toxic.examples[1].labels, 1);
    cr_assert(toxic.examples[1].is_untold);
    cr_assert_eq(toxic.examples[1].fold, CX_FOLDS, "it is no text to judge by");
    cx_learn_task_free(&tone);
    cx_learn_task_free(&toxic);
    cx_arena_free(arena);
}

/* Of four texts one is bad: it weighs three times as much as a good one, and so do shares. */
Test(learn, what_is_taught_is_balanced_as_labels_are)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    const char *taught = "# x\n4\tpositive=60,negative=40\n4\tpositive=90\n4\tpositive=80,negative=10\n5\tnegative=70,neutral=30\n";
    struct cx_learn_task tasks[] = { taught_task(arena, "sentiment", "positive\tfine\npositive\tgood\npositive\tnice\nnegative\tawful\n", taught,
                                                 false),
                                     taught_task(arena, "sentiment", "x\tfine\nx\tgood\nx\tnice\nx\tawful\n", taught, true) };
    for (int i = 0; i < 2; i++) {
        cx_learn_task_close(&tasks[i]);
        const struct cx_example *first = &tasks[i].examples[0], *last = &tasks[i].examples[3];
        cr_assert_float_eq(first->taught[0], 0.8f / 1.2f, 1e-6);
        cr_assert_float_eq(first->taught[2], 0.4f / 1.2f, 1e-6);
        cr_assert_float_eq(first->weight, i == 0 ? 0.4f / 0.6f : 1.2f, 1e-6, "what nobody labelled weighs what its shares do");
        cr_assert_float_eq(last->taught[1], 0.3f / 1.7f, 1e-6, "a label that no text has weighs one");
        cx_learn_task_free(&tasks[i]);
    }
    struct cx_learn_task toxic =
        taught_task(arena, "toxicity", "1\tfine\n0\tgood\n0\tnice\n0\tawful\n", "# x\n4\ttoxic=50\n4\ttoxic=0\n4\ttoxic=100\n5\ttoxic=1\n", false);
    cx_learn_task_close(&toxic);
    const float weighs = sqrtf(3); /* balanced by half */
    cr_assert_float_eq(toxic.examples[0].taught[0], weighs / (weighs + 1), 1e-6);
    cr_assert_eq(toxic.examples[1].taught[0], 0);
    cr_assert_eq(toxic.examples[2].taught[0], 1);
    cx_learn_task_free(&toxic);
    struct cx_learn_task functions = taught_task(arena, "functions", "x\tfine\nx\tgood\n", "# x\n4\tcare=50\n4\tcare=10\n", true);
    cx_learn_task_close(&functions);
    cr_assert_eq(functions.examples[0].taught[cx_learn_task_label(&functions, CX_STR("care"))], 0.5f, "of several labels shares are as they were");
    cx_learn_task_free(&functions);
    cx_arena_free(arena);
}

/* How sure a head is that a good text is good where the teacher takes good for bad. */
static float sure_of_the_label(struct cx_arena *arena, const char *head, float told, uint32_t teachers)
{
    struct cx_learn_task task;
    struct cx_weights weights;
    struct cx_error err;
    struct cx_buf texts, taught;
    float said[2];
    bool is_any = strcmp(head, "toxicity") == 0;
    cx_buf_init(&texts, 1u << 20);
    cx_buf_init(&taught, 1u << 20);
    cx_buf_str(&taught, CX_STR("# x\n"));
    for (int i = 0; i < 40; i++) {
        cx_buf_format(&texts, "%s\t%s %c\n", is_any ? (i % 2 ? "no" : "yes") : (i % 2 ? "bad" : "good"),
                      i % 2 ? "terrible and broken" : "great and happy", 'a' + i % 26);
        cx_buf_format(&taught, "%d\t%s=%d\n", i % 2 ? 21 : 17, is_any ? "toxic" : i % 2 ? "good" : "bad", is_any && i % 2 == 0 ? 0 : 100);
    }
    cx_learn_task_init(&task, cx_str(head));
    struct cx_head_plan plan = *task.plan;
    plan.told = told;
    plan.teachers = teachers;
    task.plan = &plan;
    cr_assert_eq(read_taught(&task, arena, cx_arena_copy(arena, cx_buf_view(&texts)), cx_arena_copy(arena, cx_buf_view(&taught)), false, &err), 0,
                 "%s", err.text);
    cx_learn_task_close(&task);
    weights = cx_weights_new(14, task.label_count);
    cx_fit(&task, weights.bits, -1, &weights);
    cx_weights_logits(&weights, &task.examples[0], said);
    cx_scores_of(plan.kind, said, task.label_count);
    cx_buf_free(&texts);
    cx_buf_free(&taught);
    cx_weights_free(&weights);
    cx_learn_task_free(&task);
    return said[is_any ? 0 : 1];
}

Test(learn, a_head_learns_what_was_taught_beside_labels)
{
    static const char *heads[] = { "mood", "toxicity" };
    struct cx_arena *arena = cx_arena_new(1u << 30);
    for (int i = 0; i < 2; i++) {
        cr_assert_lt(sure_of_the_label(arena, heads[i], 0, 0), 0.2f, "%s by what was taught alone", heads[i]);
        cr_assert_float_eq(sure_of_the_label(arena, heads[i], 0.5f, 0), 0.5f, 0.1f, "%s by both", heads[i]);
        cr_assert_gt(sure_of_the_label(arena, heads[i], 1, 0), 0.8f, "%s by labels alone", heads[i]);
    }
    /* Networks have learned labels: they are half of what is not told. */
    cr_assert_float_eq(sure_of_the_label(arena, "mood", 0, 1), 0.5f, 0.15f);
    cr_assert_gt(sure_of_the_label(arena, "mood", 0.8f, 1), 0.75f);
    cx_arena_free(arena);
}

Test(learn, a_question_mark_is_no_label)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_error err;
    struct cx_learn_task task =
        taught_task(arena, "mood", "good\tfine\n?\tawful\n?\twhat\n", "# x\n4\tgood=90,bad=10\n5\tbad=80,good=20\n4\t\n", false);
    cr_assert_eq(read_text(&task, arena, "good\tgreat\n?\tnobody knows\n", &err), 0, "%s", err.text);
    cx_learn_task_close(&task);
    cr_assert_eq(task.count, 3, "what was neither labelled nor taught is left out");
    cr_assert_eq(task.label_count, 2);
    cr_assert_not(task.examples[0].is_untold);
    cr_assert(task.examples[1].is_untold);
    cr_assert_eq(task.examples[1].label, 0);
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

/* The likeliest label is for the balance of labels alone. */
Test(learn, a_text_that_nobody_labelled_is_learned_as_sure_as_the_teacher_is)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task task;
    struct cx_error err;
    float said[3];
    cx_learn_task_init(&task, CX_STR("sentiment"));
    for (int i = 0; i < 20; i++)
        cr_assert_eq(read_taught(&task, arena, CX_STR("x\tgreat and happy\nx\tterrible\n"),
                                 CX_STR("# x\n15\tpositive=60,negative=40\n8\tnegative=60,positive=40\n"), true, &err),
                     0, "%s", err.text);
    cx_learn_task_close(&task);
    struct cx_weights weights = cx_weights_new(14, task.label_count);
    cx_fit(&task, weights.bits, -1, &weights);
    cx_weights_logits(&weights, &task.examples[0], said);
    cx_scores_of(CX_HEAD_ONE_OF, said, task.label_count);
    cr_assert_float_eq(said[2], 0.6f, 0.1f, "%f", (double)said[2]);
    cx_weights_free(&weights);
    cx_learn_task_free(&task);
    cx_arena_free(arena);
}

/* What a network takes the first text for, good or bad, having learned from texts that were labelled, or from none. */
static float network_says(struct cx_arena *arena, bool is_untold)
{
    struct cx_learn_task task;
    struct learn_teacher teacher;
    struct cx_error err;
    float said[2];
    cx_learn_task_init(&task, CX_STR("mood"));
    cr_assert_eq(read_text(&task, arena, labelled, &err), 0, "%s", err.text);
    cx_learn_task_close(&task);
    for (size_t i = 0; i < task.count; i++)
        task.examples[i].is_untold = is_untold;
    learn_teacher_fit(&task, 14, -1, 0, &teacher);
    learn_teacher_says(&teacher, task.examples[0].hashes, task.examples[0].count, 1 / sqrtf((float)task.examples[0].count), 1, said);
    learn_teacher_free(&teacher);
    cx_learn_task_free(&task);
    return said[1];
}

Test(learn, networks_do_not_learn_from_texts_that_nobody_labelled)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    cr_assert_gt(network_says(arena, false), 0.8f);
    cr_assert_lt(network_says(arena, true), 0.7f);
    cx_arena_free(arena);
}

Test(learn, no_label_is_not_taught)
{
    static const char *taught[] = { "# x\n4\tgood=70,oos=20\n", "# x\n4\tgood=70,=20\n", "# x\n4\tgood=70,caf\xe9=20\n" };
    struct cx_arena *arena = cx_arena_new(1u << 30);
    for (int i = 0; i < 3; i++) {
        struct cx_learn_task task;
        struct cx_error err = { 0 };
        cx_learn_task_init(&task, CX_STR("mood"));
        cr_assert_eq(read_taught(&task, arena, CX_STR("good\tfine\n"), cx_str(taught[i]), false, &err), -1, "%d", i);
        cr_assert(strstr(err.text, "taught.tsv:2: not label=percent") == err.text, "%s", err.text);
        cx_learn_task_free(&task);
    }
    cx_arena_free(arena);
}

Test(learn, features_are_chosen_without_teachers)
{
    static struct cx_build builds[2];
    struct cx_arena *arena = cx_arena_new(1u << 30);
    for (uint32_t i = 0; i < 2; i++) {
        struct cx_learn_task task;
        struct cx_weights weights;
        struct cx_head_plan plan = { .kind = CX_HEAD_ONE_OF, .epochs = 5, .rate = 1, .drop = 0.5f, .most = 20, .softness = SOFTNESS, .teachers = i };
        fit_wishes(arena, &task, &plan, &weights);
        builds[i] = (struct cx_build){ .head_count = 1, .heads = { { .task = &task } }, .say = say_nothing };
        cx_build_learn(&builds[i], arena);
        cx_weights_free(&weights);
        cx_learn_task_free(&task);
    }
    const struct cx_selection *one = &builds[0].selections[CX_FEATURES_WORDS], *other = &builds[1].selections[CX_FEATURES_WORDS];
    cr_assert_eq(one->buckets, other->buckets);
    cr_assert_arr_eq(one->tags, other->tags, (size_t)one->buckets * one->places * sizeof *one->tags);
    cr_assert_neq(builds[0].heads[0].weights.bias[0], builds[1].heads[0].weights.bias[0]);
    for (int i = 0; i < 2; i++)
        cx_build_free(&builds[i]);
    cx_arena_free(arena);
}

/* n texts that a model is so sure of. */
static double by_chance(size_t n, float score)
{
    struct cx_measure measure;
    cx_measure_init(&measure, CX_HEAD_ONE_OF, 2, n);
    for (size_t i = 0; i < n; i++)
        measure.scores[2 * i] = score;
    double chance = cx_measure_ece_by_chance(&measure, NULL, n);
    cx_measure_free(&measure);
    return chance;
}

Test(learn, chance_alone_makes_a_calibration_error_on_few_texts)
{
    /* All texts in one bin: the mean distance of a binomial share from its mean, sqrt(2 p (1 - p) / (pi n)). */
    cr_assert_float_eq(by_chance(100, 0.7f), 0.0366, 0.008);
    cr_assert_float_eq(by_chance(10000, 0.7f), 0.00366, 0.0008);
    cr_assert_float_eq(by_chance(100, 1), 0, 1e-9);
}

Test(learn, words_and_pairs_are_learned_at_their_own_pace)
{
    const uint32_t hashes[] = { 0, UINT32_C(1) << 30, UINT32_C(2) << 30 };
    const uint8_t units[] = { CX_UNIT_RUN, CX_UNIT_WORD, CX_UNIT_PAIR };
    struct cx_example example = { .hashes = hashes, .units = units, .count = 3, .weight = 1 };
    struct cx_head_plan plan = { .kind = CX_HEAD_ONE_OF, .epochs = 1, .rate = 1, .word_pace = 4, .pair_pace = 2 };
    struct cx_learn_task task = { .plan = &plan, .label_count = 2, .examples = &example, .count = 1 };
    struct cx_weights weights = cx_weights_new(2, 2);
    cx_fit(&task, 2, -1, &weights);
    cr_assert_gt(weights.rows[0], 0);
    cr_assert_float_eq(weights.rows[2] / weights.rows[0], 4, 1e-5);
    cr_assert_float_eq(weights.rows[4] / weights.rows[0], 2, 1e-5);
    cx_weights_free(&weights);
}

Test(learn, words_keep_being_words_when_features_are_selected)
{
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_example example = { 0 };
    struct cx_selection selection = { .buckets = 1, .places = 8, .tags = calloc(8, sizeof(uint16_t)) };
    cx_example_features(arena, CX_FEATURES_WORDS, CX_STR("good day"), &example);
    size_t pair = 0;
    while (pair < example.count && example.units[pair] != CX_UNIT_PAIR)
        pair++;
    selection.tags[3] = cx_model_tag(example.hashes[0]);
    selection.tags[5] = cx_model_tag(example.hashes[pair]);
    cr_assert_eq(example.units[0], CX_UNIT_WORD);
    cr_assert_eq(example.units[1], CX_UNIT_RUN);
    cx_selection_apply(&selection, false, arena, &example, 1);
    cr_assert_eq(example.count, 2);
    cr_assert_eq(example.units[0], CX_UNIT_WORD);
    cr_assert_eq(example.units[1], CX_UNIT_PAIR);
    cx_selection_free(&selection);
    cx_arena_free(arena);
}

/* ---- wholes ---- */

static struct cx_learn_task *read_words_of(struct cx_arena *arena, const char *const *texts, size_t n)
{
    struct cx_learn_task *task = CX_NEW(arena, struct cx_learn_task);
    cx_learn_task_init(task, CX_STR("mood"));
    task->examples = CX_NEW_ARRAY(arena, struct cx_example, n);
    task->count = n;
    for (size_t i = 0; i < n; i++)
        cx_example_features(arena, CX_FEATURES_WORDS, cx_str(texts[i]), &task->examples[i]);
    return task;
}

static uint32_t whole_in(const struct cx_example *example, size_t word)
{
    return example->words[word].whole;
}

Test(learn, words_of_most_texts_are_to_have_a_row_for_their_whole)
{
    struct cx_arena *arena = cx_arena_new(1u << 28);
    static const char *const texts[] = { "good day day day", "good food", "bad day", "good luck" };
    const struct cx_learn_task *task = read_words_of(arena, texts, 4);
    struct learn_wholes wholes = learn_wholes_of(&task, 1, 100);
    cr_assert_eq(wholes.count, 2);
    cr_assert_eq(wholes.items[0].feature, whole_in(&task->examples[0], 0)); /* good */
    cr_assert_eq(wholes.items[0].texts, 3);
    cr_assert_eq(wholes.items[0].count, task->examples[0].words[0].end);
    cr_assert_eq(wholes.items[1].feature, whole_in(&task->examples[0], 1)); /* day, in two texts */
    cr_assert_eq(wholes.items[1].texts, 2);
    learn_wholes_free(&wholes);
    wholes = learn_wholes_of(&task, 1, 1);
    cr_assert_eq(wholes.count, 1);
    learn_wholes_free(&wholes);
    cx_arena_free(arena);
}

Test(learn, words_of_texts_that_are_to_be_expected_come_first)
{
    struct cx_arena *arena = cx_arena_new(1u << 28);
    static const char *const texts[] = { "good", "good", "good", "bad", "bad", "fair", "fair", "fair", "fair", "fair" };
    struct cx_learn_task *task = read_words_of(arena, texts, 10);
    struct cx_head_plan plan = *task->plan;
    plan.favoured = "down";
    task->plan = &plan;
    task->labels[task->label_count++] = CX_STR("up");
    task->labels[task->label_count++] = CX_STR("down");
    for (size_t i = 0; i < 10; i++)
        task->examples[i].label = i == 3 || i == 4; /* bad */
    struct learn_wholes wholes = learn_wholes_of(&(const struct cx_learn_task *){ task }, 1, 100);
    cr_assert_eq(wholes.count, 3);
    cr_assert_eq(wholes.items[0].feature, whole_in(&task->examples[5], 0)); /* five texts */
    cr_assert_eq(wholes.items[1].feature, whole_in(&task->examples[3], 0)); /* two, and favoured */
    cr_assert_eq(wholes.items[2].feature, whole_in(&task->examples[0], 0));
    learn_wholes_free(&wholes);
    cx_arena_free(arena);
}

Test(learn, a_whole_is_the_sum_of_its_features_and_gives_way_to_a_feature_of_its_place_and_tag)
{
    struct cx_arena *arena = cx_arena_new(1u << 28);
    static const char *const texts[] = { "good day", "good day" };
    const struct cx_learn_task *task = read_words_of(arena, texts, 2);
    const struct cx_example *example = &task->examples[0];
    for (int in_lines = 0; in_lines < 2; in_lines++)
        for (int collides = 0; collides < 2; collides++) {
            struct learn_wholes wholes = learn_wholes_of(&task, 1, 100);
            struct learn_candidates candidates = { .items = calloc(example->count + 1, sizeof *candidates.items) };
            for (uint32_t i = 0; i < example->count; i++)
                candidates.items[candidates.count++] = (struct learn_candidate){ example->hashes[i], 1, true };
            if (collides) /* the same bucket and tag, being nearly the same number */
                candidates.items[candidates.count++] = (struct learn_candidate){ whole_in(example, 0) ^ 0x10000, 1, true };
            struct cx_selection selection = { 0 };
            learn_candidates_place(&candidates, &wholes, in_lines, &selection);
            cr_assert_eq(wholes.count, collides ? 1 : 2);
            struct cx_weights weights = cx_weights_new(cx_selection_bits(&selection, false), 1);
            for (size_t r = 0; r < cx_selection_rows(&selection, false); r++)
                weights.rows[r] = (float)(r % 7) - 2;
            float sums[2] = { 0 };
            for (uint32_t w = 0, i = 0; w < 2; w++)
                for (; i < example->words[w].end; i++) {
                    uint32_t row = cx_selection_row(&selection, false, example->hashes[i]);
                    sums[w] += row != CX_SELECTION_NONE ? weights.rows[row] : 0;
                }
            uint32_t first = cx_selection_row(&selection, false, whole_in(example, 0)),
                     second = cx_selection_row(&selection, false, whole_in(example, 1));
            float of_candidate = weights.rows[first];
            learn_wholes_fill(&wholes, &selection, false, &weights);
            cr_assert_float_eq(weights.rows[first], collides ? of_candidate : sums[0], 1e-5);
            cr_assert_float_eq(weights.rows[second], sums[1], 1e-5);
            cx_weights_free(&weights);
            cx_selection_free(&selection);
            learn_wholes_free(&wholes);
        }
    cx_arena_free(arena);
}

/* Texts of ten features of a thousand, and labels that have nothing to do with them. */
static void draw_noise(struct cx_arena *arena, struct cx_learn_task *task, size_t n)
{
    struct cx_random random = { 7 };
    for (size_t i = 0; i < n; i++) {
        uint32_t *hashes = cx_arena_alloc(arena, 10 * sizeof *hashes);
        for (size_t k = 0; k < 10; k++)
            hashes[k] = (uint32_t)cx_random_below(&random, 1000) * 0x9e3779b1u;
        task->examples[i] = (struct cx_example){
            .hashes = hashes, .count = 10, .label = (int32_t)cx_random_below(&random, 2), .weight = 1, .fold = (uint16_t)(i % CX_FOLDS)
        };
    }
}

Test(learn, a_fold_is_judged_by_features_that_were_chosen_without_it)
{
    enum { N = 1500 };
    static struct cx_example examples[N];
    static struct cx_build build;
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_head_plan plan = { .kind = CX_HEAD_ONE_OF, .epochs = 4, .rate = 0.5f, .most = 200, .folds = true };
    struct cx_learn_task task = {
        .name = CX_STR("noise"), .plan = &plan, .labels = { CX_STR("a"), CX_STR("b") }, .label_count = 2, .examples = examples, .count = N
    };
    struct cx_figures figures;
    draw_noise(arena, &task, N);
    build_of(&build, &task, arena);
    cx_measure_figures(&build.heads[0].folds, NULL, N, &figures);
    cr_assert_float_eq(figures.accuracy, 0.5, 0.05, "%f of noise is told right", figures.accuracy);
    cr_assert_lt(figures.ece, 0.05, "and it is thought to know more: %f", figures.ece);
    cx_build_free(&build);
    cx_arena_free(arena);
}

/* Texts about one thing share a fold: then all may be in one, and nothing is left to learn from when it is judged. */
Test(learn, a_fold_that_has_all_texts_is_judged_by_what_knows_nothing)
{
    enum { N = 40 };
    static struct cx_example examples[N];
    static struct cx_build build;
    static const float prior[] = { 1, 2 };
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_head_plan plan = { .kind = CX_HEAD_ONE_OF, .epochs = 4, .rate = 0.5f, .most = 200, .folds = true };
    struct cx_learn_task task = {
        .name = CX_STR("noise"), .plan = &plan, .labels = { CX_STR("a"), CX_STR("b") }, .label_count = 2, .examples = examples, .count = N
    };
    draw_noise(arena, &task, N);
    for (size_t i = 0; i < N; i++) {
        examples[i].fold = 0;
        examples[i].prior = prior;
    }
    build_of(&build, &task, arena);
    for (size_t i = 0; i < N; i++) {
        cr_assert_eq(build.heads[0].folds.truth[i], examples[i].label);
        cr_assert_arr_eq(build.heads[0].folds.priors + 2 * i, prior, sizeof prior);
    }
    cx_build_free(&build);
    cx_arena_free(arena);
}

/* The share of the scores that the second label has in folds of noise, of which it is one text in five, learned as if it were every second one. */
static double share_said(bool shifts)
{
    enum { N = 1000 };
    static struct cx_example examples[N];
    static struct cx_build build;
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_head_plan plan = { .kind = CX_HEAD_ONE_OF, .epochs = 4, .rate = 0.5f, .most = 200, .folds = true, .shifts = shifts };
    struct cx_learn_task task = {
        .name = CX_STR("noise"), .plan = &plan, .labels = { CX_STR("a"), CX_STR("b") }, .label_count = 2, .examples = examples, .count = N
    };
    double sum = 0;
    draw_noise(arena, &task, N);
    for (size_t i = 0; i < N; i++) {
        examples[i].label = i % 25 < 5;
        examples[i].weight = examples[i].label == 1 ? 4 : 1;
    }
    build_of(&build, &task, arena);
    for (size_t i = 0; i < N; i++)
        sum += (double)build.heads[0].folds.scores[2 * i + 1];
    cx_build_free(&build);
    cx_arena_free(arena);
    return sum / N;
}

Test(learn, calibration_shifts_labels_until_each_is_said_as_much_as_it_is_true)
{
    double with = share_said(true), without = share_said(false);
    cr_assert_float_eq(with, 0.2, 0.01, "%f", with);
    cr_assert_gt(without, 0.3, "%f", without);
}

/* Two models on ten texts: one label against another. */
static void fill(struct cx_measure *measure, const char *truth, const char *said)
{
    cx_measure_init(measure, CX_HEAD_ONE_OF, 2, strlen(truth));
    for (size_t i = 0; i < strlen(truth); i++) {
        measure->truth[i] = truth[i] - 'a';
        measure->said[i] = said[i] - 'a';
        measure->scores[i * 2 + (size_t)(said[i] - 'a')] = 0.8f;
    }
}

Test(learn, a_paired_test_believes_what_a_coin_would_not_give)
{
    struct cx_measure all_right, some_wrong, one_wrong;
    struct cx_comparison comparison;
    char verdict[400];
    fill(&all_right, "aaaaabbbbb", "aaaaabbbbb");
    fill(&some_wrong, "aaaaabbbbb", "bbbbbbbaaa");
    fill(&one_wrong, "aaaaabbbbb", "aaaaabbbba");

    cx_measure_compare(&some_wrong, &all_right, &comparison);
    cr_assert_float_eq(comparison.only_second, 8, 1e-9);
    cr_assert_float_eq(comparison.p, 2.0 / 256, 1e-9); /* eight tosses, all one side, of two sides */
    cr_assert_gt(comparison.f1_gain.low, 0);
    cx_comparison_verdict(&comparison, "old", "new", verdict, sizeof verdict);
    cr_assert(strstr(verdict, "new is better than old") != NULL, "%s", verdict);

    cx_measure_compare(&all_right, &one_wrong, &comparison);
    cr_assert_float_eq(comparison.p, 1, 1e-9);
    cx_comparison_verdict(&comparison, "old", "new", verdict, sizeof verdict);
    cr_assert(strstr(verdict, "no difference") != NULL, "%s", verdict);
    cx_measure_free(&all_right);
    cx_measure_free(&some_wrong);
    cx_measure_free(&one_wrong);
}

Test(learn, intervals_hold_the_figure_and_shrink_with_more_texts)
{
    struct cx_measure few, many;
    struct cx_intervals narrow, wide;
    char truth[401] = { 0 }, said[401] = { 0 };
    for (int i = 0; i < 400; i++) {
        truth[i] = i % 2 == 0 ? 'a' : 'b';
        said[i] = i % 5 == 0 ? 'a' : truth[i];
    }
    fill(&many, truth, said);
    truth[40] = '\0';
    fill(&few, truth, said);
    struct cx_figures figures;
    cx_measure_figures(&many, NULL, 400, &figures);
    cx_measure_intervals(&many, NULL, 400, &narrow);
    cx_measure_intervals(&few, NULL, 40, &wide);
    cr_assert(narrow.accuracy.low < figures.accuracy && figures.accuracy < narrow.accuracy.high);
    cr_assert(narrow.f1[0].low < figures.f1[0] && figures.f1[0] < narrow.f1[0].high);
    cr_assert_gt(wide.accuracy.high - wide.accuracy.low, 2 * (narrow.accuracy.high - narrow.accuracy.low));
    cx_measure_free(&many);
    cx_measure_free(&few);
}

Test(learn, texts_that_are_all_right_or_all_wrong_do_not_prove_that_others_are)
{
    struct cx_measure right, wrong;
    struct cx_intervals intervals;
    char truth[37] = { 0 }, said[37] = { 0 };
    memset(truth, 'a', 36);
    memset(said, 'b', 36);
    fill(&right, truth, truth);
    fill(&wrong, truth, said);
    cx_measure_intervals(&right, NULL, 36, &intervals);
    const struct cx_interval of_right[] = { intervals.accuracy,     intervals.macro_f1,  intervals.macro_recall,
                                            intervals.precision[0], intervals.recall[0], intervals.f1[0] };
    cx_measure_intervals(&wrong, NULL, 36, &intervals);
    const struct cx_interval of_wrong[] = { intervals.accuracy, intervals.macro_f1, intervals.macro_recall, intervals.precision[1],
                                            intervals.recall[0] };
    for (size_t i = 0; i < sizeof of_right / sizeof *of_right; i++) {
        cr_assert_float_eq(of_right[i].low, 0.904, 0.001, "%zu: %f", i, of_right[i].low);
        cr_assert_eq(of_right[i].high, 1);
    }
    for (size_t i = 0; i < sizeof of_wrong / sizeof *of_wrong; i++) {
        cr_assert_eq(of_wrong[i].low, 0);
        cr_assert_float_eq(of_wrong[i].high, 0.096, 0.001, "%zu: %f", i, of_wrong[i].high);
    }
    cx_measure_free(&right);
    cx_measure_free(&wrong);
}

Test(learn, the_interval_of_a_calibration_error_is_about_the_error)
{
    struct cx_measure measure;
    struct cx_figures figures;
    struct cx_intervals intervals;
    cx_measure_init(&measure, CX_HEAD_ONE_OF, 2, 59);
    double upto = 0;
    for (size_t i = 0; i < 59; i++) { /* from 0.2 on, and as often right as it says */
        double score = 0.2 + 0.8 * (double)i / 59;
        measure.scores[2 * i] = (float)score;
        measure.truth[i] = floor(upto + score) > floor(upto) ? 0 : 1;
        upto += score;
    }
    cx_measure_figures(&measure, NULL, 59, &figures);
    cx_measure_intervals(&measure, NULL, 59, &intervals);
    cr_assert(0 <= intervals.ece.low && intervals.ece.low < figures.ece && figures.ece < intervals.ece.high, "%f is not within %f and %f",
              figures.ece, intervals.ece.low, intervals.ece.high);
    cx_measure_free(&measure);
}

/* Labels that nothing in the texts tells, so that many are told by a hair. */
static struct cx_str undecided_texts(struct cx_arena *arena)
{
    static const char *const words[] = {
        "parcel", "invoice", "shoe", "phone", "coat", "lamp", "late", "refund", "please", "where", "again", "never"
    };
    struct cx_random random = { 7 };
    struct cx_buf texts;
    cx_buf_init(&texts, 1u << 20);
    for (int i = 0; i < 2000; i++) {
        cx_buf_str(&texts, cx_random_below(&random, 2) == 0 ? CX_STR("one\t") : CX_STR("two\t"));
        for (int w = 0; w < 6; w++)
            cx_buf_format(&texts, "%s ", words[cx_random_below(&random, 12)]);
        cx_buf_byte(&texts, '\n');
    }
    struct cx_str copy = cx_arena_copy(arena, cx_buf_view(&texts));
    cx_buf_free(&texts);
    return copy;
}

static void open_undecided(struct cx_learn_task *task, struct cx_arena *arena)
{
    struct cx_error err;
    struct cx_text_source source = { .path = CX_STR("labels.tsv"), .content = undecided_texts(arena), .weight = 1 };
    cx_learn_task_init(task, CX_STR("wish"));
    cr_assert_eq(cx_learn_task_read(task, arena, &source, &err), 0, "%s", err.text);
    cx_learn_task_close(task);
}

/* What the weights say of the texts that they were fitted to. */
static void judge_by_weights(const struct cx_build_head *head, struct cx_measure *measure)
{
    cx_measure_init(measure, head->task->plan->kind, head->task->label_count, head->task->count);
    for (size_t i = 0; i < head->task->count; i++)
        cx_weights_logits(&head->weights, &head->task->examples[i], measure->scores + i * measure->labels);
    cx_choose(measure, &head->packed);
}

Test(learn, what_int8_costs_is_told_of_the_model_as_it_is_packed)
{
    static struct cx_build build;
    struct cx_arena *arena = cx_arena_new(1u << 30);
    struct cx_learn_task task, again;
    struct cx_measure by_weights, by_model;
    struct cx_model model;
    struct cx_buf image;
    open_undecided(&task, arena);
    open_undecided(&again, arena);
    struct cx_head_plan plan = *task.plan;
    plan.epochs = 1;
    plan.folds = false;
    task.plan = &plan;
    build_of(&build, &task, arena);
    image = read_packed(&build, arena, &model);
    judge_by_weights(&build.heads[0], &by_weights);
    cx_judge(&model, &model.heads[0], &again, &by_model);
    size_t otherwise = 0;
    for (size_t i = 0; i < again.count; i++)
        otherwise += by_weights.said[i] != by_model.said[i];
    cr_assert_eq(build.heads[0].rounding.texts, again.count);
    cr_assert_gt(otherwise, 0, "the texts are to be told by a hair");
    cr_assert_eq(build.heads[0].rounding.said_otherwise, otherwise, "%zu are told otherwise, not %zu", otherwise,
                 build.heads[0].rounding.said_otherwise);
    cx_measure_free(&by_weights);
    cx_measure_free(&by_model);
    cx_buf_free(&image);
    cx_build_free(&build);
    cx_learn_task_free(&task);
    cx_learn_task_free(&again);
    cx_arena_free(arena);
}

/* ---- the plain model ---- */

#define WRONG       "negative\tgood\npositive\tbad\n"
#define OFTEN(text) text text text text text text text text text text text text text text text text

static const struct {
    const char *path, *content;
} plain_files[] = {
    { "recipe", "head\tset\tlanguage\ttrain\tdev\treader\tweight\tbalance\tmap\topen\tlicence\tbase\tpublished\ttaught\n"
                "sentiment\ta\ten\ttrain\tdev\tlabels\t1\t-\t-\tyes\tours\t-\t-\ttaught\n"
                "sentiment\tb\ten\tphrases\t-\tphrases:sentiment\t9\t-\t-\tyes\tours\t-\t-\t-\n"
                "urgency\tc\ten\t-\tuntrained\tlabels\t1\t-\t-\tyes\tours\t-\t-\t-\n" },
    { "train", "positive\tgood\npositive\tgood shop\nnegative\tbad\nnegative\tbad shop\n" },
    { "dev", "positive\tgood day\nnegative\tbad day\nnegative\tbad shop\n" },
    { "phrases", "sentiment\ttext\n" OFTEN(WRONG) },
    { "untrained", "high\tgood\n" },
    { "taught", "# nobody\n4\tnegative=99\n9\tnegative=99\n3\tpositive=99\n8\tpositive=99\n" },
};

static int read_plain_file(struct cx_arena *arena, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    (void)arena;
    for (size_t i = 0; i < sizeof plain_files / sizeof *plain_files; i++)
        if (cx_str_is(path, plain_files[i].path) || cx_str_eq(cx_str_skip(path, 2), cx_str(plain_files[i].path))) {
            *content = cx_str(plain_files[i].content);
            return 0;
        }
    return cx_fail(err, CX_EXIT_DATA, "%.*s: no such file", CX_STR_ARG(path));
}

Test(learn, the_plain_model_learns_labels_and_neither_phrases_nor_what_was_taught)
{
    struct cx_arena *arena = cx_arena_new((size_t)1 << 30);
    static struct plain plain;
    struct cx_recipe recipe;
    struct cx_figures figures;
    struct cx_error err = { CX_EXIT_BUG, "" };
    cr_assert_eq(cx_recipe_read(&recipe, arena, CX_STR("recipe"), CX_STR("d"), read_plain_file, &err), 0, "%s", err.text);
    cr_assert_eq(plain_learn(&plain, &recipe, CX_STR("sentiment"), PLAIN_ALL, read_plain_file, &err), 0, "%s", err.text);
    cr_assert(plain_figures(&plain, 0, &figures));
    cr_assert_eq(figures.accuracy, 1);
    cr_assert_not(plain_figures(&plain, 1, &figures), "a set without dev texts has figures");
    plain_free(&plain);
    cr_assert_eq(plain_learn(&plain, &recipe, CX_STR("sentiment"), 1, read_plain_file, &err), 0, "%s", err.text);
    cr_assert_eq(plain.task.count, 0, "of the row of phrases alone");
    plain_free(&plain);
    cr_assert_eq(plain_learn(&plain, &recipe, CX_STR("urgency"), PLAIN_ALL, read_plain_file, &err), 0, "%s", err.text);
    cr_assert_not(plain_figures(&plain, 2, &figures), "a head that learned nothing has figures");
    plain_free(&plain);
    cx_arena_free(arena);
}
