/* language.c - a language by what its letters and its most frequent words prove.
 *
 * Letters give points to the languages that write them and close the languages that do not; every word of words.def gives one point, shared by the
 * languages it stands for. The best language wins if it leads clearly; its confidence is its lead over all points plus one, so that little
 * evidence gives little confidence. */
#include "text/chars.h"
#include <pthread.h>

enum language { TR, ES, EN, RU, AR, AZ, DE, FR, PT, IT, NL, ID, PL, RO, SV, UK, BG, SR, FA, UR, AR_LATIN, RU_LATIN, LANGUAGES };
static const char names[LANGUAGES][3] = { "tr", "es", "en", "ru", "ar", "az", "de", "fr", "pt", "it", "nl",
                                          "id", "pl", "ro", "sv", "uk", "bg", "sr", "fa", "ur", "ar", "ru" };

#define BIT(language) (1u << (language))
#define LATIN                                                                                                                                        \
    (BIT(TR) | BIT(ES) | BIT(EN) | BIT(AZ) | BIT(DE) | BIT(FR) | BIT(PT) | BIT(IT) | BIT(NL) | BIT(ID) | BIT(PL) | BIT(RO) | BIT(SV) |               \
     BIT(AR_LATIN) | BIT(RU_LATIN))
#define ROMANISED (BIT(ID) | BIT(AR_LATIN) | BIT(RU_LATIN)) /* written without marks on letters */
#define CYRILLIC  (BIT(RU) | BIT(UK) | BIT(BG) | BIT(SR))
#define ARABIC    (BIT(AR) | BIT(FA) | BIT(UR))

/* What a letter of a class says: points to some languages, for at most so many letters, and closes those that never write it. */
static const struct {
    enum letter_class class;
    float points;
    uint32_t most, points_to, never;
} letters[] = {
    { LETTER_LATIN_TURKIC, 0.8f, 5, BIT(TR) | BIT(AZ), LATIN & ~(BIT(TR) | BIT(AZ) | BIT(RO)) },
    { LETTER_LATIN_UMLAUT, 0.3f, 5, BIT(TR) | BIT(AZ) | BIT(DE) | BIT(SV), ROMANISED | BIT(EN) | BIT(PL) | BIT(RO) },
    { LETTER_LATIN_AZERI, 1.5f, 5, BIT(AZ), LATIN & ~BIT(AZ) },
    { LETTER_LATIN_SPANISH, 0.8f, 5, BIT(ES), LATIN & ~BIT(ES) },
    { LETTER_LATIN_ACUTE, 0.3f, 5, BIT(ES) | BIT(PT) | BIT(FR), ROMANISED | BIT(EN) | BIT(TR) | BIT(AZ) | BIT(RO) },
    { LETTER_LATIN_FOREIGN, 0.4f, 5, BIT(DE) | BIT(FR) | BIT(PT) | BIT(IT) | BIT(PL) | BIT(RO) | BIT(SV),
      ROMANISED | BIT(TR) | BIT(ES) | BIT(EN) | BIT(AZ) },
    { LETTER_CYRILLIC_SOFT, 0.2f, 5, BIT(RU) | BIT(UK), BIT(BG) | BIT(SR) },
    { LETTER_CYRILLIC_RUSSIAN, 0.6f, 5, BIT(RU), BIT(UK) | BIT(BG) | BIT(SR) },
    { LETTER_CYRILLIC_UKRAINIAN, 1.0f, 5, BIT(UK), CYRILLIC & ~BIT(UK) },
    { LETTER_CYRILLIC_FOREIGN, 0.6f, 5, BIT(UK) | BIT(SR), BIT(RU) | BIT(BG) },
    { LETTER_ARABIC, 0.08f, 25, BIT(AR), 0 },
    { LETTER_ARABIC_ARABIC, 0.6f, 5, BIT(AR), BIT(UR) },
    { LETTER_ARABIC_FOREIGN, 0.5f, 8, BIT(FA) | BIT(UR), BIT(AR) },
    { LETTER_ARABIC_URDU, 0.8f, 8, BIT(UR), BIT(AR) | BIT(FA) },
};
/* Letters that a language cannot do without for long: none of either class among so many letters closes it. */
static const struct {
    uint32_t language;
    enum letter_class class, or_class;
    uint32_t among;
} needed[] = {
    { BIT(AZ), LETTER_LATIN_AZERI, LETTER_LATIN_AZERI, 25 },
    { BIT(UK), LETTER_CYRILLIC_FOREIGN, LETTER_CYRILLIC_UKRAINIAN, 25 },
    { BIT(FA) | BIT(UR), LETTER_ARABIC_FOREIGN, LETTER_ARABIC_URDU, 14 },
    { BIT(PL), LETTER_LATIN_FOREIGN, LETTER_LATIN_ACUTE, 60 },
};
/* A foreign letter or two may be a name; beyond this share of the letters they close a language. */
#define FOREIGN_SHARE 0.02

