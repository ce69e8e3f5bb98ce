/* html_entity.h - character references of HTML. */
#ifndef NORMALIZE_HTML_ENTITY_H
#define NORMALIZE_HTML_ENTITY_H
#include "base/str.h"

/* Reads the reference that begins at `rest` (its first byte is '&'). Returns its length, or 0 when it is none and the '&' stands for itself.
 * *code_point 0 (&#0;) means nothing is to be written. A reference is never shorter than its UTF-8. */
size_t normalize_html_entity(struct cx_str rest, uint32_t *code_point);
#endif
