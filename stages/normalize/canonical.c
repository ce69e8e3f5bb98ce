#include "stages/normalize/canonical.h"
#include "base/hash.h"
#include "stages/normalize/attributes.h"
#include "stages/normalize/identifier.h"
#include "stages/normalize/member.h"

/* Members of a record: M(name, how it is read). */
/* clang-format off */
#define MEMBERS(M) \
    M(tenant, STRING) M(brand, STRING) M(channel, STRING) M(kind, STRING) M(op, OP) M(direction, DIRECTION) \
    M(occurred_at, OCCURRED_AT) M(occurred_at_known, BOOL) M(ingested_at, INGESTED_AT) M(backfill, BOOL) \
    M(source, SOURCE) M(adapter, ADAPTER) M(adapter_version, VERSION) M(native_id, ID) M(parent_id, ID) \
    M(conversation_id, ID) M(supersedes, ID) M(url, STRING) M(author, AUTHOR) M(identifiers, IDENTIFIERS) \
    M(title, STRING) M(text, STRING) M(rating, RATING) M(media, MEDIA) M(reach, REACH) M(attributes, ATTRIBUTES) \
    M(event_id, OURS) M(classification, OURS) M(duplicate, OURS) M(identity, OURS) M(context, OURS) \
    M(routing, OURS)
/* clang-format on */

enum how {
    STRING,
    ID,
    BOOL,
    OP,
    DIRECTION,
    OCCURRED_AT,
    INGESTED_AT,
    SOURCE,
    ADAPTER,
    VERSION,
    AUTHOR,
    IDENTIFIERS,
    RATING,
    MEDIA,
    REACH,
    ATTRIBUTES,
    OURS /* made here, or a later stage's: what the input claims is discarded */
};
static const struct row {
    const char *name;
    uint8_t length;
    uint8_t how;
    uint16_t offset; /* in struct cx_interaction, of a STRING, ID or BOOL */
} rows[] = {
#define M(name, how) { #name, sizeof #name - 1, how, offsetof(struct cx_interaction, name) },
    MEMBERS(M)
#undef M
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static inline unsigned slot_of(struct cx_str name)
{
    return ((unsigned)name.len * 7 + (uint8_t)name.ptr[0] * 31u + (uint8_t)name.ptr[name.len - 1] * 13u) % NORMALIZE_SLOTS;
}

void normalize_canonical_prepare(uint8_t slots[NORMALIZE_SLOTS])
{
    memset(slots, 0, NORMALIZE_SLOTS);
    for (unsigned i = 0; i < ROWS; i++) {
        unsigned slot = slot_of(cx_str(rows[i].name));
        while (slots[slot] != 0)
            slot = (slot + 1) % NORMALIZE_SLOTS;
        slots[slot] = (uint8_t)(i + 1);
    }
}

static inline const struct row *find_row(const uint8_t *slots, struct cx_str name)
{
    if (name.len == 0)
        return NULL;
    for (unsigned slot = slot_of(name); slots[slot] != 0; slot = (slot + 1) % NORMALIZE_SLOTS) {
        const struct row *row = &rows[slots[slot] - 1];
        if (row->length == name.len && memcmp(row->name, name.ptr, name.len) == 0)
            return row;
    }
    return NULL;
}

struct reader {
    struct cx_arena *arena;
    const struct normalize_receipt *receipt;
    struct normalize_draft *draft;
    struct normalize_fault *fault;
    struct normalize_attributes attributes;
};

static struct normalize_member member(const struct reader *r, const char *where, int index, const struct cx_json *node)
{
    return (struct normalize_member){ r->arena, r->fault, where, index, node };
}

static bool is_key(const struct cx_json *node, const char *name)
{
    return cx_str_is(node->key, name);
}

/* A member of an inner object that has no field: "author.bio". */
static void keep(struct reader *r, const struct normalize_member *m)
{
    if (m->node->type != CX_JSON_NULL)
        normalize_attributes_node(&r->attributes, normalize_member_name(m), m->node);
}

static bool read_object(const struct normalize_member *m)
{
    return m->node->type == CX_JSON_OBJECT || normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "an object");
}

