/*
 * Which policy holds. The rules have a lock of their own, so that who is asked
 * for one number (a printer's request, a capture) waits for no disk.
 */
#include "jobs_private.h"

#include "jobs_answer.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"

/* Versions that the cloud was told of; in the catalogue. */
#define NAME_TOLD_TENANT      "policy_told"
#define NAME_TOLD_WORKSTATION "policy_told_ws"

uint64_t
jobs_rule(struct ph_jobs *jobs, enum ph_policy_member member)
{
    uint64_t value;

    (void)pthread_mutex_lock(&jobs->rules_lock);
    value = jobs->rules.number[member];
    (void)pthread_mutex_unlock(&jobs->rules_lock);
    return value;
}

int64_t
jobs_rule_ms(struct ph_jobs *jobs, enum ph_policy_member member)
{
    return (int64_t)jobs_rule(jobs, member) * 1000;
}

void
ph_jobs_rules(struct ph_jobs *jobs, struct ph_rules *out_rules,
              struct ph_policy_versions *out_versions)
{
    (void)pthread_mutex_lock(&jobs->rules_lock);
    if (out_rules != NULL)
        *out_rules = jobs->rules;
    if (out_versions != NULL)
        *out_versions = jobs->policy_versions;
    (void)pthread_mutex_unlock(&jobs->rules_lock);
}

/* The event of a version that the cloud was not told of; in a transaction. */
static int
tell_version(struct ph_jobs *jobs, const char *name, const char *scope,
             uint64_t version, const struct ph_rules *rules)
{
    int64_t told = 0;
    int err = ph_catalogue_number(jobs->catalogue, name, &told);

    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return err;
    if (version == (uint64_t)told || version == 0)
        return PH_OK;
    err = jobs_answer_policy(jobs, scope, version, rules);
    if (err == PH_OK)
        err = ph_catalogue_set_number(jobs->catalogue, name, (int64_t)version);
    return err;
}

static int
note_change(struct ph_jobs *jobs, const struct ph_rules *rules,
            const struct ph_policy_versions *versions, bool is_title_new)
{
    int err = ph_catalogue_begin(jobs->catalogue);

    if (err == PH_OK && is_title_new)
        err = ph_catalogue_touch_all(jobs->catalogue);
    if (err == PH_OK)
        err = tell_version(jobs, NAME_TOLD_TENANT, "tenant", versions->tenant,
                           rules);
    if (err == PH_OK)
        err = tell_version(jobs, NAME_TOLD_WORKSTATION, "workstation",
                           versions->workstation, rules);
    if (err == PH_OK)
        err = ph_catalogue_commit(jobs->catalogue);
    ph_catalogue_rollback(jobs->catalogue);
    return err;
}

int
ph_jobs_set_policy(struct ph_jobs *jobs, const struct ph_policy *policy,
                   const struct ph_policy_versions *versions)
{
    struct ph_rules rules;
    bool is_title_new;
    int err;

    ph_policy_apply(&jobs->config, policy, &rules);
    jobs_lock(jobs);
    (void)pthread_mutex_lock(&jobs->rules_lock);
    is_title_new =
        rules.number[PH_POLICY_TITLE] != jobs->rules.number[PH_POLICY_TITLE];
    jobs->rules = rules;
    jobs->policy_versions = *versions;
    (void)pthread_mutex_unlock(&jobs->rules_lock);
    err = note_change(jobs, &rules, versions, is_title_new);
    (void)pthread_mutex_unlock(&jobs->lock);
    jobs_notify(jobs);
    return err;
}
