/* render.h - records of any of our topics as JSON, for people and for jq. */
#ifndef CX_RUN_RENDER_H
#define CX_RUN_RENDER_H
#include "base/arena.h"
#include "base/buf.h"
#include "run/topics.h"

/* Bytes that may not be UTF-8 as a JSON string: what is invalid becomes U+FFFD. Null stays null. */
void cx_render_text(struct cx_buf *out, struct cx_str bytes);
/* A key: text, or for a changelog {"table":n,"key":"hex"}. topic NULL: text. */
void cx_render_key(struct cx_buf *out, const struct cx_topic *topic, struct cx_str key);
/* A value: a record by its schema id, JSON as it is, a payload as text, state as hex. */
void cx_render_value(struct cx_buf *out, struct cx_arena *arena, const struct cx_topic *topic, struct cx_str value);
/* Valid UTF-8 as one line that is safe on a terminal: control characters, which could move the cursor or end the line, are blanks. */
void cx_render_line(struct cx_buf *out, struct cx_str text);
#endif
