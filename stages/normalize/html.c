#include "stages/normalize/html.h"
#include "base/html_entity.h"

/* What an element does to the text; one that is not listed does nothing. */
enum effect { INLINE, LINE, PARAGRAPH, CELL, BREAK, HIDDEN, RAW, PRE, VOID, BODY };
static const struct element {
    const char *name;
    enum effect effect;
} elements[] = {
    { "p", PARAGRAPH },     { "br", BREAK },     { "div", LINE },     { "blockquote", PARAGRAPH },
    { "li", LINE },         { "ul", LINE },      { "ol", LINE },      { "tr", LINE },
    { "table", LINE },      { "td", CELL },      { "th", CELL },      { "h1", PARAGRAPH },
    { "h2", PARAGRAPH },    { "h3", PARAGRAPH }, { "h4", PARAGRAPH }, { "h5", PARAGRAPH },
    { "h6", PARAGRAPH },    { "hr", LINE },      { "section", LINE }, { "article", LINE },
    { "header", LINE },     { "footer", LINE },  { "aside", LINE },   { "address", LINE },
    { "dl", LINE },         { "dt", LINE },      { "dd", LINE },      { "pre", PRE },
    { "script", RAW },      { "style", RAW },    { "title", RAW },    { "head", HIDDEN },
    { "template", HIDDEN }, { "img", VOID },     { "input", VOID },   { "meta", VOID },
    { "link", VOID },       { "body", BODY },    { "center", LINE },  { "figure", LINE },
    { "figcaption", LINE }, { "wbr", VOID },
};
/* Marks of mail programs, in class, id or type, on what the author did not write just now. */
static const char *const quote_marks[] = { "gmail_quote",      "gmail_attr",           "gmail_signature",
                                           "yahoo_quoted",     "moz-cite-prefix",      "moz-signature",
                                           "protonmail_quote", "OLK_SRC_BODY_SECTION", "mail-editor-reference-message-container" };
/* From here on everything is quoted. */
static const char *const cut_marks[] = { "divRplyFwdMsg", "appendonsend" };

