#include "stages/route/rule_checker.h"

static bool is_fact(const struct route_checker *c, uint32_t op)
{
    for (size_t i = 0; i < c->fact_count; i++)
        if (c->facts[i] == op)
            return true;
    return false;
}

/* A value that is there has all records on its way there. */
static void learn_present(struct route_checker *c, uint32_t at)
{
    for (;;) {
        const struct route_op *op = &c->builder->ops[at];
        if (c->fact_count < ROUTE_FACTS_MAX)
            c->facts[c->fact_count++] = at;
        if (op->code < ROUTE_OP_ITEM || op->code > ROUTE_OP_LOOKUP)
            return;
        at = op->a;
    }
}

void route_check_learn(struct route_checker *c, uint32_t test, bool truth)
{
    const struct route_op *op = &c->builder->ops[test];
    if (op->code == ROUTE_OP_NOT) {
        route_check_learn(c, op->a, !truth);
    } else if (truth &&
               (op->code == ROUTE_OP_HAS || (op->code >= ROUTE_OP_HAS_ITEM && op->code <= ROUTE_OP_HAS_KEY) || op->code >= ROUTE_OP_EXISTS)) {
        learn_present(c, op->a); /* what has an item is there too */
    } else if (op->code == (truth ? ROUTE_OP_AND : ROUTE_OP_OR)) {
        route_check_learn(c, op->a, truth);
        route_check_learn(c, op->b, truth);
    }
}

static struct route_value value_of(struct route_checker *c, struct route_op op, const struct route_type *type)
{
    return (struct route_value){ route_builder_add(c->builder, op), type, false };
}

/* Lists and maps are never null: beneath a null record they are empty. */
static struct route_value load(struct route_checker *c, uint32_t place, bool place_is_nullable, const struct route_field *field)
{
    struct route_value value = value_of(
        c, (struct route_op){ .code = (uint8_t)(ROUTE_OP_LOAD_BOOL + field->storage), .a = place, .offset = (uint32_t)field->offset }, field->type);
    bool is_container = field->type->kind == ROUTE_LIST || field->type->kind == ROUTE_MAP;
    value.is_nullable = !is_container && (field->is_nullable || place_is_nullable) && !is_fact(c, value.op);
    return value;
}

struct route_value route_check_item(struct route_checker *c, uint32_t place, const struct route_type *type, bool is_nullable)
{
    struct route_value value = { place, type, is_nullable };
    uint8_t code = type->kind == ROUTE_STRING   ? ROUTE_OP_LOAD_STR
                   : type->kind == ROUTE_INT    ? ROUTE_OP_LOAD_I64
                   : type->kind == ROUTE_DOUBLE ? ROUTE_OP_LOAD_F64
                                                : ROUTE_OP_BOOL;
    if (code != ROUTE_OP_BOOL)
        value.op = route_builder_add(c->builder, (struct route_op){ .code = code, .a = place });
    value.is_nullable = is_nullable && !is_fact(c, value.op);
    return value;
}

static bool check_name(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    for (size_t i = c->variable_count; i-- > 0;) {
        if (cx_str_eq(c->variables[i].name, s->text)) {
            uint32_t place = route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_VARIABLE, .variable = (uint16_t)i });
            *value = route_check_item(c, place, c->variables[i].type, false);
            return true;
        }
    }
    const struct route_field *field = route_schema_field(c->record, s->text);
    if (field) {
        *value = load(c, route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_ROOT }), false, field);
        return true;
    }
    if (cx_str_is(s->text, "routing"))
        return route_fault_set(c->fault, s->at, "routing is what the rules decide: a rule cannot ask for it");
    const char *near = route_schema_suggest(c->arena, c->record, s->text);
    return route_fault_set(c->fault, s->at, "unknown field %.*s%s%s%s", CX_STR_ARG(s->text), near ? ": did you mean " : "", near ? near : "",
                           near ? "?" : "");
}

static bool check_member(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    struct route_value base;
    if (!route_check_value(c, s->first, &base))
        return false;
    struct cx_str excerpt = route_excerpt(c->text, s->first);
    if (base.type->kind == ROUTE_LIST)
        return route_fault_set(c->fault, s->mark, "%.*s is a %.*s: look into its items with exists() or [0]", CX_STR_ARG(excerpt),
                               CX_STR_ARG(base.type->name));
    if (base.type->kind == ROUTE_MAP)
        return route_fault_set(c->fault, s->mark, "%.*s is a map: write %.*s[\"%.*s\"]", CX_STR_ARG(excerpt), CX_STR_ARG(excerpt),
                               CX_STR_ARG(s->text));
    if (base.type->kind != ROUTE_RECORD)
        return route_fault_set(c->fault, s->mark, "%.*s is %.*s: it has no fields", CX_STR_ARG(excerpt), CX_STR_ARG(base.type->name));
    const struct route_field *field = route_schema_field(base.type, s->text);
    if (!field) {
        const char *near = route_schema_suggest(c->arena, base.type, s->text);
        return route_fault_set(c->fault, s->mark, "%.*s has no field %.*s%s%s%s", CX_STR_ARG(base.type->name), CX_STR_ARG(s->text),
                               near ? ": did you mean " : "", near ? near : "", near ? "?" : "");
    }
    *value = load(c, base.op, base.is_nullable, field);
    return true;
}

