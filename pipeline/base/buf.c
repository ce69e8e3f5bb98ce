#include "base/buf.h"
#include "base/error.h"
#include <stdarg.h>

enum { SMALLEST = 256 };

void cx_buf_init(struct cx_buf *b, size_t max_bytes)
{
    *b = (struct cx_buf){ .max = max_bytes };
}

void cx_buf_free(struct cx_buf *b)
{
    free(b->ptr);
    cx_buf_init(b, b->max);
}

bool cx_buf_grow(struct cx_buf *b, size_t n)
{
    if (b->overflow || n > b->max - b->len) {
        b->overflow = true;
        /* A later, shorter piece must not slip in behind the one that was lost. */
        b->cap = b->len;
        return false;
    }
    size_t cap = b->cap > b->max / 2 ? b->max : b->cap * 2;
    if (cap < SMALLEST)
        cap = SMALLEST < b->max ? SMALLEST : b->max;
    if (cap < b->len + n)
        cap = b->len + n;
    b->ptr = realloc(b->ptr, cap);
    cx_assert(b->ptr != NULL);
    b->cap = cap;
    return true;
}

void cx_buf_format(struct cx_buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(b->ptr ? b->ptr + b->len : NULL, b->cap - b->len, format, args);
    va_end(args);
    cx_assert(len >= 0);
    if (!cx_buf_reserve(b, (size_t)len + 1)) /* vsnprintf wants room for its NUL */
        return;
    va_start(args, format);
    vsnprintf(b->ptr + b->len, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
}
