/* mail.h - the decoder `mail`: a message of RFC 5322 with MIME, or a message object of the Gmail API, to a tree that an adapter maps:
 *
 *   message_id, in_reply_to[], references[]      ids with their angle brackets
 *   from[], sender[], reply_to[], to[], cc[]     {"address" in lower case, "name"}
 *   subject, date                                decoded; date as sent
 *   text                                         the author's own words (mail_text.h), of text/plain, else of text/html; absent where there are none
 *   media[]                                      {"type": image|video|audio|document, "mime_type", "id": Content-ID, "name": file name}
 *   headers                                      every field by its lower-case name, decoded, the first of each
 *   from_count                                   number of From fields, where it is not one
 *   gmail                                        {"id","threadId","labelIds","internalDate"}, for Gmail objects
 *
 * Absent is absent: nothing is null or empty. Work and memory are linear in the size; nesting beyond 16 or more than 500 parts is a fault. */
#ifndef NORMALIZE_MAIL_H
#define NORMALIZE_MAIL_H
#include "stages/normalize/normalize.h"
#include "stages/normalize/tree.h"

/* NULL with *fault filled when the bytes are no mail: no header field at all, or beyond the limits. */
const struct cx_json *normalize_mail_decode(struct cx_arena *arena, struct cx_str bytes, struct normalize_fault *fault);
const struct cx_json *normalize_gmail_decode(struct cx_arena *arena, const struct cx_json *message, struct normalize_fault *fault);
#endif
