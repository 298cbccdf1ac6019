/*
 * A client is in one of these states; every change goes through control_enter():
 *
 *   READING --request--> WORKING --frames--> WRITING --all sent--> READING
 *      |                  |  ^ ^               |  |
 *      |                  |  | '---- more -----'  '--a watcher--> WATCHING
 *      |                  |  '------------ something changed ---------'|
 *      '------------------'--------------------'-----------------------'
 *                                                        '--> CLOSING
 *
 * Invariants: the idle timer runs in READING and WRITING only; a worker uses
 * call, watch and out in WORKING only, and the client is not freed before the
 * worker is back and both handles are closed. A watcher never asks again: what
 * it sends ends it.
 */
#include "control_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include "control_status.h"
#include "local_listen.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/frame.h"

#define SOCKET_MODE 0666
#define BACKLOG     64
#define READ_BYTES  4096

static void stay(struct client *client);

/* --- ends --- */

static void
end_call(struct client *client)
{
    if (client->call == NULL)
        return;
    ph_control_call_end(client->call);
    free(client->call);
    client->call = NULL;
}

static void
finish_if_gone(struct ph_control_server *server)
{
    void (*done)(void *arg) = server->done;
    void *arg = server->done_arg;

    if (!server->stopping || server->listening || server->clients != NULL)
        return;
    free(server);
    if (done != NULL)
        done(arg);
}

static void
free_if_gone(struct client *client)
{
    struct ph_control_server *server = client->server;

    if (client->open_handles > 0 || client->working)
        return;
    if (client->prev != NULL)
        client->prev->next = client->next;
    else
        server->clients = client->next;
    if (client->next != NULL)
        client->next->prev = client->prev;
    end_call(client);
    ph_wipe(client->in.data, client->in.len);
    ph_buf_close(&client->in);
    ph_buf_close(&client->out);
    free(client);
    finish_if_gone(server);
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct client *client = handle->data;

    client->open_handles--;
    free_if_gone(client);
}

static void on_idle(uv_timer_t *timer);

void
control_enter(struct client *client, enum state state)
{
    client->state = state;
    if (state == READING || state == WRITING) {
        (void)uv_timer_start(&client->idle, on_idle,
                             client->server->sources.idle_ms, 0);
    } else {
        (void)uv_timer_stop(&client->idle);
    }
}

void
control_close_client(struct client *client)
{
    if (client->state == CLOSING)
        return;
    control_enter(client, CLOSING);
    uv_close((uv_handle_t *)&client->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&client->idle, on_handle_closed);
}

static void
on_idle(uv_timer_t *timer)
{
    struct client *client = timer->data;

    ph_log_debug("control: uid %u made no progress", (unsigned)client->uid);
    control_close_client(client);
}

/* --- answering --- */

static void
on_work(uv_work_t *work)
{
    struct client *client = work->data;

    client->call_err = client->is_watcher
                           ? ph_control_watch_step(&client->watch, &client->out)
                           : ph_control_call_step(client->call, &client->out);
}

static void on_worked(uv_work_t *work, int status);

static void
start_work(struct client *client)
{
    struct ph_control_sources *sources = &client->server->sources;
    struct ph_cloud_status cloud;

    control_enter(client, WORKING);
    if (client->is_watcher && sources->cloud != NULL) {
        sources->cloud(sources->arg, &cloud);
        ph_control_watch_set_cloud(&client->watch, &cloud);
    }
    client->is_behind = false;
    ph_buf_clear(&client->out);
    client->working = true;
    if (uv_queue_work(client->server->loop, &client->work, on_work,
                      on_worked) != 0) {
        client->working = false;
        control_close_client(client);
    }
}

/* Once, when the answer is out or nobody waits for it any more. */
static void
tell_enrolled(struct client *client)
{
    const struct ph_control_sources *sources = &client->server->sources;

    if (client->call == NULL || !client->call->is_enrolled)
        return;
    client->call->is_enrolled = false;
    if (sources->enrolled != NULL)
        sources->enrolled(sources->arg);
}

/* What was made is out: what comes next? */
static void
go_on(struct client *client)
{
    if (client->is_watcher && (client->is_behind || !client->watch.is_at_end)) {
        start_work(client);
    } else if (client->is_watcher) {
        stay(client);
    } else if (client->call != NULL && !client->call->done) {
        start_work(client);
    } else {
        end_call(client);
        control_enter(client, READING);
        control_serve(client);
    }
}

