/* Address lists: `"Yılmaz, Ayşe" <ayse@example.com>, team: a@b.c (Ali), d@e.f;` */
#include "stages/normalize/mail_header.h"

struct mailbox {
    char *phrase, *address, *comment; /* as long as the field at most */
    size_t phrase_len, address_len, comment_len;
    bool has_angle;
};

/* An address in lower case, or null: something@something without blanks or control characters. */
static struct cx_str clean_address(struct cx_arena *arena, struct cx_str s)
{
    s = cx_str_trim(s);
    ptrdiff_t at = -1;
    char *out = cx_arena_bytes(arena, s.len);
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = (uint8_t)s.ptr[i];
        if (c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == ',')
            return CX_STR_NULL;
        if (c == '@')
            at = (ptrdiff_t)i;
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c;
    }
    bool is_valid = at > 0 && (size_t)at + 1 < s.len && cx_utf8_valid(s);
    return is_valid ? cx_str_n(out, s.len) : CX_STR_NULL;
}

static void end_mailbox(struct normalize_tree *list, struct mailbox *box)
{
    struct cx_str phrase = cx_str_trim(cx_str_n(box->phrase, box->phrase_len)), address = cx_str_n(box->address, box->address_len);
    if (!box->has_angle) {
        address = phrase;
        phrase = cx_str_trim(cx_str_n(box->comment, box->comment_len));
    }
    struct cx_str name = normalize_mail_words(list->arena, phrase);
    address = clean_address(list->arena, address);
    if (address.ptr != NULL || name.len > 0) {
        struct normalize_tree entry = normalize_tree_new(list->arena, list, CX_STR_NULL, CX_JSON_OBJECT);
        normalize_tree_string(&entry, CX_STR("address"), address);
        if (name.len > 0)
            normalize_tree_string(&entry, CX_STR("name"), cx_arena_copy(list->arena, name));
    }
    box->phrase_len = box->address_len = box->comment_len = 0;
    box->has_angle = false;
}

/* A quoted string, an address in angle brackets or a comment, which may nest, from `at`; the position behind it. Its contents go to out. */
static size_t take_quoted(struct cx_str value, size_t at, char close, char *out, size_t *len)
{
    size_t depth = 1;
    for (at++; at < value.len; at++) {
        char c = value.ptr[at];
        depth += close == ')' && c == '(' ? 1 : c == close ? -1 : 0;
        if (depth == 0)
            break;
        if (c == '\\' && at + 1 < value.len)
            c = value.ptr[++at];
        out[(*len)++] = c;
    }
    return at + 1;
}

void normalize_mail_addresses(struct normalize_tree *parent, struct cx_str key, struct cx_str value)
{
    if (value.len == 0)
        return;
    struct cx_arena *arena = parent->arena;
    struct mailbox box = { .phrase = cx_arena_bytes(arena, value.len),
                           .address = cx_arena_bytes(arena, value.len),
                           .comment = cx_arena_bytes(arena, value.len) };
    struct normalize_tree list = normalize_tree_new(arena, parent, key, CX_JSON_ARRAY);
    for (size_t at = 0; at < value.len;) {
        char c = value.ptr[at];
        if (c == '"') {
            at = take_quoted(value, at, '"', box.phrase, &box.phrase_len);
        } else if (c == '(') {
            at = take_quoted(value, at, ')', box.comment, &box.comment_len);
        } else if (c == '<') {
            box.address_len = 0;
            box.has_angle = true;
            at = take_quoted(value, at, '>', box.address, &box.address_len);
        } else if (c == ',' || c == ';') {
            end_mailbox(&list, &box);
            at++;
        } else if (c == ':') { /* what stood before is the name of a group */
            box.phrase_len = 0;
            at++;
        } else {
            box.phrase[box.phrase_len++] = c;
            at++;
        }
    }
    end_mailbox(&list, &box);
}
