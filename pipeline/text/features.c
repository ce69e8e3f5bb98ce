/* features.c - tokens to hashed features. Runs of characters are hashed as sums of products (one multiplication a character, no order between them),
 * so that a compiler may do several at once; the upper bits of such a sum are the good ones, and they are what tables use. */
#include "text/features.h"
#include "text/chars.h"
#include <pthread.h>

/* Odd numbers without a pattern; a set for every kind of feature, so that equal letters of different kinds are different features. */
#define WORD_SEED  0x9e3779b97f4a7c15u
#define PAIR_LEFT  0xc2b2ae3d27d4eb4fu
#define PAIR_RIGHT 0x165667b19e3779f9u
#define EMOJI_SEED 0x85ebca77c2b2ae63u
static const uint32_t run2[] = { 0x9e3779b1u, 0x85ebca6bu };
static const uint32_t run4[] = { 0x27d4eb2fu, 0x165667b1u, 0xd3a2646du, 0xfd7046c5u };
static const uint32_t letters1[] = { 0xb55a4f09u };
static const uint32_t letters2[] = { 0x8f1bbcddu, 0xca62c1d7u };
static const uint32_t letters3[] = { 0x6ed9eba1u, 0x5a827999u, 0x7b3c4a93u };
static const uint32_t letters4[] = { 0xe19b01abu, 0x4cf5ad43u, 0xa511e9b3u, 0x63d83595u };

enum { CODE_BLANK = ' ', CODE_DIGIT = '0', CODE_USER = 0x110000, CODE_LINK };

static uint32_t upper_half(uint64_t hash)
{
    hash ^= hash >> 29;
    return (uint32_t)(hash * 0xbf58476d1ce4e5b9u >> 32);
}

/* Of n characters: a sum of products, stirred, since tables read the upper and the lower half. */
static inline uint32_t run_hash(const uint32_t *codes, const uint32_t *factors, size_t n)
{
    uint32_t hash = 0;
    for (size_t k = 0; k < n; k++)
        hash += codes[k] * factors[k];
    hash = (hash ^ hash >> 15) * 0x2c1b3c6du;
    return hash ^ hash >> 13;
}

static uint64_t word_step(uint64_t hash, uint32_t code)
{
    return (hash ^ code) * 0x100000001b3u;
}

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

/* ---- what is gathered ---- */

struct gather {
    uint32_t *hashes;
    struct cx_span *spans; /* NULL: not asked for */
    size_t count, max;
};

static inline void add(struct gather *to, uint32_t hash, uint32_t start, uint32_t end)
{
    if (to->count == to->max)
        return;
    if (to->spans != NULL)
        to->spans[to->count] = (struct cx_span){ start, end };
    to->hashes[to->count++] = hash;
}

/* ---- words ---- */

/* Characters as runs see them, and where each starts in the folded text; one more start at the end. */
struct characters {
    uint32_t *codes, *starts;
    size_t len;
};

static inline void put(struct characters *to, uint32_t code, uint32_t start)
{
    to->starts[to->len] = start;
    to->codes[to->len++] = code;
}

/* The special token <user> or <url> that starts at token i: three tokens. 0: none. */
static uint32_t special_at(const struct cx_folded *folded, size_t i)
{
    const struct cx_token *token = &folded->tokens[i];
    if (folded->text.ptr[token->start] != '<' || i + 2 >= folded->token_count)
        return 0;
    struct cx_str from = cx_str_skip(folded->text, token->start);
    return cx_str_starts(from, CX_STR("<user>")) ? CODE_USER : cx_str_starts(from, CX_STR("<url>")) ? CODE_LINK : 0;
}

