/* resource.h - files that are compiled in.
 * tools/dev/embed.py writes a table of them, sorted by path and ended by a row whose path is NULL. Paths are relative to the source folder and
 * use '/'. Bytes are the file's own, followed by one NUL that `len` leaves out. */
#ifndef CX_BASE_RESOURCE_H
#define CX_BASE_RESOURCE_H
#include <stddef.h>

struct cx_resource {
    const char *path;
    const unsigned char *bytes;
    size_t len;
};
#endif
