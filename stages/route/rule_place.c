#include "stages/route/rule_place.h"

struct walk {
    struct cx_str source;
    size_t at;
    int line, column; /* of `at`, from 1; columns count characters */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void step(struct walk *w)
{
    char c = w->source.ptr[w->at++];
    if (c == '\n') {
        w->line++;
        w->column = 1;
    } else if (w->at == w->source.len || ((unsigned char)w->source.ptr[w->at] & 0xC0) != 0x80) {
        w->column++;
    }
}

static bool more(const struct walk *w)
{
    return w->at < w->source.len;
}

static char look(const struct walk *w, size_t ahead)
{
    return w->at + ahead < w->source.len ? w->source.ptr[w->at + ahead] : '\0';
}

/* Bytes an escape of a double-quoted scalar takes. */
static size_t escape_len(const struct walk *w)
{
    char c = look(w, 1);
    return c == 'x' ? 4 : c == 'u' ? 6 : c == 'U' ? 10 : 2;
}

static bool is_blank_escape(const struct walk *w)
{
    return look(w, 0) == '\\' && (is_blank(look(w, 1)) || look(w, 1) == 'n' || look(w, 1) == 't' || look(w, 1) == 'r');
}

static void skip_blanks(struct walk *w, char style)
{
    while (more(w) && (is_blank(look(w, 0)) || (style == '"' && is_blank_escape(w)))) {
        if (look(w, 0) == '\\')
            step(w);
        step(w);
    }
}

/* Over what stands for one character of the value. */
static void step_character(struct walk *w, char style)
{
    size_t bytes = style == '"' && look(w, 0) == '\\' ? escape_len(w) : style == '\'' && look(w, 0) == '\'' ? 2 : 1;
    for (size_t i = 0; i < bytes && more(w); i++)
        step(w);
    while (more(w) && ((unsigned char)look(w, 0) & 0xC0) == 0x80)
        step(w);
}

static void skip_line(struct walk *w)
{
    while (more(w) && look(w, 0) != '\n')
        step(w);
}

/* A member of a map stands where its key does: on to its value, over blanks and comments. */
static void skip_key(struct walk *w, struct cx_str key)
{
    size_t quotes = look(w, 0) == '"' || look(w, 0) == '\'' ? 2 : 0;
    for (size_t i = 0; i < key.len + quotes && more(w); i++)
        step(w);
    while (more(w) && look(w, 0) != ':')
        step(w);
    if (more(w))
        step(w);
    skip_blanks(w, ' ');
    while (look(w, 0) == '#') {
        skip_line(w);
        skip_blanks(w, ' ');
    }
}

struct cx_node route_place(struct cx_str source, const struct cx_node *scalar, size_t offset)
{
    struct walk w = { .source = source, .line = 1, .column = 1 };
    struct cx_node placed = *scalar;
    while (more(&w) && (w.line < scalar->line || (w.line == scalar->line && w.column < scalar->column)))
        step(&w);
    if (scalar->key.ptr)
        skip_key(&w, scalar->key);
    char style = look(&w, 0);
    if (style == '|' || style == '>') {
        skip_line(&w);
        skip_blanks(&w, style);
    } else if (style == '"' || style == '\'') {
        step(&w);
    }
    size_t at = 0, end = offset < scalar->text.len ? offset : scalar->text.len;
    while (at < end && more(&w)) {
        if (is_blank(scalar->text.ptr[at])) {
            while (at < end && is_blank(scalar->text.ptr[at]))
                at++;
            skip_blanks(&w, style);
            continue;
        }
        cx_utf8_next(scalar->text, &at);
        step_character(&w, style);
    }
    placed.line = w.line;
    placed.column = w.column;
    return placed;
}
