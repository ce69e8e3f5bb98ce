/* From an element of a payload to a record, by an event's expressions. */
#include "stages/normalize/adapter.h"
#include "stages/normalize/attributes.h"
#include "stages/normalize/receipt.h"
#include "stages/normalize/tree.h"

enum { MEDIA_MAX = 100, LEFTOVER_DEPTH = 8 };

struct run {
    const struct normalize_self *self;
    struct cx_arena *arena;
    const struct normalize_event *event;
    const struct normalize_part *part;
    struct normalize_scope scope;
    struct normalize_draft *draft;
    struct normalize_fault *fault;
};

static const char *const target_names[] = {
#define T(symbol, name) name,
    NORMALIZE_TARGETS(T)
#undef T
};

static bool fail(struct run *r, enum normalize_target target, enum normalize_reason reason)
{
    return normalize_fail(r->fault, reason, cx_str(target_names[target]));
}

/* Absent unless present; a fault names the field. */
static bool evaluate(struct run *r, enum normalize_target target, struct normalize_value *value)
{
    const struct normalize_expression *expression = &r->event->fields[target];
    *value = normalize_absent();
    if (expression->kind == GIVES_NOTHING)
        return true;
    if (!normalize_evaluate(&r->scope, expression, value)) {
        r->fault->detail = cx_str(target_names[target]);
        return false;
    }
    if (!normalize_is_present(*value))
        *value = normalize_absent();
    return true;
}

static bool take_string(struct run *r, enum normalize_target target, struct cx_str *out)
{
    struct normalize_value value;
    if (!evaluate(r, target, &value))
        return false;
    if (value.node == NULL)
        return true;
    *out = normalize_value_text(value);
    return value.node->type == CX_JSON_STRING || value.node->type == CX_JSON_NUMBER || fail(r, target, NORMALIZE_WRONG_TYPE);
}

static bool take_i64(struct run *r, enum normalize_target target, struct cx_opt_i64 *out)
{
    struct normalize_value value;
    if (!evaluate(r, target, &value))
        return false;
    if (value.node == NULL)
        return true;
    out->set = cx_str_to_i64(normalize_value_text(value), &out->value);
    return out->set || fail(r, target, NORMALIZE_WRONG_TYPE);
}

static bool take_author(struct run *r)
{
    struct cx_author author;
    struct cx_str actor = CX_STR_NULL;
    struct normalize_value verified;
    struct cx_interaction *record = r->draft->record;
    cx_author_init(&author);
    bool ok = take_string(r, TARGET_AUTHOR_ID, &author.native_id) && take_string(r, TARGET_AUTHOR_HANDLE, &author.handle) &&
              take_string(r, TARGET_AUTHOR_NAME, &author.name) && take_i64(r, TARGET_FOLLOWERS, &author.followers) &&
              evaluate(r, TARGET_VERIFIED, &verified) && take_string(r, TARGET_ACTOR, &actor);
    if (!ok)
        return false;
    if (verified.node != NULL && (verified.node->type == CX_JSON_TRUE || verified.node->type == CX_JSON_FALSE))
        author.verified = (struct cx_opt_bool){ true, verified.node->type == CX_JSON_TRUE };
    bool is_ours = record->direction == CX_DIRECTION_OUTBOUND || record->direction == CX_DIRECTION_ECHO;
    author.actor = is_ours ? CX_ACTOR_BRAND : record->direction == CX_DIRECTION_INTERNAL ? CX_ACTOR_AGENT : CX_ACTOR_CUSTOMER;
    if (actor.ptr != NULL && !cx_actor_from_name(actor, &author.actor))
        return fail(r, TARGET_ACTOR, NORMALIZE_BAD_VALUE);
    if (author.native_id.ptr == NULL && author.handle.ptr == NULL && author.name.ptr == NULL)
        return true;
    struct cx_author *kept = CX_NEW(r->arena, struct cx_author);
    *kept = author;
    record->author = kept;
    return true;
}

/* As the adapter says; where it says nothing, the company's own accounts speak outbound. */
static bool take_direction(struct run *r)
{
    struct cx_str direction = CX_STR_NULL, op = CX_STR_NULL, author = CX_STR_NULL;
    struct cx_interaction *record = r->draft->record;
    if (!take_string(r, TARGET_DIRECTION, &direction) || !take_string(r, TARGET_OP, &op) || !take_string(r, TARGET_AUTHOR_ID, &author))
        return false;
    if (direction.ptr == NULL)
        record->direction = author.len > 0 && normalize_is_own(r->part->receipt, author) ? CX_DIRECTION_OUTBOUND : CX_DIRECTION_INBOUND;
    else if (!cx_direction_from_name(direction, &record->direction))
        return fail(r, TARGET_DIRECTION, NORMALIZE_BAD_VALUE);
    return op.ptr == NULL || cx_op_from_name(op, &record->op) || fail(r, TARGET_OP, NORMALIZE_BAD_VALUE);
}

