/* letters.c - words as they were written, for the language. */
#include "text/chars.h"
#include "text/words.h"

static const struct runs letter_runs[] = { { 2, { 0x8f1bbcddu, 0xca62c1d7u } }, { 4, { 0xe19b01abu, 0x4cf5ad43u, 0xa511e9b3u, 0x63d83595u } } };
#define LETTER_RUNS (sizeof letter_runs / sizeof *letter_runs)

static bool is_letter(uint32_t code)
{
    return (code >= 'a' && code <= 'z') || (char_row(char_table(CX_FOLD_ANY), code) & CHAR_LETTER);
}

/* The word at token i, if it is one that is read; where the next one starts. A digit may stand for its first letter (3ayez). */
static inline size_t read_at(const struct cx_folded *folded, size_t i, struct text_word *word, bool *is_read)
{
    size_t next = word_at(folded, i, word), at = word->start;
    uint32_t code = next_code((const unsigned char *)folded->text.ptr, &at);
    if (is_digit(code) && at < word->end)
        code = next_code((const unsigned char *)folded->text.ptr, &at);
    *is_read = word->special == 0 && is_letter(code);
    if (code == '#')
        next += next < folded->token_count && folded->tokens[next].start == word->end;
    return next;
}

static inline void put_letters(struct characters *to, const struct char_table *table, uint32_t row, size_t start)
{
    if (!(row & CHAR_SPECIAL)) {
        characters_put(to, row & CHAR_CODE, start);
        return;
    }
    for (size_t i = 0; i < CHAR_SEQUENCE_LENGTH(row) && to->len <= GATHER_WORD_MAX; i++)
        characters_put(to, table->pool[CHAR_SEQUENCE_AT(row) + i] & CHAR_CODE, start);
}

/* Eight codes, one a byte. */
static inline void spread(uint64_t bytes, uint32_t *codes)
{
    for (int i = 0; i < 8; i++)
        codes[i] = (uint8_t)(bytes >> 8 * i);
}

/* Eight bytes of a text from `from` on, zeros after its end. */
static inline uint64_t load8_of(struct cx_str text, size_t from)
{
    if (from + 8 <= text.len)
        return load8(text.ptr + from);
    uint64_t bytes = 0;
    for (size_t i = text.len; i-- > from;)
        bytes = bytes << 8 | (uint8_t)text.ptr[i];
    return bytes;
}

/* Capital ASCII letters made small. */
static inline uint64_t small_letters(uint64_t bytes)
{
    return bytes + (bytes_between(bytes, 'A', 'Z') >> 2); /* 0x80 to 0x20 */
}

/* A word of up to eight ASCII letters, all of them read and none twice in a row. False: it is another one. */
static inline bool read_short(const struct cx_folded *folded, struct cx_str original, const struct text_word *word, struct characters *to)
{
    size_t n = word->end - word->start, from = folded->origin[word->start];
    if (n > 8 || folded->origin[word->end - 1] + 1 - from != n)
        return false;
    uint64_t bytes = first_bytes(load8_of(original, from), n);
    if (bytes & EACH(0x80u))
        return false;
    bytes = small_letters(bytes);
    if (bytes != first_bytes(load8(folded->text.ptr + word->start), n))
        return false; /* a reference, or a letter that only looks like one of the word's script */
    uint64_t twice = (bytes ^ bytes >> 8) | ~first_bytes(UINT64_MAX, n) >> 8 | UINT64_C(0x80) << 56; /* a byte of 0: twice the same */
    if ((twice - EACH(1u)) & ~twice & EACH(0x80u))
        return false;
    spread(bytes, to->codes + 1);
    for (size_t i = 0; i < n; i++)
        to->starts[1 + i] = (uint32_t)(word->start + i);
    to->len = 1 + n;
    return true;
}

/* The row of folded byte i as it was written, but for what folding read otherwise: a reference of HTML, or a letter that only looks like one of its
 * word's script. */
static uint32_t written_row(const struct char_table *table, const struct cx_folded *folded, struct cx_str original, size_t i)
{
    size_t at = folded->origin[i];
    bool is_reference = original.ptr[at] == '&', is_ascii = (unsigned char)folded->text.ptr[i] < 0x80;
    uint32_t row = char_row(table, cx_utf8_next(original, &at)), class = CHAR_CLASS(row);
    bool is_twin = is_ascii ? char_is_cyrillic(class) || class == LETTER_GREEK : (row & CHAR_CODE) < 0x80;
    return is_reference || is_twin ? char_row(table, cx_utf8_next(folded->text, &i)) : row;
}

