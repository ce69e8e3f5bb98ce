/* phone.h - telephone numbers as E.164: `+` and 8 to 15 digits. */
#ifndef NORMALIZE_PHONE_H
#define NORMALIZE_PHONE_H
#include "base/arena.h"

/* The number in E.164, or null when it is none. National forms need `country` (ISO 3166, two letters; null: unknown). Blanks, hyphens, dots, slashes,
 * parentheses and direction marks are taken out; Arabic and Persian digits are read. A value that already is E.164 comes back as it is, uncopied. */
struct cx_str normalize_phone(struct cx_arena *arena, struct cx_str value, struct cx_str country);
/* The same for digits that begin with the calling code, as WhatsApp sends them. */
struct cx_str normalize_phone_international(struct cx_arena *arena, struct cx_str digits);
/* Whether the two letters name a country whose numbers can be read. */
bool normalize_phone_knows(struct cx_str country);
#endif
