/* Features and models: against a naive reference, on both kernels, and against broken images. */
#include "base/buf.h"
#include "text/model.h"
#include "text/scores.h"
#include <criterion/criterion.h>
#include <math.h>

static struct cx_arena *arena;
static void start(void)
{
    arena = cx_arena_new(1u << 28);
}
static void end(void)
{
    cx_arena_free(arena);
    cx_model_use_kernel(CX_KERNEL_AVX2);
}
TestSuite(model, .init = start, .fini = end);

static struct cx_features features_of(enum cx_feature_kind kind, const char *text, bool with_spans)
{
    struct cx_folded *folded = CX_NEW(arena, struct cx_folded);
    *folded = cx_text_fold(arena, cx_str(text), CX_FOLD_SEARCH);
    struct cx_features features = cx_text_features(arena, kind, folded, cx_str(text), with_spans);
    return features;
}

static size_t shared(struct cx_features a, struct cx_features b)
{
    size_t n = 0;
    for (size_t i = 0; i < a.count; i++)
        for (size_t k = 0; k < b.count; k++)
            if (a.hashes[i] == b.hashes[k]) {
                n++;
                break;
            }
    return n;
}

static bool are_equal(struct cx_features a, struct cx_features b)
{
    return a.count == b.count && memcmp(a.hashes, b.hashes, a.count * sizeof *a.hashes) == 0;
}

Test(model, letters_case_and_accents_make_no_other_words)
{
    cr_assert(are_equal(features_of(CX_FEATURES_WORDS, "ÇOK KÖTÜ HİZMET", false), features_of(CX_FEATURES_WORDS, "cok kotu hizmet", false)));
    cr_assert(are_equal(features_of(CX_FEATURES_WORDS, "ёлка", false), features_of(CX_FEATURES_WORDS, "елка", false)));
    cr_assert(are_equal(features_of(CX_FEATURES_WORDS, "order 123", false), features_of(CX_FEATURES_WORDS, "order 987", false)));
}

Test(model, letters_tell_languages_by_their_marks)
{
    cr_assert_not(are_equal(features_of(CX_FEATURES_LETTERS, "çok", false), features_of(CX_FEATURES_LETTERS, "cok", false)));
    cr_assert(are_equal(features_of(CX_FEATURES_LETTERS, "GRÜSSE", false), features_of(CX_FEATURES_LETTERS, "grüsse", false)));
    cr_assert_eq(features_of(CX_FEATURES_LETTERS, "@someone https://a.example/b #tag 123 😀", false).count, 0);
}

Test(model, digits_that_stand_for_letters_tell_words_apart)
{
    cr_assert_not(are_equal(features_of(CX_FEATURES_WORDS, "3ayez", false), features_of(CX_FEATURES_WORDS, "7ayez", false)));
    cr_assert(are_equal(features_of(CX_FEATURES_WORDS, "25tl 7", false), features_of(CX_FEATURES_WORDS, "99tl 3", false)));
    cr_assert_gt(features_of(CX_FEATURES_LETTERS, "3ayez", false).count, features_of(CX_FEATURES_LETTERS, "ayez", false).count);
}

Test(model, letters_are_read_through_references_and_look_alikes)
{
    cr_assert(are_equal(features_of(CX_FEATURES_LETTERS, "рaypal", false), features_of(CX_FEATURES_LETTERS, "paypal", false)));
    cr_assert(are_equal(features_of(CX_FEATURES_LETTERS, "дeньги", false), features_of(CX_FEATURES_LETTERS, "деньги", false)));
    cr_assert(are_equal(features_of(CX_FEATURES_LETTERS, "ca&#102;e", false), features_of(CX_FEATURES_LETTERS, "cafe", false)));
}

Test(model, an_emoji_has_its_class_in_common_with_its_like)
{
    struct cx_features love = features_of(CX_FEATURES_WORDS, "😍", false), heart = features_of(CX_FEATURES_WORDS, "❤️", false),
                       anger = features_of(CX_FEATURES_WORDS, "😡", false);
    cr_assert_eq(shared(love, heart), 1);
    cr_assert_eq(shared(love, anger), 0);
}

Test(model, texts_in_cyrillic_and_arabic_letters_have_their_script_in_common)
{
    struct cx_features word = features_of(CX_FEATURES_WORDS, "банк", true), other = features_of(CX_FEATURES_WORDS, "ужель ok", true),
                       arabic = features_of(CX_FEATURES_WORDS, "شكرا", true);
    cr_assert_eq(shared(word, other), 1);
    cr_assert_eq(shared(word, arabic), 0);
    cr_assert_eq(shared(arabic, features_of(CX_FEATURES_WORDS, "نعم", true)), 1);
    cr_assert_eq(shared(features_of(CX_FEATURES_WORDS, "bank", true), features_of(CX_FEATURES_WORDS, "hi", true)), 0);
    cr_assert_eq(shared(word, features_of(CX_FEATURES_WORDS, "most is latin да", true)), 0);
}

Test(model, a_tag_is_also_its_words)
{
    struct cx_features words = features_of(CX_FEATURES_WORDS, "service", false);
    cr_assert_gt(shared(words, features_of(CX_FEATURES_WORDS, "#BadService", false)),
                 shared(words, features_of(CX_FEATURES_WORDS, "#badservic", false)));
    cr_assert_eq(shared(words, features_of(CX_FEATURES_WORDS, "#bad_service", false)),
                 shared(words, features_of(CX_FEATURES_WORDS, "#BadService", false)));
}

