/* entity.c - character references of HTML ("caf&eacute;", "Tom &amp;amp; Jerry"), which exports and old widgets leave in texts.
 *
 * They are looked for in rows, not in bytes, and as loosely as folding makes texts alike: in any case, in letters that look the same, runs of a
 * letter as one. So what folding joins, cuts or leaves out later never makes a reference of what was none. A semicolon looks back over what is
 * written already, so that what is decoded takes part at once, and one pass over the rows is enough. */
#include "base/html_entity.h"
#include "text/chars.h"
#include <pthread.h>

#define NAMES_SIZE 1024u
/* Names are a number of six bits a character. */
enum { NAME_LETTERS = 10, SYMBOL_BITS = 6 };
/* Decoded marks join what stands before them, which may make another reference; nobody nests them deeper than this in earnest. */
#define ROUNDS_MAX 4

static struct {
    uint64_t name; /* 0: an empty slot */
    uint32_t code;
} names[NAMES_SIZE];

static const struct {
    const char *name;
    uint32_t code;
} references[] = {
#define HTML_ENTITY(name, code_point) { name, code_point },
#include "base/html_entities.def"
#undef HTML_ENTITY
};

/* 1..10 for a digit, 11..36 for a letter, 0 for what stands in no name. */
static uint32_t symbol_of(uint32_t code)
{
    code = char_latin_twin(code);
    if (code >= '0' && code <= '9')
        return code - '0' + 1;
    return code >= 'a' && code <= 'z' ? code - 'a' + 11 : 0;
}

/* Adds a symbol to a name, or not where it is a letter that goes on; false where the name becomes too long. */
static bool lengthen(uint64_t *name, uint32_t symbol)
{
    if (symbol > 10 && (*name & ((1u << SYMBOL_BITS) - 1)) == symbol)
        return true;
    if (*name >> ((NAME_LETTERS - 1) * SYMBOL_BITS) != 0)
        return false;
    *name = *name << SYMBOL_BITS | symbol;
    return true;
}

static size_t slot_of(uint64_t name)
{
    size_t slot = name * 0x9e3779b97f4a7c15u >> 54;
    while (names[slot].name != 0 && names[slot].name != name)
        slot = (slot + 1) % NAMES_SIZE;
    return slot;
}

/* Names that differ in case alone mean letters that do, or the like: the last one counts, which is the one in small letters. */
static void load_names(void)
{
    for (size_t i = sizeof references / sizeof *references; i-- > 0;) {
        uint64_t name = 0;
        for (const char *c = references[i].name; *c != '\0'; c++)
            cx_assert(lengthen(&name, symbol_of((uint32_t)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c))));
        size_t slot = slot_of(name);
        if (names[slot].name == 0) {
            names[slot].name = name;
            names[slot].code = references[i].code;
        }
    }
}

static inline uint32_t code_at(const struct char_run *run, size_t i)
{
    return run->rows[i] & CHAR_CODE;
}

/* The number behind "&#" that ends before `end`. */
static bool read_number(const struct char_run *run, size_t i, size_t end, uint32_t *code)
{
    uint32_t base = 10;
    uint64_t value = 0;
    for (; i < end && char_latin_twin(code_at(run, i)) == 'x'; i++)
        base = 16;
    if (i == end)
        return false;
    for (; i < end; i++) {
        uint32_t symbol = symbol_of(code_at(run, i));
        if (symbol == 0 || symbol > base)
            return false;
        value = value <= 0x10ffff ? value * base + symbol - 1 : value;
    }
    *code = cx_html_number(value);
    return true;
}

static bool read_name(const struct char_run *run, size_t i, size_t end, uint32_t *code)
{
    uint64_t name = 0;
    for (; i < end; i++)
        if (!lengthen(&name, symbol_of(code_at(run, i))))
            return false;
    size_t slot = slot_of(name);
    *code = names[slot].code;
    return name != 0 && names[slot].name == name;
}

/* Whether the last row, a semicolon, ends a reference, from where on, and to what. */
static bool ends_reference(const struct char_run *run, size_t *start, uint32_t *code)
{
    size_t end = run->len - 1, i = end;
    while (i > 0 && symbol_of(code_at(run, i - 1)) != 0)
        i--;
    bool is_number = i > 0 && code_at(run, i - 1) == '#';
    size_t ampersand = i - is_number;
    if (ampersand == 0 || code_at(run, ampersand - 1) != '&')
        return false;
    *start = ampersand - 1;
    return is_number ? read_number(run, i, end, code) : read_name(run, i, end, code);
}

/* Decodes what ends at the last row, and what that ends in turn; true where there was anything. */
static bool decode_end(const struct char_table *table, struct char_run *out)
{
    size_t start;
    uint32_t code;
    bool has_decoded = false;
    while (out->len > 0 && code_at(out, out->len - 1) == ';' && ends_reference(out, &start, &code)) {
        uint32_t row = code != 0 ? char_row(table, code) : CHAR_SPECIAL, from = out->origin[start];
        bool is_sequence = row & CHAR_SPECIAL;
        size_t n = is_sequence ? CHAR_SEQUENCE_LENGTH(row) : 1;
        for (size_t i = 0; i < n; i++) {
            out->rows[start + i] = is_sequence ? table->pool[CHAR_SEQUENCE_AT(row) + i] : row;
            out->origin[start + i] = from;
        }
        out->len = start + n;
        has_decoded = true;
        if (n == 0) /* what stands there now has been looked at */
            break;
    }
    return has_decoded;
}

/* One pass; *seen is all rows or-ed. */
static struct char_run decode(struct cx_arena *arena, const struct char_table *table, struct char_run in, bool *has_decoded, uint32_t *seen)
{
    /* A reference gives at most 18 rows and is written in eight where it gives more than it has. */
    size_t cap = in.len * 3 + CHAR_SEQUENCE_MAX;
    struct char_run out = { cx_arena_alloc(arena, cap * sizeof *out.rows), cx_arena_alloc(arena, cap * sizeof *out.origin), 0 };
    *has_decoded = false;
    *seen = 0;
    for (size_t i = 0; i < in.len; i++) {
        cx_assert(out.len + CHAR_SEQUENCE_MAX < cap + 1);
        out.rows[out.len] = in.rows[i];
        out.origin[out.len++] = in.origin[i];
        if (code_at(&in, i) == ';')
            *has_decoded |= decode_end(table, &out);
    }
    for (size_t i = 0; i < out.len; i++)
        *seen |= out.rows[i];
    return out;
}

static bool has_semicolon(const struct char_run *run)
{
    for (size_t i = 0; i < run->len; i++)
        if (code_at(run, i) == ';')
            return true;
    return false;
}

struct char_run char_decode(struct cx_arena *arena, const struct char_table *table, struct char_run run, bool strip_marks)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (!has_semicolon(&run))
        return run;
    pthread_once(&once, load_names);
    for (int round = 0; round < ROUNDS_MAX; round++) {
        bool has_decoded;
        uint32_t seen;
        struct char_run out = decode(arena, table, run, &has_decoded, &seen);
        if (!has_decoded || !(seen & CHAR_COMBINES))
            return out;
        run = char_compose(arena, table, out, strip_marks);
    }
    for (size_t i = 0; i < run.len; i++)
        if (code_at(&run, i) == '&')
            run.rows[i] = table->low[' '];
    return run;
}
