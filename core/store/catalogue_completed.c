/* What a printer has reported of a job, by the key that it gave its request:
 * the same request again, however late, is known and counts nothing. And what
 * was chosen at it. */
#include "catalogue_private.h"

#include <stdio.h>

#include "printhold/base/err.h"
#include "printhold/store/db.h"

int
ph_catalogue_completed_add(struct ph_catalogue *catalogue,
                           const struct ph_id *job,
                           const uint8_t key[PH_CATALOGUE_KEY_BYTES],
                           const char *result)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_COMPLETED_ADD,
        "INSERT INTO completed(job, key, result) VALUES(?1, ?2, ?3)", &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, job);
    (void)sqlite3_bind_blob(stmt, 2, key, PH_CATALOGUE_KEY_BYTES,
                            SQLITE_TRANSIENT);
    (void)sqlite3_bind_text(stmt, 3, result, -1, SQLITE_TRANSIENT);
    return ph_db_run(stmt);
}

int
ph_catalogue_completed_get(struct ph_catalogue *catalogue,
                           const struct ph_id *job,
                           const uint8_t key[PH_CATALOGUE_KEY_BYTES],
                           char *out_result, size_t cap)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_COMPLETED_GET,
        "SELECT result FROM completed WHERE job = ?1 AND key = ?2", &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, job);
    (void)sqlite3_bind_blob(stmt, 2, key, PH_CATALOGUE_KEY_BYTES,
                            SQLITE_TRANSIENT);
    rc = sqlite3_step(stmt);
    err = rc == SQLITE_DONE ? PH_ERR_NOT_FOUND : ph_db_err(rc);
    if (rc == SQLITE_ROW)
        (void)snprintf(out_result, cap, "%s",
                       (const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_reset(stmt);
    return err;
}

int
ph_catalogue_chosen_set(struct ph_catalogue *catalogue, const struct ph_id *job,
                        const void *sealed, size_t len)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_CHOSEN_SET,
        "INSERT INTO chosen(job, sealed) VALUES(?1, ?2)"
        " ON CONFLICT DO UPDATE SET sealed = excluded.sealed",
        &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, job);
    (void)sqlite3_bind_blob(stmt, 2, sealed, (int)len, SQLITE_TRANSIENT);
    return ph_db_run(stmt);
}

int
ph_catalogue_chosen_get(struct ph_catalogue *catalogue, const struct ph_id *job,
                        struct ph_buf *out_sealed)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(catalogue, STMT_CHOSEN_GET,
                                     "SELECT sealed FROM chosen WHERE job = ?1",
                                     &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, job);
    rc = sqlite3_step(stmt);
    err = rc == SQLITE_DONE ? PH_ERR_NOT_FOUND : ph_db_err(rc);
    if (rc == SQLITE_ROW) {
        ph_buf_clear(out_sealed);
        err = ph_buf_put(out_sealed, sqlite3_column_blob(stmt, 0),
                         (size_t)sqlite3_column_bytes(stmt, 0));
    }
    (void)sqlite3_reset(stmt);
    return err;
}
