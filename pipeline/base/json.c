#include "base/json.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/json_text.h"

enum { NODES_AT_ONCE = 16, FEW_MEMBERS = 24 };

struct parser {
    const char *at, *start, *end;
    struct cx_arena *arena;
    struct cx_json *nodes, *nodes_end; /* allocated, not used yet */
    struct cx_json_fault *fault;
    int depth;
};

/* The names an object has so far. `seen` has a bit per length and outer bytes of a name: most objects are settled by it alone. Beyond
 * FEW_MEMBERS names sit in an open-addressing table as well, so that a hostile object costs no more than a long one. */
struct members {
    struct cx_json *first, *last;
    uint32_t count;
    uint64_t seen;
    const struct cx_json **slots;
    unsigned slot_bits;
};

static bool fail(struct parser *p, enum cx_json_error error)
{
    *p->fault = (struct cx_json_fault){ error, (size_t)(p->at - p->start) };
    return false;
}

static struct cx_json *new_node(struct parser *p)
{
    if (p->nodes == p->nodes_end) {
        p->nodes = cx_arena_alloc(p->arena, NODES_AT_ONCE * sizeof *p->nodes);
        p->nodes_end = p->nodes + NODES_AT_ONCE;
    }
    return p->nodes++;
}

static inline void skip_blanks(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t'))
        p->at++;
}

static inline bool next_is(const struct parser *p, char c)
{
    return p->at < p->end && *p->at == c;
}

/* ---- strings ---- */

static bool read_hex4(struct parser *p, uint32_t *unit)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, p->at++) {
        uint8_t c = p->at < p->end ? (uint8_t)*p->at : 0;
        unsigned digit = c - (unsigned)'0';
        if (digit > 9) {
            digit = (c | 32u) - 'a' + 10;
            if (digit < 10 || digit > 15)
                return fail(p, CX_JSON_SYNTAX);
        }
        *unit = *unit << 4 | digit;
    }
    return true;
}

/* What follows "\u", with its low surrogate if it is a high one. */
static bool read_unicode_escape(struct parser *p, char **out)
{
    uint32_t unit;
    if (!read_hex4(p, &unit))
        return false;
    if (unit >= 0xd800 && unit < 0xdc00 && p->end - p->at >= 2 && p->at[0] == '\\' && p->at[1] == 'u') {
        const char *second = p->at;
        uint32_t low;
        p->at += 2;
        if (!read_hex4(p, &low))
            return false;
        if (low >= 0xdc00 && low < 0xe000)
            unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        else
            p->at = second; /* an escape of its own */
    }
    if (unit >= 0xd800 && unit < 0xe000)
        unit = 0xfffd;
    *out += cx_utf8_put(unit, *out);
    return true;
}

