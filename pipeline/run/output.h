/* output.h - the one file that a verb makes for its caller: whole or not at all, and over nothing that it reads. */
#ifndef CX_RUN_OUTPUT_H
#define CX_RUN_OUTPUT_H
#include "base/error.h"

struct cx_output_spared {    /* a file that the verb reads */
    const char *flag, *path; /* path NULL: it was not given */
};
/* Before the work: whether the path can be written. What is there must be a regular file and none of those spared. Leaves no trace. */
int cx_output_check(const char *path, const struct cx_output_spared *spared, size_t n, struct cx_error *err);
/* Beside the file and renamed over it, since running processes may read it at any moment. A symbolic link stays; the file it names is written. */
int cx_output_write(const char *path, struct cx_str bytes, struct cx_error *err);
#endif
