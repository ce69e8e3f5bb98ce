/* taught.h - what a pretrained network says of the texts of a set (tools/teach): a file beside the set's, line by line and without the texts. The
 * first line says who taught, with the licence; then a line a text:
 *
 *   # TEACHER
 *   LENGTH TAB label=PERCENT,label=PERCENT,...
 *
 * Shares are of texts as they come; where the plan, or the set, balances labels, shares are balanced with them (corpus.c).
 *
 * LENGTH: bytes of the text, so that a file of another set, or of the set as it was, is noticed. Where no label is named, nothing is said of the
 * text. */
#ifndef CX_LEARN_TAUGHT_H
#define CX_LEARN_TAUGHT_H
#include "learn/learn.h"

struct learn_taught {
    struct cx_str path, rest;
    int64_t line;
};
/* Begins at the first text. */
int learn_taught_begin(struct learn_taught *taught, struct cx_str path, struct cx_str content, struct cx_error *err);
/* Who taught; null: a file that does not say so. */
struct cx_str learn_taught_by(struct cx_str content);
/* What is said of the next text, as shares of the task's labels in the arena, or NULL; labels that the task does not have yet become its. -1 with
 * *err: path:line and what is wrong. */
int learn_taught_next(struct learn_taught *taught, struct cx_learn_task *task, struct cx_arena *arena, struct cx_str text, float **shares,
                      struct cx_error *err);
/* An error if the file goes on behind the last text. */
int learn_taught_end(const struct learn_taught *taught, struct cx_error *err);
/* Of a text that nobody labelled: it has the label that is likeliest, for the balance of labels; it is learned by shares alone and never judged. */
void learn_taught_label(const struct cx_learn_task *task, struct cx_example *example);
/* Of a head whose labels exclude each other, once they are all known: labels that were not named share what is left of a hundred. */
void learn_taught_fill(const struct cx_learn_task *task, struct cx_example *example);
#endif
