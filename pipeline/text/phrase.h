/* phrase.h - one phrase pattern: which part of it the database looks for, and whether the rest stands around what was found. */
#ifndef CX_TEXT_PHRASE_H
#define CX_TEXT_PHRASE_H
#include "text/text.h"

/*   "para* iade*"   segments "para", " iade"; the first is the trigger; the closing star opens the end */
struct phrase {
    struct cx_str text;   /* without a closing star; points into the matcher's copy */
    uint32_t trigger_len; /* bytes of text before the first star */
    bool starts_at_word, ends_at_word, clitics;
};
/* False where the phrase cannot be meant: empty, or a star that does not end a word; *why says so. */
bool phrase_read(struct phrase *phrase, const struct cx_pattern *pattern, struct cx_str text, const char **why);
/* The trigger was found ending at `end`: fills *match's start and end if the whole phrase is there. */
bool phrase_verify(const struct phrase *phrase, struct cx_str folded, size_t end, struct cx_match *match);
/* Whether [start, end) neither starts nor ends inside a word, as far as asked. */
bool phrase_is_word(struct cx_str folded, size_t start, size_t end, bool at_start, bool at_end, bool clitics);
#endif
