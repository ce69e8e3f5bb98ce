/* phrase.c - the index of phrases.
 *
 * Phrases are sorted by their heads, and a table leads from the first four letters of a head to the phrases that begin so:
 *
 *     "iade" -> "iade", "iade et*", "iademi", ...     compared one by one, eight bytes at once
 *     "hr"   -> "hr"                                shorter heads stand under all they have
 *
 * Four letters are four bytes of ASCII and eight of anything else. A filter of one bit a start stays in the nearest cache: at most tokens of a text
 * no phrase starts, and it says so. */
#include "text/phrase.h"
#include "text/chars.h"

#define NOWHERE     ((size_t)-1)
#define FILTER_BITS (1u << 16)
#define HEAD_BYTES  8u /* that a start may have */

/* Up to eight bytes as they lie in memory, and which of them count. */
struct bytes8 {
    uint64_t value, mask;
};
struct start {
    uint64_t key;        /* 0: empty */
    uint32_t first, end; /* phrases */
};
/* What Arabic writes on to the front of a word, in folded letters. */
static const char *const clitics[] = { "ال",  "و",  "ب",  "ل",   "ف",   "ك",  "س", "لل", "وال", "بال", "فال", "كال",
                                       "ولل", "وب", "ول", "هال", "عال", "وس", "ه", "ح",  "ها",  "فلل", "وبال" };
#define CLITICS (sizeof clitics / sizeof *clitics)

struct phrase_index {
    struct phrase *phrases;
    struct bytes8 *eights; /* the first bytes of every phrase's head: what is compared, close together */
    struct start *starts;  /* open addressing */
    size_t slots;          /* a power of two */
    uint64_t filter[FILTER_BITS / 64];
    uint64_t masks[2][HEAD_BYTES + 1]; /* of the lengths that starts have, ASCII and other; 0 at the end */
    struct bytes8 clitics[CLITICS];
};

static uint64_t load8(const char *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint64_t mask_of(size_t bytes)
{
    char mask[8] = { 0 };
    memset(mask, 0xff, bytes < 8 ? bytes : 8);
    return load8(mask);
}

static struct bytes8 bytes8_of(struct cx_str s)
{
    char bytes[8] = { 0 };
    memcpy(bytes, s.ptr, s.len < 8 ? s.len : 8);
    return (struct bytes8){ load8(bytes), mask_of(s.len) };
}

/* ---- words ---- */

bool phrase_is_word_at(struct cx_str text, size_t at)
{
    return at < text.len && (char_row(char_table(CX_FOLD_ANY), cx_utf8_next(text, &at)) & CHAR_WORD);
}

bool phrase_is_word_before(struct cx_str text, size_t end)
{
    if (end == 0)
        return false;
    size_t at = end - 1;
    while (at > 0 && ((unsigned char)text.ptr[at] & 0xc0) == 0x80)
        at--;
    return phrase_is_word_at(text, at);
}

static size_t word_end(struct cx_str text, size_t at)
{
    while (phrase_is_word_at(text, at))
        cx_utf8_next(text, &at);
    return at;
}

/* ---- reading ---- */

/* A star stands after something and before what ends a word: "iade*", "for * people". */
static bool are_stars_sound(struct cx_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '*' && (i == 0 || phrase_is_word_at(text, i + 1) || text.ptr[i - 1] == '*'))
            return false;
    return true;
}

static size_t count_characters(struct cx_str text)
{
    size_t n = 0;
    for (size_t at = 0; at < text.len; n++)
        cx_utf8_next(text, &at);
    return n;
}

bool phrase_read(struct phrase *phrase, const struct cx_pattern *pattern, struct cx_str text, const char **why)
{
    bool is_open = text.len > 0 && text.ptr[text.len - 1] == '*';
    struct cx_str written = cx_str_n(text.ptr, text.len - is_open);
    *why = !are_stars_sound(text)                                          ? "a * must end a word"
           : written.len == 0                                              ? "the phrase is empty"
           : (is_open || pattern->prefix) && count_characters(written) < 2 ? "one letter and a * match nearly everything"
                                                                           : NULL;
    if (*why != NULL)
        return false;
    ptrdiff_t star = cx_str_find(written, '*');
    *phrase = (struct phrase){
        .text = written, .head = (uint32_t)(star < 0 ? (ptrdiff_t)written.len : star), .clitics = pattern->clitics, .id = pattern->id
    };
    phrase->ends_at_word = !pattern->prefix && !is_open && phrase_is_word_before(written, written.len);
    return true;
}

/* ---- building ---- */

static int compare_phrases(const void *left, const void *right)
{
    const struct phrase *a = left, *b = right;
    return cx_str_cmp(cx_str_n(a->text.ptr, a->head), cx_str_n(b->text.ptr, b->head));
}

static uint64_t hash_of(uint64_t key)
{
    key *= 0x9e3779b97f4a7c15u;
    return key ^ key >> 32;
}

static struct start *find_start(const struct phrase_index *index, uint64_t key, uint64_t hash)
{
    size_t at = hash & (index->slots - 1);
    while (index->starts[at].key != 0 && index->starts[at].key != key)
        at = (at + 1) & (index->slots - 1);
    return &index->starts[at];
}

/* Bytes of the start a head stands under. */
static size_t start_length(const struct phrase *phrase)
{
    size_t most = (unsigned char)phrase->text.ptr[0] < 0x80 ? HEAD_BYTES / 2 : HEAD_BYTES;
    return phrase->head < most ? phrase->head : most;
}

