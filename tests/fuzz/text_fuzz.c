/* text_fuzz.c - any valid text folds to valid text that folds to itself, on every kernel to the same, and is scanned and hashed without trouble. The
 * first byte chooses the way of folding. */
#include "text/chars.h"
#include "text/model.h"
#include "text/features.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cx_matcher *matcher(void)
{
    static struct cx_matcher *m;
    static const struct cx_pattern patterns[] = {
        { .text = { "iade*", 5 }, .whole_word = true, .id = 1 },
        { .text = { "para* geri", 10 }, .whole_word = true, .id = 2 },
        { .text = { "طلب*", 7 }, .whole_word = true, .clitics = true, .id = 3 },
        { .text = { "[0-9]{2,4} ?tl", 14 }, .is_regex = true, .whole_word = true, .id = 4 },
        { .text = { "a", 1 }, .id = 5 },
    };
    if (m == NULL)
        m = cx_matcher_new(patterns, sizeof patterns / sizeof *patterns, NULL);
    cx_assert(m != NULL);
    return m;
}

static void fold_portably(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, const struct cx_folded *expected)
{
    cx_model_use_kernel(CX_KERNEL_PORTABLE);
    struct cx_folded folded = cx_text_fold(arena, text, language);
    cx_model_use_kernel(CX_KERNEL_AVX2);
    cx_assert(cx_str_eq(folded.text, expected->text) && folded.token_count == expected->token_count && folded.letters == expected->letters);
    cx_assert(memcmp(folded.origin, expected->origin, (folded.text.len + 1) * sizeof *folded.origin) == 0);
    cx_assert(memcmp(folded.tokens, expected->tokens, folded.token_count * sizeof *folded.tokens) == 0);
    cx_assert(memcmp(folded.classes, expected->classes, LETTER_CLASSES * sizeof *folded.classes) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cx_str text = size > 0 ? cx_str_n(data + 1, size - 1) : CX_STR("");
    if (!cx_utf8_valid(text))
        return 0;
    struct cx_arena *arena = cx_arena_new(1u << 30);
    enum cx_fold_language language = size > 0 ? (enum cx_fold_language)(data[0] % CX_FOLD_LANGUAGES) : CX_FOLD_ANY;

    struct cx_folded once = cx_text_fold(arena, text, language), twice = cx_text_fold(arena, once.text, language);
    fold_portably(arena, text, language, &once);
    cx_assert(cx_utf8_valid(once.text));
    cx_assert(cx_str_eq(once.text, twice.text));
    for (size_t i = 0; i < once.text.len; i++)
        cx_assert(once.origin[i] <= once.origin[i + 1]);

    float confidence;
    struct cx_str name = cx_text_script_language(&once, &confidence);
    cx_assert(name.ptr ? confidence > 0 && confidence <= 1 : confidence == 0);

    struct cx_match *matches;
    size_t n = cx_matcher_scan(matcher(), arena, &once, &matches);
    for (size_t i = 0; i < n; i++)
        cx_assert(matches[i].start < matches[i].end && matches[i].end <= once.text.len);

    for (int kind = 0; kind < CX_FEATURE_KINDS; kind++) {
        struct cx_features features = cx_text_features(arena, (enum cx_feature_kind)kind, &once, text, true);
        for (size_t i = 0; i < features.count; i++)
            cx_assert(features.spans[i].start <= features.spans[i].end && features.spans[i].end <= once.text.len);
    }
    cx_arena_free(arena);
    return 0;
}