static void read_letters(const struct cx_folded *folded, struct cx_str original, const struct text_word *word, struct characters *to)
{
    const struct char_table *table = char_table(CX_FOLD_ANY);
    uint32_t last = 0;
    for (size_t i = word->start; i < word->end && to->len <= GATHER_WORD_MAX; i++) {
        uint32_t from = folded->origin[i];
        if (i > word->start && from == folded->origin[i - 1])
            continue;
        uint32_t row = written_row(table, folded, original, i);
        if ((row & CHAR_SPECIAL) || row != last) /* runs count once here */
            put_letters(to, table, row, i);
        last = row;
    }
}

/* Its letters between blanks, and the word's hash; no letters: characters->len is 0. */
static uint64_t read_word(const struct cx_folded *folded, struct cx_str original, const struct text_word *word, struct characters *characters)
{
    uint64_t hash = WORD_SEED;
    characters->len = 0;
    characters_put(characters, CODE_BLANK, word->start);
    if (!read_short(folded, original, word, characters))
        read_letters(folded, original, word, characters);
    if (characters->len == 1) {
        characters->len = 0;
        return hash;
    }
    characters_put(characters, CODE_BLANK, word->end);
    characters->starts[characters->len] = word->end;
    characters->codes[characters->len] = 0;
    for (size_t i = 0; i < characters->len; i += 2)
        hash = word_step(hash, characters->codes[i] | (uint64_t)characters->codes[i + 1] << 32);
    return hash;
}

/* ---- as it was written, without reading letters ---- */

/* The upper bit of every byte behind a byte `lead`. */
static inline uint64_t behind(uint64_t bytes, uint8_t lead)
{
    uint64_t differs = bytes ^ EACH(lead);
    return ~(((differs & EACH(0x7fu)) + EACH(0x7fu)) | differs) << 8 & EACH(0x80u);
}

/* Capital letters of Latin-1 and Russian (but for Ё) made small, where both their bytes are here: é is É, and я Я, with another bit. Others stay as
 * they are. */
static inline uint64_t small_marked(uint64_t bytes)
{
    uint64_t low = bytes & EACH(0x7fu), is_high = bytes & EACH(0x80u);
    uint64_t latin = behind(bytes, 0xc3) & is_high & ~(low + EACH(0x61u)); /* À to Þ */
    uint64_t russian = behind(bytes, 0xd0) & is_high & (low + EACH(0x70u)) & ~(low + EACH(0x50u));
    uint64_t lead = (bytes & russian >> 2) >> 13; /* from Р on the first byte is another one, too */
    return (bytes ^ (latin | russian) >> 2) | lead;
}

/* Hash of the bytes as they were written, but for capitals; *characters: how many. */
static inline uint64_t hash_written(struct cx_str original, size_t from, size_t to, size_t *characters)
{
    uint64_t hash = WORD_SEED;
    *characters = to - from;
    for (size_t at = from; at < to; at += 8) {
        uint64_t bytes = first_bytes(load8_of(original, at), to - at < 8 ? to - at : 8);
        if (bytes & EACH(0x80u)) {
            *characters -= continuing(bytes);
            bytes = small_marked(bytes);
        }
        hash = word_step(hash, small_letters(bytes));
    }
    return hash;
}

/* A word is what was written of it. Of several words that one character stands for (㈜, ⒜) only the last one ends where the character does: the
 * others are their letters. */
static inline uint64_t hash_of(const struct cx_folded *folded, struct cx_str original, const struct text_word *word, size_t *characters)
{
    size_t from = folded->origin[word->start], to = folded->origin[word->end];
    if (to > from)
        return hash_written(original, from, to, characters);
    struct characters letters;
    uint64_t hash = read_word(folded, original, word, &letters);
    *characters = letters.len > 2 ? letters.len - 2 : 0; /* but for the blanks */
    return hash;
}

void letters_see(const struct cx_folded *folded, struct cx_str original, size_t *token, size_t most, struct word_block *to)
{
    size_t n = 0, i = *token;
    while (n < most && i < folded->token_count) {
        struct text_word word;
        size_t characters;
        bool is_read;
        i = read_at(folded, i, &word, &is_read);
        if (!is_read)
            continue;
        uint32_t count = 1;
        to->wholes[n] = whole_of(hash_of(folded, original, &word, &characters));
        for (size_t k = 0; k < LETTER_RUNS; k++)
            count += runs_count(&letter_runs[k], (characters < GATHER_WORD_MAX ? characters : GATHER_WORD_MAX) + 2);
        to->words[n] = word;
        to->counts[n] = count;
        n++;
    }
    to->count = n;
    *token = i;
}

void letters_add(struct gather *to, const struct cx_folded *folded, struct cx_str original, const struct text_word *word)
{
    struct characters characters;
    uint64_t hash = read_word(folded, original, word, &characters);
    if (characters.len == 0)
        return;
    gather_add(to, CX_UNIT_WORD, upper_half(hash), word->start, word->end);
    for (size_t n = 0; n < LETTER_RUNS; n++)
        gather_runs(to, &letter_runs[n], &characters);
}
