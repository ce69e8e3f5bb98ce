#include "stages/identify/identifier.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool ends_with(struct cx_str s, struct cx_str end)
{
    return s.len > end.len && memcmp(s.ptr + s.len - end.len, end.ptr, end.len) == 0;
}

static struct identify_type type_of(const struct identify_rules *rules, struct cx_str name)
{
    int number = identify_names_find(&rules->type_names, name);
    if (number >= 0)
        return rules->types[number];
    enum identify_class class = ends_with(name, CX_STR("_user_id")) ? IDENTIFY_STRONG : IDENTIFY_EVIDENCE;
    return (struct identify_type){ class, IDENTIFY_TEXT, false };
}

/* Lower case, one at sign with something before it, a domain with a dot inside; null otherwise. */
static struct cx_str email(struct cx_arena *arena, struct cx_str value)
{
    bool has_upper = false;
    ptrdiff_t at = -1, dot = -1;
    if (value.len > 254)
        return CX_STR_NULL;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if ((unsigned char)c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == ',' || (c == '@' && at >= 0))
            return CX_STR_NULL;
        if (c == '@')
            at = (ptrdiff_t)i;
        else if (c == '.' && at >= 0 && (ptrdiff_t)i > at + 1)
            dot = (ptrdiff_t)i;
        has_upper |= c != lower(c);
    }
    if (at <= 0 || dot < 0 || dot == (ptrdiff_t)value.len - 1)
        return CX_STR_NULL;
    if (!has_upper)
        return value;
    char *copy = cx_arena_bytes(arena, value.len);
    for (size_t i = 0; i < value.len; i++)
        copy[i] = lower(value.ptr[i]);
    return cx_str_n(copy, value.len);
}

/* E.164: a plus and 8 to 15 digits, the first not 0. Separators go; `plus_implied` reads digits alone. Null otherwise: a national form has no country
 * here. */
static struct cx_str phone(struct cx_arena *arena, struct cx_str value, bool plus_implied)
{
    char digits[17];
    size_t n = 0;
    bool international = cx_str_starts(value, CX_STR("+")) || plus_implied;
    size_t from = cx_str_starts(value, CX_STR("+"));
    if (!international && cx_str_starts(value, CX_STR("00"))) {
        international = true;
        from = 2;
    }
    digits[n++] = '+';
    for (size_t i = from; i < value.len; i++) {
        if (is_digit(value.ptr[i]) && n < 17)
            digits[n++] = value.ptr[i];
        else if (is_digit(value.ptr[i]) || memchr(" -./()", value.ptr[i], 6) == NULL)
            return CX_STR_NULL;
    }
    if (!international || n < 9 || n > 16 || digits[1] == '0')
        return CX_STR_NULL;
    struct cx_str e164 = cx_str_n(digits, n);
    return cx_str_eq(e164, value) ? value : cx_arena_copy(arena, e164);
}

static bool is_blocked(const struct identify_rules *rules, struct cx_str value)
{
    char room[IDENTIFY_MOST];
    struct cx_str start = { room, value.len < sizeof room ? value.len : sizeof room };
    bool zeros = true; /* nothing but 0 and - */
    for (size_t i = 0; i < value.len && zeros; i++)
        zeros = value.ptr[i] == '0' || value.ptr[i] == '-';
    if (zeros)
        return true;
    for (size_t i = 0; i < start.len; i++)
        room[i] = lower(value.ptr[i]);
    if (value.len <= sizeof room && identify_names_find(&rules->blocked, start) >= 0)
        return true;
    for (size_t i = 0; i < rules->blocked_prefix_count; i++)
        if (cx_str_starts(start, rules->blocked_prefixes[i]))
            return true;
    return false;
}

/* Too little to be one customer's own id: "1", "xxxxxx". */
static bool is_meagre(const struct identify_rules *rules, struct cx_str value)
{
    uint64_t seen[4] = { 0 };
    int64_t distinct = 0;
    if ((int64_t)value.len < rules->min_length)
        return true;
    for (size_t i = 0; i < value.len && distinct < rules->min_distinct; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        uint64_t bit = UINT64_C(1) << (c & 63);
        distinct += !(seen[c >> 6] & bit);
        seen[c >> 6] |= bit;
    }
    return distinct < rules->min_distinct;
}

/* State only: no topic that others read has it. */
static struct cx_id key_of(uint64_t tenant, const struct cx_identifier *what)
{
    struct {
        uint64_t tenant, type, scope;
        struct cx_id value;
    } parts = { tenant, cx_hash64(what->type.ptr, what->type.len), what->scope.ptr ? cx_hash64(what->scope.ptr, what->scope.len) : 0,
                cx_hash128(what->value.ptr, what->value.len) };
    return cx_hash128(&parts, sizeof parts);
}

/* Normalises; false where the identifier can tell nothing. */
static bool make_usable(const struct identify_rules *rules, struct cx_arena *arena, const struct cx_interaction *record, uint64_t tenant,
                        struct cx_identifier given, struct identify_identifier *out)
{
    struct identify_type type = type_of(rules, given.type);
    given.value = cx_str_trim(given.value);
    if (type.form == IDENTIFY_WHATSAPP) {
        struct cx_str number = phone(arena, given.value, true);
        given.type = number.ptr ? CX_STR("phone") : CX_STR("wa_bsuid");
        given.value = number.ptr ? number : given.value;
        type = type_of(rules, given.type);
    } else if (type.form == IDENTIFY_PHONE) {
        given.value = phone(arena, given.value, false);
    } else if (type.form == IDENTIFY_EMAIL) {
        given.value = email(arena, given.value);
    }
    if (type.class == IDENTIFY_EVIDENCE || given.value.len == 0 || is_blocked(rules, given.value))
        return false;
    if (type.class != IDENTIFY_STRONG && is_meagre(rules, given.value))
        return false;
    if (type.form == IDENTIFY_PHONE || type.form == IDENTIFY_EMAIL)
        given.scope = CX_STR_NULL; /* the same everywhere */
    else if (given.scope.len == 0)
        given.scope = type.scoped && record->brand.len ? record->brand : CX_STR_NULL;
    *out = (struct identify_identifier){ type.class, given, key_of(tenant, &given) };
    return true;
}

static int compare(const struct identify_identifier *a, const struct identify_identifier *b)
{
    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    int order = cx_str_cmp(a->what.type, b->what.type);
    if (order == 0)
        order = cx_str_cmp(a->what.scope, b->what.scope);
    return order ? order : cx_str_cmp(a->what.value, b->what.value);
}

size_t identify_usable(const struct identify_rules *rules, struct cx_arena *arena, const struct cx_interaction *record,
                       struct identify_identifier *out)
{
    size_t n = 0;
    uint64_t tenant = cx_hash64(record->tenant.ptr, record->tenant.len);
    for (size_t i = 0; i < record->identifiers.len && n < IDENTIFY_MOST; i++) {
        struct identify_identifier found;
        if (!make_usable(rules, arena, record, tenant, record->identifiers.items[i], &found))
            continue;
        size_t at = n;
        while (at > 0 && compare(&found, &out[at - 1]) < 0)
            at--;
        if (at > 0 && cx_id_eq(found.key, out[at - 1].key))
            continue;
        memmove(&out[at + 1], &out[at], (n - at) * sizeof *out);
        out[at] = found;
        n++;
    }
    return n;
}
