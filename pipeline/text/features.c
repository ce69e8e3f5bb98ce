/* features.c - all features of a text as a list. */
#include "text/features.h"
#include "text/words.h"

struct listing {
    struct gather to;
    struct cx_feature_word *words;
    size_t word_count;
};

static void end_word(struct listing *list, uint32_t whole)
{
    list->words[list->word_count++] = (struct cx_feature_word){ whole, (uint32_t)list->to.count };
}

/* Every word, then what the text is and what words are with their neighbours. */
static void list_words(struct listing *list, const struct cx_folded *folded, struct cx_str original)
{
    struct text_word word;
    uint64_t last = WORDS_NONE_BEFORE;
    uint32_t last_start = 0;
    for (size_t i = 0, n = 0; n < CX_FEATURES_WORDS_MAX && words_next(folded, &i, &word); n++) {
        words_add(&list->to, folded, &word);
        end_word(list, words_see(folded, &word).whole);
    }
    words_add_script(&list->to, folded);
    for (size_t i = 0, n = 0; n < CX_FEATURES_WORDS_MAX && words_next(folded, &i, &word); n++) {
        uint64_t hash = words_see(folded, &word).hash;
        words_add_tag(&list->to, folded, original, &word);
        gather_add(&list->to, CX_UNIT_PAIR, words_pair(last, hash), last_start, word.end);
        last = hash;
        last_start = word.start;
    }
}

static void list_letters(struct listing *list, const struct cx_folded *folded, struct cx_str original)
{
    struct text_word word;
    for (size_t i = 0, n = 0; n < CX_FEATURES_LETTERS_MAX && letters_next(folded, &i, &word); n++) {
        letters_add(&list->to, folded, original, &word);
        end_word(list, letters_see(folded, original, &word).whole);
    }
}

struct cx_features cx_text_features(struct cx_arena *arena, enum cx_feature_kind kind, const struct cx_folded *folded, struct cx_str original,
                                    bool with_spans)
{
    /* A word has its own features and a pair, a tag at most as many words as it has bytes. */
    size_t most = kind == CX_FEATURES_LETTERS ? CX_FEATURES_LETTERS_MAX : CX_FEATURES_WORDS_MAX;
    size_t words = folded->token_count < most ? folded->token_count : most;
    size_t room = words * (WORD_FEATURES_MAX + 1) + folded->text.len + 1 + GATHER_SLACK;
    struct listing list = { .to = { .hashes = cx_arena_alloc(arena, room * sizeof *list.to.hashes) } };
    if (with_spans)
        list.to.spans = cx_arena_alloc(arena, room * sizeof *list.to.spans);
    list.words = cx_arena_alloc(arena, (words + 1) * sizeof *list.words);
    (kind == CX_FEATURES_LETTERS ? list_letters : list_words)(&list, folded, original);
    return (struct cx_features){ list.to.hashes, list.to.count, list.to.spans, list.words, list.word_count };
}
