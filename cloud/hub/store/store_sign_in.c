/* Badges, PINs, passwords, codes. */
#include "store_sign_in.h"

#include "printhold/base/err.h"
#include "store_private.h"

/* --- badges --- */

#define BADGE "mac, number, login, how, made_ms"

static void
read_badge(sqlite3_stmt *stmt, struct hub_badge *badge)
{
    hub_column_bytes(stmt, 0, badge->mac);
    hub_column_text(stmt, 1, badge->number, sizeof(badge->number));
    hub_column_text(stmt, 2, badge->login, sizeof(badge->login));
    hub_column_text(stmt, 3, badge->how, sizeof(badge->how));
    badge->made_ms = sqlite3_column_int64(stmt, 4);
}

int
hub_badge_add(struct hub_store *store, const struct hub_badge *badge)
{
    return hub_run(store, "INSERT INTO badge(" BADGE ") VALUES(?, ?, ?, ?, ?)",
                   "bttti", badge->mac, badge->number, badge->login, badge->how,
                   badge->made_ms);
}

int
hub_badge_get(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
              struct hub_badge *out_badge)
{
    sqlite3_stmt *stmt = NULL;
    int err =
        hub_prepare(store, "SELECT " BADGE " FROM badge WHERE mac = ?", &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "b", mac);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        read_badge(stmt, out_badge);
        hub_reset(stmt);
    }
    return err;
}

int
hub_badge_remove(struct hub_store *store, const char *number)
{
    return hub_run_one(store, "DELETE FROM badge WHERE number = ?", "t",
                       number);
}

int
hub_badge_each(struct hub_store *store, const char *login, hub_badge_cb each,
               void *arg)
{
    struct hub_badge badge;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT " BADGE " FROM badge"
                          " WHERE login = ? OR ? = '' ORDER BY login, number",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "tt", login != NULL ? login : "",
                       login != NULL ? login : "");
    if (err != PH_OK)
        return err;
    while ((err = hub_step(stmt)) == PH_OK) {
        read_badge(stmt, &badge);
        err = each(&badge, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

/* --- PINs --- */

#define PIN "login, mac, alone_mac, how, made_ms, expires_ms"

static void
read_pin(sqlite3_stmt *stmt, struct hub_pin *pin)
{
    hub_column_text(stmt, 0, pin->login, sizeof(pin->login));
    hub_column_bytes(stmt, 1, pin->mac);
    pin->is_alone = sqlite3_column_type(stmt, 2) != SQLITE_NULL;
    hub_column_bytes(stmt, 2, pin->alone_mac);
    hub_column_text(stmt, 3, pin->how, sizeof(pin->how));
    pin->made_ms = sqlite3_column_int64(stmt, 4);
    pin->expires_ms = sqlite3_column_int64(stmt, 5);
}

int
hub_pin_set(struct hub_store *store, const struct hub_pin *pin)
{
    return hub_run(store,
                   "INSERT INTO pin(" PIN ") VALUES(?, ?, ?, ?, ?, ?)"
                   " ON CONFLICT(login) DO UPDATE SET mac = excluded.mac,"
                   " alone_mac = excluded.alone_mac, how = excluded.how,"
                   " made_ms = excluded.made_ms,"
                   " expires_ms = excluded.expires_ms",
                   "tbbtii", pin->login, pin->mac,
                   pin->is_alone ? pin->alone_mac : NULL, pin->how,
                   pin->made_ms, pin->expires_ms);
}

static int
one_pin(sqlite3_stmt *stmt, struct hub_pin *out_pin)
{
    int err = hub_step(stmt);

    if (err == PH_OK) {
        read_pin(stmt, out_pin);
        hub_reset(stmt);
    }
    return err;
}

int
hub_pin_get(struct hub_store *store, const char *login, struct hub_pin *out_pin)
{
    sqlite3_stmt *stmt = NULL;
    int err =
        hub_prepare(store, "SELECT " PIN " FROM pin WHERE login = ?", &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "t", login);
    return err == PH_OK ? one_pin(stmt, out_pin) : err;
}

int
hub_pin_find(struct hub_store *store, const uint8_t alone[HUB_MAC_BYTES],
             struct hub_pin *out_pin)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, "SELECT " PIN " FROM pin WHERE alone_mac = ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "b", alone);
    return err == PH_OK ? one_pin(stmt, out_pin) : err;
}

int
hub_pin_remove(struct hub_store *store, const char *login)
{
    return hub_run_one(store, "DELETE FROM pin WHERE login = ?", "t", login);
}

int
hub_pins_end(struct hub_store *store, int64_t now_ms)
{
    return hub_run(store,
                   "UPDATE pin SET expires_ms = 1"
                   " WHERE expires_ms > 1 AND expires_ms <= ?",
                   "i", now_ms);
}

/* --- passwords --- */

int
hub_password_set(struct hub_store *store, const char *login, const char *kept,
                 int64_t now_ms)
{
    return hub_run(store,
                   "INSERT INTO password(login, kept, made_ms) VALUES(?, ?, ?)"
                   " ON CONFLICT(login) DO UPDATE SET kept = excluded.kept,"
                   " made_ms = excluded.made_ms",
                   "tti", login, kept, now_ms);
}

int
hub_password_get(struct hub_store *store, const char *login,
                 char out_kept[PH_PASSWORD_TEXT])
{
    sqlite3_stmt *stmt = NULL;
    int err =
        hub_prepare(store, "SELECT kept FROM password WHERE login = ?", &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "t", login);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        hub_column_text(stmt, 0, out_kept, PH_PASSWORD_TEXT);
        hub_reset(stmt);
    }
    return err;
}

int
hub_password_remove(struct hub_store *store, const char *login)
{
    return hub_run_one(store, "DELETE FROM password WHERE login = ?", "t",
                       login);
}

/* --- codes --- */

int
hub_code_add(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
             const char *login, int64_t now_ms, int64_t expires_ms)
{
    return hub_run(store,
                   "INSERT INTO code(mac, login, made_ms, expires_ms)"
                   " VALUES(?, ?, ?, ?) ON CONFLICT(login) DO UPDATE SET"
                   " mac = excluded.mac, made_ms = excluded.made_ms,"
                   " expires_ms = excluded.expires_ms",
                   "btii", mac, login, now_ms, expires_ms);
}

int
hub_code_find(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
              int64_t now_ms, char out_login[PH_LOGIN_MAX])
{
    sqlite3_stmt *stmt = NULL;
    /* One of later than now was made before the clock was set back: how old it
     * is nobody knows. */
    int err = hub_prepare(store,
                          "SELECT login FROM code WHERE mac = ?"
                          " AND expires_ms > ? AND made_ms <= ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "bii", mac, now_ms, now_ms);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        hub_column_text(stmt, 0, out_login, PH_LOGIN_MAX);
        hub_reset(stmt);
    }
    return err;
}

int
hub_code_use(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
             int64_t now_ms)
{
    return hub_run_one(store,
                       "DELETE FROM code WHERE mac = ? AND expires_ms > ?",
                       "bi", mac, now_ms);
}

int
hub_code_remove(struct hub_store *store, const char *login)
{
    return hub_run_one(store, "DELETE FROM code WHERE login = ?", "t", login);
}

int
hub_codes_forget(struct hub_store *store, int64_t before_ms)
{
    return hub_run(store, "DELETE FROM code WHERE expires_ms <= ?", "i",
                   before_ms);
}
