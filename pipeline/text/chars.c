/* chars.c - the code point tables: NFKC, case folding and the house's own unifications, asked of utf8proc once. */
#include "text/chars.h"
#include <pthread.h>
#include <utf8proc.h>

#define CODE_END 0x110000u
#define POOL_MAX 0x10000u

/* Letters that say more than their script, as they are written. The first row that names a letter counts. */
static const struct {
    enum letter_class class;
    const char *letters;
} letters_of[] = {
    { LETTER_LATIN_TURKIC, "ğĞıİşŞ" },
    { LETTER_LATIN_UMLAUT, "öÖüÜçÇ" },
    { LETTER_LATIN_AZERI, "əƏ" },
    { LETTER_LATIN_SPANISH, "ñÑ" },
    { LETTER_LATIN_ACUTE, "áÁéÉíÍóÓúÚ" },
    { LETTER_LATIN_FOREIGN, "ăĂșȘțȚąĄęĘłŁńŃśŚźŹżŻćĆčČďĎěĚňŇřŘšŠťŤůŮžŽőŐűŰãÃõÕêÊôÔàÀèÈìÌòÒùÙëËïÏœŒßäÄåÅæÆøØýÝþÞðÐđĐāĀēĒīĪūŪģĢķĶļĻņŅėĖįĮųŲơƠưƯ" },
    { LETTER_CYRILLIC_SOFT, "ьЬ" },
    { LETTER_CYRILLIC_RUSSIAN, "ыЫэЭёЁ" },
    { LETTER_CYRILLIC_UKRAINIAN, "їЇєЄґҐ" },
    { LETTER_CYRILLIC_FOREIGN, "іІўЎјЈљЉњЊђЂћЋџЏќЌѓЃѕЅәӘғҒқҚңҢөӨұҰүҮһҺҷҶӣӢҳҲӯӮ" },
    { LETTER_ARABIC_ARABIC, "ةىأإ" },
    { LETTER_ARABIC_URDU, "ٹڈڑںےہھۓ" },
    { LETTER_ARABIC_FOREIGN, "پچژگکیڤڭڨڕڵێۆەۇۈېځڅڼړږښټډ" },
};

/* First code point of a script's block, its end, and its class; Latin marks and the like are found by category. */
static const struct {
    uint32_t from, to;
    enum letter_class class;
} scripts[] = {
    { 'A', 0x250, LETTER_LATIN },        { 0x250, 0x2b0, LETTER_LATIN },      { 0x370, 0x400, LETTER_GREEK },
    { 0x400, 0x530, LETTER_CYRILLIC },   { 0x531, 0x590, LETTER_ARMENIAN },   { 0x590, 0x600, LETTER_HEBREW },
    { 0x600, 0x700, LETTER_ARABIC },     { 0x750, 0x780, LETTER_ARABIC },     { 0x8a0, 0x900, LETTER_ARABIC },
    { 0x900, 0x980, LETTER_DEVANAGARI }, { 0xe00, 0xe80, LETTER_THAI },       { 0x10a0, 0x1100, LETTER_GEORGIAN },
    { 0x1100, 0x1200, LETTER_HANGUL },   { 0x1c80, 0x1c90, LETTER_CYRILLIC }, { 0x1e00, 0x1f00, LETTER_LATIN_FOREIGN },
    { 0x1f00, 0x2000, LETTER_GREEK },    { 0x2de0, 0x2e00, LETTER_CYRILLIC }, { 0x3040, 0x3100, LETTER_KANA },
    { 0x3400, 0x4dc0, LETTER_HAN },      { 0x4e00, 0xa000, LETTER_HAN },      { 0xa640, 0xa6a0, LETTER_CYRILLIC },
    { 0xac00, 0xd7a4, LETTER_HANGUL },   { 0xf900, 0xfb00, LETTER_HAN },      { 0xfb50, 0xfe00, LETTER_ARABIC },
    { 0xfe70, 0xff00, LETTER_ARABIC },   { 0x20000, 0x32000, LETTER_HAN },
};

