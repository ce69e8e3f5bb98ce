/* zeros.h - U+0000. Databases refuse it and C strings end with it, so that no record has it that normalize made.
 *
 * What people wrote is read without it. An id without it would be another one, and two things would be taken for one: a record is refused for it. An
 * identifier that has it is none, as an empty one is. */
#ifndef NORMALIZE_ZEROS_H
#define NORMALIZE_ZEROS_H
#include "stages/normalize/normalize.h"

/* The text itself where it has none; null where nothing is left. */
struct cx_str normalize_without_zeros(struct cx_arena *arena, struct cx_str text);
/* All of a record but tenant, brand, channel and kind, which have no control characters at all, title and text, and attributes. False with the fault:
 * an id has some. */
bool normalize_zeros(struct cx_arena *arena, struct cx_interaction *record, struct normalize_fault *fault);
#endif
