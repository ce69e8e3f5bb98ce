#include "stages/normalize/finish.h"
#include "base/version.h"
#include "stages/normalize/identifier.h"
#include "stages/normalize/zeros.h"

enum { NAME_MAX_LENGTH = 32, TENANT_MAX = 128 };
static const int64_t first_ms = 1104537600000; /* 2005-01-01 */
static const int64_t day_ms = 24 * 60 * 60 * 1000;

/* ---- whose it is ---- */

static bool is_owner_name(struct cx_str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((uint8_t)s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return false;
    return s.len <= TENANT_MAX;
}

static struct cx_str first_of(struct cx_str a, struct cx_str b, struct cx_str c)
{
    return a.len > 0 ? a : b.len > 0 ? b : c.len > 0 ? c : CX_STR_NULL;
}

static bool differ(struct cx_str a, struct cx_str b)
{
    return a.len > 0 && b.len > 0 && !cx_str_eq(a, b);
}

static bool finish_owner(const struct normalize_receipt *receipt, struct cx_interaction *record, struct normalize_fault *fault)
{
    const struct normalize_input *input = receipt->input;
    if (differ(record->tenant, receipt->tenant))
        return normalize_fail(fault, NORMALIZE_TENANT_MISMATCH, CX_STR("envelope and payload name different tenants"));
    struct cx_str said = first_of(record->tenant, receipt->tenant, CX_STR_NULL);
    if (differ(said, input->tenant) && !receipt->is_from_headers)
        return normalize_fail(fault, NORMALIZE_TENANT_MISMATCH, CX_STR_NULL);
    record->tenant = first_of(said, input->tenant, CX_STR_NULL);
    record->brand = first_of(record->brand, receipt->brand, input->brand);
    if (record->tenant.len == 0)
        return normalize_fail(fault, NORMALIZE_NO_TENANT, CX_STR_NULL);
    if (!is_owner_name(record->tenant) || !is_owner_name(record->brand))
        return normalize_fail(fault, NORMALIZE_BAD_VALUE, CX_STR("tenant and brand are at most 128 bytes without control characters"));
    return true;
}

/* ---- names and times ---- */

static bool is_open_name(struct cx_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return s.len >= 1 && s.len <= NAME_MAX_LENGTH;
}

static bool finish_times(const struct normalize_receipt *receipt, struct normalize_draft *draft, struct normalize_fault *fault)
{
    struct cx_interaction *record = draft->record;
    if (!receipt->message->is_pipe)
        record->ingested_at = receipt->message->timestamp_ms;
    else if (receipt->received_at.set)
        record->ingested_at = receipt->received_at.value;
    else if (!draft->has_ingested_at && receipt->ingested_at.set)
        record->ingested_at = receipt->ingested_at.value;
    else if (!draft->has_ingested_at && draft->has_occurred_at)
        record->ingested_at = record->occurred_at;
    else if (!draft->has_ingested_at)
        return normalize_fail(fault, NORMALIZE_MISSING_FIELD, CX_STR("occurred_at: the payload has no time and the envelope no received_at"));
    if (!draft->has_occurred_at) {
        record->occurred_at = receipt->received_at.set ? receipt->received_at.value : record->ingested_at;
        record->occurred_at_known = false;
    }
    if (record->occurred_at < first_ms || record->occurred_at > record->ingested_at + day_ms)
        return normalize_fail(fault, NORMALIZE_TIME_OUT_OF_RANGE, CX_STR("occurred_at"));
    return true;
}

static void finish_source(const struct normalize_receipt *receipt, const struct cx_item *item, struct normalize_draft *draft)
{
    struct cx_source *source = &draft->record->source;
    const struct cx_message *message = receipt->message;
    *source = (struct cx_source){ message->topic, message->partition, message->offset, item->index, (int32_t)receipt->input->generation };
    if (message->is_pipe && draft->source.topic.ptr != NULL) {
        *source = draft->source;
    } else if (message->is_pipe && receipt->source != NULL) {
        *source = *receipt->source;
        source->index += item->index;
    }
}

/* ---- content ---- */

/* LF line ends, no NUL; empty is null. */
static struct cx_str clean_text(struct cx_arena *arena, struct cx_str text)
{
    if (text.len == 0)
        return CX_STR_NULL;
    if (memchr(text.ptr, '\r', text.len) == NULL && memchr(text.ptr, '\0', text.len) == NULL)
        return text;
    char *out = cx_arena_bytes(arena, text.len);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\r' && i + 1 < text.len && text.ptr[i + 1] == '\n')
            continue;
        if (c != '\0')
            out[len++] = c == '\r' ? '\n' : c;
    }
    return len > 0 ? cx_str_n(out, len) : CX_STR_NULL;
}

static void finish_event_id(struct cx_interaction *record)
{
    struct cx_content content;
    cx_content_begin(&content, record->text, record->title);
    if (record->rating != NULL)
        cx_content_rating(&content, record->rating->value, record->rating->scale);
    for (size_t i = 0; i < record->media.len; i++)
        cx_content_media(&content, record->media.items[i].type, record->media.items[i].url, record->media.items[i].native_id);
    struct cx_version version = { (int)record->op, record->occurred_at_known, record->occurred_at, cx_content_end(&content) };
    record->event_id = cx_event_id(record->tenant, record->channel, record->native_id, version);
}

static bool has_author(const struct cx_interaction *record)
{
    const struct cx_author *author = record->author;
    return author != NULL && (author->native_id.len > 0 || author->handle.len > 0 || author->name.len > 0);
}

bool normalize_finish(const struct normalize_self *self, struct cx_ctx *ctx, const struct normalize_receipt *receipt, struct normalize_draft *draft,
                      struct normalize_fault *fault)
{
    struct cx_interaction *record = draft->record;
    bool is_canonical = cx_str_is(record->adapter, "canonical");
    if (record->channel.len == 0)
        return normalize_fail(fault, NORMALIZE_MISSING_FIELD, CX_STR("channel"));
    if (!is_open_name(record->channel))
        return normalize_fail(fault, NORMALIZE_BAD_CHANNEL, CX_STR_NULL);
    if (!is_open_name(record->kind))
        return normalize_fail(fault, NORMALIZE_BAD_VALUE, CX_STR("kind is not of the form [a-z0-9_]{1,32}"));
    if (record->native_id.len == 0)
        return normalize_fail(fault, NORMALIZE_MISSING_FIELD, CX_STR("native_id"));
    if (!normalize_zeros(ctx->arena, record, fault))
        return false;
    if (is_canonical && !has_author(record) && record->identifiers.len == 0)
        return normalize_fail(fault, NORMALIZE_MISSING_FIELD, CX_STR("author: neither native_id, handle or name nor an identifier"));
    if (!finish_owner(receipt, record, fault) || !finish_times(receipt, draft, fault))
        return false;
    finish_source(receipt, ctx->item, draft);
    record->backfill |= receipt->backfill || receipt->input->backfill;
    record->title = clean_text(ctx->arena, record->title);
    record->text = record->op == CX_OP_DELETE ? CX_STR_NULL : clean_text(ctx->arena, record->text);
    if (is_canonical)
        normalize_identifier_author(self, ctx->arena, receipt->country, record);
    record->classification = NULL;
    record->duplicate = NULL;
    record->identity = NULL;
    record->context = NULL;
    record->routing = NULL;
    finish_event_id(record);
    return true;
}
