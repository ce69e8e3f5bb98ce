/* features.c - tokens to hashed features. Runs of characters are hashed as sums of products (one multiplication a character, no order between them),
 * so that eight are done at once; the upper bits of such a sum are the good ones, and they are what tables use. Words of up to eight ASCII letters,
 * most of what is read, are taken as one number of eight bytes. */
#include "text/features.h"
#include "text/chars.h"
#include "text/kernel.h"
#include <endian.h>
#include <pthread.h>

/* Odd numbers without a pattern; a set for every kind of feature, so that equal letters of different kinds are different features. */
#define WORD_SEED  0x9e3779b97f4a7c15u
#define PAIR_LEFT  0xc2b2ae3d27d4eb4fu
#define PAIR_RIGHT 0x165667b19e3779f9u
#define EMOJI_SEED 0x85ebca77c2b2ae63u
/* Runs of n characters and their factors. */
struct runs {
    size_t n;
    uint32_t factors[4];
};
static const struct runs word_runs[] = { { 2, { 0x9e3779b1u, 0x85ebca6bu } }, { 4, { 0x27d4eb2fu, 0x165667b1u, 0xd3a2646du, 0xfd7046c5u } } };
static const struct runs letter_runs[] = { { 2, { 0x8f1bbcddu, 0xca62c1d7u } }, { 4, { 0xe19b01abu, 0x4cf5ad43u, 0xa511e9b3u, 0x63d83595u } } };
#define RUN_STIR 0x2c1b3c6d

enum { CODE_BLANK = ' ', CODE_DIGIT = '0', CODE_USER = 0x110000, CODE_LINK };

static uint32_t upper_half(uint64_t hash)
{
    hash ^= hash >> 29;
    return (uint32_t)(hash * 0xbf58476d1ce4e5b9u >> 32);
}

static inline uint64_t word_step(uint64_t hash, uint32_t code)
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
    bool is_avx2;
};

static inline void add(struct gather *to, enum cx_feature_unit unit, uint32_t hash, uint32_t start, uint32_t end)
{
    if (to->count == to->max)
        return;
    if (to->spans != NULL)
        to->spans[to->count] = (struct cx_span){ start, end, unit };
    to->hashes[to->count++] = hash;
}

/* Characters as runs see them, and where each starts in the folded text; one more start at the end. */
struct characters {
    uint32_t *codes;  /* SLACK more are readable after the last */
    uint32_t *starts; /* NULL: not asked for */
    size_t len;
};
/* Room that kernels of eight may use behind arrays. */
#define SLACK 16

static inline void put(struct characters *to, uint32_t code, uint32_t start)
{
    if (to->starts != NULL)
        to->starts[to->len] = start;
    to->codes[to->len++] = code;
}

/* ---- runs: a sum of products, stirred, since tables read the upper and the lower half ---- */

static void hash_runs_portable(const struct runs *runs, const uint32_t *codes, size_t count, uint32_t *hashes)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = 0;
        for (size_t k = 0; k < runs->n; k++)
            hash += codes[i + k] * runs->factors[k];
        hash = (hash ^ hash >> 15) * RUN_STIR;
        hashes[i] = hash ^ hash >> 13;
    }
}

#if HAS_AVX2
AVX2 static inline __attribute__((always_inline)) void hash_eights(const struct runs *runs, size_t n, const uint32_t *codes, size_t count,
                                                                   uint32_t *hashes)
{
    for (size_t i = 0; i < count; i += 8) {
        __m256i hash = _mm256_setzero_si256();
        for (size_t k = 0; k < n; k++) {
            __m256i code = _mm256_loadu_si256((const __m256i *)(codes + i + k));
            hash = _mm256_add_epi32(hash, _mm256_mullo_epi32(code, _mm256_set1_epi32((int)runs->factors[k])));
        }
        hash = _mm256_mullo_epi32(_mm256_xor_si256(hash, _mm256_srli_epi32(hash, 15)), _mm256_set1_epi32(RUN_STIR));
        _mm256_storeu_si256((__m256i *)(hashes + i), _mm256_xor_si256(hash, _mm256_srli_epi32(hash, 13)));
    }
}

/* Reads and writes up to SLACK more. */
AVX2 static void hash_runs_avx2(const struct runs *runs, const uint32_t *codes, size_t count, uint32_t *hashes)
{
    if (runs->n == 2)
        hash_eights(runs, 2, codes, count, hashes);
    else
        hash_eights(runs, 4, codes, count, hashes);
}
#else
#define hash_runs_avx2 hash_runs_portable
#endif

/* Runs of characters first..end-1, as many as there is room for. */
static inline void add_runs(struct gather *to, const struct runs *runs, const struct characters *characters, size_t first, size_t end)
{
    size_t count = end - first >= runs->n ? end - first - runs->n + 1 : 0;
    if (count > to->max - to->count)
        count = to->max - to->count;
    (to->is_avx2 ? hash_runs_avx2 : hash_runs_portable)(runs, characters->codes + first, count, to->hashes + to->count);
    for (size_t i = first; i < first + count && to->spans != NULL; i++)
        to->spans[to->count + i - first] = (struct cx_span){ characters->starts[i], characters->starts[i + runs->n], CX_UNIT_RUN };
    to->count += count;
}