Test(model, spans_are_bytes_of_the_folded_text_and_change_nothing)
{
    const char *text = "Paramı geri istiyorum!! @firma #ÇokKötü 😡";
    struct cx_folded folded = cx_text_fold(arena, cx_str(text), CX_FOLD_SEARCH);
    for (int kind = 0; kind < CX_FEATURE_KINDS; kind++) {
        struct cx_features with = features_of((enum cx_feature_kind)kind, text, true);
        cr_assert(are_equal(with, features_of((enum cx_feature_kind)kind, text, false)));
        for (size_t i = 0; i < with.count; i++)
            cr_assert(with.spans[i].start <= with.spans[i].end && with.spans[i].end <= folded.text.len);
    }
}

/* Texts of any kind of letters, broken anywhere: short words and long ones, doubled letters, digits, capitals, at the very end of a buffer. */
Test(model, features_are_the_same_on_every_kernel_with_spans_and_without)
{
    static const char all[] =
        "Hello WORLD foo123 4567 aaab bookkeeper x I'm supercalifragilistic HttpWww #GoodDay_2x @me https://a.b/c "
        "3ayez 7 2x4y a1 12a &amp; caf&eacute; ab&#102; ca&#102;e рaypal c0de "
        "Çok TEŞEKKÜRLER ederiiiim ığüşöç Самолёт ЁЛКА ъ ок مرحبا بِكُم شركة 你好 e\xcc\x81t\xc3\xa9 😀😡 ﬁn ß ABCDEFGH ABCDEFGHI zz Zz";
    for (size_t from = 0; from < sizeof all - 1; from++)
        for (size_t len = 1; from + len < sizeof all; len += 1 + len / 9) {
            struct cx_str text = cx_str_n(all + from, len);
            if (!cx_utf8_valid(text))
                continue;
            cx_arena_reset(arena);
            struct cx_folded folded = cx_text_fold(arena, text, CX_FOLD_SEARCH);
            char *exact = memcpy(malloc(len), text.ptr, len); /* so that sanitizers see a byte too far */
            for (int kind = 0; kind < CX_FEATURE_KINDS; kind++) {
                struct cx_features seen[2][2];
                for (int kernel = CX_KERNEL_PORTABLE; kernel <= CX_KERNEL_AVX2; kernel++)
                    for (int spans = 0; spans < 2; spans++) {
                        cx_model_use_kernel((enum cx_kernel)kernel);
                        seen[kernel][spans] = cx_text_features(arena, (enum cx_feature_kind)kind, &folded, cx_str_n(exact, len), spans);
                        cr_assert(are_equal(seen[0][0], seen[kernel][spans]), "%.*s", CX_STR_ARG(text));
                    }
            }
            free(exact);
        }
}

Test(model, of_a_long_text_only_the_first_words_are_looked_at)
{
    char *text = malloc(100000);
    for (size_t i = 0; i < 100000; i++)
        text[i] = i % 7 == 6 ? ' ' : (char)('a' + (i * i + i / 7) % 26);
    struct cx_folded folded = cx_text_fold(arena, cx_str_n(text, 100000), CX_FOLD_SEARCH);
    for (int spans = 0; spans < 2; spans++) {
        cr_assert_eq(cx_text_features(arena, CX_FEATURES_WORDS, &folded, cx_str_n(text, 100000), spans).word_count, CX_FEATURES_WORDS_MAX);
        cr_assert_eq(cx_text_features(arena, CX_FEATURES_LETTERS, &folded, cx_str_n(text, 100000), spans).word_count, CX_FEATURES_LETTERS_MAX);
    }
    free(text);
}

/* ---- models ---- */

#define BUCKETS 40
struct image {
    struct cx_buf bytes;
    bool is_of_lines;
    uint16_t tags[BUCKETS * CX_MODEL_BUCKET];
    struct cx_model_line lines[BUCKETS];
    int8_t rows[BUCKETS * CX_MODEL_LINE * 96];
    uint32_t width, row_count;
};

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static bool put_tag(uint16_t *tags, int places, uint16_t tag)
{
    for (int p = 0; p < places; p++)
        if (tags[p] == 0 || tags[p] == tag) {
            tags[p] = tag;
            return true;
        }
    return false;
}

static void put_feature(struct image *image, uint32_t feature)
{
    uint32_t bucket = cx_model_bucket(feature, BUCKETS);
    put_tag(image->tags + bucket * CX_MODEL_BUCKET, CX_MODEL_BUCKET, cx_model_tag(feature));
    put_tag(image->lines[bucket].tags, CX_MODEL_LINE, cx_model_tag(feature));
}

/* Random rows and columns for the features of a text and the wholes of every second word, as many of them as fit; in lines two of three places have a
 * row. */
