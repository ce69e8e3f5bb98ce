/* file.h - whole files and their lines. */
#ifndef CX_LEARN_FILE_H
#define CX_LEARN_FILE_H
#include "base/arena.h"
#include "base/error.h"

/* Cuts a line off without its end, be it one of Windows. False when *rest is null. */
static inline bool learn_cut_line(struct cx_str *rest, struct cx_str *line)
{
    bool is_cut = cx_str_cut(rest, '\n', line);
    if (is_cut && line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    return is_cut;
}
int learn_read_file(struct cx_arena *arena, struct cx_str path, struct cx_str *content, struct cx_error *err);
#endif
