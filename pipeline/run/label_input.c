/* label_input.c - lines from stdin, while the terminal stays heard: who waits for records can still quit. */
#include "run/label.h"
#include "run/process.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { PATIENCE_MS = 500 };

void cx_label_input_init(struct cx_label_input *input, int terminal)
{
    *input = (struct cx_label_input){ .terminal = terminal };
    cx_buf_init(&input->bytes, (size_t)256 << 20);
}

void cx_label_input_free(struct cx_label_input *input)
{
    cx_buf_free(&input->bytes);
}

static void say_waiting(const struct cx_label_input *input)
{
    static const char words[] = "waiting for records; Q quits\n";
    ssize_t n = write(input->terminal, words, sizeof words - 1);
    (void)n; /* a terminal that is gone is noticed by poll */
}

/* Until stdin has something; false: quit. Keys for no question are dropped. */
static bool wait_for_bytes(struct cx_label_input *input)
{
    struct pollfd both[] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .fd = input->terminal, .events = POLLIN } };
    bool is_told = false;
    while (!cx_stop_requested) {
        int n = poll(both, 2, is_told ? -1 : PATIENCE_MS);
        if (n > 0 && both[0].revents != 0)
            return true;
        if (n > 0 && both[1].revents != 0 && cx_terminal_key(input->terminal) == CX_KEY_QUIT)
            return false;
        if (n < 0 && errno != EINTR)
            return false;
        if (n == 0)
            say_waiting(input);
        is_told = is_told || n == 0;
    }
    return false;
}

static bool take_line(struct cx_label_input *input, struct cx_str *line)
{
    struct cx_str rest = cx_str_skip(cx_buf_view(&input->bytes), input->at);
    ptrdiff_t end = cx_str_find(rest, '\n');
    if (end < 0 && !input->is_ended)
        return false;
    *line = cx_str_n(rest.ptr, end < 0 ? rest.len : (size_t)end);
    input->at += line->len + (end >= 0);
    return line->len > 0 || end >= 0;
}

bool cx_label_input_line(struct cx_label_input *input, struct cx_str *line)
{
    while (!take_line(input, line)) {
        if (input->is_ended || !wait_for_bytes(input))
            return false;
        if (input->at > 0) { /* what was taken is taken out */
            memmove(input->bytes.ptr, input->bytes.ptr + input->at, input->bytes.len - input->at);
            input->bytes.len -= input->at;
            input->at = 0;
        }
        char piece[65536];
        ssize_t got = read(STDIN_FILENO, piece, sizeof piece);
        if (got > 0)
            cx_buf_add(&input->bytes, piece, (size_t)got);
        else if (got == 0 || errno != EINTR)
            input->is_ended = true;
        input->is_ended = input->is_ended || input->bytes.overflow;
    }
    return true;
}
