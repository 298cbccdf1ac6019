#include "agent.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent_private.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/service_notify.h"
#include "printhold/net/https_apart.h"
#include "service_manager.h"

/* --- changes: from any thread to the loop --- */

static void
on_jobs_changed(void *arg)
{
    struct agent *agent = arg;

    (void)uv_async_send(&agent->changed);
}

static void
on_changed(uv_async_t *async)
{
    struct agent *agent = async->data;

    if (agent->cloud != NULL)
        ph_cloud_kick(agent->cloud);
    if (agent->reaper != NULL)
        ph_reaper_kick(agent->reaper);
    if (agent->cups_held != NULL)
        ph_cups_held_changed(agent->cups_held);
    if (agent->control != NULL)
        ph_control_server_changed(agent->control);
}

static void
on_capture_ended(void *arg)
{
    struct agent *agent = arg;

    if (agent->cups_held != NULL)
        ph_cups_held_look(agent->cups_held);
}

static void
on_captured(void *arg, int32_t cups_job_id, const char *job_uuid)
{
    ph_cups_purge_add(arg, cups_job_id, job_uuid);
}

/* --- stopping, one part after the other --- */

static void stop_next(void *arg);

static void
close_own_handles(struct agent *agent)
{
    ph_jobs_on_change(agent->jobs, NULL, NULL);
    uv_close((uv_handle_t *)&agent->sigterm, NULL);
    uv_close((uv_handle_t *)&agent->sigint, NULL);
    uv_close((uv_handle_t *)&agent->sighup, NULL);
    uv_close((uv_handle_t *)&agent->renewed, NULL);
    uv_close((uv_handle_t *)&agent->changed, NULL);
    ph_service_watchdog_stop(&agent->watchdog);
}

/* Take the part out of the agent, so that each is stopped once. */
#define TAKE(agent, part, type) \
    type *part = (agent)->part; \
    (agent)->part = NULL

static void
stop_next(void *arg)
{
    struct agent *agent = arg;

    if (agent->renewal_part != NULL) {
        TAKE(agent, renewal_part, struct ph_renewal);
        ph_renewal_stop(renewal_part, stop_next, agent);
    } else if (agent->sleep != NULL) {
        TAKE(agent, sleep, struct ph_sleep);
        ph_sleep_stop(sleep, stop_next, agent);
    } else if (agent->watch != NULL) {
        TAKE(agent, watch, struct ph_workstation_watch);
        ph_workstation_watch_stop(watch, stop_next, agent);
    } else if (agent->owners != NULL) {
        TAKE(agent, owners, struct ph_owner_watch);
        ph_owner_watch_stop(owners, stop_next, agent);
    } else if (agent->reaper != NULL) {
        TAKE(agent, reaper, struct ph_reaper);
        ph_reaper_stop(reaper, stop_next, agent);
    } else if (agent->capture != NULL) {
        TAKE(agent, capture, struct ph_capture_server);
        ph_capture_server_stop(capture, stop_next, agent);
    } else if (agent->control != NULL) {
        TAKE(agent, control, struct ph_control_server);
        ph_control_server_stop(control, stop_next, agent);
    } else if (agent->cups_held != NULL) {
        TAKE(agent, cups_held, struct ph_cups_held);
        ph_cups_held_stop(cups_held, stop_next, agent);
    } else if (agent->purge != NULL) {
        TAKE(agent, purge, struct ph_cups_purge);
        ph_jobs_on_captured(agent->jobs, NULL, NULL);
        ph_cups_purge_stop(purge, stop_next, agent);
    } else if (agent->release != NULL) {
        TAKE(agent, release, struct ph_release_service);
        ph_release_service_stop(release);
        stop_next(agent);
    } else if (agent->cloud != NULL) {
        TAKE(agent, cloud, struct ph_cloud);
        ph_cloud_on_message(cloud, NULL, NULL);
        ph_cloud_stop(cloud, stop_next, agent);
    } else if (agent->inbox != NULL) {
        TAKE(agent, inbox, struct ph_cloud_inbox);
        ph_cloud_inbox_stop(inbox, stop_next, agent);
    } else {
        close_own_handles(agent);
    }
}

void
agent_stop(struct agent *agent)
{
    if (agent->stopping)
        return;
    agent->stopping = true;
    atomic_store(&agent->stop, true);
    if (!agent->again)
        ph_service_notify("STOPPING=1");
    stop_next(agent);
}

