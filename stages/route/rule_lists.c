#include "stages/route/rule_checker.h"

static const struct route_type list_of_string = {
    .kind = ROUTE_LIST, .name = { "list of string", 14 }, .items = &route_type_string, .item_size = sizeof(struct cx_str)
};
static const struct route_type list_of_int = {
    .kind = ROUTE_LIST, .name = { "list of int", 11 }, .items = &route_type_int, .item_size = sizeof(int64_t)
};
static const struct route_type list_of_double = {
    .kind = ROUTE_LIST, .name = { "list of double", 14 }, .items = &route_type_double, .item_size = sizeof(double)
};

static struct route_value a_test(uint32_t op)
{
    return (struct route_value){ op, &route_type_bool, false };
}

static bool is_literal(const struct route_syntax *s)
{
    if (s->kind == ROUTE_SYNTAX_UNARY && s->operator_ == ROUTE_TOKEN_MINUS)
        s = s->first;
    return s->kind >= ROUTE_SYNTAX_BOOL && s->kind <= ROUTE_SYNTAX_STRING;
}

bool route_check_list(struct route_checker *c, const struct route_syntax *list, struct route_value *value)
{
    const struct route_type *type = NULL;
    char *items = cx_arena_alloc(c->arena, list->count * sizeof(struct cx_str));
    size_t count = 0;
    for (const struct route_syntax *s = list->first; s; s = s->next, count++) {
        struct route_value item;
        if (!is_literal(s) || s->kind == ROUTE_SYNTAX_BOOL)
            return route_fault_set(c->fault, s->at, "a list holds literal strings or numbers");
        if (!route_check_known(c, s, &item))
            return false;
        if (!type)
            type = item.type->kind == ROUTE_STRING ? &list_of_string : item.type->kind == ROUTE_INT ? &list_of_int : &list_of_double;
        if (!route_check_fit(c, s, &item, type->items))
            return false;
        const struct route_op *constant = &c->builder->ops[item.op];
        const void *bytes = type == &list_of_string ? (const void *)&constant->s : type == &list_of_int ? (const void *)&constant->i : &constant->d;
        memcpy(items + count * type->item_size, bytes, type->item_size);
    }
    if (!type)
        return route_fault_set(c->fault, list->at, "the list is empty");
    struct route_op op = { .code = ROUTE_OP_LIST, .item_size = (uint16_t)type->item_size, .s = { items, count } };
    *value = (struct route_value){ route_builder_add(c->builder, op), type, false };
    return true;
}

static uint32_t among_strings(struct route_checker *c, uint32_t item, const struct route_syntax *list)
{
    struct cx_str *strings = CX_NEW_ARRAY(c->arena, struct cx_str, list->count);
    struct route_op op = { .code = ROUTE_OP_IN_STRINGS, .a = item };
    size_t count = 0;
    for (const struct route_syntax *s = list->first; s; s = s->next)
        strings[count++] = s->text;
    op.b = route_builder_strings(c->builder, strings, count, &op.i);
    return route_builder_add(c->builder, op);
}

/* item == x for one of `count` literals from `from` on, as a balanced tree. */
static bool any_equal(struct route_checker *c, struct route_value item, const struct route_syntax *from, size_t count, uint32_t *op)
{
    if (count == 1) {
        struct route_value left = item, right;
        if (!route_check_known(c, from, &right))
            return false;
        if (left.type->kind == ROUTE_INT && right.type->kind == ROUTE_DOUBLE)
            route_check_fit(c, from, &left, &route_type_double);
        if (!route_check_fit(c, from, &right, left.type))
            return false;
        *op = route_check_equal(c, left, right);
        return true;
    }
    uint32_t low, high;
    const struct route_syntax *middle = from;
    for (size_t i = 0; i < count / 2; i++)
        middle = middle->next;
    if (!any_equal(c, item, from, count / 2, &low) || !any_equal(c, item, middle, count - count / 2, &high))
        return false;
    const struct route_op a = c->builder->ops[low], b = c->builder->ops[high];
    *op = a.code == ROUTE_OP_IN_SYMBOLS && b.code == ROUTE_OP_IN_SYMBOLS
              ? route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_IN_SYMBOLS, .a = a.a, .i = a.i | b.i })
              : route_builder_or(c->builder, low, high);
    return true;
}

static bool in_literals(struct route_checker *c, struct route_value item, const struct route_syntax *list, struct route_value *value)
{
    bool are_strings = true;
    for (const struct route_syntax *s = list->first; s; s = s->next) {
        if (!is_literal(s))
            return route_fault_set(c->fault, s->at, "a list holds literals only");
        are_strings = are_strings && s->kind == ROUTE_SYNTAX_STRING;
    }
    if (list->count == 0) {
        *value = a_test(route_builder_bool(c->builder, false));
        return true;
    }
    if (item.type->kind > ROUTE_ENUM)
        return route_fault_set(c->fault, list->at, "values of type %.*s cannot be compared", CX_STR_ARG(item.type->name));
    *value = a_test(0);
    if (item.type->kind == ROUTE_STRING && are_strings) {
        value->op = among_strings(c, item.op, list);
        return true;
    }
    return any_equal(c, item, list->first, list->count, &value->op);
}

bool route_check_membership(struct route_checker *c, const struct route_syntax *item, const struct route_syntax *where, struct route_value *value)
{
    struct route_value x, container;
    if (!route_check_known(c, item, &x))
        return false;
    if (where->kind == ROUTE_SYNTAX_LIST)
        return in_literals(c, x, where, value);
    if (!route_check_known(c, where, &container))
        return false;
    struct cx_str excerpt = route_excerpt(c->text, where);
    if (container.type->kind == ROUTE_STRING)
        return route_fault_set(c->fault, where->at, "in looks into lists and maps; for a part of a string write %.*s.contains(...)",
                               CX_STR_ARG(excerpt));
    if (container.type->kind != ROUTE_MAP && container.type->kind != ROUTE_LIST)
        return route_fault_set(c->fault, where->at, "expected list or map, but %.*s is %.*s", CX_STR_ARG(excerpt), CX_STR_ARG(container.type->name));
    if (container.type->kind == ROUTE_LIST && container.type->items->kind != ROUTE_STRING)
        return route_fault_set(c->fault, where->at, "%.*s is a %.*s: look into its items with exists()", CX_STR_ARG(excerpt),
                               CX_STR_ARG(container.type->name));
    if (x.type->kind != ROUTE_STRING)
        return route_check_fit(c, item, &x, &route_type_string);
    uint8_t code = container.type->kind == ROUTE_MAP ? ROUTE_OP_HAS_KEY : ROUTE_OP_HAS_ITEM;
    *value = a_test(route_builder_add(c->builder, (struct route_op){ .code = code, .a = container.op, .b = x.op }));
    return true;
}

bool route_check_in(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    return route_check_membership(c, s->first, s->first->next, value);
}
