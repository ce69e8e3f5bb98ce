#include "base/file.h"
#include <errno.h>

int cx_file_read(struct cx_buf *buf, const char *path, struct cx_error *err)
{
    char piece[65536];
    size_t got = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be read: %s", path, strerror(errno));
    while (!buf->overflow && (got = fread(piece, 1, sizeof piece, file)) > 0)
        cx_buf_add(buf, piece, got);
    int failed = ferror(file) != 0 ? errno : 0;
    fclose(file);
    return failed == 0 ? 0 : cx_fail(err, CX_EXIT_IO, "%s: cannot be read: %s", path, strerror(failed));
}

int cx_file_content(struct cx_arena *arena, struct cx_str path, size_t most_mib, int exit, struct cx_str *content, struct cx_error *err)
{
    const char *name = cx_arena_format(arena, "%.*s%c", CX_STR_ARG(path), '\0').ptr;
    struct cx_buf buf;
    cx_buf_init(&buf, most_mib << 20);
    int status = cx_file_read(&buf, name, err);
    if (status == 0 && buf.overflow)
        status = most_mib < 1024 ? cx_fail(err, exit, "%s: larger than %zu MiB", name, most_mib)
                                 : cx_fail(err, exit, "%s: larger than %zu GiB", name, most_mib / 1024);
    if (status == 0)
        *content = cx_arena_copy(arena, cx_buf_view(&buf));
    cx_buf_free(&buf);
    return status;
}
