/* file.h - whole files to bytes. */
#ifndef CX_BASE_FILE_H
#define CX_BASE_FILE_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* Appends all that the file has, be it a pipe; what is too much is buf's overflow. */
int cx_file_read(struct cx_buf *buf, const char *path, struct cx_error *err);
/* The same into the arena, at most so many MiB; more is an error that ends with `exit`. */
int cx_file_content(struct cx_arena *arena, struct cx_str path, size_t most_mib, int exit, struct cx_str *content, struct cx_error *err);
#endif