static void fill_image(struct image *image, struct cx_features known, bool is_of_lines, uint32_t width, uint64_t seed)
{
    memset(image, 0, sizeof *image);
    image->is_of_lines = is_of_lines;
    image->width = width;
    for (size_t w = 0; w < known.word_count; w += 2)
        put_feature(image, known.words[w].whole);
    for (size_t i = 0; i < known.count; i++)
        put_feature(image, known.hashes[i]);
    image->row_count = is_of_lines ? 0 : BUCKETS * CX_MODEL_BUCKET;
    for (size_t b = 0; b < BUCKETS && is_of_lines; b++) {
        image->lines[b].wide = image->row_count << CX_MODEL_LINE;
        for (int p = 0; p < CX_MODEL_LINE; p++) {
            bool has_row = next(&seed) % 3 != 0;
            for (int c = 0; c < CX_MODEL_NARROW; c++)
                image->lines[b].narrow[p][c] = (int8_t)(next(&seed) % 255 - 127);
            image->lines[b].wide |= (uint32_t)has_row << p;
            image->row_count += has_row;
        }
    }
    for (size_t i = 0; i < (size_t)image->row_count * width; i++)
        image->rows[i] = (int8_t)(next(&seed) % 255 - 127);
}

static struct cx_str finish_image(struct image *image, struct cx_str header)
{
    cx_buf_init(&image->bytes, 1 << 20);
    cx_buf_format(&image->bytes, "cx model 3\n%zu\n", header.len);
    cx_buf_str(&image->bytes, header);
    while (image->bytes.len % 64 != 0)
        cx_buf_byte(&image->bytes, '\0');
    if (image->is_of_lines)
        cx_buf_add(&image->bytes, image->lines, sizeof image->lines);
    else
        cx_buf_add(&image->bytes, image->tags, sizeof image->tags);
    cx_buf_add(&image->bytes, image->rows, (size_t)image->row_count * image->width);
    return cx_buf_view(&image->bytes);
}

/* A head of three labels, and one of two in the last columns. In lines the first one's columns stand on both sides of where rows start. */
static uint32_t mood_column(bool is_of_lines, uint32_t width)
{
    return is_of_lines && width > 0 ? CX_MODEL_NARROW - 2 : 0;
}

static struct cx_str make(struct image *image, struct cx_features known, bool is_of_lines, uint32_t width, uint64_t seed)
{
    struct cx_buf header;
    fill_image(image, known, is_of_lines, width, seed);
    cx_buf_init(&header, 1 << 16);
    cx_buf_format(&header,
                  "{\"version\":\"t@1\",\"base\":null,\"card\":{\"name\":\"t\"},"
                  "\"tables\":[{\"features\":\"words\",\"of\":\"%s\",\"buckets\":%d,\"rows\":%u,\"row_bytes\":%u}],\"heads\":["
                  "{\"name\":\"mood\",\"kind\":\"one_of\",\"table\":0,\"column\":%u,\"labels\":[\"bad\",\"so\",\"good\"],\"scale\":[0.01,0.02,0.03],"
                  "\"bias\":[0.5,0,-0.5],\"threshold\":[1,1,1],\"at_least\":0.4},"
                  "{\"name\":\"wishes\",\"kind\":\"any_of\",\"table\":0,\"column\":%u,\"labels\":[\"a\",\"b\"],\"scale\":[0.05,0.04],"
                  "\"bias\":[0,0],\"threshold\":[0.5,0.5],\"at_least\":0}]}",
                  is_of_lines ? "lines" : "tags", BUCKETS, image->row_count, width, mood_column(is_of_lines, width),
                  width + (is_of_lines ? CX_MODEL_NARROW : 0) - 2);
    struct cx_str bytes = finish_image(image, cx_buf_view(&header));
    cx_buf_free(&header);
    return bytes;
}

static struct cx_str make_image(struct image *image, struct cx_features known, uint32_t width, uint64_t seed)
{
    return make(image, known, false, width, seed);
}

/* What a feature weighs, read off the definition in model.h. */
static long weight_of(const struct image *image, uint32_t feature, uint32_t column)
{
    uint32_t bucket = (uint32_t)((uint64_t)feature * BUCKETS >> 32), tag = (feature & 0xffff) ? (feature & 0xffff) : 1;
    const struct cx_model_line *line = &image->lines[bucket];
    if (!image->is_of_lines) {
        for (uint32_t place = bucket * CX_MODEL_BUCKET; place < (bucket + 1) * CX_MODEL_BUCKET; place++)
            if (image->tags[place] == tag)
                return image->rows[place * image->width + column];
        return 0;
    }
    for (uint32_t place = 0, row = line->wide >> 10; place < CX_MODEL_LINE; row += line->wide >> place & 1, place++) {
        if (line->tags[place] != tag)
            continue;
        if (column < CX_MODEL_NARROW)
            return line->narrow[place][column];
        return line->wide >> place & 1 ? image->rows[row * image->width + column - CX_MODEL_NARROW] : 0;
    }
    return 0;
}

static bool is_in(const struct image *image, uint32_t feature)
{
    uint32_t bucket = (uint32_t)((uint64_t)feature * BUCKETS >> 32), tag = (feature & 0xffff) ? (feature & 0xffff) : 1;
    const uint16_t *tags = image->is_of_lines ? image->lines[bucket].tags : &image->tags[bucket * CX_MODEL_BUCKET];
    for (uint32_t place = 0; place < (image->is_of_lines ? CX_MODEL_LINE : CX_MODEL_BUCKET); place++)
        if (tags[place] == tag)
            return true;
    return false;
}