static bool check_index(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    struct route_value base, key;
    const struct route_syntax *index = s->first->next;
    if (!route_check_value(c, s->first, &base))
        return false;
    if (base.type->kind == ROUTE_MAP) {
        if (!route_check_kind(c, index, ROUTE_STRING, &key))
            return false;
        *value = value_of(c, (struct route_op){ .code = ROUTE_OP_LOOKUP, .a = base.op, .b = key.op }, &route_type_string);
        value->is_nullable = !is_fact(c, value->op);
        return true;
    }
    if (base.type->kind != ROUTE_LIST || index->kind != ROUTE_SYNTAX_INT)
        return route_fault_set(c->fault, base.type->kind == ROUTE_LIST ? index->at : s->mark,
                               "[] takes a map's key or a list's position, a number from 0");
    struct route_op op = { .code = ROUTE_OP_ITEM, .a = base.op, .i = index->integer, .item_size = (uint16_t)base.type->item_size };
    uint32_t place = route_builder_add(c->builder, op);
    *value = route_check_item(c, place, base.type->items, !is_fact(c, place));
    return true;
}

static bool check_unary(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    const struct route_syntax *operand = s->first;
    if (s->operator_ == ROUTE_TOKEN_NOT) {
        if (!route_check_kind(c, operand, ROUTE_BOOL, value))
            return false;
        value->op = route_builder_not(c->builder, value->op);
        return true;
    }
    if (!route_check_known(c, operand, value))
        return false;
    const struct route_op constant = c->builder->ops[value->op];
    if (constant.code == ROUTE_OP_INT && value->type->kind == ROUTE_INT) {
        value->op = route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_INT, .i = -constant.i });
    } else if (constant.code == ROUTE_OP_DOUBLE) {
        value->op = route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_DOUBLE, .d = -constant.d });
    } else if (value->type->kind == ROUTE_INT) {
        uint32_t zero = route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_INT });
        *value = value_of(c, (struct route_op){ .code = ROUTE_OP_SUBTRACT_INT, .a = zero, .b = value->op }, &route_type_int);
    } else if (value->type->kind == ROUTE_DOUBLE) {
        uint32_t zero = route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_DOUBLE });
        *value = value_of(c, (struct route_op){ .code = ROUTE_OP_SUBTRACT_DOUBLE, .a = zero, .b = value->op }, value->type);
    } else {
        return route_fault_set(c->fault, operand->at, "- takes a number, but %.*s is %.*s", CX_STR_ARG(route_excerpt(c->text, operand)),
                               CX_STR_ARG(value->type->name));
    }
    return true;
}

/* && and ||: what the left operand proves holds in the right one. */
static bool check_junction(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    bool is_and = s->operator_ == ROUTE_TOKEN_AND;
    struct route_value left, right;
    if (!route_check_kind(c, s->first, ROUTE_BOOL, &left))
        return false;
    size_t known = c->fact_count;
    route_check_learn(c, left.op, is_and);
    bool is_sound = route_check_kind(c, s->first->next, ROUTE_BOOL, &right);
    c->fact_count = known;
    if (!is_sound)
        return false;
    uint32_t op = is_and ? route_builder_and(c->builder, left.op, right.op) : route_builder_or(c->builder, left.op, right.op);
    *value = (struct route_value){ op, &route_type_bool, false };
    return true;
}

static bool check_default(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    struct route_value left, right;
    const struct route_syntax *fallback = s->first->next;
    if (!route_check_value(c, s->first, &left) || !route_check_value(c, fallback, &right))
        return false;
    if (left.type->kind == ROUTE_NULL || left.type->kind == ROUTE_RECORD || left.type->kind == ROUTE_LIST || left.type->kind == ROUTE_MAP)
        return route_fault_set(c->fault, s->mark, "?? takes a single value that may be null, but %.*s is %.*s",
                               CX_STR_ARG(route_excerpt(c->text, s->first)), CX_STR_ARG(left.type->name));
    if (left.type->kind == ROUTE_INT && right.type->kind == ROUTE_DOUBLE) {
        bool is_nullable = left.is_nullable;
        if (!route_check_fit(c, s->first, &left, right.type))
            return false;
        left.is_nullable = is_nullable;
    }
    if (right.type->kind == ROUTE_NULL)
        return route_fault_set(c->fault, fallback->at, "null is no default");
    if (!route_check_fit(c, fallback, &right, left.type))
        return false;
    *value = left;
    if (left.is_nullable) {
        value->op = route_builder_add(c->builder, (struct route_op){ .code = ROUTE_OP_DEFAULT, .a = left.op, .b = right.op });
        value->is_nullable = right.is_nullable;
    }
    return true;
}

