/* The n-th call to the system fails, for every n, in every way: what stands at the path afterwards is the old snapshot or the new one, whole.
 * The calls are wrapped by the linker (tests.cmake). */
#include <criterion/criterion.h>
#include "state/snapshot.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the faults ---- */
static atomic_int calls, failing; /* calls made; number of the one that fails, 0: none */
static int with;                  /* errno; SHORT: half of it is written or read, and the call after it fails */
#define SHORT (-1)

static bool fails(void)
{
    int n = atomic_fetch_add(&calls, 1) + 1;
    if (with == SHORT ? n != failing + 1 : n != failing)
        return false;
    errno = with == SHORT ? ENOSPC : with;
    return failing != 0;
}
static bool is_cut(void)
{
    return with == SHORT && failing != 0 && atomic_load(&calls) == failing;
}

int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...)
{
    va_list values;
    va_start(values, flags);
    int mode = flags & O_CREAT ? va_arg(values, int) : 0;
    va_end(values);
    return fails() ? -1 : __real_open(name, flags, mode);
}
ssize_t __real_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size);
ssize_t __wrap_write(int fd, const void *from, size_t size)
{
    if (fails())
        return -1;
    return __real_write(fd, from, is_cut() && size > 1 ? size / 2 : size);
}
ssize_t __real_read(int fd, void *into, size_t size);
ssize_t __wrap_read(int fd, void *into, size_t size);
ssize_t __wrap_read(int fd, void *into, size_t size)
{
    if (fails())
        return -1;
    return __real_read(fd, into, is_cut() && size > 1 ? size / 2 : size);
}
#define WRAP(name, parameters, arguments)                                                                                                            \
    int __real_##name parameters;                                                                                                                    \
    int __wrap_##name parameters;                                                                                                                    \
    int __wrap_##name parameters                                                                                                                     \
    {                                                                                                                                                \
        return fails() ? -1 : __real_##name arguments;                                                                                               \
    }
WRAP(fsync, (int fd), (fd))
WRAP(rename, (const char *from, const char *to), (from, to))
WRAP(ftruncate, (int fd, off_t size), (fd, size))
WRAP(flock, (int fd, int how), (fd, how))
WRAP(fstat, (int fd, struct stat *what), (fd, what))

/* The owner of the temporary file has renamed it away before we had the lock on it, and another has made one. */
static bool is_renamed_away;
int __real_stat(const char *name, struct stat *what);
int __wrap_stat(const char *name, struct stat *what);
int __wrap_stat(const char *name, struct stat *what)
{
    if (fails())
        return -1;
    int rc = __real_stat(name, what);
    what->st_ino += is_renamed_away;
    return rc;
}

/* Not one of those that fail in turn: a machine without a thread left is a matter of its own. */
static bool is_out_of_threads;
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *context);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *context)
{
    return is_out_of_threads ? EAGAIN : __real_pthread_create(thread, attributes, run, context);
}

/* ---- the test ---- */
static const struct cx_table tables[] = {
    { "fixed", CX_TABLE_HASH, 12, "Twelve bytes a key." },
    { "any", CX_TABLE_HASH, 0, "Any size." },
    { "sorted", CX_TABLE_ORDERED, 0, "In order." },
    { 0 },
};
static char folder[100], path[120];
enum { OLD = 1, NEW = 2 };

static struct cx_snapshot_head head_at(int64_t offset)
{
    return (struct cx_snapshot_head){
        .cluster = CX_STR("c"), .topic = CX_STR("t"), .chain = CX_STR("a"), .stage = CX_STR("a"), .owner = CX_STR("0"), .offset = offset
    };
}

static struct cx_state *state_of(uint32_t keys)
{
    struct cx_state *state = cx_state_new(tables);
    for (uint32_t n = 0; n < keys; n++) {
        struct cx_id id = cx_hash128(&n, sizeof n);
        cx_state_put(state, 0, &id, &n, sizeof n);
        cx_state_put(state, 1, &id, "value", n % 5);
        cx_state_oput(state, 2, cx_str_n(&id, 5), cx_str_n("value", n % 5));
    }
    cx_state_commit(state);
    return state;
}

static enum cx_snapshot_status write_snapshot(struct cx_state *state, int64_t offset, struct cx_error *err)
{
    struct cx_snapshot_head head = head_at(offset);
    struct cx_snapshot_writer *writer = cx_snapshot_begin(path, state, &head);
    enum cx_snapshot_status status = cx_snapshot_finish(writer, err);
    cx_snapshot_end(writer);
    return status;
}

/* Offset of the snapshot at the path, which must be whole: 0 when there is none. */
static int64_t loaded(struct cx_state *expected)
{
    struct cx_state *state = cx_state_new(tables);
    struct cx_snapshot_head wanted = head_at(0);
    struct cx_snapshot found;
    struct cx_error err = { 0 };
    int rc = cx_snapshot_load(path, &wanted, state, &found, &err);
    cr_assert_geq(rc, 0, "a torn snapshot: %s", err.text);
    if (rc == 0)
        cr_assert(cx_id_eq(cx_state_digest(state), cx_state_digest(expected)));
    cx_state_free(state);
    return rc == 1 ? 0 : found.head.offset;
}

