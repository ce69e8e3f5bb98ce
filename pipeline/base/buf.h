/* buf.h - a growable byte buffer with a stated maximum.
 * Appending beyond `max` sets `overflow` and changes nothing more; the caller looks once, at the end. */
#ifndef CX_BASE_BUF_H
#define CX_BASE_BUF_H
#include "base/str.h"

struct cx_buf {
    char *ptr;
    size_t len, cap, max;
    bool overflow;
};
void cx_buf_init(struct cx_buf *b, size_t max_bytes); /* allocates nothing yet */
void cx_buf_free(struct cx_buf *b);
static inline void cx_buf_reset(struct cx_buf *b)
{
    b->len = 0;
    b->overflow = false;
}
/* Makes room for n more bytes; false (and overflow set) beyond max. */
bool cx_buf_grow(struct cx_buf *b, size_t n);
static inline bool cx_buf_reserve(struct cx_buf *b, size_t n)
{
    return b->cap - b->len >= n || cx_buf_grow(b, n);
}
static inline void cx_buf_add(struct cx_buf *b, const void *bytes, size_t n)
{
    if (n != 0 && cx_buf_reserve(b, n)) {
        memcpy(b->ptr + b->len, bytes, n);
        b->len += n;
    }
}
static inline void cx_buf_byte(struct cx_buf *b, char c)
{
    if (cx_buf_reserve(b, 1))
        b->ptr[b->len++] = c;
}
static inline void cx_buf_str(struct cx_buf *b, struct cx_str s)
{
    cx_buf_add(b, s.ptr, s.len);
}
void cx_buf_format(struct cx_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline struct cx_str cx_buf_view(const struct cx_buf *b)
{
    return (struct cx_str){ b->ptr ? b->ptr : "", b->len };
}
#endif