static double expected(const struct image *image, struct cx_features features, uint32_t column, double scale, double bias)
{
    long sum = 0;
    size_t i = 0;
    for (size_t w = 0; w < features.word_count; i = features.words[w++].end) {
        bool is_whole = is_in(image, features.words[w].whole);
        if (is_whole)
            sum += weight_of(image, features.words[w].whole, column);
        for (size_t k = i; k < features.words[w].end && !is_whole; k++)
            sum += weight_of(image, features.hashes[k], column);
    }
    for (; i < features.count; i++)
        sum += weight_of(image, features.hashes[i], column);
    return bias + scale * (double)sum / sqrt((double)features.count);
}

static const char long_text[] = "The parcel never came, nobody answers the phone and I want my money back: this is the third time it happens to me. ";

Test(model, logits_are_what_their_definition_says_on_every_kernel_and_width)
{
    static struct image image;
    char text[sizeof long_text * 8] = "";
    for (int repeat = 0; repeat < 8; repeat++)
        memcpy(text + (size_t)repeat * (sizeof long_text - 1), long_text, sizeof long_text);
    const char *texts[] = { "x", "The parcel never came", long_text, text };
    static const struct {
        bool is_of_lines;
        uint32_t width;
    } makes[] = { { false, 32 }, { false, 64 }, { false, 96 }, { true, 0 }, { true, 32 }, { true, 64 }, { true, 96 } };
    for (size_t m = 0; m < sizeof makes / sizeof *makes; m++)
        for (size_t t = 0; t < 4; t++) {
            struct cx_features features = features_of(CX_FEATURES_WORDS, texts[t], false);
            bool is_of_lines = makes[m].is_of_lines;
            uint32_t width = makes[m].width, mood = mood_column(is_of_lines, width);
            struct cx_model model;
            struct cx_error err;
            float logits[2][5];
            struct cx_str bytes = make(&image, features_of(CX_FEATURES_WORDS, long_text, false), is_of_lines, width, t + width);
            cr_assert_eq(cx_model_read(arena, bytes, &model, &err), 0, "%s", err.text);
            cx_model_use_kernel(CX_KERNEL_PORTABLE);
            cx_model_logits(&model, CX_FEATURES_WORDS, &features, logits[0]);
            if (cx_model_use_kernel(CX_KERNEL_AVX2)) {
                cx_model_logits(&model, CX_FEATURES_WORDS, &features, logits[1]);
                cr_assert_eq(memcmp(logits[0], logits[1], sizeof logits[0]), 0);
            }
            for (uint32_t c = 0; c < 3; c++)
                cr_assert_float_eq(logits[0][c], expected(&image, features, mood + c, 0.01 * (c + 1), 0.5 - 0.5 * c), 1e-3);
            cr_assert_float_eq(logits[0][3], expected(&image, features, model.tables[0].columns - 2, 0.05, 0), 1e-3);
            cx_buf_free(&image.bytes);
        }
}

Test(model, weights_of_features_add_up_to_the_logit)
{
    static struct image image;
    struct cx_features features = features_of(CX_FEATURES_WORDS, long_text, false);
    cr_assert_lt(features.count, 2048);
    for (int is_of_lines = 0; is_of_lines < 2; is_of_lines++) {
        struct cx_model model;
        struct cx_error err;
        cr_assert_eq(cx_model_read(arena, make(&image, features, is_of_lines, 64, 7), &model, &err), 0);
        float logits[5], weights[2048];
        cx_model_logits(&model, CX_FEATURES_WORDS, &features, logits);
        const struct cx_head *mood = cx_model_head(&model, CX_STR("mood"));
        for (uint32_t label = 0; label < 3; label++) {
            float sum = 0;
            cx_model_weigh(&model, mood, label, &features, weights);
            for (size_t i = 0; i < features.count; i++)
                sum += weights[i];
            cr_assert_float_eq(sum + mood->bias[label], logits[label], 1e-3);
        }
        cx_buf_free(&image.bytes);
    }
}

Test(model, scores_are_the_same_bits_on_every_kernel)
{
    struct cx_head one = { .kind = CX_HEAD_ONE_OF }, any = { .kind = CX_HEAD_ANY_OF };
    uint64_t seed = 5;
    for (uint32_t labels = 1; labels <= 40; labels++)
        for (int round = 0; round < 200; round++) {
            float values[2][2][48];
            one.label_count = any.label_count = labels;
            for (uint32_t i = 0; i < labels; i++)
                values[0][0][i] = (float)(next(&seed) % 200000) / (round % 2 ? 500.0f : 20000.0f) - 5;
            values[0][0][labels] = 7; /* what stands behind is left alone */
            memcpy(values[0][1], values[0][0], sizeof values[0][0]);
            memcpy(values[1], values[0], sizeof values[0]);
            for (int kernel = CX_KERNEL_PORTABLE; kernel <= CX_KERNEL_AVX2; kernel++) {
                cx_model_use_kernel((enum cx_kernel)kernel);
                cx_head_scores(&one, values[kernel][0]);
                cx_head_scores(&any, values[kernel][1]);
                cr_assert_eq(values[kernel][0][labels], 7);
                for (int kind = 0; kind < 2; kind++)
                    cr_assert_eq(memcmp(values[kernel][kind], values[0][kind], labels * sizeof(float)), 0);
            }
        }
}

