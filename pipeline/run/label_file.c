/* label_file.c - the TSV that labels go to: read once, then only appended to, or cut back by an undo. It begins with the first label: a file made for
 * none goes away again. */
#include "run/label.h"

#include "base/buf.h"
#include "learn/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1 << 30)

struct seen { /* two sorted lists would be quicker to look up; a person labels thousands, not millions */
    struct cx_id *ids, *texts;
    size_t count, cap;
};
struct cx_label_file {
    const char *path, *head;
    int fd;
    bool is_made;
    struct seen seen;
    char *labels[CX_LABEL_MOST]; /* that occurred, each once */
    size_t label_count;
    size_t own;    /* rows added by this session, at the end of `seen` */
    off_t *starts; /* where they begin */
    size_t starts_cap;
};

static struct cx_id hash_text(struct cx_str text)
{
    return cx_hash128(text.ptr, text.len);
}

static void remember(struct cx_label_file *file, struct cx_id id, struct cx_str text)
{
    struct seen *seen = &file->seen;
    if (seen->count == seen->cap) {
        seen->cap = seen->cap > 0 ? seen->cap * 2 : 1024;
        seen->ids = realloc(seen->ids, seen->cap * sizeof *seen->ids);
        seen->texts = realloc(seen->texts, seen->cap * sizeof *seen->texts);
        cx_assert(seen->ids != NULL && seen->texts != NULL);
    }
    seen->ids[seen->count] = id;
    seen->texts[seen->count++] = hash_text(text);
}

static void remember_label(struct cx_label_file *file, struct cx_str label)
{
    if (label.len == 0 || cx_str_find(label, ',') >= 0 || file->label_count == CX_LABEL_MOST)
        return;
    for (size_t i = 0; i < file->label_count; i++)
        if (cx_str_is(label, file->labels[i]))
            return;
    char *copy = strndup(label.ptr, label.len);
    cx_assert(copy != NULL);
    file->labels[file->label_count++] = copy;
}

/* ---- reading ---- */

struct columns {
    int id, text, label, count;
};

static struct columns find_columns(struct cx_str header, const char *head)
{
    struct columns at = { -1, -1, -1, 0 };
    struct cx_str name;
    for (; cx_str_cut(&header, '\t', &name); at.count++) {
        at.id = cx_str_is(name, "id") ? at.count : at.id;
        at.text = cx_str_is(name, "text") ? at.count : at.text;
        at.label = cx_str_is(name, head) ? at.count : at.label;
    }
    return at;
}

static int read_row(struct cx_label_file *file, const struct columns *at, struct cx_str line, int number, struct cx_error *err)
{
    struct cx_str field, id_text = CX_STR_NULL, text = CX_STR_NULL, label = CX_STR_NULL;
    struct cx_id id = { { 0 } };
    int n = 0;
    for (; cx_str_cut(&line, '\t', &field); n++) {
        id_text = n == at->id ? field : id_text;
        text = n == at->text ? field : text;
        label = n == at->label ? field : label;
    }
    if (n != at->count)
        return cx_fail(err, CX_EXIT_DATA, "%s:%d: %d columns instead of %d", file->path, number, n, at->count);
    if (!cx_id_from_hex(id_text, &id))
        id = cx_hash128(id_text.ptr, id_text.len); /* a file of another origin: its ids are names */
    remember(file, id, text);
    remember_label(file, label);
    return 0;
}

static int read_rows(struct cx_label_file *file, struct cx_str content, const char *head, struct cx_error *err)
{
    struct cx_str line;
    content = cx_utf8_skip_mark(content);
    learn_cut_line(&content, &line);
    struct columns at = find_columns(line, head);
    if (at.id < 0 || at.text < 0)
        return cx_fail(err, CX_EXIT_DATA, "%s:1: no file of labels: its header has no id and text", file->path);
    if (at.label != at.count - 1 || at.count != 5)
        return cx_fail(err, CX_EXIT_DATA, "%s:1: no file of labels for %s: its header is not id, channel, language, text, %s (one file a head)",
                       file->path, head, head);
    for (int number = 2; content.len > 0 && learn_cut_line(&content, &line); number++)
        CX_TRY(read_row(file, &at, line, number, err));
    return 0;
}

static int read_all(struct cx_label_file *file, struct cx_buf *content, struct cx_error *err)
{
    char piece[65536];
    ssize_t got;
    while ((got = read(file->fd, piece, sizeof piece)) > 0)
        cx_buf_add(content, piece, (size_t)got);
    if (got < 0 || content->overflow)
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be read: %s", file->path, got < 0 ? strerror(errno) : "more than 1 GiB");
    if (content->len > 0 && content->ptr[content->len - 1] != '\n')
        return cx_fail(err, CX_EXIT_DATA, "%s: its last line has no end: complete or delete it", file->path);
    return cx_utf8_valid(cx_buf_view(content)) ? 0 : cx_fail(err, CX_EXIT_DATA, "%s: no UTF-8", file->path);
}

