/* http.c - /livez /readyz /metrics /status /config /version of a process, on a thread of its own. It reads atomics and the metrics only. */
#include "run/process.h"

#include "base/time.h"
#include "log/log.h"

#include <arpa/inet.h>
#include <microhttpd.h>

/* Whoever is slow is put out for whoever comes: a connection may be old while there is room, and young when there is none. */
enum { CONNECTIONS = 64, CROWDED = 48, CONNECTIONS_OF_ONE = 56, IDLE_S = 10, HEAD_BYTES = 32768 };
#define LONGEST_NS         INT64_C(30000000000)
#define LONGEST_CROWDED_NS INT64_C(1000000000)

struct open_connection {
    int fd;
    uint32_t from; /* IPv4 address */
    int64_t since_ns;
};
struct cx_http {
    struct MHD_Daemon *daemon;
    struct open_connection open[CONNECTIONS]; /* seen by the daemon's thread alone */
    size_t open_count;
    struct cx_str config; /* printed once, secrets masked */
    struct cx_buf config_text;
};

static bool is_alive(struct cx_process *p)
{
    int64_t silent_ms = (cx_monotonic_ns() - (int64_t)atomic_load(&p->heartbeat_ns)) / 1000000;
    return silent_ms < p->settings->kafka.max_poll_interval;
}

/* A standby is ready for what it is there for. */
static bool is_ready(struct cx_process *p)
{
    if (atomic_load(&p->standby) != CX_STANDBY_NOT)
        return is_alive(p) && atomic_load(&p->standby) == CX_STANDBY_WARM;
    return is_alive(p) && atomic_load(&p->assigned_now) > 0 && !atomic_load(&p->is_restoring);
}

static void put_status(struct cx_process *p, struct cx_buf *out)
{
    cx_buf_format(
        out,
        "{\"chain\":\"%s\",\"version\":\"%s\",\"alive\":%s,\"ready\":%s,\"restoring\":%s,\"assigned_partitions\":%d,\"config_hash\":\"%016llx\"}\n",
        cx_chain_name(p->chain), CX_VERSION, is_alive(p) ? "true" : "false", is_ready(p) ? "true" : "false",
        atomic_load(&p->is_restoring) ? "true" : "false", atomic_load(&p->assigned_now), (unsigned long long)atomic_load(&p->config_hash));
}

