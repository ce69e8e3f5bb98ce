/* text.h - what may be known of a text: folding, letters, scripts, many patterns at once.
 *
 * cx_text_fold makes the form that lexicons, hashes and models see: NFKC, lower case (Turkish and Azerbaijani I/ı/İ/i by their rules when the language
 * says so), Arabic diacritics and tatweel out and letter forms unified (أإآ -> ا, ى -> ي, ة -> ه), ё -> е, runs of three or more equal letters cut to
 * two, links -> " <url> ", mentions -> " <user> ", blanks to one. A map leads back to byte offsets of the original. */
#ifndef CX_TEXT_H
#define CX_TEXT_H
#include "base/arena.h"
#include "base/error.h"

enum cx_fold_language { CX_FOLD_ANY, CX_FOLD_TURKIC };
struct cx_folded {
    struct cx_str text;
    const uint32_t *origin; /* origin[i]: byte offset in the original of folded byte i; origin[text.len] = original length */
    uint32_t letters;       /* letters outside links, mentions, tags */
};
/* Input must be valid UTF-8 (as decoded records are). */
struct cx_folded cx_text_fold(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language);

/* Which language the script and letters alone prove (ar, ru, tr by its own letters, ...); null when they prove nothing. A stand-in that is honest
 * until the language head comes: confidence 0..1. */
struct cx_str cx_text_script_language(const struct cx_folded *folded, struct cx_str original, float *confidence);

/* Many literal patterns and simple regular expressions in one pass (Vectorscan). Compile once, share between threads, scan with a scratch each. */
struct cx_matcher;
struct cx_pattern {
    struct cx_str text;     /* folded text of a phrase, or a regular expression when is_regex */
    bool is_regex;
    bool whole_word;        /* the match must not continue a word on either side */
    bool prefix;            /* whole_word, but suffixes may follow: for inflecting languages ("şikayet" finds "şikayetim") */
    uint32_t id;
};
struct cx_match { uint32_t id, start, end; /* bytes of the folded text */ };
struct cx_matcher *cx_matcher_new(const struct cx_pattern *patterns, size_t n, struct cx_error *err); /* err names the bad pattern */
void cx_matcher_free(struct cx_matcher *m);
/* All matches, sorted by (start, end, id), each once; in the arena. */
size_t cx_matcher_scan(const struct cx_matcher *m, struct cx_arena *arena, struct cx_str folded, struct cx_match **matches);
#endif