/* ---- writing ---- */

static int write_all(struct cx_label_file *file, struct cx_str bytes, struct cx_error *err)
{
    off_t start = lseek(file->fd, 0, SEEK_END);
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(file->fd, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int why = errno;
            if (ftruncate(file->fd, start) != 0) /* half a row is worse than none; if not even this can be done, reading says so */
                why = errno;
            return cx_fail(err, CX_EXIT_IO, "%s: cannot be written: %s", file->path, strerror(why));
        }
        done += (size_t)n;
    }
    return 0;
}

int cx_label_file_add(struct cx_label_file *file, const struct cx_label_row *row, struct cx_error *err)
{
    char hex[32];
    struct cx_buf line;
    cx_id_hex(row->event_id, hex);
    cx_buf_init(&line, FILE_MAX);
    off_t start = lseek(file->fd, 0, SEEK_END);
    if (start == 0)
        cx_buf_format(&line, "id\tchannel\tlanguage\ttext\t%s\n", file->head);
    cx_buf_format(&line, "%.32s\t%.*s\t%.*s\t%.*s\t%.*s\n", hex, CX_STR_ARG(row->channel), CX_STR_ARG(row->language), CX_STR_ARG(row->text),
                  CX_STR_ARG(row->labels));
    if (file->own == file->starts_cap) {
        file->starts_cap = file->starts_cap > 0 ? file->starts_cap * 2 : 256;
        file->starts = realloc(file->starts, file->starts_cap * sizeof *file->starts);
        cx_assert(file->starts != NULL);
    }
    file->starts[file->own] = start;
    int rc = write_all(file, cx_buf_view(&line), err);
    cx_buf_free(&line);
    if (rc != 0)
        return rc;
    file->own++;
    remember(file, row->event_id, row->text);
    return 0;
}

int cx_label_file_undo(struct cx_label_file *file, struct cx_error *err)
{
    cx_assert(file->own > 0);
    if (ftruncate(file->fd, file->starts[file->own - 1]) != 0)
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be cut: %s", file->path, strerror(errno));
    file->own--;
    file->seen.count--;
    return 0;
}

/* ---- the whole ---- */

/* Whoever made the file may have taken it away before it could be locked. */
static bool lock(const struct cx_label_file *file)
{
    struct stat status;
    return flock(file->fd, LOCK_EX | LOCK_NB) == 0 && fstat(file->fd, &status) == 0 && status.st_nlink > 0;
}

static int begin(struct cx_label_file *file, const char *head, bool is_made, struct cx_error *err)
{
    if (file->fd < 0)
        return cx_fail(err, CX_EXIT_IO, "%s: cannot be opened: %s", file->path, strerror(errno));
    if (!lock(file))
        return cx_fail(err, CX_EXIT_IO, "%s: somebody else labels into it", file->path);
    file->is_made = is_made;
    struct cx_buf content;
    cx_buf_init(&content, FILE_MAX);
    int rc = read_all(file, &content, err);
    if (rc == 0 && content.len > 0)
        rc = read_rows(file, cx_buf_view(&content), head, err);
    cx_buf_free(&content);
    return rc;
}

struct cx_label_file *cx_label_file_open(const char *path, const char *head, struct cx_error *err)
{
    struct cx_label_file *file = calloc(1, sizeof *file);
    cx_assert(file != NULL);
    file->path = path;
    file->head = head;
    bool is_made = access(path, F_OK) != 0;
    file->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600); /* texts are personal data */
    if (begin(file, head, is_made, err) == 0)
        return file;
    cx_label_file_close(file);
    return NULL;
}

/* Whether the path names the file that is open: somebody may have put another one there, or a link. */
static bool is_named(const struct cx_label_file *file)
{
    struct stat named, opened;
    return lstat(file->path, &named) == 0 && fstat(file->fd, &opened) == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

void cx_label_file_close(struct cx_label_file *file)
{
    if (file->is_made && lseek(file->fd, 0, SEEK_END) == 0 && is_named(file))
        unlink(file->path);
    if (file->fd >= 0)
        close(file->fd);
    for (size_t i = 0; i < file->label_count; i++)
        free(file->labels[i]);
    free(file->seen.ids);
    free(file->seen.texts);
    free(file->starts);
    free(file);
}

bool cx_label_file_has(const struct cx_label_file *file, struct cx_id event_id, struct cx_str text)
{
    struct cx_id hash = hash_text(text);
    for (size_t i = 0; i < file->seen.count; i++)
        if (cx_id_eq(file->seen.ids[i], event_id) || cx_id_eq(file->seen.texts[i], hash))
            return true;
    return false;
}

const char *cx_label_file_label(const struct cx_label_file *file, size_t i)
{
    return i < file->label_count ? file->labels[i] : NULL;
}

size_t cx_label_file_count(const struct cx_label_file *file)
{
    return file->seen.count;
}
