#include "stages/normalize/mail_part.h"
#include "stages/normalize/charset.h"
#include "stages/normalize/html.h"
#include "stages/normalize/mail_coding.h"
#include "stages/normalize/mail_text.h"

enum { DEPTH_MAX = 16, PARTS_MAX = 500 };

struct walk {
    struct cx_arena *arena;
    struct normalize_tree *parent, media;
    struct normalize_fault fault;
    size_t parts;
};
struct found {
    struct cx_str text; /* null: none */
    bool is_html;
};

static void describe(struct cx_arena *arena, struct mail_part *part)
{
    struct cx_str disposition = normalize_mail_field(&part->header, "Content-Disposition");
    part->content_type = normalize_mail_field(&part->header, "Content-Type");
    if (part->type.len == 0)
        part->type = normalize_mail_value(arena, part->content_type);
    if (cx_str_find(part->type, '/') <= 0)
        part->type = CX_STR("text/plain");
    if (part->name.len == 0)
        part->name = normalize_mail_parameter(arena, disposition, "filename");
    part->is_attachment = part->name.len > 0 || cx_str_is(normalize_mail_value(arena, disposition), "attachment");
    if (part->name.len == 0) /* a name here alone does not make a text an attachment */
        part->name = normalize_mail_parameter(arena, part->content_type, "name");
    part->name = normalize_mail_words(arena, part->name);
}

struct mail_part normalize_mail_part(struct cx_arena *arena, struct cx_str bytes)
{
    struct mail_part part = { .body = bytes };
    part.header = normalize_mail_header(arena, &part.body);
    describe(arena, &part);
    return part;
}

struct mail_part normalize_gmail_part(struct cx_arena *arena, const struct cx_json *object)
{
    struct mail_part part = { .gmail = object };
    const struct cx_json *headers = cx_json_get(object, CX_STR("headers")), *type = cx_json_get(object, CX_STR("mimeType"));
    const struct cx_json *name = cx_json_get(object, CX_STR("filename"));
    const struct cx_json *data = cx_json_get(cx_json_get(object, CX_STR("body")), CX_STR("data"));
    const struct mail_field **link = &part.header.first;
    for (const struct cx_json *h = headers != NULL ? headers->first : NULL; h != NULL; h = h->next) {
        const struct cx_json *key = cx_json_get(h, CX_STR("name")), *value = cx_json_get(h, CX_STR("value"));
        if (key == NULL || value == NULL || key->type != CX_JSON_STRING || value->type != CX_JSON_STRING)
            continue;
        struct mail_field *field = CX_NEW(arena, struct mail_field);
        field->name = key->text;
        field->value = cx_str_trim(value->text);
        *link = field;
        link = &field->next;
        part.header.count++;
    }
    if (type != NULL && type->type == CX_JSON_STRING)
        part.type = normalize_mail_value(arena, type->text);
    if (name != NULL && name->type == CX_JSON_STRING)
        part.name = name->text;
    if (data != NULL && data->type == CX_JSON_STRING)
        part.body = normalize_base64(arena, data->text);
    describe(arena, &part);
    return part;
}

static bool is_kind(struct cx_str type, const char *kind)
{
    return cx_str_starts(type, cx_str(kind));
}

static void add_media(struct walk *walk, const struct mail_part *part)
{
    if (walk->media.node == NULL)
        walk->media = normalize_tree_new(walk->arena, walk->parent, CX_STR("media"), CX_JSON_ARRAY);
    struct normalize_tree entry = normalize_tree_new(walk->arena, &walk->media, CX_STR_NULL, CX_JSON_OBJECT);
    const char *kind = is_kind(part->type, "image/")   ? "image"
                       : is_kind(part->type, "video/") ? "video"
                       : is_kind(part->type, "audio/") ? "audio"
                                                       : "document";
    struct cx_str id = normalize_mail_field(&part->header, "Content-ID");
    normalize_tree_string(&entry, CX_STR("type"), cx_str(kind));
    normalize_tree_string(&entry, CX_STR("mime_type"), normalize_mail_words(walk->arena, part->type));
    normalize_tree_string(&entry, CX_STR("id"), id.len > 0 ? normalize_mail_words(walk->arena, id) : CX_STR_NULL);
    normalize_tree_string(&entry, CX_STR("name"), part->name.len > 0 ? part->name : CX_STR_NULL);
}