static bool check_binary(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    switch (s->operator_) {
    case ROUTE_TOKEN_AND:
    case ROUTE_TOKEN_OR:
        return check_junction(c, s, value);
    case ROUTE_TOKEN_DEFAULT:
        return check_default(c, s, value);
    case ROUTE_TOKEN_IN:
        return route_check_in(c, s, value);
    case ROUTE_TOKEN_PLUS:
    case ROUTE_TOKEN_MINUS:
    case ROUTE_TOKEN_TIMES:
    case ROUTE_TOKEN_DIVIDE:
        return route_check_arithmetic(c, s, value);
    default:
        return route_check_comparison(c, s, value);
    }
}

bool route_check_value(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    switch (s->kind) {
    case ROUTE_SYNTAX_NULL:
        *value = (struct route_value){ route_builder_bool(c->builder, false), &route_type_null, true };
        return true;
    case ROUTE_SYNTAX_BOOL:
        *value = (struct route_value){ route_builder_bool(c->builder, s->integer != 0), &route_type_bool, false };
        return true;
    case ROUTE_SYNTAX_INT:
        *value = value_of(c, (struct route_op){ .code = ROUTE_OP_INT, .i = s->integer }, &route_type_int);
        return true;
    case ROUTE_SYNTAX_DOUBLE:
        *value = value_of(c, (struct route_op){ .code = ROUTE_OP_DOUBLE, .d = s->number }, &route_type_double);
        return true;
    case ROUTE_SYNTAX_STRING:
        *value = value_of(c, (struct route_op){ .code = ROUTE_OP_STRING, .s = s->text }, &route_type_string);
        return true;
    case ROUTE_SYNTAX_LIST:
        return route_check_list(c, s, value);
    case ROUTE_SYNTAX_NAME:
        return check_name(c, s, value);
    case ROUTE_SYNTAX_MEMBER:
        return check_member(c, s, value);
    case ROUTE_SYNTAX_INDEX:
        return check_index(c, s, value);
    case ROUTE_SYNTAX_CALL:
        return route_check_call(c, s, value);
    case ROUTE_SYNTAX_UNARY:
        return check_unary(c, s, value);
    default:
        return check_binary(c, s, value);
    }
}

/* A default that fits, for the message. */
static const char *sample_default(const struct route_type *type)
{
    switch (type->kind) {
    case ROUTE_BOOL:
        return "false";
    case ROUTE_INT:
        return "0";
    case ROUTE_DOUBLE:
        return "0.0";
    case ROUTE_STRING:
        return "''";
    default:
        return NULL;
    }
}

bool route_check_known(struct route_checker *c, const struct route_syntax *s, struct route_value *value)
{
    if (!route_check_value(c, s, value))
        return false;
    if (value->type->kind == ROUTE_NULL)
        return route_fault_set(c->fault, s->at, "null can only be compared with == and !=");
    if (!value->is_nullable)
        return true;
    struct cx_str excerpt = route_excerpt(c->text, s);
    const char *sample =
        value->type->kind == ROUTE_ENUM ? cx_arena_format(c->arena, "'%s'%c", value->type->symbols[0], 0).ptr : sample_default(value->type);
    if (!sample)
        return route_fault_set(c->fault, s->at, "%.*s may be null: guard it with has(%.*s) &&", CX_STR_ARG(excerpt), CX_STR_ARG(excerpt));
    return route_fault_set(c->fault, s->at, "%.*s may be null: give it a default, (%.*s ?? %s), or guard it with has(%.*s) &&", CX_STR_ARG(excerpt),
                           CX_STR_ARG(excerpt), sample, CX_STR_ARG(excerpt));
}

bool route_check_kind(struct route_checker *c, const struct route_syntax *s, enum route_kind kind, struct route_value *value)
{
    static const char *const wanted[] = { [ROUTE_BOOL] = "bool", [ROUTE_STRING] = "string" };
    if (!route_check_known(c, s, value))
        return false;
    if (value->type->kind == kind)
        return true;
    return route_fault_set(c->fault, s->at, "expected %s, but %.*s is %.*s", wanted[kind], CX_STR_ARG(route_excerpt(c->text, s)),
                           CX_STR_ARG(value->type->name));
}

bool route_check(struct route_builder *builder, const struct route_type *record, struct cx_str text, const struct route_syntax *syntax,
                 uint32_t *root, struct route_fault *fault)
{
    struct route_checker checker = { .builder = builder, .arena = builder->arena, .record = record, .text = text, .fault = fault };
    struct route_value value;
    if (!route_check_kind(&checker, syntax, ROUTE_BOOL, &value))
        return false;
    if (builder->is_full)
        return route_fault_set(fault, 0, "the rule set has more than %d operations", ROUTE_OPS_MAX);
    *root = value.op;
    return true;
}
