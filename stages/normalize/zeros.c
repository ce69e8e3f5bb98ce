#include "stages/normalize/zeros.h"

static bool has_zero(struct cx_str s)
{
    return s.len > 0 && memchr(s.ptr, '\0', s.len) != NULL;
}

struct cx_str normalize_without_zeros(struct cx_arena *arena, struct cx_str text)
{
    if (!has_zero(text))
        return text;
    char *out = cx_arena_bytes(arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '\0')
            out[len++] = text.ptr[i];
    return len > 0 ? cx_str_n(out, len) : CX_STR_NULL;
}

static bool is_sound(struct cx_arena *arena, const char *name, struct cx_str id, struct normalize_fault *fault)
{
    return !has_zero(id) || normalize_fail(fault, NORMALIZE_BAD_VALUE, cx_arena_format(arena, "%s holds U+0000", name));
}

static bool check_author(struct cx_arena *arena, struct cx_interaction *record, struct normalize_fault *fault)
{
    const struct cx_author *author = record->author;
    if (author == NULL)
        return true;
    if (!is_sound(arena, "author.native_id", author->native_id, fault))
        return false;
    if (has_zero(author->handle) || has_zero(author->name)) {
        struct cx_author *kept = CX_NEW(arena, struct cx_author);
        *kept = *author;
        kept->handle = normalize_without_zeros(arena, author->handle);
        kept->name = normalize_without_zeros(arena, author->name);
        record->author = kept;
    }
    return true;
}

static bool check_media(struct cx_arena *arena, struct cx_interaction *record, struct normalize_fault *fault)
{
    bool has_zeros = false; /* in addresses */
    for (size_t i = 0; i < record->media.len; i++) {
        const struct cx_media *media = &record->media.items[i];
        if (!is_sound(arena, "media.native_id", media->native_id, fault) || !is_sound(arena, "media.type", media->type, fault))
            return false;
        has_zeros = has_zeros || has_zero(media->url);
    }
    if (!has_zeros)
        return true;
    struct cx_media *kept = CX_NEW_ARRAY(arena, struct cx_media, record->media.len);
    memcpy(kept, record->media.items, record->media.len * sizeof *kept);
    for (size_t i = 0; i < record->media.len; i++)
        kept[i].url = normalize_without_zeros(arena, kept[i].url);
    record->media.items = kept;
    return true;
}

static bool is_none(const struct cx_identifier *id)
{
    return has_zero(id->type) || has_zero(id->value) || has_zero(id->scope);
}

static void leave_out_identifiers(struct cx_arena *arena, struct cx_interaction *record)
{
    const struct cx_identifier *items = record->identifiers.items;
    size_t n = record->identifiers.len, first = 0, len = 0;
    while (first < n && !is_none(&items[first]))
        first++;
    if (first == n)
        return;
    struct cx_identifier *kept = cx_arena_alloc(arena, n * sizeof *kept);
    for (size_t i = 0; i < n; i++)
        if (!is_none(&items[i]))
            kept[len++] = items[i];
    record->identifiers = (struct cx_identifier_list){ kept, len };
}

bool normalize_zeros(struct cx_arena *arena, struct cx_interaction *record, struct normalize_fault *fault)
{
    if (!is_sound(arena, "native_id", record->native_id, fault) || !is_sound(arena, "parent_id", record->parent_id, fault) ||
        !is_sound(arena, "conversation_id", record->conversation_id, fault) || !is_sound(arena, "supersedes", record->supersedes, fault) ||
        !check_author(arena, record, fault) || !check_media(arena, record, fault))
        return false;
    record->url = normalize_without_zeros(arena, record->url);
    leave_out_identifiers(arena, record);
    return true;
}
