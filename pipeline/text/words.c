/* words.c - words as they were folded, eight bytes at a time: most are no longer. */
#include "text/words.h"
#include "text/chars.h"
#include <pthread.h>

#define EMOJI_SEED  0x85ebca77c2b2ae63u
#define SCRIPT_SEED 0xd6e8feb86659fd93u
static const struct runs word_runs[] = { { 2, { 0x9e3779b1u, 0x85ebca6bu } }, { 4, { 0x27d4eb2fu, 0x165667b1u, 0xd3a2646du, 0xfd7046c5u } } };
#define WORD_RUNS (sizeof word_runs / sizeof *word_runs)

/* ---- emoji ---- */

static const struct {
    const char *class, *characters;
} emoji_rows[] = {
#define CX_EMOJI(class, characters) { class, characters },
#include "text/emoji.def"
#undef CX_EMOJI
};
#define EMOJI_ROWS (sizeof emoji_rows / sizeof *emoji_rows)
/* Two stretches of code points that hold all emoji: class + 1 by code point. */
static uint8_t symbols[0xc00], pictures[0x900];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static uint8_t *emoji_slot(uint32_t code)
{
    if (code >= 0x2000 && code < 0x2c00)
        return &symbols[code - 0x2000];
    return code >= 0x1f300 && code < 0x1fc00 ? &pictures[code - 0x1f300] : NULL;
}

static void load_emoji(void)
{
    for (size_t row = 0; row < EMOJI_ROWS; row++) {
        struct cx_str characters = cx_str(emoji_rows[row].characters);
        for (size_t at = 0; at < characters.len;) {
            uint8_t *slot = emoji_slot(cx_utf8_next(characters, &at));
            if (slot != NULL && *slot == 0)
                *slot = (uint8_t)(row + 1);
        }
    }
}

/* The class of an emoji, 0: none. */
static uint8_t emoji_class(uint32_t code)
{
    if (code < 0x2000)
        return 0;
    pthread_once(&once, load_emoji);
    const uint8_t *slot = emoji_slot(code);
    return slot != NULL ? *slot : 0;
}

/* ---- words ---- */

uint32_t words_special(const struct cx_folded *folded, size_t i)
{
    const struct cx_token *token = &folded->tokens[i];
    if (folded->text.ptr[token->start] != '<' || i + 2 >= folded->token_count)
        return 0;
    struct cx_str from = cx_str_skip(folded->text, token->start);
    return cx_str_starts(from, CX_STR("<user>")) ? CODE_USER : cx_str_starts(from, CX_STR("<url>")) ? CODE_LINK : 0;
}

/* Digits are one class, but for a single one among letters: it may stand for a letter that Latin has none for (Arabic 3ayez, 7aga). */
static bool is_letter_like(const char *text, size_t start, size_t end, size_t at)
{
    bool has_before = at > start, has_after = at + 1 < end;
    return (has_before || has_after) && !(has_before && is_digit((unsigned char)text[at - 1])) &&
           !(has_after && is_digit((unsigned char)text[at + 1]));
}

/* The same of up to eight bytes of a word: every digit of the class becomes '0'. In `beside` the upper bits of its first and last byte say whether
 * digits stand before and behind. */
static inline uint64_t class_digits(uint64_t bytes, uint64_t beside)
{
    uint64_t digits = bytes_between(bytes, '0', '9');
    if (digits == 0)
        return bytes;
    uint64_t class = digits & (digits << 8 | digits >> 8 | beside);
    return bytes & ~((class >> 7) * 0xf);
}

/* Whether digits of the word stand before and behind the eight bytes at `at`, as class_digits wants it. */
static inline uint64_t digits_beside(const char *text, size_t start, size_t end, size_t at)
{
    uint64_t before = at > start && is_digit((unsigned char)text[at - 1]) ? 0x80 : 0;
    return before | (at + 8 < end && is_digit((unsigned char)text[at + 8]) ? UINT64_C(0x80) << 56 : 0);
}

/* Hash of more than eight bytes. */
static uint64_t hash_long(const char *text, size_t start, size_t end, size_t *count)
{
    uint64_t hash = WORD_SEED;
    *count = end - start;
    for (size_t at = start; at < end; at += 8) {
        size_t left = end - at < 8 ? end - at : 8;
        uint64_t bytes = first_bytes(load8(text + at), left);
        *count -= continuing(bytes);
        hash = word_step(hash, class_digits(bytes, digits_beside(text, start, end, at)));
    }
    return hash;
}

/* Hash of the bytes start..end-1; *count: of characters. There are CHAR_PAD bytes after the text. */
static inline uint64_t hash_bytes(const char *text, size_t start, size_t end, size_t *count)
{
    size_t n = end - start;
    if (n > 8)
        return hash_long(text, start, end, count);
    uint64_t bytes = first_bytes(load8(text + start), n);
    *count = n - continuing(bytes);
    return word_step(WORD_SEED, class_digits(bytes, n == 1 ? EACH(0x80u) : 0));
}

