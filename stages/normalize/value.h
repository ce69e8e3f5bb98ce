/* value.h - what an expression of an adapter gives: a node of the payload, a made node, or a time. Absent is both off. */
#ifndef NORMALIZE_VALUE_H
#define NORMALIZE_VALUE_H
#include "stages/normalize/normalize.h"

struct normalize_value {
    const struct cx_json *node; /* NULL: none */
    bool is_time;
    int64_t ms;
};
/* Where an expression is evaluated. */
struct normalize_scope {
    struct cx_arena *arena;
    const struct normalize_part *part;
    const struct cx_json *here; /* what a leading '.' stands for: the item, or the element of an `each` */
    struct normalize_fault *fault;
};

static inline struct normalize_value normalize_absent(void)
{
    return (struct normalize_value){ 0 };
}
static inline struct normalize_value normalize_time(int64_t ms)
{
    return (struct normalize_value){ NULL, true, ms };
}
/* There, and neither JSON null nor "". */
static inline bool normalize_is_present(struct normalize_value v)
{
    return v.is_time || (v.node != NULL && v.node->type != CX_JSON_NULL && !(v.node->type == CX_JSON_STRING && v.node->text.len == 0));
}
/* A made string; absent for null. */
struct normalize_value normalize_string(struct cx_arena *arena, struct cx_str text);
/* Text of a string or a number, "true", "false"; null for anything else. */
struct cx_str normalize_value_text(struct normalize_value v);
/* Epoch numbers (unit by magnitude), digits in a string, RFC 3339. */
bool normalize_value_time(struct normalize_value v, int64_t *ms);

/* ---- functions: `.path | name` ---- */
struct normalize_function {
    const char *name;
    /* The value is present. False with scope->fault filled when it cannot be taken for what the function reads. */
    bool (*apply)(const struct normalize_scope *scope, struct normalize_value *value);
    const char *doc;
};
extern const struct normalize_function normalize_functions[]; /* ends with a zero row */
const struct normalize_function *normalize_function_find(struct cx_str name);
#endif
