/*
 * The control server on a loop and thread of its own, with jobs in memory:
 * for tests of the server and of the printhold command.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_CONTROL_RIG_H
#define PRINTHOLD_TESTS_SUPPORT_CONTROL_RIG_H

#include <stdbool.h>

#include <pthread.h>
#include <uv.h>

#include "control_server.h"
#include "fake_jobs.h"
#include "scratch.h"

struct control_rig {
    struct scratch scratch;
    struct ph_config config;
    struct ph_jobs *jobs;
    pthread_mutex_t lock; /* of the next two */
    struct ph_cloud_status cloud;
    struct ph_release_status release;
    uv_loop_t loop;
    uv_async_t stop;
    pthread_t thread;
    struct ph_control_server *server;
    unsigned stopped; /* how often done was called */
};

/* listen_fd as for ph_control_server_start; idle_ms 0 is the usual time. */
void control_rig_start(struct control_rig *rig, int listen_fd,
                       unsigned idle_ms);
/* What the cloud and the release service say of themselves from now on. */
void control_rig_say(struct control_rig *rig,
                     const struct ph_cloud_status *cloud,
                     const struct ph_release_status *release);
/* Ask the server to stop; returns at once. */
void control_rig_stop(struct control_rig *rig);
/* Wait for the thread, check that nothing is left, release everything. */
void control_rig_finish(struct control_rig *rig);

#endif
