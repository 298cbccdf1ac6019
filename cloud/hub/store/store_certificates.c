/* Certificates of devices, and who is denied. */
#include "store_private.h"

#include "printhold/base/err.h"

#define COLUMNS                                                 \
    "thumbprint, serial, device, generation, key_hash, state, " \
    "issued_ms, not_after_ms, seen_ms"

static void
read_certificate(sqlite3_stmt *stmt, struct hub_certificate *cert)
{
    hub_column_text(stmt, 0, cert->thumbprint, sizeof(cert->thumbprint));
    hub_column_text(stmt, 1, cert->serial, sizeof(cert->serial));
    hub_column_text(stmt, 2, cert->device, sizeof(cert->device));
    cert->generation = sqlite3_column_int64(stmt, 3);
    hub_column_bytes(stmt, 4, cert->key_hash);
    cert->state = (enum hub_certificate_state)sqlite3_column_int(stmt, 5);
    cert->issued_ms = sqlite3_column_int64(stmt, 6);
    cert->not_after_ms = sqlite3_column_int64(stmt, 7);
    cert->seen_ms = sqlite3_column_int64(stmt, 8);
}

int
hub_certificate_add(struct hub_store *store,
                    const struct hub_certificate *certificate, const char *pem)
{
    return hub_run(store,
                   "INSERT INTO certificate(" COLUMNS ", pem)"
                   " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "tttibiiiit", certificate->thumbprint, certificate->serial,
                   certificate->device, certificate->generation,
                   certificate->key_hash, (int64_t)certificate->state,
                   certificate->issued_ms, certificate->not_after_ms,
                   certificate->seen_ms, pem);
}

static int
get(struct hub_store *store, const char *sql, const char *key,
    struct hub_certificate *out_certificate)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, sql, &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "t", key);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        read_certificate(stmt, out_certificate);
        hub_reset(stmt);
    }
    return err;
}

int
hub_certificate_get(struct hub_store *store, const char *thumbprint,
                    struct hub_certificate *out_certificate)
{
    return get(store,
               "SELECT " COLUMNS " FROM certificate WHERE thumbprint = ?",
               thumbprint, out_certificate);
}

int
hub_certificate_newest(struct hub_store *store, const char *device,
                       struct hub_certificate *out_certificate)
{
    return get(store,
               "SELECT " COLUMNS " FROM certificate WHERE device = ?"
               " ORDER BY generation DESC LIMIT 1",
               device, out_certificate);
}

int
hub_certificate_pem(struct hub_store *store, const char *thumbprint, char *dst,
                    size_t cap)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT pem FROM certificate WHERE thumbprint = ?", &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "t", thumbprint);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        hub_column_text(stmt, 0, dst, cap);
        hub_reset(stmt);
    }
    return err;
}

int
hub_certificate_seen(struct hub_store *store, const char *thumbprint,
                     int64_t now_ms)
{
    return hub_run(store,
                   "UPDATE certificate SET seen_ms = ? WHERE thumbprint = ?"
                   " AND seen_ms = 0",
                   "it", now_ms, thumbprint);
}

int
hub_certificates_supersede(struct hub_store *store, const char *device)
{
    return hub_run(store,
                   "UPDATE certificate SET state = ? WHERE device = ?"
                   " AND state = ?",
                   "iti", (int64_t)HUB_CERTIFICATE_SUPERSEDED, device,
                   (int64_t)HUB_CERTIFICATE_CURRENT);
}

int
hub_certificates_revoke(struct hub_store *store, const char *device)
{
    return hub_run(store, "UPDATE certificate SET state = ? WHERE device = ?",
                   "it", (int64_t)HUB_CERTIFICATE_REVOKED, device);
}

int
hub_certificates_forget(struct hub_store *store, int64_t before_ms)
{
    return hub_run(store, "DELETE FROM certificate WHERE not_after_ms < ?", "i",
                   before_ms);
}

/* --- denied --- */

static int
each_device(struct hub_store *store, hub_denied_cb each, void *arg)
{
    char id[HUB_ID_MAX];
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT id, kind FROM device WHERE revoked = 1 ORDER BY id",
        &stmt);

    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        hub_column_text(stmt, 0, id, sizeof(id));
        err = each((enum ph_identity_kind)sqlite3_column_int(stmt, 1), id, NULL,
                   NULL, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

static int
each_certificate(struct hub_store *store, int64_t now_ms, hub_denied_cb each,
                 void *arg)
{
    char id[HUB_ID_MAX], thumbprint[PH_THUMBPRINT_TEXT], serial[40];
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT device.id, device.kind, thumbprint, serial"
                          " FROM certificate JOIN device"
                          " ON device.id = certificate.device"
                          " WHERE state = ? AND not_after_ms > ?"
                          " ORDER BY device.id, certificate.generation",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "ii", (int64_t)HUB_CERTIFICATE_REVOKED, now_ms);
    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        hub_column_text(stmt, 0, id, sizeof(id));
        hub_column_text(stmt, 2, thumbprint, sizeof(thumbprint));
        hub_column_text(stmt, 3, serial, sizeof(serial));
        err = each((enum ph_identity_kind)sqlite3_column_int(stmt, 1), id,
                   thumbprint, serial, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_denied_each(struct hub_store *store, int64_t now_ms, hub_denied_cb each,
                void *arg)
{
    int err = each_device(store, each, arg);

    return err == PH_OK ? each_certificate(store, now_ms, each, arg) : err;
}
