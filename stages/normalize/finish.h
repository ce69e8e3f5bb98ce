/* finish.h - the rules that hold for every record, wherever it came from. */
#ifndef NORMALIZE_FINISH_H
#define NORMALIZE_FINISH_H
#include "stages/normalize/normalize.h"

struct normalize_draft {
    struct cx_interaction *record;
    bool has_occurred_at, has_ingested_at;
    struct cx_source source; /* given in the payload; topic null: none */
};
/* Whose it is, required members, names, times, text, identifiers, source and event_id; sections of later stages become null. */
bool normalize_finish(const struct normalize_self *self, struct cx_ctx *ctx, const struct normalize_receipt *receipt, struct normalize_draft *draft,
                      struct normalize_fault *fault);
#endif
