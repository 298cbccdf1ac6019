/* What 'printhold status' asks of the parts. */
#include <string.h>

#include "agent_private.h"

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

/* Why it is nobody: by the last try, or by what there is. */
static void
give_nobody(struct agent *agent, struct ph_why *out_text)
{
    (void)pthread_mutex_lock(&agent->enrol_lock);
    if (agent->enrol_text.text[0] != '\0')
        ph_why_set(out_text,
                   "This computer is not enrolled, jobs are held here until it "
                   "is: %s",
                   agent->enrol_text.text);
    (void)pthread_mutex_unlock(&agent->enrol_lock);
}

static void
give_identity(void *arg, struct ph_control_status *status)
{
    struct agent *agent = arg;
    const struct ph_own_identity *own = &agent->own;
    struct ph_why text = own->text;

    if (own->state == PH_OWN_IDENTITY_NONE)
        give_nobody(agent, &text);
    if (agent->renewal_part != NULL)
        ph_renewal_status(agent->renewal_part, &text);
    (void)snprintf(status->identity, sizeof(status->identity), "%s",
                   ph_own_identity_word(own->state));
    (void)snprintf(status->identity_text, sizeof(status->identity_text), "%s",
                   text.text);
    (void)snprintf(status->workstation, sizeof(status->workstation), "%s",
                   agent->workstation.id);
    if (own->state == PH_OWN_IDENTITY_ENROLLED)
        status->identity_until_ms = own->enrolled.identity.not_after_ms;
}

void
agent_control_sources(struct agent *agent,
                      struct ph_control_sources *out_sources)
{
    *out_sources = (struct ph_control_sources){
        .cloud = give_cloud_status,
        .release = give_release_status,
        .cups = give_cups_status,
        .workstation = give_workstation,
        .inbox = give_inbox_status,
        .sleep = give_sleep,
        .identity = give_identity,
        .enrol = agent_enrol,
        .enrolled = agent_enrolled,
        .login = agent_login,
        .arg = agent,
    };
}
