/* mail_part.h - one part of a mail, wherever it came from: cut out of bytes, or an object of the Gmail API. */
#ifndef NORMALIZE_MAIL_PART_H
#define NORMALIZE_MAIL_PART_H
#include "stages/normalize/mail_header.h"
#include "stages/normalize/normalize.h"

struct mail_part {
    struct mail_header header;
    struct cx_str type;          /* lower case; "text/plain" where none is given */
    struct cx_str content_type;  /* the whole field, for its parameters */
    struct cx_str name;          /* file name, or null */
    struct cx_str body;          /* as sent */
    const struct cx_json *gmail; /* the object it was made from, or NULL */
    bool is_attachment;
};
struct mail_body {
    struct cx_str text;          /* the author's own words so far, null: none */
    struct normalize_tree media; /* node NULL: none */
    struct normalize_fault fault;
};

/* A part from its bytes, header section and all. */
struct mail_part normalize_mail_part(struct cx_arena *arena, struct cx_str bytes);
/* A part from Gmail's {"mimeType","filename","headers":[{"name","value"}],"body":{"data"},"parts":[]}. */
struct mail_part normalize_gmail_part(struct cx_arena *arena, const struct cx_json *object);
/* Walks the part and those inside it; attachments go to the array `media` of `parent`. */
struct mail_body normalize_mail_body(struct normalize_tree *parent, const struct mail_part *part);
#endif
