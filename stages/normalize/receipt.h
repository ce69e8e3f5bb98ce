/* receipt.h - rows of `inputs:`, and what is known of a payload besides its body. */
#ifndef NORMALIZE_RECEIPT_H
#define NORMALIZE_RECEIPT_H
#include "stages/normalize/normalize.h"

/* Reads `inputs:` of the configuration. Rows of one topic complete each other: the first that says a thing decides. */
int normalize_inputs_load(struct normalize_self *self, const struct cx_env *env, struct cx_error *err);
/* Never NULL. */
const struct normalize_input *normalize_input_of(const struct normalize_self *self, struct cx_str topic);

/* Value of a Kafka header, null if there is none. */
struct cx_str normalize_header(const struct cx_message *message, const char *name);
/* What the row and, where trusted, the headers say. */
struct normalize_receipt *normalize_receipt_new(const struct normalize_self *self, struct cx_arena *arena, const struct cx_message *message);
/* Whether an id is one of the company's own accounts, by the envelope or the row. A `+` before a number makes no difference, nor does the case of an
 * e-mail address. */
bool normalize_is_own(const struct normalize_receipt *receipt, struct cx_str id);
/* Adds what an envelope says of its payload. */
struct normalize_envelope {
    struct cx_str adapter;         /* null: not said */
    const struct cx_json *payload; /* or the string `body`; NULL: neither */
};
bool normalize_receipt_open(struct cx_arena *arena, const struct cx_json *object, struct normalize_receipt *receipt,
                            struct normalize_envelope *envelope, struct normalize_fault *fault);
#endif