static struct cx_str decoded_text(struct cx_arena *arena, const struct mail_part *part)
{
    struct cx_str encoding = normalize_mail_value(arena, normalize_mail_field(&part->header, "Content-Transfer-Encoding")), bytes = part->body;
    enum normalize_trust trust = NORMALIZE_TRUST_BYTES; /* Gmail has decoded, and often converted; 8bit may have been converted on its way */
    if (part->gmail == NULL && cx_str_is(encoding, "base64")) {
        bytes = normalize_base64(arena, bytes);
        trust = NORMALIZE_TRUST_LABEL;
    } else if (part->gmail == NULL && cx_str_is(encoding, "quoted-printable")) {
        bytes = normalize_quoted_printable(arena, bytes);
        trust = NORMALIZE_TRUST_LABEL;
    }
    return normalize_to_utf8(arena, normalize_mail_parameter(arena, part->content_type, "charset"), bytes, trust);
}

static struct found own_words(struct cx_arena *arena, const struct mail_part *part)
{
    bool is_html = cx_str_is(part->type, "text/html");
    struct cx_str text = decoded_text(arena, part);
    if (is_html) {
        text = normalize_html_text(arena, text, NORMALIZE_HTML_MAIL);
    } else if (cx_str_is(normalize_mail_parameter(arena, part->content_type, "format"), "flowed")) {
        struct cx_str delete_space = normalize_mail_parameter(arena, part->content_type, "delsp");
        text = normalize_mail_unflow(arena, text, cx_str_is(delete_space, "yes"));
    }
    text = normalize_mail_own_words(arena, text);
    return (struct found){ text.len > 0 ? text : CX_STR_NULL, is_html };
}

/* How the texts of a multipart's parts make one. */
enum join { FIRST, PLAIN_FIRST, ALL };
static enum join join_of(struct cx_str type)
{
    if (cx_str_is(type, "multipart/alternative"))
        return PLAIN_FIRST;
    bool is_first = cx_str_is(type, "multipart/related") || cx_str_is(type, "multipart/signed") || cx_str_is(type, "multipart/report");
    return is_first ? FIRST : ALL;
}

/* Texts of a multipart's parts so far. */
struct texts {
    enum join how;
    struct found best; /* FIRST, PLAIN_FIRST */
    struct piece {
        struct cx_str text;
        const struct piece *next;
    } * first, *last; /* ALL */
    size_t size;
};

static void add_found(struct cx_arena *arena, struct texts *texts, struct found found)
{
    if (found.text.ptr == NULL)
        return;
    if (texts->best.text.ptr == NULL || (texts->how == PLAIN_FIRST && texts->best.is_html && !found.is_html))
        texts->best = found;
    if (texts->how != ALL)
        return;
    struct piece *piece = CX_NEW(arena, struct piece);
    piece->text = found.text;
    if (texts->last != NULL)
        texts->last->next = piece;
    else
        texts->first = piece;
    texts->last = piece;
    texts->size += found.text.len + 1;
}

static struct found joined(struct cx_arena *arena, const struct texts *texts)
{
    if (texts->first == texts->last)
        return texts->best;
    char *out = cx_arena_bytes(arena, texts->size);
    size_t len = 0;
    for (const struct piece *p = texts->first; p != NULL; p = p->next) {
        memcpy(out + len, p->text.ptr, p->text.len);
        len += p->text.len;
        out[len++] = '\n';
    }
    return (struct found){ cx_str_n(out, len - 1), texts->best.is_html };
}

