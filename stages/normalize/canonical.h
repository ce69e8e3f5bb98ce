/* canonical.h - canonical JSON: the record by its own names. */
#ifndef NORMALIZE_CANONICAL_H
#define NORMALIZE_CANONICAL_H
#include "stages/normalize/finish.h"

/* Fills the table that finds a field by its name; once, before any reading. */
void normalize_canonical_prepare(uint8_t slots[NORMALIZE_SLOTS]);
/* Fills the draft from `object`. Members without a field go to attributes, also those inside author, rating, reach, identifiers and media. */
bool normalize_canonical_read(const struct normalize_self *self, struct cx_arena *arena, const struct normalize_receipt *receipt,
                              const struct cx_json *object, struct normalize_draft *draft, struct normalize_fault *fault);
/* A given `source` object. */
bool normalize_canonical_source(struct cx_arena *arena, const struct cx_json *node, struct cx_source *source, struct normalize_fault *fault);
#endif
