#include "run/notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A start may take as long as it likes while it shows that it goes on, and so much longer after the last sign. */
#define EXTEND_USEC      INT64_C(60000000)
#define EXTEND_EVERY_NS  INT64_C(10000000000)
#define SIGNS_PER_PERIOD 3

static struct {
    int fd; /* -1: nobody listens */
    bool is_ready;
    int64_t watchdog_ns; /* between two signs; 0: there is no watchdog */
    int64_t next_ns;     /* when the next sign is due */
    char status[160];
} notify = { .fd = -1 };

static int connect_to(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof address.sun_path)
        return -1;
    memcpy(address.sun_path, name, len);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* The period that the supervisor waits for a sign; 0: for none, or for one of another process. */
static int64_t watchdog_usec(void)
{
    const char *period = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    bool is_ours = pid == NULL || strtoll(pid, NULL, 10) == getpid();
    int64_t usec = period && is_ours ? strtoll(period, NULL, 10) : 0;
    return usec > 0 && usec < INT64_MAX / 1000 ? usec : 0;
}

void cx_notify_open(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    if (notify.fd >= 0)
        close(notify.fd);
    notify.fd = name ? connect_to(name) : -1;
    notify.is_ready = false;
    notify.watchdog_ns = watchdog_usec() * 1000 / SIGNS_PER_PERIOD;
    notify.next_ns = 0;
    notify.status[0] = '\0';
}

/* A full socket is not waited for: the loop must not stand still for whoever looks whether it does. */
static void tell(const char *lines)
{
    if (notify.fd >= 0)
        (void)send(notify.fd, lines, strlen(lines), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void cx_notify_status(const char *format, ...)
{
    char text[sizeof notify.status], line[sizeof text + 8];
    va_list values;
    if (notify.fd < 0)
        return;
    va_start(values, format);
    vsnprintf(text, sizeof text, format, values);
    va_end(values);
    for (char *at = text; (at = strchr(at, '\n')) != NULL; *at = ' ')
        ; /* a line of its own would be an assignment of its own */
    if (strcmp(text, notify.status) == 0)
        return;
    memcpy(notify.status, text, sizeof text);
    snprintf(line, sizeof line, "STATUS=%s", text);
    tell(line);
}

void cx_notify_ready(void)
{
    notify.is_ready = true;
    notify.next_ns = 0;
    tell("READY=1");
}

void cx_notify_alive(int64_t now_ns)
{
    char line[64] = "WATCHDOG=1";
    if (notify.fd < 0 || now_ns < notify.next_ns || (notify.is_ready && notify.watchdog_ns == 0))
        return;
    notify.next_ns = now_ns + (notify.is_ready ? notify.watchdog_ns : EXTEND_EVERY_NS);
    if (!notify.is_ready)
        snprintf(line, sizeof line, "EXTEND_TIMEOUT_USEC=%lld", (long long)EXTEND_USEC);
    tell(line);
}

void cx_notify_reloading(int64_t now_ns)
{
    char lines[80];
    snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(now_ns / 1000));
    if (notify.is_ready)
        tell(lines);
}

void cx_notify_reloaded(void)
{
    if (notify.is_ready)
        cx_notify_ready();
}

void cx_notify_stopping(void)
{
    tell("STOPPING=1");
}
