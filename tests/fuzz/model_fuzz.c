/* model_fuzz.c - any bytes as a model file: a sentence, or a model that gives scores between 0 and 1, the same bits by every kernel. A file that does
 * not begin like zstd is taken for the image within. */
#include "base/buf.h"
#include "codec/codec.h"
#include "text/model.h"
#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define IMAGE_MAX (1u << 20)

static void judge(struct cx_arena *arena, const struct cx_model *model)
{
    static const struct cx_str text = CX_STR("It never came. Paramı geri istiyorum 😡");
    struct cx_folded folded = cx_text_fold(arena, text, CX_FOLD_SEARCH);
    float *scores = CX_NEW_ARRAY(arena, float, model->score_count + 1), *others = CX_NEW_ARRAY(arena, float, model->score_count + 1),
          *read = CX_NEW_ARRAY(arena, float, model->score_count + 1);
    size_t counts[CX_FEATURE_KINDS];
    for (int kind = 0; kind < CX_FEATURE_KINDS; kind++) {
        struct cx_features features = cx_text_features(arena, (enum cx_feature_kind)kind, &folded, text, false);
        cx_model_use_kernel(CX_KERNEL_PORTABLE);
        cx_model_logits(model, (enum cx_feature_kind)kind, &features, scores);
        cx_model_use_kernel(CX_KERNEL_AVX2);
        cx_model_logits(model, (enum cx_feature_kind)kind, &features, others);
        float *weights = CX_NEW_ARRAY(arena, float, features.count + 1);
        for (uint32_t h = 0; h < model->head_count; h++)
            if (model->tables[model->heads[h].table].features == (enum cx_feature_kind)kind)
                cx_model_weigh(model, &model->heads[h], model->heads[h].label_count - 1, &features, weights);
    }
    cx_model_read_text(model, arena, CX_MODEL_ALL_KINDS, &folded, text, read, counts);
    cx_assert(memcmp(scores, others, model->score_count * sizeof *scores) == 0);
    cx_assert(memcmp(scores, read, model->score_count * sizeof *scores) == 0);
    for (uint32_t h = 0; h < model->head_count; h++) {
        const struct cx_head *head = &model->heads[h];
        cx_assert(head->label_count > 0 && head->first + head->label_count <= model->score_count);
        cx_assert(head->column + head->label_count <= model->tables[head->table].columns);
        cx_head_scores(head, scores + head->first);
        for (uint32_t i = 0; i < head->label_count; i++)
            cx_assert(scores[head->first + i] >= 0 && scores[head->first + i] <= 1);
        int choice = cx_head_choice(head, scores + head->first);
        cx_assert(choice >= -1 && choice < (int)head->label_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char zstd[] = { 0x28, (char)0xb5, 0x2f, (char)0xfd };
    struct cx_arena *arena = cx_arena_new((size_t)1 << 30);
    struct cx_str image = cx_str_n(data, size);
    struct cx_error err = { 0 };
    struct cx_model model;
    struct cx_buf unpacked;
    cx_buf_init(&unpacked, IMAGE_MAX);
    if (cx_str_starts(image, cx_str_n(zstd, sizeof zstd)))
        image = cx_zstd_decompress(&unpacked, image) == 0 ? cx_buf_view(&unpacked) : CX_STR("");
    if (cx_model_read(arena, image, &model, &err) == 0)
        judge(arena, &model);
    else
        cx_assert(err.exit == CX_EXIT_DATA && err.text[0]);
    cx_buf_free(&unpacked);
    cx_arena_free(arena);
    return 0;
}
