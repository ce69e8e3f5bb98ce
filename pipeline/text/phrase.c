/* phrase.c - a phrase around its trigger: stars, word ends, Arabic clitics. All on folded text. */
#include "text/phrase.h"
#include "text/chars.h"

#define NOWHERE ((size_t)-1)

static size_t code_start(struct cx_str s, size_t end)
{
    size_t at = end - 1;
    while (at > 0 && ((unsigned char)s.ptr[at] & 0xc0) == 0x80)
        at--;
    return at;
}

static bool is_word_at(struct cx_str s, size_t at)
{
    return at < s.len && (char_row(char_table(CX_FOLD_ANY), cx_utf8_next(s, &at)) & CHAR_WORD);
}

static bool is_word_before(struct cx_str s, size_t end)
{
    return end > 0 && is_word_at(s, code_start(s, end));
}

static size_t word_end(struct cx_str s, size_t at)
{
    while (is_word_at(s, at))
        cx_utf8_next(s, &at);
    return at;
}

static size_t word_start(struct cx_str s, size_t at)
{
    while (is_word_before(s, at))
        at = code_start(s, at);
    return at;
}

/* Whether the letters between a word's start and the match are ones that Arabic writes on to the next word. */
static bool is_clitic(struct cx_str letters)
{
    static const char *const clitics[] = { "ال",  "و",  "ب",  "ل",   "ف",   "ك",  "س", "لل", "وال", "بال",  "فال", "كال",
                                           "ولل", "وب", "ول", "هال", "عال", "وس", "ه", "ح",  "ها",  "وبال", "فلل" };
    for (size_t i = 0; i < sizeof clitics / sizeof *clitics; i++)
        if (cx_str_is(letters, clitics[i]))
            return true;
    return false;
}

bool phrase_is_word(struct cx_str folded, size_t start, size_t end, bool at_start, bool at_end, bool clitics)
{
    if (at_end && end > start && is_word_at(folded, end) && is_word_before(folded, end))
        return false;
    if (!at_start || !is_word_before(folded, start) || !is_word_at(folded, start))
        return true;
    size_t from = word_start(folded, start);
    return clitics && is_clitic(cx_str_n(folded.ptr + from, start - from));
}

/* A star stands after something and before what ends a word: "iade*", "for * people". */
static bool are_stars_sound(struct cx_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '*' && (i == 0 || is_word_at(text, i + 1) || text.ptr[i - 1] == '*'))
            return false;
    return true;
}

bool phrase_read(struct phrase *phrase, const struct cx_pattern *pattern, struct cx_str text, const char **why)
{
    if (!are_stars_sound(text)) {
        *why = "a * must end a word";
        return false;
    }
    bool is_open = text.len > 0 && text.ptr[text.len - 1] == '*';
    text.len -= is_open;
    if (text.len == 0) {
        *why = "the phrase is empty";
        return false;
    }
    bool is_word = pattern->whole_word || pattern->prefix;
    *phrase = (struct phrase){
        .text = text, .starts_at_word = is_word, .ends_at_word = pattern->whole_word && !pattern->prefix && !is_open, .clitics = pattern->clitics
    };
    ptrdiff_t star = cx_str_find(text, '*');
    phrase->trigger_len = (uint32_t)(star < 0 ? (ptrdiff_t)text.len : star);
    return true;
}

/* End of the segments that follow the trigger, which ended at `at`; NOWHERE where one is missing. */
static size_t verify_after(struct cx_str rest, struct cx_str folded, size_t at)
{
    struct cx_str segment;
    cx_str_cut(&rest, '*', &segment); /* empty: rest starts with the star */
    while (cx_str_cut(&rest, '*', &segment)) {
        at = word_end(folded, at);
        if (!cx_str_starts(cx_str_skip(folded, at), segment))
            return NOWHERE;
        at += segment.len;
    }
    return at;
}

bool phrase_verify(const struct phrase *phrase, struct cx_str folded, size_t end, struct cx_match *match)
{
    size_t start = end - phrase->trigger_len;
    if (phrase->trigger_len < phrase->text.len)
        end = verify_after(cx_str_skip(phrase->text, phrase->trigger_len), folded, end);
    if (end == NOWHERE)
        return false;
    if (!phrase_is_word(folded, start, end, phrase->starts_at_word, phrase->ends_at_word, phrase->clitics))
        return false;
    match->start = (uint32_t)start;
    match->end = (uint32_t)end;
    return true;
}