/* Its characters between blanks. */
static void read_word(const struct cx_folded *folded, const struct text_word *word, struct characters *to)
{
    const char *text = folded->text.ptr;
    to->len = 0;
    characters_put(to, CODE_BLANK, word->start);
    if (word->special != 0)
        characters_put(to, word->special, word->start);
    for (size_t at = word->start; word->special == 0 && at < word->end && to->len <= GATHER_WORD_MAX;) {
        size_t start = at;
        uint32_t code = next_code((const unsigned char *)text, &at);
        if (is_digit(code) && !is_letter_like(text, word->start, word->end, start))
            code = CODE_DIGIT;
        characters_put(to, code, start);
    }
    characters_put(to, CODE_BLANK, word->end);
    to->starts[to->len] = word->end;
}

/* The class of a word that is an emoji, 0: it is none. */
static inline uint8_t class_of(const struct cx_folded *folded, const struct text_word *word, size_t characters)
{
    const unsigned char *bytes = (const unsigned char *)folded->text.ptr + word->start;
    return characters == 1 && bytes[0] >= 0xe2 ? emoji_class(next_code(bytes, &(size_t){ 0 })) : 0;
}

static inline uint64_t hash_of(const struct cx_folded *folded, const struct text_word *word, size_t *count)
{
    *count = 1;
    return word->special != 0 ? word_step(WORD_SEED, word->special) : hash_bytes(folded->text.ptr, word->start, word->end, count);
}

void words_see(const struct cx_folded *folded, size_t *token, size_t most, struct word_block *to)
{
    size_t n = 0, i = *token;
    for (; n < most && i < folded->token_count; n++) {
        struct text_word word;
        size_t characters;
        i = word_at(folded, i, &word);
        uint64_t hash = hash_of(folded, &word, &characters);
        size_t between_blanks = (characters < GATHER_WORD_MAX ? characters : GATHER_WORD_MAX) + 2;
        uint32_t count = 1 + (class_of(folded, &word, characters) != 0);
        for (size_t k = 0; k < WORD_RUNS; k++)
            count += runs_count(&word_runs[k], between_blanks);
        to->words[n] = word;
        to->hashes[n] = hash;
        to->wholes[n] = whole_of(hash);
        to->counts[n] = count;
    }
    to->count = n;
    *token = i;
}

void words_add(struct gather *to, const struct cx_folded *folded, const struct text_word *word)
{
    struct characters characters;
    size_t count;
    gather_add(to, CX_UNIT_WORD, upper_half(hash_of(folded, word, &count)), word->start, word->end);
    uint8_t class = class_of(folded, word, count);
    if (class != 0)
        gather_add(to, CX_UNIT_WORD, upper_half(word_step(EMOJI_SEED, class)), word->start, word->end);
    read_word(folded, word, &characters);
    for (size_t n = 0; n < WORD_RUNS; n++)
        gather_runs(to, &word_runs[n], &characters);
}

void words_add_script(struct gather *to, const struct cx_folded *folded)
{
    uint32_t cyrillic = char_count(folded->classes, LETTER_CYRILLIC, LETTER_CYRILLIC_UKRAINIAN);
    uint32_t arabic = char_count(folded->classes, LETTER_ARABIC, LETTER_ARABIC_URDU);
    if (2 * (cyrillic > arabic ? cyrillic : arabic) > folded->letters)
        gather_add(to, CX_UNIT_WORD, upper_half(word_step(SCRIPT_SEED, cyrillic > arabic ? LETTER_CYRILLIC : LETTER_ARABIC)), 0, 0);
}

/* ---- tags ---- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Parts between _, and between a small and a capital letter as it was written. */
void words_add_tag(struct gather *to, const struct cx_folded *folded, struct cx_str original, const struct text_word *word)
{
    uint32_t start = word->start;
    bool was_lower = false, has_parts = false;
    for (size_t at = word->start; at <= word->end;) {
        size_t here = at;
        char written = here < word->end ? original.ptr[folded->origin[here]] : '_';
        bool is_break = written == '_' || (was_lower && is_upper(written));
        if (is_break) {
            has_parts = has_parts || here < word->end;
            if (has_parts && here > start)
                gather_add(to, CX_UNIT_WORD, upper_half(hash_bytes(folded->text.ptr, start, here, &(size_t){ 0 })), start, (uint32_t)here);
            start = (uint32_t)here + (written == '_');
        }
        if (here == word->end)
            break;
        was_lower = is_lower(written) || (written & 0x80);
        next_code((const unsigned char *)folded->text.ptr, &at);
    }
}
