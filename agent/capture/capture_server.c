#include "capture_server.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "capture_session.h"
#include "local_listen.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/base/peer.h"

/* More backends than this wait in the listen queue. */
#define SESSIONS_MAX 256
#define PAUSE_MS     1000

struct ph_capture_server {
    uv_poll_t poll;
    uv_timer_t pause; /* after accept(2) had no descriptor for us */
    unsigned open_handles;
    int listen_fd;
    char *path; /* to unlink, NULL when inherited */
    struct ph_jobs *jobs;
    uid_t capture_uid;
    uint64_t timeout_s;
    bool holds_at_stop; /* what waits in CUPS is let go on by the next agent */
    struct ph_capture_session *sessions;
    size_t count;
    void (*ended)(void *arg); /* may be NULL */
    void *ended_arg;
    bool stopping;
    void (*done)(void *arg);
    void *done_arg;
};

static void on_connection(uv_poll_t *poll, int status, int events);

static void
finish_stop(struct ph_capture_server *server)
{
    void (*done)(void *arg) = server->done;
    void *arg = server->done_arg;

    if (!server->stopping || server->open_handles > 0 ||
        server->sessions != NULL)
        return;
    free(server->path);
    free(server);
    done(arg);
}

static void
listen_on(struct ph_capture_server *server)
{
    if (server->count < SESSIONS_MAX && !server->stopping)
        (void)uv_poll_start(&server->poll, UV_READABLE, on_connection);
}

static void
on_pause_over(uv_timer_t *timer)
{
    listen_on(timer->data);
}

/* Readable it stays: polling on would burn the CPU. */
static void
pause_for_descriptors(struct ph_capture_server *server)
{
    ph_log_warning("capture: no descriptor is left for a connection, "
                   "continuing");
    (void)uv_poll_stop(&server->poll);
    (void)uv_timer_start(&server->pause, on_pause_over, PAUSE_MS, 0);
}

static void
on_session_closed(struct ph_capture_session *session, void *arg)
{
    struct ph_capture_server *server = arg;
    struct ph_capture_session **link = &server->sessions;

    while (*link != session)
        link = ph_capture_session_next(*link);
    *link = *ph_capture_session_next(session);
    if (server->count-- == SESSIONS_MAX)
        listen_on(server);
    if (server->ended != NULL)
        server->ended(server->ended_arg);
    finish_stop(server);
}

void
ph_capture_server_on_end(struct ph_capture_server *server,
                         void (*ended)(void *arg), void *arg)
{
    server->ended = ended;
    server->ended_arg = arg;
}

/* The kernel's word on who connected. root is not served either: a backend
 * that runs as root is installed wrongly. */
static bool
is_backend(const struct ph_capture_server *server, int fd)
{
    struct ph_peer peer;

    if (ph_peer_get(fd, &peer) != PH_OK)
        return false;
    if (peer.uid == server->capture_uid)
        return true;
    ph_log_warning("capture: connection from uid %u refused, only uid %u may "
                   "hand over jobs, continuing",
                   (unsigned)peer.uid, (unsigned)server->capture_uid);
    return false;
}

static void
on_connection(uv_poll_t *poll, int status, int events)
{
    struct ph_capture_server *server = poll->data;
    struct ph_capture_session *session;
    int fd;

    (void)events;
    if (status < 0)
        return;
    fd = accept(server->listen_fd, NULL, NULL);
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            pause_for_descriptors(server);
        return;
    }
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    if (!is_backend(server, fd) ||
        ph_capture_session_start(poll->loop, server->jobs, fd,
                                 server->timeout_s, on_session_closed, server,
                                 &session) != PH_OK) {
        ph_io_close(&fd);
        return;
    }
    *ph_capture_session_next(session) = server->sessions;
    server->sessions = session;
    if (++server->count == SESSIONS_MAX)
        (void)uv_poll_stop(&server->poll);
}

static int
find_user(const char *name, uid_t *out_uid, struct ph_why *why)
{
    const struct passwd *pw = getpwnam(name);

    if (pw == NULL)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "agent.capture_user: there is no account %s on "
                           "this computer",
                           name);
    *out_uid = pw->pw_uid;
    return PH_OK;
}

int
ph_capture_server_start(uv_loop_t *loop, const struct ph_config *config,
                        struct ph_jobs *jobs, int listen_fd,
                        struct ph_capture_server **out_server,
                        struct ph_why *why)
{
    struct ph_capture_server *server = calloc(1, sizeof(*server));
    int err;

    if (server == NULL)
        return ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    server->jobs = jobs;
    server->timeout_s = config->capture_timeout_s;
    server->holds_at_stop = config->cups_socket[0] != '\0';
    server->listen_fd = listen_fd;
    err = find_user(config->capture_user, &server->capture_uid, why);
    if (err == PH_OK && listen_fd < 0) {
        err = ph_local_listen(config->capture_socket, 0666, &server->listen_fd,
                              why);
        if (err == PH_OK)
            server->path = strdup(config->capture_socket);
    }
    if (err == PH_OK &&
        uv_poll_init(loop, &server->poll, server->listen_fd) != 0)
        err = ph_why_fail(why, PH_ERR_IO, "cannot watch the capture socket");
    if (err != PH_OK) {
        if (listen_fd < 0)
            ph_io_close(&server->listen_fd);
        free(server->path);
        free(server);
        return err;
    }
    (void)uv_timer_init(loop, &server->pause);
    server->poll.data = server->pause.data = server;
    server->open_handles = 2;
    listen_on(server);
    *out_server = server;
    return PH_OK;
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct ph_capture_server *server = handle->data;

    if (--server->open_handles > 0)
        return;
    ph_io_close(&server->listen_fd);
    finish_stop(server);
}

void
ph_capture_server_stop(struct ph_capture_server *server,
                       void (*done)(void *arg), void *arg)
{
    server->stopping = true;
    server->done = done;
    server->done_arg = arg;
    if (server->path != NULL)
        (void)unlink(server->path);
    for (struct ph_capture_session *s = server->sessions; s != NULL;
         s = *ph_capture_session_next(s))
        ph_capture_session_stop(s, server->holds_at_stop);
    uv_close((uv_handle_t *)&server->poll, on_handle_closed);
    uv_close((uv_handle_t *)&server->pause, on_handle_closed);
}
