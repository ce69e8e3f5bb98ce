/* perturbations.h - what becomes of a text when it is copied: the thirteen ways in which near-duplicates are measured. Seeded: the same every time.
 */
#ifndef CX_TESTS_PERTURBATIONS_H
#define CX_TESTS_PERTURBATIONS_H
#include "base/arena.h"
#include "base/buf.h"
#include "text/text.h"

struct dice {
    uint64_t state;
};
static inline size_t dice_below(struct dice *dice, size_t n)
{
    dice->state = dice->state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(dice->state >> 33) % n;
}

/* Characters of a text, by where each starts; offsets[n] is its length. */
struct characters {
    const char *bytes;
    uint32_t *offsets;
    size_t n;
};
static inline struct characters characters_of(struct cx_arena *arena, struct cx_str text)
{
    struct characters all = { text.ptr, CX_NEW_ARRAY(arena, uint32_t, text.len + 1), 0 };
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.ptr[i] & 0xc0) != 0x80)
            all.offsets[all.n++] = (uint32_t)i;
    all.offsets[all.n] = (uint32_t)text.len;
    return all;
}

/* What a perturbation is handed: the text, another one to quote from, and dice. */
struct perturbed {
    struct cx_arena *arena;
    struct cx_str text, other;
    struct dice *dice;
};

static inline struct cx_str perturb_retweet(const struct perturbed *p)
{
    return cx_arena_format(p->arena, "RT @user%zu: %.*s", dice_below(p->dice, 99999), (int)p->text.len, p->text.ptr);
}
static inline struct cx_str perturb_mentions(const struct perturbed *p)
{
    return cx_arena_format(p->arena, "@ann%zu @bob_%zu %.*s", dice_below(p->dice, 999), dice_below(p->dice, 999), (int)p->text.len, p->text.ptr);
}

/* Another link in place of those there are, or at the end. */
static inline struct cx_str perturb_link(const struct perturbed *p)
{
    struct cx_str link = cx_arena_format(p->arena, "https://t.co/%zx", dice_below(p->dice, 1u << 30)), rest = p->text, word, out = CX_STR("");
    bool is_found = false;
    while (cx_str_cut(&rest, ' ', &word)) {
        bool is_link = cx_str_starts(word, CX_STR("http"));
        is_found |= is_link;
        struct cx_str put = is_link ? link : word;
        out = cx_arena_format(p->arena, "%.*s%s%.*s", (int)out.len, out.ptr, out.len ? " " : "", (int)put.len, put.ptr);
    }
    return is_found ? out : cx_arena_format(p->arena, "%.*s %.*s", (int)out.len, out.ptr, (int)link.len, link.ptr);
}
static inline struct cx_str perturb_emoji(const struct perturbed *p)
{
    return cx_arena_format(p->arena, "%.*s \U0001f602\U0001f525❤️", (int)p->text.len, p->text.ptr);
}

/* Marks between words go or become others. Those inside words, as in 3.5, stay. */
static inline struct cx_str perturb_punctuation(const struct perturbed *p)
{
    char *out = cx_arena_bytes(p->arena, p->text.len + 3);
    size_t n = 0;
    for (size_t i = 0; i < p->text.len; i++) {
        char c = p->text.ptr[i];
        bool is_last = i + 1 == p->text.len || p->text.ptr[i + 1] == ' ';
        if (c == '\0' || strchr(".,!?;:", c) == NULL || !is_last)
            out[n++] = c;
        else if (dice_below(p->dice, 2))
            out[n++] = "!.?,"[dice_below(p->dice, 4)];
    }
    memcpy(out + n, "!!!", 3);
    return cx_str_n(out, n + 3);
}

/* Latin and Cyrillic letters, as far as two bytes of UTF-8 are enough. */
static inline struct cx_str perturb_upper(const struct perturbed *p)
{
    char *out = cx_arena_bytes(p->arena, p->text.len + 1);
    size_t n = 0;
    for (size_t i = 0; i < p->text.len; i++) {
        unsigned char c = (unsigned char)p->text.ptr[i], next = i + 1 < p->text.len ? (unsigned char)p->text.ptr[i + 1] : 0;
        unsigned code = c >= 0xc2 && c < 0xe0 ? (c & 0x1fu) << 6 | (next & 0x3fu) : 0;
        unsigned upper = code;
        if ((code >= 0xe0 && code <= 0xfe && code != 0xf7) || (code >= 0x430 && code <= 0x44f))
            upper = code - 0x20;
        else if (code >= 0x450 && code <= 0x45f)
            upper = code - 0x50;
        else if (code >= 0x100 && code <= 0x17f && code != 0x131 && (code < 0x138 || code > 0x148))
            upper = code & ~1u;
        if (code == 0) {
            out[n++] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
            continue;
        }
        out[n++] = (char)(upper == 0x131 ? 'I' : 0xc0 | upper >> 6);
        if (upper != 0x131)
            out[n++] = (char)(0x80 | (upper & 0x3f));
        i++;
    }
    return cx_str_n(out, n);
}

