/*
 * Who this computer is, and what follows when that changes.
 *
 *   enrolled          everything begins anew (agent.c)
 *   renewed           9443 loads its files, the cloud's link is made anew
 *   renewed, and the hub says other things than before: as enrolled
 */
#include <stdio.h>
#include <string.h>

#include "agent_private.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/net/bind.h"
#include "printhold/net/enrol.h"

/* --- the cloud's part --- */

static void
on_effect(const struct ph_cloud_effect *effect, void *arg)
{
    struct agent *agent = arg;

    if (effect->refresh && agent->cloud != NULL)
        ph_cloud_refresh(agent->cloud);
    if (effect->renew && agent->renewal_part != NULL)
        ph_renewal_kick(agent->renewal_part);
}

static void
on_cloud_state(void *arg)
{
    const struct agent *agent = arg;

    if (agent->control != NULL)
        ph_control_server_changed(agent->control);
}

int
agent_start_cloud(struct agent *agent, struct ph_why *why)
{
    int err = ph_cloud_inbox_start(&agent->loop, &agent->config, agent->jobs,
                                   &agent->workstation, on_effect, agent,
                                   &agent->inbox);

    if (err == PH_OK)
        err = ph_cloud_start(&agent->loop, &agent->config, agent->jobs,
                             &agent->workstation, &agent->cloud, why);
    if (err != PH_OK)
        return err;
    ph_cloud_on_message(agent->cloud, ph_cloud_inbox_on_message, agent->inbox);
    ph_cloud_on_state(agent->cloud, on_cloud_state, agent);
    return PH_OK;
}

/* The link has its certificate from its start: stop it, and what knows it, and
 * start them again. A stop of the agent meanwhile needs nothing of it. */
static void
cycle_cloud(void *arg)
{
    struct agent *agent = arg;
    struct ph_sleep *sleep = agent->sleep;
    struct ph_cloud *cloud = agent->cloud;
    struct ph_cloud_inbox *inbox = agent->inbox;
    struct ph_why why = {""};
    int err;

    if (agent->stopping)
        return;
    if (sleep != NULL) {
        agent->sleep = NULL;
        ph_sleep_stop(sleep, cycle_cloud, agent);
    } else if (cloud != NULL) {
        agent->cloud = NULL;
        ph_cloud_on_message(cloud, NULL, NULL);
        ph_cloud_stop(cloud, cycle_cloud, agent);
    } else if (inbox != NULL) {
        agent->inbox = NULL;
        ph_cloud_inbox_stop(inbox, cycle_cloud, agent);
    } else {
        err = agent_start_cloud(agent, &why);
        if (err == PH_OK)
            err = agent_start_sleep(agent, &why);
        if (err != PH_OK)
            ph_log_error("the cloud link cannot be started again: %s",
                         why.text[0] != '\0' ? why.text : ph_err_text(err));
    }
}

/* --- renewal --- */

static bool
is_the_same_but_newer(const struct ph_enrolled *a, const struct ph_enrolled *b)
{
    return strcmp(a->issuer, b->issuer) == 0 &&
           strcmp(a->broker, b->broker) == 0 &&
           memcmp(a->directory_key_hash, b->directory_key_hash,
                  sizeof(a->directory_key_hash)) == 0;
}

static void
on_certificate(const struct ph_enrolled *enrolled, void *arg)
{
    struct agent *agent = arg;
    const bool is_same = is_the_same_but_newer(&agent->own.enrolled, enrolled);

    agent->own.enrolled = *enrolled;
    if (!is_same) {
        ph_log_notice("the hub says other things than before");
        agent->again = !agent->stopping;
        agent_stop(agent);
        return;
    }
    if (agent->release != NULL)
        ph_release_service_reload(agent->release); /* tells on_renewed */
    cycle_cloud(agent);
}

int
agent_start_renewal(struct agent *agent, struct ph_why *why)
{
    int err;

    if (agent->own.state != PH_OWN_IDENTITY_ENROLLED)
        return PH_OK;
    err = ph_renewal_start(&agent->loop, &agent->config, &agent->own.enrolled,
                           agent->jobs, on_certificate, agent,
                           &agent->renewal_part);
    return err == PH_OK
               ? PH_OK
               : ph_why_fail(why, err, "cannot look after the certificate");
}

/* --- enrolment --- */

