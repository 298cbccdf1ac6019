/* State, keys and jobs, from start to end of a run. */
#include <stdio.h>

#include "agent_private.h"
#include "policy_store.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/crypto/machine_key.h"

/* The state directory is one agent's, for as long as it runs. */
static int
take_state_dir(struct agent *agent, struct ph_why *why)
{
    const char *dir = agent->config.state_dir;
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
    const struct ph_config *config = &agent->config;
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

    if (agent->config.issuer_key_file[0] == '\0')
        return;
    ph_policy_store_load(&store, &agent->config, &agent->workstation);
    if (ph_policy_store_apply(&store, agent->jobs) != PH_OK)
        ph_log_warning("policy: it cannot be reported now, continuing");
}

int
agent_open_stores(struct agent *agent, struct ph_why *why)
{
    int err = open_keys(agent, why);

    if (err == PH_OK)
        ph_own_identity_find(&agent->config, &agent->own);
    if (err == PH_OK)
        err = ph_jobs_open(&agent->config, agent->keys, &agent->jobs, why);
    if (err == PH_OK)
        err = ph_workstation_describe(&agent->config,
                                      (uint16_t)agent->config.release_port,
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
    if (err != PH_OK)
        return err;
    ph_jobs_set_renews(agent->jobs,
                       agent->own.state == PH_OWN_IDENTITY_ENROLLED);
    if (ph_jobs_report_held(agent->jobs) != PH_OK)
        ph_log_warning("the cloud cannot be told of jobs that were held before "
                       "there was one, continuing");
    return PH_OK;
}

void
agent_close_stores(struct agent *agent)
{
    ph_jobs_close(agent->jobs);
    ph_epoch_keys_free(agent->keys);
    ph_io_close(&agent->state_fd);
}
