/* demo.h - the two ways the demo runs: on a broker with three processes, or in memory. Both fill an outcome. */
#ifndef CX_RUN_DEMO_H
#define CX_RUN_DEMO_H
#include "run/outcome.h"
#include "run/settings.h"

struct cx_demo {
    struct cx_settings *settings;
    struct cx_outcome *outcome;
    int64_t records, seed, start_ms; /* of the sample */
    const char *input;               /* the user's JSON lines instead; NULL: the sample */
    bool shows_progress;
    char folder[256], config[300]; /* of a run on a broker */
};
/* Calls `each` with every payload of the demo's input. */
typedef int cx_demo_payload_fn(void *context, struct cx_str key, struct cx_str value, struct cx_error *err);
int cx_demo_payloads(const struct cx_demo *demo, cx_demo_payload_fn *each, void *context, struct cx_error *err);
int cx_demo_in_memory(struct cx_demo *demo, struct cx_error *err);
/* 0, CX_EXIT_FINDINGS when the audit found something (it is printed), or the exit of a failure. */
int cx_demo_on_broker(struct cx_demo *demo, struct cx_error *err);
#endif
