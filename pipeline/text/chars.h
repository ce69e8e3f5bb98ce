/* chars.h - what folding knows of every code point, in four bytes each.
 *
 * The tables are made from utf8proc once, at first use; after that a code point costs one load. A row is
 *
 *   bits 0..20   the code point it folds to        bit 24  COMBINES: may join, or pass, what stands before it
 *   bit 21       LETTER                            bit 25  SPECIAL: the low bits are a place and a count in the pool of sequences; count 0: nothing;
 *                                                          count 1: an ampersand, which may start a reference (&amp;)
 *   bit 22       WORD: letter, mark, digit or _    bit 26  MARKER: h w @ #, which may start a link, a mention or a tag
 *   bit 23       BLANK                             bits 27..31  class of the letter as it was written: what it says of the language
 *
 * Rows are closed under folding: what a row gives folds to itself. */
#ifndef CX_TEXT_CHARS_H
#define CX_TEXT_CHARS_H
#include "text/text.h"

#define CHAR_CODE                 0x1fffffu
#define CHAR_LETTER               (1u << 21)
#define CHAR_WORD                 (1u << 22)
#define CHAR_BLANK                (1u << 23)
#define CHAR_COMBINES             (1u << 24)
#define CHAR_SPECIAL              (1u << 25)
#define CHAR_MARKER               (1u << 26)
#define CHAR_CLASS_SHIFT          27
#define CHAR_CLASS(row)           ((row) >> CHAR_CLASS_SHIFT)
#define CHAR_SEQUENCE_AT(row)     ((row)&0xffffu)
#define CHAR_SEQUENCE_LENGTH(row) (((row) >> 16) & 0x1fu)
#define CHAR_SEQUENCE_MAX         31

/* Letters by what they prove. A class belongs to one script; LETTERS_OF names in chars.c say which letters are in it. */
enum letter_class {
    LETTER_NONE, /* no letter */
    LETTER_LATIN,
    LETTER_LATIN_TURKIC,  /* ğ ı İ ş: Turkish, Azerbaijani */
    LETTER_LATIN_UMLAUT,  /* ö ü ç: Turkish, German, ... */
    LETTER_LATIN_AZERI,   /* ə */
    LETTER_LATIN_SPANISH, /* ñ */
    LETTER_LATIN_ACUTE,   /* á é í ó ú */
    LETTER_LATIN_FOREIGN, /* any other: none of tr, es, en */
    LETTER_CYRILLIC,
    LETTER_CYRILLIC_SOFT,      /* ь: not Bulgarian (but for ьо), not Serbian */
    LETTER_CYRILLIC_RUSSIAN,   /* ы э ё: Russian, Belarusian, Kazakh, ... */
    LETTER_CYRILLIC_FOREIGN,   /* і ї є ґ ў ј љ ...: not Russian */
    LETTER_CYRILLIC_UKRAINIAN, /* ї є ґ */
    LETTER_ARABIC,
    LETTER_ARABIC_ARABIC,  /* ة ى أ إ: hardly used outside Arabic */
    LETTER_ARABIC_FOREIGN, /* پ چ ژ گ ک ی: Persian, Urdu, ... */
    LETTER_ARABIC_URDU,    /* ٹ ڈ ڑ ں ے ہ ھ */
    LETTER_GREEK,
    LETTER_HEBREW,
    LETTER_DEVANAGARI,
    LETTER_THAI,
    LETTER_GEORGIAN,
    LETTER_ARMENIAN,
    LETTER_HANGUL,
    LETTER_KANA,
    LETTER_HAN,
    LETTER_OTHER,
    LETTER_CLASSES = 32
};

static inline bool char_is_latin(uint32_t class)
{
    return class >= LETTER_LATIN && class <= LETTER_LATIN_FOREIGN;
}
static inline bool char_is_cyrillic(uint32_t class)
{
    return class >= LETTER_CYRILLIC && class <= LETTER_CYRILLIC_UKRAINIAN;
}
/* How many letters of a folded text are of the classes from first to last. */
static inline uint32_t char_count(const uint32_t *classes, enum letter_class first, enum letter_class last)
{
    uint32_t n = 0;
#pragma GCC unroll 32
    for (int class = first; class <= (int)last; class ++)
        n += classes[class];
    return n;
}

/* Zero bytes after a folded text, so that words may be read eight bytes at a time. */
#define CHAR_PAD 8

struct char_table {
    uint32_t low[0x800];           /* one and two bytes of UTF-8: nearly all that is read */
    const uint32_t *pages[0x1100]; /* 256 rows each; NULL where every code point folds to itself */
    const uint32_t *pool;          /* rows of sequences */
};
const struct char_table *char_table(enum cx_fold_language language);
/* Row of a code point on a NULL page. */
uint32_t char_plain_row(uint32_t code);

static inline uint32_t char_row(const struct char_table *table, uint32_t code)
{
    if (code < 0x800)
        return table->low[code];
    const uint32_t *page = table->pages[code >> 8];
    return page != NULL ? page[code & 0xff] : char_plain_row(code);
}

/* Canonical order and composition (Unicode, section 3.11) of `n` rows with their places, in the arena; marks left over after composition are
 * dropped where `strip_marks`. For texts with decomposed letters only: it asks utf8proc. */
struct char_run {
    uint32_t *rows, *origin;
    size_t len;
};
struct char_run char_compose(struct cx_arena *arena, const struct char_table *table, struct char_run in, bool strip_marks);

/* Rows with what character references of HTML stand for, composed, in the arena. For texts with an ampersand only. */
struct char_run char_decode(struct cx_arena *arena, const struct char_table *table, struct char_run run, bool strip_marks);

/* The small Latin letter that a small Cyrillic or Greek one looks like; other code points are their own. */
uint32_t char_latin_twin(uint32_t code);
/* Writes words whose letters are of several scripts in the one script they can be written in; where that may be either, in that of the text (LATIN or
 * CYRILLIC). Tags are left as they are. True where it has changed any. For texts with letters of several scripts only. */
bool char_join_scripts(const struct char_table *table, struct char_run *run, enum letter_class of_text);
/* Whether a word whose letters are of these classes, by bit, may be of several scripts. */
bool char_may_be_mixed(uint32_t classes);

/* A text as rows, decoded and composed: what folding works on. */
struct char_run char_read(struct cx_arena *arena, struct cx_str text, enum cx_fold_language language);
/* Where the link or mention ends that starts at the MARKER i, not behind a word; i: none does. */
size_t char_skip_marked(const struct char_run *run, size_t i);
#endif
