/* mail_coding.h - content transfer encodings. Tolerant: what does not belong is skipped or taken as it is. */
#ifndef NORMALIZE_MAIL_CODING_H
#define NORMALIZE_MAIL_CODING_H
#include "base/arena.h"

/* Both alphabets (RFC 4648 4 and 5), padding optional. */
struct cx_str normalize_base64(struct cx_arena *arena, struct cx_str text);
/* Soft line breaks joined. */
struct cx_str normalize_quoted_printable(struct cx_arena *arena, struct cx_str text);
/* The Q encoding of encoded words: '_' is a blank. */
struct cx_str normalize_q_words(struct cx_arena *arena, struct cx_str text);
/* %XX of RFC 2231. */
struct cx_str normalize_percent(struct cx_arena *arena, struct cx_str text);
#endif