static bool is_digit(uint32_t code)
{
    return code >= '0' && code <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

/* Digits are one class, but for a single one among letters: it may stand for a letter that Latin has none for (Arabic 3ayez, 7aga). */
static bool is_letter_like(const char *text, size_t start, size_t end, size_t at)
{
    bool has_before = at > start, has_after = at + 1 < end;
    return (has_before || has_after) && !(has_before && is_digit((unsigned char)text[at - 1])) &&
           !(has_after && is_digit((unsigned char)text[at + 1]));
}

/* The words of the tag that is the token: parts between _, and between a small and a capital letter as it was written. */
static void add_tag_words(struct gather *to, const struct cx_folded *folded, const struct cx_token *token, struct cx_str original)
{
    uint64_t hash = WORD_SEED;
    uint32_t start = token->start;
    bool was_lower = false, has_parts = false;
    for (size_t at = token->start; at <= token->end;) {
        size_t here = at;
        char written = here < token->end ? original.ptr[folded->origin[here]] : '_';
        bool is_break = written == '_' || (was_lower && is_upper(written));
        if (is_break) {
            has_parts = has_parts || here < token->end;
            if (has_parts && here > start)
                add(to, upper_half(hash), start, (uint32_t)here);
            hash = WORD_SEED;
            start = (uint32_t)here + (written == '_');
        }
        if (here == token->end)
            break;
        was_lower = is_lower(written) || (written & 0x80);
        uint32_t code = cx_utf8_next(folded->text, &at);
        if (written != '_')
            hash = word_step(hash, is_digit(code) ? CODE_DIGIT : code);
    }
}

/* One token: its characters, and the word it is. */
static uint64_t read_token(const struct cx_folded *folded, const struct cx_token *token, struct characters *characters)
{
    uint64_t hash = WORD_SEED;
    const unsigned char *bytes = (const unsigned char *)folded->text.ptr;
    for (size_t at = token->start; at < token->end;) {
        uint32_t start = (uint32_t)at;
        uint32_t code = bytes[at] < 0x80 ? bytes[at++] : cx_utf8_next(folded->text, &at);
        if (is_digit(code) && !is_letter_like(folded->text.ptr, token->start, token->end, start))
            code = CODE_DIGIT;
        put(characters, code, start);
        hash = word_step(hash, code);
    }
    return hash;
}

static void add_words(struct gather *to, const struct cx_folded *folded, struct cx_str original, struct characters *characters)
{
    uint64_t last = WORD_SEED;
    uint32_t last_start = 0, last_end = 0;
    put(characters, CODE_BLANK, 0);
    for (size_t i = 0; i < folded->token_count; i++) {
        struct cx_token token = folded->tokens[i];
        uint32_t special = special_at(folded, i);
        uint64_t word;
        if (i > 0 && token.start > last_end)
            put(characters, CODE_BLANK, last_end);
        if (special != 0) {
            i += 2;
            put(characters, special, token.start);
            word = word_step(WORD_SEED, special);
            token.end = folded->tokens[i].end;
        } else {
            word = read_token(folded, &token, characters);
            uint8_t *slot = emoji_slot(characters->codes[characters->len - 1]);
            if (slot != NULL && *slot != 0)
                add(to, upper_half(word_step(EMOJI_SEED, *slot)), token.start, token.end);
            if (i > 0 && folded->text.ptr[folded->tokens[i - 1].start] == '#' && folded->tokens[i - 1].end == token.start)
                add_tag_words(to, folded, &token, original);
        }
        add(to, upper_half(word), token.start, token.end);
        add(to, upper_half(last * PAIR_LEFT + word * PAIR_RIGHT), last_start, token.end);
        last = word;
        last_start = token.start;
        last_end = token.end;
    }
    put(characters, CODE_BLANK, (uint32_t)folded->text.len);
    characters->starts[characters->len] = (uint32_t)folded->text.len;
}

/* All runs of n characters. */
static void add_runs(struct gather *to, const struct characters *characters, const uint32_t *factors, size_t n)
{
    for (size_t i = 0; i + n <= characters->len; i++)
        add(to, run_hash(characters->codes + i, factors, n), characters->starts[i], characters->starts[i + n]);
}

/* ---- letters ---- */

static inline void put_letters(struct characters *word, const struct char_table *table, uint32_t row, uint32_t start)
{
    if (!(row & CHAR_SPECIAL)) {
        put(word, row & CHAR_CODE, start);
        return;
    }
    for (size_t i = 0; i < CHAR_SEQUENCE_LENGTH(row); i++)
        put(word, table->pool[CHAR_SEQUENCE_AT(row) + i] & CHAR_CODE, start);
}

/* Features of one word, its edges marked by blanks. */
static void add_letters(struct gather *to, const struct characters *word)
{
    const uint32_t *codes = word->codes, *starts = word->starts;
    uint64_t hash = WORD_SEED;
    for (size_t i = 0; i < word->len; i++) {
        hash = word_step(hash, codes[i]);
        if (i > 0 && i + 1 < word->len)
            add(to, run_hash(codes + i, letters1, 1), starts[i], starts[i + 1]);
        if (i >= 1)
            add(to, run_hash(codes + i - 1, letters2, 2), starts[i - 1], starts[i + 1]);
        if (i >= 2)
            add(to, run_hash(codes + i - 2, letters3, 3), starts[i - 2], starts[i + 1]);
        if (i >= 3)
            add(to, run_hash(codes + i - 3, letters4, 4), starts[i - 3], starts[i + 1]);
    }
    add(to, upper_half(hash), starts[0], starts[word->len]);
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

/* The word of a token as it was written. Longer words are cut: no language is told by its fortieth letter. */
#define WORD_MAX 40
static void add_word_letters(struct gather *to, const struct cx_folded *folded, const struct cx_token *token, struct cx_str original)
{
    const struct char_table *table = char_table(CX_FOLD_ANY);
    uint32_t codes[WORD_MAX + CHAR_SEQUENCE_MAX + 2], starts[WORD_MAX + CHAR_SEQUENCE_MAX + 3];
    struct characters word = { codes, starts, 0 };
    put(&word, CODE_BLANK, token->start);
    uint32_t last = 0;
    for (size_t i = token->start; i < token->end && word.len <= WORD_MAX; i++) {
        uint32_t from = folded->origin[i];
        if (i > token->start && from == folded->origin[i - 1])
            continue;
        uint32_t row = written_row(table, folded, original, i);
        if ((row & CHAR_SPECIAL) || row != last) /* runs count once here */
            put_letters(&word, table, row, (uint32_t)i);
        last = row;
    }
    put(&word, CODE_BLANK, token->end);
    starts[word.len] = token->end;
    if (word.len > 2)
        add_letters(to, &word);
}

static void add_all_letters(struct gather *to, const struct cx_folded *folded, struct cx_str original)
{
    for (size_t i = 0; i < folded->token_count && to->count < to->max; i++) {
        const struct cx_token *token = &folded->tokens[i];
        if (special_at(folded, i) != 0) {
            i += 2;
            continue;
        }
        size_t at = token->start;
        uint32_t code = cx_utf8_next(folded->text, &at);
        if (code == '#') {
            i += i + 1 < folded->token_count && folded->tokens[i + 1].start == token->end;
            continue;
        }
        if (is_digit(code) && at < token->end) /* 3ayez */
            code = cx_utf8_next(folded->text, &at);
        if (char_row(char_table(CX_FOLD_ANY), code) & CHAR_LETTER)
            add_word_letters(to, folded, token, original);
    }
}

/* ---- */

struct cx_features cx_text_features(struct cx_arena *arena, enum cx_feature_kind kind, const struct cx_folded *folded, struct cx_str original,
                                    bool with_spans)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_emoji);
    size_t most = kind == CX_FEATURES_LETTERS ? CX_FEATURES_LETTERS_MAX : CX_FEATURES_MAX;
    size_t expected = (folded->text.len + 2) * 6;
    struct gather to = { .max = most < expected ? most : expected };
    to.hashes = cx_arena_alloc(arena, to.max * sizeof *to.hashes);
    if (with_spans)
        to.spans = cx_arena_alloc(arena, to.max * sizeof *to.spans);
    if (kind == CX_FEATURES_LETTERS) {
        add_all_letters(&to, folded, original);
    } else {
        size_t room = folded->text.len + folded->token_count + 3;
        struct characters characters = { cx_arena_alloc(arena, room * sizeof(uint32_t)), cx_arena_alloc(arena, (room + 1) * sizeof(uint32_t)), 0 };
        add_words(&to, folded, original, &characters);
        add_runs(&to, &characters, run2, 2);
        add_runs(&to, &characters, run4, 4);
    }
    return (struct cx_features){ to.hashes, to.count, to.spans };
}
