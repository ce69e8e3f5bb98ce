#include "stages/normalize/mail.h"
#include "stages/normalize/mail_coding.h"
#include "stages/normalize/mail_part.h"

static void add_headers(struct normalize_tree *mail, const struct mail_header *header)
{
    struct cx_arena *arena = mail->arena;
    struct normalize_tree headers = normalize_tree_new(arena, mail, CX_STR("headers"), CX_JSON_OBJECT);
    for (const struct mail_field *f = header->first; f != NULL && headers.node->count < MAIL_FIELDS_MAX; f = f->next) {
        char *name = cx_arena_bytes(arena, f->name.len);
        for (size_t i = 0; i < f->name.len; i++)
            name[i] = f->name.ptr[i] >= 'A' && f->name.ptr[i] <= 'Z' ? (char)(f->name.ptr[i] + 32) : f->name.ptr[i];
        struct cx_str key = cx_str_n(name, f->name.len);
        if (cx_utf8_valid(key) && cx_json_get(headers.node, key) == NULL && f->value.len > 0)
            normalize_tree_string(&headers, key, normalize_mail_words(arena, f->value));
    }
}

static void add_from_count(struct normalize_tree *mail, const struct mail_header *header)
{
    size_t count = 0;
    for (const struct mail_field *f = header->first; f != NULL; f = f->next)
        count += f->name.len == 4 && strncasecmp(f->name.ptr, "From", 4) == 0;
    if (count != 1)
        normalize_tree_string(mail, CX_STR("from_count"), cx_arena_format(mail->arena, "%zu", count));
}

static void add_text(struct normalize_tree *mail, const char *key, struct cx_str raw)
{
    struct cx_str text = normalize_mail_words(mail->arena, raw);
    if (text.len > 0)
        normalize_tree_string(mail, cx_str(key), text);
}

/* The message id: what stands in angle brackets, else the whole field. */
static void add_message_id(struct normalize_tree *mail, struct cx_str raw)
{
    ptrdiff_t begin = cx_str_find(raw, '<');
    struct cx_str id = begin >= 0 ? cx_str_skip(raw, (size_t)begin) : raw;
    ptrdiff_t end = cx_str_find(id, '>');
    if (begin >= 0 && end > 0)
        id.len = (size_t)end + 1;
    add_text(mail, "message_id", id);
}

static const struct cx_json *make_tree(struct cx_arena *arena, const struct mail_part *part, const struct cx_json *gmail,
                                       struct normalize_fault *fault)
{
    static const struct {
        const char *key, *field;
    } lists[] = { { "from", "From" }, { "sender", "Sender" }, { "reply_to", "Reply-To" }, { "to", "To" }, { "cc", "Cc" } };
    struct normalize_tree mail = normalize_tree_new(arena, NULL, CX_STR_NULL, CX_JSON_OBJECT);
    const struct mail_header *header = &part->header;
    add_message_id(&mail, normalize_mail_field(header, "Message-ID"));
    normalize_mail_ids(&mail, CX_STR("in_reply_to"), normalize_mail_field(header, "In-Reply-To"));
    normalize_mail_ids(&mail, CX_STR("references"), normalize_mail_field(header, "References"));
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        normalize_mail_addresses(&mail, cx_str(lists[i].key), normalize_mail_field(header, lists[i].field));
    add_from_count(&mail, header);
    add_text(&mail, "subject", normalize_mail_field(header, "Subject"));
    add_text(&mail, "date", normalize_mail_field(header, "Date"));
    struct mail_body body = normalize_mail_body(&mail, part);
    if (body.fault.reason != CX_PASSED) {
        *fault = body.fault;
        return NULL;
    }
    normalize_tree_string(&mail, CX_STR("text"), body.text);
    add_headers(&mail, header);
    if (gmail != NULL) {
        static const char *const names[] = { "id", "threadId", "labelIds", "internalDate" };
        struct normalize_tree tree = normalize_tree_new(arena, &mail, CX_STR("gmail"), CX_JSON_OBJECT);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            normalize_tree_link(&tree, cx_str(names[i]), cx_json_get(gmail, cx_str(names[i])));
    }
    return mail.node;
}

const struct cx_json *normalize_mail_decode(struct cx_arena *arena, struct cx_str bytes, struct normalize_fault *fault)
{
    struct mail_part part = normalize_mail_part(arena, bytes);
    if (part.header.count == 0) {
        *fault = normalize_fault(NORMALIZE_BAD_MAIL, CX_STR("no header field"));
        return NULL;
    }
    return make_tree(arena, &part, NULL, fault);
}

const struct cx_json *normalize_gmail_decode(struct cx_arena *arena, const struct cx_json *message, struct normalize_fault *fault)
{
    const struct cx_json *raw = cx_json_get(message, CX_STR("raw")), *payload = cx_json_get(message, CX_STR("payload"));
    struct mail_part part;
    if (raw != NULL && raw->type == CX_JSON_STRING) {
        part = normalize_mail_part(arena, normalize_base64(arena, raw->text));
    } else if (payload != NULL && payload->type == CX_JSON_OBJECT) {
        part = normalize_gmail_part(arena, payload);
    } else {
        *fault = normalize_fault(NORMALIZE_UNKNOWN_OBJECT, CX_STR("neither raw nor payload: no message of the Gmail API"));
        return NULL;
    }
    if (part.header.count == 0) {
        *fault = normalize_fault(NORMALIZE_BAD_MAIL, CX_STR("no header field"));
        return NULL;
    }
    return make_tree(arena, &part, message, fault);
}
