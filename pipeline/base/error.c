#include "base/error.h"
#include <stdarg.h>

int cx_fail(struct cx_error *err, enum cx_exit exit, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        err->exit = exit;
    }
    return -1;
}

void cx_assert_failed(const char *expr, const char *file, int line)
{
    fprintf(stderr, "bug: %s:%d: assertion failed: %s\n", file, line, expr);
    abort();
}
