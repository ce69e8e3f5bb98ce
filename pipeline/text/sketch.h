/* sketch.h - a text in 32 bytes, so that copies of it are found again and told from what is merely alike.
 *
 * What a copy loses or gains does not count: links, mentions, emoji, punctuation, case, marks, a leading "RT", tags at the end. The words that
 * are left are written together, and the set of their runs of four letters is kept as a one-permutation MinHash (Li, Owen, Zhang 2012) of 64 bins
 * of four bits (b-bit minwise hashing, Li and König 2010). Empty bins stay empty: a text with few runs is compared nearly exactly.
 *
 * Anchors find what to compare with: hashes of two or more words in a row, ten letters or longer. A text is filed under its few smallest in the first
 * two thirds (ends are what gets cut off), and looked up by more of its own. Unlike bands of a MinHash an anchor is rarely shared by strangers.
 *
 * Texts of fewer than five words have no runs: their sketch is a hash of the folded text with all that stands in it, and so is their one anchor.
 * The numbers go into state: changing any of this is a new generation. */
#ifndef CX_TEXT_SKETCH_H
#define CX_TEXT_SKETCH_H
#include "text/text.h"

enum {
    CX_SKETCH_BYTES = 32,
    CX_SKETCH_FILED = 5,     /* anchors a text is filed under, at most */
    CX_SKETCH_LOOKUPS = 12,  /* anchors a text is looked up by, at most */
    CX_SKETCH_WORDS = 5,     /* a text of fewer is short; 16 letters of a word count as one, for scripts that have no blanks */
    CX_SKETCH_LETTERS = 4096 /* what comes later in a long text is not looked at */
};
struct cx_sketch {
    uint8_t bins[CX_SKETCH_BYTES];
    uint32_t runs; /* how many the text has; 0: a short text */
};
struct cx_sketched {
    struct cx_sketch sketch;
    uint64_t filed[CX_SKETCH_FILED];     /* ascending */
    uint64_t lookups[CX_SKETCH_LOOKUPS]; /* ascending */
    size_t filed_count, lookup_count;    /* 0: there is not one word in it, and nothing to compare */
};
/* Valid UTF-8; folded as by CX_FOLD_SEARCH on the way. Scratch memory from the arena. */
struct cx_sketched cx_text_sketch(struct cx_arena *arena, struct cx_str text);
/* How much of both together is in both, 0..1 (Jaccard, estimated: standard error 0.06 at 0.5, less for short texts); or, where one is nearly all in
 * the other and makes a good part of it (a text that was cut, or quoted with a remark), how much of it is. Up to twelve runs are granted to be
 * shared, so that one word more or less does not part short texts: what has nothing in common gets 0.1 to 0.3. Texts of fewer than five words: 1 or
 * 0. */
float cx_sketch_similarity(const struct cx_sketch *a, const struct cx_sketch *b);
#endif
