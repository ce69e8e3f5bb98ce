/* reading.h - lines read as records and taken through one stage, without a broker: for verbs that show what a stage says. */
#ifndef CX_RUN_READING_H
#define CX_RUN_READING_H
#include "run/chain.h"
#include "run/settings.h"

struct cx_reading;
typedef void cx_reading_fn(void *context, const struct cx_interaction *record); /* the record lives until the call returns */
/* Opens the first stage that has what `wants` asks for; NULL with *err. */
struct cx_reading *cx_reading_open(const struct cx_settings *settings, bool (*wants)(const struct cx_stage *stage), struct cx_error *err);
void cx_reading_close(struct cx_reading *reading); /* takes NULL */
const struct cx_stage *cx_reading_stage(const struct cx_reading *reading);
/* Takes a line as cx pipe does; hands out the records that came through. What did not: `*why` says (NULL: nothing was refused), until the next line.
 */
void cx_reading_line(struct cx_reading *reading, struct cx_str line, cx_reading_fn *each, void *context, const char **why);
/* The stage's explain(), appended to `json`. */
void cx_reading_explain(const struct cx_reading *reading, struct cx_arena *arena, const struct cx_interaction *record, struct cx_str language,
                        struct cx_buf *json);
/* What the stage said of the record, by one of its judgements. */
struct cx_label_list cx_reading_said(const struct cx_reading *reading, const struct cx_judgement *judgement, struct cx_arena *arena,
                                     const struct cx_interaction *record);
#endif
