/* blocks.h - folding 32 bytes at a time, on machines that can, of texts in which nothing needs a second look: nearly all. */
#ifndef CX_TEXT_BLOCKS_H
#define CX_TEXT_BLOCKS_H
#include "text/chars.h"

/* As cx_text_fold, to the bit; false where the text has links, mentions, tags, references, decomposed letters, letters that fold to several or words
 * of several scripts, or the machine cannot: it must go row by row then. */
bool blocks_fold(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, struct cx_folded *folded);

/* A text folded letter by letter: blanks and runs are not cut yet. One blank stands behind the last letter. */
#define KIND_CLASS   0x1fu /* on the last byte of a letter, enum letter_class */
#define KIND_WORD    0x20u /* on all bytes of letters, marks, digits and _ */
#define KIND_BLANK   0x40u
#define KIND_GOES_ON 0x80u                       /* not the first byte of its character */
enum { BLOCKS_BEFORE = 16, BLOCKS_BEHIND = 80 }; /* bytes that may be read before and behind; those before are 0 */
struct block_text {
    char *bytes;
    uint8_t *kinds;
    uint32_t *origin;
    size_t len;
    bool has_long_letters; /* of three bytes */
};
/* Reads letters; false where the text must go row by row. */
bool blocks_read(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, struct block_text *out);
#endif