/* Fills the body; the status code, 404 for a path we do not have. */
static unsigned answer(struct cx_process *p, const char *path, struct cx_buf *out, const char **type)
{
    *type = "text/plain; charset=utf-8";
    if (strcmp(path, "/livez") == 0) {
        cx_buf_format(out, "%s\n", is_alive(p) ? "ok" : "the loop has not run for max_poll_interval");
        return is_alive(p) ? 200 : 503;
    }
    if (strcmp(path, "/readyz") == 0) {
        int standby = atomic_load(&p->standby);
        cx_buf_format(out, "%s\n",
                      standby == CX_STANDBY_WARM      ? "standby: warm"
                      : standby                       ? "standby: filling its memory"
                      : is_ready(p)                   ? "ok"
                      : atomic_load(&p->is_restoring) ? "restoring state"
                                                      : "no partition assigned");
        return is_ready(p) ? 200 : 503;
    }
    if (strcmp(path, "/metrics") == 0) {
        *type = "text/plain; version=0.0.4; charset=utf-8";
        cx_metrics_expose(p->metrics, out);
    } else if (strcmp(path, "/status") == 0) {
        *type = "application/json";
        put_status(p, out);
    } else if (strcmp(path, "/config") == 0) {
        cx_buf_str(out, p->http->config);
    } else if (strcmp(path, "/version") == 0) {
        cx_buf_format(out, "cx %s\n", CX_VERSION);
    } else {
        cx_buf_format(out, "no such page; there are /livez /readyz /metrics /status /config /version\n");
        return 404;
    }
    return 200;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **seen)
{
    (void)version;
    (void)upload;
    *upload_size = 0;
    if (!*seen) { /* headers only; the request comes with the next call */
        *seen = context;
        return MHD_YES;
    }
    struct cx_buf out;
    cx_buf_init(&out, (size_t)16 << 20);
    const char *type = "text/plain; charset=utf-8";
    bool is_read = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    unsigned code = is_read ? answer(context, url, &out, &type) : 405;
    if (!is_read)
        cx_buf_format(&out, "pages can be read only\n");
    if (out.overflow) { /* half a page would pass for a whole one */
        cx_buf_reset(&out);
        code = 500;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(out.len, out.ptr ? out.ptr : (char *)"", MHD_RESPMEM_MUST_COPY);
    cx_buf_free(&out);
    MHD_add_response_header(response, "Content-Type", type);
    if (!is_read)
        MHD_add_response_header(response, "Allow", "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
    return result;
}

static uint32_t address_of(const struct sockaddr *address)
{
    struct sockaddr_in in = { 0 };
    memcpy(&in, address, sizeof in); /* we listen on IPv4 alone */
    return in.sin_addr.s_addr;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **of_socket, enum MHD_ConnectionNotificationCode what)
{
    struct cx_http *http = context;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    (void)of_socket;
    if (!info)
        return;
    if (what == MHD_CONNECTION_NOTIFY_STARTED && http->open_count < CONNECTIONS) {
        const union MHD_ConnectionInfo *client = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        http->open[http->open_count++] = (struct open_connection){ info->connect_fd, address_of(client->client_addr), cx_monotonic_ns() };
        return;
    }
    for (size_t i = 0; i < http->open_count; i++)
        if (http->open[i].fd == info->connect_fd) {
            http->open[i] = http->open[--http->open_count];
            return;
        }
}

/* Somebody comes: those who have been here too long go (the daemon closes what was shut down), and where there is no room yet the newcomer must ask
 * again. The daemon's own limits would refuse before they ask us, and so those who are here would stay. */
static enum MHD_Result on_arrival(void *context, const struct sockaddr *address, socklen_t length)
{
    struct cx_http *http = context;
    int64_t now = cx_monotonic_ns(), longest = http->open_count < CROWDED ? LONGEST_NS : LONGEST_CROWDED_NS;
    uint32_t from = address_of(address);
    size_t of_one = 0;
    (void)length;
    for (size_t i = 0; i < http->open_count; i++) {
        of_one += http->open[i].from == from;
        if (now - http->open[i].since_ns > longest)
            shutdown(http->open[i].fd, SHUT_RDWR);
    }
    return http->open_count < CONNECTIONS && of_one < CONNECTIONS_OF_ONE ? MHD_YES : MHD_NO;
}

static int parse_listen(struct cx_str listen, struct sockaddr_in *address, struct cx_error *err)
{
    ptrdiff_t colon = cx_str_find(listen, ':');
    int64_t port;
    char host[64];
    if (colon < 0 || colon >= (ptrdiff_t)sizeof host || !cx_str_to_i64(cx_str_skip(listen, (size_t)colon + 1), &port) || port < 0 || port > 65535)
        return cx_fail(err, CX_EXIT_CONFIG, "http.listen: %.*s is not host:port", CX_STR_ARG(listen));
    memcpy(host, listen.ptr, (size_t)colon);
    host[colon] = '\0';
    *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    if (inet_pton(AF_INET, colon == 0 || strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &address->sin_addr) != 1)
        return cx_fail(err, CX_EXIT_CONFIG, "http.listen: %s is not an IPv4 address", host);
    return 0;
}

int cx_http_open(struct cx_process *p, struct cx_error *err)
{
    if (p->settings->http.listen.len == 0)
        return 0;
    struct sockaddr_in address;
    CX_TRY(parse_listen(p->settings->http.listen, &address, err));
    struct cx_http *http = p->http = calloc(1, sizeof *http);
    cx_assert(http != NULL);
    cx_buf_init(&http->config_text, (size_t)16 << 20);
    cx_config_print(&http->config_text, p->settings->root);
    http->config = cx_buf_view(&http->config_text);
    http->daemon =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, on_arrival, http, on_request, p, MHD_OPTION_SOCK_ADDR, &address,
                         MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS + 1,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES, MHD_OPTION_END);
    if (!http->daemon)
        return cx_fail(err, CX_EXIT_IO, "http.listen: cannot listen on %.*s", CX_STR_ARG(p->settings->http.listen));
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    cx_log(CX_INFO, "http", "port=%u", info ? (unsigned)info->port : 0u);
    return 0;
}

void cx_http_close(struct cx_process *p)
{
    if (!p->http)
        return;
    if (p->http->daemon)
        MHD_stop_daemon(p->http->daemon);
    cx_buf_free(&p->http->config_text);
    free(p->http);
    p->http = NULL;
}
