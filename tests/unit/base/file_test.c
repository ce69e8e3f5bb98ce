#include "base/file.h"
#include <criterion/criterion.h>
#include <unistd.h>

/* A file of this text; its name is good until the next call. */
static const char *file_of(const char *text)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/cx-file-XXXXXX");
    int fd = mkstemp(path);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    return path;
}

Test(file, is_read_up_to_the_maximum_and_no_further)
{
    const char *path = file_of("twelve bytes");
    struct cx_buf exact, small;
    cx_buf_init(&exact, 12);
    cr_assert_eq(cx_file_read(&exact, path, NULL), 0);
    cr_assert(!exact.overflow && cx_str_is(cx_buf_view(&exact), "twelve bytes"));
    cx_buf_init(&small, 11);
    cr_assert_eq(cx_file_read(&small, path, NULL), 0);
    cr_assert(small.overflow);
    unlink(path);
    cx_buf_free(&exact);
    cx_buf_free(&small);
}

Test(file, that_is_none_is_said_by_name)
{
    struct cx_error err;
    struct cx_buf buf;
    cx_buf_init(&buf, 100);
    cr_assert_eq(cx_file_read(&buf, "/tmp", &err), -1);
    cr_assert_eq(err.exit, CX_EXIT_IO);
    cr_assert_str_eq(err.text, "/tmp: cannot be read: Is a directory");
    cr_assert_eq(cx_file_read(&buf, "/tmp/cx-no-such-file", &err), -1);
    cr_assert_str_eq(err.text, "/tmp/cx-no-such-file: cannot be read: No such file or directory");
}

Test(file, may_be_a_pipe)
{
    int ends[2];
    char path[32];
    struct cx_buf buf;
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "through a pipe", 14), 14);
    close(ends[1]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    cx_buf_init(&buf, 100);
    cr_assert_eq(cx_file_read(&buf, path, NULL), 0);
    cr_assert(cx_str_is(cx_buf_view(&buf), "through a pipe"));
    close(ends[0]);
    cx_buf_free(&buf);
}
