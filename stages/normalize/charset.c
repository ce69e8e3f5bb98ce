#include "stages/normalize/charset.h"

struct charset {
    const char *name;
    uint16_t upper[128];
};
static const struct charset charsets[] = {
#define CHARSET(name, ...) { name, { __VA_ARGS__ } },
#include "stages/normalize/charset_tables.def"
#undef CHARSET
};
static const struct alias {
    const char *label, *name;
} aliases[] = {
    { "iso-8859-1", "windows-1252" }, { "iso8859-1", "windows-1252" }, { "latin1", "windows-1252" },  { "latin-1", "windows-1252" },
    { "cp1252", "windows-1252" },     { "us-ascii", "windows-1252" },  { "ascii", "windows-1252" },   { "ansi_x3.4-1968", "windows-1252" },
    { "iso-8859-9", "windows-1254" }, { "iso8859-9", "windows-1254" }, { "latin5", "windows-1254" },  { "cp1254", "windows-1254" },
    { "iso8859-2", "iso-8859-2" },    { "latin2", "iso-8859-2" },      { "iso8859-5", "iso-8859-5" }, { "cyrillic", "iso-8859-5" },
    { "iso8859-15", "iso-8859-15" },  { "latin-9", "iso-8859-15" },    { "cp1250", "windows-1250" },  { "cp1251", "windows-1251" },
    { "x-cp1251", "windows-1251" },   { "cp1256", "windows-1256" },    { "koi8", "koi8-r" },
};

static bool is_label(struct cx_str label, const char *name)
{
    if (label.len != strlen(name))
        return false;
    for (size_t i = 0; i < label.len; i++) {
        char c = label.ptr[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '_' ? '-' : c;
        if (c != (name[i] == '_' ? '-' : name[i]))
            return false;
    }
    return true;
}

static const struct charset *find_charset(struct cx_str label)
{
    for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
        if (is_label(label, aliases[i].label)) {
            label = cx_str(aliases[i].name);
            break;
        }
    for (size_t i = 0; i < sizeof charsets / sizeof charsets[0]; i++)
        if (is_label(label, charsets[i].name))
            return &charsets[i];
    return NULL;
}

static struct cx_str decode_table(struct cx_arena *arena, const struct charset *charset, struct cx_str bytes)
{
    char *out = cx_arena_bytes(arena, bytes.len * 3);
    size_t len = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t byte = (uint8_t)bytes.ptr[i];
        if (byte >= 0x80)
            len += cx_utf8_put(charset->upper[byte - 0x80], out + len);
        else if (byte != 0)
            out[len++] = (char)byte;
    }
    return cx_str_n(out, len);
}

/* Length of the well-formed sequence that begins `bytes`, 0 if there is none. */
static size_t sequence_length(struct cx_str bytes)
{
    for (size_t n = 1; n <= 4 && n <= bytes.len; n++)
        if (cx_utf8_valid(cx_str_n(bytes.ptr, n)))
            return n;
    return 0;
}

/* NUL is no character of a mail, nor of its ids (RFC 5322 3.5): what has one was damaged on the way, and is read without it. */
static struct cx_str repair_utf8(struct cx_arena *arena, struct cx_str bytes)
{
    char *out = cx_arena_bytes(arena, bytes.len * 3);
    size_t len = 0;
    for (size_t at = 0; at < bytes.len;) {
        size_t n = sequence_length(cx_str_skip(bytes, at));
        if (n == 0) {
            len += cx_utf8_put(0xfffd, out + len);
            at++;
            continue;
        }
        if (bytes.ptr[at] != '\0') {
            memcpy(out + len, bytes.ptr + at, n);
            len += n;
        }
        at += n;
    }
    return cx_str_n(out, len);
}

static bool has_upper_bytes(struct cx_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if ((uint8_t)bytes.ptr[i] >= 0x80)
            return true;
    return false;
}

struct cx_str normalize_to_utf8(struct cx_arena *arena, struct cx_str label, struct cx_str bytes, enum normalize_trust trust)
{
    if (bytes.len == 0)
        return bytes;
    bool valid = cx_utf8_valid(bytes);
    bool has_nul = memchr(bytes.ptr, '\0', bytes.len) != NULL;
    if (valid && !has_upper_bytes(bytes))
        return has_nul ? repair_utf8(arena, bytes) : bytes;
    bool is_utf8 = is_label(label, "utf-8") || is_label(label, "utf8");
    const struct charset *charset = is_utf8 ? NULL : find_charset(label);
    if (valid && (charset == NULL || trust == NORMALIZE_TRUST_BYTES || is_label(label, "us-ascii")))
        return has_nul ? repair_utf8(arena, bytes) : bytes;
    if (is_utf8)
        return repair_utf8(arena, bytes);
    return decode_table(arena, charset != NULL ? charset : find_charset(CX_STR("windows-1252")), bytes);
}
