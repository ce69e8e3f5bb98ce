/* words.h - one word of a text as features, for each kind of features (features.h). A word's own features depend on nothing but the word, so that one
 * row may stand for all of them. */
#ifndef CX_TEXT_WORDS_H
#define CX_TEXT_WORDS_H
#include "text/gather.h"

/* A token, or the three of <user> or <url>. */
struct text_word {
    uint32_t token, start, end; /* of the folded text */
    uint32_t special;           /* the character it stands for; 0: none */
};
/* What is known of a word before its features are made. */
struct word_sight {
    uint64_t hash;         /* what words_pair wants */
    uint32_t whole, count; /* the feature that stands for all of them, and how many they are */
};
/* Features that one word can have. */
#define WORD_FEATURES_MAX (2 + 2 * (GATHER_WORD_MAX + 2))

/* The word at token *i, which is moved on; false: there is none. */
bool words_next(const struct cx_folded *folded, size_t *i, struct text_word *word);
struct word_sight words_see(const struct cx_folded *folded, const struct text_word *word);
/* Adds the word, its runs and the class of an emoji. There is room for WORD_FEATURES_MAX + GATHER_SLACK. */
void words_add(struct gather *to, const struct cx_folded *folded, const struct text_word *word);
/* Two neighbours, by their hashes. */
uint32_t words_pair(uint64_t left, uint64_t right);
#define WORDS_NONE_BEFORE WORD_SEED
/* Adds what most of the text's letters are, if that is Cyrillic or Arabic: one feature or none, and it stands nowhere. */
void words_add_script(struct gather *to, const struct cx_folded *folded);
/* Adds the words of the tag that the word is, if it is one: at most as many as it has bytes. */
void words_add_tag(struct gather *to, const struct cx_folded *folded, struct cx_str original, const struct text_word *word);

/* The same of letters; they are read from the original. */
bool letters_next(const struct cx_folded *folded, size_t *i, struct text_word *word);
struct word_sight letters_see(const struct cx_folded *folded, struct cx_str original, const struct text_word *word);
void letters_add(struct gather *to, const struct cx_folded *folded, struct cx_str original, const struct text_word *word);
#endif
