/* phrase.h - phrases of whole words, indexed by how they start: which of them stand at a token. */
#ifndef CX_TEXT_PHRASE_H
#define CX_TEXT_PHRASE_H
#include "text/text.h"

struct phrase {
    struct cx_str text; /* folded, without a closing star; a star stands for the rest of a word */
    uint32_t head;      /* bytes before the first star */
    bool ends_at_word, clitics;
    uint32_t id;
};
/* False where the phrase cannot be meant: empty, one letter and a star, or a star that does not end a word; *why says so. */
bool phrase_read(struct phrase *phrase, const struct cx_pattern *pattern, struct cx_str text, const char **why);

struct phrase_index;
/* Sorts and keeps `phrases`, which must outlive the index. */
struct phrase_index *phrase_index_new(struct phrase *phrases, size_t n);
void phrase_index_free(struct phrase_index *index); /* takes NULL */

typedef void phrase_found_fn(void *context, struct cx_match match);
/* Calls `found` for every phrase that starts at the start of a token, or after Arabic clitics there. */
void phrase_index_walk(const struct phrase_index *index, const struct cx_folded *folded, phrase_found_fn *found, void *context);

/* Whether a word character stands at `at`, or ends at `end`. */
bool phrase_is_word_at(struct cx_str text, size_t at);
bool phrase_is_word_before(struct cx_str text, size_t end);
#endif
