/*
 * What the files of the agent's own life share: agent.c starts and stops the
 * parts, agent_stores.c opens what lies on disk, agent_identity.c says who this
 * computer is and what follows when that changes, agent_status.c answers
 * 'printhold status'.
 */
#ifndef PRINTHOLD_AGENT_AGENT_PRIVATE_H
#define PRINTHOLD_AGENT_AGENT_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <uv.h>

#include "capture_server.h"
#include "cloud.h"
#include "cloud_inbox.h"
#include "control_server.h"
#include "cups_held.h"
#include "cups_purge.h"
#include "jobs.h"
#include "own_identity.h"
#include "owner_watch.h"
#include "printhold/crypto/epoch_keys.h"
#include "reaper.h"
#include "release_service.h"
#include "renewal.h"
#include "service_watchdog.h"
#include "sleep.h"
#include "workstation.h"
#include "workstation_watch.h"

struct agent {
    struct ph_config config; /* completed by the identity */
    struct ph_own_identity own;
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
    struct ph_renewal *renewal_part; /* of the certificate; enrolled only */
    atomic_bool stop;                /* stopping, for workers */
    atomic_bool has_login;           /* a worker asks the hub about a person */
    pthread_mutex_t enrol_lock;      /* for the next one; a worker sets it */
    struct ph_why enrol_text;        /* why the last enrolment failed */
    bool stopping;
    bool again;  /* with another identity, after this stop */
    bool cycles; /* the cloud's part is being started anew */
};

/* Open state, keys, jobs; close them again. */
int agent_open_stores(struct agent *agent, struct ph_why *why);
void agent_close_stores(struct agent *agent);

/* Stop everything in order, once; the loop ends then. */
void agent_stop(struct agent *agent);

/* Parts that begin and end together, with another certificate too. */
int agent_start_cloud(struct agent *agent, struct ph_why *why);
int agent_start_sleep(struct agent *agent, struct ph_why *why);

/* Look after the certificate, if it is ours to look after. */
int agent_start_renewal(struct agent *agent, struct ph_why *why);
/* For the control server: exchange a token, in a worker; and, on the loop, when
 * whoever asked has been answered. */
int agent_enrol(void *arg, const struct ph_control_enrol *order,
                struct ph_control_enrolled *out_enrolled, struct ph_why *why);
void agent_enrolled(void *arg);
/* The same: bind a person. */
int agent_login(void *arg, const struct ph_control_login *wanted,
                struct ph_control_bound *out_bound, struct ph_why *why);

/* What the control server asks. */
void agent_control_sources(struct agent *agent,
                           struct ph_control_sources *out_sources);

#endif