static bool read_list(const struct normalize_member *m)
{
    return m->node->type == CX_JSON_ARRAY || normalize_member_fail(m, NORMALIZE_WRONG_TYPE, "a list");
}

static bool read_author(struct reader *r, const struct normalize_member *m)
{
    if (!read_object(m))
        return false;
    struct cx_author *author = CX_NEW(r->arena, struct cx_author);
    cx_author_init(author);
    r->draft->record->author = author;
    for (const struct cx_json *node = m->node->first; node != NULL; node = node->next) {
        struct normalize_member inner = member(r, "author", -1, node);
        struct cx_str actor;
        bool ok = true;
        if (node->type == CX_JSON_NULL)
            continue;
        if (is_key(node, "native_id"))
            ok = normalize_member_id(&inner, &author->native_id);
        else if (is_key(node, "handle"))
            ok = normalize_member_string(&inner, &author->handle);
        else if (is_key(node, "name"))
            ok = normalize_member_string(&inner, &author->name);
        else if (is_key(node, "followers"))
            ok = author->followers.set = normalize_member_i64(&inner, 0, INT64_MAX, &author->followers.value);
        else if (is_key(node, "verified"))
            ok = author->verified.set = normalize_member_bool(&inner, &author->verified.value);
        else if (is_key(node, "actor"))
            ok = normalize_member_string(&inner, &actor) &&
                 (cx_actor_from_name(actor, &author->actor) || normalize_member_fail(&inner, NORMALIZE_BAD_VALUE, "customer, agent, bot or brand"));
        else
            keep(r, &inner);
        if (!ok)
            return false;
    }
    return true;
}

static bool read_identifier(struct reader *r, const struct cx_json *object, int index, struct cx_identifier *id)
{
    struct cx_identifier read = { 0 };
    for (const struct cx_json *node = object->first; node != NULL; node = node->next) {
        struct normalize_member inner = member(r, "identifiers", index, node);
        bool ok = true;
        if (is_key(node, "type"))
            ok = normalize_member_string(&inner, &read.type);
        else if (is_key(node, "value"))
            ok = normalize_member_id(&inner, &read.value);
        else if (is_key(node, "scope"))
            ok = normalize_member_id(&inner, &read.scope);
        else
            keep(r, &inner);
        if (!ok)
            return false;
    }
    if (read.type.len == 0)
        return normalize_fail(r->fault, NORMALIZE_MISSING_FIELD, cx_arena_format(r->arena, "identifiers[%d].type", index));
    *id = read;
    return true;
}

/* A value that is none ("", "0") is left out; one that does not fit its type stays as it was sent. */
static bool read_identifiers(struct reader *r, const struct normalize_member *m)
{
    if (!read_list(m))
        return false;
    struct cx_identifier *items = cx_arena_alloc(r->arena, m->node->count * sizeof *items);
    size_t len = 0;
    int index = 0;
    for (const struct cx_json *node = m->node->first; node != NULL; node = node->next, index++) {
        struct cx_identifier id;
        if (node->type != CX_JSON_OBJECT)
            return normalize_fail(r->fault, NORMALIZE_WRONG_TYPE, CX_STR("identifiers: expected a list of objects"));
        if (!read_identifier(r, node, index, &id))
            return false;
        struct cx_str clean = normalize_identifier_value(r->arena, id.type, id.value, r->receipt->country);
        struct cx_str sent = cx_str_trim(id.value);
        id.value = clean.ptr != NULL ? clean : sent;
        if (sent.len > 0 && !cx_str_is(sent, "0"))
            items[len++] = id;
    }
    r->draft->record->identifiers = (struct cx_identifier_list){ items, len };
    return true;
}

