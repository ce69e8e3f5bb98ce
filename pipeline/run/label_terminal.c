/* label_terminal.c - keys from the terminal, one at a time, whatever stdin is. */
#include "run/label.h"
#include "run/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

enum { DELETE = 0x7f, BACKSPACE = 0x08, ESCAPE = 0x1b, END_OF_INPUT = 0x04, INTERRUPT = 0x03 };
static struct termios usual; /* as the terminal was found */

static void take_key(char *key, char wanted, bool *taken)
{
    size_t i = (size_t)(strchr("abcdefghijklmnopqrstuvwxyz0123456789", wanted) - "abcdefghijklmnopqrstuvwxyz0123456789");
    if (*key == '\0' && !taken[i]) {
        *key = wanted;
        taken[i] = true;
    }
}

bool cx_label_choices_add(struct cx_label_choices *choices, const char *name)
{
    bool taken[CX_LABEL_MOST] = { false };
    char key = '\0', other;
    for (int i = 0; i < choices->count; i++) {
        if (strcmp(choices->names[i], name) == 0)
            return true;
        other = '\0';
        take_key(&other, choices->keys[i], taken);
    }
    if (choices->count == CX_LABEL_MOST)
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (*c >= 'a' && *c <= 'z')
            take_key(&key, *c, taken);
    for (const char *c = "0123456789abcdefghijklmnopqrstuvwxyz"; *c != '\0'; c++)
        take_key(&key, *c, taken);
    choices->names[choices->count] = name;
    choices->keys[choices->count++] = key;
    return true;
}

static int set_mode(int terminal)
{
    struct termios mode;
    if (tcgetattr(terminal, &usual) != 0)
        return -1;
    mode = usual;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG); /* Ctrl-C and Ctrl-Z are keys like others, so that the mode is always given back */
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return tcsetattr(terminal, TCSANOW, &mode);
}

int cx_terminal_open(struct cx_error *err)
{
    int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (terminal < 0)
        return cx_fail(err, CX_EXIT_USAGE,
                       "needs a terminal: keys are read from /dev/tty, and there is none (run it in a shell, not from cron or a pipeline job)");
    if (set_mode(terminal) == 0)
        return terminal;
    close(terminal);
    return cx_fail(err, CX_EXIT_USAGE, "needs a terminal: /dev/tty is none: %s", strerror(errno));
}

void cx_terminal_close(int terminal)
{
    tcsetattr(terminal, TCSADRAIN, &usual);
    close(terminal);
}

/* The next byte; -1: none comes within `timeout_ms`, or never again. */
static int next_byte(int terminal, int timeout_ms)
{
    struct pollfd ready = { .fd = terminal, .events = POLLIN };
    unsigned char byte;
    if (poll(&ready, 1, timeout_ms) <= 0 || read(terminal, &byte, 1) != 1)
        return -1;
    return byte;
}

/* Arrows and function keys are an escape and bytes that follow at once, up to one from @ to ~: they mean nothing here. */
static bool is_sequence(int terminal)
{
    int byte = next_byte(terminal, 20);
    if (byte != '[' && byte != 'O')
        return byte >= 0;
    do
        byte = next_byte(terminal, 20);
    while (byte >= 0 && (byte < '@' || byte > '~'));
    return true;
}

static int meaning_of(int terminal, int byte)
{
    switch (byte) {
    case '\r':
    case '\n':
        return CX_KEY_ACCEPT;
    case ' ':
        return CX_KEY_SKIP;
    case DELETE:
    case BACKSPACE:
        return CX_KEY_UNDO;
    case 'Q':
    case END_OF_INPUT:
    case INTERRUPT:
        return CX_KEY_QUIT;
    case ESCAPE:
        return is_sequence(terminal) ? CX_KEY_NONE : CX_KEY_QUIT;
    default:
        return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ? byte : CX_KEY_NONE;
    }
}

int cx_terminal_key(int terminal)
{
    while (!cx_stop_requested) {
        int byte = next_byte(terminal, -1);
        if (byte < 0 && errno == EINTR)
            continue;
        int key = byte < 0 ? CX_KEY_QUIT : meaning_of(terminal, byte);
        if (key != CX_KEY_NONE)
            return key;
    }
    return CX_KEY_QUIT;
}
