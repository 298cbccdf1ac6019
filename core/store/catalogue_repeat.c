/* The catalogue's memory of what CUPS brought before. */
#include "catalogue_private.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/store/db.h"

static int
read_id(sqlite3_stmt *stmt, struct ph_id *out_id)
{
    const void *bytes = sqlite3_column_blob(stmt, 0);

    if (bytes == NULL || sqlite3_column_bytes(stmt, 0) != PH_ID_BYTES)
        return PH_ERR_CORRUPT;
    memcpy(out_id->bytes, bytes, PH_ID_BYTES);
    return PH_OK;
}

/* The id that the bound statement finds. */
static int
one_id(sqlite3_stmt *stmt, struct ph_id *out_id)
{
    int rc = sqlite3_step(stmt);
    int err = ph_db_err(rc);

    if (rc == SQLITE_ROW)
        err = read_id(stmt, out_id);
    else if (rc == SQLITE_DONE)
        err = PH_ERR_NOT_FOUND;
    (void)sqlite3_reset(stmt);
    return err;
}

static int
find_repeat_by_content(struct ph_catalogue *catalogue, const char *job_uuid,
                       const uint8_t sha256[32], struct ph_id *out_id)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_REPEAT_CONTENT,
        "SELECT id FROM job WHERE job_uuid = ?1 AND acknowledged = 0"
        " AND sha256 = ?2",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_text(stmt, 1, job_uuid, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(stmt, 2, sha256, 32, SQLITE_TRANSIENT);
    return one_id(stmt, out_id);
}

int
ph_catalogue_find_repeat(struct ph_catalogue *catalogue, const char *job_uuid,
                         int64_t attempt_s, const uint8_t sha256[32],
                         struct ph_id *out_id)
{
    sqlite3_stmt *stmt;
    int err;

    if (attempt_s < 0)
        return find_repeat_by_content(catalogue, job_uuid, sha256, out_id);
    err = ph_catalogue_statement(
        catalogue, STMT_REPEAT,
        "SELECT id FROM job WHERE job_uuid = ?1 AND attempt <> ?2"
        " AND (state IN (2, 3) OR acknowledged = 0)"
        " AND ordinal = 1 + (SELECT COUNT(*) FROM job"
        "  WHERE job_uuid = ?1 AND attempt = ?2)",
        &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_text(stmt, 1, job_uuid, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 2, attempt_s);
    return one_id(stmt, out_id);
}

int
ph_catalogue_set_attempt(struct ph_catalogue *catalogue, const struct ph_id *id,
                         int64_t attempt_s)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_ATTEMPT, "UPDATE job SET attempt = ?2 WHERE id = ?1",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_blob(stmt, 1, id->bytes, PH_ID_BYTES, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 2, attempt_s);
    return ph_db_run(stmt);
}
