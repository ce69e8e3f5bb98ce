#include "stages/route/rule_checker.h"

static struct route_value a_test(uint32_t op)
{
    return (struct route_value){ op, &route_type_bool, false };
}

static const struct route_op *op_of(const struct route_checker *c, const struct route_value *value)
{
    return &c->builder->ops[value->op];
}

static bool mismatch(struct route_checker *c, const struct route_syntax *s, const struct route_value *value, const struct route_type *type)
{
    return route_fault_set(c->fault, s->at, "expected %.*s, but %.*s is %.*s", CX_STR_ARG(type->name), CX_STR_ARG(route_excerpt(c->text, s)),
                           CX_STR_ARG(value->type->name));
}

static bool fit_symbol(struct route_checker *c, const struct route_syntax *s, struct route_value *value, const struct route_type *type)
{
    struct cx_str text = op_of(c, value)->s;
    int symbol = route_schema_symbol(type, text);
    if (symbol < 0) {
        const char *near = cx_did_you_mean(text, type->symbols, type->symbol_count);
        return route_fault_set(c->fault, s->at, "'%.*s' is no %.*s (%.*s)%s%s%s", CX_STR_ARG(cx_utf8_prefix(text, 40)), CX_STR_ARG(type->name),
                               CX_STR_ARG(route_schema_symbols(c->arena, type)), near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
    }
    *value = (struct route_value){ route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_INT, .i = symbol }), type, false };
    return true;
}

static bool fit_id(struct route_checker *c, const struct route_syntax *s, struct route_value *value, const struct route_type *type)
{
    struct cx_id *id = CX_NEW(c->arena, struct cx_id);
    if (!cx_id_from_hex(op_of(c, value)->s, id))
        return route_fault_set(c->fault, s->at, "an id is written as 32 lower-case hex digits");
    struct route_op op = { .code = ROUTE_OP_ID, .s = cx_str_n(id, sizeof *id) };
    *value = (struct route_value){ route_builder_add(c->builder, op), type, false };
    return true;
}

/* The record holds floats: 0.7 must mean the float nearest to 0.7, or score >= 0.7 would fail for a score of 0.7. */
static bool fit_double(struct route_checker *c, struct route_value *value, const struct route_type *type)
{
    const struct route_op constant = *op_of(c, value);
    if (constant.code == ROUTE_OP_INT || constant.code == ROUTE_OP_DOUBLE) {
        double number = constant.code == ROUTE_OP_INT ? (double)constant.i : constant.d;
        number = type->is_single ? (double)(float)number : number;
        value->op = route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_DOUBLE, .d = number });
    } else if (value->type->kind == ROUTE_INT) {
        value->op = route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_TO_DOUBLE, .a = value->op });
    }
    value->type = type;
    return true;
}

bool route_check_fit(struct route_checker *c, const struct route_syntax *s, struct route_value *value, const struct route_type *type)
{
    bool is_text = op_of(c, value)->code == ROUTE_OP_STRING && value->type->kind == ROUTE_STRING;
    if (is_text && type->kind == ROUTE_ENUM)
        return fit_symbol(c, s, value, type);
    if (is_text && type->kind == ROUTE_ID)
        return fit_id(c, s, value, type);
    if (type->kind == ROUTE_DOUBLE && (value->type->kind == ROUTE_INT || value->type->kind == ROUTE_DOUBLE))
        return fit_double(c, value, type);
    if (value->type->kind != type->kind || (type->kind == ROUTE_ENUM && !cx_str_eq(type->name, value->type->name)))
        return mismatch(c, s, value, type);
    return true;
}

/* x == null, x != null */
static bool compare_null(struct route_checker *c, const struct route_syntax *s, const struct route_syntax *operand, struct route_value *value)
{
    if (s->operator_ != ROUTE_TOKEN_EQ && s->operator_ != ROUTE_TOKEN_NE)
        return route_fault_set(c->fault, s->mark, "null can only be compared with == and !=");
    struct route_value x;
    if (!route_check_value(c, operand, &x))
        return false;
    bool can_be_absent = x.is_nullable || x.type->kind == ROUTE_NULL;
    if (x.type->kind == ROUTE_LIST || x.type->kind == ROUTE_MAP)
        return route_fault_set(c->fault, s->mark, "%.*s is never null, only empty: ask has(%.*s)", CX_STR_ARG(x.type->name),
                               CX_STR_ARG(route_excerpt(c->text, operand)));
    uint32_t has = x.type->kind == ROUTE_NULL ? route_builder_bool(c->builder, false)
                   : can_be_absent            ? route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_HAS, .a = x.op })
                                              : route_builder_bool(c->builder, true);
    *value = a_test(s->operator_ == ROUTE_TOKEN_NE ? has : route_builder_not(c->builder, has));
    return true;
}

/* Both sides known and of one kind. */
static bool check_sides(struct route_checker *c, const struct route_syntax *s, struct route_value *left, struct route_value *right)
{
    const struct route_syntax *a = s->first, *b = s->first->next;
    if (!route_check_known(c, a, left) || !route_check_known(c, b, right))
        return false;
    bool left_is_literal = a->kind == ROUTE_SYNTAX_STRING || (route_builder_is_constant(c->builder, left->op) && left->type->kind != ROUTE_ENUM);
    bool left_yields = left_is_literal || (left->type->kind == ROUTE_INT && right->type->kind == ROUTE_DOUBLE);
    return left_yields ? route_check_fit(c, a, left, right->type) && route_check_fit(c, b, right, left->type)
                       : route_check_fit(c, b, right, left->type) && route_check_fit(c, a, left, right->type);
}

