/* twins.c - letters of another script that look the same ("рaypal" with a Cyrillic р, "Mосква" with a Latin M): typed by mistake, or put in so that
 * filters do not find the word. The pairs are of small letters, and of capitals whose small letters differ. */
#include "text/chars.h"

#define TWINS_FIRST 0x3b0u /* Greek and Cyrillic */
#define TWINS_END   0x530u
static const uint8_t latin_twins[TWINS_END - TWINS_FIRST] = {
#define TWIN(code, latin) [(code)-TWINS_FIRST] = latin
    TWIN(0x3b1, 'a'), TWIN(0x3b2, 'b'), TWIN(0x3b3, 'y'), TWIN(0x3b5, 'e'), TWIN(0x3b9, 'i'), TWIN(0x3ba, 'k'), TWIN(0x3bd, 'v'),
    TWIN(0x3bf, 'o'), TWIN(0x3c1, 'p'), TWIN(0x3c4, 't'), TWIN(0x3c5, 'u'), TWIN(0x3c7, 'x'), TWIN(0x3c9, 'w'), /* α β γ ε ι κ ν ο ρ τ υ χ ω */
    TWIN(0x430, 'a'), TWIN(0x432, 'b'), TWIN(0x435, 'e'), TWIN(0x43a, 'k'), TWIN(0x43c, 'm'), TWIN(0x43d, 'h'), TWIN(0x43e, 'o'),
    TWIN(0x440, 'p'), TWIN(0x441, 'c'), TWIN(0x442, 't'), TWIN(0x443, 'y'), TWIN(0x445, 'x'), /* а в е к м н о р с т у х */
    TWIN(0x455, 's'), TWIN(0x456, 'i'), TWIN(0x458, 'j'), TWIN(0x475, 'v'), TWIN(0x4af, 'y'), TWIN(0x4bb, 'h'), TWIN(0x4cf, 'l'),
    TWIN(0x501, 'd'), TWIN(0x51b, 'q'), TWIN(0x51d, 'w'), /* ѕ і ј ѵ ү һ ӏ ԁ ԛ ԝ */
#undef TWIN
};
/* Of a to z; 0: none that a Cyrillic word would hold. */
static const uint16_t cyrillic_twins[26] = { 0x430, 0x432, 0x441, 0, 0x435, 0, 0,     0x43d, 0x456, 0, 0x43a, 0,     0x43c,
                                             0,     0x43e, 0x440, 0, 0,     0, 0x442, 0,     0,     0, 0x445, 0x443, 0 };

uint32_t char_latin_twin(uint32_t code)
{
    uint32_t twin = code >= TWINS_FIRST && code < TWINS_END ? latin_twins[code - TWINS_FIRST] : 0;
    return twin != 0 ? twin : code;
}

/* The Cyrillic letter that looks like this letter of any script, or 0. */
static uint32_t cyrillic_twin(uint32_t code)
{
    code = char_latin_twin(code);
    return code >= 'a' && code <= 'z' ? cyrillic_twins[code - 'a'] : 0;
}

/* Letters of a word by script, and whether it has any that belong to one alone. */
struct mix {
    uint32_t latin, cyrillic, greek;
    bool needs_latin, needs_cyrillic, has_others;
};

/* The row's own class is of the letter as it was written: of a wide or a bold one, none that helps here. */
static uint32_t class_of(const struct char_table *table, uint32_t row)
{
    return CHAR_CLASS(char_row(table, row & CHAR_CODE));
}

static void count_row(struct mix *mix, const struct char_table *table, uint32_t row)
{
    uint32_t code = row & CHAR_CODE, class = class_of(table, row);
    bool has_latin = char_latin_twin(code) != code, has_cyrillic = cyrillic_twin(code) != 0;
    if (char_is_cyrillic(class)) {
        mix->cyrillic++;
        mix->needs_cyrillic |= !has_latin;
    } else if (char_is_latin(class)) {
        mix->latin++;
        mix->needs_latin |= !has_cyrillic;
    } else if (class == LETTER_GREEK) {
        mix->greek++;
        mix->has_others |= !has_latin;
        mix->needs_latin |= !has_cyrillic;
    }
    mix->has_others |= (row & CHAR_COMBINES) != 0; /* a mark could join the other letter */
}

/* The one script that the word can be written in; NONE where it is in one already, or in two in earnest ("smsками"). */
static enum letter_class script_of_word(const struct mix *mix, enum letter_class of_text)
{
    bool is_pure = (mix->latin == 0) + (mix->cyrillic == 0) + (mix->greek == 0) >= 2;
    if (is_pure || mix->has_others || (mix->needs_latin && mix->needs_cyrillic) || mix->greek > mix->latin + mix->cyrillic)
        return LETTER_NONE;
    return mix->needs_latin ? LETTER_LATIN : mix->needs_cyrillic ? LETTER_CYRILLIC : of_text;
}

/* Classes by bit. Wide and bold letters are OTHER. */
#define BITS(first, last) (UINT32_MAX >> (31 - (last)) & ~((1u << (first)) - 1))
static const uint32_t latin_bits = BITS(LETTER_LATIN, LETTER_LATIN_FOREIGN), cyrillic_bits = BITS(LETTER_CYRILLIC, LETTER_CYRILLIC_UKRAINIAN),
                      greek_bits = BITS(LETTER_GREEK, LETTER_GREEK), other_bits = BITS(LETTER_OTHER, LETTER_OTHER);

bool char_may_be_mixed(uint32_t classes)
{
    bool has_latin = classes & latin_bits, has_cyrillic = classes & cyrillic_bits, has_greek = classes & greek_bits;
    return has_latin + has_cyrillic + has_greek >= 2 || (classes & other_bits);
}

bool char_join_scripts(const struct char_table *table, struct char_run *run, enum letter_class of_text)
{
    bool has_changed = false;
    for (size_t i = 0, end; i < run->len; i = end + 1) {
        uint32_t classes = 0;
        for (end = i; end < run->len && (run->rows[end] & CHAR_WORD); end++)
            classes |= 1u << CHAR_CLASS(run->rows[end]);
        if (!char_may_be_mixed(classes) || (i > 0 && (run->rows[i - 1] & CHAR_CODE) == '#'))
            continue;
        struct mix mix = { 0 };
        for (size_t k = i; k < end; k++)
            count_row(&mix, table, run->rows[k]);
        enum letter_class script = script_of_word(&mix, of_text);
        if (script == LETTER_NONE)
            continue;
        for (size_t k = i; k < end; k++) {
            uint32_t code = run->rows[k] & CHAR_CODE, twin = script == LETTER_LATIN ? char_latin_twin(code) : cyrillic_twin(code);
            bool is_there = script == LETTER_CYRILLIC && char_is_cyrillic(class_of(table, run->rows[k]));
            if (twin != 0 && twin != code && !is_there)
                run->rows[k] = char_row(table, twin);
        }
        has_changed = true;
    }
    return has_changed;
}
