#include "store_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"

#define BYTES 32

int
hub_prepare(struct hub_store *store, const char *sql, sqlite3_stmt **out_stmt)
{
    struct hub_statement *slot = NULL;
    int err;

    for (size_t i = 0; i < store->statement_count && slot == NULL; i++) {
        if (store->statement[i].sql == sql)
            slot = &store->statement[i];
    }
    if (slot == NULL) {
        if (store->statement_count == HUB_STATEMENTS_MAX)
            return PH_ERR_LIMIT;
        slot = &store->statement[store->statement_count];
    }
    err = ph_db_prepare(store->db, &slot->stmt, sql);
    if (err != PH_OK)
        return err;
    if (slot->sql == NULL) {
        slot->sql = sql;
        store->statement_count++;
    }
    *out_stmt = slot->stmt;
    return PH_OK;
}

static int
bind_list(sqlite3_stmt *stmt, const char *kinds, va_list ap)
{
    int rc = SQLITE_OK;

    for (int i = 1; rc == SQLITE_OK && kinds[i - 1] != '\0'; i++) {
        const void *bytes;

        switch (kinds[i - 1]) {
        case 't':
            rc = sqlite3_bind_text(stmt, i, va_arg(ap, const char *), -1,
                                   SQLITE_TRANSIENT);
            break;
        case 'i':
            rc = sqlite3_bind_int64(stmt, i, va_arg(ap, int64_t));
            break;
        default:
            bytes = va_arg(ap, const void *);
            rc = bytes == NULL ? sqlite3_bind_null(stmt, i)
                               : sqlite3_bind_blob(stmt, i, bytes, BYTES,
                                                   SQLITE_TRANSIENT);
            break;
        }
    }
    return ph_db_err(rc);
}

int
hub_bind(sqlite3_stmt *stmt, const char *kinds, ...)
{
    va_list ap;
    int err;

    va_start(ap, kinds);
    err = bind_list(stmt, kinds, ap);
    va_end(ap);
    return err;
}

static int
run_list(struct hub_store *store, const char *sql, const char *kinds,
         va_list ap)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, sql, &stmt);

    if (err == PH_OK)
        err = bind_list(stmt, kinds, ap);
    if (err == PH_OK)
        err = ph_db_run(stmt);
    return err;
}

int
hub_run(struct hub_store *store, const char *sql, const char *kinds, ...)
{
    va_list ap;
    int err;

    va_start(ap, kinds);
    err = run_list(store, sql, kinds, ap);
    va_end(ap);
    return err;
}

int
hub_run_one(struct hub_store *store, const char *sql, const char *kinds, ...)
{
    va_list ap;
    int err;

    va_start(ap, kinds);
    err = run_list(store, sql, kinds, ap);
    va_end(ap);
    if (err == PH_OK && sqlite3_changes(store->db) == 0)
        err = PH_ERR_NOT_FOUND;
    return err;
}

int
hub_step(sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW)
        return PH_OK;
    (void)sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? PH_ERR_NOT_FOUND : ph_db_err(rc);
}

void
hub_reset(sqlite3_stmt *stmt)
{
    (void)sqlite3_reset(stmt);
}

void
hub_column_text(sqlite3_stmt *stmt, int column, char *dst, size_t cap)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    (void)snprintf(dst, cap, "%s", text != NULL ? (const char *)text : "");
}

void
hub_column_bytes(sqlite3_stmt *stmt, int column, uint8_t *dst)
{
    const void *bytes = sqlite3_column_blob(stmt, column);

    memset(dst, 0, BYTES);
    if (bytes != NULL && sqlite3_column_bytes(stmt, column) == BYTES)
        memcpy(dst, bytes, BYTES);
}

/* --- opening, transactions --- */

int
hub_store_open(const char *dir, struct hub_store **out_store,
               struct ph_why *why)
{
    struct hub_store *store = calloc(1, sizeof(*store));
    char path[PH_WHY_MAX];
    int err;

    if (store == NULL)
        return PH_ERR_NOMEM;
    if (pthread_mutex_init(&store->lock, NULL) != 0) {
        free(store);
        return PH_ERR_NOMEM;
    }
    (void)snprintf(path, sizeof(path), "%s/hub.db", dir);
    err = ph_db_open(path, &hub_store_form, &store->db, why);
    if (err == PH_OK) /* a fleet is more than a workstation */
        err = ph_db_exec(store->db, "PRAGMA cache_size=-65536;"
                                    "PRAGMA foreign_keys=ON");
    if (err != PH_OK) {
        hub_store_close(store);
        return err;
    }
    *out_store = store;
    return PH_OK;
}

void
hub_store_close(struct hub_store *store)
{
    if (store == NULL)
        return;
    for (size_t i = 0; i < store->statement_count; i++)
        (void)sqlite3_finalize(store->statement[i].stmt);
    (void)sqlite3_close(store->db);
    (void)pthread_mutex_destroy(&store->lock);
    free(store);
}

static int
begin(struct hub_store *store, const char *sql)
{
    int err;

    (void)pthread_mutex_lock(&store->lock);
    err = ph_db_exec(store->db, sql);
    if (err != PH_OK)
        (void)pthread_mutex_unlock(&store->lock);
    return err;
}

int
hub_store_begin(struct hub_store *store)
{
    return begin(store, "BEGIN IMMEDIATE");
}

int
hub_store_begin_read(struct hub_store *store)
{
    return begin(store, "BEGIN");
}

int
hub_store_end(struct hub_store *store, int err)
{
    if (err == PH_OK)
        err = ph_db_exec(store->db, "COMMIT");
    if (err != PH_OK)
        (void)ph_db_exec(store->db, "ROLLBACK");
    (void)pthread_mutex_unlock(&store->lock);
    return err;
}

int
hub_store_version(struct hub_store *store, int64_t *out_version)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, "PRAGMA data_version", &stmt);

    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        *out_version = sqlite3_column_int64(stmt, 0);
        hub_reset(stmt);
    }
    return err;
}

/* --- the tenant --- */

int
hub_tenant_add(struct hub_store *store, const struct hub_tenant *tenant)
{
    return hub_run(store,
                   "INSERT INTO tenant(one, tenant, host, issuer, made_ms)"
                   " VALUES(1, ?, ?, ?, ?)",
                   "ttti", tenant->tenant, tenant->host, tenant->issuer,
                   tenant->made_ms);
}

static int
read_tenant(struct hub_store *store, struct hub_tenant *out_tenant)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT tenant, host, issuer, made_ms FROM tenant", &stmt);

    if (err == PH_OK)
        err = hub_step(stmt);
    if (err != PH_OK)
        return err;
    hub_column_text(stmt, 0, out_tenant->tenant, sizeof(out_tenant->tenant));
    hub_column_text(stmt, 1, out_tenant->host, sizeof(out_tenant->host));
    hub_column_text(stmt, 2, out_tenant->issuer, sizeof(out_tenant->issuer));
    out_tenant->made_ms = sqlite3_column_int64(stmt, 3);
    hub_reset(stmt);
    return PH_OK;
}

int
hub_store_tenant(struct hub_store *store, struct hub_tenant *out_tenant,
                 struct ph_why *why)
{
    int err = hub_store_begin(store);

    if (err == PH_OK)
        err = hub_store_end(store, read_tenant(store, out_tenant));
    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "the hub is not complete; run printhold-hub init "
                           "again");
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read the hub's database: %s",
                           ph_err_text(err));
    return PH_OK;
}
