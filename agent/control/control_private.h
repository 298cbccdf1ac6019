/* What the files of the control server share: control_server.c is a client's
 * life, control_accept.c who may become one. */
#ifndef PRINTHOLD_AGENT_CONTROL_PRIVATE_H
#define PRINTHOLD_AGENT_CONTROL_PRIVATE_H

#include "control_server.h"
#include "control_watch.h"

enum state { READING, WORKING, WRITING, WATCHING, CLOSING };

struct client {
    struct ph_control_server *server;
    struct client *prev, *next;
    uv_pipe_t pipe;
    uv_timer_t idle;
    uv_work_t work;
    uv_write_t write;
    unsigned open_handles;
    enum state state;
    bool working; /* a worker has it */
    uid_t uid;
    struct ph_buf in;
    struct ph_buf out;
    struct ph_control_call *call; /* NULL: nothing is asked */
    int call_err;
    bool is_watcher;
    bool is_behind; /* something changed since the last look */
    struct ph_control_watch watch;
};

struct ph_control_server {
    uv_loop_t *loop;
    uv_pipe_t listener;
    bool listening; /* the listener's handle is not closed yet */
    bool stopping;
    struct ph_jobs *jobs;
    struct ph_control_sources sources;
    struct client *clients;
    int64_t started_ms; /* monotonic */
    char key_level[PH_CONTROL_TEXT_MAX];
    char path[PH_CONFIG_TEXT_MAX]; /* of our own socket file, else empty */
    void (*done)(void *arg);
    void *done_arg;
};

/* --- control_server.c --- */

/* The one place where the state changes. */
void control_enter(struct client *client, enum state state);
void control_close_client(struct client *client);
/* In READING: take the next request, or read until there is one. */
void control_serve(struct client *client);

/* --- control_accept.c --- */

/* How many watch, or do not; uid NULL: of everybody. */
size_t control_count(const struct ph_control_server *server, bool watchers,
                     const uid_t *uid);
void control_on_connection(uv_stream_t *stream, int status);

#endif
