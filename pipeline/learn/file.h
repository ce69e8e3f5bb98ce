/* file.h - reading whole files. */
#ifndef CX_LEARN_FILE_H
#define CX_LEARN_FILE_H
#include "base/arena.h"
#include "base/error.h"

int learn_read_file(struct cx_arena *arena, struct cx_str path, struct cx_str *content, struct cx_error *err);
#endif
