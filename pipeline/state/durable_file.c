#include "state/durable_file.h"
#include "base/failpoint.h"
#include "state/block.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECES = 3, PATH_MAX_BYTES = 1024 };

struct piece {
    char *bytes;
    size_t len;
};
struct cx_durable_file {
    char path[PATH_MAX_BYTES], temporary[PATH_MAX_BYTES + 4];
    struct piece pieces[PIECES];
    size_t sent, written; /* pieces, counted from the start; written <= sent <= written + PIECES */
    bool is_finished, is_abandoned;
    enum cx_durable status;
    struct cx_error failure;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    bool has_thread;
};

static int io_failed(struct cx_durable_file *file, const char *doing, const char *path)
{
    return cx_fail(&file->failure, CX_EXIT_IO, "%s %s: %s", doing, path, strerror(errno));
}

/* ---- on the thread ---- */

/* The lock must be on the file that has the name now: its owner may have renamed it away before we got the lock. */
static int open_temporary(struct cx_durable_file *file)
{
    struct stat ours, named;
    int fd = open(file->temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return io_failed(file, "opening", file->temporary);
    bool is_ours = flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 && stat(file->temporary, &named) == 0 && ours.st_ino == named.st_ino;
    if (is_ours && ftruncate(fd, 0) == 0)
        return fd;
    if (is_ours)
        io_failed(file, "emptying", file->temporary);
    else
        cx_fail(&file->failure, CX_EXIT_IO, "%s is being written by another process", file->temporary);
    close(fd);
    return -1;
}

static int write_piece(struct cx_durable_file *file, int fd, const struct piece *piece)
{
    for (size_t at = 0; at < piece->len;) {
        ssize_t n = write(fd, piece->bytes + at, piece->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return io_failed(file, "writing", file->temporary);
        at += (size_t)n;
    }
    cx_failpoint_pass(CX_POINT_MID_SNAPSHOT);
    return 0;
}

/* The next piece to write; NULL when there will be none. */
static const struct piece *next_piece(struct cx_durable_file *file)
{
    const struct piece *piece = NULL;
    pthread_mutex_lock(&file->lock);
    while (file->written == file->sent && !file->is_finished && !file->is_abandoned)
        pthread_cond_wait(&file->changed, &file->lock);
    if (file->written < file->sent && !file->is_abandoned)
        piece = &file->pieces[file->written % PIECES];
    pthread_mutex_unlock(&file->lock);
    return piece;
}

static void note_written(struct cx_durable_file *file)
{
    pthread_mutex_lock(&file->lock);
    file->written++;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->lock);
}

static int sync_folder(struct cx_durable_file *file)
{
    char folder[PATH_MAX_BYTES];
    snprintf(folder, sizeof folder, "%s", file->path);
    char *slash = strrchr(folder, '/');
    snprintf(slash ? slash + (slash == folder) : folder, 2, "%s", slash ? "" : ".");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return io_failed(file, "opening", folder);
    int rc = fsync(fd) == 0 ? 0 : io_failed(file, "syncing", folder);
    close(fd);
    return rc;
}

static int publish(struct cx_durable_file *file, int fd)
{
    if (fsync(fd) != 0)
        return io_failed(file, "syncing", file->temporary);
    cx_failpoint_pass(CX_POINT_BEFORE_RENAME);
    if (rename(file->temporary, file->path) != 0)
        return io_failed(file, "renaming to", file->path);
    cx_failpoint_pass(CX_POINT_AFTER_RENAME);
    return sync_folder(file);
}

static int write_file(struct cx_durable_file *file)
{
    int fd = open_temporary(file);
    if (fd < 0)
        return -1;
    int rc = 0;
    const struct piece *piece;
    while (rc == 0 && (piece = next_piece(file)))
        if ((rc = write_piece(file, fd, piece)) == 0)
            note_written(file);
    if (rc == 0 && !file->is_abandoned)
        rc = publish(file, fd);
    if (rc != 0 || file->is_abandoned)
        unlink(file->temporary); /* nothing to find when it was renamed */
    close(fd);
    return rc;
}

static void *run(void *context)
{
    struct cx_durable_file *file = context;
    int rc = write_file(file);
    pthread_mutex_lock(&file->lock);
    file->status = rc == 0 ? CX_DURABLE_DONE : CX_DURABLE_FAILED;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->lock);
    return NULL;
}

/* ---- on the caller's ---- */

/* Signals are for the thread that runs the process. */
static void start_thread(struct cx_durable_file *file)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int code = pthread_create(&file->thread, NULL, run, file);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    file->has_thread = code == 0;
    if (code == 0)
        return;
    cx_fail(&file->failure, CX_EXIT_IO, "no thread to write %s with: %s", file->path, strerror(code));
    file->status = CX_DURABLE_FAILED;
}

struct cx_durable_file *cx_durable_file_begin(const char *path)
{
    struct cx_durable_file *file = cx_state_alloc(sizeof *file);
    *file = (struct cx_durable_file){ .status = CX_DURABLE_WORKING };
    cx_assert(strlen(path) < sizeof file->path);
    snprintf(file->path, sizeof file->path, "%s", path);
    snprintf(file->temporary, sizeof file->temporary, "%s.tmp", path);
    for (int i = 0; i < PIECES; i++)
        file->pieces[i].bytes = cx_state_alloc(CX_PIECE_BYTES);
    pthread_mutex_init(&file->lock, NULL);
    pthread_cond_init(&file->changed, NULL);
    start_thread(file);
    return file;
}

char *cx_durable_file_piece(struct cx_durable_file *file, bool wait)
{
    char *bytes = NULL;
    pthread_mutex_lock(&file->lock);
    while (wait && file->sent == file->written + PIECES && file->status == CX_DURABLE_WORKING)
        pthread_cond_wait(&file->changed, &file->lock);
    if (file->sent < file->written + PIECES && file->status == CX_DURABLE_WORKING)
        bytes = file->pieces[file->sent % PIECES].bytes;
    pthread_mutex_unlock(&file->lock);
    return bytes;
}

void cx_durable_file_send(struct cx_durable_file *file, size_t len)
{
    cx_assert(len <= CX_PIECE_BYTES);
    pthread_mutex_lock(&file->lock);
    cx_assert(file->sent < file->written + PIECES && !file->is_finished);
    file->pieces[file->sent++ % PIECES].len = len;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->lock);
}

void cx_durable_file_finish(struct cx_durable_file *file)
{
    pthread_mutex_lock(&file->lock);
    file->is_finished = true;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->lock);
}

enum cx_durable cx_durable_file_status(struct cx_durable_file *file, bool wait, struct cx_error *err)
{
    pthread_mutex_lock(&file->lock);
    while (wait && file->is_finished && file->status == CX_DURABLE_WORKING)
        pthread_cond_wait(&file->changed, &file->lock);
    enum cx_durable status = file->status;
    if (status == CX_DURABLE_FAILED && err)
        *err = file->failure;
    pthread_mutex_unlock(&file->lock);
    return status;
}

void cx_durable_file_end(struct cx_durable_file *file)
{
    if (file == NULL)
        return;
    pthread_mutex_lock(&file->lock);
    file->is_abandoned = !file->is_finished;
    pthread_cond_broadcast(&file->changed);
    pthread_mutex_unlock(&file->lock);
    if (file->has_thread)
        pthread_join(file->thread, NULL);
    for (int i = 0; i < PIECES; i++)
        free(file->pieces[i].bytes);
    pthread_cond_destroy(&file->changed);
    pthread_mutex_destroy(&file->lock);
    free(file);
}
