/* error.h - three kinds of trouble.
 * Our bug: cx_assert, on in release too, aborts. A bad record: a reject, see stage.h. The world: struct cx_error, a sentence and an exit status. */
#ifndef CX_BASE_ERROR_H
#define CX_BASE_ERROR_H
#include "base/str.h"

enum cx_exit {
    CX_EXIT_OK = 0,
    CX_EXIT_FINDINGS = 1,
    CX_EXIT_USAGE = 64,
    CX_EXIT_DATA = 65,
    CX_EXIT_UNREACHABLE = 69,
    CX_EXIT_BUG = 70,
    CX_EXIT_IO = 74,
    CX_EXIT_CONFIG = 78
};

struct cx_error {
    enum cx_exit exit;
    char text[500]; /* what happened, where, what to do; one sentence, no payload, no secret */
};
/* Fills *err (NULL allowed) and returns -1, so that `return cx_fail(err, ...)` reads well. */
int cx_fail(struct cx_error *err, enum cx_exit exit, const char *format, ...) __attribute__((format(printf, 3, 4)));

void cx_assert_failed(const char *expr, const char *file, int line) __attribute__((noreturn));
#define cx_assert(expr) ((expr) ? (void)0 : cx_assert_failed(#expr, __FILE__, __LINE__))
/* Forwards a failure: for int functions that return 0 or -1. */
#define CX_TRY(expr)                                                                                                                                 \
    do {                                                                                                                                             \
        if ((expr) != 0)                                                                                                                             \
            return -1;                                                                                                                               \
    } while (0)
#endif
