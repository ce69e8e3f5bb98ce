/* label.h - labelling by hand: the file of labels, the terminal, and the session that joins them (label.c).
 *
 * The file is TSV with a header: id, channel, language, text, and a column named like the head. `id` is the record's event_id. One row a record, each
 * written and flushed when its label is given: whatever happens, nothing is lost but the row at hand. */
#ifndef CX_RUN_LABEL_H
#define CX_RUN_LABEL_H
#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "stage/stage.h"

/* ---- label_file.c ---- */

struct cx_label_file;
/* Opens or makes it and reads what is there. Refuses a file of another head or form (65), and one that somebody else labels into (74). */
struct cx_label_file *cx_label_file_open(const char *path, const char *head, struct cx_error *err);
void cx_label_file_close(struct cx_label_file *file);
/* Whether the record, or another one with the same text, has its label already. */
bool cx_label_file_has(const struct cx_label_file *file, struct cx_id event_id, struct cx_str text);
size_t cx_label_file_count(const struct cx_label_file *file);
/* Labels that stand in the file, in the order of their first row; NULL beyond the last. Of sets only those that stand alone. */
const char *cx_label_file_label(const struct cx_label_file *file, size_t i);
struct cx_label_row {
    struct cx_id event_id;
    struct cx_str channel, language, text, labels; /* text: one line */
};
int cx_label_file_add(struct cx_label_file *file, const struct cx_label_row *row, struct cx_error *err);
/* Takes the last row back that this session added. */
int cx_label_file_undo(struct cx_label_file *file, struct cx_error *err);

/* ---- label_terminal.c ---- */

#define CX_LABEL_MOST 36 /* labels of a head: letters and digits */
enum cx_key { CX_KEY_NONE, CX_KEY_ACCEPT = 256, CX_KEY_SKIP, CX_KEY_UNDO, CX_KEY_QUIT };
struct cx_label_choices {
    const char *names[CX_LABEL_MOST];
    char keys[CX_LABEL_MOST]; /* the first letter of its name that no earlier label has, then digits and any letter that is left */
    int count;
};
/* Adds a label, unless it is there; false where there is no key for it. The name must live as long. */
bool cx_label_choices_add(struct cx_label_choices *choices, const char *name);
/* The terminal in a mode where every key counts at once. -1 with *err where there is none. */
int cx_terminal_open(struct cx_error *err);
void cx_terminal_close(int terminal);
/* A letter, or one of cx_key; waits. CX_KEY_QUIT also when the terminal is gone or a signal asks to stop. */
int cx_terminal_key(int terminal);

/* ---- label_input.c ---- */

struct cx_label_input {
    int terminal;
    struct cx_buf bytes;
    size_t at; /* where the next line begins */
    bool is_ended;
};
void cx_label_input_init(struct cx_label_input *input, int terminal);
void cx_label_input_free(struct cx_label_input *input);
/* The next line of stdin without its end, until the next call; false at the end, or when the operator quits while waiting. */
bool cx_label_input_line(struct cx_label_input *input, struct cx_str *line);
#endif
