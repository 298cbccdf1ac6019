/* Enrolment tokens: their keyed hashes, never themselves. */
#include "store_private.h"

#include "printhold/base/err.h"

#define COLUMNS                                                   \
    "mac, number, kind, device, name, in_group, login, made_ms, " \
    "expires_ms, used_ms, key_hash, thumbprint, is_over"

static void
read_token(sqlite3_stmt *stmt, struct hub_token *token)
{
    hub_column_bytes(stmt, 0, token->mac);
    hub_column_text(stmt, 1, token->number, sizeof(token->number));
    token->kind = (enum ph_identity_kind)sqlite3_column_int(stmt, 2);
    hub_column_text(stmt, 3, token->device, sizeof(token->device));
    hub_column_text(stmt, 4, token->name, sizeof(token->name));
    hub_column_text(stmt, 5, token->group, sizeof(token->group));
    hub_column_text(stmt, 6, token->login, sizeof(token->login));
    token->made_ms = sqlite3_column_int64(stmt, 7);
    token->expires_ms = sqlite3_column_int64(stmt, 8);
    token->used_ms = sqlite3_column_int64(stmt, 9);
    hub_column_bytes(stmt, 10, token->key_hash);
    hub_column_text(stmt, 11, token->thumbprint, sizeof(token->thumbprint));
    token->is_over = sqlite3_column_int(stmt, 12) != 0;
}

int
hub_token_add(struct hub_store *store, const struct hub_token *token)
{
    return hub_run(store,
                   "INSERT INTO token(" COLUMNS ")"
                   " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0, NULL, '', 0)",
                   "btittttii", token->mac, token->number, (int64_t)token->kind,
                   token->device, token->name, token->group, token->login,
                   token->made_ms, token->expires_ms);
}

int
hub_token_get(struct hub_store *store, const uint8_t mac[HUB_MAC_BYTES],
              struct hub_token *out_token)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, "SELECT " COLUMNS " FROM token WHERE mac = ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "b", mac);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        read_token(stmt, out_token);
        hub_reset(stmt);
    }
    return err;
}

int
hub_token_use(struct hub_store *store, const struct hub_token *token)
{
    return hub_run_one(store,
                       "UPDATE token SET device = ?, used_ms = ?, key_hash = ?,"
                       " thumbprint = ? WHERE mac = ? AND used_ms = 0",
                       "tibtb", token->device, token->used_ms, token->key_hash,
                       token->thumbprint, token->mac);
}

int
hub_token_remove(struct hub_store *store, const char *number)
{
    return hub_run_one(store, "DELETE FROM token WHERE number = ?", "t",
                       number);
}

int
hub_tokens_end(struct hub_store *store, int64_t now_ms)
{
    return hub_run(store,
                   "UPDATE token SET is_over = 1"
                   " WHERE is_over = 0 AND expires_ms <= ?",
                   "i", now_ms);
}

int
hub_tokens_forget(struct hub_store *store, int64_t before_ms)
{
    return hub_run(store, "DELETE FROM token WHERE expires_ms < ?", "i",
                   before_ms);
}

int
hub_token_each(struct hub_store *store, hub_token_cb each, void *arg)
{
    struct hub_token token;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT " COLUMNS " FROM token ORDER BY made_ms, number", &stmt);

    if (err != PH_OK)
        return err;
    while ((err = hub_step(stmt)) == PH_OK) {
        read_token(stmt, &token);
        err = each(&token, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}
