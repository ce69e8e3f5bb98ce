/* notify.h - tells systemd how the process is doing: ready, waiting for what, alive, reloading, stopping (sd_notify(3)).
 *
 * Lines go as datagrams to the socket that NOTIFY_SOCKET names; without it nothing of this does anything. What goes wrong here stops nothing: a
 * supervisor that hears nothing acts by itself. From one thread at a time. */
#ifndef CX_RUN_NOTIFY_H
#define CX_RUN_NOTIFY_H
#include "base/error.h"

/* Takes NOTIFY_SOCKET (a path, or @name in the abstract namespace), WATCHDOG_USEC and WATCHDOG_PID. Closed when the process ends, or opened anew. */
void cx_notify_open(void);
/* What `systemctl status` shows; sent when it differs from the last one. */
void cx_notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Units that are started after this one may start. */
void cx_notify_ready(void);
/* A sign of life, of which as many may come as like: until the process is ready, that its start takes longer (EXTEND_TIMEOUT_USEC); from then on
 * WATCHDOG=1, three times per WATCHDOG_USEC. Signs that stay away get the process killed. */
void cx_notify_alive(int64_t now_ns);
/* Between the two files are read anew; nothing is said of that before the process is ready. */
void cx_notify_reloading(int64_t now_ns);
void cx_notify_reloaded(void);
void cx_notify_stopping(void);
#endif