static bool take_time(struct run *r)
{
    struct normalize_value value;
    if (!evaluate(r, TARGET_OCCURRED_AT, &value))
        return false;
    r->draft->has_occurred_at = value.is_time || value.node != NULL;
    if (!r->draft->has_occurred_at)
        return true;
    return normalize_value_time(value, &r->draft->record->occurred_at) || fail(r, TARGET_OCCURRED_AT, NORMALIZE_BAD_TIME);
}

static bool take_rating(struct run *r)
{
    struct normalize_value value, scale;
    struct cx_rating rating;
    if (!evaluate(r, TARGET_RATING, &value) || !evaluate(r, TARGET_SCALE, &scale))
        return false;
    if (value.node == NULL)
        return true;
    if (!cx_str_to_f64(normalize_value_text(value), &rating.value))
        return fail(r, TARGET_RATING, NORMALIZE_WRONG_TYPE);
    if (!cx_str_to_f64(normalize_value_text(scale), &rating.scale))
        return fail(r, TARGET_SCALE, NORMALIZE_WRONG_TYPE);
    struct cx_rating *kept = CX_NEW(r->arena, struct cx_rating);
    *kept = rating;
    r->draft->record->rating = kept;
    return true;
}

static bool take_reach(struct run *r)
{
    struct cx_reach reach = { 0 };
    if (!take_i64(r, TARGET_LIKES, &reach.likes) || !take_i64(r, TARGET_REPLIES, &reach.replies) || !take_i64(r, TARGET_SHARES, &reach.shares) ||
        !take_i64(r, TARGET_VIEWS, &reach.views))
        return false;
    if (!reach.likes.set && !reach.replies.set && !reach.shares.set && !reach.views.set)
        return true;
    struct cx_reach *kept = CX_NEW(r->arena, struct cx_reach);
    *kept = reach;
    r->draft->record->reach = kept;
    return true;
}

static bool take_identifiers(struct run *r)
{
    const struct normalize_event *event = r->event;
    struct cx_identifier *items = cx_arena_alloc(r->arena, event->identifier_count * sizeof *items);
    size_t len = 0;
    for (size_t i = 0; i < event->identifier_count; i++) {
        const struct normalize_identifier_rule *rule = &event->identifiers[i];
        struct normalize_value value, scope;
        if (!normalize_condition_holds(&r->scope, rule->when))
            continue;
        if (!normalize_evaluate(&r->scope, &rule->value, &value) || !normalize_evaluate(&r->scope, &rule->scope, &scope)) {
            r->fault->detail = CX_STR("identifiers");
            return false;
        }
        struct cx_str clean = normalize_identifier_value(r->arena, rule->type, normalize_value_text(value), r->part->receipt->country);
        struct cx_str where = normalize_value_text(scope);
        if (clean.ptr != NULL)
            normalize_identifier_add(items, &len, (struct cx_identifier){ rule->type, clean, where.len > 0 ? where : CX_STR_NULL });
    }
    r->draft->record->identifiers = (struct cx_identifier_list){ items, len };
    return true;
}

struct media {
    struct cx_media items[MEDIA_MAX];
    size_t len;
};

static bool take_medium(struct run *r, const struct normalize_media_rule *rule, const struct cx_json *here, struct media *media)
{
    struct normalize_scope scope = r->scope;
    struct normalize_value type, url, native_id;
    scope.here = here;
    if (media->len == MEDIA_MAX || !normalize_condition_holds(&scope, rule->when))
        return true;
    if (!normalize_evaluate(&scope, &rule->type, &type) || !normalize_evaluate(&scope, &rule->url, &url) ||
        !normalize_evaluate(&scope, &rule->native_id, &native_id)) {
        r->fault->detail = CX_STR("media");
        return false;
    }
    struct cx_str kind = normalize_value_text(type), address = normalize_value_text(url), id = normalize_value_text(native_id);
    if (kind.len > 0)
        media->items[media->len++] = (struct cx_media){ kind, address.len > 0 ? address : CX_STR_NULL, id.len > 0 ? id : CX_STR_NULL };
    return true;
}

