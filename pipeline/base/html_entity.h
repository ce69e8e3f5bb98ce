/* html_entity.h - character references of HTML. */
#ifndef CX_BASE_HTML_ENTITY_H
#define CX_BASE_HTML_ENTITY_H
#include "base/str.h"

/* Reads the reference that begins at `rest` (its first byte is '&'). Returns its length, or 0 when it is none and the '&' stands for itself.
 * *code_point 0 (&#0;) means nothing is to be written. A reference is never shorter than its UTF-8. */
size_t cx_html_entity(struct cx_str rest, uint32_t *code_point);
/* The code point that a numeric reference to `value` means: of windows-1252 from 128 to 159, U+FFFD for what is none. */
uint32_t cx_html_number(uint64_t value);
#endif