static bool read_media(struct reader *r, const struct normalize_member *m)
{
    if (!read_list(m))
        return false;
    struct cx_media *items = CX_NEW_ARRAY(r->arena, struct cx_media, m->node->count);
    size_t len = 0;
    for (const struct cx_json *object = m->node->first; object != NULL; object = object->next, len++) {
        if (object->type != CX_JSON_OBJECT)
            return normalize_fail(r->fault, NORMALIZE_WRONG_TYPE, CX_STR("media: expected a list of objects"));
        for (const struct cx_json *node = object->first; node != NULL; node = node->next) {
            struct normalize_member inner = member(r, "media", (int)len, node);
            bool ok = true;
            if (is_key(node, "type"))
                ok = normalize_member_string(&inner, &items[len].type);
            else if (is_key(node, "url"))
                ok = normalize_member_string(&inner, &items[len].url);
            else if (is_key(node, "native_id"))
                ok = normalize_member_id(&inner, &items[len].native_id);
            else
                keep(r, &inner);
            if (!ok)
                return false;
        }
        if (items[len].type.len == 0)
            return normalize_fail(r->fault, NORMALIZE_MISSING_FIELD, cx_arena_format(r->arena, "media[%zu].type", len));
    }
    r->draft->record->media = (struct cx_media_list){ items, len };
    return true;
}

static bool read_rating(struct reader *r, const struct normalize_member *m)
{
    if (!read_object(m))
        return false;
    struct cx_rating *rating = CX_NEW(r->arena, struct cx_rating);
    bool has_value = false, has_scale = false;
    for (const struct cx_json *node = m->node->first; node != NULL; node = node->next) {
        struct normalize_member inner = member(r, "rating", -1, node);
        bool ok = true;
        if (is_key(node, "value"))
            ok = has_value = normalize_member_f64(&inner, &rating->value);
        else if (is_key(node, "scale"))
            ok = has_scale = normalize_member_f64(&inner, &rating->scale);
        else
            keep(r, &inner);
        if (!ok)
            return false;
    }
    if (!has_value || !has_scale)
        return normalize_fail(r->fault, NORMALIZE_MISSING_FIELD, has_value ? CX_STR("rating.scale") : CX_STR("rating.value"));
    r->draft->record->rating = rating;
    return true;
}

static bool read_reach(struct reader *r, const struct normalize_member *m)
{
    if (!read_object(m))
        return false;
    struct cx_reach *reach = CX_NEW(r->arena, struct cx_reach);
    for (const struct cx_json *node = m->node->first; node != NULL; node = node->next) {
        struct normalize_member inner = member(r, "reach", -1, node);
        struct cx_opt_i64 *counter = is_key(node, "likes")     ? &reach->likes
                                     : is_key(node, "replies") ? &reach->replies
                                     : is_key(node, "shares")  ? &reach->shares
                                     : is_key(node, "views")   ? &reach->views
                                                               : NULL;
        if (counter == NULL)
            keep(r, &inner);
        else if (node->type != CX_JSON_NULL && !(counter->set = normalize_member_i64(&inner, INT64_MIN, INT64_MAX, &counter->value)))
            return false;
    }
    r->draft->record->reach = reach;
    return true;
}

static bool read_attributes(struct reader *r, const struct normalize_member *m)
{
    if (!read_object(m))
        return false;
    for (const struct cx_json *node = m->node->first; node != NULL; node = node->next)
        if (node->type != CX_JSON_NULL)
            normalize_attributes_node(&r->attributes, node->key, node);
    return true;
}

bool normalize_canonical_source(struct cx_arena *arena, const struct cx_json *object, struct cx_source *source, struct normalize_fault *fault)
{
    enum { INDEX_MAX = 1000000000 };
    int64_t partition = 0, index = 0, generation = 0;
    *source = (struct cx_source){ .topic = CX_STR("-") };
    if (object->type != CX_JSON_OBJECT)
        return normalize_fail(fault, NORMALIZE_WRONG_TYPE, CX_STR("source: expected an object"));
    for (const struct cx_json *node = object->first; node != NULL; node = node->next) {
        struct normalize_member m = { arena, fault, "source", -1, node };
        bool ok = true;
        if (is_key(node, "topic"))
            ok = normalize_member_string(&m, &source->topic);
        else if (is_key(node, "partition"))
            ok = normalize_member_i64(&m, 0, INT32_MAX, &partition);
        else if (is_key(node, "offset"))
            ok = normalize_member_i64(&m, 0, INT64_MAX, &source->offset);
        else if (is_key(node, "index"))
            ok = normalize_member_i64(&m, 0, INDEX_MAX, &index);
        else if (is_key(node, "generation"))
            ok = normalize_member_i64(&m, 0, INT32_MAX, &generation);
        if (!ok)
            return false;
    }
    source->partition = (int32_t)partition;
    source->index = (int32_t)index;
    source->generation = (int32_t)generation;
    return true;
}

