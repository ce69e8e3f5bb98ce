#include "stages/normalize/identifier.h"
#include "stages/normalize/phone.h"
#include "stages/normalize/tree.h"

enum { VALUE_MAX = 512, BSUID_MAX = 128 };

const struct normalize_channel *normalize_channel_find(const struct normalize_self *self, struct cx_str name)
{
    size_t low = 0, high = self->channel_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = cx_str_cmp(name, self->channels[middle].name);
        if (order == 0)
            return &self->channels[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

static struct cx_str email_value(struct cx_arena *arena, struct cx_str value)
{
    ptrdiff_t at = -1;
    bool has_upper = false;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = (uint8_t)value.ptr[i];
        if (c <= ' ' || c == 0x7f || (c == '@' && at >= 0))
            return CX_STR_NULL;
        if (c == '@')
            at = (ptrdiff_t)i;
        has_upper |= c >= 'A' && c <= 'Z';
    }
    if (at <= 0 || (size_t)at + 1 == value.len)
        return CX_STR_NULL;
    if (!has_upper)
        return value;
    char *out = cx_arena_bytes(arena, value.len);
    for (size_t i = 0; i < value.len; i++)
        out[i] = value.ptr[i] >= 'A' && value.ptr[i] <= 'Z' ? (char)(value.ptr[i] + 32) : value.ptr[i];
    return cx_str_n(out, value.len);
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* CC.alnum, or CC.ENT.alnum. */
static bool is_bsuid(struct cx_str value)
{
    if (value.len < 4 || value.ptr[2] != '.' || value.ptr[0] < 'A' || value.ptr[0] > 'Z' || value.ptr[1] < 'A' || value.ptr[1] > 'Z')
        return false;
    struct cx_str id = cx_str_skip(value, cx_str_starts(cx_str_skip(value, 3), CX_STR("ENT.")) ? 7 : 3);
    for (size_t i = 0; i < id.len; i++)
        if (!is_alphanumeric(id.ptr[i]))
            return false;
    return id.len > 0 && id.len <= BSUID_MAX;
}

struct cx_str normalize_identifier_value(struct cx_arena *arena, struct cx_str type, struct cx_str value, struct cx_str country)
{
    value = cx_str_trim(value);
    if (value.len == 0 || value.len > VALUE_MAX || cx_str_is(value, "0"))
        return CX_STR_NULL;
    if (cx_str_is(type, "email"))
        return email_value(arena, value);
    if (cx_str_is(type, "phone"))
        return normalize_phone(arena, value, country);
    if (cx_str_is(type, "wa_bsuid"))
        return is_bsuid(value) ? value : CX_STR_NULL;
    if (cx_str_is(type, "slack_user_id"))
        return cx_str_find(value, ':') > 0 ? value : CX_STR_NULL;
    if (cx_str_is(type, "li_urn"))
        return cx_str_starts(value, CX_STR("urn:li:")) ? value : CX_STR_NULL;
    return value;
}

void normalize_identifier_add(struct cx_identifier *identifiers, size_t *len, struct cx_identifier identifier)
{
    for (size_t i = 0; i < *len; i++)
        if (cx_str_eq(identifiers[i].type, identifier.type) && cx_str_eq(identifiers[i].value, identifier.value))
            return;
    identifiers[(*len)++] = identifier;
}

/* Type and clean value of an author's id on a channel, whose row may be NULL; value null: it is no identifier. */
static struct cx_identifier author_identifier(struct cx_arena *arena, const struct normalize_channel *row, struct cx_str country,
                                              struct cx_str channel, struct cx_str native_id)
{
    struct cx_identifier id = { 0 };
    if (row == NULL) {
        id.value = normalize_identifier_value(arena, CX_STR_NULL, native_id, country);
        if (id.value.ptr != NULL)
            id.type = normalize_concat(arena, channel, CX_STR("_user_id"), CX_STR_NULL);
        return id;
    }
    for (size_t i = 0; i < row->types.len && id.value.ptr == NULL; i++) {
        id.type = row->types.items[i];
        if (row->is_dialled && cx_str_is(id.type, "phone"))
            id.value = normalize_phone_international(arena, native_id);
        if (id.value.ptr == NULL)
            id.value = normalize_identifier_value(arena, id.type, native_id, country);
    }
    return id;
}

void normalize_identifier_author(const struct normalize_self *self, struct cx_arena *arena, struct cx_str country, struct cx_interaction *record)
{
    if (record->author == NULL || record->author->native_id.len == 0)
        return;
    const struct normalize_channel *row = normalize_channel_find(self, record->channel);
    struct cx_identifier id = author_identifier(arena, row, country, record->channel, record->author->native_id);
    if (id.value.ptr == NULL)
        return;
    bool is_scoped = row != NULL && row->is_scoped && !cx_str_is(id.type, "phone");
    id.scope = is_scoped ? record->brand : CX_STR_NULL; /* the account is not known, the brand is the nearest to it */
    size_t len = record->identifiers.len;
    struct cx_identifier *identifiers = cx_arena_alloc(arena, (len + 1) * sizeof *identifiers);
    if (len > 0)
        memcpy(identifiers, record->identifiers.items, len * sizeof *identifiers);
    normalize_identifier_add(identifiers, &len, id);
    record->identifiers = (struct cx_identifier_list){ identifiers, len };
}