/* Scripts that one language all but owns, by their class. */
static const struct {
    enum letter_class class;
    const char *language;
    float confidence;
} owners[] = {
    { LETTER_GREEK, "el", 0.95f },     { LETTER_HEBREW, "he", 0.9f },   { LETTER_THAI, "th", 0.95f },
    { LETTER_GEORGIAN, "ka", 0.9f },   { LETTER_ARMENIAN, "hy", 0.9f }, { LETTER_HANGUL, "ko", 0.95f },
    { LETTER_DEVANAGARI, "hi", 0.6f }, { LETTER_KANA, "ja", 0.95f },    { LETTER_HAN, "zh", 0.7f },
};

/* ---- the words, hashed once ---- */

static const struct {
    enum language language;
    const char *words;
} word_rows[] = {
#define CX_WORDS(language, words) { language, words },
#include "text/words.def"
#undef CX_WORDS
};

/* A word's key is a hash of its bytes; equal keys of 49 bits in all, of few thousand words, are taken for equal words. Most words of a text are not
 * in the table: the filter, a bit by hash, sends them away before the table is touched. */
#define WORD_SLOTS  8192u
#define FILTER_BITS (1u << 17)
#define WORD_MAX    24u /* bytes; longer words are not looked up */
#define ENDING_MIN  3u
#define ENDING_MAX  6u
static struct word {
    uint32_t tag, languages; /* languages 0: empty */
} words[WORD_SLOTS];
static uint64_t filter[FILTER_BITS / 64];
static size_t word_count;

static uint64_t load(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

/* Of a word of `len` bytes; eight bytes from its start on must be readable. */
static uint64_t word_hash(const char *word, size_t len)
{
    uint64_t head = load(word), middle = 0, tail = 0;
    if (len < 8)
        head &= (UINT64_C(1) << len * 8) - 1;
    if (len > 8)
        tail = load(word + len - 8);
    if (len > 16)
        middle = load(word + 8);
    uint64_t mixed = (head ^ (len * 0x9fb21c651e98df25u)) * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ mixed >> 29 ^ tail) * 0xbf58476d1ce4e5b9u;
    return (mixed ^ mixed >> 32 ^ middle) * 0x94d049bb133111ebu;
}

/* Of the last `n` of the bytes that `last` ends with. */
static uint64_t ending_hash(uint64_t last, size_t n)
{
    return ((last >> (64 - n * 8)) ^ n << 56 ^ 0x2d2d) * 0x9e3779b97f4a7c15u ^ 1;
}

static uint32_t find_word(uint64_t hash)
{
    if (!(filter[hash >> 53] >> (hash >> 47 & 63) & 1))
        return 0;
    uint32_t at = (uint32_t)(hash >> 47) & (WORD_SLOTS - 1), tag = (uint32_t)hash;
    while (words[at].languages != 0 && words[at].tag != tag)
        at = (at + 1) & (WORD_SLOTS - 1);
    return words[at].languages;
}

static void add_word(uint64_t hash, enum language language)
{
    uint32_t at = (uint32_t)(hash >> 47) & (WORD_SLOTS - 1), tag = (uint32_t)hash;
    while (words[at].languages != 0 && words[at].tag != tag)
        at = (at + 1) & (WORD_SLOTS - 1);
    if (words[at].languages == 0)
        cx_assert(++word_count < WORD_SLOTS / 2);
    words[at] = (struct word){ tag, words[at].languages | BIT(language) };
    filter[hash >> 53] |= UINT64_C(1) << (hash >> 47 & 63);
}

/* The eight bytes that end at `end`, zeros before the text. */
static uint64_t last_bytes(struct cx_str text, size_t end)
{
    return end >= 8 ? load(text.ptr + end - 8) : load(text.ptr) << (8 - end) * 8;
}

/* Every word as each way of folding leaves it. */
static void load_words(void)
{
    struct cx_arena *arena = cx_arena_new(64u << 20);
    for (size_t row = 0; row < sizeof word_rows / sizeof *word_rows; row++)
        for (int fold = 0; fold < CX_FOLD_LANGUAGES; fold++) {
            struct cx_folded folded = cx_text_fold(arena, cx_str(word_rows[row].words), (enum cx_fold_language)fold);
            for (size_t i = 0; i < folded.token_count; i++) {
                const struct cx_token *token = &folded.tokens[i];
                size_t len = token->end - token->start;
                bool is_ending = token->start > 0 && folded.text.ptr[token->start - 1] == '-';
                if (is_ending && len >= ENDING_MIN && len <= ENDING_MAX)
                    add_word(ending_hash(last_bytes(folded.text, token->end), len), word_rows[row].language);
                else if (!is_ending && strchr("-'", folded.text.ptr[token->start]) == NULL && len <= WORD_MAX)
                    add_word(word_hash(folded.text.ptr + token->start, len), word_rows[row].language);
            }
        }
    cx_arena_free(arena);
}

