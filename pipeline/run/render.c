/* render.c - what is in a record, whatever the topic. */
#include "run/render.h"

#include "codec/codec.h"

void cx_render_text(struct cx_buf *out, struct cx_str bytes)
{
    if (cx_utf8_valid(bytes)) {
        cx_json_string(out, bytes);
        return;
    }
    struct cx_buf clean;
    cx_buf_init(&clean, (size_t)1 << 30);
    for (size_t i = 0; i < bytes.len;) {
        size_t n = 1;
        while (n <= 4 && i + n <= bytes.len && !cx_utf8_valid(cx_str_n(bytes.ptr + i, n)))
            n++;
        bool is_valid = n <= 4 && i + n <= bytes.len;
        cx_buf_str(&clean, is_valid ? cx_str_n(bytes.ptr + i, n) : CX_STR("\xEF\xBF\xBD"));
        i += is_valid ? n : 1;
    }
    cx_json_string(out, cx_buf_view(&clean));
    cx_buf_free(&clean);
}

void cx_render_line(struct cx_buf *out, struct cx_str text)
{
    for (size_t at = 0; at < text.len;) {
        size_t from = at;
        uint32_t code = cx_utf8_next(text, &at);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029)
            cx_buf_byte(out, ' ');
        else
            cx_buf_str(out, cx_str_n(text.ptr + from, at - from));
    }
}

static void render_hex(struct cx_buf *out, struct cx_str bytes)
{
    cx_buf_byte(out, '"');
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        cx_buf_byte(out, "0123456789abcdef"[c >> 4]);
        cx_buf_byte(out, "0123456789abcdef"[c & 15]);
    }
    cx_buf_byte(out, '"');
}

static bool is_state(const struct cx_topic *topic)
{
    return topic && strcmp(topic->schema, "STATE") == 0;
}

void cx_render_key(struct cx_buf *out, const struct cx_topic *topic, struct cx_str key)
{
    if (!is_state(topic) || key.len == 0) {
        cx_render_text(out, key);
        return;
    }
    cx_buf_format(out, "{\"table\":%d,\"key\":", (unsigned char)key.ptr[0]);
    render_hex(out, cx_str_skip(key, 1));
    cx_buf_byte(out, '}');
}

void cx_render_value(struct cx_buf *out, struct cx_arena *arena, const struct cx_topic *topic, struct cx_str value)
{
    size_t before = out->len;
    if (!value.ptr) {
        cx_buf_str(out, CX_STR("null"));
        return;
    }
    if (is_state(topic)) {
        render_hex(out, value);
        return;
    }
    if (value.len > CX_WIRE_HEADER && value.ptr[0] == '\0') {
        if (cx_wire_to_json(arena, value, out) == CX_DECODE_OK)
            return;
        out->len = before;
    }
    struct cx_json_fault fault;
    if (value.len > 0 && value.ptr[0] == '{' && !(topic && strcmp(topic->schema, "RAW") == 0) && cx_json_parse(arena, value, &fault))
        cx_buf_str(out, value);
    else
        cx_render_text(out, value);
}
