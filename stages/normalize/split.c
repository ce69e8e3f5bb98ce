/* What form a message has: registry Avro, envelope, an adapter's payload, canonical JSON. */
#include "stages/normalize/split.h"
#include "stages/normalize/adapter.h"
#include "stages/normalize/mail.h"
#include "stages/normalize/receipt.h"

struct split {
    const struct normalize_self *self;
    struct normalize_parts parts;
    struct normalize_receipt *receipt;
    struct normalize_fault fault; /* of the whole */
};

struct normalize_part *normalize_parts_add(struct normalize_parts *parts, const struct normalize_receipt *receipt)
{
    struct normalize_part *part = CX_NEW(parts->arena, struct normalize_part);
    part->receipt = receipt;
    part->fault = normalize_no_fault();
    if (parts->len == parts->max) {
        parts->is_over = true;
        return part;
    }
    if (parts->len == parts->cap) {
        size_t cap = parts->cap == 0 ? 4 : parts->cap * 2;
        struct normalize_part **items = cx_arena_alloc(parts->arena, cap * sizeof *items);
        if (parts->len > 0)
            memcpy(items, parts->items, parts->len * sizeof *items);
        parts->items = items;
        parts->cap = cap;
    }
    parts->items[parts->len++] = part;
    return part;
}

static bool fail(struct split *s, enum normalize_reason reason, struct cx_str detail)
{
    return normalize_fail(&s->fault, reason, detail);
}

static const struct cx_json *parse(struct split *s, struct cx_str text)
{
    static const enum normalize_reason reasons[] = { [CX_JSON_SYNTAX] = NORMALIZE_INVALID_JSON,
                                                     [CX_JSON_UTF8] = NORMALIZE_INVALID_UTF8,
                                                     [CX_JSON_DEPTH] = NORMALIZE_TOO_DEEP,
                                                     [CX_JSON_DUPLICATE_KEY] = NORMALIZE_DUPLICATE_KEY,
                                                     [CX_JSON_TRAILING] = NORMALIZE_INVALID_JSON };
    struct cx_json_fault fault = { CX_JSON_SYNTAX, 0 };
    const struct cx_json *tree = cx_json_parse(s->parts.arena, cx_utf8_skip_mark(text), &fault);
    if (tree == NULL)
        fail(s, reasons[fault.error], cx_arena_format(s->parts.arena, "byte %zu: %s", fault.offset, cx_json_error_text(fault.error)));
    return tree;
}

/* ---- canonical ---- */

static bool split_canonical(struct split *s, const struct cx_json *tree)
{
    const struct cx_json *first = tree->type == CX_JSON_ARRAY ? tree->first : tree;
    for (const struct cx_json *one = first; one != NULL; one = one->next) {
        struct normalize_part *part = normalize_parts_add(&s->parts, s->receipt);
        part->item = one;
        if (one->type != CX_JSON_OBJECT)
            part->fault = normalize_fault(NORMALIZE_WRONG_TYPE, CX_STR("a record is an object"));
        if (first == tree)
            break;
    }
    return true;
}

/* ---- adapters ---- */

static bool split_mail(struct split *s, const struct normalize_adapter *adapter, const struct cx_json *tree)
{
    if (tree != NULL)
        normalize_walk(&s->parts, s->receipt, adapter, tree);
    return tree != NULL;
}

/* `tree` is the payload as JSON holds it: a string is a body of the adapter's own format. */
static bool split_adapter(struct split *s, const struct normalize_adapter *adapter, const struct cx_json *tree)
{
    bool is_body = tree->type == CX_JSON_STRING;
    if (adapter->decoder == NORMALIZE_DECODER_MAIL && is_body)
        return split_mail(s, adapter, normalize_mail_decode(s->parts.arena, tree->text, &s->fault));
    bool is_push =
        cx_json_get(tree, CX_STR("historyId")) != NULL && cx_json_get(tree, CX_STR("payload")) == NULL && cx_json_get(tree, CX_STR("raw")) == NULL;
    if (adapter->decoder == NORMALIZE_DECODER_MAIL && tree->type == CX_JSON_OBJECT && !is_push)
        return split_mail(s, adapter, normalize_gmail_decode(s->parts.arena, tree, &s->fault));
    if (is_body && (tree = parse(s, tree->text)) == NULL)
        return false;
    if (adapter->decoder == NORMALIZE_DECODER_CANONICAL)
        return split_canonical(s, tree);
    normalize_walk(&s->parts, s->receipt, adapter, tree);
    return true;
}

/* NULL with a fault for a name that is none; null is canonical. */
static const struct normalize_adapter *find_adapter(struct split *s, struct cx_str name)
{
    const struct normalize_adapter *adapter = normalize_adapter_find(s->self, name.len > 0 ? name : CX_STR("canonical"));
    if (adapter == NULL)
        fail(s, NORMALIZE_UNKNOWN_ADAPTER, CX_STR_NULL);
    return adapter;
}

