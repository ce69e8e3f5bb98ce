/* pii.c - one walk over the text: it stops at @ and at digits, and asks what stands around them. */
#include "stages/classify/pii.h"
#include "stages/classify/checks.h"
#include "text/text.h"

#define SPANS_MAX  64 /* a text with more is a list, not a message */
#define NUMBER_MAX 40 /* bytes of digits and letters looked at in one number */
#define LOCAL_MAX  64 /* bytes of an address before the @ */
#define TOP_MAX    24 /* letters of the last label of a domain */

struct walk {
    struct cx_arena *arena;
    struct cx_str text;
    bool is_spanish, is_russian;
    struct cx_pii_span *spans;
    size_t count;
    size_t done; /* where the last span ended */
};

static void add_span(struct walk *walk, struct cx_str kind, size_t start, size_t end)
{
    if (walk->count == SPANS_MAX)
        return;
    if (walk->spans == NULL)
        walk->spans = CX_NEW_ARRAY(walk->arena, struct cx_pii_span, SPANS_MAX);
    walk->spans[walk->count++] = (struct cx_pii_span){ kind, (int32_t)start, (int32_t)(end - start) };
    walk->done = end;
}

static char at(const struct walk *walk, size_t i)
{
    return i < walk->text.len ? walk->text.ptr[i] : '\0';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Code points beyond ASCII that stand between words: Latin-1 and Arabic marks, general punctuation, symbols, CJK marks, emoji. */
static bool is_mark(uint32_t code)
{
    static const uint32_t ranges[][2] = { { 0xa0, 0xa9 },     { 0xab, 0xb4 },     { 0xb6, 0xb9 },     { 0xbb, 0xbf },      { 0x600, 0x61f },
                                          { 0x66a, 0x66d },   { 0x6d4, 0x6d4 },   { 0x2000, 0x206f }, { 0x20a0, 0x20cf },  { 0x2190, 0x2bff },
                                          { 0x3000, 0x303f }, { 0xfe00, 0xfe0f }, { 0xff5f, 0xff65 }, { 0x1f000, 0x1faff } };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i][0] && code <= ranges[i][1])
            return true;
    return false;
}

/* The character at i, where the next one is in *next. A full-width form is the ASCII character that it shows. */
static uint32_t code_at(const struct walk *walk, size_t i, size_t *next)
{
    unsigned char c = (unsigned char)at(walk, i);
    size_t width = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    *next = i + width;
    if (c < 0x80)
        return c;
    uint32_t code = c & (0xffu >> (width + 1));
    for (size_t k = 1; k < width; k++)
        code = code << 6 | ((unsigned char)at(walk, i + k) & 0x3f);
    return code >= 0xff01 && code <= 0xff5e ? code - 0xfee0 : code;
}

/* Where the character before i starts; i > 0. */
static size_t previous(const struct walk *walk, size_t i)
{
    do
        i--;
    while (i > 0 && ((unsigned char)at(walk, i) & 0xc0) == 0x80);
    return i;
}

/* Whether the character at i belongs to a word. */
static bool is_word_at(const struct walk *walk, size_t i)
{
    size_t next;
    uint32_t code = code_at(walk, i, &next);
    if (code < 0x80)
        return is_digit((char)code) || is_letter((char)code) || code == '_';
    return !is_mark(code);
}

/* Whether the character before i does. */
static bool is_word_before(const struct walk *walk, size_t i)
{
    return i > 0 && is_word_at(walk, previous(walk, i));
}

/* ---- e-mail ---- */

/* Top levels that scripts without blanks between words have: there any word might follow a dot, and text any top level. */
static const char *const unspaced_tops[] = { "中国", "中國", "公司",   "网络",   "網絡", "香港",   "台湾",    "台灣", "新加坡", "澳門",
                                             "澳门", "广告", "在线",   "中文网", "网址", "网店",   "网站",    "商城", "商店",   "商标",
                                             "企业", "集团", "政务",   "公益",   "机构", "移动",   "手机",    "信息", "我爱你", "世界",
                                             "娱乐", "ไทย",  "みんな", "コム",   "คอม",  "ストア", "クラウド" };

/* Whether a character belongs to the word whose last one was of script `last`. Letters stand next to letters of their script only: what is written on
 * to an address without a blank is no part of it. Scripts without blanks do not stand next to digits either. */
