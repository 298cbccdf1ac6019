#include "store_directory.h"

#include <string.h>

#include "printhold/base/err.h"
#include "store_commands.h"
#include "store_private.h"

int
hub_document_set(struct hub_store *store, const struct hub_document *document)
{
    int err = hub_run_one(
        store,
        "INSERT INTO document(uk, device, rev, expires_ms, heard_ms, text)"
        " VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(uk, device) DO UPDATE SET"
        " rev = excluded.rev, expires_ms = excluded.expires_ms,"
        " heard_ms = excluded.heard_ms, text = excluded.text"
        " WHERE document.rev <= excluded.rev"
        " OR document.expires_ms <= excluded.heard_ms",
        "ttiiit", document->uk, document->device, (int64_t)document->rev,
        document->expires_ms, document->heard_ms, document->text);

    if (err == PH_OK)
        err = hub_teller_add(store, document->uk, document->device);
    return err == PH_ERR_NOT_FOUND ? PH_ERR_EXISTS : err;
}

int
hub_document_remove(struct hub_store *store, const char *uk, const char *device)
{
    return hub_run(store, "DELETE FROM document WHERE uk = ? AND device = ?",
                   "tt", uk, device);
}

int
hub_documents_forget(struct hub_store *store, int64_t before_ms)
{
    return hub_run(store, "DELETE FROM document WHERE expires_ms <= ?", "i",
                   before_ms);
}

int
hub_documents_forget_unheard(struct hub_store *store, int64_t before_ms)
{
    return hub_run(store, "DELETE FROM document WHERE heard_ms < ?", "i",
                   before_ms);
}

int
hub_presence_set(struct hub_store *store, const char *device,
                 const struct ph_presence_said *said, int64_t now_ms)
{
    return hub_run(store,
                   "INSERT INTO presence(device, state, at_ms, version,"
                   " heard_ms) VALUES(?, ?, ?, ?, ?)"
                   " ON CONFLICT(device) DO UPDATE SET state = excluded.state,"
                   " at_ms = excluded.at_ms, version = excluded.version,"
                   " heard_ms = excluded.heard_ms",
                   "tiiti", device, (int64_t)said->presence, said->at_ms,
                   said->version, now_ms);
}

int
hub_presence_remove(struct hub_store *store, const char *device)
{
    return hub_run(store, "DELETE FROM presence WHERE device = ?", "t", device);
}

static void
read_holding(sqlite3_stmt *stmt, struct hub_holding *holding)
{
    int64_t state = sqlite3_column_int64(stmt, 2);

    hub_column_text(stmt, 0, holding->device, sizeof(holding->device));
    hub_column_text(stmt, 1, holding->name, sizeof(holding->name));
    holding->is_heard = sqlite3_column_type(stmt, 2) != SQLITE_NULL;
    holding->presence = state == PH_PRESENCE_ON       ? PH_PRESENCE_ON
                        : state == PH_PRESENCE_ASLEEP ? PH_PRESENCE_ASLEEP
                                                      : PH_PRESENCE_OFF;
    holding->presence_ms = sqlite3_column_int64(stmt, 3);
    holding->text = (const char *)sqlite3_column_text(stmt, 4);
}

int
hub_holding_each(struct hub_store *store, const char *login, const char *uk,
                 int64_t now_ms, size_t max, hub_holding_cb each, void *arg)
{
    struct hub_holding holding;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store,
        "SELECT device.id, device.name, presence.state, presence.at_ms,"
        " document.text FROM binding"
        " JOIN device ON device.id = binding.device"
        " LEFT JOIN presence ON presence.device = device.id"
        " LEFT JOIN document ON document.uk = ?"
        " AND document.device = device.id AND document.expires_ms > ?"
        " WHERE binding.login = ? AND device.kind = ? AND device.revoked = 0"
        " ORDER BY document.text IS NULL, device.id LIMIT ?",
        &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "titii", uk, now_ms, login,
                       (int64_t)PH_IDENTITY_WORKSTATION, (int64_t)max);
    if (err != PH_OK)
        return err;
    while ((err = hub_step(stmt)) == PH_OK) {
        read_holding(stmt, &holding);
        err = each(&holding, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_directory_count(struct hub_store *store, int64_t *out_documents)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, "SELECT count(*) FROM document", &stmt);

    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        *out_documents = sqlite3_column_int64(stmt, 0);
        hub_reset(stmt);
    }
    return err;
}
