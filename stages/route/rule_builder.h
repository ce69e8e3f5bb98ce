/* rule_builder.h - where the checker puts operations: equal ones become one, tests of constants become their answer.
 *
 * Memory comes from the arena given; regular expressions do not, route_builder_free() gives them back (they belong to the builder, and the
 * finished program uses them). */
#ifndef CX_ROUTE_RULE_BUILDER_H
#define CX_ROUTE_RULE_BUILDER_H
#include "stages/route/rule_program.h"

struct route_builder {
    struct cx_arena *arena;
    struct route_op *ops;
    uint8_t *unbound; /* per operation: bit v is set when variable v must be bound to run it */
    size_t count, capacity;
    uint32_t *index; /* open addressing by the operation's hash, ROUTE_NO_OP where free */
    size_t index_size;
    bool is_full; /* ROUTE_OPS_MAX reached: what was built is worthless */
    struct route_pattern {
        struct cx_str text;
        struct route_regex *regex;
        struct route_pattern *next;
    } * patterns;
};
void route_builder_init(struct route_builder *builder, struct cx_arena *arena);
void route_builder_free(struct route_builder *builder);

/* The operation's index; `op` needs code and operands only. */
uint32_t route_builder_add(struct route_builder *builder, struct route_op op);
uint32_t route_builder_bool(struct route_builder *builder, bool value);
uint32_t route_builder_not(struct route_builder *builder, uint32_t a);
uint32_t route_builder_and(struct route_builder *builder, uint32_t a, uint32_t b);
uint32_t route_builder_or(struct route_builder *builder, uint32_t a, uint32_t b);
/* exists(): true for an item of list `a` with test `body`. */
uint32_t route_builder_exists(struct route_builder *builder, uint32_t a, uint32_t body, unsigned variable, size_t item_size);
/* A LIST of strings in order, and the bits of their lengths, for IN_STRINGS. */
uint32_t route_builder_strings(struct route_builder *builder, const struct cx_str *strings, size_t count, int64_t *lengths);
/* A search for a pattern; ROUTE_NO_OP with a sentence in `why` when the pattern is wrong. */
uint32_t route_builder_matches(struct route_builder *builder, uint32_t a, struct cx_str pattern, char *why, size_t size);
/* Takes a test apart: first && *rest, where *rest is the constant true if there is nothing more. */
uint32_t route_builder_split(struct route_builder *builder, uint32_t test, uint32_t *rest);
/* Whether the operation is the constant true or false. */
bool route_builder_is(const struct route_builder *builder, uint32_t op, bool value);
bool route_builder_is_constant(const struct route_builder *builder, uint32_t op);

/* Gives memo slots to what is asked more than once; `roots` are the tests that will be run. The builder stays owner of the regular expressions. */
struct route_program route_builder_finish(struct route_builder *builder, const uint32_t *roots, size_t count);
#endif
