#include "agent.h"

#include <signal.h>
#include <stdio.h>

#include <uv.h>

#include "capture_server.h"
#include "cloud.h"
#include "cloud_inbox.h"
#include "control_server.h"
#include "cups_held.h"
#include "cups_purge.h"
#include "jobs.h"
#include "owner_watch.h"
#include "policy_store.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/base/service_notify.h"
#include "printhold/crypto/epoch_keys.h"
#include "printhold/crypto/machine_key.h"
#include "reaper.h"
#include "release_service.h"
#include "service_manager.h"
#include "service_watchdog.h"
#include "sleep.h"
#include "workstation.h"
#include "workstation_watch.h"

struct agent {
    const struct ph_config *config;
    int state_fd; /* locked */
    uv_loop_t loop;
    uv_signal_t sigterm;
    uv_signal_t sigint;
    uv_signal_t sighup;
    uv_async_t changed;
    uv_async_t renewed;
    uv_work_t renewal; /* a new certificate is here: noted in a worker */
    bool is_noting_renewal;
    struct ph_service_watchdog watchdog;
    struct ph_epoch_keys *keys;
    struct ph_jobs *jobs;
    struct ph_workstation workstation; /* at the start */
    struct ph_workstation_watch *watch;
    struct ph_sleep *sleep;
    struct ph_release_service *release;
    struct ph_cloud *cloud;
    struct ph_cloud_inbox *inbox;
    struct ph_control_server *control;
    struct ph_capture_server *capture;
    struct ph_reaper *reaper;
    struct ph_owner_watch *owners;
    struct ph_cups_purge *purge;
    struct ph_cups_held *cups_held;
    bool stopping;
};

/* --- stores --- */

/* The state directory is one agent's, for as long as it runs. */
static int
take_state_dir(struct agent *agent, struct ph_why *why)
{
    const char *dir = agent->config->state_dir;
    int err = ph_io_open_dir(dir, true, 0700, &agent->state_fd, why);

    if (err == PH_OK) {
        err = ph_io_lock(agent->state_fd);
        if (err == PH_ERR_BUSY)
            ph_why_set(why,
                       "another printhold-agent uses %s; stop it first, or "
                       "give this one a state_dir of its own",
                       dir);
        else if (err != PH_OK)
            ph_why_set(why, "cannot lock %s: %s", dir, ph_err_text(err));
    }
    return err;
}

static int
open_keys(struct agent *agent, struct ph_why *why)
{
    const struct ph_config *config = agent->config;
    char path[PH_CONFIG_TEXT_MAX + 8];
    struct ph_machine_key machine;
    int keys_fd = -1;
    int err = take_state_dir(agent, why);

    if (err == PH_OK)
        err = ph_machine_key_load(config->key_level, config->key_file, &machine,
                                  why);
    if (err == PH_OK) {
        (void)snprintf(path, sizeof(path), "%s/keys", config->state_dir);
        err = ph_io_open_dir(path, true, 0700, &keys_fd, why);
        if (err == PH_OK)
            err = ph_epoch_keys_open(keys_fd, &machine, &agent->keys, why);
        ph_machine_key_wipe(&machine);
    }
    ph_io_close(&keys_fd);
    return err;
}

/* Before anything is captured, shown or told. It counts for as long as somebody
 * on this computer names an issuer. */
static void
apply_policy(struct agent *agent)
{
    struct ph_policy_store store;

    if (agent->config->issuer_key_file[0] == '\0')
        return;
    ph_policy_store_load(&store, agent->config, &agent->workstation);
    if (ph_policy_store_apply(&store, agent->jobs) != PH_OK)
        ph_log_warning("policy: it cannot be reported now, continuing");
}

