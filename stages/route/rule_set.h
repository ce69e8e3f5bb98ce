/* rule_set.h - a rule set as written in YAML: loaded, checked and ready to decide.
 *
 * Everything lives in the arena given to route_rule_set_load, regular expressions excepted: route_rule_set_free gives those back. */
#ifndef CX_ROUTE_RULE_SET_H
#define CX_ROUTE_RULE_SET_H
#include "codec/codec.h"
#include "config/config.h"
#include "stage/stage.h"
#include "stages/route/rule_builder.h"
#include "stages/route/rule_schema.h"

/* The front-office functions, in the order in which a record names them. */
#define ROUTE_FUNCTIONS(X)                                                                                                                           \
    X(marketing, "What people make of campaigns and of the brand.")                                                                                  \
    X(care, "What needs an answer or help.")                                                                                                         \
    X(advertising, "Reactions to ads.")                                                                                                              \
    X(ecommerce, "Orders, delivery, returns.")                                                                                                       \
    X(research, "Surveys, reviews and opinions worth counting.")                                                                                     \
    X(product, "What works, what fails, what is wished for.")                                                                                        \
    X(pr, "Reputation: press, investors, wide reach, crises.")                                                                                       \
    X(sales, "Who wants to buy.")                                                                                                                    \
    X(hr, "Applicants and employees.")                                                                                                               \
    X(legal, "Threats, privacy, safety, fraud.")                                                                                                     \
    X(finance, "Bills, refunds, payments.")
#define ROUTE_FUNCTION_ENUM(name, doc) ROUTE_FUNCTION_##name,
enum route_function { ROUTE_FUNCTIONS(ROUTE_FUNCTION_ENUM) ROUTE_FUNCTION_COUNT };
extern const char *const route_function_names[]; /* ROUTE_FUNCTION_COUNT of them, then NULL */

#define ROUTE_RULES_MAX 1000

struct route_rule {
    struct cx_str id;
    uint32_t test; /* operation of the program: group's guard && rest */
    uint32_t rest;
    uint32_t functions;  /* bit per enum route_function; 0: known, and nobody's work */
    struct cx_str queue; /* null: none */
    int priority;        /* 0..9, -1: none */
    struct cx_str_list tags;
    const struct cx_node *tests; /* list of maps, or NULL */
};

/* Rules in a row whose tests begin alike, `direction == 'inbound' && ...`: the beginning is asked once for all of them. */
struct route_group {
    uint32_t guard;
    size_t first, count;
};

struct route_rule_set {
    struct cx_str version; /* name@version */
    const struct route_type *record;
    struct route_rule *rules;
    size_t count;
    struct route_group *groups;
    size_t group_count;
    struct route_builder builder;
    struct route_program program;
};

/* `file` names the text in messages. Errors stop with file:line:col; warnings (a test that is always true, never true or a double) are reported. */
int route_rule_set_load(struct route_rule_set *set, struct cx_arena *arena, const char *file, struct cx_str text, cx_finding_fn *report,
                        void *context, struct cx_error *err);
void route_rule_set_free(struct route_rule_set *set);

/* Which rules match. Fills *routing (memory from the arena) and *functions (bits); false when the budget of steps ran out. */
bool route_rule_set_decide(const struct route_rule_set *set, struct cx_arena *arena, const struct cx_interaction *record, int64_t budget,
                           struct cx_routing *routing, uint32_t *functions);
/* Runs the `tests:` of every rule and reports the ones that do not come out as expected; returns how many, or -1 when one cannot be read. */
int route_rule_set_test(const struct route_rule_set *set, struct cx_arena *arena, cx_finding_fn *report, void *context, struct cx_error *err);
#endif