static bool read_op(struct reader *r, const struct normalize_member *m)
{
    return m->node->type == CX_JSON_STRING && cx_op_from_name(m->node->text, &r->draft->record->op)
               ? true
               : normalize_member_fail(m, NORMALIZE_BAD_VALUE, "create, edit, delete or merge");
}

static bool read_direction(struct reader *r, const struct normalize_member *m)
{
    return m->node->type == CX_JSON_STRING && cx_direction_from_name(m->node->text, &r->draft->record->direction)
               ? true
               : normalize_member_fail(m, NORMALIZE_BAD_VALUE, "inbound, outbound, echo or internal");
}

/* Where a record came from is ours to say, but for a pipe, where our records come back from files. */
static bool read_provenance(struct reader *r, const struct normalize_member *m, enum how how)
{
    struct cx_interaction *record = r->draft->record;
    int64_t version;
    if (!r->receipt->message->is_pipe)
        return true;
    if (how == SOURCE)
        return normalize_canonical_source(r->arena, m->node, &r->draft->source, r->fault);
    if (how == ADAPTER)
        return normalize_member_string(m, &record->adapter);
    if (how == INGESTED_AT)
        return r->draft->has_ingested_at = normalize_member_time(m, &record->ingested_at);
    if (!normalize_member_i64(m, 0, INT32_MAX, &version))
        return false;
    record->adapter_version = (int32_t)version;
    return true;
}

static bool read_member(struct reader *r, const struct row *row, const struct normalize_member *m)
{
    void *field = (char *)r->draft->record + row->offset;
    switch ((enum how)row->how) {
    case STRING:
        return normalize_member_string(m, field);
    case ID:
        return normalize_member_id(m, field);
    case BOOL:
        return normalize_member_bool(m, field);
    case OP:
        return read_op(r, m);
    case DIRECTION:
        return read_direction(r, m);
    case OCCURRED_AT:
        return r->draft->has_occurred_at = normalize_member_time(m, &r->draft->record->occurred_at);
    case INGESTED_AT:
    case SOURCE:
    case ADAPTER:
    case VERSION:
        return read_provenance(r, m, (enum how)row->how);
    case AUTHOR:
        return read_author(r, m);
    case IDENTIFIERS:
        return read_identifiers(r, m);
    case RATING:
        return read_rating(r, m);
    case MEDIA:
        return read_media(r, m);
    case REACH:
        return read_reach(r, m);
    case ATTRIBUTES:
        return read_attributes(r, m);
    case OURS:
        break;
    }
    return true;
}

bool normalize_canonical_read(const struct normalize_self *self, struct cx_arena *arena, const struct normalize_receipt *receipt,
                              const struct cx_json *object, struct normalize_draft *draft, struct normalize_fault *fault)
{
    struct reader r = { .arena = arena, .receipt = receipt, .draft = draft, .fault = fault };
    normalize_attributes_init(&r.attributes, arena);
    struct cx_interaction *record = draft->record;
    record->kind = CX_STR("comment");
    record->adapter = CX_STR("canonical");
    record->adapter_version = 1;
    for (const struct cx_json *node = object->first; node != NULL; node = node->next) {
        const struct row *row = find_row(self->canonical_slots, node->key);
        if (row == NULL && node->type != CX_JSON_NULL)
            normalize_attributes_node(&r.attributes, node->key, node);
        if (row == NULL || node->type == CX_JSON_NULL)
            continue;
        struct normalize_member m = member(&r, NULL, -1, node);
        if (!read_member(&r, row, &m))
            return false;
    }
    if (!draft->has_occurred_at)
        return normalize_fail(fault, NORMALIZE_MISSING_FIELD, CX_STR("occurred_at"));
    return normalize_attributes_end(&r.attributes, record, fault);
}