static const int ways[] = { EIO, ENOSPC, EACCES, EINTR, SHORT };
#define WAYS (sizeof ways / sizeof *ways)

/* Fails call 1, 2, 3 … of a write until one write meets no fault; returns how many faults there were. */
static int fail_writing(struct cx_state *state, bool has_old)
{
    int points = 0;
    for (int n = 1;; n++, points++) {
        struct cx_error err = { 0 };
        failing = 0;
        unlink(path);
        if (has_old)
            cr_assert_eq(write_snapshot(state, OLD, &err), CX_SNAPSHOT_DONE);
        calls = 0;
        failing = n;
        enum cx_snapshot_status status = write_snapshot(state, NEW, &err);
        bool was_met = calls >= n + (with == SHORT);
        failing = 0;
        int64_t found = loaded(state);
        cr_assert(found == NEW || (status == CX_SNAPSHOT_FAILED && found == (has_old ? OLD : 0)), "call %d: status %d, found %d", n, status,
                  (int)found);
        cr_assert(status == CX_SNAPSHOT_DONE || strlen(err.text) > 10);
        cr_assert_eq(write_snapshot(state, NEW, &err), CX_SNAPSHOT_DONE, "the next one, after call %d: %s", n, err.text);
        if (!was_met)
            return points;
    }
}

static int fail_reading(struct cx_state *expected)
{
    struct cx_snapshot_head wanted = head_at(0);
    for (int n = 1;; n++) {
        struct cx_state *state = cx_state_new(tables);
        struct cx_snapshot found;
        struct cx_error err = { 0 };
        calls = 0;
        failing = n;
        int rc = cx_snapshot_load(path, &wanted, state, &found, &err);
        bool was_met = calls >= n + (with == SHORT);
        failing = 0;
        cr_assert(rc == 0 ? cx_id_eq(cx_state_digest(state), cx_state_digest(expected)) : rc == -1 && strlen(err.text) > 10);
        cx_state_free(state);
        if (!was_met)
            return n - 1;
    }
}

Test(snapshot_faults, the_old_or_the_new_one_is_there_whole_whatever_call_fails, .timeout = 120)
{
    static const uint32_t sizes[] = { 0, 1, 1000, 50000 }; /* the last has tables of two blocks */
    int points = 0;
    snprintf(folder, sizeof folder, "%s/snapshot-faults-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"); /* to sync costs nothing there */
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/s.snapshot", folder);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct cx_state *state = state_of(sizes[i]);
        for (size_t way = 0; way < WAYS; way++) {
            with = ways[way];
            if (sizes[i] > 1000 && with != ENOSPC)
                continue;
            points += fail_writing(state, true) + fail_writing(state, false) + fail_reading(state);
        }
        cx_state_free(state);
    }
    unlink(path);
    cr_assert_eq(rmdir(folder), 0, "something was left behind");
    cr_log_info("%d points of failure", points);
    cr_assert_geq(points, 500, "only %d points of failure", points);
}

Test(snapshot_faults, without_a_thread_to_write_it_there_is_none_and_the_process_goes_on)
{
    struct cx_state *state = state_of(10);
    struct cx_error err = { 0 };
    snprintf(path, sizeof path, "/tmp/snapshot-without-a-thread.%d", (int)getpid());
    is_out_of_threads = true;
    cr_expect_eq(write_snapshot(state, NEW, &err), CX_SNAPSHOT_FAILED);
    cr_expect_not_null(strstr(err.text, "no thread to write"), "%s", err.text);
    cr_expect_eq(access(path, F_OK), -1);
    is_out_of_threads = false;
    cr_expect_eq(write_snapshot(state, NEW, &err), CX_SNAPSHOT_DONE);
    cr_expect_eq(loaded(state), NEW);
    cx_state_free(state);
    unlink(path);
}

Test(snapshot_faults, a_lock_on_a_file_that_lost_its_name_is_none)
{
    struct cx_state *state = state_of(10);
    struct cx_error err = { 0 };
    snprintf(path, sizeof path, "/tmp/snapshot-renamed-away.%d", (int)getpid());
    is_renamed_away = true;
    cr_expect_eq(write_snapshot(state, NEW, &err), CX_SNAPSHOT_FAILED);
    cr_expect_not_null(strstr(err.text, "is being written by another process"), "%s", err.text);
    is_renamed_away = false;
    cr_expect_eq(loaded(state), 0);
    cr_expect_eq(write_snapshot(state, NEW, &err), CX_SNAPSHOT_DONE);
    cx_state_free(state);
    unlink(path);
}
