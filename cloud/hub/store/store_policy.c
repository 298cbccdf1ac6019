#include "store_policy.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/crypto/jws.h"
#include "printhold/proto/policy.h"
#include "store_private.h"

const char *
hub_policy_scope_name(enum hub_policy_scope scope)
{
    static const char *const names[HUB_POLICY_SCOPES] = {
        [HUB_POLICY_OF_TENANT] = "tenant",
        [HUB_POLICY_OF_GROUP] = "group",
        [HUB_POLICY_OF_WORKSTATION] = "workstation",
    };

    return scope < HUB_POLICY_SCOPES ? names[scope] : "unknown";
}

static int
read_policy(sqlite3_stmt *stmt, int column, struct ph_policy *out_policy)
{
    const void *text = sqlite3_column_text(stmt, column);
    const size_t len = (size_t)sqlite3_column_bytes(stmt, column);

    return text != NULL && ph_policy_read(text, len, out_policy) == PH_OK
               ? PH_OK
               : PH_ERR_CORRUPT;
}

int
hub_policy_get(struct hub_store *store, enum hub_policy_scope scope,
               const char *target, struct ph_policy *out_policy)
{
    struct ph_policy policy = {.number = {0}};
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT body FROM policy WHERE scope = ? AND target = ?", &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "it", (int64_t)scope, target);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        err = read_policy(stmt, 0, &policy);
        hub_reset(stmt);
    }
    if (err == PH_OK || err == PH_ERR_NOT_FOUND)
        *out_policy = policy;
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

static bool
is_empty(const struct ph_policy *policy)
{
    for (size_t i = 0; i < PH_POLICY_MEMBERS; i++) {
        if (policy->has[i])
            return false;
    }
    return true;
}

int
hub_policy_set(struct hub_store *store, enum hub_policy_scope scope,
               const char *target, const struct ph_policy *policy,
               int64_t now_ms)
{
    struct ph_buf body;
    int err;

    if (is_empty(policy))
        return hub_run(store,
                       "DELETE FROM policy WHERE scope = ? AND target = ?",
                       "it", (int64_t)scope, target);
    ph_buf_init(&body, PH_JWS_MAX);
    err = ph_policy_put(policy, &body);
    if (err == PH_OK && ph_buf_str(&body) == NULL)
        err = PH_ERR_TOO_BIG;
    if (err == PH_OK)
        err = hub_run(
            store,
            "INSERT INTO policy(scope, target, body, changed_ms)"
            " VALUES(?, ?, ?, ?) ON CONFLICT(scope, target) DO UPDATE"
            " SET body = excluded.body, changed_ms = excluded.changed_ms",
            "itti", (int64_t)scope, target, ph_buf_str(&body), now_ms);
    ph_buf_close(&body);
    return err;
}

int
hub_policy_of_device(struct hub_store *store, const struct hub_device *device,
                     struct ph_policy *out_policy)
{
    struct ph_policy group = {.number = {0}}, own;
    int err = PH_OK;

    if (device->group[0] != '\0')
        err = hub_policy_get(store, HUB_POLICY_OF_GROUP, device->group, &group);
    if (err == PH_OK)
        err =
            hub_policy_get(store, HUB_POLICY_OF_WORKSTATION, device->id, &own);
    if (err == PH_OK)
        ph_policy_merge(&group, &own, out_policy);
    return err;
}

int
hub_policy_each(struct hub_store *store, hub_policy_cb each, void *arg)
{
    struct ph_policy policy;
    char target[HUB_ID_MAX];
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT scope, target, body, changed_ms FROM policy"
                          " ORDER BY scope, target",
                          &stmt);

    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        hub_column_text(stmt, 1, target, sizeof(target));
        err = read_policy(stmt, 2, &policy);
        if (err == PH_OK)
            err = each((enum hub_policy_scope)sqlite3_column_int(stmt, 0),
                       target, &policy, sqlite3_column_int64(stmt, 3), arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

/* --- what was told --- */

int
hub_told_get(struct hub_store *store, const char *topic,
             struct hub_told *out_told)
{
    struct hub_told told = {.version = 0};
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT version, digest, changed_ms FROM told WHERE topic = ?",
        &stmt);

    (void)snprintf(told.topic, sizeof(told.topic), "%s", topic);
    if (err == PH_OK)
        err = hub_bind(stmt, "t", topic);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        told.version = sqlite3_column_int64(stmt, 0);
        hub_column_text(stmt, 1, told.digest, sizeof(told.digest));
        told.changed_ms = sqlite3_column_int64(stmt, 2);
        hub_reset(stmt);
    }
    if (err == PH_OK || err == PH_ERR_NOT_FOUND)
        *out_told = told;
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_told_set(struct hub_store *store, const struct hub_told *told)
{
    return hub_run(store,
                   "INSERT INTO told(topic, version, digest, changed_ms)"
                   " VALUES(?, ?, ?, ?) ON CONFLICT(topic) DO UPDATE"
                   " SET version = excluded.version, digest = excluded.digest,"
                   " changed_ms = excluded.changed_ms",
                   "titi", told->topic, told->version, told->digest,
                   told->changed_ms);
}

int
hub_applied_set(struct hub_store *store, const char *device,
                enum hub_policy_scope scope, int64_t version, int64_t now_ms)
{
    return hub_run(store,
                   "INSERT INTO applied(device, scope, version, at_ms)"
                   " VALUES(?, ?, ?, ?) ON CONFLICT(device, scope) DO UPDATE"
                   " SET version = excluded.version, at_ms = excluded.at_ms"
                   " WHERE excluded.version > applied.version",
                   "tiii", device, (int64_t)scope, version, now_ms);
}

int
hub_applied_get(struct hub_store *store, const char *device,
                enum hub_policy_scope scope, int64_t *out_version)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT version FROM applied WHERE device = ? AND scope = ?",
        &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "ti", device, (int64_t)scope);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        *out_version = sqlite3_column_int64(stmt, 0);
        hub_reset(stmt);
    } else if (err == PH_ERR_NOT_FOUND) {
        *out_version = 0;
        err = PH_OK;
    }
    return err;
}