static void
on_signal(uv_signal_t *handle, int signum)
{
    struct agent *agent = handle->data;

    ph_log_notice("stopping on signal %d", signum);
    agent->again = false;
    agent_stop(agent);
}

static void
on_reload(uv_signal_t *handle, int signum)
{
    struct agent *agent = handle->data;

    ph_log_notice("certificates, keys and lists are loaded again on signal %d",
                  signum);
    if (agent->release != NULL)
        ph_release_service_reload(agent->release);
    if (agent->renewal_part != NULL)
        ph_renewal_kick(agent->renewal_part);
}

/* --- who we are, for the documents: a new certificate, another address --- */

static void
run_renewed(uv_work_t *work)
{
    struct agent *agent = work->data;

    if (ph_jobs_renewed(agent->jobs) != PH_OK)
        ph_log_warning("the wish for a new certificate cannot be crossed out "
                       "now, continuing");
}

static void
after_renewed(uv_work_t *work, int status)
{
    struct agent *agent = work->data;

    (void)status;
    agent->is_noting_renewal = false;
}

static void
on_renewed_async(uv_async_t *async)
{
    struct agent *agent = async->data;

    if (!agent->is_noting_renewal && !agent->stopping) {
        agent->renewal.data = agent;
        agent->is_noting_renewal =
            uv_queue_work(&agent->loop, &agent->renewal, run_renewed,
                          after_renewed) == 0;
    }
    if (agent->watch != NULL)
        ph_workstation_watch_look(agent->watch);
}

static void
on_renewed(void *arg)
{
    struct agent *agent = arg;

    (void)uv_async_send(&agent->renewed);
}

static void
on_workstation_changed(void *arg)
{
    struct agent *agent = arg;

    if (agent->cloud != NULL)
        ph_cloud_hurry(agent->cloud);
}

static uint16_t
release_port(const struct agent *agent)
{
    struct ph_release_status status;

    if (agent->release == NULL)
        return (uint16_t)agent->config.release_port;
    ph_release_service_status(agent->release, &status);
    return status.port;
}

int
agent_start_sleep(struct agent *agent, struct ph_why *why)
{
    int err = ph_sleep_start(&agent->loop, agent->cloud, agent->release,
                             agent->watch, &agent->sleep);

    return err == PH_OK ? PH_OK
                        : ph_why_fail(why, err, "cannot watch for sleep: %s",
                                      ph_err_text(err));
}

static int
start_watches(struct agent *agent, struct ph_why *why)
{
    int err = ph_workstation_watch_start(
        &agent->loop, &agent->config, agent->jobs, release_port(agent),
        &agent->workstation, on_workstation_changed, agent, &agent->watch);

    return err == PH_OK ? agent_start_sleep(agent, why)
                        : ph_why_fail(why, err, "cannot watch the network: %s",
                                      ph_err_text(err));
}

/* --- starting --- */

static int
start_release(struct agent *agent, struct ph_why *why)
{
    const struct ph_config *config = &agent->config;
    int err;

    if (config->issuer_key_file[0] == '\0') {
        ph_log_notice("release: off, release.issuer_key_file is not set");
        return PH_OK;
    }
    err = ph_release_service_start(config, agent->jobs, &agent->release, why);
    if (err == PH_OK)
        ph_release_service_on_renewed(agent->release, on_renewed, agent);
    if (err != PH_OK || config->release_port != 0)
        return err;
    /* The system chose the port: the documents must name it. */
    err = ph_workstation_describe(config, release_port(agent),
                                  &agent->workstation, why);
    if (err == PH_OK)
        err = ph_jobs_set_workstation(agent->jobs, &agent->workstation);
    return err;
}

/* After a restart, what is held may still lie in CUPS. */
static int
start_purge(struct agent *agent, struct ph_why *why)
{
    int err = ph_cups_purge_start(&agent->loop, agent->config.cups_socket,
                                  &agent->purge);

    if (err == PH_OK) {
        ph_jobs_on_captured(agent->jobs, on_captured, agent->purge);
        err = ph_jobs_each_captured(agent->jobs, PH_CUPS_PURGE_MAX, on_captured,
                                    agent->purge);
    }
    if (err != PH_OK)
        (void)ph_why_fail(why, err, "cannot start the purge of CUPS: %s",
                          ph_err_text(err));
    return err;
}