/* What folds otherwise than Unicode says. `to` 0: to nothing. */
static const struct {
    uint32_t from, to;
} unified[] = {
    { 0x130, 'i' },   { 0x451, 0x435 }, { 0x401, 0x435 },                                     /* İ, ё */
    { 0x622, 0x627 }, { 0x623, 0x627 }, { 0x625, 0x627 }, { 0x671, 0x627 },                   /* آ أ إ ٱ */
    { 0x649, 0x64a }, { 0x6cc, 0x64a }, { 0x6a9, 0x643 }, { 0x629, 0x647 }, { 0x6c1, 0x647 }, /* ى ی ک ة ہ */
    { 0x640, 0 },     { 0x670, 0 },                                                           /* tatweel, small alef */
    { 0x2018, '\'' }, { 0x2019, '\'' }, { 0x201b, '\'' }, { 0x2bc, '\'' },  { 0xb4, '\'' },   { 0x201c, '"' }, { 0x201d, '"' }, { 0x201e, '"' },
    { 0xab, '"' },    { 0xbb, '"' },    { 0x2010, '-' },  { 0x2011, '-' },  { 0x2013, '-' },  { 0x2014, '-' }, { 0x2212, '-' },
};

#define PAGES_MAX 192
static struct char_table tables[CX_FOLD_LANGUAGES];
static uint32_t page_rows[2][PAGES_MAX][256]; /* CX_FOLD_ANY (CX_FOLD_TURKIC differs in one low row), CX_FOLD_SEARCH */
static uint32_t pool[POOL_MAX];
static size_t pool_len;
static uint8_t combines[CODE_END / 8]; /* a bit for every code point that may join, or pass, the one before it */

static enum letter_class script_of(uint32_t code)
{
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
        if (code >= scripts[i].from && code < scripts[i].to)
            return scripts[i].class;
    return LETTER_OTHER;
}

static bool is_between(uint32_t code, uint32_t first, uint32_t last)
{
    return code >= first && code <= last;
}

static bool is_arabic_mark(uint32_t code)
{
    return is_between(code, 0x64b, 0x65f) || is_between(code, 0x6d6, 0x6dc) || is_between(code, 0x6df, 0x6e4) || is_between(code, 0x6e7, 0x6e8) ||
           is_between(code, 0x6ea, 0x6ed) || is_between(code, 0x610, 0x61a);
}

/* The house's own rules for one code point; true where one applies, *to 0 for nothing. */
static bool unify(uint32_t code, enum cx_fold_language language, uint32_t *to)
{
    if (is_arabic_mark(code) || is_between(code, 0x1f3fb, 0x1f3ff)) {
        *to = 0; /* skin tones, too */
        return true;
    }
    if (is_between(code, 0x660, 0x669) || is_between(code, 0x6f0, 0x6f9)) {
        *to = '0' + (code & 0xf);
        return true;
    }
    if (code == 0x131 && language == CX_FOLD_SEARCH) {
        *to = 'i';
        return true;
    }
    for (size_t i = 0; i < sizeof unified / sizeof *unified; i++)
        if (unified[i].from == code) {
            *to = unified[i].to;
            return true;
        }
    return false;
}

/* The ASCII letter under a Latin letter's marks, or the letter itself. */
static uint32_t without_marks(uint32_t code)
{
    if (!is_between(code, 0xc0, 0x24f) && !is_between(code, 0x1e00, 0x1eff))
        return code;
    int32_t parts[CHAR_SEQUENCE_MAX];
    ssize_t n = utf8proc_decompose_char((int32_t)code, parts, CHAR_SEQUENCE_MAX, UTF8PROC_DECOMPOSE, NULL);
    return n > 1 && parts[0] < 0x80 ? (uint32_t)parts[0] : code;
}

