#include "store_erase.h"

#include <stdio.h>

#include "printhold/base/err.h"
#include "store_private.h"

/* --- workstations --- */

struct purging {
    struct hub_store *store;
    const struct hub_ws_command *made;
    hub_purge_cb each;
    void *arg;
};

static int
find_waiting(struct hub_store *store, const char *device, const char *uk,
             int64_t *out_number)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT number FROM command WHERE device = ?"
                          " AND uk = ? AND op = 'purge-user' AND state = ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "tti", device, uk, (int64_t)HUB_COMMAND_WAITING);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        *out_number = sqlite3_column_int64(stmt, 0);
        hub_reset(stmt);
    }
    return err;
}

/* Its binding goes with the person; who is to be told stays. */
static int
add_purge(const char *device, void *arg)
{
    struct purging *purging = arg;
    struct hub_ws_command it = *purging->made;
    struct ph_id id;
    int err =
        find_waiting(purging->store, device, purging->made->uk, &it.number);

    if (err == PH_ERR_NOT_FOUND) {
        err = ph_id_make(&id);
        ph_id_format(&id, it.jti);
        (void)snprintf(it.device, sizeof(it.device), "%s", device);
        if (err == PH_OK)
            err = hub_ws_command_add(purging->store, &it);
    }
    if (err == PH_OK)
        err = hub_teller_add(purging->store, purging->made->uk, device);
    return err == PH_OK ? purging->each(device, it.number, purging->arg) : err;
}

int
hub_purges_add(struct hub_store *store, const struct hub_ws_command *made,
               hub_purge_cb each, void *arg)
{
    struct purging purging = {store, made, each, arg};

    return hub_teller_each(store, made->uk, add_purge, &purging);
}

/* --- rows --- */

/* Run it after the others went well, and count its rows. */
static int
step(struct hub_store *store, int err, const char *sql, const char *login,
     int64_t *out_rows)
{
    if (err == PH_OK)
        err = hub_run(store, sql, "t", login);
    if (err == PH_OK)
        *out_rows += sqlite3_changes(store->db);
    return err;
}

static int
forget_signing_in(struct hub_store *store, const char *login,
                  const uint8_t who[HUB_MAC_BYTES], struct hub_erased *erased)
{
    int err = step(store, PH_OK, "DELETE FROM badge WHERE login = ?", login,
                   &erased->badges);

    err = step(store, err, "DELETE FROM pin WHERE login = ?", login,
               &erased->pins);
    err = step(store, err, "DELETE FROM password WHERE login = ?", login,
               &erased->passwords);
    err = step(store, err, "DELETE FROM code WHERE login = ?", login,
               &erased->codes);
    err = step(store, err, "DELETE FROM session WHERE login = ?", login,
               &erased->sessions);
    if (err == PH_OK)
        err = hub_run(store, "DELETE FROM attempt WHERE who = ?", "b", who);
    if (err == PH_OK)
        erased->attempts += sqlite3_changes(store->db);
    return err;
}

static int
forget_reports(struct hub_store *store, const char *login,
               struct hub_erased *erased)
{
    int err = step(store, PH_OK,
                   "UPDATE job SET login = '', personal_ms = 0, name = '',"
                   " uuid = '', host = '', address = '', origin = '',"
                   " source = '', reason = '' WHERE login = ?",
                   login, &erased->jobs);

    err = step(store, err, "UPDATE released SET login = '' WHERE login = ?",
               login, &erased->releases);
    return step(store, err, "DELETE FROM quota WHERE kind = 0 AND who = ?",
                login, &erased->quotas);
}

/* What waits to be told keeps the name until it is answered: store_commands.c.
 * Workstations that cannot be told any more are not waited for. */
static int
forget_commands(struct hub_store *store, const char *login, const char *uk)
{
    int err = hub_run(store,
                      "DELETE FROM command WHERE login = ? AND state = ?"
                      " AND op <> 'purge-user'",
                      "ti", login, (int64_t)HUB_COMMAND_WAITING);

    if (err == PH_OK)
        err = hub_run(store,
                      "UPDATE command SET login = '', uk = '' WHERE login = ?"
                      " AND state <> ?",
                      "ti", login, (int64_t)HUB_COMMAND_WAITING);
    if (err == PH_OK)
        err = hub_run(store,
                      "DELETE FROM teller WHERE uk = ? AND device NOT IN"
                      " (SELECT id FROM device WHERE kind = ? AND revoked = 0)",
                      "ti", uk, (int64_t)PH_IDENTITY_WORKSTATION);
    return err;
}

int
hub_person_erase(struct hub_store *store, const char *login, const char *uk,
                 const uint8_t who[HUB_MAC_BYTES],
                 struct hub_erased *out_erased)
{
    struct hub_erased erased = {.people = 0};
    int err = forget_signing_in(store, login, who, &erased);

    if (err == PH_OK)
        err = forget_reports(store, login, &erased);
    err = step(store, err,
               "DELETE FROM access WHERE is_group = 0 AND subject = ?", login,
               &erased.access);
    if (err == PH_OK)
        err = forget_commands(store, login, uk);
    err = step(store, err, "DELETE FROM token WHERE login = ?", login,
               &erased.tokens);
    err = step(store, err, "DELETE FROM document WHERE uk = ?", uk,
               &erased.documents);
    err = step(store, err, "DELETE FROM binding WHERE login = ?", login,
               &erased.bindings);
    err = step(store, err, "DELETE FROM person WHERE login = ?", login,
               &erased.people);
    if (err == PH_OK)
        *out_erased = erased;
    return err;
}

#define TRIES 15 /* of 2 s each: db.c */

/* The log too has pages with what was deleted. */
static int
empty_log(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA wal_checkpoint(TRUNCATE)", -1,
                                &stmt, NULL);
    int err = ph_db_err(rc);

    if (err == PH_OK && sqlite3_step(stmt) != SQLITE_ROW)
        err = PH_ERR_IO;
    if (err == PH_OK && sqlite3_column_int(stmt, 0) != 0)
        err = PH_ERR_BUSY;
    (void)sqlite3_finalize(stmt);
    return err;
}

int
hub_store_compact(struct hub_store *store)
{
    int err = PH_ERR_BUSY;

    (void)pthread_mutex_lock(&store->lock);
    for (int i = 0; i < TRIES && err == PH_ERR_BUSY; i++) {
        err = ph_db_exec(store->db, "VACUUM");
        if (err == PH_OK)
            err = empty_log(store->db);
    }
    (void)pthread_mutex_unlock(&store->lock);
    return err;
}

int
hub_store_empty_log(struct hub_store *store)
{
    int err;

    (void)pthread_mutex_lock(&store->lock);
    err = empty_log(store->db);
    (void)pthread_mutex_unlock(&store->lock);
    return err;
}