static bool read_escape(struct parser *p, char **out)
{
    static const char plain[256] = { ['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };
    p->at++; /* the backslash */
    if (p->at == p->end)
        return fail(p, CX_JSON_SYNTAX);
    char c = *p->at;
    if (c == 'u') {
        p->at++;
        return read_unicode_escape(p, out);
    }
    if (!plain[(uint8_t)c])
        return fail(p, CX_JSON_SYNTAX);
    *(*out)++ = plain[(uint8_t)c];
    p->at++;
    return true;
}

/* The closing quote of a string whose text goes on at `at`, or NULL. */
static const char *closing_quote(const char *at, const char *end)
{
    bool high = false;
    while ((at = cx_json_plain(at, end, &high)) < end && *at != '"')
        at += *at == '\\' && end - at > 1 ? 2 : 1;
    return at < end ? at : NULL;
}

/* The rest of a string whose first escape is at p->at; `from` is its first byte. */
static bool read_escaped_string(struct parser *p, const char *from, bool high, struct cx_str *text)
{
    const char *piece = from, *close = closing_quote(p->at, p->end);
    if (!close)
        return fail(p, CX_JSON_SYNTAX);
    char *copy = cx_arena_bytes(p->arena, (size_t)(close - from)), *out = copy; /* no escape is shorter than what it stands for */
    while (*p->at == '\\') {
        memcpy(out, piece, (size_t)(p->at - piece));
        out += p->at - piece;
        if (!read_escape(p, &out))
            return false;
        piece = p->at;
        p->at = cx_json_plain(p->at, p->end, &high);
    }
    if (*p->at != '"')
        return fail(p, CX_JSON_SYNTAX);
    memcpy(out, piece, (size_t)(p->at - piece));
    out += p->at - piece;
    *text = cx_str_n(copy, (size_t)(out - copy));
    return !high || cx_utf8_valid(*text) || fail(p, CX_JSON_UTF8);
}

/* A string; p->at is at its opening quote. */
static bool read_string(struct parser *p, struct cx_str *text)
{
    const char *from = ++p->at;
    bool high = false;
    p->at = cx_json_plain(from, p->end, &high);
    if (next_is(p, '"')) {
        *text = cx_str_n(from, (size_t)(p->at - from));
        if (high && !cx_utf8_valid(*text))
            return fail(p, CX_JSON_UTF8);
    } else if (!next_is(p, '\\')) {
        return fail(p, CX_JSON_SYNTAX);
    } else if (!read_escaped_string(p, from, high, text)) {
        return false;
    }
    p->at++;
    return true;
}

/* ---- numbers and words ---- */

static bool skip_digits(struct parser *p)
{
    const char *from = p->at;
    while (p->at < p->end && (unsigned char)(*p->at - '0') <= 9)
        p->at++;
    return p->at > from || fail(p, CX_JSON_SYNTAX);
}

static bool read_number(struct parser *p, struct cx_str *text)
{
    const char *from = p->at;
    p->at += *p->at == '-';
    if (next_is(p, '0'))
        p->at++;
    else if (!skip_digits(p))
        return false;
    if (next_is(p, '.')) {
        p->at++;
        if (!skip_digits(p))
            return false;
    }
    if (next_is(p, 'e') || next_is(p, 'E')) {
        p->at++;
        if (next_is(p, '+') || next_is(p, '-'))
            p->at++;
        if (!skip_digits(p))
            return false;
    }
    *text = cx_str_n(from, (size_t)(p->at - from));
    return true;
}

static bool read_word(struct parser *p, struct cx_str word)
{
    if ((size_t)(p->end - p->at) < word.len || memcmp(p->at, word.ptr, word.len) != 0)
        return fail(p, CX_JSON_SYNTAX);
    p->at += word.len;
    return true;
}

/* ---- members ---- */

/* Where a name goes, or where its equal already is. The arena's address keeps the places from being guessed. */
static const struct cx_json **find_slot(const struct parser *p, const struct members *m, struct cx_str name)
{
    uint64_t mixed = (cx_hash64(name.ptr, name.len) ^ (uintptr_t)p->arena) * 0x9e3779b97f4a7c15u;
    size_t mask = ((size_t)1 << m->slot_bits) - 1, i = (size_t)(mixed >> (64 - m->slot_bits));
    while (m->slots[i] && !cx_str_eq(m->slots[i]->key, name))
        i = (i + 1) & mask;
    return &m->slots[i];
}

static void grow_slots(const struct parser *p, struct members *m)
{
    m->slot_bits = m->slot_bits ? m->slot_bits + 2 : 7;
    m->slots = CX_NEW_ARRAY(p->arena, const struct cx_json *, (size_t)1 << m->slot_bits);
    for (const struct cx_json *node = m->first; node; node = node->next)
        *find_slot(p, m, node->key) = node;
}

static bool is_new_name(const struct parser *p, struct members *m, struct cx_str name)
{
    unsigned outer = name.len ? (uint8_t)name.ptr[0] * 7u + (uint8_t)name.ptr[name.len - 1] * 3u : 0;
    uint64_t bit = (uint64_t)1 << ((outer + name.len * 5) & 63);
    if (!(m->seen & bit)) {
        m->seen |= bit;
        return true;
    }
    if (m->slots)
        return !*find_slot(p, m, name);
    for (const struct cx_json *node = m->first; node; node = node->next)
        if (cx_str_eq(node->key, name))
            return false;
    return true;
}

static void append(struct members *m, struct cx_json *node)
{
    node->next = NULL;
    if (m->last)
        m->last->next = node;
    else
        m->first = node;
    m->last = node;
    m->count++;
}

static void remember_name(const struct parser *p, struct members *m, const struct cx_json *node)
{
    if (m->count <= FEW_MEMBERS)
        return;
    if (!m->slots || m->count > (size_t)1 << (m->slot_bits - 1))
        grow_slots(p, m);
    else
        *find_slot(p, m, node->key) = node;
}

/* ---- values ---- */

static bool read_value(struct parser *p, struct cx_json *node);

static bool read_member(struct parser *p, struct members *m, bool named)
{
    struct cx_str key = CX_STR_NULL;
    if (named) {
        const char *at = p->at;
        if (!next_is(p, '"'))
            return fail(p, CX_JSON_SYNTAX);
        if (!read_string(p, &key))
            return false;
        if (!is_new_name(p, m, key)) {
            p->at = at;
            return fail(p, CX_JSON_DUPLICATE_KEY);
        }
        skip_blanks(p);
        if (!next_is(p, ':'))
            return fail(p, CX_JSON_SYNTAX);
        p->at++;
        skip_blanks(p);
    }
    struct cx_json *node = new_node(p);
    node->key = key;
    append(m, node);
    if (named)
        remember_name(p, m, node);
    return read_value(p, node);
}

/* An array or object; p->at is at its bracket. */
static bool read_container(struct parser *p, struct cx_json *node, bool is_object)
{
    const char closing = is_object ? '}' : ']';
    struct members m = { 0 };
    if (p->depth == CX_JSON_MAX_DEPTH)
        return fail(p, CX_JSON_DEPTH);
    p->depth++;
    p->at++;
    skip_blanks(p);
    if (!next_is(p, closing)) {
        for (;;) {
            if (!read_member(p, &m, is_object))
                return false;
            skip_blanks(p);
            if (!next_is(p, ','))
                break;
            p->at++;
            skip_blanks(p);
        }
        if (!next_is(p, closing))
            return fail(p, CX_JSON_SYNTAX);
    }
    p->at++;
    p->depth--;
    node->type = is_object ? CX_JSON_OBJECT : CX_JSON_ARRAY;
    node->count = m.count;
    node->first = m.first;
    return true;
}

/* Fills all of *node but its key and next. */
static bool read_value(struct parser *p, struct cx_json *node)
{
    node->count = 0;
    node->first = NULL;
    node->text = CX_STR_NULL;
    switch (p->at < p->end ? *p->at : 0) {
    case '"':
        node->type = CX_JSON_STRING;
        return read_string(p, &node->text);
    case '{':
        return read_container(p, node, true);
    case '[':
        return read_container(p, node, false);
    case 'n':
        node->type = CX_JSON_NULL;
        return read_word(p, CX_STR("null"));
    case 't':
        node->type = CX_JSON_TRUE;
        return read_word(p, CX_STR("true"));
    case 'f':
        node->type = CX_JSON_FALSE;
        return read_word(p, CX_STR("false"));
    default:
        node->type = CX_JSON_NUMBER;
        return p->at < p->end ? read_number(p, &node->text) : fail(p, CX_JSON_SYNTAX);
    }
}

const struct cx_json *cx_json_parse(struct cx_arena *arena, struct cx_str text, struct cx_json_fault *fault)
{
    const char *start = text.ptr ? text.ptr : "";
    struct parser p = { .at = start, .start = start, .end = start + text.len, .arena = arena, .fault = fault };
    *fault = (struct cx_json_fault){ CX_JSON_OK, 0 };
    skip_blanks(&p);
    struct cx_json *root = new_node(&p);
    root->key = CX_STR_NULL;
    root->next = NULL;
    if (!read_value(&p, root))
        return NULL;
    skip_blanks(&p);
    if (p.at < p.end) {
        fail(&p, CX_JSON_TRAILING);
        return NULL;
    }
    return root;
}

const char *cx_json_error_text(enum cx_json_error error)
{
    static const char *const texts[] = {
        [CX_JSON_OK] = "no error",
        [CX_JSON_SYNTAX] = "not valid JSON",
        [CX_JSON_UTF8] = "a string is not valid UTF-8",
        [CX_JSON_DEPTH] = "nested deeper than 64 levels",
        [CX_JSON_DUPLICATE_KEY] = "an object has the same name twice",
        [CX_JSON_TRAILING] = "bytes after the end of the JSON value",
    };
    return texts[error];
}

const struct cx_json *cx_json_get(const struct cx_json *object, struct cx_str key)
{
    if (!object || object->type != CX_JSON_OBJECT)
        return NULL;
    for (const struct cx_json *node = object->first; node; node = node->next)
        if (cx_str_eq(node->key, key))
            return node;
    return NULL;
}
