#include "stages/normalize/mail_header.h"
#include "stages/normalize/charset.h"
#include "stages/normalize/mail_coding.h"

enum { PARAMETERS_MAX = 64 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct cx_str lower_copy(struct cx_arena *arena, struct cx_str s)
{
    char *out = cx_arena_bytes(arena, s.len);
    for (size_t i = 0; i < s.len; i++)
        out[i] = s.ptr[i] >= 'A' && s.ptr[i] <= 'Z' ? (char)(s.ptr[i] + 32) : s.ptr[i];
    return cx_str_n(out, s.len);
}

static bool is_name(struct cx_str s, const char *name)
{
    return s.len == strlen(name) && strncasecmp(s.ptr, name, s.len) == 0;
}

/* Cuts one line off, its line end taken away. */
static bool cut_line(struct cx_str *rest, struct cx_str *line)
{
    if (rest->len == 0)
        return false;
    const char *end = memchr(rest->ptr, '\n', rest->len);
    size_t len = end != NULL ? (size_t)(end - rest->ptr) : rest->len;
    *line = cx_str_n(rest->ptr, len);
    *rest = cx_str_skip(*rest, end != NULL ? len + 1 : len);
    if (line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    return true;
}

/* The value's first line and the folded ones after it, as one. */
static struct cx_str unfold(struct cx_arena *arena, struct cx_str value, struct cx_str *rest)
{
    if (rest->len == 0 || !is_blank(rest->ptr[0]))
        return cx_str_trim(value);
    struct cx_str look = *rest, line;
    size_t size = value.len;
    while (look.len > 0 && is_blank(look.ptr[0]) && cut_line(&look, &line))
        size += line.len;
    char *out = cx_arena_bytes(arena, size);
    memcpy(out, value.ptr, value.len);
    for (size_t at = value.len; rest->ptr != look.ptr && cut_line(rest, &line); at += line.len)
        memcpy(out + at, line.ptr, line.len);
    return cx_str_trim(cx_str_n(out, size));
}

struct mail_header normalize_mail_header(struct cx_arena *arena, struct cx_str *rest)
{
    struct mail_header header = { 0 };
    const struct mail_field **link = &header.first;
    struct cx_str line;
    while (cut_line(rest, &line) && line.len > 0) {
        ptrdiff_t colon = cx_str_find(line, ':');
        if (colon <= 0 || is_blank(line.ptr[0]))
            continue;
        struct mail_field *field = CX_NEW(arena, struct mail_field);
        field->name = cx_str_trim(cx_str_n(line.ptr, (size_t)colon));
        field->value = unfold(arena, cx_str_skip(line, (size_t)colon + 1), rest);
        if (memchr(field->name.ptr, ' ', field->name.len) != NULL)
            continue; /* "From someone Mon Nov ..." of a mailbox file, or a sentence */
        *link = field;
        link = &field->next;
        header.count++;
    }
    return header;
}

struct cx_str normalize_mail_field(const struct mail_header *header, const char *name)
{
    for (const struct mail_field *f = header->first; f != NULL; f = f->next)
        if (is_name(f->name, name))
            return f->value;
    return CX_STR_NULL;
}

struct encoded_word {
    struct cx_str charset, text;
    bool is_base64;
    size_t length; /* all of it, from "=?" to "?=" */
};

static bool read_word(struct cx_str s, struct encoded_word *word)
{
    struct cx_str rest = cx_str_skip(s, 2), encoding;
    if (!cx_str_starts(s, CX_STR("=?")) || !cx_str_cut(&rest, '?', &word->charset) || rest.ptr == NULL || !cx_str_cut(&rest, '?', &encoding) ||
        rest.ptr == NULL)
        return false;
    if (encoding.len != 1 || word->charset.len == 0 || word->charset.len > 40)
        return false;
    char kind = (char)(encoding.ptr[0] | 0x20);
    if (kind != 'b' && kind != 'q')
        return false;
    word->is_base64 = kind == 'b';
    for (size_t i = 0; i + 1 < rest.len; i++) {
        if (rest.ptr[i] == '?' && rest.ptr[i + 1] == '=') {
            word->text = cx_str_n(rest.ptr, i);
            word->length = (size_t)(rest.ptr + i + 2 - s.ptr);
            ptrdiff_t language = cx_str_find(word->charset, '*');
            if (language > 0)
                word->charset.len = (size_t)language;
            return true;
        }
        if (rest.ptr[i] == '?')
            return false;
    }
    return false;
}

struct words {
    struct cx_arena *arena;
    char *out, *run; /* the run: decoded bytes of neighbouring words in one charset */
    size_t len, run_len;
    struct cx_str charset; /* of the run; null: none */
};

static void put(struct words *w, struct cx_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        w->out[w->len++] = c < 0x20 || c == 0x7f ? ' ' : (char)c;
    }
}

static void flush(struct words *w)
{
    if (w->charset.ptr != NULL)
        put(w, normalize_to_utf8(w->arena, w->charset, cx_str_n(w->run, w->run_len), NORMALIZE_TRUST_LABEL));
    w->charset = CX_STR_NULL;
    w->run_len = 0;
}

static void take_word(struct words *w, const struct encoded_word *word)
{
    bool same = w->charset.len == word->charset.len && w->charset.len > 0 && strncasecmp(w->charset.ptr, word->charset.ptr, w->charset.len) == 0;
    if (!same)
        flush(w);
    w->charset = word->charset;
    struct cx_str bytes = word->is_base64 ? normalize_base64(w->arena, word->text) : normalize_q_words(w->arena, word->text);
    memcpy(w->run + w->run_len, bytes.ptr, bytes.len);
    w->run_len += bytes.len;
}

struct cx_str normalize_mail_words(struct cx_arena *arena, struct cx_str value)
{
    if (value.len == 0)
        return value;
    value = normalize_to_utf8(arena, CX_STR_NULL, value, NORMALIZE_TRUST_BYTES);
    struct words w = { .arena = arena, .out = cx_arena_bytes(arena, value.len * 3), .run = cx_arena_bytes(arena, value.len) };
    for (size_t at = 0; at < value.len;) {
        size_t begin = at;
        while (at < value.len && is_blank(value.ptr[at]))
            at++;
        struct encoded_word word;
        if (at < value.len && value.ptr[at] == '=' && read_word(cx_str_skip(value, at), &word)) {
            if (w.charset.ptr == NULL) /* blanks between two words belong to the encoding, others to the text */
                put(&w, cx_str_n(value.ptr + begin, at - begin));
            take_word(&w, &word);
            at += word.length;
            continue;
        }
        at += at < value.len;
        while (at < value.len && !is_blank(value.ptr[at]) && value.ptr[at] != '=')
            at++;
        flush(&w);
        put(&w, cx_str_n(value.ptr + begin, at - begin));
    }
    flush(&w);
    return cx_str_trim(cx_str_n(w.out, w.len));
}

void normalize_mail_ids(struct normalize_tree *parent, struct cx_str key, struct cx_str value)
{
    struct normalize_tree list = { 0 };
    const char *end = value.len ? value.ptr + value.len : NULL;
    for (const char *p = value.len ? memchr(value.ptr, '<', value.len) : NULL; p != NULL;) {
        const char *close = memchr(p, '>', (size_t)(end - p));
        if (close == NULL)
            break;
        if (list.node == NULL)
            list = normalize_tree_new(parent->arena, parent, key, CX_JSON_ARRAY);
        struct cx_str id = cx_str_n(p, (size_t)(close + 1 - p));
        normalize_tree_string(&list, CX_STR_NULL, normalize_to_utf8(parent->arena, CX_STR_NULL, id, NORMALIZE_TRUST_BYTES));
        p = memchr(close, '<', (size_t)(end - close));
    }
}

struct cx_str normalize_mail_value(struct cx_arena *arena, struct cx_str field)
{
    struct cx_str value = CX_STR("");
    if (field.ptr == NULL)
        return CX_STR_NULL;
    cx_str_cut(&field, ';', &value);
    ptrdiff_t comment = cx_str_find(value, '(');
    if (comment >= 0)
        value.len = (size_t)comment;
    return lower_copy(arena, cx_str_trim(value));
}

/* Cuts `name=value` off *rest, quotes taken away. */
static bool cut_parameter(struct cx_arena *arena, struct cx_str *rest, struct cx_str *name, struct cx_str *value)
{
    if (!cx_str_cut(rest, '=', name) || rest->ptr == NULL)
        return false;
    *name = cx_str_trim(*name);
    while (rest->len > 0 && is_blank(rest->ptr[0]))
        *rest = cx_str_skip(*rest, 1);
    if (rest->len == 0 || rest->ptr[0] != '"') {
        cx_str_cut(rest, ';', value);
        *value = cx_str_trim(*value);
        return true;
    }
    size_t close = 1, len = 0;
    while (close < rest->len && rest->ptr[close] != '"')
        close += rest->ptr[close] == '\\' ? 2 : 1;
    close = close < rest->len ? close : rest->len;
    char *out = cx_arena_bytes(arena, close);
    for (size_t at = 1; at < close; at++) {
        if (rest->ptr[at] == '\\' && at + 1 < close)
            at++;
        out[len++] = rest->ptr[at];
    }
    *value = cx_str_n(out, len);
    *rest = cx_str_skip(*rest, close);
    struct cx_str gap;
    cx_str_cut(rest, ';', &gap);
    return true;
}

/* charset'language'text of RFC 2231. */
static struct cx_str decode_extended(struct cx_arena *arena, struct cx_str value)
{
    struct cx_str rest = value, charset, language;
    if (!cx_str_cut(&rest, '\'', &charset) || rest.ptr == NULL || !cx_str_cut(&rest, '\'', &language) || rest.ptr == NULL)
        return normalize_to_utf8(arena, CX_STR_NULL, normalize_percent(arena, value), NORMALIZE_TRUST_BYTES);
    return normalize_to_utf8(arena, charset, normalize_percent(arena, rest), NORMALIZE_TRUST_LABEL);
}

struct cx_str normalize_mail_parameter(struct cx_arena *arena, struct cx_str field, const char *name)
{
    struct cx_str rest = field, part, value, joined = CX_STR_NULL;
    size_t length = strlen(name);
    bool is_extended = false;
    cx_str_cut(&rest, ';', &part);
    for (int i = 0; i < PARAMETERS_MAX && rest.ptr != NULL && cut_parameter(arena, &rest, &part, &value); i++) {
        if (part.len < length || strncasecmp(part.ptr, name, length) != 0)
            continue;
        if (part.len == length)
            return value;
        if (part.ptr[length] != '*')
            continue;
        is_extended |= part.ptr[part.len - 1] == '*';
        joined = joined.ptr == NULL ? value : cx_arena_format(arena, "%.*s%.*s", CX_STR_ARG(joined), CX_STR_ARG(value));
    }
    return joined.ptr != NULL && is_extended ? decode_extended(arena, joined) : joined;
}