static bool is_joined(uint32_t script, uint32_t last)
{
    if (script == CX_SCRIPT_NONE)
        return false;
    if (last == CX_SCRIPT_NONE || script == last || script == CX_SCRIPT_MARK)
        return true;
    return script == CX_SCRIPT_DIGIT ? last != CX_SCRIPT_UNSPACED : last == CX_SCRIPT_DIGIT && script != CX_SCRIPT_UNSPACED;
}

/* Script of a character at i, where those of `marks` count as digits. */
static uint32_t script_at(const struct walk *walk, size_t i, const char *marks, size_t *next)
{
    uint32_t code = code_at(walk, i, next);
    if (code >= 0x80)
        return cx_text_script(code);
    char c = (char)code;
    return is_letter(c) ? CX_SCRIPT_LATIN : is_digit(c) || (c != '\0' && strchr(marks, c) != NULL) ? CX_SCRIPT_DIGIT : CX_SCRIPT_NONE;
}

static size_t local_start(const struct walk *walk, size_t sign)
{
    size_t start = sign, next;
    uint32_t last = CX_SCRIPT_NONE;
    while (start > walk->done) {
        size_t i = previous(walk, start);
        uint32_t script = script_at(walk, i, "._%+-", &next);
        if (sign - i > LOCAL_MAX || !is_joined(script, last))
            break;
        if (script != CX_SCRIPT_MARK)
            last = script;
        start = i;
    }
    while (start < sign && at(walk, start) == '.')
        start++;
    return start;
}

/* Where the label at i ends, and the script of its letters. */
static size_t label_end(const struct walk *walk, size_t i, uint32_t *letters)
{
    uint32_t last = CX_SCRIPT_NONE, script;
    *letters = CX_SCRIPT_NONE;
    for (size_t next; is_joined(script = script_at(walk, i, "-", &next), last); i = next) {
        if (script != CX_SCRIPT_MARK)
            last = script;
        if (last >= CX_SCRIPT_LATIN)
            *letters = last;
    }
    return i;
}

static size_t unspaced_top_end(const struct walk *walk, size_t i)
{
    for (size_t k = 0; k < sizeof unspaced_tops / sizeof *unspaced_tops; k++)
        if (cx_str_starts(cx_str_skip(walk->text, i), cx_str(unspaced_tops[k])))
            return i + strlen(unspaced_tops[k]);
    return i;
}

/* Where the top level at i ends; i: there is none. */
static size_t top_end(const struct walk *walk, size_t i)
{
    size_t end = i, count = 0, next;
    uint32_t first = script_at(walk, i, "", &next), script = first;
    if (first == CX_SCRIPT_UNSPACED)
        return unspaced_top_end(walk, i);
    if (first < CX_SCRIPT_LATIN)
        return i;
    if (cx_str_starts(cx_str_skip(walk->text, i), CX_STR("xn--")))
        return label_end(walk, i, &script);
    for (; script == first || script == CX_SCRIPT_MARK; script = script_at(walk, end, "", &next)) {
        count += script == first;
        end = next;
    }
    return count >= 2 && count <= TOP_MAX ? end : i;
}

/* Where the domain at i ends; i: it is none. Behind a top level only Latin ones or those of the same script follow, as registries have it: what else
 * does is the next sentence. */
static size_t domain_end(const struct walk *walk, size_t i)
{
    size_t found = i, next;
    uint32_t script, last = CX_SCRIPT_NONE;
    for (size_t label = i;; label = next, last = script) {
        size_t end = label_end(walk, label, &script);
        if (end == label || (found > i && script > CX_SCRIPT_LATIN && script != last))
            return found;
        size_t top = label > i ? top_end(walk, label) : label;
        if (top > label)
            found = top;
        if (code_at(walk, end, &next) != '.')
            return found;
    }
}

static void look_at_email(struct walk *walk, size_t sign, size_t domain)
{
    size_t start = local_start(walk, sign), end = start < sign ? domain_end(walk, domain) : domain;
    if (end > domain)
        add_span(walk, CX_STR("email"), start, end);
}

/* ---- numbers ---- */

/* A run of digits as written: with blanks, dots, dashes and brackets between groups. */
struct number {
    size_t start, end;       /* bytes of the text, from the first digit (or + or bracket) to after the last */
    char digits[NUMBER_MAX]; /* without separators */
    size_t len;
    size_t group_count;
    char groups[NUMBER_MAX];         /* lengths of the groups, as '0' + n */
    uint32_t group_ends[NUMBER_MAX]; /* where each ends in the text */
    bool has_plus;
};

