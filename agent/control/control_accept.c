/* Who may become a client of the control socket. */
#include "control_private.h"

#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/peer.h"
#include "printhold/proto/frame.h"

/* A chunk of a list, and the item that crosses its end. */
#define OUT_MAX      (2 * PH_FRAME_MAX)
#define LENGTH_BYTES 4

bool
ph_control_may_connect(uid_t uid, size_t connections, size_t of_uid)
{
    if (connections >= PH_CONTROL_CLIENTS_MAX)
        return false;
    return uid == 0 || of_uid < PH_CONTROL_CLIENTS_PER_UID;
}

bool
ph_control_may_watch(size_t watchers, size_t of_uid)
{
    return watchers < PH_CONTROL_WATCHERS_MAX &&
           of_uid < PH_CONTROL_WATCHERS_PER_UID;
}

size_t
control_count(const struct ph_control_server *server, bool watchers,
              const uid_t *uid)
{
    size_t n = 0;

    for (const struct client *c = server->clients; c != NULL; c = c->next)
        n += c->is_watcher == watchers && (uid == NULL || c->uid == *uid);
    return n;
}

static struct client *
add_client(struct ph_control_server *server)
{
    struct client *client = calloc(1, sizeof(*client));

    if (client == NULL)
        return NULL;
    client->server = server;
    client->uid = (uid_t)-1;
    ph_buf_init(&client->in, LENGTH_BYTES + PH_CONTROL_REQUEST_MAX);
    ph_buf_init(&client->out, OUT_MAX);
    (void)uv_pipe_init(server->loop, &client->pipe, 0);
    (void)uv_timer_init(server->loop, &client->idle);
    client->open_handles = 2;
    client->pipe.data = client;
    client->idle.data = client;
    client->work.data = client;
    client->write.data = client;
    client->next = server->clients;
    if (client->next != NULL)
        client->next->prev = client;
    server->clients = client;
    return client;
}

/* The uid of the peer; PH_ERR_LIMIT when it has too many connections. */
static int
admit(struct client *client)
{
    struct ph_control_server *server = client->server;
    struct ph_peer peer;
    uv_os_fd_t fd;
    int err;

    if (uv_fileno((uv_handle_t *)&client->pipe, &fd) != 0)
        return PH_ERR_IO;
    err = ph_peer_get(fd, &peer);
    if (err != PH_OK)
        return err;
    /* This client is counted already, but has no uid yet. */
    if (!ph_control_may_connect(peer.uid,
                                control_count(server, false, NULL) - 1,
                                control_count(server, false, &peer.uid)))
        return PH_ERR_LIMIT;
    client->uid = peer.uid;
    return PH_OK;
}

void
control_on_connection(uv_stream_t *stream, int status)
{
    struct ph_control_server *server = stream->data;
    struct client *client;
    int err;

    if (status != 0 || server->stopping)
        return;
    client = add_client(server);
    if (client == NULL) {
        ph_log_warning("control: no memory for a connection, continuing");
        return;
    }
    control_enter(client, READING);
    if (uv_accept(stream, (uv_stream_t *)&client->pipe) != 0) {
        control_close_client(client);
        return;
    }
    err = admit(client);
    if (err == PH_OK) {
        control_serve(client);
        return;
    }
    ph_log_debug("control: connection refused: %s", ph_err_text(err));
    control_close_client(client);
}