/* One pass of folding over a short sequence; returns its new length. */
static size_t fold_once(const int32_t *in, size_t n, enum cx_fold_language language, int32_t *out)
{
    const utf8proc_option_t compat = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t to;
        if (unify((uint32_t)in[i], language, &to)) {
            if (to != 0)
                out[len++] = (int32_t)to;
            continue;
        }
        ssize_t got = utf8proc_decompose_char(in[i], out + len, (ssize_t)(CHAR_SEQUENCE_MAX - len), compat, NULL);
        cx_assert(got >= 0 && len + (size_t)got <= CHAR_SEQUENCE_MAX);
        len += (size_t)got;
    }
    ssize_t composed = utf8proc_normalize_utf32(out, (ssize_t)len, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    cx_assert(composed >= 0);
    len = (size_t)composed;
    for (size_t i = 0; i < len && language == CX_FOLD_SEARCH; i++)
        out[i] = (int32_t)without_marks((uint32_t)out[i]);
    return len;
}

/* Folds until nothing changes, so that rows are closed. */
static size_t fold_fully(uint32_t code, enum cx_fold_language language, int32_t *out)
{
    int32_t in[CHAR_SEQUENCE_MAX] = { (int32_t)code };
    size_t n = 1;
    for (int round = 0; round < 6; round++) {
        size_t len = fold_once(in, n, language, out);
        if (len == n && memcmp(in, out, n * sizeof *in) == 0)
            return len;
        memcpy(in, out, len * sizeof *in);
        n = len;
    }
    cx_assert(!"folding of a code point does not come to rest");
    return 0;
}

static bool is_blank(uint32_t code, utf8proc_category_t category)
{
    return code == '\t' || code == '\n' || code == '\r' || code == '\v' || code == '\f' || code == 0x85 || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

static uint32_t flags_of(uint32_t code)
{
    utf8proc_category_t category = utf8proc_get_property((int32_t)code)->category;
    uint32_t flags = 0;
    if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO)
        flags |= CHAR_LETTER | CHAR_WORD;
    if ((category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME) || category == UTF8PROC_CATEGORY_ND || code == '_')
        flags |= CHAR_WORD;
    if (is_blank(code, category))
        flags |= CHAR_BLANK;
    if (code == 'h' || code == 'w' || code == '@' || code == '#')
        flags |= CHAR_MARKER;
    if (combines[code >> 3] & (1u << (code & 7)))
        flags |= CHAR_COMBINES;
    return flags;
}

static uint32_t row_of(uint32_t code, enum cx_fold_language language)
{
    int32_t folded[CHAR_SEQUENCE_MAX];
    size_t n = fold_fully(code, language, folded);
    uint32_t class = (uint32_t)script_of(code) << CHAR_CLASS_SHIFT;
    if (n == 0)
        return CHAR_SPECIAL;
    uint32_t flags = flags_of((uint32_t)folded[0]);
    if (n == 1 && folded[0] != '&')
        return (uint32_t)folded[0] | flags | (flags & CHAR_LETTER ? class : 0);
    cx_assert(pool_len + n <= POOL_MAX);
    uint32_t at = (uint32_t)pool_len;
    for (size_t i = 0; i < n; i++) {
        flags = flags_of((uint32_t)folded[i]);
        pool[pool_len++] = (uint32_t)folded[i] | flags | (flags & CHAR_LETTER ? class : 0);
    }
    return CHAR_SPECIAL | (uint32_t)n << 16 | at;
}

/* Blocks where every code point folds to itself: neither asked nor stored. */
static bool is_plain_page(uint32_t page)
{
    return is_between(page, 0x34, 0x9f) || is_between(page, 0xac, 0xf8) || is_between(page, 0x120, 0x1cf) || is_between(page, 0x200, 0x2f7) ||
           is_between(page, 0x2fb, 0xdff) || page >= 0xe10;
}

uint32_t char_plain_row(uint32_t code)
{
    bool is_han = is_between(code, 0x3400, 0x9fff) || is_between(code, 0x20000, 0x32fff);
    bool is_hangul = is_between(code, 0xac00, 0xd7a3);
    bool is_old_letter = is_between(code, 0x12000, 0x18fff);
    uint32_t class = is_han ? LETTER_HAN : is_hangul ? LETTER_HANGUL : LETTER_OTHER;
    return is_han || is_hangul || is_old_letter ? code | CHAR_LETTER | CHAR_WORD | class << CHAR_CLASS_SHIFT : code;
}

