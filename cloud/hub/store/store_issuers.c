#include "store_issuers.h"

#include "printhold/base/err.h"
#include "store_private.h"

#define COLUMNS "number, kid, state, made_ms, at_ms"

const char *
hub_issuer_state_name(enum hub_issuer_state state)
{
    static const char *const names[HUB_ISSUER_STATES] = {
        [HUB_ISSUER_TOLD] = "told",
        [HUB_ISSUER_SIGNS] = "signs",
        [HUB_ISSUER_LEAVING] = "leaving",
        [HUB_ISSUER_WITHDRAWN] = "withdrawn",
    };

    return state < HUB_ISSUER_STATES ? names[state] : "unknown";
}

int
hub_issuer_rows(struct hub_store *store,
                struct hub_issuer_row out_rows[HUB_ISSUERS_MAX],
                size_t *out_count)
{
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    int err = hub_prepare(
        store, "SELECT " COLUMNS " FROM issuer_key ORDER BY number", &stmt);

    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        const int64_t state = sqlite3_column_int64(stmt, 2);

        if (count == HUB_ISSUERS_MAX || state < 0 ||
            state >= HUB_ISSUER_STATES) {
            hub_reset(stmt);
            return PH_ERR_CORRUPT;
        }
        out_rows[count].number = sqlite3_column_int64(stmt, 0);
        hub_column_text(stmt, 1, out_rows[count].kid,
                        sizeof(out_rows[count].kid));
        out_rows[count].state = (enum hub_issuer_state)state;
        out_rows[count].made_ms = sqlite3_column_int64(stmt, 3);
        out_rows[count++].at_ms = sqlite3_column_int64(stmt, 4);
    }
    if (err != PH_ERR_NOT_FOUND)
        return err;
    *out_count = count;
    return PH_OK;
}

int
hub_issuer_put(struct hub_store *store, const struct hub_issuer_row *row)
{
    return hub_run(store,
                   "INSERT INTO issuer_key(" COLUMNS ") VALUES(?, ?, ?, ?, ?)"
                   " ON CONFLICT(number) DO UPDATE SET"
                   " state = excluded.state, at_ms = excluded.at_ms",
                   "itiii", row->number, row->kid, (int64_t)row->state,
                   row->made_ms, row->at_ms);
}

int
hub_issuer_remove(struct hub_store *store, int64_t number)
{
    return hub_run_one(store, "DELETE FROM issuer_key WHERE number = ?", "i",
                       number);
}

int
hub_issuer_unaware(struct hub_store *store, int64_t before_ms, int64_t now_ms,
                   int64_t max, hub_issuer_cb each, void *arg)
{
    char id[HUB_ID_MAX];
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT device.id FROM certificate JOIN device"
                          " ON device.id = certificate.device"
                          " WHERE certificate.state = ? AND issued_ms < ?"
                          " AND not_after_ms > ? AND device.kind = ?"
                          " AND revoked = 0 AND elsewhere = 0"
                          " ORDER BY issued_ms LIMIT ?",
                          &stmt);

    if (err == PH_OK)
        err =
            hub_bind(stmt, "iiiii", (int64_t)HUB_CERTIFICATE_CURRENT, before_ms,
                     now_ms, (int64_t)PH_IDENTITY_WORKSTATION, max);
    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        hub_column_text(stmt, 0, id, sizeof(id));
        err = each(id, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}
