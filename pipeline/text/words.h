/* words.h - the words of a text as features, for each kind of features (features.h). A word's own features depend on nothing but the word, of letters
 * as it was written, so that one row may stand for all of them. */
#ifndef CX_TEXT_WORDS_H
#define CX_TEXT_WORDS_H
#include "text/gather.h"

/* A token, or the three of <user> or <url>. */
struct text_word {
    uint32_t token, start, end; /* of the folded text */
    uint32_t special;           /* the character it stands for; 0: none */
};
/* Words, and what is known of each before its features are made. */
#define WORDS_AT_ONCE 32
struct word_block {
    size_t count;
    struct text_word words[WORDS_AT_ONCE];
    uint64_t hashes[WORDS_AT_ONCE]; /* what words_pair wants; not of letters */
    uint32_t wholes[WORDS_AT_ONCE]; /* the feature that may stand for all of a word's, */
    uint32_t counts[WORDS_AT_ONCE]; /* and how many they count as */
};
/* Features that one word can have. */
#define WORD_FEATURES_MAX (2 + 2 * (GATHER_WORD_MAX + 2))

/* At most `most` words, up to WORDS_AT_ONCE, from *token on, which is moved on; fewer only where the text ends. */
void words_see(const struct cx_folded *folded, size_t *token, size_t most, struct word_block *to);
/* Adds the word, its runs and the class of an emoji. There is room for WORD_FEATURES_MAX + GATHER_SLACK. */
void words_add(struct gather *to, const struct cx_folded *folded, const struct text_word *word);
/* Adds what most of the text's letters are, if that is Cyrillic or Arabic: one feature or none, and it stands nowhere. */
void words_add_script(struct gather *to, const struct cx_folded *folded);
/* Adds the words of the tag that the word is (word_is_tag): at most as many as it has bytes. */
void words_add_tag(struct gather *to, const struct cx_folded *folded, struct cx_str original, const struct text_word *word);

/* The same of letters; they are read from the original. */
void letters_see(const struct cx_folded *folded, struct cx_str original, size_t *token, size_t most, struct word_block *to);
void letters_add(struct gather *to, const struct cx_folded *folded, struct cx_str original, const struct text_word *word);

/* Two neighbours, by their hashes. */
#define WORDS_NONE_BEFORE WORD_SEED
static inline uint32_t words_pair(uint64_t left, uint64_t right)
{
    return upper_half(left * 0xc2b2ae3d27d4eb4fu + right * 0x165667b19e3779f9u);
}

/* The special token <user> or <url> that starts at token i: three tokens. 0: none. */
uint32_t words_special(const struct cx_folded *folded, size_t i);

/* The word at token i; where the next one starts. */
static inline size_t word_at(const struct cx_folded *folded, size_t i, struct text_word *word)
{
    const struct cx_token *token = &folded->tokens[i];
    *word = (struct text_word){ (uint32_t)i, token->start, token->end, 0 };
    if (folded->text.ptr[token->start] != '<' || (word->special = words_special(folded, i)) == 0)
        return i + 1;
    word->end = token[2].end;
    return i + 3;
}

/* Whether it stands behind a #. */
static inline bool word_is_tag(const struct cx_folded *folded, const struct text_word *word)
{
    const struct cx_token *before = &folded->tokens[word->token - (word->token > 0)];
    return word->token > 0 && folded->text.ptr[before->start] == '#' && before->end == word->start && word->special == 0;
}
#endif
