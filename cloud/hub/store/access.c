#include "access.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "store_private.h"

bool
hub_access_decide(const struct hub_access_said said[HUB_ACCESS_SCOPES])
{
    bool only_some = false;

    for (size_t i = 0; i < HUB_ACCESS_SCOPES; i++) {
        if (said[i].denies_person || said[i].allows_person)
            return !said[i].denies_person;
        if (said[i].denies_group || said[i].allows_group)
            return !said[i].denies_group;
        only_some = only_some || said[i].allows_some;
    }
    return !only_some;
}

const char *
hub_access_scope_name(enum hub_access_scope scope)
{
    static const char *const names[HUB_ACCESS_SCOPES] = {
        [HUB_ACCESS_OF_PRINTER] = "printer",
        [HUB_ACCESS_OF_GROUP] = "group",
        [HUB_ACCESS_OF_TENANT] = "tenant",
    };

    return scope < HUB_ACCESS_SCOPES ? names[scope] : "unknown";
}

/* --- the lists --- */

int
hub_access_set(struct hub_store *store, const struct hub_access *access)
{
    return hub_run(store,
                   "INSERT INTO access(scope, target, is_group, subject,"
                   " allows) VALUES(?, ?, ?, ?, ?)"
                   " ON CONFLICT(scope, target, is_group, subject)"
                   " DO UPDATE SET allows = excluded.allows",
                   "ititi", (int64_t)access->scope, access->target,
                   (int64_t)access->is_group, access->subject,
                   (int64_t)access->allows);
}

int
hub_access_remove(struct hub_store *store, const struct hub_access *access)
{
    return hub_run_one(store,
                       "DELETE FROM access WHERE scope = ? AND target = ?"
                       " AND is_group = ? AND subject = ?",
                       "itit", (int64_t)access->scope, access->target,
                       (int64_t)access->is_group, access->subject);
}

int
hub_access_each(struct hub_store *store, hub_access_cb each, void *arg)
{
    struct hub_access access;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT scope, target, is_group, subject, allows"
                          " FROM access ORDER BY scope DESC, target, allows,"
                          " is_group, subject",
                          &stmt);

    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        access.scope = (enum hub_access_scope)sqlite3_column_int(stmt, 0);
        hub_column_text(stmt, 1, access.target, sizeof(access.target));
        access.is_group = sqlite3_column_int(stmt, 2) != 0;
        hub_column_text(stmt, 3, access.subject, sizeof(access.subject));
        access.allows = sqlite3_column_int(stmt, 4) != 0;
        err = each(&access, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

/* --- of one person at one printer --- */

/* One row of a list: whom it names, and what it says. */
static void
note(bool is_group, bool allows, bool is_meant, struct hub_access_said *said)
{
    said->allows_some = said->allows_some || allows;
    if (!is_meant)
        return;
    if (is_group && allows)
        said->allows_group = true;
    else if (is_group)
        said->denies_group = true;
    else if (allows)
        said->allows_person = true;
    else
        said->denies_person = true;
}

/* At most one row for each of: the person, the group, any yes. */
static int
look_up(struct hub_store *store, enum hub_access_scope scope,
        const char *target, const struct hub_person *person,
        struct hub_access_said *said)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store,
        "SELECT is_group, allows, subject = CASE is_group WHEN 1 THEN ?"
        " ELSE ? END AS meant FROM access WHERE scope = ? AND target = ?"
        " ORDER BY meant DESC, allows DESC LIMIT 3",
        &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "ttit", person->group, person->login,
                       (int64_t)scope, target);
    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK)
        note(sqlite3_column_int(stmt, 0) != 0, sqlite3_column_int(stmt, 1) != 0,
             sqlite3_column_int(stmt, 2) != 0, said);
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_access_check(struct hub_store *store, const struct hub_device *printer,
                 const struct hub_person *person, bool *out_may)
{
    struct hub_access_said said[HUB_ACCESS_SCOPES];
    int err;

    memset(said, 0, sizeof(said));
    err = look_up(store, HUB_ACCESS_OF_PRINTER, printer->id, person,
                  &said[HUB_ACCESS_OF_PRINTER]);
    if (err == PH_OK && printer->group[0] != '\0')
        err = look_up(store, HUB_ACCESS_OF_GROUP, printer->group, person,
                      &said[HUB_ACCESS_OF_GROUP]);
    if (err == PH_OK)
        err = look_up(store, HUB_ACCESS_OF_TENANT, "", person,
                      &said[HUB_ACCESS_OF_TENANT]);
    if (err == PH_OK)
        *out_may = hub_access_decide(said);
    return err;
}
