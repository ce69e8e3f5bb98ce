/* blocks.h - folding 32 bytes at a time, on machines that can, of texts in which nothing needs a second look: nearly all. */
#ifndef CX_TEXT_BLOCKS_H
#define CX_TEXT_BLOCKS_H
#include "text/chars.h"
#include "text/kernel.h"

#if HAS_AVX2
#define ALWAYS AVX2 static inline __attribute__((always_inline))
#endif

/* As cx_text_fold, to the bit; false where the text has links, references, decomposed letters, characters that become longer or words of several
 * scripts, or where the machine cannot: such a text goes row by row. */
bool blocks_fold(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, struct cx_folded *folded);

/* What a folded byte belongs to. */
#define KIND_CLASS   0x1fu /* enum letter_class, on the last byte of a letter; 0 elsewhere */
#define KIND_WORD    0x20u /* letters, marks, digits, _ */
#define KIND_BLANK   0x40u
#define KIND_GOES_ON 0x80u /* not the first byte of its character */

/* A text folded letter by letter: blanks, runs and mentions are as they were. */
struct block_text {
    char *bytes;
    uint8_t *kinds;
    uint32_t *origin; /* as that of cx_folded */
    size_t len;
    bool has_long_letters; /* of three bytes */
};
/* Bytes and kinds that may be read and written behind a text, and read before it; those are 0. */
enum { BLOCKS_BEFORE = 16, BLOCKS_BEHIND = 80 };
/* An empty text with room for `most` bytes. */
void blocks_new(struct cx_arena *arena, size_t most, struct block_text *text);
/* Reads letters; false where the text must go row by row. */
bool blocks_read(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language, struct block_text *out);
#endif
