#include "stages/route/rule_syntax.h"
#include <stdarg.h>

bool route_fault_set(struct route_fault *fault, size_t at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    fault->at = at;
    return false;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void lex_name(struct cx_str text, struct route_token *token)
{
    while (token->end < text.len && (is_letter(text.ptr[token->end]) || is_digit(text.ptr[token->end])))
        token->end++;
    token->text = cx_str_n(text.ptr + token->at, token->end - token->at);
    token->kind = cx_str_is(token->text, "in") ? ROUTE_TOKEN_IN : ROUTE_TOKEN_NAME;
}

static size_t skip_digits(struct cx_str text, size_t at)
{
    while (at < text.len && is_digit(text.ptr[at]))
        at++;
    return at;
}

static bool lex_number(struct cx_str text, struct route_token *token, struct route_fault *fault)
{
    size_t end = skip_digits(text, token->at);
    token->kind = ROUTE_TOKEN_INT;
    if (end + 1 < text.len && text.ptr[end] == '.' && is_digit(text.ptr[end + 1])) {
        token->kind = ROUTE_TOKEN_DOUBLE;
        end = skip_digits(text, end + 1);
    }
    if (end < text.len && (text.ptr[end] == 'e' || text.ptr[end] == 'E')) {
        size_t digits = end + 1;
        if (digits < text.len && (text.ptr[digits] == '+' || text.ptr[digits] == '-'))
            digits++;
        token->kind = ROUTE_TOKEN_DOUBLE;
        end = skip_digits(text, digits);
        if (end == digits)
            return route_fault_set(fault, token->at, "a number's exponent has no digits");
    }
    if (end < text.len && is_letter(text.ptr[end]))
        return route_fault_set(fault, end, "a number runs into a name");
    token->end = end;
    struct cx_str digits = cx_str_n(text.ptr + token->at, end - token->at);
    if (token->kind == ROUTE_TOKEN_INT ? !cx_str_to_i64(digits, &token->integer) : !cx_str_to_f64(digits, &token->number))
        return route_fault_set(fault, token->at, "the number %.*s is too large", CX_STR_ARG(digits));
    return true;
}

/* One escape after the backslash at `at`; writes 1..4 bytes to `out` and returns how many bytes of text it took, 0 when it is unknown. */
static size_t lex_escape(struct cx_str text, size_t at, char out[4], size_t *len)
{
    static const char from[] = "\\'\"nrt", to[] = "\\'\"\n\r\t";
    const char *simple = at + 1 < text.len && text.ptr[at + 1] != '\0' ? strchr(from, text.ptr[at + 1]) : NULL;
    if (simple) {
        out[0] = to[simple - from];
        *len = 1;
        return 2;
    }
    if (at + 5 >= text.len || text.ptr[at + 1] != 'u')
        return 0;
    uint32_t code = 0;
    for (size_t i = at + 2; i < at + 6; i++) {
        int digit = hex_digit(text.ptr[i]);
        if (digit < 0)
            return 0;
        code = code * 16 + (uint32_t)digit;
    }
    if (code == 0 || (code >= 0xD800 && code <= 0xDFFF))
        return 0;
    *len = cx_utf8_put(code, out);
    return 6;
}

static bool lex_string(struct cx_arena *arena, struct cx_str text, struct route_token *token, struct route_fault *fault)
{
    char quote = text.ptr[token->at];
    size_t at = token->at + 1, len = 0;
    char *bytes = cx_arena_bytes(arena, text.len - at);
    while (at < text.len && text.ptr[at] != quote) {
        if (text.ptr[at] != '\\') {
            bytes[len++] = text.ptr[at++];
            continue;
        }
        char escape[4];
        size_t escape_len, taken = lex_escape(text, at, escape, &escape_len);
        if (taken == 0)
            return route_fault_set(fault, at, "unknown escape: write \\\\ \\' \\\" \\n \\r \\t or \\uXXXX");
        memcpy(bytes + len, escape, escape_len);
        len += escape_len;
        at += taken;
    }
    if (at == text.len)
        return route_fault_set(fault, token->at, "the string has no closing %c", quote);
    token->kind = ROUTE_TOKEN_STRING;
    token->text = cx_str_n(bytes, len);
    token->end = at + 1;
    return true;
}

static bool lex_sign(struct cx_str text, struct route_token *token, struct route_fault *fault)
{
    static const struct {
        const char *text;
        enum route_token_kind kind;
    } signs[] = {
        /* the longer of two that begin alike comes first */
        { "||", ROUTE_TOKEN_OR },          { "&&", ROUTE_TOKEN_AND },          { "==", ROUTE_TOKEN_EQ },        { "!=", ROUTE_TOKEN_NE },
        { "<=", ROUTE_TOKEN_LE },          { ">=", ROUTE_TOKEN_GE },           { "??", ROUTE_TOKEN_DEFAULT },   { "<", ROUTE_TOKEN_LT },
        { ">", ROUTE_TOKEN_GT },           { "!", ROUTE_TOKEN_NOT },           { "+", ROUTE_TOKEN_PLUS },       { "-", ROUTE_TOKEN_MINUS },
        { "*", ROUTE_TOKEN_TIMES },        { "/", ROUTE_TOKEN_DIVIDE },        { "(", ROUTE_TOKEN_LEFT_PAREN }, { ")", ROUTE_TOKEN_RIGHT_PAREN },
        { "[", ROUTE_TOKEN_LEFT_BRACKET }, { "]", ROUTE_TOKEN_RIGHT_BRACKET }, { ",", ROUTE_TOKEN_COMMA },      { ".", ROUTE_TOKEN_DOT }
    };
    struct cx_str rest = cx_str_skip(text, token->at);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (cx_str_starts(rest, cx_str(signs[i].text))) {
            token->kind = signs[i].kind;
            token->end = token->at + strlen(signs[i].text);
            return true;
        }
    }
    const char *hint = rest.ptr[0] == '=' ? ": equality is ==" : rest.ptr[0] == '&' ? ": and is &&" : rest.ptr[0] == '|' ? ": or is ||" : "";
    struct cx_str character = cx_utf8_prefix(rest, rest.len < 4 ? rest.len : 4);
    size_t end = 0;
    cx_utf8_next(character, &end);
    return route_fault_set(fault, token->at, "unexpected character %.*s%s", (int)end, rest.ptr, hint);
}

bool route_lex(struct cx_arena *arena, struct cx_str text, size_t *at, struct route_token *token, struct route_fault *fault)
{
    while (*at < text.len && is_blank(text.ptr[*at]))
        (*at)++;
    *token = (struct route_token){ .kind = ROUTE_TOKEN_END, .at = *at, .end = *at };
    if (*at == text.len)
        return true;
    char c = text.ptr[*at];
    if (is_letter(c))
        lex_name(text, token);
    else if (is_digit(c)               ? !lex_number(text, token, fault)
             : (c == '\'' || c == '"') ? !lex_string(arena, text, token, fault)
                                       : !lex_sign(text, token, fault))
        return false;
    *at = token->end;
    return true;
}
