/* rule_checker.h - from syntax to operations: names resolved, types checked, nulls accounted for.
 *
 * A value that may be null must be given a default (x ?? y) or stand behind a test that it is there: has(x) && ..., x != null && ...,
 * !has(x) || .... What such a test proves holds for the operand beside it, no further. */
#ifndef CX_ROUTE_RULE_CHECKER_H
#define CX_ROUTE_RULE_CHECKER_H
#include "stages/route/rule_builder.h"
#include "stages/route/rule_schema.h"
#include "stages/route/rule_syntax.h"

/* Adds the expression to the builder. False with *fault filled when it is no test of a record. */
bool route_check(struct route_builder *builder, const struct route_type *record, struct cx_str text, const struct route_syntax *syntax,
                 uint32_t *root, struct route_fault *fault);

/* ---- between the checker's own files ---- */
struct route_value {
    uint32_t op;
    const struct route_type *type;
    bool is_nullable;
};

#define ROUTE_FACTS_MAX 512
struct route_checker {
    struct route_builder *builder;
    struct cx_arena *arena;
    const struct route_type *record;
    struct cx_str text;
    struct route_fault *fault;
    struct {
        struct cx_str name;
        const struct route_type *type;
    } variables[ROUTE_VARIABLES_MAX];
    size_t variable_count;
    uint32_t facts[ROUTE_FACTS_MAX]; /* operations known not to be null here */
    size_t fact_count;
};

/* Any value. */
bool route_check_value(struct route_checker *c, const struct route_syntax *syntax, struct route_value *value);
/* A value that cannot be null; not the word null. */
bool route_check_known(struct route_checker *c, const struct route_syntax *syntax, struct route_value *value);
/* A known value of that kind. */
bool route_check_kind(struct route_checker *c, const struct route_syntax *syntax, enum route_kind kind, struct route_value *value);
/* Makes a value fit the type it meets: int to double, a literal to an enum's symbol or an id. */
bool route_check_fit(struct route_checker *c, const struct route_syntax *syntax, struct route_value *value, const struct route_type *type);
/* left == right, both known and fitted. */
uint32_t route_check_equal(struct route_checker *c, struct route_value left, struct route_value right);
/* == != < <= > >= in; arithmetic */
bool route_check_comparison(struct route_checker *c, const struct route_syntax *syntax, struct route_value *value);
bool route_check_in(struct route_checker *c, const struct route_syntax *syntax, struct route_value *value);
/* Whether `item` is in the list or map `where`. */
bool route_check_membership(struct route_checker *c, const struct route_syntax *item, const struct route_syntax *where, struct route_value *value);
bool route_check_arithmetic(struct route_checker *c, const struct route_syntax *syntax, struct route_value *value);
bool route_check_call(struct route_checker *c, const struct route_syntax *syntax, struct route_value *value);
/* What variable or list item `place` is, read as a value of that type. */
struct route_value route_check_item(struct route_checker *c, uint32_t place, const struct route_type *type, bool is_nullable);
/* A list of literals as a constant. */
bool route_check_list(struct route_checker *c, const struct route_syntax *syntax, struct route_value *value);
/* Remembers what a test proves when it comes out as `truth`; forget by setting fact_count back. */
void route_check_learn(struct route_checker *c, uint32_t test, bool truth);
#endif