/* ASCII, Arabic or full-width digit at i; *width its bytes. -1: none. */
static int digit_at(const struct walk *walk, size_t i, size_t *width)
{
    unsigned char c = (unsigned char)at(walk, i), next = (unsigned char)at(walk, i + 1), third;
    *width = c < 0x80 ? 1 : c < 0xe0 ? 2 : 3;
    if (is_digit((char)c))
        return c - '0';
    if (c == 0xd9 && next >= 0xa0 && next <= 0xa9)
        return next - 0xa0;
    if (c == 0xdb && next >= 0xb0 && next <= 0xb9)
        return next - 0xb0;
    if (c == 0xef && next == 0xbc && (third = (unsigned char)at(walk, i + 2)) >= 0x90 && third <= 0x99)
        return third - 0x90;
    return -1;
}

/* Bytes of what may stand between two groups, 0 if something else does. */
static size_t separator(const struct walk *walk, size_t i)
{
    size_t end = i, next, width;
    for (int n = 0; n < 3; n++, end = next) {
        uint32_t code = code_at(walk, end, &next);
        if (code != 0xa0 && code != 0x3000 && (code == 0 || code >= 0x80 || strchr(" -.()/", (int)code) == NULL))
            break;
    }
    return end > i && digit_at(walk, end, &width) >= 0 ? end - i : 0;
}

/* Whether the character before i is c; takes it in. */
static bool take_before(const struct walk *walk, size_t *i, uint32_t c)
{
    size_t next, start = *i > 0 ? previous(walk, *i) : 0;
    if (*i == 0 || code_at(walk, start, &next) != c)
        return false;
    *i = start;
    return true;
}

static bool closes(const struct walk *walk, size_t i, size_t end)
{
    for (size_t next; i < end; i = next)
        if (code_at(walk, i, &next) == ')')
            return true;
    return false;
}

static void read_number(const struct walk *walk, size_t i, struct number *number)
{
    number->start = i;
    number->len = number->group_count = 0;
    size_t skip = 0, width;
    do {
        i += skip;
        size_t before = number->len;
        for (int d; (d = digit_at(walk, i, &width)) >= 0; i += width)
            if (number->len < NUMBER_MAX)
                number->digits[number->len++] = (char)('0' + d);
        number->groups[number->group_count] = (char)('0' + (number->len - before));
        number->group_ends[number->group_count++] = (uint32_t)i;
    } while (number->len < NUMBER_MAX && (skip = separator(walk, i)) != 0);
    number->end = i;
    /* A bracket is part of it where it closes inside: "(021) 835", but not "(835)". */
    size_t open = number->start;
    if (take_before(walk, &open, '(') && closes(walk, number->start, number->end))
        number->start = open;
    number->has_plus = take_before(walk, &number->start, '+');
}

/* Leaves the last group out. */
static void shorten(struct number *number)
{
    number->group_count--;
    number->len -= (size_t)(number->groups[number->group_count] - '0');
    number->end = number->group_ends[number->group_count - 1];
}

static struct cx_str digits_of(const struct number *number)
{
    return cx_str_n(number->digits, number->len);
}

static bool has_groups(const struct number *number, const char *groups)
{
    return cx_str_is(cx_str_n(number->groups, number->group_count), groups);
}

static bool starts_with(const struct number *number, const char *digits)
{
    return cx_str_starts(digits_of(number), cx_str(digits));
}

