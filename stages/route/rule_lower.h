/* rule_lower.h - lower case of Latin, Greek, Cyrillic and Armenian letters, one code point to one; everything else stays.
 *
 * For comparing what platforms spell now one way, now the other. Language-blind: I becomes i, İ becomes i. Texts are searched in the
 * folded form by classify, whose lexicons know the languages. */
#ifndef CX_ROUTE_RULE_LOWER_H
#define CX_ROUTE_RULE_LOWER_H
#include "base/arena.h"

uint32_t route_lower_letter(uint32_t code);
/* The text itself when it has nothing to lower. */
struct cx_str route_lower(struct cx_arena *arena, struct cx_str text);
#endif