static void
on_written(uv_write_t *write, int status)
{
    struct client *client = write->data;

    tell_enrolled(client);
    if (client->state == CLOSING)
        return;
    if (status != 0)
        control_close_client(client); /* gone in the middle of a reply */
    else
        go_on(client);
}

static void
start_write(struct client *client)
{
    uv_buf_t buf =
        uv_buf_init((char *)client->out.data, (unsigned)client->out.len);

    control_enter(client, WRITING);
    if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buf, 1,
                 on_written) != 0)
        control_close_client(client);
}

static void
on_worked(uv_work_t *work, int status)
{
    struct client *client = work->data;

    client->working = false;
    if (client->state == CLOSING || status != 0 || client->call_err != PH_OK)
        tell_enrolled(client);
    if (client->state == CLOSING)
        free_if_gone(client);
    else if (status != 0 || client->call_err != PH_OK)
        control_close_client(client);
    else if (client->out.len > 0)
        start_write(client);
    else
        go_on(client); /* nothing happened to jobs of this watcher */
}

/* A request that cannot be understood is answered and the talk goes on. */
static void
refuse(struct client *client, int err, const struct ph_why *why)
{
    ph_buf_clear(&client->out);
    if (ph_control_put_reply(&client->out, err, why) == PH_OK)
        start_write(client);
    else
        control_close_client(client);
}

static void
start_call(struct client *client, const struct ph_control_request *request)
{
    struct ph_control_server *server = client->server;
    struct ph_control_status status;
    const bool is_status = request->op == PH_CONTROL_STATUS;

    client->call = malloc(sizeof(*client->call));
    if (client->call == NULL) {
        refuse(client, PH_ERR_NOMEM, NULL);
        return;
    }
    if (is_status)
        ph_control_fill_status(&server->sources, server->started_ms,
                               server->key_level, &status);
    ph_control_call_init(client->call, server->jobs, client->uid, request,
                         is_status ? &status : NULL);
    ph_control_call_set_hub(client->call, server->sources.enrol,
                            server->sources.login, server->sources.arg);
    start_work(client);
}

static void
start_watch(struct client *client, const struct ph_control_request *request)
{
    struct ph_control_server *server = client->server;
    struct ph_why why = {""};
    int err = ph_control_watch_init(&client->watch, server->jobs, client->uid,
                                    request, &why);

    if (err == PH_OK &&
        !ph_control_may_watch(control_count(server, true, NULL),
                              control_count(server, true, &client->uid)))
        err = ph_why_fail(&why, PH_ERR_LIMIT,
                          "too many programs watch jobs on this computer");
    if (err != PH_OK) {
        refuse(client, err, &why);
        return;
    }
    client->is_watcher = true;
    start_work(client);
}

static void
start_request(struct client *client, const struct ph_frame *frame)
{
    struct ph_control_request request;
    struct ph_why why;
    int err;

    if (frame->type != PH_CONTROL_REQUEST) {
        ph_why_set(&why, "frame type %u is not a request", frame->type);
        refuse(client, PH_ERR_PROTOCOL, &why);
        return;
    }
    err = ph_control_request_parse(frame->body, frame->len, &request, &why);
    if (err != PH_OK) {
        refuse(client, err, &why);
        return;
    }
    if (request.op == PH_CONTROL_WATCH)
        start_watch(client, &request);
    else
        start_call(client, &request);
    ph_wipe(&request.enrol, sizeof(request.enrol));
    ph_wipe(&request.login, sizeof(request.login));
}

/* --- reading --- */

static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out_buf)
{
    struct client *client = handle->data;
    size_t left = client->in.max - client->in.len;
    size_t len = left < READ_BYTES ? left : READ_BYTES;
    uint8_t *room = ph_buf_reserve(&client->in, len);

    (void)suggested;
    *out_buf = uv_buf_init((char *)room, room != NULL ? (unsigned)len : 0);
}

static void
on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct client *client = stream->data;

    (void)buf;
    if (count < 0 || (count > 0 && client->state == WATCHING)) {
        control_close_client(client);
        return;
    }
    if (count == 0)
        return;
    ph_buf_advance(&client->in, (size_t)count);
    (void)uv_read_stop(stream);
    control_serve(client);
}

