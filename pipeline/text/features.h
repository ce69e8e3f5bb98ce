/* features.h - a text as a list of hashed features: what the rows of a model (model.h) are added up by.
 *
 * A feature is 32 bits. The same text gives the same features, in the same order, on every machine. Training uses
 * these very functions, so that what is learned is what is looked up.
 *
 *   words    from the text as folded by CX_FOLD_SEARCH: every token, every two neighbours, and every run of 2 and 4 characters of a token (of the
 *            first 40) with a blank before and behind it; digits are one class but for a single one among letters (3ayez), a link or a mention one
 *            character, an emoji also the class it belongs to (emoji.def), a tag its words (#BadService: bad service), and
 *            whether the text is in Cyrillic or in Arabic letters. For all but the language.
 *   letters  from the letters as they were written, marks and all, in lower case: every word, and its runs of 2 and 4 letters with a blank before
 *            and behind it; a letter that is written several times in a row is read once. Links, mentions, tags and digits do not
 *            count. For the language. */
#ifndef CX_TEXT_FEATURES_H
#define CX_TEXT_FEATURES_H
#include "text/text.h"

enum cx_feature_kind { CX_FEATURES_WORDS, CX_FEATURES_LETTERS, CX_FEATURE_KINDS };

/* What a feature is made of; words of tags, classes of emoji and the script are words. */
enum cx_feature_unit { CX_UNIT_RUN, CX_UNIT_WORD, CX_UNIT_PAIR, CX_FEATURE_UNITS };
struct cx_span {
    uint32_t start, end; /* bytes of the folded text; of what is true of all of it 0, 0 */
    enum cx_feature_unit unit;
};
/* The features of a word from where the one before ends. A table may have one row that stands for them all, found by the feature `whole`. They count
 * as `count`, which is known without making them: where a letter stands twice in a row it is more than there are, where a character stands for
 * several letters it is less. */
struct cx_feature_word {
    uint32_t whole, count, end;
};
/* Those of words come first, word by word; then what the text is, and what words are with their neighbours. */
struct cx_features {
    const uint32_t *hashes;
    size_t count;
    const struct cx_span *spans; /* where each stands and what it is; NULL unless asked for */
    const struct cx_feature_word *words;
    size_t word_count;
};
/* How many features they count as. */
static inline size_t cx_features_total(const struct cx_features *features)
{
    size_t total = features->count - (features->word_count > 0 ? features->words[features->word_count - 1].end : 0);
    for (size_t w = 0; w < features->word_count; w++)
        total += features->words[w].count;
    return total;
}
/* Beyond so many words the rest of a text is not looked at. */
#define CX_FEATURES_WORDS_MAX 1024
/* A language is told by its first words; more cost time and change nothing. */
#define CX_FEATURES_LETTERS_MAX 24

/* Features of one kind, in the arena. `original` is the text that was folded by CX_FOLD_SEARCH; letters are read from it. `with_spans` is for
 * explaining and training: it costs time and changes nothing else. */
struct cx_features cx_text_features(struct cx_arena *arena, enum cx_feature_kind kind, const struct cx_folded *folded, struct cx_str original,
                                    bool with_spans);
#endif
