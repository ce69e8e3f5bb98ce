#include "config/config.h"
#include "config/scalar.h"
#include "config/secret.h"

static bool ends_in(struct cx_str s, struct cx_str end)
{
    return s.len >= end.len && cx_str_eq(cx_str_skip(s, s.len - end.len), end);
}

bool cx_is_secret(struct cx_str name)
{
    static const char *const ends[] = { "password", "secret", "token", "key", "pem" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (ends_in(name, cx_str(ends[i])))
            return true;
    return false;
}

/* What stands between "://" and the next slash; null if there is no address. */
static struct cx_str authority_of(struct cx_str value)
{
    struct cx_str rest = value, before;
    while (cx_str_cut(&rest, ':', &before)) {
        if (cx_str_starts(rest, CX_STR("//"))) {
            rest = cx_str_skip(rest, 2);
            cx_str_cut(&rest, '/', &before);
            return before;
        }
    }
    return CX_STR_NULL;
}

void cx_put_masked(struct cx_buf *out, struct cx_str value)
{
    struct cx_str authority = authority_of(value);
    size_t at = authority.len;
    while (at > 0 && authority.ptr[at - 1] != '@')
        at--;
    ptrdiff_t colon = at ? cx_str_find(cx_str_n(authority.ptr, at - 1), ':') : -1;
    if (colon >= 0) {
        cx_buf_add(out, value.ptr, (size_t)(authority.ptr + colon + 1 - value.ptr));
        cx_buf_str(out, CX_STR("***"));
        value = cx_str_skip(value, (size_t)(authority.ptr + at - 1 - value.ptr));
    }
    cx_buf_str(out, value);
}

/* Stays what it is without quotes: a plain word, number, path or address. */
static bool is_plain(struct cx_str s)
{
    static const char *const words[] = { "null", "Null", "NULL", "~", "true", "false", "yes", "no", "on", "off" };
    if (!s.len || s.ptr[0] == '-' || s.ptr[0] == ' ' || s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == ':')
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (cx_str_is(s, words[i]))
            return false;
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool word = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
        bool colon = c == ':' && i + 1 < s.len && s.ptr[i + 1] != ' ';
        if (!word && !colon && (!c || !strchr("_-./+ ()", c)))
            return false;
    }
    return true;
}

/* Printable by YAML's book, and no line break to it. */
static bool is_printable(uint32_t cp)
{
    return cp >= 0x20 && !(cp >= 0x7f && cp < 0xa0) && cp != 0x2028 && cp != 0x2029 && cp != 0xfeff && cp != 0xfffe && cp != 0xffff;
}

static void put_quoted(struct cx_buf *out, struct cx_str text)
{
    bool utf8 = cx_utf8_valid(text);
    cx_buf_byte(out, '"');
    for (size_t pos = 0, from = 0; pos < text.len; from = pos) {
        uint32_t cp = utf8 ? cx_utf8_next(text, &pos) : (uint8_t)text.ptr[pos++];
        if (cp == '"' || cp == '\\')
            cx_buf_byte(out, '\\');
        if (is_printable(cp) && (utf8 || cp < 0x80))
            cx_buf_add(out, text.ptr + from, pos - from);
        else
            cx_buf_format(out, "\\u%04x", cp);
    }
    cx_buf_byte(out, '"');
}

void cx_put_scalar(struct cx_buf *out, struct cx_str text, bool quoted)
{
    double number;
    bool literal = !quoted && (cx_str_to_f64(text, &number) || cx_str_is(text, "true") || cx_str_is(text, "false"));
    if (literal || (!quoted && is_plain(text)))
        cx_buf_str(out, text);
    else
        put_quoted(out, text);
}

static void put_value(struct cx_buf *out, const struct cx_node *node)
{
    struct cx_buf masked;
    if (node->type == CX_NODE_NULL) {
        cx_buf_str(out, CX_STR("null"));
    } else if (node->type == CX_NODE_SCALAR) {
        cx_buf_init(&masked, node->text.len + 3);
        cx_put_masked(&masked, node->text);
        cx_put_scalar(out, cx_buf_view(&masked), node->quoted);
        cx_buf_free(&masked);
    } else {
        cx_buf_str(out, node->type == CX_NODE_MAP ? CX_STR("{}") : CX_STR("[]"));
    }
}

/* Members or items, each on lines of its own; the first line's indent is there already when the parent is an item of a list. */
static void put_children(struct cx_buf *out, const struct cx_node *parent, unsigned indent, bool first_indented)
{
    for (const struct cx_node *node = parent->first; node; node = node->next) {
        if (node != parent->first || !first_indented)
            cx_buf_format(out, "%*s", (int)indent, "");
        if (parent->type == CX_NODE_MAP) {
            cx_put_scalar(out, node->key, false);
            cx_buf_byte(out, ':');
        } else {
            cx_buf_byte(out, '-');
        }
        bool hidden = cx_is_secret(node->key) && node->type != CX_NODE_NULL, inline_map = parent->type == CX_NODE_LIST;
        if (!hidden && node->first) {
            cx_buf_byte(out, inline_map ? ' ' : '\n');
            put_children(out, node, indent + 2, inline_map);
            continue;
        }
        cx_buf_byte(out, ' ');
        if (hidden)
            cx_buf_str(out, CX_STR("\"***\""));
        else
            put_value(out, node);
        cx_buf_byte(out, '\n');
    }
}

void cx_config_print(struct cx_buf *out, const struct cx_node *root)
{
    if (root->first) {
        put_children(out, root, 0, false);
    } else {
        put_value(out, root);
        cx_buf_byte(out, '\n');
    }
}