Test(model, scores_of_many_heads_at_once_are_those_of_each)
{
    enum { HEADS = 6, SCORES = 2 + 1 + 9 + 3 + 17 + 4 };
    static const uint32_t labels[HEADS] = { 2, 1, 9, 3, 17, 4 };
    struct cx_head heads[HEADS];
    struct cx_model model = { .heads = heads, .head_count = HEADS, .score_count = SCORES };
    uint64_t seed = 11;
    for (uint32_t h = 0, first = 0; h < HEADS; first += labels[h++])
        heads[h] =
            (struct cx_head){ .kind = h % 2 ? CX_HEAD_ANY_OF : CX_HEAD_ONE_OF, .first = first, .label_count = labels[h], .lift = h == 3 ? 0.6f : 0 };
    for (int round = 0; round < 300; round++)
        for (int kernel = CX_KERNEL_PORTABLE; kernel <= CX_KERNEL_AVX2; kernel++) {
            float together[SCORES + 1], apart[SCORES + 1];
            uint64_t own = seed;
            for (size_t i = 0; i < SCORES; i++) /* in every third round some are far from 0 */
                together[i] = (float)(next(&own) % 20000) / 1000.0f - 10 + (round % 3 == 0 && i % 7 == 3 ? 500.0f : 0);
            together[SCORES] = 7;
            memcpy(apart, together, sizeof apart);
            cx_model_use_kernel((enum cx_kernel)kernel);
            cx_model_scores(&model, together);
            for (uint32_t h = 0; h < HEADS; h++)
                cx_head_scores(&heads[h], apart + heads[h].first);
            cr_assert_arr_eq(together, apart, sizeof apart);
            if (kernel == CX_KERNEL_AVX2)
                seed = own;
        }
}

Test(model, a_lift_moves_where_half_is_and_nothing_far_from_it)
{
    const float lift = 0.6f;
    struct cx_head as_it_is = { .kind = CX_HEAD_ANY_OF, .label_count = 1 }, lifted = as_it_is;
    lifted.lift = lift;
    float last = -3;
    cx_head_scores(&lifted, &last);
    for (float logit = -3; logit < 3; logit += 0.01f) {
        float plain = logit, score = logit, at_half = -lift + (logit < -lift ? -1e-4f : 1e-4f);
        cx_head_scores(&as_it_is, &plain);
        cx_head_scores(&lifted, &score);
        cx_head_scores(&lifted, &at_half);
        cr_assert_geq(score, last, "scores keep their order");
        cr_assert_lt(score - last, 0.01, "and have no gaps");
        cr_assert_eq(score >= 0.5f, logit >= -lift);
        cr_assert_eq(at_half >= 0.5f, logit >= -lift);
        cr_assert_eq(score == plain, logit <= -2 * lift || logit >= lift);
        last = score;
    }
}

Test(model, a_lift_is_read_and_one_that_makes_no_sense_refused)
{
    static const struct {
        const char *text;
        bool is_read;
        float lift;
    } lifts[] = { { "0.6}", true, 0.6f }, { "0}", true, 0 },   { "4}", true, 4 }, { "-0.1}", false },
                  { "4.1}", false },      { "\"x\"}", false }, { "null}", false } };
    for (size_t i = 0; i < sizeof lifts / sizeof *lifts; i++) {
        static struct image image;
        struct cx_model model;
        struct cx_error err;
        fill_image(&image, features_of(CX_FEATURES_WORDS, long_text, false), false, 32, 1);
        struct cx_str header = cx_arena_format(
            arena,
            "{\"version\":\"t@1\",\"tables\":[{\"features\":\"words\",\"of\":\"tags\",\"buckets\":%d,\"rows\":%u,\"row_bytes\":32}],\"heads\":["
            "{\"name\":\"rude\",\"kind\":\"any_of\",\"table\":0,\"column\":0,\"labels\":[\"rude\"],\"scale\":[1],\"bias\":[0],\"threshold\":[0.5],"
            "\"at_least\":0,\"lift\":%s]}",
            BUCKETS, image.row_count, lifts[i].text);
        bool is_read = cx_model_read(arena, finish_image(&image, header), &model, &err) == 0;
        cr_assert_eq(is_read, lifts[i].is_read, "%s", lifts[i].text);
        cr_assert(!is_read || model.heads[0].lift == lifts[i].lift);
        cx_buf_free(&image.bytes);
        char *kind = strstr((char *)header.ptr, "any_of");
        memcpy(kind, "one_of", 6);
        cr_assert_eq(cx_model_read(arena, finish_image(&image, header), &model, &err), -1, "one label of several has none");
        cx_buf_free(&image.bytes);
    }
}

/* Texts of which some words stand in the table as a whole, some by their features and some not at all. */
static const char *const texts_of_all_kinds[] = {
    "",
    "x",
    "!",
    "Hello WORLD foo123 4567 aaab bookkeeper x I'm supercalifragilisticexpialidocious",
    "#GoodDay_2x @me https://a.b/c 3ayez 7 2x4y a1 12a &amp; caf&eacute; ca&#102;e рaypal c0de #Bad_Service 12345678901234567890 a1b2c3d4e5f6",
    "Çok TEŞEKKÜRLER ederiiiim ığüşöç Самолёт ЁЛКА ъ ок مرحبا بِكُم شركة",
    "step ⒜ ㈜삼성 ℅ ㏂ ﷺ groß GROß ÉTÉ été ÀÞ àþ Ё ё",
    "你好 e\xcc\x81t\xc3\xa9 😀😡 ❤️ ﬁn ß ABCDEFGH ABCDEFGHI zz Zz "
    "℀ "
    "½",
    "достопримечательностями непревзойдённейшими и так далее, электрофотополупроводниковый",
    "The parcel never came, nobody answers the phone and I want my money back: this is the third time it happens to me. ",
};
#define TEXTS_OF_ALL_KINDS (sizeof texts_of_all_kinds / sizeof *texts_of_all_kinds)