static int
open_stores(struct agent *agent, struct ph_why *why)
{
    int err = open_keys(agent, why);

    if (err == PH_OK)
        err = ph_jobs_open(agent->config, agent->keys, &agent->jobs, why);
    if (err == PH_OK)
        err = ph_workstation_describe(agent->config,
                                      (uint16_t)agent->config->release_port,
                                      &agent->workstation, why);
    if (err == PH_OK) {
        err = ph_jobs_set_workstation(agent->jobs, &agent->workstation);
        if (err != PH_OK)
            (void)ph_why_fail(why, err, "cannot write the catalogue: %s",
                              ph_err_text(err));
    }
    if (err == PH_OK)
        apply_policy(agent);
    if (err == PH_OK)
        err = ph_jobs_recover(agent->jobs, why);
    return err;
}

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

    if (agent->sleep != NULL) {
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

static void
stop(struct agent *agent)
{
    if (agent->stopping)
        return;
    agent->stopping = true;
    ph_service_notify("STOPPING=1");
    stop_next(agent);
}

static void
on_signal(uv_signal_t *handle, int signum)
{
    struct agent *agent = handle->data;

    ph_log_notice("stopping on signal %d", signum);
    stop(agent);
}

static void
on_reload(uv_signal_t *handle, int signum)
{
    struct agent *agent = handle->data;

    ph_log_notice("certificates, keys and lists are loaded again on signal %d",
                  signum);
    if (agent->release != NULL)
        ph_release_service_reload(agent->release);
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
        return (uint16_t)agent->config->release_port;
    ph_release_service_status(agent->release, &status);
    return status.port;
}

static int
start_watches(struct agent *agent, struct ph_why *why)
{
    int err = ph_workstation_watch_start(
        &agent->loop, agent->config, agent->jobs, release_port(agent),
        &agent->workstation, on_workstation_changed, agent, &agent->watch);

    if (err == PH_OK)
        err = ph_sleep_start(&agent->loop, agent->cloud, agent->release,
                             agent->watch, &agent->sleep);
    return err == PH_OK
               ? err
               : ph_why_fail(why, err, "cannot watch network and sleep: %s",
                             ph_err_text(err));
}

/* --- starting --- */

static int
start_release(struct agent *agent, struct ph_why *why)
{
    const struct ph_config *config = agent->config;
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
    int err = ph_cups_purge_start(&agent->loop, agent->config->cups_socket,
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
    int err = ph_cups_held_start(&agent->loop, agent->config->cups_socket,
                                 agent->jobs, &agent->cups_held);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot look after jobs in CUPS: %s",
                           ph_err_text(err));
    ph_capture_server_on_end(agent->capture, on_capture_ended, agent);
    return PH_OK;
}

static void
on_refresh(void *arg)
{
    struct agent *agent = arg;

    if (agent->cloud != NULL)
        ph_cloud_refresh(agent->cloud);
}

static int
start_cloud(struct agent *agent, struct ph_why *why)
{
    int err = ph_cloud_inbox_start(&agent->loop, agent->config, agent->jobs,
                                   &agent->workstation, on_refresh, agent,
                                   &agent->inbox);

    if (err == PH_OK)
        err = ph_cloud_start(&agent->loop, agent->config, agent->jobs,
                             &agent->workstation, &agent->cloud, why);
    if (err == PH_OK)
        ph_cloud_on_message(agent->cloud, ph_cloud_inbox_on_message,
                            agent->inbox);
    return err;
}

static void
give_cloud_status(void *arg, struct ph_cloud_status *out_status)
{
    const struct agent *agent = arg;

    if (agent->cloud != NULL)
        ph_cloud_status(agent->cloud, out_status);
    else
        *out_status = (struct ph_cloud_status){.state = PH_CLOUD_OFF};
}

static void
give_release_status(void *arg, struct ph_release_status *out_status)
{
    const struct agent *agent = arg;

    if (agent->release != NULL)
        ph_release_service_status(agent->release, out_status);
    else
        *out_status = (struct ph_release_status){.port = 0};
}

static void
give_cups_status(void *arg, uint64_t *out_waiting, struct ph_why *out_text)
{
    const struct agent *agent = arg;
    struct ph_why why;

    if (agent->cups_held != NULL)
        *out_waiting = ph_cups_held_status(agent->cups_held, out_text);
    if (agent->purge == NULL)
        return;
    ph_cups_purge_status(agent->purge, &why);
    if (why.text[0] != '\0')
        *out_text = why;
}

static bool
give_sleep(void *arg, struct ph_why *out_text)
{
    const struct ph_sleep *sleep = ((const struct agent *)arg)->sleep;

    return sleep != NULL && ph_sleep_status(sleep, out_text);
}

static const struct ph_workstation *
give_workstation(void *arg)
{
    struct agent *agent = arg;

    return agent->watch != NULL ? ph_workstation_watch_now(agent->watch)
                                : &agent->workstation;
}

static void
give_inbox_status(void *arg, uint64_t *out_taken, uint64_t *out_dropped,
                  struct ph_why *out_text)
{
    const struct agent *agent = arg;
    struct ph_cloud_inbox_status status;

    if (agent->inbox == NULL)
        return;
    ph_cloud_inbox_status(agent->inbox, &status);
    *out_taken = status.taken;
    *out_dropped = 0;
    for (size_t i = 0; i < PH_CLOUD_DROP_REASONS; i++)
        *out_dropped += status.dropped[i];
    ph_cloud_inbox_text(&status, out_text->text, sizeof(out_text->text));
}

static int
start_parts(struct agent *agent, struct ph_why *why)
{
    const struct ph_control_sources sources = {
        .cloud = give_cloud_status,
        .release = give_release_status,
        .cups = give_cups_status,
        .workstation = give_workstation,
        .inbox = give_inbox_status,
        .sleep = give_sleep,
        .arg = agent,
    };
    int err = start_release(agent, why);

    if (err == PH_OK)
        err = start_purge(agent, why);
    if (err == PH_OK)
        err = start_cloud(agent, why);
    if (err == PH_OK)
        err = ph_control_server_start(&agent->loop, agent->config, agent->jobs,
                                      &sources, ph_service_socket("control"),
                                      &agent->control, why);
    if (err == PH_OK)
        err = ph_capture_server_start(&agent->loop, agent->config, agent->jobs,
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
        err = ph_owner_watch_start(&agent->loop, agent->config->owner_map_file,
                                   agent->reaper, &agent->owners);
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

int
ph_agent_run(const struct ph_config *config, struct ph_why *why)
{
    struct agent agent = {.config = config, .state_fd = -1};
    int err = open_stores(&agent, why);

    if (err != PH_OK)
        goto out;
    if (uv_loop_init(&agent.loop) != 0) {
        err = ph_why_fail(why, PH_ERR_NOMEM, "cannot make the event loop");
        goto out;
    }
    init_handles(&agent);
    err = start_parts(&agent, why);
    if (err == PH_OK) {
        ph_log_notice("printhold-agent %s ready", PRINTHOLD_VERSION);
        ph_service_notify("READY=1");
    } else {
        stop(&agent);
    }
    (void)uv_run(&agent.loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&agent.loop) != 0)
        ph_log_error("stopped with work left in the event loop");
    else if (err == PH_OK)
        ph_log_notice("stopped");
out:
    ph_jobs_close(agent.jobs);
    ph_epoch_keys_free(agent.keys);
    ph_io_close(&agent.state_fd);
    return err;
}
