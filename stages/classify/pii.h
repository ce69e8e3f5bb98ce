/* pii.h - personal data in a text, as byte spans of the text as it was written.
 *
 *   email        local part, @, domain with a top level of two to 24 letters, of any script (RFC 6531)
 *   card         13..19 digits of a known issuer, in groups or not, with a right Luhn digit
 *   iban         country with its length, right modulo 97
 *   national_id  Turkish TCKN, Spanish DNI and NIE, with right check digits
 *   tax_id       Russian INN of 12 digits; of 10 where the word stands before it; with right check digits
 *   phone        international with + or 00, or as people of the five languages' countries write their own
 * Numbers without check digits are told from order numbers by their form only: a phone number is the guess with the least certainty here. */
#ifndef CX_STAGES_CLASSIFY_PII_H
#define CX_STAGES_CLASSIFY_PII_H
#include "codec/codec.h"

/* Spans in text order, never overlapping; in the arena. `language` null: not known. */
struct cx_pii_span_list classify_pii(struct cx_arena *arena, struct cx_str text, struct cx_str language);
#endif