Test(model, a_text_is_scored_as_the_list_of_its_features_is_on_every_kernel)
{
    static struct image image;
    for (size_t known = 0; known < TEXTS_OF_ALL_KINDS; known++)
        for (int make_of = 0; make_of < 3; make_of++) {
            bool is_of_lines = make_of == 1, is_letters = make_of == 2;
            enum cx_feature_kind kind = is_letters ? CX_FEATURES_LETTERS : CX_FEATURES_WORDS;
            struct cx_model model;
            struct cx_error err;
            struct cx_str bytes = make(&image, features_of(kind, texts_of_all_kinds[known], false), is_of_lines, 64, known);
            cr_assert_eq(cx_model_read(arena, bytes, &model, &err), 0, "%s", err.text);
            model.tables[0].features = kind;
            for (size_t t = 0; t < TEXTS_OF_ALL_KINDS; t++) {
                struct cx_str text = cx_str(texts_of_all_kinds[t]);
                struct cx_folded folded = cx_text_fold(arena, text, CX_FOLD_SEARCH);
                struct cx_features list = features_of(kind, texts_of_all_kinds[t], false);
                float of_list[2][5], of_text[2][5];
                for (int kernel = CX_KERNEL_PORTABLE; kernel <= CX_KERNEL_AVX2; kernel++) {
                    cx_model_use_kernel((enum cx_kernel)kernel);
                    cx_model_logits(&model, kind, &list, of_list[kernel]);
                    size_t counts[CX_FEATURE_KINDS];
                    cx_model_read_text(&model, arena, CX_MODEL_ALL_KINDS, &folded, text, of_text[kernel], counts);
                    cr_assert(is_letters ? counts[kind] <= cx_features_total(&list) : counts[kind] == list.count, "%s", text.ptr);
                    cr_assert_arr_eq(of_text[kernel], of_list[0], sizeof of_list[0], "%s", text.ptr);
                    cr_assert_arr_eq(of_list[kernel], of_list[0], sizeof of_list[0], "%s", text.ptr);
                }
                size_t counts[CX_FEATURE_KINDS];
                float others[5] = { 1, 2, 3, 4, 5 };
                cx_model_read_text(&model, arena, 1u << (is_letters ? CX_FEATURES_WORDS : CX_FEATURES_LETTERS), &folded, text, others, counts);
                cr_assert(counts[kind] == 0 && others[0] == 1 && others[4] == 5, "of a kind that is not asked for nothing is read");
                if (!is_letters && list.count > 0)
                    cr_assert_float_eq(of_list[0][0], expected(&image, list, mood_column(is_of_lines, 64), 0.01, 0.5), 1e-3);
            }
            cx_buf_free(&image.bytes);
        }
}

Test(model, letters_are_read_until_they_decide)
{
    static struct image image;
    struct cx_features all = features_of(CX_FEATURES_LETTERS, long_text, false), first = all;
    struct cx_folded folded = cx_text_fold(arena, cx_str(long_text), CX_FOLD_SEARCH);
    struct cx_model model;
    struct cx_error err;
    cr_assert_eq(cx_model_read(arena, make_image(&image, all, 32, 1), &model, &err), 0);
    model.tables[0].features = CX_FEATURES_LETTERS;
    struct cx_head *heads = (struct cx_head *)model.heads;
    struct cx_model_run *runs = (struct cx_model_run *)model.runs;
    model.head_count = model.run_count = 1; /* mood */
    runs[0].count = heads[0].label_count;
    cr_assert_gt(all.word_count, 3 * CX_MODEL_LETTERS_STEP);
    first.word_count = CX_MODEL_LETTERS_STEP;
    first.count = all.words[CX_MODEL_LETTERS_STEP - 1].end;
    for (int is_decided = 0; is_decided < 2; is_decided++) {
        float of_all[5], of_first[5], of_text[5];
        heads[0].bias = (float[]){ 0, 0, is_decided ? 1000 : 0, 0, 0, 0, 0, 0, 0, 0, 0 };
        heads[0].scale = (float[]){ 1e-5f, 2e-5f, 3e-5f, 0, 0, 0, 0, 0, 0, 0, 0 };
        runs[0].bias = heads[0].bias;
        runs[0].scale = heads[0].scale;
        cx_model_logits(&model, CX_FEATURES_LETTERS, &all, of_all);
        cx_model_logits(&model, CX_FEATURES_LETTERS, &first, of_first);
        size_t counts[CX_FEATURE_KINDS];
        cx_model_read_text(&model, arena, CX_MODEL_ALL_KINDS, &folded, cx_str(long_text), of_text, counts);
        cr_assert_eq(memcmp(of_all, of_first, 3 * sizeof *of_all) == 0, is_decided);
        cr_assert_eq(memcmp(of_all, of_text, 3 * sizeof *of_all), 0);
        cr_assert_eq(counts[CX_FEATURES_LETTERS], is_decided ? cx_features_total(&first) : cx_features_total(&all));
    }
    cx_buf_free(&image.bytes);
}

/* Of letters a word's whole is told by how it was written: by its bytes, but for capitals; where one character stands for several words, by letters.
 */
