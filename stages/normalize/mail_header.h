/* mail_header.h - the header section of a mail or of one of its parts. */
#ifndef NORMALIZE_MAIL_HEADER_H
#define NORMALIZE_MAIL_HEADER_H
#include "stages/normalize/tree.h"

struct mail_field {
    struct cx_str name, value; /* as sent, unfolded; no line ends */
    const struct mail_field *next;
};
enum { MAIL_FIELDS_MAX = 200 }; /* more are read, but not all listed */
struct mail_header {
    const struct mail_field *first;
    size_t count;
};
/* Cuts the header section off *rest, which is left at the body. Lines that are no field are skipped. */
struct mail_header normalize_mail_header(struct cx_arena *arena, struct cx_str *rest);
/* Value of the first field of that name (any case), null if there is none. */
struct cx_str normalize_mail_field(const struct mail_header *header, const char *name);

/* Unstructured text: encoded words (RFC 2047) decoded, also where a character is split between two; control characters become blanks. */
struct cx_str normalize_mail_words(struct cx_arena *arena, struct cx_str value);

/* Adds to `parent` the array `key` of {"address","name"}: addresses in lower case, absent where they are none. Groups are flattened. */
void normalize_mail_addresses(struct normalize_tree *parent, struct cx_str key, struct cx_str value);
/* Adds the array `key` of message ids, angle brackets and all. */
void normalize_mail_ids(struct normalize_tree *parent, struct cx_str key, struct cx_str value);

/* A structured field: `multipart/mixed; boundary="x"`. The value before the first ';' in lower case, blanks off. */
struct cx_str normalize_mail_value(struct cx_arena *arena, struct cx_str field);
/* One of its parameters as sent, but RFC 2231 continuations and charsets decoded; null if absent. */
struct cx_str normalize_mail_parameter(struct cx_arena *arena, struct cx_str field, const char *name);
#endif
