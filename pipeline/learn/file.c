#include "learn/file.h"
#include "base/file.h"

#define FILE_MAX ((size_t)4 << 30)

int learn_read_file(struct cx_arena *arena, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    const char *name = cx_arena_format(arena, "%.*s%c", CX_STR_ARG(path), '\0').ptr;
    struct cx_buf buf;
    cx_buf_init(&buf, FILE_MAX);
    int status = cx_file_read(&buf, name, err);
    if (status == 0 && buf.overflow)
        status = cx_fail(err, CX_EXIT_DATA, "%s: larger than 4 GiB", name);
    if (status == 0)
        *content = cx_arena_copy(arena, cx_buf_view(&buf));
    cx_buf_free(&buf);
    return status;
}