Test(model, wholes_of_letters_are_those_of_words_as_they_are_written)
{
    static const struct {
        const char *left, *right;
        bool is_same;
    } pairs[] = {
        { "été", "ÉTÉ", true },    { "привет", "ПРИВЕТ", true }, { "ярость", "Ярость", true }, { "hello", "HeLLo", true },
        { "groß", "groÿ", false }, { "été", "ete", false },      { "всё", "все", false },      { "ж", "і", false },
        { "dağ", "daş", false },   { "⒜ x", "㈜ x", false },     { "⒜ x", "⒝ x", false },      { "м", "м", true },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct cx_features left = features_of(CX_FEATURES_LETTERS, pairs[i].left, false),
                           right = features_of(CX_FEATURES_LETTERS, pairs[i].right, false);
        cr_assert_gt(left.word_count, 0, "%s", pairs[i].left);
        cr_assert_gt(right.word_count, 0, "%s", pairs[i].right);
        cr_assert_eq(left.words[0].whole == right.words[0].whole, pairs[i].is_same, "%s and %s", pairs[i].left, pairs[i].right);
    }
}

Test(model, how_many_labels_are_near_is_the_same_on_every_kernel)
{
    uint64_t seed = 9;
    for (uint32_t n = 1; n <= 40; n++)
        for (int round = 0; round < 100; round++) {
            float ones[48], biases[48];
            int32_t sums[48];
            size_t wanted = 0;
            for (size_t i = 0; i < 48; i++) {
                ones[i] = 1;
                biases[i] = (float)(next(&seed) % 100);
                sums[i] = (int32_t)(next(&seed) % 100) + (i < n ? 0 : 1000); /* what stands behind does not count */
            }
            const struct cx_head head = { .label_count = n, .scale = ones, .bias = biases };
            float best = 0;
            for (size_t i = 0; i < n; i++)
                best = biases[i] + (float)sums[i] > best ? biases[i] + (float)sums[i] : best;
            for (size_t i = 0; i < n; i++)
                wanted += biases[i] + (float)sums[i] > best - 20;
            for (int kernel = CX_KERNEL_PORTABLE; kernel <= CX_KERNEL_AVX2; kernel++) {
                cx_model_use_kernel((enum cx_kernel)kernel);
                cr_assert_eq(scores_near(&head, sums, 1, 20), wanted);
            }
        }
}

Test(model, scores_add_up_and_a_head_may_abstain)
{
    static struct image image;
    struct cx_model model;
    struct cx_error err;
    cr_assert_eq(cx_model_read(arena, make_image(&image, (struct cx_features){ 0 }, 32, 1), &model, &err), 0);
    const struct cx_head *mood = cx_model_head(&model, CX_STR("mood"));
    for (int i = -300; i <= 300; i++) {
        float x = (float)i / 3, values[3] = { x, 0, -x };
        cx_head_scores(mood, values);
        cr_assert_float_eq(values[0] + values[1] + values[2], 1, 1e-5);
        cr_assert_float_eq(values[0], 1 / (1 + exp((double)-x) + exp((double)-2 * (double)x)), 1e-5);
    }
    cr_assert_eq(cx_head_choice(mood, (float[]){ 0.2f, 0.3f, 0.5f }), 2);
    cr_assert_eq(cx_head_choice(mood, (float[]){ 0.3f, 0.35f, 0.35f }), -1);
    cx_buf_free(&image.bytes);
}

Test(model, broken_images_are_refused_and_never_read_beyond)
{
    static struct image image;
    struct cx_model model;
    struct cx_error err;
    uint64_t seed = 3;
    for (int is_of_lines = 0; is_of_lines < 2; is_of_lines++) {
        struct cx_str bytes = make(&image, (struct cx_features){ 0 }, is_of_lines, 32, 1);
        for (size_t len = 0; len < bytes.len; len += len < 1024 ? 1 : 997)
            cr_assert_eq(cx_model_read(arena, cx_str_n(bytes.ptr, len), &model, &err), -1, "cut to %zu", len);
        for (int i = 0; i < 4000; i++) { /* the header or a bucket, a byte changed: refused or read, nothing else */
            char *copy = malloc(bytes.len);
            memcpy(copy, bytes.ptr, bytes.len);
            copy[next(&seed) % 1400] = (char)next(&seed);
            if (cx_model_read(arena, cx_str_n(copy, bytes.len), &model, &err) == 0) {
                struct cx_features features = features_of(CX_FEATURES_WORDS, "abc", false);
                float *logits = cx_arena_alloc(arena, (model.score_count + 1) * sizeof *logits);
                cx_model_logits(&model, CX_FEATURES_WORDS, &features, logits);
            }
            free(copy);
            cx_arena_reset(arena);
        }
        cx_buf_free(&image.bytes);
    }
}

Test(model, a_line_whose_rows_are_not_there_is_refused)
{
    static struct image image;
    struct cx_model model;
    struct cx_error err;
    for (size_t line = 0; line < BUCKETS; line++) {
        struct cx_str bytes = make(&image, (struct cx_features){ 0 }, true, 32, 1);
        cr_assert_eq(cx_model_read(arena, bytes, &model, &err), 0);
        size_t lines = bytes.len - image.row_count * image.width - sizeof image.lines;
        ((struct cx_model_line *)(image.bytes.ptr + lines))[line].wide = image.row_count << CX_MODEL_LINE | 1;
        cr_assert_eq(cx_model_read(arena, bytes, &model, &err), -1);
        cr_assert(strstr(err.text, "a row that is not there") != NULL, "%s", err.text);
        cx_buf_free(&image.bytes);
    }
}

