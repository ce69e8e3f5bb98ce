/* rule_syntax.h - the text of an expression as a tree; docs/rules.md has the grammar.
 *
 * Positions are bytes from the expression's start. Everything lives in the arena given; names and strings without escapes are views of the text. */
#ifndef CX_ROUTE_RULE_SYNTAX_H
#define CX_ROUTE_RULE_SYNTAX_H
#include "base/arena.h"

#define ROUTE_TEXT_MAX  4096 /* bytes of one expression */
#define ROUTE_DEPTH_MAX 200  /* levels of the tree; a chain of && or || has one level per operand */
#define ROUTE_NEST_MAX  40   /* levels of parentheses, calls, brackets and signs */

/* The first thing wrong with an expression. */
struct route_fault {
    size_t at;
    char text[400];
};
/* Fills *fault and returns false. */
bool route_fault_set(struct route_fault *fault, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));

enum route_token_kind {
    ROUTE_TOKEN_END,
    ROUTE_TOKEN_NAME,
    ROUTE_TOKEN_INT,
    ROUTE_TOKEN_DOUBLE,
    ROUTE_TOKEN_STRING,
    ROUTE_TOKEN_LEFT_PAREN,
    ROUTE_TOKEN_RIGHT_PAREN,
    ROUTE_TOKEN_LEFT_BRACKET,
    ROUTE_TOKEN_RIGHT_BRACKET,
    ROUTE_TOKEN_COMMA,
    ROUTE_TOKEN_DOT,
    ROUTE_TOKEN_NOT,
    ROUTE_TOKEN_OR, /* binary operators from here on */
    ROUTE_TOKEN_AND,
    ROUTE_TOKEN_EQ,
    ROUTE_TOKEN_NE,
    ROUTE_TOKEN_LT,
    ROUTE_TOKEN_LE,
    ROUTE_TOKEN_GT,
    ROUTE_TOKEN_GE,
    ROUTE_TOKEN_IN,
    ROUTE_TOKEN_DEFAULT, /* ?? */
    ROUTE_TOKEN_PLUS,
    ROUTE_TOKEN_MINUS,
    ROUTE_TOKEN_TIMES,
    ROUTE_TOKEN_DIVIDE,
};

struct route_token {
    enum route_token_kind kind;
    size_t at, end;
    struct cx_str text; /* NAME as written, STRING without quotes and escapes */
    int64_t integer;
    double number;
};
/* Reads the token at or after *at and moves *at behind it. */
bool route_lex(struct cx_arena *arena, struct cx_str text, size_t *at, struct route_token *token, struct route_fault *fault);

enum route_syntax_kind {
    ROUTE_SYNTAX_NULL,
    ROUTE_SYNTAX_BOOL, /* integer is 0 or 1 */
    ROUTE_SYNTAX_INT,
    ROUTE_SYNTAX_DOUBLE,
    ROUTE_SYNTAX_STRING,
    ROUTE_SYNTAX_LIST, /* operands: the items */
    ROUTE_SYNTAX_NAME,
    ROUTE_SYNTAX_MEMBER, /* operand.name */
    ROUTE_SYNTAX_INDEX,  /* operand[operand] */
    ROUTE_SYNTAX_CALL,   /* name(operands); of x.f(y), x is the first */
    ROUTE_SYNTAX_UNARY,  /* operator is NOT or MINUS */
    ROUTE_SYNTAX_BINARY,
};

struct route_syntax {
    enum route_syntax_kind kind;
    enum route_token_kind operator_;
    size_t at, end;     /* the bytes it takes */
    size_t mark;        /* where its operator or name stands */
    unsigned depth;     /* levels, this one included */
    struct cx_str text; /* name or string */
    int64_t integer;
    double number;
    size_t count; /* operands */
    struct route_syntax *first, *next;
};
/* The tree, or NULL with *fault filled. */
const struct route_syntax *route_parse(struct cx_arena *arena, struct cx_str text, struct route_fault *fault);
/* The text between two bytes of an expression, shortened for messages. */
struct cx_str route_excerpt(struct cx_str text, const struct route_syntax *syntax);
#endif
