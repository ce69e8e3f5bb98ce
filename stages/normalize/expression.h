/* expression.h - how an adapter says where a value comes from. Compiled once from YAML, evaluated per item without search or allocation of its own.
 * The language is described in README.md. */
#ifndef NORMALIZE_EXPRESSION_H
#define NORMALIZE_EXPRESSION_H
#include "stages/normalize/value.h"

/* ---- paths: .a.b[0].c   $list.a   $.a   $headers.x-topic   .a[id=.b].c ---- */
enum path_start { PATH_HERE, PATH_PAYLOAD, PATH_LIST, PATH_OWN_IDS, PATH_HEADERS, PATH_CONTEXT };
enum step_kind { STEP_MEMBER, STEP_INDEX, STEP_LAST, STEP_SELECT };
struct normalize_operand;
struct normalize_step {
    enum step_kind kind;
    struct cx_str name; /* of a member; of the member that a selection compares */
    int64_t index;
    const struct normalize_operand *equals; /* of a selection */
};
struct normalize_path {
    enum path_start start;
    int list; /* slot, of PATH_LIST */
    const struct normalize_step *steps;
    size_t count;
};
/* A path, or a constant where `path` is NULL. */
struct normalize_operand {
    const struct normalize_path *path;
    struct cx_str constant;
};
/* The node, or NULL. */
const struct cx_json *normalize_path_get(const struct normalize_scope *scope, const struct normalize_path *path);
/* Text of what the operand gives; null: nothing there. */
struct cx_str normalize_operand_text(const struct normalize_scope *scope, const struct normalize_operand *operand);

/* ---- conditions ---- */
enum condition_kind { IF_PRESENT, IF_EQUAL, IF_IN, IF_CONTAINS, IF_GREATER, IF_TYPE, IF_ALL, IF_ANY };
struct normalize_condition {
    enum condition_kind kind;
    bool is_negated;
    struct normalize_operand left;
    const struct normalize_operand *right;
    const struct normalize_condition *parts; /* of IF_ALL and IF_ANY */
    size_t count;                            /* of right, or of parts */
};
bool normalize_condition_holds(const struct normalize_scope *scope, const struct normalize_condition *condition);

/* ---- expressions ---- */
enum expression_kind { GIVES_NOTHING, GIVES_CONSTANT, GIVES_PATH, GIVES_TEMPLATE, GIVES_FIRST, GIVES_JOINED, GIVES_CHOICE, GIVES_TABLE };
enum { FUNCTIONS_MAX = 4 };
struct normalize_expression {
    enum expression_kind kind;
    struct cx_json constant;
    const struct normalize_path *path;
    const struct normalize_function *functions[FUNCTIONS_MAX]; /* of GIVES_PATH; NULL ends them */
    const struct normalize_expression
        *parts; /* of a template, a first-of, a join; [0] then and [1] else of a choice; [0] what a table is asked, [1] its else */
    size_t count;
    struct cx_str separator;
    const struct normalize_condition *condition;
    const struct cx_str_entry *rows; /* of a table */
    size_t row_count;
};
/* False with scope->fault filled when a value is there but cannot be read. */
bool normalize_evaluate(const struct normalize_scope *scope, const struct normalize_expression *expression, struct normalize_value *value);

/* ---- compiling ---- */
/* Members that expressions read below '.', so that the rest can go to attributes. */
struct normalize_reads {
    struct cx_str name;
    bool is_whole;   /* the member itself is read, not only something inside */
    bool is_handled; /* nothing inside is left over, read or not */
    struct normalize_reads *first, *next;
};
struct normalize_compiler {
    struct cx_arena *arena;
    struct cx_str *lists;          /* names of lists by slot, NORMALIZE_LISTS_MAX of them */
    struct normalize_reads *reads; /* collects paths that begin at '.'; NULL: nobody asks */
};
/* The row of a member among those read in an object, made if need be. */
struct normalize_reads *normalize_read_member(const struct normalize_compiler *c, struct normalize_reads *in, struct cx_str name);
/* All return -1 with a place and a reason in err. */
int normalize_compile_path(const struct normalize_compiler *c, const struct cx_node *at, struct cx_str text, const struct normalize_path **path,
                           struct cx_error *err);
int normalize_compile_condition(const struct normalize_compiler *c, const struct cx_node *node, const struct normalize_condition **condition,
                                struct cx_error *err);
int normalize_compile(const struct normalize_compiler *c, const struct cx_node *node, struct normalize_expression *expression, struct cx_error *err);
#endif