/* ---- weighing ---- */

struct weights {
    float points[LANGUAGES];
    uint32_t closed;
};

static void weigh_letters(const struct cx_folded *folded, struct weights *weights)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        uint32_t n = folded->classes[letters[i].class];
        if (n == 0)
            continue;
        for (int l = 0; l < LANGUAGES; l++)
            if (letters[i].points_to & BIT(l))
                weights->points[l] += letters[i].points * (float)(n < letters[i].most ? n : letters[i].most);
        if (n > 1 + FOREIGN_SHARE * folded->letters || n * 8 > folded->letters)
            weights->closed |= letters[i].never;
    }
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (folded->letters >= needed[i].among && folded->classes[needed[i].class] + folded->classes[needed[i].or_class] == 0)
            weights->closed |= needed[i].language;
}

static void give(struct weights *weights, uint32_t languages, float points)
{
    float share = points / (float)__builtin_popcount(languages);
    for (; languages != 0; languages &= languages - 1)
        weights->points[__builtin_ctz(languages)] += share;
}

static void weigh_word(struct cx_str text, size_t start, size_t end, struct weights *weights)
{
    size_t len = end - start;
    uint32_t languages = len <= WORD_MAX ? find_word(word_hash(text.ptr + start, len)) : 0;
    if (languages != 0) {
        give(weights, languages, 1);
        return;
    }
    uint64_t last = last_bytes(text, end);
    for (size_t n = ENDING_MAX < len - 1 ? ENDING_MAX : len - 1; n >= ENDING_MIN; n--) {
        languages = find_word(ending_hash(last, n));
        if (languages != 0) {
            give(weights, languages, 0.5f);
            return;
        }
    }
}

/* The best language that is not closed, -1 for none, and by how much it leads. */
static int leader(const struct weights *weights, float *best, float *lead)
{
    float second = 0;
    int winner = -1;
    *best = 0;
    for (int l = 0; l < LANGUAGES; l++) {
        float points = weights->closed & BIT(l) ? 0 : weights->points[l];
        if (points > *best) {
            second = *best;
            *best = points;
            winner = l;
        } else if (points > second) {
            second = points;
        }
    }
    *lead = *best - second;
    return winner;
}

/* Points of letters that need no words beside them where every other language is closed. */
#define PROVEN 2.0f
/* A lead that further words are not asked to confirm, and how many are read before it is looked at again. */
#define CLEAR_LEAD    6.0f
#define WORDS_AT_ONCE 16u

static void weigh_words(const struct cx_folded *folded, struct weights *weights)
{
    for (size_t i = 0; i < folded->token_count; i++) {
        float best, lead;
        if (i > 0 && i % WORDS_AT_ONCE == 0 && leader(weights, &best, &lead) >= 0 && lead >= CLEAR_LEAD)
            return;
        weigh_word(folded->text, folded->tokens[i].start, folded->tokens[i].end, weights);
    }
}

static struct cx_str owner_of_script(const struct cx_folded *folded, float *confidence)
{
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        uint32_t n = folded->classes[owners[i].class];
        bool is_japanese = owners[i].class == LETTER_KANA && n > 0; /* kana among Han */
        if (n * 2 > folded->letters || (is_japanese && (n + folded->classes[LETTER_HAN]) * 2 > folded->letters)) {
            *confidence = owners[i].confidence;
            return cx_str(owners[i].language);
        }
    }
    *confidence = 0;
    return CX_STR_NULL;
}

struct cx_str cx_text_script_language(const struct cx_folded *folded, float *confidence)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    *confidence = 0;
    if (folded->letters < 3)
        return CX_STR_NULL;
    uint32_t latin = char_count(folded->classes, LETTER_LATIN, LETTER_LATIN_FOREIGN);
    uint32_t cyrillic = char_count(folded->classes, LETTER_CYRILLIC, LETTER_CYRILLIC_UKRAINIAN);
    uint32_t arabic = char_count(folded->classes, LETTER_ARABIC, LETTER_ARABIC_URDU);
    uint32_t open =
        (latin * 2 > folded->letters ? LATIN : 0) | (cyrillic * 2 > folded->letters ? CYRILLIC : 0) | (arabic * 2 > folded->letters ? ARABIC : 0);
    if (open == 0)
        return owner_of_script(folded, confidence);

    pthread_once(&once, load_words);
    struct weights weights = { .closed = ~open };
    weigh_letters(folded, &weights);
    float best, lead;
    bool is_decided = __builtin_popcount(~weights.closed & ((1u << LANGUAGES) - 1)) == 1 && leader(&weights, &best, &lead) >= 0 && best >= PROVEN;
    if (!is_decided)
        weigh_words(folded, &weights);
    int winner = leader(&weights, &best, &lead);
    if (winner < 0 || best < 0.9f || lead < 0.5f)
        return CX_STR_NULL;
    *confidence = lead / (best + 1);
    return cx_str(names[winner]);
}
