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