/* For the status: who asked may be a service that nobody looks at. */
static void
note_enrolment(struct agent *agent, int err, const struct ph_why *why)
{
    (void)pthread_mutex_lock(&agent->enrol_lock);
    if (err == PH_OK)
        agent->enrol_text.text[0] = '\0';
    else
        agent->enrol_text = *why;
    (void)pthread_mutex_unlock(&agent->enrol_lock);
}

int
agent_enrol(void *arg, const struct ph_control_enrol *wanted,
            struct ph_control_enrolled *out_enrolled, struct ph_why *why)
{
    struct agent *agent = arg;
    struct ph_enrolled enrolled;
    const struct ph_enrol_order order = {
        .dir = agent->config.state_dir,
        .product = "printhold-agent",
        .kind = PH_IDENTITY_WORKSTATION,
        .server = wanted->server,
        .token = wanted->token,
        .pin = wanted->pin[0] != '\0' ? wanted->pin : NULL,
        .ca_pem = wanted->ca[0] != '\0' ? wanted->ca : NULL,
        .name = agent->workstation.host,
        .proxy = ph_proxy_settings_of(&agent->config),
        .stop = &agent->stop,
    };
    int err;

    if (agent->own.state == PH_OWN_IDENTITY_FILES)
        return ph_why_fail(why, PH_ERR_STATE,
                           "identity.cert_file is set: this computer has its "
                           "certificate from there; take the settings of "
                           "[identity] away to enrol it at a hub");
    err = ph_enrol(&order, &enrolled, why);
    note_enrolment(agent, err, why);
    if (err != PH_OK)
        return err;
    ph_log_notice("enrolled as %s of %s", enrolled.identity.id,
                  enrolled.identity.tenant);
    (void)snprintf(out_enrolled->id, sizeof(out_enrolled->id), "%s",
                   enrolled.identity.id);
    (void)snprintf(out_enrolled->tenant, sizeof(out_enrolled->tenant), "%s",
                   enrolled.identity.tenant);
    (void)snprintf(out_enrolled->hub, sizeof(out_enrolled->hub), "%s",
                   enrolled.hub);
    out_enrolled->not_after_ms = enrolled.identity.not_after_ms;
    out_enrolled->renew_after_ms = enrolled.renew_after_ms;
    return PH_OK;
}

void
agent_enrolled(void *arg)
{
    struct agent *agent = arg;

    if (agent->stopping)
        return;
    agent->again = true;
    agent_stop(agent);
}

/* --- whose computer --- */

int
agent_login(void *arg, const struct ph_control_login *wanted,
            struct ph_control_bound *out_bound, struct ph_why *why)
{
    struct agent *agent = arg;
    const struct ph_bind_order order = {
        .dir = agent->config.state_dir,
        .product = "printhold-agent",
        .login = wanted->login,
        .password = wanted->password,
        .proxy = ph_proxy_settings_of(&agent->config),
        .stop = &agent->stop,
    };
    char id[PH_IDENTITY_MAX];
    struct ph_bound bound;
    int err;

    if (agent->own.state == PH_OWN_IDENTITY_FILES)
        return ph_why_fail(why, PH_ERR_STATE,
                           "this computer has its certificate from files "
                           "(identity.cert_file) and knows no hub; an "
                           "administrator binds it to you with 'printhold-hub "
                           "workstation bind'");
    if (agent->own.state != PH_OWN_IDENTITY_ENROLLED)
        return ph_why_fail(why, PH_ERR_STATE,
                           "this computer is not enrolled at a hub yet, so "
                           "nobody can sign in from it; the administrator "
                           "does that with 'printhold enrol'");
    /* Whoever asks often takes one worker, and no more. */
    if (atomic_exchange(&agent->has_login, true))
        return ph_why_fail(why, PH_ERR_LIMIT,
                           "somebody signs in from this computer just now; try "
                           "again in a moment");
    err = ph_hub_bind(&order, &bound, id, why);
    atomic_store(&agent->has_login, false);
    if (err != PH_OK)
        return err;
    ph_log_notice("the hub knows this computer as one more person's");
    (void)snprintf(out_bound->login, sizeof(out_bound->login), "%s",
                   bound.login);
    (void)snprintf(out_bound->name, sizeof(out_bound->name), "%s", bound.name);
    (void)snprintf(out_bound->workstation, sizeof(out_bound->workstation),
                   "%.63s", id);
    return PH_OK;
}