/* In READING: take the next request, or read until there is one. */
void
control_serve(struct client *client)
{
    struct ph_frame frame;
    size_t used;
    int err = ph_frame_parse(client->in.data, client->in.len,
                             PH_CONTROL_REQUEST_MAX, &frame, &used);

    if (err == PH_OK) {
        start_request(client, &frame);
        ph_wipe(client->in.data, used); /* it may have had a secret */
        ph_buf_consume(&client->in, used);
        return;
    }
    /* The timer is not restarted: a request has its time as a whole. */
    if (err != PH_ERR_AGAIN ||
        uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) != 0)
        control_close_client(client);
}

/* --- watching --- */

/* Until something changes, or it goes; with no more memory than that needs. */
static void
stay(struct client *client)
{
    control_enter(client, WATCHING);
    ph_buf_close(&client->out);
    if (client->in.len > 0) {
        control_close_client(client);
        return;
    }
    ph_buf_close(&client->in);
    if (uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read) != 0)
        control_close_client(client);
}

void
ph_control_server_changed(struct ph_control_server *server)
{
    for (struct client *c = server->clients; c != NULL; c = c->next) {
        if (!c->is_watcher)
            continue;
        c->is_behind = true;
        if (c->state != WATCHING)
            continue;
        (void)uv_read_stop((uv_stream_t *)&c->pipe);
        start_work(c);
    }
}

/* --- start and stop --- */

static void
on_start_failed(uv_handle_t *handle)
{
    free(handle->data);
}

static int
start_listening(struct ph_control_server *server, int fd, struct ph_why *why)
{
    int status = uv_pipe_open(&server->listener, fd);

    if (status != 0) {
        ph_io_close(&fd);
        return ph_why_fail(why, PH_ERR_IO, "control socket: %s",
                           uv_strerror(status));
    }
    status = uv_listen((uv_stream_t *)&server->listener, BACKLOG,
                       control_on_connection);
    if (status != 0)
        return ph_why_fail(why, PH_ERR_IO, "control socket: %s",
                           uv_strerror(status));
    server->listening = true;
    return PH_OK;
}

int
ph_control_server_start(uv_loop_t *loop, const struct ph_config *config,
                        struct ph_jobs *jobs,
                        const struct ph_control_sources *sources, int listen_fd,
                        struct ph_control_server **out_server,
                        struct ph_why *why)
{
    struct ph_control_server *server = calloc(1, sizeof(*server));
    int fd = listen_fd, err = PH_OK;

    if (server == NULL)
        return PH_ERR_NOMEM;
    if (fd < 0)
        err = ph_local_listen(config->control_socket, SOCKET_MODE, &fd, why);
    if (err != PH_OK) {
        free(server);
        return err;
    }
    server->loop = loop;
    server->jobs = jobs;
    server->sources = *sources;
    if (server->sources.idle_ms == 0)
        server->sources.idle_ms = PH_CONTROL_IDLE_MS;
    server->started_ms = ph_clock_mono_ms();
    (void)snprintf(server->key_level, sizeof(server->key_level), "%.*s",
                   PH_CONTROL_TEXT_MAX - 1, config->key_level);
    if (listen_fd < 0)
        (void)snprintf(server->path, sizeof(server->path), "%s",
                       config->control_socket);
    (void)uv_pipe_init(loop, &server->listener, 0);
    server->listener.data = server;
    err = start_listening(server, fd, why);
    if (err != PH_OK) {
        if (server->path[0] != '\0')
            (void)unlink(server->path);
        uv_close((uv_handle_t *)&server->listener, on_start_failed);
        return err;
    }
    *out_server = server;
    return PH_OK;
}

static void
on_listener_closed(uv_handle_t *handle)
{
    struct ph_control_server *server = handle->data;

    server->listening = false;
    finish_if_gone(server);
}

void
ph_control_server_stop(struct ph_control_server *server,
                       void (*done)(void *arg), void *arg)
{
    if (server == NULL) {
        done(arg);
        return;
    }
    server->stopping = true;
    server->done = done;
    server->done_arg = arg;
    /* While we still listen: a successor never loses its own file so. */
    if (server->path[0] != '\0')
        (void)unlink(server->path);
    for (struct client *c = server->clients; c != NULL; c = c->next)
        control_close_client(c);
    uv_close((uv_handle_t *)&server->listener, on_listener_closed);
}
