#include "stages/normalize/mail_coding.h"

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

struct cx_str normalize_base64(struct cx_arena *arena, struct cx_str text)
{
    char *out = cx_arena_bytes(arena, text.len * 3 / 4 + 3);
    size_t len = 0;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = base64_value(text.ptr[i]);
        if (text.ptr[i] == '=') { /* the end of one encoded run; another may follow */
            have = 0;
            continue;
        }
        if (value < 0)
            continue;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[len++] = (char)(bits >> have);
        }
    }
    return cx_str_n(out, len);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that `escape` and two hex digits stand for at text[at], or -1. */
static int escaped_byte(struct cx_str text, size_t at, char escape)
{
    if (text.ptr[at] != escape || at + 2 >= text.len)
        return -1;
    int high = hex_value(text.ptr[at + 1]), low = hex_value(text.ptr[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static struct cx_str decode_escapes(struct cx_arena *arena, struct cx_str text, char escape, char blank)
{
    char *out = cx_arena_bytes(arena, text.len);
    size_t len = 0;
    for (size_t at = 0; at < text.len; at++) {
        int byte = escaped_byte(text, at, escape);
        if (byte >= 0)
            at += 2;
        out[len++] = byte >= 0 ? (char)byte : text.ptr[at] == blank ? ' ' : text.ptr[at];
    }
    return cx_str_n(out, len);
}

struct cx_str normalize_q_words(struct cx_arena *arena, struct cx_str text)
{
    return decode_escapes(arena, text, '=', '_');
}

struct cx_str normalize_percent(struct cx_arena *arena, struct cx_str text)
{
    return decode_escapes(arena, text, '%', ' ');
}

/* Bytes from an '=' to behind the line end, when nothing but blanks stands between; else 0. */
static size_t soft_break(struct cx_str text, size_t at)
{
    size_t i = at + 1;
    while (i < text.len && (text.ptr[i] == ' ' || text.ptr[i] == '\t' || text.ptr[i] == '\r'))
        i++;
    if (i == text.len)
        return i - at;
    return text.ptr[i] == '\n' ? i + 1 - at : 0;
}

struct cx_str normalize_quoted_printable(struct cx_arena *arena, struct cx_str text)
{
    char *out = cx_arena_bytes(arena, text.len);
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        int byte = escaped_byte(text, at, '=');
        size_t skip = byte < 0 && text.ptr[at] == '=' ? soft_break(text, at) : 0;
        if (byte >= 0) {
            out[len++] = (char)byte;
            at += 3;
        } else if (skip > 0) {
            at += skip;
        } else {
            out[len++] = text.ptr[at++];
        }
    }
    return cx_str_n(out, len);
}