static void mark_combining(uint32_t code)
{
    combines[code >> 3] |= (uint8_t)(1u << (code & 7));
}

static void find_combining(void)
{
    for (uint32_t code = 0x80; code < CODE_END; code++) {
        if (is_plain_page(code >> 8))
            continue;
        if (utf8proc_get_property((int32_t)code)->combining_class != 0)
            mark_combining(code);
        int32_t parts[CHAR_SEQUENCE_MAX];
        ssize_t n = utf8proc_decompose_char((int32_t)code, parts, CHAR_SEQUENCE_MAX, UTF8PROC_DECOMPOSE, NULL);
        if (n > 1)
            mark_combining((uint32_t)parts[n - 1]);
    }
    for (uint32_t code = 0x1161; code <= 0x11c2; code++) /* Hangul vowels and finals */
        mark_combining(code);
}

static void fill_table(enum cx_fold_language language, uint32_t (*rows)[256])
{
    struct char_table *table = &tables[language];
    for (uint32_t page = 0; page < CODE_END >> 8; page++) {
        if (is_plain_page(page))
            continue;
        cx_assert(rows < page_rows[language == CX_FOLD_SEARCH] + PAGES_MAX);
        for (uint32_t i = 0; i < 256; i++)
            (*rows)[i] = row_of(page << 8 | i, language);
        table->pages[page] = *rows++;
    }
    for (uint32_t code = 0; code < 0x800; code++)
        table->low[code] = table->pages[code >> 8][code & 0xff];
    for (size_t i = sizeof letters_of / sizeof *letters_of; i-- > 0;) {
        struct cx_str letters = cx_str(letters_of[i].letters);
        for (size_t at = 0; at < letters.len;) {
            uint32_t *row = &table->low[cx_utf8_next(letters, &at)];
            *row = (*row & ~(0x1fu << CHAR_CLASS_SHIFT)) | (uint32_t)letters_of[i].class << CHAR_CLASS_SHIFT;
        }
    }
    table->pool = pool;
}

static void build(void)
{
    find_combining();
    fill_table(CX_FOLD_ANY, page_rows[0]);
    fill_table(CX_FOLD_SEARCH, page_rows[1]);
    tables[CX_FOLD_TURKIC] = tables[CX_FOLD_ANY];
    tables[CX_FOLD_TURKIC].low['I'] = 0x131 | CHAR_LETTER | CHAR_WORD | (uint32_t)LETTER_LATIN << CHAR_CLASS_SHIFT;
}

const struct char_table *char_table(enum cx_fold_language language)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, build);
    return &tables[language];
}

uint32_t cx_text_script(uint32_t code)
{
    const struct char_table *table = char_table(CX_FOLD_ANY);
    uint32_t row = char_row(table, code);
    if (is_arabic_mark(code) || code == 0x640 || code == 0x670) /* which fold to nothing, tatweel and the small alef too */
        return CX_SCRIPT_MARK;
    if (row & CHAR_SPECIAL)
        row = CHAR_SEQUENCE_LENGTH(row) > 0 ? table->pool[CHAR_SEQUENCE_AT(row)] : 0;
    if (!(row & CHAR_LETTER))
        return !(row & CHAR_WORD) ? CX_SCRIPT_NONE : (row & CHAR_CODE) < 0x80 ? CX_SCRIPT_DIGIT : CX_SCRIPT_MARK;
    uint32_t class = CHAR_CLASS(row);
    if (char_is_latin(class))
        return CX_SCRIPT_LATIN;
    if (class == LETTER_HAN || class == LETTER_KANA || class == LETTER_THAI)
        return CX_SCRIPT_UNSPACED;
    return CX_SCRIPT_OTHERS + (char_is_cyrillic(class)                                 ? (uint32_t)LETTER_CYRILLIC
                               : class >= LETTER_ARABIC && class <= LETTER_ARABIC_URDU ? (uint32_t)LETTER_ARABIC
                                                                                       : class);
}
