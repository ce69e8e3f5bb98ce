#include "base/json.h"
#include "base/json_text.h"

static void put_escaped(struct cx_buf *out, char c)
{
    static const char letters[0x20] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't' };
    uint8_t byte = (uint8_t)c;
    if (byte >= 0x20 || letters[byte]) {
        char text[2] = { '\\', byte >= 0x20 ? c : letters[byte] };
        cx_buf_add(out, text, sizeof text);
    } else {
        char text[6] = { '\\', 'u', '0', '0', (char)('0' + (byte >> 4)), "0123456789abcdef"[byte & 15] };
        cx_buf_add(out, text, sizeof text);
    }
}

void cx_json_string(struct cx_buf *out, struct cx_str s)
{
    if (!s.ptr) {
        cx_buf_str(out, CX_STR("null"));
        return;
    }
    if (cx_json_is_plain(s)) {
        if (!cx_buf_reserve(out, s.len + 2))
            return;
        char *to = out->ptr + out->len;
        to[0] = to[s.len + 1] = '"';
        memcpy(to + 1, s.ptr, s.len);
        out->len += s.len + 2;
        return;
    }
    const char *piece = s.ptr, *end = s.ptr + s.len;
    bool high = false;
    cx_buf_byte(out, '"');
    for (;;) {
        const char *at = cx_json_plain(piece, end, &high);
        cx_buf_add(out, piece, (size_t)(at - piece));
        if (at == end)
            break;
        put_escaped(out, *at);
        piece = at + 1;
    }
    cx_buf_byte(out, '"');
}

static void dump_children(struct cx_buf *out, const struct cx_json *node, bool named)
{
    cx_buf_byte(out, named ? '{' : '[');
    for (const struct cx_json *child = node->first; child; child = child->next) {
        if (child != node->first)
            cx_buf_byte(out, ',');
        if (named) {
            cx_json_string(out, child->key);
            cx_buf_byte(out, ':');
        }
        cx_json_dump(out, child);
    }
    cx_buf_byte(out, named ? '}' : ']');
}

void cx_json_dump(struct cx_buf *out, const struct cx_json *node)
{
    switch (node->type) {
    case CX_JSON_NULL:
        cx_buf_str(out, CX_STR("null"));
        break;
    case CX_JSON_FALSE:
        cx_buf_str(out, CX_STR("false"));
        break;
    case CX_JSON_TRUE:
        cx_buf_str(out, CX_STR("true"));
        break;
    case CX_JSON_NUMBER:
        cx_buf_str(out, node->text);
        break;
    case CX_JSON_STRING:
        cx_json_string(out, node->text);
        break;
    case CX_JSON_ARRAY:
        dump_children(out, node, false);
        break;
    case CX_JSON_OBJECT:
        dump_children(out, node, true);
        break;
    }
}