/* ---- words ---- */

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
                add(to, CX_UNIT_WORD, upper_half(hash), start, (uint32_t)here);
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

/* ---- eight bytes at once ---- */

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline uint64_t load8(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

/* The upper bit of every byte that is in first..last; all bytes are ASCII. */
static inline uint64_t bytes_between(uint64_t bytes, uint8_t first, uint8_t last)
{
    return (bytes + EACH(0x80u - first)) & ~(bytes + EACH(0x7fu - last)) & EACH(0x80u);
}

/* The first n of them, 1 to 8; others 0. */
static inline uint64_t first_bytes(uint64_t bytes, size_t n)
{
    return bytes & UINT64_MAX >> (64 - 8 * n);
}

/* Eight codes, one a byte. */
static inline void spread(uint64_t bytes, uint32_t *codes)
{
    for (int i = 0; i < 8; i++)
        codes[i] = (uint8_t)(bytes >> 8 * i);
}

/* word_step by the first n bytes. All eight steps are done, since a step costs less than a guess where a word ends. */
static inline uint64_t word_steps(uint64_t hash, uint64_t bytes, size_t n)
{
    uint64_t after[9];
    after[0] = hash;
    for (int i = 0; i < 8; i++)
        after[i + 1] = hash = word_step(hash, (uint8_t)(bytes >> 8 * i));
    return after[n];
}

/* ---- tokens ---- */

static inline uint32_t next_code(const unsigned char *bytes, size_t *at)
{
    const unsigned char *b = bytes + *at;
    if (b[0] < 0x80) {
        *at += 1;
        return b[0];
    }
    if (b[0] < 0xe0) {
        *at += 2;
        return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
    }
    size_t n = b[0] < 0xf0 ? 3 : 4;
    *at += n;
    uint32_t low = (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    return n == 3 ? (b[0] & 0xfu) << 12 | low : (b[0] & 0x7u) << 18 | low << 6 | (b[3] & 0x3fu);
}

/* One token: its characters, and the word it is. */
static inline uint64_t read_token(const struct cx_folded *folded, const struct cx_token *token, struct characters *characters)
{
    uint64_t hash = WORD_SEED;
    size_t n = token->end - token->start;
    uint64_t bytes = load8(folded->text.ptr + token->start); /* there are CHAR_PAD bytes after the text */
    if (n <= 8 && characters->starts == NULL && (first_bytes(bytes, n) & EACH(0x80u)) == 0) {
        bytes = first_bytes(bytes, n);
        uint64_t digits = bytes_between(bytes, '0', '9'), class = n == 1 ? digits : digits & (digits << 8 | digits >> 8); /* is_letter_like */
        bytes &= ~((class >> 7) * 0xf);                                                                                   /* these are 0 */
        spread(bytes, characters->codes + characters->len);
        characters->len += n;
        return word_steps(hash, bytes, n);
    }
    for (size_t at = token->start; at < token->end;) {
        uint32_t start = (uint32_t)at, code = next_code((const unsigned char *)folded->text.ptr, &at);
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
            uint32_t code = characters->codes[characters->len - 1];
            uint8_t *slot = code >= 0x2000 ? emoji_slot(code) : NULL;
            if (slot != NULL && *slot != 0)
                add(to, CX_UNIT_WORD, upper_half(word_step(EMOJI_SEED, *slot)), token.start, token.end);
            if (i > 0 && folded->text.ptr[folded->tokens[i - 1].start] == '#' && folded->tokens[i - 1].end == token.start)
                add_tag_words(to, folded, &token, original);
        }
        add(to, CX_UNIT_WORD, upper_half(word), token.start, token.end);
        add(to, CX_UNIT_PAIR, upper_half(last * PAIR_LEFT + word * PAIR_RIGHT), last_start, token.end);
        last = word;
        last_start = token.start;
        last_end = token.end;
    }
    put(characters, CODE_BLANK, (uint32_t)folded->text.len);
    if (characters->starts != NULL)
        characters->starts[characters->len] = (uint32_t)folded->text.len;
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

/* Runs of one word, its edges marked by blanks, and the word. */
static void add_letters(struct gather *to, const struct characters *word, uint64_t hash)
{
    for (size_t n = 0; n < sizeof letter_runs / sizeof *letter_runs; n++)
        add_runs(to, &letter_runs[n], word, 0, word->len);
    add(to, CX_UNIT_WORD, upper_half(hash), word->starts != NULL ? word->starts[0] : 0, word->starts != NULL ? word->starts[word->len] : 0);
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

/* A word of up to eight ASCII letters, all of them read and none twice in a row. False: it is another one. */
static inline bool add_short_word(struct gather *to, const struct cx_folded *folded, const struct cx_token *token, struct cx_str original)
{
    size_t n = token->end - token->start, from = folded->origin[token->start];
    if (n > 8 || to->spans != NULL || folded->origin[token->end - 1] + 1 - from != n)
        return false;
    uint64_t bytes = first_bytes(load8_of(original, from), n);
    if (bytes & EACH(0x80u))
        return false;
    bytes += bytes_between(bytes, 'A', 'Z') >> 2; /* 0x80 to 0x20, which makes small letters */
    if (bytes != first_bytes(load8(folded->text.ptr + token->start), n))
        return false; /* a reference, or a letter that only looks like one of the word's script */
    uint64_t twice = (bytes ^ bytes >> 8) | ~first_bytes(UINT64_MAX, n) >> 8 | UINT64_C(0x80) << 56; /* a byte of 0: twice the same */
    if ((twice - EACH(1u)) & ~twice & EACH(0x80u))
        return false;
    uint32_t codes[10 + SLACK];
    codes[0] = CODE_BLANK;
    spread(bytes, codes + 1);
    codes[n + 1] = CODE_BLANK;
    uint64_t hash = word_steps(word_step(WORD_SEED, CODE_BLANK), bytes, n);
    add_letters(to, &(struct characters){ codes, NULL, n + 2 }, word_step(hash, CODE_BLANK));
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

/* The word of a token as it was written. Longer words are cut: no language is told by its fortieth letter. */
#define WORD_MAX 40
static void add_word_letters(struct gather *to, const struct cx_folded *folded, const struct cx_token *token, struct cx_str original)
{
    if (add_short_word(to, folded, token, original))
        return;
    const struct char_table *table = char_table(CX_FOLD_ANY);
    uint32_t codes[WORD_MAX + CHAR_SEQUENCE_MAX + 2 + SLACK], starts[WORD_MAX + CHAR_SEQUENCE_MAX + 3];
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
    if (word.len <= 2)
        return;
    uint64_t hash = WORD_SEED;
    for (size_t i = 0; i < word.len; i++)
        hash = word_step(hash, codes[i]);
    add_letters(to, &word, hash);
}

struct cx_features_rest {
    struct gather to;
    const struct cx_folded *folded;
    struct cx_str original;
    size_t token;
};

/* Whether a token is a word that is read, or how many tokens to leave out. A digit may stand for its first letter (3ayez). */
static bool is_word(const struct cx_folded *folded, size_t i, size_t *tokens)
{
    const struct cx_token *token = &folded->tokens[i];
    size_t at = token->start;
    uint32_t code = next_code((const unsigned char *)folded->text.ptr, &at);
    *tokens = 1;
    if (code == '<' && special_at(folded, i) != 0)
        *tokens = 3;
    else if (code == '#')
        *tokens += i + 1 < folded->token_count && folded->tokens[i + 1].start == token->end;
    if (is_digit(code) && at < token->end)
        code = next_code((const unsigned char *)folded->text.ptr, &at);
    return *tokens == 1 && (char_row(char_table(CX_FOLD_ANY), code) & CHAR_LETTER);
}

bool cx_text_features_more(struct cx_features *features)
{
    struct cx_features_rest *rest = features->rest;
    while (rest != NULL && rest->token < rest->folded->token_count && rest->to.count < rest->to.max) {
        size_t i = rest->token, tokens;
        bool is_read = is_word(rest->folded, i, &tokens);
        rest->token += tokens;
        if (!is_read)
            continue;
        add_word_letters(&rest->to, rest->folded, &rest->folded->tokens[i], rest->original);
        features->count = rest->to.count;
        return true;
    }
    return false;
}

/* ---- */

static pthread_once_t once = PTHREAD_ONCE_INIT;

struct cx_features cx_text_features(struct cx_arena *arena, enum cx_feature_kind kind, const struct cx_folded *folded, struct cx_str original,
                                    bool with_spans)
{
    pthread_once(&once, load_emoji);
    size_t most = kind == CX_FEATURES_LETTERS ? CX_FEATURES_LETTERS_MAX : CX_FEATURES_MAX;
    size_t expected = (folded->text.len + 2) * 6;
    struct gather to = { .max = most < expected ? most : expected, .is_avx2 = kernel_is_avx2() };
    to.hashes = cx_arena_alloc(arena, (to.max + SLACK) * sizeof *to.hashes);
    if (with_spans)
        to.spans = cx_arena_alloc(arena, to.max * sizeof *to.spans);
    if (kind == CX_FEATURES_LETTERS) {
        struct cx_features_rest *rest = cx_arena_alloc(arena, sizeof *rest);
        *rest = (struct cx_features_rest){ to, folded, original, 0 };
        return (struct cx_features){ to.hashes, 0, to.spans, rest };
    }
    size_t room = folded->text.len + folded->token_count + 3 + SLACK;
    struct characters characters = { .codes = cx_arena_alloc(arena, room * sizeof *characters.codes) };
    if (with_spans)
        characters.starts = cx_arena_alloc(arena, room * sizeof *characters.starts);
    add_words(&to, folded, original, &characters);
    for (size_t n = 0; n < sizeof word_runs / sizeof *word_runs; n++)
        add_runs(&to, &word_runs[n], &characters, 0, characters.len);
    return (struct cx_features){ to.hashes, to.count, to.spans, NULL };
}