/* National forms by their first digits, how many digits, and the lengths of the groups they are written in (NULL: any). */
enum where { ANYWHERE, IN_SPANISH, IN_RUSSIAN };
static const struct {
    const char *starts;
    size_t digits;
    const char *groups;
    enum where where;
    const char *country;
} phones[] = {
    { "02", 11, NULL, ANYWHERE, "Turkey" },
    { "03", 11, NULL, ANYWHERE, "Turkey" },
    { "04", 11, NULL, ANYWHERE, "Turkey" },
    { "05", 11, NULL, ANYWHERE, "Turkey" },
    { "5", 10, "3322", ANYWHERE, "Turkey" },
    { "5", 10, "334", ANYWHERE, "Turkey" },
    { "05", 10, NULL, ANYWHERE, "Saudi Arabia, Emirates" },
    { "01", 11, NULL, ANYWHERE, "Egypt" },
    { "07", 10, NULL, ANYWHERE, "Jordan" },
    { "07", 11, NULL, ANYWHERE, "Britain, Iraq" },
    { "6", 9, "333", ANYWHERE, "Spain" },
    { "7", 9, "333", ANYWHERE, "Spain" },
    { "8", 9, "333", ANYWHERE, "Spain" },
    { "9", 9, "333", ANYWHERE, "Spain" },
    { "6", 9, "3222", ANYWHERE, "Spain" },
    { "7", 9, "3222", ANYWHERE, "Spain" },
    { "9", 9, "3222", ANYWHERE, "Spain" },
    { "6", 9, "9", IN_SPANISH, "Spain" },
    { "7", 9, "9", IN_SPANISH, "Spain" },
    { "89", 11, NULL, ANYWHERE, "Russia" },
    { "8", 11, "13322", ANYWHERE, "Russia" },
    { "84", 11, NULL, IN_RUSSIAN, "Russia" },
    { "88", 11, NULL, IN_RUSSIAN, "Russia" },
    { "79", 11, NULL, IN_RUSSIAN, "Russia" },
    { "9", 10, "3322", IN_RUSSIAN, "Russia" },
    { "1", 11, "1334", ANYWHERE, "North America" },
    { "0", 10, "22222", ANYWHERE, "France" },
};

static bool is_phone(const struct walk *walk, const struct number *number)
{
    if (number->has_plus)
        return number->len >= 8 && number->len <= 15 && number->digits[0] != '0';
    if (starts_with(number, "00") && number->digits[2] != '0')
        return number->len >= 11 && number->len <= 17;
    if (has_groups(number, "334") && number->digits[0] >= '2' && number->digits[3] >= '2')
        return true; /* North America */
    if (number->digits[0] == '0' && number->group_count >= 3 && number->groups[0] >= '3' && number->len >= 9 && number->len <= 11)
        return true; /* a trunk 0 and an area, written in groups */
    for (size_t i = 0; i < sizeof phones / sizeof *phones; i++)
        if (number->len == phones[i].digits && starts_with(number, phones[i].starts) &&
            (phones[i].groups == NULL || has_groups(number, phones[i].groups)))
            return phones[i].where == ANYWHERE || (phones[i].where == IN_SPANISH ? walk->is_spanish : walk->is_russian);
    return false;
}

/* Whether the word INN stands shortly before. */
static bool follows_inn(const struct walk *walk, size_t start)
{
    size_t from = start > 16 ? start - 16 : 0;
    struct cx_str before = cx_str_n(walk->text.ptr + from, start - from);
    static const char *const words[] = { "ИНН", "инн", "Инн", "INN", "inn" };
    for (size_t w = 0; w < sizeof words / sizeof *words; w++)
        for (size_t i = 0; i + strlen(words[w]) <= before.len; i++)
            if (cx_str_starts(cx_str_skip(before, i), cx_str(words[w])))
                return true;
    return false;
}

/* DNI: eight digits and a letter; NIE: X, Y or Z, seven digits and a letter; a dash may stand before the letter. */
static bool look_at_dni(struct walk *walk, const struct number *number)
{
    size_t start = number->start, end = number->end;
    char id[9];
    size_t n = 0;
    if (number->len == 7 && start > 0 && is_letter(at(walk, start - 1)) && !is_word_before(walk, start - 1))
        id[n++] = at(walk, --start);
    else if (number->len == 7 && start > 1 && at(walk, start - 1) == '-' && is_letter(at(walk, start - 2)) && !is_word_before(walk, start - 2))
        id[n++] = at(walk, start -= 2);
    if (n + number->len != 8)
        return false;
    memcpy(id + n, number->digits, number->len);
    end += at(walk, end) == '-' || at(walk, end) == ' ';
    id[8] = at(walk, end);
    if (!is_letter(id[8]) || is_word_at(walk, end + 1) || !classify_is_dni(cx_str_n(id, 9)))
        return false;
    add_span(walk, CX_STR("national_id"), start, end + 1);
    return true;
}