/* Last, when jobs that go on find someone to take them. */
static int
start_cups_held(struct agent *agent, struct ph_why *why)
{
    int err = ph_cups_held_start(&agent->loop, agent->config.cups_socket,
                                 agent->jobs, &agent->cups_held);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot look after jobs in CUPS: %s",
                           ph_err_text(err));
    ph_capture_server_on_end(agent->capture, on_capture_ended, agent);
    return PH_OK;
}

static int
start_parts(struct agent *agent, struct ph_why *why)
{
    struct ph_control_sources sources;
    int err = start_release(agent, why);

    agent_control_sources(agent, &sources);
    if (err == PH_OK)
        err = start_purge(agent, why);
    if (err == PH_OK)
        err = agent_start_cloud(agent, why);
    if (err == PH_OK)
        err = ph_control_server_start(&agent->loop, &agent->config, agent->jobs,
                                      &sources, ph_service_socket("control"),
                                      &agent->control, why);
    if (err == PH_OK)
        err = ph_capture_server_start(&agent->loop, &agent->config, agent->jobs,
                                      ph_service_socket("capture"),
                                      &agent->capture, why);
    if (err == PH_OK) {
        err = ph_reaper_start(&agent->loop, agent->jobs, &agent->reaper);
        if (err != PH_OK)
            (void)ph_why_fail(why, err, "cannot start housekeeping");
    }
    if (err == PH_OK)
        err = start_watches(agent, why);
    if (err == PH_OK)
        err = start_cups_held(agent, why);
    if (err == PH_OK)
        err = ph_owner_watch_start(&agent->loop, agent->config.owner_map_file,
                                   agent->reaper, &agent->owners);
    if (err == PH_OK)
        err = agent_start_renewal(agent, why);
    return err;
}

static void
init_handles(struct agent *agent)
{
    (void)uv_signal_init(&agent->loop, &agent->sigterm);
    (void)uv_signal_init(&agent->loop, &agent->sigint);
    (void)uv_signal_init(&agent->loop, &agent->sighup);
    (void)uv_async_init(&agent->loop, &agent->changed, on_changed);
    (void)uv_async_init(&agent->loop, &agent->renewed, on_renewed_async);
    agent->sigterm.data = agent->sigint.data = agent->sighup.data = agent;
    agent->changed.data = agent->renewed.data = agent;
    (void)uv_signal_start(&agent->sigterm, on_signal, SIGTERM);
    (void)uv_signal_start(&agent->sigint, on_signal, SIGINT);
    (void)uv_signal_start(&agent->sighup, on_reload, SIGHUP);
    ph_service_watchdog_start(&agent->watchdog, &agent->loop);
    ph_jobs_on_change(agent->jobs, on_jobs_changed, agent);
}

/* One run, with one identity. */
static int
run_once(struct agent *agent, struct ph_why *why)
{
    int err = agent_open_stores(agent, why);

    if (err != PH_OK)
        goto out;
    if (uv_loop_init(&agent->loop) != 0) {
        err = ph_why_fail(why, PH_ERR_NOMEM, "cannot make the event loop");
        goto out;
    }
    init_handles(agent);
    err = start_parts(agent, why);
    if (err == PH_OK) {
        ph_log_notice("printhold-agent %s ready", PRINTHOLD_VERSION);
        ph_service_notify("READY=1");
    } else {
        agent_stop(agent);
    }
    (void)uv_run(&agent->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&agent->loop) != 0)
        ph_log_error("stopped with work left in the event loop");
    else if (err == PH_OK && !agent->again)
        ph_log_notice("stopped");
out:
    agent_close_stores(agent);
    return err;
}

/* Another identity is another workstation: every part begins anew with it, in
 * this process, and the sockets of the service manager stay. */
int
ph_agent_run(const struct ph_config *config, struct ph_why *why)
{
    struct agent *agent = malloc(sizeof(*agent));
    bool again;
    int err;

    if (agent == NULL)
        return PH_ERR_NOMEM;
    ph_https_apart_program(config->https_program);
    err = ph_https_start();
    do {
        *agent = (struct agent){.config = *config,
                                .state_fd = -1,
                                .enrol_lock = PTHREAD_MUTEX_INITIALIZER};
        if (err == PH_OK)
            err = run_once(agent, why);
        again = err == PH_OK && agent->again;
        if (again)
            ph_log_notice("starting with another identity");
    } while (again);
    ph_https_stop();
    free(agent);
    return err;
}
