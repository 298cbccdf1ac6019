/*
 * The control socket: the printhold command talks to the agent here.
 * docs/control.md.
 *
 * Lives on the agent's main loop; what blocks runs in libuv's workers. The
 * socket is open to everybody (0666): who asks is the peer's uid, read from
 * the kernel when the connection is accepted. Bounds: 64 connections, 16 of
 * one person, one request at a time on each, 64 KiB a request, 30 s without
 * progress; beside them 256 that watch (control_watch.h), 4 of one person, which
 * say nothing for as long as nothing happens. The program ignores SIGPIPE.
 */
#ifndef PRINTHOLD_AGENT_CONTROL_SERVER_H
#define PRINTHOLD_AGENT_CONTROL_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <uv.h>

#include "cloud.h"
#include "control_commands.h"
#include "jobs.h"
#include "printhold/base/why.h"
#include "printhold/model/config.h"
#include "release_service.h"

#define PH_CONTROL_CLIENTS_MAX     64
#define PH_CONTROL_CLIENTS_PER_UID 16
#define PH_CONTROL_IDLE_MS         30000

struct ph_control_server;

/* Where the status comes from. Called on the loop's thread; NULL is off. */
struct ph_control_sources {
    void (*cloud)(void *arg, struct ph_cloud_status *out_status);
    void (*release)(void *arg, struct ph_release_status *out_status);
    /* jobs that CUPS holds for us; the text is empty when well */
    void (*cups)(void *arg, uint64_t *out_waiting, struct ph_why *out_text);
    /* this computer, or NULL */
    const struct ph_workstation *(*workstation)(void *arg);
    /* messages of the cloud; the text counts the dropped ones by reason */
    void (*inbox)(void *arg, uint64_t *out_taken, uint64_t *out_dropped,
                  struct ph_why *out_text);
    /* is it asleep, or about to be; what it does not let us, or empty */
    bool (*sleep)(void *arg, struct ph_why *out_text);
    /* who this computer is: the members identity* and workstation */
    void (*identity)(void *arg, struct ph_control_status *status);
    /* Exchange a token, for uid 0; in a worker. NULL: unsupported. */
    ph_control_enrol_fn enrol;
    /* Bind the asker's login; in a worker. NULL: unsupported. */
    ph_control_login_fn login;
    /* Whoever asked for it has been answered, or is gone. */
    void (*enrolled)(void *arg);
    void *arg;
    unsigned idle_ms; /* 0: PH_CONTROL_IDLE_MS */
};

/* May one more connection of this uid come in, or begin to watch, when there are
 * so many? */
bool ph_control_may_connect(uid_t uid, size_t connections, size_t of_uid);
bool ph_control_may_watch(size_t watchers, size_t of_uid);

/*
 * Listen on config's control socket, or on listen_fd unless it is -1: a
 * listening UNIX socket from the service manager, consumed whatever happens.
 * jobs is borrowed and must outlive the server; config and sources are copied.
 */
int ph_control_server_start(uv_loop_t *loop, const struct ph_config *config,
                            struct ph_jobs *jobs,
                            const struct ph_control_sources *sources,
                            int listen_fd,
                            struct ph_control_server **out_server,
                            struct ph_why *why);

/* Something happened to jobs, or to the cloud: whoever watches hears of it. On the
 * loop's thread. */
void ph_control_server_changed(struct ph_control_server *server);

/* Close everything; requests under way end first, unanswered. done is called
 * once and the server is freed before it. server may be NULL: done at once. */
void ph_control_server_stop(struct ph_control_server *server,
                            void (*done)(void *arg), void *arg);

#endif
