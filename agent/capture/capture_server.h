/*
 * The capture socket: backends hand over jobs here. docs/capture.md.
 *
 * Only the account that CUPS runs backends as (agent.capture_user) is served;
 * the kernel says who connects. Lives on the agent's main loop; everything
 * that touches the disk runs in the thread pool.
 */
#ifndef PRINTHOLD_AGENT_CAPTURE_SERVER_H
#define PRINTHOLD_AGENT_CAPTURE_SERVER_H

#include <uv.h>

#include "jobs.h"
#include "printhold/base/why.h"
#include "printhold/model/config.h"

struct ph_capture_server;

/* listen_fd: an inherited listening socket, taken on success; -1 to bind
 * config->capture_socket. */
int ph_capture_server_start(uv_loop_t *loop, const struct ph_config *config,
                            struct ph_jobs *jobs, int listen_fd,
                            struct ph_capture_server **out_server,
                            struct ph_why *why);

/* Called after each conversation with a backend, however it ended. */
void ph_capture_server_on_end(struct ph_capture_server *server,
                              void (*ended)(void *arg), void *arg);

/* Captures under way are given up (CUPS sends them again). done is called
 * once, when the last one is closed; the server is freed before it. */
void ph_capture_server_stop(struct ph_capture_server *server,
                            void (*done)(void *arg), void *arg);

#endif
