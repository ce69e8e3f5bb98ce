#include "learn/file.h"
#include <errno.h>

int learn_read_file(struct cx_arena *arena, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    const char *name = cx_arena_format(arena, "%.*s%c", CX_STR_ARG(path), '\0').ptr;
    FILE *file = fopen(name, "rb");
    if (file == NULL)
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be read: %s", name, strerror(errno));
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    rewind(file);
    char *bytes = cx_arena_bytes(arena, (size_t)(size > 0 ? size : 0) + 1);
    bool is_read = size >= 0 && fread(bytes, 1, (size_t)size, file) == (size_t)size;
    fclose(file);
    if (!is_read)
        return cx_fail(err, CX_EXIT_IO, "%s: reading failed", name);
    *content = cx_str_n(bytes, (size_t)size);
    return 0;
}
