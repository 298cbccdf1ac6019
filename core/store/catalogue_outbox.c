/* The catalogue's outbox: directory documents. */
#include "catalogue_private.h"

#include "printhold/base/err.h"
#include "printhold/store/db.h"

static int
next_rev(struct ph_catalogue *catalogue, int64_t *out_rev)
{
    return ph_catalogue_one_number(
        catalogue, STMT_NEXT_REV,
        "UPDATE number SET value = value + 1 WHERE name = 'rev'"
        " RETURNING value",
        out_rev);
}

int
ph_catalogue_touch_document(struct ph_catalogue *catalogue, const char *uk,
                            const uint8_t owner[PH_OWNER_KEY_BYTES])
{
    sqlite3_stmt *stmt;
    int64_t rev;
    int err = next_rev(catalogue, &rev);

    if (err != PH_OK)
        return err;
    err = ph_catalogue_statement(
        catalogue, STMT_DOC_TOUCH,
        "INSERT INTO document(uk, owner, rev, last_ms) VALUES(?1, ?2, ?3,"
        " (SELECT IFNULL(MAX(expires_ms), 0) FROM job INDEXED BY job_owner"
        "  WHERE owner = ?2 AND state IN (2, 3)))"
        " ON CONFLICT(uk) DO UPDATE SET rev = ?3, owner = ?2, parked = 0,"
        " last_ms = MAX(last_ms, excluded.last_ms)",
        &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_text(stmt, 1, uk, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(stmt, 2, owner, PH_OWNER_KEY_BYTES,
                            SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 3, rev);
    return ph_db_run(stmt);
}

int
ph_catalogue_touch_all(struct ph_catalogue *catalogue)
{
    sqlite3_stmt *stmt;
    int64_t rev;
    int err = next_rev(catalogue, &rev);

    if (err == PH_OK)
        err = ph_catalogue_statement(catalogue, STMT_DOC_ALL,
                                     "UPDATE document SET rev = ?1, parked = 0",
                                     &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, rev);
    return ph_db_run(stmt);
}

int
ph_catalogue_due_documents(struct ph_catalogue *catalogue,
                           ph_catalogue_document_cb each, void *arg)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_DOC_DUE,
        "SELECT uk, owner, rev FROM document"
        " WHERE acked_rev < rev AND parked = 0 ORDER BY rev",
        &stmt);

    if (err != PH_OK)
        return err;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *uk = (const char *)sqlite3_column_text(stmt, 0);
        const uint8_t *owner = sqlite3_column_blob(stmt, 1);

        if (uk == NULL || owner == NULL ||
            sqlite3_column_bytes(stmt, 1) != PH_OWNER_KEY_BYTES) {
            (void)sqlite3_reset(stmt);
            return PH_ERR_CORRUPT;
        }
        if (!each(uk, owner, (uint64_t)sqlite3_column_int64(stmt, 2), arg))
            break;
    }
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}

int
ph_catalogue_document_acked(struct ph_catalogue *catalogue, const char *uk,
                            uint64_t rev)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(catalogue, STMT_DOC_ACKED,
                                     "UPDATE document SET acked_rev = ?2"
                                     " WHERE uk = ?1 AND acked_rev < ?2",
                                     &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_text(stmt, 1, uk, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 2, (sqlite3_int64)rev);
    return ph_db_run(stmt);
}

int
ph_catalogue_document_parked(struct ph_catalogue *catalogue, const char *uk,
                             uint64_t rev, uint8_t reason)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(catalogue, STMT_DOC_PARKED,
                                     "UPDATE document SET parked = ?3"
                                     " WHERE uk = ?1 AND rev = ?2",
                                     &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_text(stmt, 1, uk, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 2, (sqlite3_int64)rev);
    (void)sqlite3_bind_int(stmt, 3, reason);
    return ph_db_run(stmt);
}

int
ph_catalogue_unpark_documents(struct ph_catalogue *catalogue)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_DOC_UNPARK,
        "UPDATE document SET parked = 0 WHERE parked <> 0", &stmt);

    return err == PH_OK ? ph_db_run(stmt) : err;
}

int
ph_catalogue_forget_documents(struct ph_catalogue *catalogue, int64_t now_ms)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_DOC_FORGET,
        "DELETE FROM document WHERE acked_rev >= rev AND last_ms <= ?1"
        " AND NOT EXISTS (SELECT 1 FROM job WHERE job.owner = document.owner"
        " AND state IN (2, 3))",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, now_ms);
    return ph_db_run(stmt);
}

int
ph_catalogue_untold(struct ph_catalogue *catalogue,
                    struct ph_catalogue_untold *out_untold)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_UNTOLD,
        "SELECT (SELECT COUNT(*) FROM event WHERE parked <> 0),"
        " (SELECT COUNT(*) FROM document WHERE parked <> 0),"
        " MAX(IFNULL((SELECT MAX(parked) FROM document), 0),"
        "  IFNULL((SELECT MAX(ABS(parked)) FROM event WHERE parked <> 0), 0)),"
        " IFNULL((SELECT value FROM number"
        "  WHERE name = '" PH_OUTBOX_DROPPED "'), 0)",
        &stmt);

    if (err != PH_OK)
        return err;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_untold = (struct ph_catalogue_untold){
            .parked_events = (uint64_t)sqlite3_column_int64(stmt, 0),
            .parked_documents = (uint64_t)sqlite3_column_int64(stmt, 1),
            .reason = (uint8_t)sqlite3_column_int(stmt, 2),
            .dropped = (uint64_t)sqlite3_column_int64(stmt, 3),
        };
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}
