/* durable_file.h - a file that is there whole or not at all.
 *
 * It is written as <path>.tmp by a thread of its own, so that a slow disk stalls nobody else; at the end it is synced, renamed to <path>, and the
 * folder is synced. Until the rename <path> is what it was before, whatever fails. The temporary file is locked: of two processes that write the
 * same path the second fails; what a killed process left is taken over by the next. */
#ifndef CX_STATE_DURABLE_FILE_H
#define CX_STATE_DURABLE_FILE_H
#include "base/error.h"

struct cx_durable_file;
#define CX_PIECE_BYTES (((size_t)1 << 20) + ((size_t)64 << 10)) /* room for the largest entry of a state table */

struct cx_durable_file *cx_durable_file_begin(const char *path); /* never NULL; what fails is told by _status */
/* Memory for the next piece, the caller's until it is sent. NULL while the disk is behind (with wait: only when it failed). */
char *cx_durable_file_piece(struct cx_durable_file *file, bool wait);
void cx_durable_file_send(struct cx_durable_file *file, size_t len);
/* All is sent. */
void cx_durable_file_finish(struct cx_durable_file *file);

enum cx_durable { CX_DURABLE_WORKING, CX_DURABLE_DONE, CX_DURABLE_FAILED };
/* FAILED with a sentence in err (CX_EXIT_IO). wait, after finish: until it is DONE or FAILED. */
enum cx_durable cx_durable_file_status(struct cx_durable_file *file, bool wait, struct cx_error *err);
/* Ends the thread, waiting for what it is doing; what was not finished leaves no trace. Takes NULL. */
void cx_durable_file_end(struct cx_durable_file *file);
#endif
