/* text.h - what may be known of a text: folding, letters, scripts, many patterns at once.
 *
 * cx_text_fold makes the form that lexicons, hashes and models see: NFKC, lower case (Turkish and Azerbaijani I/ı/İ/i by their rules when the
 * language says so), character references of HTML decoded ("caf&eacute;"), Arabic diacritics and tatweel out and letter forms unified (أإآ -> ا, ى ->
 * ي, ة -> ه), ё -> е, letters of another script that look like the rest of their word's made the word's ("рaypal" with a Cyrillic р), runs of three
 * or more equal letters cut to two, links -> " <url> ", mentions -> " <user> ", blanks to one. A map leads back to byte offsets of the original. */
#ifndef CX_TEXT_H
#define CX_TEXT_H
#include "base/arena.h"
#include "base/error.h"

enum cx_fold_language {
    CX_FOLD_ANY,
    CX_FOLD_TURKIC, /* I -> ı */
    CX_FOLD_SEARCH, /* for matching what people type: as ANY, and marks off Latin letters, ı -> i, long runs cut to one: "ÇOOOK TEŞEKKÜRLER" is "cok
                       tesekkurler" */
    CX_FOLD_LANGUAGES
};
/* A word (letters, marks, digits, _) or any other single character that is no blank; bytes of the folded text. */
struct cx_token {
    uint32_t start, end;
};
struct cx_folded {
    struct cx_str text;
    const uint32_t *origin; /* origin[i]: byte offset in the original of folded byte i; origin[text.len] = original length */
    const struct cx_token *tokens;
    size_t token_count;
    uint32_t letters;        /* letters outside links, mentions, tags */
    const uint32_t *classes; /* how many of them are of which kind; for cx_text_script_language */
};
/* Input must be valid UTF-8 (as decoded records are). */
struct cx_folded cx_text_fold(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language);

/* Which language letters and very frequent words prove: ISO 639-1, or null when they prove nothing (fewer than three letters always). Confidence is
 * 0..1, 0 for null. A stand-in that is honest until the language head comes. */
struct cx_str cx_text_script_language(const struct cx_folded *folded, float *confidence);

/* What a character as it was written is to a word: no part of it, a mark, an ASCII digit (or _; full-width and Arabic ones are too), or a letter of a
 * script. Han, kana and Thai, which put no blanks between words, are one; of the others those that folding tells apart have numbers of their own, and
 * the rest share one. Digits of scripts but these are marks. */
enum { CX_SCRIPT_NONE, CX_SCRIPT_MARK, CX_SCRIPT_DIGIT, CX_SCRIPT_LATIN, CX_SCRIPT_UNSPACED, CX_SCRIPT_OTHERS };
uint32_t cx_text_script(uint32_t code);

/* Many phrases and simple regular expressions at once. Phrases of whole words are looked up by how they start at every token; expressions, and
 * phrases that may stand inside words, are one Vectorscan database. Compile once, share between threads; every thread that scans gets its own scratch
 * memory at its first scan, given back when it ends. */
struct cx_matcher;
struct cx_pattern {
    struct cx_str text; /* folded text of a phrase, or a regular expression (PCRE without look-around and back references) when is_regex */
    bool is_regex;
    bool whole_word; /* the match must not continue a word on either side */
    bool prefix;     /* whole_word, but suffixes may follow: for inflecting languages ("şikayet" finds "şikayetim") */
    bool clitics;    /* Arabic one-letter words and the article may be written on to the front: "طلب" finds "والطلب" */
    uint32_t id;     /* the caller's; several patterns may share one */
};
/* In a phrase a `*` stands for the rest of a word, none included: "para* iade*" finds "paramın iadesini", "for * people" has any word between. */
struct cx_match {
    uint32_t id, start, end; /* bytes of the folded text */
};
struct cx_matcher *cx_matcher_new(const struct cx_pattern *patterns, size_t n, struct cx_error *err); /* NULL: err names the bad pattern */
void cx_matcher_free(struct cx_matcher *m);
/* All matches, sorted by (start, end, id), each once; in the arena. A match of a phrase ends where its written part ends; a regular expression is
 * reported for every end it has, from its leftmost start. */
size_t cx_matcher_scan(const struct cx_matcher *m, struct cx_arena *arena, const struct cx_folded *folded, struct cx_match **matches);
#endif
