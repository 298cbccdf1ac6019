/* What the held jobs use, kept by triggers (schema.c), and whose they are. */
#include "catalogue_private.h"

#include "printhold/base/err.h"
#include "printhold/store/db.h"

static int
read_usage(sqlite3_stmt *stmt, struct ph_catalogue_usage *out_usage)
{
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW)
        *out_usage = (struct ph_catalogue_usage){
            .jobs = (uint64_t)sqlite3_column_int64(stmt, 0),
            .bytes = (uint64_t)sqlite3_column_int64(stmt, 1),
        };
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}

int
ph_catalogue_used_by(struct ph_catalogue *catalogue, uint32_t uid,
                     struct ph_catalogue_usage *out_usage)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_USED_BY,
        "SELECT IFNULL(SUM(jobs), 0), IFNULL(SUM(bytes), 0) FROM usage"
        " WHERE uid = ?1",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, uid);
    return read_usage(stmt, out_usage);
}

int
ph_catalogue_used_by_all(struct ph_catalogue *catalogue,
                         struct ph_catalogue_usage *out_usage)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_USED_BY_ALL,
        "SELECT IFNULL(SUM(jobs), 0), IFNULL(SUM(bytes), 0) FROM usage", &stmt);

    return err == PH_OK ? read_usage(stmt, out_usage) : err;
}

int
ph_catalogue_owned(struct ph_catalogue *catalogue,
                   const uint8_t owner[PH_OWNER_KEY_BYTES], uint64_t *out_count,
                   int64_t *out_last_ms)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_OWNED,
        "SELECT COUNT(*), IFNULL(MAX(expires_ms), 0) FROM job"
        " INDEXED BY job_owner WHERE owner = ?1 AND state IN (2, 3)",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_blob(stmt, 1, owner, PH_OWNER_KEY_BYTES,
                            SQLITE_TRANSIENT);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        *out_count = (uint64_t)sqlite3_column_int64(stmt, 0);
        *out_last_ms = sqlite3_column_int64(stmt, 1);
    }
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}

int
ph_catalogue_totals(struct ph_catalogue *catalogue,
                    struct ph_catalogue_totals *out_totals)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_TOTALS,
        "SELECT"
        " (SELECT IFNULL(SUM(jobs), 0) FROM usage WHERE state = 2),"
        " (SELECT IFNULL(SUM(jobs), 0) FROM usage WHERE state = 3),"
        " (SELECT IFNULL(SUM(bytes), 0) FROM usage),"
        " (SELECT COUNT(*) FROM job"
        "  WHERE owner = zeroblob(16) AND state IN (2, 3)),"
        " (SELECT COUNT(*) FROM event WHERE acked_ms = 0 AND parked = 0)"
        " + (SELECT COUNT(*) FROM event WHERE parked <> 0),"
        " (SELECT COUNT(*) FROM document WHERE acked_rev < rev)",
        &stmt);

    if (err != PH_OK)
        return err;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_totals = (struct ph_catalogue_totals){
            .held = (uint64_t)sqlite3_column_int64(stmt, 0),
            .claimed = (uint64_t)sqlite3_column_int64(stmt, 1),
            .bytes = (uint64_t)sqlite3_column_int64(stmt, 2),
            .unmapped = (uint64_t)sqlite3_column_int64(stmt, 3),
            .events = (uint64_t)sqlite3_column_int64(stmt, 4),
            .documents = (uint64_t)sqlite3_column_int64(stmt, 5),
        };
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}

int
ph_catalogue_set_owner(struct ph_catalogue *catalogue, const struct ph_id *id,
                       const uint8_t owner[PH_OWNER_KEY_BYTES],
                       uint32_t sequence, const void *sealed, size_t len)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_SET_OWNER,
        "UPDATE job SET owner = ?2, sequence = ?3, sealed = ?4 WHERE id = ?1",
        &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, id);
    (void)sqlite3_bind_blob(stmt, 2, owner, PH_OWNER_KEY_BYTES,
                            SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 3, sequence);
    (void)sqlite3_bind_blob(stmt, 4, sealed, (int)len, SQLITE_TRANSIENT);
    return ph_db_run(stmt);
}

int
ph_catalogue_number(struct ph_catalogue *catalogue, const char *name,
                    int64_t *out_value)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(catalogue, STMT_NUMBER_GET,
                                     "SELECT value FROM number WHERE name = ?1",
                                     &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_value = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? PH_ERR_NOT_FOUND : ph_db_err(rc);
}

int
ph_catalogue_set_number(struct ph_catalogue *catalogue, const char *name,
                        int64_t value)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_NUMBER_SET,
        "INSERT INTO number VALUES(?1, ?2)"
        " ON CONFLICT(name) DO UPDATE SET value = excluded.value",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_text(stmt, 1, name, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 2, value);
    return ph_db_run(stmt);
}

/* A reader keeps the log from being emptied; the only one there may be beside us
 * reads the audit and is gone in moments. */
int
ph_catalogue_truncate_log(struct ph_catalogue *catalogue)
{
    int busy = 0, rc;

    rc = sqlite3_wal_checkpoint_v2(catalogue->db, NULL,
                                   SQLITE_CHECKPOINT_TRUNCATE, &busy, NULL);
    return ph_db_err(rc);
}
