/* features.c - all features of a text as a list. */
#include "text/features.h"
#include "text/words.h"

struct listing {
    struct gather to;
    struct cx_feature_word *words;
    size_t word_count;
};

static void end_word(struct listing *list, const struct word_block *block, size_t i)
{
    list->words[list->word_count++] = (struct cx_feature_word){ block->wholes[i], block->counts[i], (uint32_t)list->to.count };
}

/* The next words, at most so many in all; false: there are none. */
static bool see_more(enum cx_feature_kind kind, const struct cx_folded *folded, struct cx_str original, size_t *token, size_t *left,
                     struct word_block *block)
{
    size_t most = *left < WORDS_AT_ONCE ? *left : WORDS_AT_ONCE;
    if (kind == CX_FEATURES_LETTERS)
        letters_see(folded, original, token, most, block);
    else
        words_see(folded, token, most, block);
    *left -= block->count;
    return block->count > 0;
}

/* Every word, then what the text is and what words are with their neighbours. */
static void list_words(struct listing *list, const struct cx_folded *folded, struct cx_str original)
{
    struct word_block block;
    uint64_t last = WORDS_NONE_BEFORE;
    uint32_t last_start = 0;
    for (size_t token = 0, left = CX_FEATURES_WORDS_MAX; see_more(CX_FEATURES_WORDS, folded, original, &token, &left, &block);)
        for (size_t i = 0; i < block.count; i++) {
            words_add(&list->to, folded, &block.words[i]);
            end_word(list, &block, i);
        }
    words_add_script(&list->to, folded);
    for (size_t token = 0, left = CX_FEATURES_WORDS_MAX; see_more(CX_FEATURES_WORDS, folded, original, &token, &left, &block);)
        for (size_t i = 0; i < block.count; i++) {
            if (word_is_tag(folded, &block.words[i]))
                words_add_tag(&list->to, folded, original, &block.words[i]);
            gather_add(&list->to, CX_UNIT_PAIR, words_pair(last, block.hashes[i]), last_start, block.words[i].end);
            last = block.hashes[i];
            last_start = block.words[i].start;
        }
}

static void list_letters(struct listing *list, const struct cx_folded *folded, struct cx_str original)
{
    struct word_block block;
    for (size_t token = 0, left = CX_FEATURES_LETTERS_MAX; see_more(CX_FEATURES_LETTERS, folded, original, &token, &left, &block);)
        for (size_t i = 0; i < block.count; i++) {
            letters_add(&list->to, folded, original, &block.words[i]);
            end_word(list, &block, i);
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
