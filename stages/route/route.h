/* route.h - stage route, and what cx lint asks of it. */
#ifndef CX_ROUTE_H
#define CX_ROUTE_H
#include "stages/route/rule_set.h"

extern const struct cx_stage route_stage;

/* Loads the rule set that `config` (the stage's, as read by its options) names, reports its warnings, runs the tests in it and reports those
 * that fail. Returns the number of reports, or -1 with *err when the set cannot be used. */
int route_selftest(const void *config, const struct cx_env *env, cx_finding_fn *report, void *context, struct cx_error *err);
#endif