static bool split_envelope(struct split *s, struct cx_str outer_adapter, const struct cx_json *object)
{
    struct normalize_envelope envelope;
    if (!normalize_receipt_open(s->parts.arena, object, s->receipt, &envelope, &s->fault))
        return false;
    const struct normalize_adapter *adapter = find_adapter(s, envelope.adapter.len > 0 ? envelope.adapter : outer_adapter);
    return adapter != NULL && split_adapter(s, adapter, envelope.payload);
}

/* A payload of a platform may have a `payload` of its own, so where an adapter is set an envelope also names its tenant or adapter. */
static bool is_envelope(const struct cx_json *tree, bool has_adapter)
{
    bool has_payload = false, has_name = false;
    for (const struct cx_json *m = tree->type == CX_JSON_OBJECT ? tree->first : NULL; m != NULL; m = m->next) {
        if (m->key.len == 7)
            has_payload |= memcmp(m->key.ptr, "payload", 7) == 0, has_name |= memcmp(m->key.ptr, "adapter", 7) == 0;
        else if (m->key.len == 12)
            has_payload |= memcmp(m->key.ptr, "content_type", 12) == 0;
        else if (m->key.len == 6)
            has_name |= memcmp(m->key.ptr, "tenant", 6) == 0;
    }
    return has_payload && (has_name || !has_adapter);
}

static void trust_headers(struct split *s)
{
    struct normalize_receipt *receipt = s->receipt;
    if (!receipt->input->trust_headers)
        return;
    receipt->tenant = normalize_header(receipt->message, "cx-tenant");
    receipt->brand = normalize_header(receipt->message, "cx-brand");
    receipt->is_from_headers = receipt->tenant.len > 0;
}

static bool is_json(struct cx_str value)
{
    size_t at = 0;
    value = cx_utf8_skip_mark(value);
    while (at < value.len && (value.ptr[at] == ' ' || value.ptr[at] == '\n' || value.ptr[at] == '\r' || value.ptr[at] == '\t'))
        at++;
    return at < value.len && (value.ptr[at] == '{' || value.ptr[at] == '[' || value.ptr[at] == '"');
}

static bool split_bare(struct split *s, const struct normalize_adapter *adapter, const struct cx_json *tree)
{
    trust_headers(s);
    return split_adapter(s, adapter, tree);
}

static bool split_text(struct split *s, struct cx_str value)
{
    struct cx_str name = normalize_header(s->receipt->message, "cx-adapter");
    if (name.len == 0)
        name = s->receipt->input->adapter;
    const struct normalize_adapter *adapter = find_adapter(s, name);
    if (adapter == NULL)
        return false;
    bool is_canonical = adapter->decoder == NORMALIZE_DECODER_CANONICAL;
    if (adapter->decoder == NORMALIZE_DECODER_MAIL && !is_json(value)) {
        trust_headers(s);
        return split_mail(s, adapter, normalize_mail_decode(s->parts.arena, value, &s->fault));
    }
    const struct cx_json *tree = parse(s, value);
    if (tree == NULL)
        return false;
    if (is_envelope(tree, !is_canonical))
        return split_envelope(s, name, tree);
    return is_canonical ? split_canonical(s, tree) : split_bare(s, adapter, tree);
}

static bool split_value(struct split *s, struct cx_str value)
{
    if (value.len == 0)
        return fail(s, NORMALIZE_IGNORED_EMPTY, CX_STR_NULL);
    if (value.len > (size_t)s->self->max_payload)
        return fail(s, NORMALIZE_TOO_LARGE, cx_arena_format(s->parts.arena, "%zu bytes", value.len));
    if (value.ptr[0] == '\0') {
        normalize_parts_add(&s->parts, s->receipt); /* Avro: no item to point at */
        return true;
    }
    return split_text(s, value);
}

size_t normalize_split(const struct normalize_self *self, struct cx_arena *arena, const struct cx_message *message, struct normalize_part ***items)
{
    struct split s = { .self = self, .parts = { .arena = arena, .max = (size_t)self->max_items }, .fault = normalize_no_fault() };
    s.receipt = normalize_receipt_new(self, arena, message);
    bool ok = split_value(&s, message->value);
    if (ok && s.parts.is_over)
        ok = fail(&s, NORMALIZE_TOO_LARGE, cx_arena_format(arena, "more than %zu items", s.parts.max));
    if (ok && s.parts.len == 0)
        ok = fail(&s, NORMALIZE_IGNORED_EMPTY, CX_STR_NULL);
    if (!ok) {
        s.parts.len = 0;
        normalize_parts_add(&s.parts, s.receipt)->fault = s.fault;
    }
    *items = s.parts.items;
    return s.parts.len;
}