struct tag {
    struct cx_str name, attributes;
    bool is_closing, is_empty;
    enum effect effect;
};
struct reader {
    struct cx_arena *arena;
    struct cx_str in;
    size_t at;
    char *out;
    size_t len;
    unsigned newlines; /* owed before the next visible character */
    bool space;        /* a blank is owed */
    unsigned pre;      /* depth of <pre> */
    bool is_tagless;   /* no '>' is left */
    enum normalize_html mode;
};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_name(struct cx_str s, const char *name)
{
    if (s.len != strlen(name))
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (lower(s.ptr[i]) != name[i])
            return false;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(char c)
{
    c = lower(c);
    return c >= 'a' && c <= 'z';
}

static void trim_line(struct reader *r)
{
    for (;;) {
        if (r->len > 0 && (r->out[r->len - 1] == ' ' || r->out[r->len - 1] == '\t'))
            r->len--;
        else if (r->len > 1 && memcmp(r->out + r->len - 2, "\xc2\xa0", 2) == 0)
            r->len -= 2;
        else
            return;
    }
}

/* Pays the line ends and the blank that are owed. The output never outgrows the input read: the shortest markup is longer than what it owes. */
static void settle(struct reader *r)
{
    if (r->newlines > 0) {
        trim_line(r);
        if (r->len > 0) {
            memset(r->out + r->len, '\n', r->newlines);
            r->len += r->newlines;
        }
    } else if (r->space && r->len > 0) {
        r->out[r->len++] = ' ';
    }
    r->newlines = 0;
    r->space = false;
}

static void put(struct reader *r, const char *bytes, size_t n)
{
    settle(r);
    memcpy(r->out + r->len, bytes, n);
    r->len += n;
}

static void owe_lines(struct reader *r, unsigned n)
{
    if (r->newlines < n)
        r->newlines = n;
}

/* The '>' that closes a tag, NULL when no '>' is left. A quote that never closes is no quote: so the text is walked at most three times. */
static const char *tag_end(const char *from, const char *end)
{
    char quote = 0;
    for (const char *p = from; p < end; p++) {
        if (quote == 0 && *p == '>')
            return p;
        if (quote != 0 ? *p == quote : (*p == '"' || *p == '\''))
            quote = quote != 0 ? 0 : *p;
    }
    return memchr(from, '>', (size_t)(end - from));
}

/* Reads the tag at r->at, which is '<'. False when the '<' is only a character. */
static bool read_tag(struct reader *r, struct tag *tag)
{
    const char *p = r->in.ptr + r->at + 1, *end = r->in.ptr + r->in.len;
    tag->is_closing = p < end && *p == '/';
    p += tag->is_closing;
    if (p >= end || !is_letter(*p) || r->is_tagless)
        return false;
    const char *name = p;
    while (p < end && *p != '>' && *p != '/' && !is_blank(*p))
        p++;
    tag->name = cx_str_n(name, (size_t)(p - name));
    const char *attributes = p;
    p = tag_end(p, end);
    r->is_tagless = p == NULL;
    if (p == NULL)
        return false;
    tag->attributes = cx_str_n(attributes, (size_t)(p - attributes));
    tag->is_empty = p > attributes && p[-1] == '/';
    tag->effect = INLINE;
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        if (is_name(tag->name, elements[i].name))
            tag->effect = elements[i].effect;
    r->at = (size_t)(p + 1 - r->in.ptr);
    return true;
}

static bool holds(struct cx_str s, const char *mark)
{
    return s.len > 0 && memmem(s.ptr, s.len, mark, strlen(mark)) != NULL;
}

static bool is_marked(const struct tag *tag, const char *const *marks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (holds(tag->attributes, marks[i]))
            return true;
    return false;
}

static bool is_hidden(const struct tag *tag)
{
    return tag->effect == HIDDEN || tag->effect == RAW || holds(tag->attributes, "display:none") || holds(tag->attributes, "display: none");
}

static bool is_quote(const struct tag *tag)
{
    return is_name(tag->name, "blockquote") || is_marked(tag, quote_marks, sizeof quote_marks / sizeof quote_marks[0]);
}

/* Past the comment, declaration or instruction at r->at; false when it is none. */
static bool skip_markup(struct reader *r)
{
    struct cx_str rest = cx_str_skip(r->in, r->at);
    if (rest.len < 2 || (rest.ptr[1] != '!' && rest.ptr[1] != '?'))
        return false;
    bool is_comment = cx_str_starts(rest, CX_STR("<!--"));
    const char *stop = is_comment ? memmem(rest.ptr + 4, rest.len - 4, "-->", 3) : memchr(rest.ptr, '>', rest.len);
    r->at = stop == NULL ? r->in.len : (size_t)(stop + (is_comment ? 3 : 1) - r->in.ptr);
    return true;
}

/* Past the end of an element whose start was just read. */
static void skip_element(struct reader *r, struct tag start)
{
    for (size_t depth = 1; depth > 0 && r->at < r->in.len;) {
        struct tag tag;
        if (r->in.ptr[r->at] != '<' || (start.effect != RAW && skip_markup(r))) {
            const char *next = memchr(r->in.ptr + r->at, '<', r->in.len - r->at);
            r->at = r->in.ptr[r->at] == '<' ? r->at : next != NULL ? (size_t)(next - r->in.ptr) : r->in.len;
        } else if (!read_tag(r, &tag)) {
            r->at++;
        } else if (start.effect == HIDDEN && tag.effect == BODY) {
            return;
        } else if (tag.name.len == start.name.len && strncasecmp(tag.name.ptr, start.name.ptr, tag.name.len) == 0) {
            depth += tag.is_closing ? -1 : start.effect == RAW || tag.is_empty ? 0 : 1;
        }
    }
}

static void take_tag(struct reader *r, struct tag tag)
{
    if (r->mode == NORMALIZE_HTML_MAIL && !tag.is_closing && is_marked(&tag, cut_marks, sizeof cut_marks / sizeof cut_marks[0])) {
        r->at = r->in.len;
        return;
    }
    switch (tag.effect) {
    case LINE:
        owe_lines(r, 1);
        break;
    case PARAGRAPH:
        owe_lines(r, 2);
        break;
    case BREAK:
        r->newlines++;
        break;
    case CELL:
        r->space = true;
        break;
    case PRE:
        owe_lines(r, 1);
        r->pre += tag.is_closing ? (r->pre > 0 ? -1u : 0) : 1;
        break;
    default:
        break;
    }
    if (tag.is_closing || tag.is_empty || tag.effect == VOID || tag.effect == BREAK)
        return;
    if (is_hidden(&tag)) {
        skip_element(r, tag);
    } else if (r->mode == NORMALIZE_HTML_MAIL && is_quote(&tag)) {
        skip_element(r, tag);
        owe_lines(r, 1);
        put(r, ">", 1);
        owe_lines(r, 1);
    }
}

static void take_entity(struct reader *r)
{
    uint32_t c;
    size_t n = cx_html_entity(cx_str_skip(r->in, r->at), &c);
    char utf8[4];
    if (n == 0)
        put(r, "&", 1);
    else if (c == 0xad || c == 0)
        ; /* a soft hyphen is a hint to the browser, a NUL is nothing */
    else if ((c < 0x80 && is_blank((char)c)) || (c == 0xa0 && (r->newlines > 0 || r->len == 0)))
        r->space = true; /* a line of hard blanks is an empty line */
    else
        put(r, utf8, cx_utf8_put(c, utf8));
    r->at += n == 0 ? 1 : n;
}

struct cx_str normalize_html_text(struct cx_arena *arena, struct cx_str html, enum normalize_html mode)
{
    struct reader r = { .arena = arena, .in = html, .mode = mode };
    r.out = cx_arena_bytes(arena, html.len + 1);
    while (r.at < html.len) {
        char c = html.ptr[r.at];
        struct tag tag;
        if (c == '<' && skip_markup(&r))
            continue;
        if (c == '<' && read_tag(&r, &tag)) {
            take_tag(&r, tag);
        } else if (c == '&') {
            take_entity(&r);
        } else if (is_blank(c)) {
            if (r.pre > 0 && c == '\n')
                r.newlines++;
            else
                r.space = true;
            r.at++;
        } else {
            size_t end = r.at + 1;
            while (end < html.len && html.ptr[end] != '<' && html.ptr[end] != '&' && !is_blank(html.ptr[end]))
                end++;
            put(&r, html.ptr + r.at, end - r.at);
            r.at = end;
        }
    }
    for (trim_line(&r); r.len > 0 && r.out[r.len - 1] == '\n'; trim_line(&r))
        r.len--;
    return cx_str_n(r.out, r.len);
}

struct cx_str normalize_html_entities(struct cx_arena *arena, struct cx_str text)
{
    if (text.len == 0 || memchr(text.ptr, '&', text.len) == NULL)
        return text;
    char *out = cx_arena_bytes(arena, text.len);
    size_t len = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t c;
        size_t n = text.ptr[at] == '&' ? cx_html_entity(cx_str_skip(text, at), &c) : 0;
        if (n == 0)
            out[len++] = text.ptr[at++];
        else if (c != 0)
            len += cx_utf8_put(c, out + len);
        at += n;
    }
    return cx_str_n(out, len);
}
