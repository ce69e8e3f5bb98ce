/* output.c - a draft beside the file, renamed when it is whole. */
#include "run/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

struct target {
    char path[PATH_MAX], draft[PATH_MAX + 32];
    bool is_there;
    mode_t mode; /* of what is there */
};

static int cannot(const char *path, const char *why, struct cx_error *err)
{
    return cx_fail(err, CX_EXIT_IO, "%s: cannot be written: %s", path, why);
}

static int find_target(const char *path, struct target *target, struct cx_error *err)
{
    struct stat there;
    target->is_there = lstat(path, &there) == 0;
    if (!target->is_there) {
        if (errno != ENOENT || *path == '\0')
            return cannot(path, strerror(errno), err);
        snprintf(target->path, sizeof target->path, "%s", path);
    } else if (realpath(path, target->path) == NULL || stat(target->path, &there) != 0) {
        return cannot(path, errno == ENOENT ? "a symbolic link to a file that is not there" : strerror(errno), err);
    } else if (!S_ISREG(there.st_mode)) {
        return cannot(path, S_ISDIR(there.st_mode) ? "a directory" : "no regular file", err);
    } else if (access(target->path, W_OK) != 0) {
        return cannot(path, strerror(errno), err);
    }
    target->mode = target->is_there ? there.st_mode & 07777 : 0;
    snprintf(target->draft, sizeof target->draft, "%s.%d.tmp", target->path, (int)getpid());
    return 0;
}

/* One left by a process of this number that was killed is in nobody's way. */
static int open_draft(const struct target *target)
{
    unlink(target->draft);
    int fd = open(target->draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, target->is_there ? 0600 : 0666);
    if (fd >= 0 && target->is_there)
        (void)fchmod(fd, target->mode);
    return fd;
}

int cx_output_check(const char *path, const struct cx_output_spared *spared, size_t n, struct cx_error *err)
{
    struct target target;
    struct stat out, read;
    bool is_there = stat(path, &out) == 0;
    for (size_t i = 0; is_there && i < n; i++)
        if (spared[i].path != NULL && stat(spared[i].path, &read) == 0 && read.st_dev == out.st_dev && read.st_ino == out.st_ino)
            return cx_fail(err, CX_EXIT_USAGE, "%s: would be written over, and is what --%s reads: name another file", path, spared[i].flag);
    CX_TRY(find_target(path, &target, err));
    int fd = open_draft(&target);
    if (fd < 0)
        return cannot(path, strerror(errno), err);
    close(fd);
    unlink(target.draft);
    return 0;
}

int cx_output_write(const char *path, struct cx_str bytes, struct cx_error *err)
{
    struct target target;
    CX_TRY(find_target(path, &target, err));
    int fd = open_draft(&target);
    FILE *out = fd >= 0 ? fdopen(fd, "wb") : NULL;
    bool is_written = out != NULL && fwrite(bytes.ptr, 1, bytes.len, out) == bytes.len && fflush(out) == 0 && fsync(fd) == 0;
    is_written = out != NULL && fclose(out) == 0 && is_written && rename(target.draft, target.path) == 0;
    if (is_written)
        return 0;
    int why = errno;
    if (fd >= 0 && out == NULL)
        close(fd);
    unlink(target.draft);
    return cannot(path, strerror(why), err);
}
