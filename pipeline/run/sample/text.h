/* text.h - what things say: a text of the corpus with its slots filled. The same thing always says the same. */
#ifndef CX_SAMPLE_TEXT_H
#define CX_SAMPLE_TEXT_H
#include "run/sample/thing.h"

/* The author's words; *stars is 1..5, or 0 where the text tells none. Edited: the words and one sentence more. */
void cx_sample_text(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, bool is_edited, struct cx_buf *out, unsigned *stars);
/* The company's answer. */
void cx_sample_answer(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, struct cx_buf *out);
void cx_sample_subject(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, struct cx_buf *out);
/* "LM-20418": the order the thing is about. */
void cx_sample_order(const struct cx_sample_thing *thing, struct cx_buf *out);
/* First name of the one of the company's people who deals with it, and the number they work under. */
struct cx_str cx_sample_staff(const struct cx_sample_plan *plan, const struct cx_sample_thing *thing, uint64_t *number);
#endif
