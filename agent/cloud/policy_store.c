#include "policy_store.h"

#include <stdio.h>
#include <string.h>

#include <fcntl.h>

#include "issuer_keyset.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/crypto/jws.h"

static const char *const names[PH_POLICY_SCOPES] = {
    [PH_POLICY_OF_TENANT] = "policy",
    [PH_POLICY_OF_WORKSTATION] = "policy-ws",
};

static int
read_one(int dirfd, const char *name, struct ph_policy_message *out_message,
         struct ph_why *why)
{
    struct ph_buf json;
    int err = ph_io_read_file(dirfd, name, PH_JWS_MAX, &json);

    if (err != PH_OK)
        return ph_why_fail(why, err, "%s", ph_err_text(err));
    err = ph_policy_parse(json.data, json.len, out_message, why);
    ph_buf_close(&json);
    return err;
}

static void
load_one(struct ph_policy_store *store, int dirfd, size_t scope,
         struct ph_policy_message *message)
{
    struct ph_why why = {""};
    int err = read_one(dirfd, names[scope], message, &why);

    if (err == PH_OK &&
        !ph_message_is_for(&message->claims, store->audience[scope]))
        err = ph_why_fail(&why, PH_ERR_DENIED, "it is for another computer");
    if (err == PH_OK) {
        store->version[scope] = message->version;
        store->policy[scope] = message->policy;
    } else if (err != PH_ERR_NOT_FOUND) {
        ph_log_error("policy: %s/%s is not in force: %s; the cloud brings it "
                     "again",
                     store->dir, names[scope], why.text);
    }
}

void
ph_policy_store_load(struct ph_policy_store *store,
                     const struct ph_config *config,
                     const struct ph_workstation *workstation)
{
    struct ph_policy_message message;
    int fd = -1;

    memset(store, 0, sizeof(*store));
    memcpy(store->dir, config->state_dir, sizeof(store->dir));
    ph_tenant_audience(workstation->tenant,
                       store->audience[PH_POLICY_OF_TENANT],
                       sizeof(store->audience[0]));
    (void)snprintf(store->audience[PH_POLICY_OF_WORKSTATION],
                   sizeof(store->audience[0]), "%s", workstation->id);
    if (workstation->id[0] == '\0' ||
        ph_io_open_dir(store->dir, false, 0700, &fd, NULL) != PH_OK)
        return;
    for (size_t scope = 0; scope < PH_POLICY_SCOPES; scope++)
        load_one(store, fd, scope, &message);
    ph_io_close(&fd);
}

int
ph_policy_store_apply(const struct ph_policy_store *store, struct ph_jobs *jobs)
{
    const struct ph_policy_versions versions = {
        .tenant = store->version[PH_POLICY_OF_TENANT],
        .workstation = store->version[PH_POLICY_OF_WORKSTATION],
    };
    struct ph_policy merged;

    ph_policy_merge(&store->policy[PH_POLICY_OF_TENANT],
                    &store->policy[PH_POLICY_OF_WORKSTATION], &merged);
    return ph_jobs_set_policy(jobs, &merged, &versions);
}

int
ph_policy_store_put(struct ph_policy_store *store, enum ph_policy_scope scope,
                    const void *json, size_t len,
                    const struct ph_policy_message *message,
                    struct ph_jobs *jobs)
{
    int fd = -1;
    int err = ph_io_open_dir(store->dir, false, 0700, &fd, NULL);

    if (err == PH_OK)
        err = ph_io_write_file(fd, names[scope], json, len, 0600);
    ph_io_close(&fd);
    if (err != PH_OK)
        return err;
    store->version[scope] = message->version;
    store->policy[scope] = message->policy;
    err = ph_policy_store_apply(store, jobs);
    if (err != PH_OK)
        ph_log_warning("policy: version %llu is in force, but cannot be "
                       "reported now: %s, continuing",
                       (unsigned long long)message->version, ph_err_text(err));
    return PH_OK;
}
