#include "stages/route/rule_syntax.h"

struct parser {
    struct cx_arena *arena;
    struct cx_str text;
    size_t at;                /* behind `token` */
    struct route_token token; /* the one looked at */
    size_t last_end;          /* where the token before it ended */
    unsigned nest;
    struct route_fault *fault;
};

/* How tightly the binary operators bind, by their token; from || (1) to * and / (6). */
static const unsigned char binding[] = {
    [ROUTE_TOKEN_OR] = 1,   [ROUTE_TOKEN_AND] = 2,   [ROUTE_TOKEN_EQ] = 3,    [ROUTE_TOKEN_NE] = 3,     [ROUTE_TOKEN_LT] = 3,
    [ROUTE_TOKEN_LE] = 3,   [ROUTE_TOKEN_GT] = 3,    [ROUTE_TOKEN_GE] = 3,    [ROUTE_TOKEN_IN] = 3,     [ROUTE_TOKEN_DEFAULT] = 4,
    [ROUTE_TOKEN_PLUS] = 5, [ROUTE_TOKEN_MINUS] = 5, [ROUTE_TOKEN_TIMES] = 6, [ROUTE_TOKEN_DIVIDE] = 6,
};
#define BINDS_COMPARISON 3
#define BINDS_NOTHING    1

static struct route_syntax *parse_binary(struct parser *p, unsigned least);

static bool advance(struct parser *p)
{
    p->last_end = p->token.end;
    return route_lex(p->arena, p->text, &p->at, &p->token, p->fault);
}

static struct route_syntax *fail(struct parser *p, size_t at, const char *what)
{
    route_fault_set(p->fault, at, "%s", what);
    return NULL;
}

static struct route_syntax *unexpected(struct parser *p, const char *wanted)
{
    if (p->token.kind == ROUTE_TOKEN_END)
        route_fault_set(p->fault, p->token.at, "the expression ends where %s should stand", wanted);
    else
        route_fault_set(p->fault, p->token.at, "%.*s stands where %s should stand", (int)(p->token.end - p->token.at), p->text.ptr + p->token.at,
                        wanted);
    return NULL;
}

static struct route_syntax *node(struct parser *p, enum route_syntax_kind kind, size_t at)
{
    struct route_syntax *syntax = CX_NEW(p->arena, struct route_syntax);
    syntax->kind = kind;
    syntax->at = syntax->mark = at;
    syntax->end = p->token.end;
    syntax->depth = 1;
    return syntax;
}

/* Adds the last operand; NULL (and a fault) when the tree grows too deep. */
static struct route_syntax *adopt(struct parser *p, struct route_syntax *parent, struct route_syntax *child)
{
    struct route_syntax **end = &parent->first;
    while (*end)
        end = &(*end)->next;
    *end = child;
    parent->count++;
    if (child->depth >= parent->depth)
        parent->depth = child->depth + 1;
    if (parent->end < child->end)
        parent->end = child->end;
    return parent->depth <= ROUTE_DEPTH_MAX ? parent : fail(p, parent->mark, "the expression is nested too deeply");
}

static bool take(struct parser *p, enum route_token_kind kind, const char *wanted)
{
    if (p->token.kind != kind) {
        unexpected(p, wanted);
        return false;
    }
    return advance(p);
}

/* Operands up to the closing sign, which is taken too. */
static struct route_syntax *parse_operands(struct parser *p, struct route_syntax *parent, enum route_token_kind close, const char *wanted)
{
    while (p->token.kind != close) {
        struct route_syntax *operand = parse_binary(p, BINDS_NOTHING);
        if (!operand || !adopt(p, parent, operand))
            return NULL;
        if (p->token.kind == close)
            break;
        if (!take(p, ROUTE_TOKEN_COMMA, wanted))
            return NULL;
        if (p->token.kind == close)
            return unexpected(p, "another item");
    }
    if (!advance(p))
        return NULL;
    parent->end = p->last_end;
    return parent;
}

static struct route_syntax *parse_name(struct parser *p)
{
    struct route_token name = p->token;
    if (!advance(p))
        return NULL;
    enum route_syntax_kind kind = cx_str_is(name.text, "null")                                    ? ROUTE_SYNTAX_NULL
                                  : cx_str_is(name.text, "true") || cx_str_is(name.text, "false") ? ROUTE_SYNTAX_BOOL
                                  : p->token.kind == ROUTE_TOKEN_LEFT_PAREN                       ? ROUTE_SYNTAX_CALL
                                                                                                  : ROUTE_SYNTAX_NAME;
    struct route_syntax *syntax = node(p, kind, name.at);
    syntax->end = name.end;
    syntax->text = name.text;
    syntax->integer = name.text.ptr[0] == 't';
    if (kind != ROUTE_SYNTAX_CALL)
        return syntax;
    return advance(p) ? parse_operands(p, syntax, ROUTE_TOKEN_RIGHT_PAREN, ", or )") : NULL;
}

static struct route_syntax *parse_literal(struct parser *p, enum route_syntax_kind kind)
{
    struct route_syntax *syntax = node(p, kind, p->token.at);
    syntax->text = p->token.text;
    syntax->integer = p->token.integer;
    syntax->number = p->token.number;
    return advance(p) ? syntax : NULL;
}