/* An IBAN whose two check digits start at `digits`: two letters before, then groups of letters and digits. */
static bool look_at_iban(struct walk *walk, size_t digits)
{
    if (digits < walk->done + 2 || !is_letter(at(walk, digits - 1)) || !is_letter(at(walk, digits - 2)) || is_word_before(walk, digits - 2))
        return false;
    char iban[NUMBER_MAX];
    size_t n = 0;
    for (size_t i = digits - 2; n < 34; i++) {
        char c = at(walk, i);
        if ((c == ' ' || c == '-') && (is_digit(at(walk, i + 1)) || is_letter(at(walk, i + 1))))
            continue;
        if (!is_digit(c) && !is_letter(c))
            break;
        iban[n++] = c;
        if (n >= 15 && !is_word_at(walk, i + 1) && classify_is_iban(cx_str_n(iban, n))) {
            add_span(walk, CX_STR("iban"), digits - 2, i + 1);
            return true;
        }
    }
    return false;
}

/* What a number is, the certain before the likely. */
static struct cx_str kind_of(const struct walk *walk, const struct number *number)
{
    struct cx_str digits = digits_of(number);
    bool is_phone_like = is_phone(walk, number);
    if (!number->has_plus && classify_is_card(digits))
        return CX_STR("card");
    if (!number->has_plus && number->group_count == 1 && classify_is_tckn(digits) && !(is_phone_like && walk->is_russian))
        return CX_STR("national_id");
    if (number->group_count == 1 && classify_is_inn(digits) && (number->len == 12 || follows_inn(walk, number->start)))
        return CX_STR("tax_id");
    return is_phone_like ? CX_STR("phone") : CX_STR_NULL;
}

/* Looks at the number that starts at i, then at less and less of it, and returns where to go on: after what was found, or its first group. */
static size_t look_at_number(struct walk *walk, size_t i)
{
    if (look_at_iban(walk, i))
        return walk->done;
    struct number number;
    read_number(walk, i, &number);
    size_t first_end = number.group_ends[0];
    bool follows_word = is_word_before(walk, number.start) || number.start < walk->done;
    for (;; shorten(&number)) {
        if (look_at_dni(walk, &number))
            return walk->done;
        struct cx_str kind = follows_word || is_word_at(walk, number.end) ? CX_STR_NULL : kind_of(walk, &number);
        if (kind.ptr != NULL)
            add_span(walk, kind, number.start, number.end);
        if (kind.ptr != NULL || number.group_count == 1)
            return kind.ptr != NULL ? number.end : first_end;
    }
}

/* Bytes at which something may be: @, digits, and the first bytes of Arabic digits and of full-width forms. */
static const bool is_of_interest[256] = { ['0'] = true, ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true,  ['5'] = true,  ['6'] = true,
                                          ['7'] = true, ['8'] = true, ['9'] = true, ['@'] = true, [0xd9] = true, [0xdb] = true, [0xef] = true };

/* Where from i on something may be; the end: nowhere. */
static size_t next_of_interest(struct cx_str text, size_t i)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr, *end = bytes + text.len;
    for (const unsigned char *b = bytes + i;; b++) {
        while (end - b >= 4 && !(is_of_interest[b[0]] | is_of_interest[b[1]] | is_of_interest[b[2]] | is_of_interest[b[3]]))
            b += 4;
        while (b < end && !is_of_interest[*b])
            b++;
        if (end - b < 2 || *b < 0x80 || (*b == 0xef ? b[1] == 0xbc : b[1] - (*b == 0xd9 ? 0xa0u : 0xb0u) < 10))
            return (size_t)(b - bytes);
    }
}

struct cx_pii_span_list classify_pii(struct cx_arena *arena, struct cx_str text, struct cx_str language)
{
    struct walk walk = { .arena = arena, .text = text, .is_spanish = cx_str_is(language, "es"), .is_russian = cx_str_is(language, "ru") };
    for (size_t i = 0; (i = next_of_interest(text, i)) < text.len;) {
        size_t width;
        if (digit_at(&walk, i, &width) >= 0) {
            i = look_at_number(&walk, i);
        } else {
            if (text.ptr[i] == '@' || (width == 3 && cx_str_starts(cx_str_skip(text, i), CX_STR("＠"))))
                look_at_email(&walk, i, i + width);
            i = walk.done > i ? walk.done : i + width;
        }
    }
    return (struct cx_pii_span_list){ walk.spans, walk.count };
}