static inline struct cx_str perturb_cut(const struct perturbed *p, size_t percent)
{
    struct characters all = characters_of(p->arena, p->text);
    return cx_arena_format(p->arena, "%.*s…", (int)all.offsets[all.n * percent / 100], p->text.ptr);
}
static inline struct cx_str perturb_cut_80(const struct perturbed *p)
{
    return perturb_cut(p, 80);
}
static inline struct cx_str perturb_cut_60(const struct perturbed *p)
{
    return perturb_cut(p, 60);
}

static const char *const perturbing_words[] = { "look", "today", "honestly", "again", "wow", "haber", "servicio", "заказ", "خدمة", "karar" };
static inline struct cx_str perturb_tags(const struct perturbed *p)
{
    const size_t words = sizeof perturbing_words / sizeof *perturbing_words;
    return cx_arena_format(p->arena, "%.*s #%s #%s%zu", (int)p->text.len, p->text.ptr, perturbing_words[dice_below(p->dice, words)],
                           perturbing_words[dice_below(p->dice, words)], dice_below(p->dice, 99));
}

/* Two neighbours inside a word change places, once in fifty characters and once at least. */
static inline struct cx_str perturb_swap(const struct perturbed *p)
{
    struct cx_str text = cx_arena_copy(p->arena, p->text);
    char *bytes = cx_arena_bytes(p->arena, text.len);
    memcpy(bytes, text.ptr, text.len);
    struct characters all = characters_of(p->arena, text);
    for (size_t k = 0; k < (all.n < 100 ? 1 : all.n / 50); k++)
        for (int tries = 0; tries < 50; tries++) {
            size_t at = dice_below(p->dice, all.n - 1), a = all.offsets[at], b = all.offsets[at + 1], width = b - a;
            if (all.offsets[at + 2 <= all.n ? at + 2 : all.n] - b != width || bytes[a] == ' ' || bytes[b] == ' ' ||
                memcmp(bytes + a, bytes + b, width) == 0)
                continue;
            char kept[4];
            memcpy(kept, bytes + a, width);
            memcpy(bytes + a, bytes + b, width);
            memcpy(bytes + b, kept, width);
            break;
        }
    return cx_str_n(bytes, text.len);
}

static inline struct cx_str perturb_quote(const struct perturbed *p)
{
    struct cx_str rest = p->other, word, out = CX_STR("");
    for (int i = 0; i < 5 && cx_str_cut(&rest, ' ', &word); i++)
        out = cx_arena_format(p->arena, "%.*s%.*s ", (int)out.len, out.ptr, (int)word.len, word.ptr);
    return cx_arena_format(p->arena, "%.*s%.*s", (int)out.len, out.ptr, (int)p->text.len, p->text.ptr);
}

static inline struct cx_str perturb_delete(const struct perturbed *p)
{
    size_t words = 1;
    for (size_t i = 0; i < p->text.len; i++)
        words += p->text.ptr[i] == ' ';
    size_t one = dice_below(p->dice, words), two = words > 1 ? dice_below(p->dice, words - 1) : one;
    two += two >= one && words > 1;
    struct cx_str rest = p->text, word, out = CX_STR("");
    for (size_t i = 0; cx_str_cut(&rest, ' ', &word); i++)
        if (i != one && i != two)
            out = cx_arena_format(p->arena, "%.*s%s%.*s", (int)out.len, out.ptr, out.len ? " " : "", (int)word.len, word.ptr);
    return out;
}

static inline struct cx_str perturb_all(const struct perturbed *p)
{
    struct perturbed next = *p;
    next.text = perturb_swap(&next);
    next.text = perturb_retweet(&next);
    return cx_arena_format(p->arena, "%.*s \U0001f60d\U0001f60d\U0001f60d https://t.co/%zx", (int)next.text.len, next.text.ptr,
                           dice_below(p->dice, 1u << 30));
}

static const struct perturbation {
    const char *name;
    struct cx_str (*make)(const struct perturbed *);
} perturbations[] = {
    { "RT prefix", perturb_retweet },      { "new mentions", perturb_mentions },   { "link changed", perturb_link },
    { "three emoji", perturb_emoji },      { "punctuation", perturb_punctuation }, { "upper case", perturb_upper },
    { "cut to 80 %", perturb_cut_80 },     { "cut to 60 %", perturb_cut_60 },      { "two hashtags", perturb_tags },
    { "letters swapped", perturb_swap },   { "quote in front", perturb_quote },    { "two words deleted", perturb_delete },
    { "RT+link+emoji+typo", perturb_all },
};
enum { PERTURBATIONS = sizeof perturbations / sizeof *perturbations };
#endif