static struct route_syntax *parse_primary(struct parser *p)
{
    size_t at = p->token.at;
    switch (p->token.kind) {
    case ROUTE_TOKEN_INT:
        return parse_literal(p, ROUTE_SYNTAX_INT);
    case ROUTE_TOKEN_DOUBLE:
        return parse_literal(p, ROUTE_SYNTAX_DOUBLE);
    case ROUTE_TOKEN_STRING:
        return parse_literal(p, ROUTE_SYNTAX_STRING);
    case ROUTE_TOKEN_NAME:
        return parse_name(p);
    case ROUTE_TOKEN_LEFT_BRACKET: {
        struct route_syntax *list = node(p, ROUTE_SYNTAX_LIST, at);
        return advance(p) ? parse_operands(p, list, ROUTE_TOKEN_RIGHT_BRACKET, ", or ]") : NULL;
    }
    case ROUTE_TOKEN_LEFT_PAREN: {
        struct route_syntax *inner = advance(p) ? parse_binary(p, BINDS_NOTHING) : NULL;
        if (!inner || !take(p, ROUTE_TOKEN_RIGHT_PAREN, ")"))
            return NULL;
        inner->at = at; /* so that messages show the parentheses */
        inner->end = p->last_end;
        return inner;
    }
    default:
        return unexpected(p, "a value");
    }
}

/* operand.name, operand.name(operands) */
static struct route_syntax *parse_member(struct parser *p, struct route_syntax *operand)
{
    if (!advance(p))
        return NULL;
    struct route_token name = p->token;
    if (name.kind != ROUTE_TOKEN_NAME)
        return unexpected(p, "a name");
    if (!advance(p))
        return NULL;
    bool is_call = p->token.kind == ROUTE_TOKEN_LEFT_PAREN;
    struct route_syntax *syntax = node(p, is_call ? ROUTE_SYNTAX_CALL : ROUTE_SYNTAX_MEMBER, operand->at);
    syntax->text = name.text;
    syntax->mark = name.at;
    syntax->end = name.end;
    if (!adopt(p, syntax, operand) || !is_call)
        return syntax->depth <= ROUTE_DEPTH_MAX ? syntax : NULL;
    return advance(p) ? parse_operands(p, syntax, ROUTE_TOKEN_RIGHT_PAREN, ", or )") : NULL;
}

static struct route_syntax *parse_postfix(struct parser *p)
{
    struct route_syntax *syntax = parse_primary(p);
    while (syntax && (p->token.kind == ROUTE_TOKEN_DOT || p->token.kind == ROUTE_TOKEN_LEFT_BRACKET)) {
        if (p->token.kind == ROUTE_TOKEN_DOT) {
            syntax = parse_member(p, syntax);
            continue;
        }
        struct route_syntax *index = node(p, ROUTE_SYNTAX_INDEX, syntax->at);
        index->mark = p->token.at;
        if (!adopt(p, index, syntax) || !advance(p))
            return NULL;
        struct route_syntax *key = parse_binary(p, BINDS_NOTHING);
        if (!key || !adopt(p, index, key) || !take(p, ROUTE_TOKEN_RIGHT_BRACKET, "]"))
            return NULL;
        index->end = p->last_end;
        syntax = index;
    }
    return syntax;
}

static struct route_syntax *parse_unary(struct parser *p)
{
    if (++p->nest > ROUTE_NEST_MAX)
        return fail(p, p->token.at, "the expression is nested too deeply");
    struct route_syntax *syntax;
    if (p->token.kind == ROUTE_TOKEN_NOT || p->token.kind == ROUTE_TOKEN_MINUS) {
        syntax = node(p, ROUTE_SYNTAX_UNARY, p->token.at);
        syntax->operator_ = p->token.kind;
        struct route_syntax *operand = advance(p) ? parse_unary(p) : NULL;
        syntax = operand ? adopt(p, syntax, operand) : NULL;
    } else {
        syntax = parse_postfix(p);
    }
    p->nest--;
    return syntax;
}

/* Precedence climbing: an operand, then every operator that binds at least as tightly as `least`. */
static struct route_syntax *parse_binary(struct parser *p, unsigned least)
{
    struct route_syntax *left = parse_unary(p);
    bool is_compared = false;
    while (left && p->token.kind >= ROUTE_TOKEN_OR && binding[p->token.kind] >= least) {
        unsigned binds = binding[p->token.kind];
        if (binds == BINDS_COMPARISON && is_compared)
            return fail(p, p->token.at, "comparisons do not chain: join two of them with &&");
        is_compared = binds == BINDS_COMPARISON;
        struct route_syntax *both = node(p, ROUTE_SYNTAX_BINARY, left->at);
        both->operator_ = p->token.kind;
        both->mark = p->token.at;
        struct route_syntax *right = advance(p) ? parse_binary(p, binds + 1) : NULL;
        if (!right || !adopt(p, both, left) || !adopt(p, both, right))
            return NULL;
        left = both;
    }
    return left;
}

const struct route_syntax *route_parse(struct cx_arena *arena, struct cx_str text, struct route_fault *fault)
{
    struct parser parser = { .arena = arena, .text = text, .fault = fault };
    if (text.len > ROUTE_TEXT_MAX)
        return fail(&parser, 0, "the expression is longer than 4096 bytes");
    if (!cx_utf8_valid(text))
        return fail(&parser, 0, "the expression is not UTF-8");
    if (!advance(&parser))
        return NULL;
    struct route_syntax *syntax = parse_binary(&parser, BINDS_NOTHING);
    if (syntax && parser.token.kind != ROUTE_TOKEN_END)
        return unexpected(&parser, "an operator or the end");
    return syntax;
}

struct cx_str route_excerpt(struct cx_str text, const struct route_syntax *syntax)
{
    struct cx_str whole = cx_str_n(text.ptr + syntax->at, syntax->end - syntax->at);
    return cx_utf8_prefix(whole, 80);
}
