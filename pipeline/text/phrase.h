/* phrase.h - phrases of whole words in a tree: which of them start at a token. */
#ifndef CX_TEXT_PHRASE_H
#define CX_TEXT_PHRASE_H
#include "text/text.h"

struct phrase {
    struct cx_str text;         /* folded, without a closing star; a star stands for the rest of a word */
    uint32_t head;              /* bytes before the first star */
    uint64_t eight, eight_mask; /* the first eight bytes of the head, as they lie in memory, and which of them count */
    bool ends_at_word, clitics;
    uint32_t id;
};
/* False where the phrase cannot be meant: empty, one letter and a star, or a star that does not end a word; *why says so. */
bool phrase_read(struct phrase *phrase, const struct cx_pattern *pattern, struct cx_str text, const char **why);

struct phrase_tree;
/* Sorts and keeps `phrases`, which must outlive the tree. */
struct phrase_tree *phrase_tree_new(struct phrase *phrases, size_t n);
void phrase_tree_free(struct phrase_tree *tree); /* takes NULL */

typedef void phrase_found_fn(void *context, struct cx_match match);
/* Calls `found` for every phrase that starts at the start of a token, or after Arabic clitics there. */
void phrase_tree_walk(const struct phrase_tree *tree, const struct cx_folded *folded, phrase_found_fn *found, void *context);

/* Whether a word character stands at `at`, or ends at `end`. */
bool phrase_is_word_at(struct cx_str text, size_t at);
bool phrase_is_word_before(struct cx_str text, size_t end);
#endif