static bool take_media(struct run *r)
{
    if (r->event->media_count == 0)
        return true;
    struct media *media = CX_NEW(r->arena, struct media);
    for (size_t i = 0; i < r->event->media_count; i++) {
        const struct normalize_media_rule *rule = &r->event->media[i];
        const struct cx_json *each = rule->each != NULL ? normalize_path_get(&r->scope, rule->each) : r->part->item;
        if (each == NULL)
            continue;
        if (each->type != CX_JSON_ARRAY) {
            if (!take_medium(r, rule, each, media))
                return false;
            continue;
        }
        for (const struct cx_json *node = each->first; node != NULL; node = node->next)
            if (!take_medium(r, rule, node, media))
                return false;
    }
    r->draft->record->media = (struct cx_media_list){ media->items, media->len };
    return true;
}

/* ---- attributes ---- */

static const struct normalize_reads *find_read(const struct normalize_reads *reads, struct cx_str name)
{
    const struct normalize_reads *r = reads != NULL ? reads->first : NULL;
    while (r != NULL && !cx_str_eq(r->name, name))
        r = r->next;
    return r;
}

/* Members of `object` that nothing reads, under their dotted names. */
static void keep_leftovers(struct run *r, struct normalize_attributes *attributes, const struct cx_json *object, const struct normalize_reads *reads,
                           struct cx_str prefix, int depth)
{
    for (const struct cx_json *node = object->first; node != NULL; node = node->next) {
        const struct normalize_reads *read = find_read(reads, node->key);
        if (node->type == CX_JSON_NULL || (read != NULL && (read->is_handled || (read->is_whole && node->type != CX_JSON_OBJECT))))
            continue;
        struct cx_str name = prefix.len == 0 ? node->key : normalize_concat(r->arena, prefix, CX_STR("."), node->key);
        if (node->type == CX_JSON_OBJECT && depth < LEFTOVER_DEPTH)
            keep_leftovers(r, attributes, node, read, name, depth + 1);
        else if (node->count > 0 || (node->type != CX_JSON_OBJECT && node->type != CX_JSON_ARRAY))
            normalize_attributes_node(attributes, name, node);
    }
}

static bool take_attributes(struct run *r)
{
    struct normalize_attributes attributes;
    normalize_attributes_init(&attributes, r->arena);
    for (size_t i = 0; i < r->event->attribute_count; i++) {
        const struct normalize_attribute_rule *rule = &r->event->attributes[i];
        struct normalize_value value;
        if (!normalize_evaluate(&r->scope, &rule->value, &value)) {
            r->fault->detail = rule->name;
            return false;
        }
        if (value.node != NULL && normalize_is_present(value))
            normalize_attributes_node(&attributes, rule->name, value.node);
    }
    const struct cx_json *rest = r->event->leftovers != NULL ? normalize_path_get(&r->scope, r->event->leftovers) : NULL;
    if (rest != NULL && rest->type == CX_JSON_OBJECT)
        keep_leftovers(r, &attributes, rest, r->event->leftover_reads, CX_STR(""), 0);
    return normalize_attributes_end(&attributes, r->draft->record, r->fault);
}

bool normalize_event_read(const struct normalize_self *self, struct cx_arena *arena, const struct normalize_part *part, struct normalize_draft *draft,
                          struct normalize_fault *fault)
{
    struct run r = { .self = self, .arena = arena, .event = part->event, .part = part, .draft = draft, .fault = fault };
    struct cx_interaction *record = draft->record;
    r.scope = (struct normalize_scope){ arena, part, part->item, fault };
    record->adapter = part->adapter->name;
    record->adapter_version = part->adapter->version;
    record->kind = CX_STR("comment");
    return take_string(&r, TARGET_CHANNEL, &record->channel) && take_string(&r, TARGET_KIND, &record->kind) && take_direction(&r) && take_time(&r) &&
           take_string(&r, TARGET_NATIVE_ID, &record->native_id) && take_string(&r, TARGET_PARENT_ID, &record->parent_id) &&
           take_string(&r, TARGET_CONVERSATION_ID, &record->conversation_id) && take_string(&r, TARGET_SUPERSEDES, &record->supersedes) &&
           take_string(&r, TARGET_URL, &record->url) && take_string(&r, TARGET_TITLE, &record->title) &&
           take_string(&r, TARGET_TEXT, &record->text) && take_author(&r) && take_rating(&r) && take_reach(&r) && take_identifiers(&r) &&
           take_media(&r) && take_attributes(&r);
}
