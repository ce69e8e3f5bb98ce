/* mail_text.h - of a mail's text, what its author wrote this time. */
#ifndef NORMALIZE_MAIL_TEXT_H
#define NORMALIZE_MAIL_TEXT_H
#include "base/arena.h"

/* format=flowed (RFC 3676) to paragraphs: soft lines joined, stuffing taken off; lines of quotes stay lines. */
struct cx_str normalize_mail_unflow(struct cx_arena *arena, struct cx_str text, bool delete_space);
/* Without quoted lines and the line that introduces them, without what follows "-- ", an "Original Message" line or the header block that mail
 * programs put above a quoted mail; LF line ends; no blank lines at either end. */
struct cx_str normalize_mail_own_words(struct cx_arena *arena, struct cx_str text);
#endif