Test(model, an_image_of_an_older_make_is_told_from_what_is_none)
{
    struct cx_model model;
    struct cx_error err;
    cr_assert_eq(cx_model_read(arena, CX_STR("cx model 2\n2\n{}"), &model, &err), -1);
    cr_assert(strstr(err.text, "it is of an older make, or of a newer one; make it anew with cx train") != NULL, "%s", err.text);
}

/* ---- layers ---- */

#define OVERLAY(base, heads)                                                                                                                         \
    "{\"version\":\"o@1\",\"base\":\"" base                                                                                                          \
    "\",\"card\":{},\"tables\":[{\"features\":\"words\",\"of\":\"tags\",\"buckets\":40,\"row_bytes\":32}],\"heads\":[" heads "]}"
#define MOOD                                                                                                                                         \
    "{\"name\":\"mood\",\"kind\":\"one_of\",\"table\":0,\"column\":0,\"labels\":[\"good\",\"new\"],\"scale\":[0.02,0.01],\"bias\":[0.25,-1],"        \
    "\"threshold\":[1,1],\"at_least\":0,\"adds\":true}"

static struct cx_model read_image(struct cx_str bytes)
{
    struct cx_model model;
    struct cx_error err;
    cr_assert_eq(cx_model_read(arena, bytes, &model, &err), 0, "%s", err.text);
    return model;
}

Test(model, an_overlay_adds_to_the_logits_of_its_base_label_by_label)
{
    static struct image below, above;
    struct cx_features features = features_of(CX_FEATURES_WORDS, long_text, false);
    struct cx_model base = read_image(make_image(&below, features, 64, 1)), whole;
    fill_image(&above, features_of(CX_FEATURES_WORDS, "my money back", false), false, 32, 2);
    struct cx_model overlay = read_image(finish_image(&above, CX_STR(OVERLAY("t@1", MOOD))));
    struct cx_error err;
    cr_assert_eq(cx_model_lay(arena, &base, (const struct cx_model *const[]){ &overlay }, 1, &whole, &err), 0, "%s", err.text);
    cr_assert(cx_str_is(whole.version, "t@1+o@1"));
    cr_assert_eq(whole.heads[0].label_count, 4);
    cr_assert(cx_str_is(whole.heads[0].labels[3], "new"));
    for (int kernel = CX_KERNEL_PORTABLE; kernel <= CX_KERNEL_AVX2; kernel++) {
        float own[5], added[2], both[6];
        if (!cx_model_use_kernel((enum cx_kernel)kernel))
            continue;
        cx_model_logits(&base, CX_FEATURES_WORDS, &features, own);
        cx_model_logits(&overlay, CX_FEATURES_WORDS, &features, added);
        cx_model_logits(&whole, CX_FEATURES_WORDS, &features, both);
        const float wanted[6] = { own[0], own[1], own[2] + added[0], added[1], own[3], own[4] };
        cr_assert_arr_eq(both, wanted, sizeof wanted);
        for (uint32_t label = 0; label < 4; label++) {
            float *weights = CX_NEW_ARRAY(arena, float, features.count), sum = 0;
            cx_model_weigh(&whole, &whole.heads[0], label, &features, weights);
            for (size_t i = 0; i < features.count; i++)
                sum += weights[i];
            float biases[4] = { 0.5f, 0, -0.5f + 0.25f, -1 };
            cr_assert_float_eq(sum + biases[label], both[label], 1e-3f);
        }
    }
    cx_buf_free(&below.bytes);
    cx_buf_free(&above.bytes);
}

Test(model, an_overlay_that_does_not_fit_is_refused)
{
    static struct image below, above;
    struct cx_features features = features_of(CX_FEATURES_WORDS, long_text, false);
    struct cx_model base = read_image(make_image(&below, features, 64, 1)), whole;
    const struct {
        struct cx_str header;
        const char *why;
    } cases[] = { { CX_STR(OVERLAY("t@2", MOOD)), "was made over t@2, and the model is t@1" },
                  { CX_STR(OVERLAY("t@1",
                                   "{\"name\":\"mood\",\"kind\":\"any_of\",\"table\":0,\"column\":0,\"labels\":[\"good\"],\"scale\":[1],\"bias\":[0],"
                                   "\"threshold\":[1],\"at_least\":0,\"adds\":true}")),
                    "of another kind" },
                  { CX_STR(OVERLAY("t@1", "{\"name\":\"air\",\"kind\":\"one_of\",\"table\":0,\"column\":0,\"labels\":[\"x\",\"y\"],\"scale\":[1,1],"
                                          "\"bias\":[0,0],\"threshold\":[1,1],\"at_least\":0,\"adds\":true}")),
                    "adds to one that the base has not" } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill_image(&above, features, false, 32, 3);
        struct cx_model overlay = read_image(finish_image(&above, cases[i].header));
        struct cx_error err;
        cr_assert_eq(cx_model_lay(arena, &base, (const struct cx_model *const[]){ &overlay }, 1, &whole, &err), -1);
        cr_assert(strstr(err.text, cases[i].why) != NULL, "%s", err.text);
        cx_buf_free(&above.bytes);
    }
    cx_buf_free(&below.bytes);
}
