/* Workstations, printers and services, and whose workstations they are. */
#include "store_private.h"

#include "printhold/base/err.h"

#define COLUMNS                                                  \
    "id, kind, name, in_group, revoked, elsewhere, flagged_ms, " \
    "generation, made_ms, model, type"

static void
read_device(sqlite3_stmt *stmt, struct hub_device *device)
{
    hub_column_text(stmt, 0, device->id, sizeof(device->id));
    device->kind = (enum ph_identity_kind)sqlite3_column_int(stmt, 1);
    hub_column_text(stmt, 2, device->name, sizeof(device->name));
    hub_column_text(stmt, 3, device->group, sizeof(device->group));
    device->is_revoked = sqlite3_column_int(stmt, 4) != 0;
    device->is_elsewhere = sqlite3_column_int(stmt, 5) != 0;
    device->flagged_ms = sqlite3_column_int64(stmt, 6);
    device->generation = sqlite3_column_int64(stmt, 7);
    device->made_ms = sqlite3_column_int64(stmt, 8);
    hub_column_text(stmt, 9, device->model, sizeof(device->model));
    hub_column_text(stmt, 10, device->type, sizeof(device->type));
}

int
hub_device_add(struct hub_store *store, const struct hub_device *device)
{
    return hub_run(store,
                   "INSERT INTO device(" COLUMNS ")"
                   " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "tittiiiiitt", device->id, (int64_t)device->kind,
                   device->name, device->group, (int64_t)device->is_revoked,
                   (int64_t)device->is_elsewhere, device->flagged_ms,
                   device->generation, device->made_ms, device->model,
                   device->type);
}

int
hub_device_get(struct hub_store *store, const char *id,
               struct hub_device *out_device)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, "SELECT " COLUMNS " FROM device WHERE id = ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "t", id);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        read_device(stmt, out_device);
        hub_reset(stmt);
    }
    return err;
}

int
hub_device_set(struct hub_store *store, const struct hub_device *device)
{
    return hub_run_one(
        store,
        "UPDATE device SET name = ?, in_group = ?, revoked = ?,"
        " elsewhere = ?, flagged_ms = ?, generation = ?, model = ?, type = ?"
        " WHERE id = ?",
        "ttiiiittt", device->name, device->group, (int64_t)device->is_revoked,
        (int64_t)device->is_elsewhere, device->flagged_ms, device->generation,
        device->model, device->type, device->id);
}

int
hub_device_each(struct hub_store *store, enum ph_identity_kind kind,
                hub_device_cb each, void *arg)
{
    struct hub_device device;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT " COLUMNS " FROM device WHERE kind = ? ORDER BY id",
        &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "i", (int64_t)kind);
    if (err != PH_OK)
        return err;
    while ((err = hub_step(stmt)) == PH_OK) {
        read_device(stmt, &device);
        err = each(&device, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

/* --- bindings --- */

int
hub_binding_add(struct hub_store *store, const char *device, const char *login,
                const char *how, int64_t now_ms)
{
    int err =
        hub_run(store,
                "INSERT INTO binding(device, login, how, made_ms)"
                " VALUES(?, ?, ?, ?) ON CONFLICT(device, login) DO NOTHING",
                "ttti", device, login, how, now_ms);

    /* It may hold something of the person, also when the binding has gone. */
    return err == PH_OK ? hub_run(store,
                                  "INSERT INTO teller(uk, device)"
                                  " SELECT uk, ? FROM person WHERE login = ?"
                                  " ON CONFLICT(uk, device) DO NOTHING",
                                  "tt", device, login)
                        : err;
}

int
hub_binding_remove(struct hub_store *store, const char *device,
                   const char *login)
{
    return hub_run_one(store,
                       "DELETE FROM binding WHERE device = ? AND login = ?",
                       "tt", device, login);
}

int
hub_binding_has(struct hub_store *store, const char *device, const char *login,
                bool *out_has)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT 1 FROM binding WHERE device = ? AND login = ?", &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "tt", device, login);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK)
        hub_reset(stmt);
    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return err;
    *out_has = err == PH_OK;
    return PH_OK;
}

int
hub_binding_each(struct hub_store *store, const char *device,
                 hub_binding_cb each, void *arg)
{
    char login[PH_LOGIN_MAX], how[32];
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT login, how FROM binding WHERE device = ? ORDER BY login",
        &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "t", device);
    if (err != PH_OK)
        return err;
    while ((err = hub_step(stmt)) == PH_OK) {
        hub_column_text(stmt, 0, login, sizeof(login));
        hub_column_text(stmt, 1, how, sizeof(how));
        err = each(login, how, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}