/* Notes that starts of this length are to be looked up. */
static void note_length(struct phrase_index *index, bool is_ascii, size_t bytes)
{
    uint64_t *masks = index->masks[!is_ascii];
    while (*masks != 0 && *masks != mask_of(bytes))
        masks++;
    *masks = mask_of(bytes);
}

/* Phrases under one start follow each other: shorter heads sort before the longer ones they begin. */
static void add_starts(struct phrase_index *index, size_t n)
{
    for (size_t first = 0, end; first < n; first = end) {
        size_t bytes = start_length(&index->phrases[first]);
        uint64_t key = index->eights[first].value & mask_of(bytes), hash = hash_of(key);
        for (end = first + 1; end < n && start_length(&index->phrases[end]) == bytes && (index->eights[end].value & mask_of(bytes)) == key;)
            end++;
        struct start *start = find_start(index, key, hash);
        cx_assert(start->key == 0);
        *start = (struct start){ key, (uint32_t)first, (uint32_t)end };
        index->filter[hash >> 48 >> 6] |= UINT64_C(1) << (hash >> 48 & 63);
        note_length(index, (unsigned char)index->phrases[first].text.ptr[0] < 0x80, bytes);
    }
}

struct phrase_index *phrase_index_new(struct phrase *phrases, size_t n)
{
    struct phrase_index *index = calloc(1, sizeof *index);
    cx_assert(index != NULL);
    index->phrases = phrases;
    for (index->slots = 64; index->slots < n * 2;)
        index->slots *= 2;
    index->eights = calloc(n + 1, sizeof *index->eights);
    index->starts = calloc(index->slots, sizeof *index->starts);
    cx_assert(index->eights != NULL && index->starts != NULL);
    if (n > 0)
        qsort(phrases, n, sizeof *phrases, compare_phrases);
    for (size_t i = 0; i < n; i++)
        index->eights[i] = bytes8_of(cx_str_n(phrases[i].text.ptr, phrases[i].head));
    add_starts(index, n);
    for (size_t i = 0; i < CLITICS; i++)
        index->clitics[i] = bytes8_of(cx_str(clitics[i]));
    return index;
}

void phrase_index_free(struct phrase_index *index)
{
    if (index == NULL)
        return;
    free(index->eights);
    free(index->starts);
    free(index);
}

/* ---- walking ---- */

/* End of what follows the head, which ended at `at`; NOWHERE where something is missing. */
static size_t verify_rest(struct cx_str rest, struct cx_str text, size_t at)
{
    struct cx_str segment;
    cx_str_cut(&rest, '*', &segment); /* empty: rest starts with the star */
    while (cx_str_cut(&rest, '*', &segment)) {
        at = word_end(text, at);
        if (!cx_str_starts(cx_str_skip(text, at), segment))
            return NOWHERE;
        at += segment.len;
    }
    return at;
}

struct walk {
    const struct phrase_index *index;
    struct cx_str text;
    phrase_found_fn *found;
    void *context;
};

/* The first eight bytes of the head are known to stand at `start`. */
static void check(const struct walk *walk, const struct phrase *phrase, size_t start)
{
    size_t end = start + phrase->head;
    if (end > walk->text.len || (phrase->head > 8 && memcmp(walk->text.ptr + start, phrase->text.ptr, phrase->head) != 0))
        return;
    if (phrase->head < phrase->text.len)
        end = verify_rest(cx_str_skip(phrase->text, phrase->head), walk->text, end);
    if (end == NOWHERE || (phrase->ends_at_word && phrase_is_word_at(walk->text, end)))
        return;
    walk->found(walk->context, (struct cx_match){ phrase->id, (uint32_t)start, (uint32_t)end });
}

/* Checks the phrases that may start at a place. Past the end of the text stand zeros (CHAR_PAD), which are in no phrase. */
static inline void look_at(const struct walk *walk, size_t at, bool is_behind_clitic)
{
    const struct phrase_index *index = walk->index;
    uint64_t eight = load8(walk->text.ptr + at);
    for (const uint64_t *mask = index->masks[(unsigned char)walk->text.ptr[at] >= 0x80]; *mask != 0; mask++) {
        uint64_t hash = hash_of(eight & *mask);
        if (!(index->filter[hash >> 48 >> 6] >> (hash >> 48 & 63) & 1))
            continue;
        const struct start *start = find_start(index, eight & *mask, hash);
        for (uint32_t i = start->first; i < start->end; i++)
            if (((eight ^ index->eights[i].value) & index->eights[i].mask) == 0 && (!is_behind_clitic || index->phrases[i].clitics))
                check(walk, &index->phrases[i], at);
    }
}

static void look_behind_clitics(const struct walk *walk, const struct cx_token *token)
{
    uint64_t word = load8(walk->text.ptr + token->start);
    for (size_t i = 0; i < CLITICS; i++) {
        const struct bytes8 *clitic = &walk->index->clitics[i];
        if (((word ^ clitic->value) & clitic->mask) != 0)
            continue;
        size_t len = strlen(clitics[i]);
        if (token->end - token->start > len)
            look_at(walk, token->start + len, true);
    }
}

void phrase_index_walk(const struct phrase_index *index, const struct cx_folded *folded, phrase_found_fn *found, void *context)
{
    struct walk walk = { index, folded->text, found, context };
    for (size_t i = 0; i < folded->token_count; i++) {
        const struct cx_token *token = &folded->tokens[i];
        unsigned char byte = (unsigned char)folded->text.ptr[token->start];
        look_at(&walk, token->start, false);
        if (byte >= 0xd8 && byte <= 0xda) /* Arabic letters */
            look_behind_clitics(&walk, token);
    }
}
