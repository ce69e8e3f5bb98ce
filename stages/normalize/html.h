/* html.h - HTML to the words a reader would see. */
#ifndef NORMALIZE_HTML_H
#define NORMALIZE_HTML_H
#include "base/arena.h"

enum normalize_html {
    NORMALIZE_HTML_PLAIN, /* everything visible */
    NORMALIZE_HTML_MAIL,  /* quoted mail and signatures, where a mail program marks them, become a line ">" */
};
/* Tags out, entities decoded, <br> an LF, blocks on their own lines, a blank line between paragraphs, no trailing blanks; scripts, styles, comments
 * and hidden elements out. Takes any bytes that are UTF-8, however broken the markup; cost is linear. */
struct cx_str normalize_html_text(struct cx_arena *arena, struct cx_str html, enum normalize_html mode);
/* Entities decoded, nothing else. Returns `text` itself when it holds none. */
struct cx_str normalize_html_entities(struct cx_arena *arena, struct cx_str text);
#endif
