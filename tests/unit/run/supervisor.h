/* supervisor.h - who listens at NOTIFY_SOCKET, for tests. */
#ifndef CX_TEST_SUPERVISOR_H
#define CX_TEST_SUPERVISOR_H
#include "run/notify.h"

#include <criterion/criterion.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int supervisor = -1;

static void listen_at(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    supervisor = socket(AF_UNIX, SOCK_DGRAM, 0);
    cr_assert_eq(bind(supervisor, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
    setenv("NOTIFY_SOCKET", name, 1);
}

/* The next datagram; empty: there is none. */
static const char *heard(void)
{
    static char bytes[400];
    ssize_t len = recv(supervisor, bytes, sizeof bytes - 1, MSG_DONTWAIT);
    bytes[len < 0 ? 0 : len] = '\0';
    return bytes;
}
#endif