enum line { ORDINARY, SEPARATOR, CLOSING };
static enum line kind_of(struct cx_str line, struct cx_str boundary)
{
    if (!cx_str_starts(line, CX_STR("--")) || !cx_str_starts(cx_str_skip(line, 2), boundary))
        return ORDINARY;
    struct cx_str tail = cx_str_trim(cx_str_skip(line, 2 + boundary.len));
    return tail.len == 0 ? SEPARATOR : cx_str_is(tail, "--") ? CLOSING : ORDINARY;
}

/* Cuts the next part of a multipart body off *rest: what stands between two boundary lines. False at the end. */
static bool cut_part(struct cx_str *rest, struct cx_str boundary, struct cx_str *part)
{
    bool is_inside = false;
    size_t begin = 0;
    for (size_t at = 0; at < rest->len;) {
        struct cx_str line = cx_str_skip(*rest, at);
        const char *end = memchr(line.ptr, '\n', line.len);
        line.len = end != NULL ? (size_t)(end - line.ptr) + 1 : line.len;
        enum line kind = kind_of(line, boundary);
        if (kind != ORDINARY && is_inside) {
            *part = cx_str_n(rest->ptr + begin, at - begin);
            *rest = cx_str_skip(*rest, at);
            return true;
        }
        if (kind == CLOSING)
            return false;
        at += line.len;
        if (kind == SEPARATOR) {
            is_inside = true;
            begin = at;
        }
    }
    *part = cx_str_skip(*rest, begin); /* the last boundary is missing: the mail was cut off */
    *rest = CX_STR("");
    return is_inside;
}

static struct found walk_part(struct walk *walk, const struct mail_part *part, int depth);

static void walk_child(struct walk *walk, struct texts *texts, const struct mail_part *child, int depth)
{
    if (++walk->parts > PARTS_MAX)
        walk->fault = normalize_fault(NORMALIZE_BAD_MAIL, CX_STR("more than 500 parts"));
    else
        add_found(walk->arena, texts, walk_part(walk, child, depth));
}

static struct found walk_multipart(struct walk *walk, const struct mail_part *part, int depth)
{
    struct texts texts = { .how = join_of(part->type) };
    if (depth >= DEPTH_MAX) {
        walk->fault = normalize_fault(NORMALIZE_TOO_DEEP, CX_STR("multipart within multipart, more than 16 deep"));
        return texts.best;
    }
    if (part->gmail != NULL) {
        const struct cx_json *parts = cx_json_get(part->gmail, CX_STR("parts"));
        for (const struct cx_json *p = parts != NULL ? parts->first : NULL; p != NULL && walk->fault.reason == CX_PASSED; p = p->next) {
            struct mail_part child = normalize_gmail_part(walk->arena, p);
            walk_child(walk, &texts, &child, depth + 1);
        }
        return joined(walk->arena, &texts);
    }
    struct cx_str boundary = normalize_mail_parameter(walk->arena, part->content_type, "boundary"), rest = part->body, bytes;
    while (boundary.len > 0 && walk->fault.reason == CX_PASSED && cut_part(&rest, boundary, &bytes)) {
        struct mail_part child = normalize_mail_part(walk->arena, bytes);
        walk_child(walk, &texts, &child, depth + 1);
    }
    return joined(walk->arena, &texts);
}

static struct found walk_part(struct walk *walk, const struct mail_part *part, int depth)
{
    if (is_kind(part->type, "multipart/"))
        return walk_multipart(walk, part, depth);
    bool is_text = cx_str_is(part->type, "text/plain") || cx_str_is(part->type, "text/html");
    if (is_text && !part->is_attachment)
        return own_words(walk->arena, part);
    add_media(walk, part);
    return (struct found){ 0 };
}

struct mail_body normalize_mail_body(struct normalize_tree *parent, const struct mail_part *part)
{
    struct walk walk = { .arena = parent->arena, .parent = parent, .fault = normalize_no_fault() };
    struct found found = walk_part(&walk, part, 0);
    return (struct mail_body){ found.text, walk.media, walk.fault };
}
