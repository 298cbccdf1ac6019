#include "store_sessions.h"

#include "printhold/base/err.h"
#include "store_private.h"

#define SESSION "mac, login, printer, thumbprint, way, made_ms, expires_ms"

int
hub_session_add(struct hub_store *store, const struct hub_session *session)
{
    return hub_run(store,
                   "INSERT INTO session(" SESSION ")"
                   " VALUES(?, ?, ?, ?, ?, ?, ?)",
                   "btttiii", session->mac, session->login, session->printer,
                   session->thumbprint, (int64_t)session->way, session->made_ms,
                   session->expires_ms);
}

static int
read_session(sqlite3_stmt *stmt, struct hub_session *session)
{
    int64_t way = sqlite3_column_int64(stmt, 4);

    if (way < 0 || way >= PH_SIGN_IN_WAYS)
        return PH_ERR_CORRUPT;
    hub_column_bytes(stmt, 0, session->mac);
    hub_column_text(stmt, 1, session->login, sizeof(session->login));
    hub_column_text(stmt, 2, session->printer, sizeof(session->printer));
    hub_column_text(stmt, 3, session->thumbprint, sizeof(session->thumbprint));
    session->way = (enum ph_sign_in_way)way;
    session->made_ms = sqlite3_column_int64(stmt, 5);
    session->expires_ms = sqlite3_column_int64(stmt, 6);
    return PH_OK;
}

int
hub_session_get(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
                int64_t now_ms, struct hub_session *out_session)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT " SESSION " FROM session WHERE mac = ?"
                          " AND expires_ms > ? AND made_ms <= ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "bii", mac, now_ms, now_ms);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        err = read_session(stmt, out_session);
        hub_reset(stmt);
    }
    return err;
}

int
hub_session_remove(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES])
{
    return hub_run_one(store, "DELETE FROM session WHERE mac = ?", "b", mac);
}

int
hub_sessions_end(struct hub_store *store, const char *login)
{
    return hub_run(store, "DELETE FROM session WHERE login = ?", "t", login);
}

int
hub_sessions_forget(struct hub_store *store, int64_t before_ms)
{
    return hub_run(store, "DELETE FROM session WHERE expires_ms <= ?", "i",
                   before_ms);
}
