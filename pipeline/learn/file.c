#include "learn/file.h"
#include "base/file.h"

int learn_read_file(struct cx_arena *arena, struct cx_str path, struct cx_str *content, struct cx_error *err)
{
    return cx_file_content(arena, path, 4096, CX_EXIT_DATA, content, err);
}