uint32_t route_check_equal(struct route_checker *c, struct route_value left, struct route_value right)
{
    static const uint8_t codes[] = { [ROUTE_BOOL] = ROUTE_OP_EQ_BOOL,     [ROUTE_INT] = ROUTE_OP_EQ_INT, [ROUTE_DOUBLE] = ROUTE_OP_EQ_DOUBLE,
                                     [ROUTE_STRING] = ROUTE_OP_EQ_STRING, [ROUTE_ID] = ROUTE_OP_EQ_ID,   [ROUTE_ENUM] = ROUTE_OP_EQ_INT };
    if (route_builder_is_constant(c->builder, left.op)) { /* a constant stands right, so that a == b and b == a are one operation */
        struct route_value swap = left;
        left = right;
        right = swap;
    }
    const struct route_op *constant = op_of(c, &right);
    if (left.type->kind == ROUTE_ENUM && constant->code == ROUTE_OP_INT)
        return route_builder_add(c->builder,
                                 (struct route_op){ .code = ROUTE_OP_IN_SYMBOLS, .a = left.op, .i = (int64_t)(UINT64_C(1) << constant->i) });
    return route_builder_add(c->builder, (struct route_op){ .code = codes[left.type->kind], .a = left.op, .b = right.op });
}

/* < and <= ; > and >= are the same with the sides changed, which is right for NaN too. */
static bool order(struct route_checker *c, const struct route_syntax *s, struct route_value left, struct route_value right, struct route_value *value)
{
    bool is_turned = s->operator_ == ROUTE_TOKEN_GT || s->operator_ == ROUTE_TOKEN_GE;
    bool is_less = s->operator_ == ROUTE_TOKEN_LT || s->operator_ == ROUTE_TOKEN_GT;
    struct route_op op = { .a = is_turned ? right.op : left.op, .b = is_turned ? left.op : right.op };
    switch (left.type->kind) {
    case ROUTE_INT:
        op.code = is_less ? ROUTE_OP_LT_INT : ROUTE_OP_LE_INT;
        break;
    case ROUTE_DOUBLE:
        op.code = is_less ? ROUTE_OP_LT_DOUBLE : ROUTE_OP_LE_DOUBLE;
        break;
    case ROUTE_STRING:
        op.code = is_less ? ROUTE_OP_LT_STRING : ROUTE_OP_LE_STRING;
        break;
    case ROUTE_ENUM:
        return route_fault_set(c->fault, s->mark, "the symbols of %.*s have no order: write in ['%s', ...]", CX_STR_ARG(left.type->name),
                               left.type->symbols[0]);
    default:
        return route_fault_set(c->fault, s->mark, "values of type %.*s have no order", CX_STR_ARG(left.type->name));
    }
    *value = a_test(route_builder_add(c->builder, op));
    return true;
}

bool route_check_comparison(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    const struct route_syntax *a = s->first, *b = s->first->next;
    if (a->kind == ROUTE_SYNTAX_NULL || b->kind == ROUTE_SYNTAX_NULL)
        return compare_null(c, s, a->kind == ROUTE_SYNTAX_NULL ? b : a, value);
    struct route_value left, right;
    if (!check_sides(c, s, &left, &right))
        return false;
    if (s->operator_ != ROUTE_TOKEN_EQ && s->operator_ != ROUTE_TOKEN_NE)
        return order(c, s, left, right, value);
    if (left.type->kind > ROUTE_ENUM)
        return route_fault_set(c->fault, s->mark, "values of type %.*s cannot be compared", CX_STR_ARG(left.type->name));
    uint32_t op = route_check_equal(c, left, right);
    *value = a_test(s->operator_ == ROUTE_TOKEN_EQ ? op : route_builder_not(c->builder, op));
    return true;
}

bool route_check_arithmetic(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    struct route_value side[2];
    const struct route_syntax *operand = s->first;
    for (int i = 0; i < 2; i++, operand = operand->next) {
        if (!route_check_known(c, operand, &side[i]))
            return false;
        if (side[i].type->kind != ROUTE_INT && side[i].type->kind != ROUTE_DOUBLE)
            return route_fault_set(c->fault, operand->at, "%c takes numbers, but %.*s is %.*s", c->text.ptr[s->mark],
                                   CX_STR_ARG(route_excerpt(c->text, operand)), CX_STR_ARG(side[i].type->name));
    }
    bool is_whole = side[0].type->kind == ROUTE_INT && side[1].type->kind == ROUTE_INT && s->operator_ != ROUTE_TOKEN_DIVIDE;
    for (int i = 0; i < 2 && !is_whole; i++)
        fit_double(c, &side[i], &route_type_double);
    uint8_t code = s->operator_ == ROUTE_TOKEN_PLUS    ? (is_whole ? ROUTE_OP_ADD_INT : ROUTE_OP_ADD_DOUBLE)
                   : s->operator_ == ROUTE_TOKEN_MINUS ? (is_whole ? ROUTE_OP_SUBTRACT_INT : ROUTE_OP_SUBTRACT_DOUBLE)
                   : s->operator_ == ROUTE_TOKEN_TIMES ? (is_whole ? ROUTE_OP_MULTIPLY_INT : ROUTE_OP_MULTIPLY_DOUBLE)
                                                       : ROUTE_OP_DIVIDE_DOUBLE;
    value->op = route_builder_add(c->builder, (struct route_op){ .code = code, .a = side[0].op, .b = side[1].op });
    value->type = is_whole ? &route_type_int : &route_type_double;
    value->is_nullable = false;
    return true;
}
