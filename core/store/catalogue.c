#include "catalogue_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/store/db.h"

void
ph_catalogue_bind_id(sqlite3_stmt *stmt, int column, const struct ph_id *id)
{
    (void)sqlite3_bind_blob(stmt, column, id->bytes, PH_ID_BYTES,
                            SQLITE_TRANSIENT);
}

int
ph_catalogue_insert(struct ph_catalogue *catalogue,
                    const struct ph_catalogue_job *job)
{
    sqlite3_stmt *stmt;
    int err;

    if (!ph_job_move_allowed(PH_JOB_RECEIVING, job->state))
        return PH_ERR_STATE;
    err = ph_catalogue_statement(
        catalogue, STMT_INSERT,
        "INSERT INTO job(" CATALOGUE_JOB_COLUMNS ") VALUES"
        "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,"
        " 1 + (SELECT COUNT(*) FROM job WHERE job_uuid = ?13"
        "  AND attempt = ?19))",
        &stmt);
    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, &job->id);
    ph_catalogue_bind_id(stmt, 2, &job->epoch);
    (void)sqlite3_bind_int64(stmt, 3, job->uid);
    (void)sqlite3_bind_blob(stmt, 4, job->owner, PH_OWNER_KEY_BYTES,
                            SQLITE_STATIC);
    (void)sqlite3_bind_int(stmt, 5, (int)job->state);
    (void)sqlite3_bind_int64(stmt, 6, job->held_ms);
    (void)sqlite3_bind_int64(stmt, 7, job->expires_ms);
    (void)sqlite3_bind_int64(stmt, 8, job->changed_ms);
    (void)sqlite3_bind_int(stmt, 9, job->keep);
    (void)sqlite3_bind_int(stmt, 10, job->acknowledged);
    (void)sqlite3_bind_int64(stmt, 11, (sqlite3_int64)job->size_bytes);
    (void)sqlite3_bind_int64(stmt, 12, job->sequence);
    (void)sqlite3_bind_text(stmt, 13, job->job_uuid, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 14, job->holder, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int64(stmt, 15, job->lease_until_ms);
    (void)sqlite3_bind_text(stmt, 16, job->released_by, -1, SQLITE_STATIC);
    (void)sqlite3_bind_blob(stmt, 17, job->sha256, sizeof(job->sha256),
                            SQLITE_STATIC);
    (void)sqlite3_bind_blob(stmt, 18, job->sealed, (int)job->sealed_len,
                            SQLITE_STATIC);
    (void)sqlite3_bind_int64(stmt, 19, job->attempt_s);
    return ph_db_run(stmt);
}

/* A blob column of exactly len bytes. */
static int
column_bytes(sqlite3_stmt *stmt, int column, uint8_t *dst, int len)
{
    const void *bytes = sqlite3_column_blob(stmt, column);

    if (bytes == NULL || sqlite3_column_bytes(stmt, column) != len)
        return PH_ERR_CORRUPT;
    memcpy(dst, bytes, (size_t)len);
    return PH_OK;
}

static void
column_text(sqlite3_stmt *stmt, int column, char *dst, size_t cap)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    (void)snprintf(dst, cap, "%s", text != NULL ? (const char *)text : "");
}

static int
read_row(sqlite3_stmt *stmt, struct ph_catalogue_job *job)
{
    memset(job, 0, sizeof(*job));
    if (column_bytes(stmt, 0, job->id.bytes, PH_ID_BYTES) != PH_OK ||
        column_bytes(stmt, 1, job->epoch.bytes, PH_ID_BYTES) != PH_OK ||
        column_bytes(stmt, 3, job->owner, PH_OWNER_KEY_BYTES) != PH_OK ||
        column_bytes(stmt, 16, job->sha256, 32) != PH_OK)
        return PH_ERR_CORRUPT;
    job->uid = (uint32_t)sqlite3_column_int64(stmt, 2);
    job->state = (enum ph_job_state)sqlite3_column_int(stmt, 4);
    job->held_ms = sqlite3_column_int64(stmt, 5);
    job->expires_ms = sqlite3_column_int64(stmt, 6);
    job->changed_ms = sqlite3_column_int64(stmt, 7);
    job->keep = sqlite3_column_int(stmt, 8) != 0;
    job->acknowledged = sqlite3_column_int(stmt, 9) != 0;
    job->size_bytes = (uint64_t)sqlite3_column_int64(stmt, 10);
    job->sequence = (uint32_t)sqlite3_column_int64(stmt, 11);
    column_text(stmt, 12, job->job_uuid, sizeof(job->job_uuid));
    column_text(stmt, 13, job->holder, sizeof(job->holder));
    job->lease_until_ms = sqlite3_column_int64(stmt, 14);
    column_text(stmt, 15, job->released_by, sizeof(job->released_by));
    job->sealed = sqlite3_column_blob(stmt, 17);
    job->sealed_len = (size_t)sqlite3_column_bytes(stmt, 17);
    job->attempt_s = sqlite3_column_int64(stmt, 18);
    job->ordinal = (uint32_t)sqlite3_column_int64(stmt, 19);
    return PH_OK;
}

int
ph_catalogue_each_row(sqlite3_stmt *stmt, ph_catalogue_each_cb each, void *arg,
                      size_t *out_count)
{
    struct ph_catalogue_job job;
    size_t count = 0;
    int rc, err = PH_OK;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        err = read_row(stmt, &job);
        if (err != PH_OK)
            break;
        count++;
        if (!each(&job, arg))
            break;
    }
    (void)sqlite3_reset(stmt);
    if (err == PH_OK)
        err = ph_db_err(rc);
    if (out_count != NULL)
        *out_count = count;
    return err;
}

int
ph_catalogue_get(struct ph_catalogue *catalogue, const struct ph_id *id,
                 ph_catalogue_each_cb each, void *arg)
{
    sqlite3_stmt *stmt;
    size_t count;
    int err = ph_catalogue_statement(
        catalogue, STMT_GET,
        "SELECT " CATALOGUE_JOB_COLUMNS " FROM job WHERE id = ?1", &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, id);
    err = ph_catalogue_each_row(stmt, each, arg, &count);
    if (err == PH_OK && count == 0)
        return PH_ERR_NOT_FOUND;
    return err;
}

struct present {
    enum ph_job_state state;
    char holder[PH_CATALOGUE_WORD_MAX];
};

static int
present_state(struct ph_catalogue *catalogue, const struct ph_id *id,
              struct present *out_present)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_STATE, "SELECT state, holder FROM job WHERE id = ?1",
        &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, id);
    rc = sqlite3_step(stmt);
    err = rc == SQLITE_DONE ? PH_ERR_NOT_FOUND : ph_db_err(rc);
    if (rc == SQLITE_ROW) {
        out_present->state = (enum ph_job_state)sqlite3_column_int(stmt, 0);
        column_text(stmt, 1, out_present->holder, sizeof(out_present->holder));
    }
    (void)sqlite3_reset(stmt);
    return err;
}

int
ph_catalogue_move(struct ph_catalogue *catalogue, const struct ph_id *id,
                  enum ph_job_state to, int64_t now_ms, const char *holder,
                  int64_t lease_until_ms)
{
    struct present present;
    sqlite3_stmt *stmt;
    bool renewal;
    int err = present_state(catalogue, id, &present);

    if (err != PH_OK)
        return err;
    renewal = to == PH_JOB_CLAIMED && present.state == PH_JOB_CLAIMED &&
              holder != NULL && strcmp(holder, present.holder) == 0;
    if (!renewal && !ph_job_move_allowed(present.state, to))
        return PH_ERR_STATE;
    err = ph_catalogue_statement(
        catalogue, STMT_MOVE,
        "UPDATE job SET state = ?2, changed_ms = ?3, holder = ?4,"
        " lease_ms = ?5 WHERE id = ?1",
        &stmt);
    if (err != PH_OK)
        return err;
    if (to != PH_JOB_CLAIMED) {
        holder = "";
        lease_until_ms = 0;
    }
    ph_catalogue_bind_id(stmt, 1, id);
    (void)sqlite3_bind_int(stmt, 2, (int)to);
    (void)sqlite3_bind_int64(stmt, 3, now_ms);
    (void)sqlite3_bind_text(stmt, 4, holder, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 5, lease_until_ms);
    return ph_db_run(stmt);
}

int
ph_catalogue_set_keep(struct ph_catalogue *catalogue, const struct ph_id *id,
                      bool keep, int64_t now_ms)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_KEEP,
        "UPDATE job SET keep = ?2, changed_ms = ?3 WHERE id = ?1", &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, id);
    (void)sqlite3_bind_int(stmt, 2, keep);
    (void)sqlite3_bind_int64(stmt, 3, now_ms);
    return ph_db_run(stmt);
}

int
ph_catalogue_set_sha256(struct ph_catalogue *catalogue, const struct ph_id *id,
                        const uint8_t sha256[32])
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(catalogue, STMT_SHA256,
                                     "UPDATE job SET sha256 = ?2 WHERE id = ?1",
                                     &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, id);
    (void)sqlite3_bind_blob(stmt, 2, sha256, 32, SQLITE_TRANSIENT);
    return ph_db_run(stmt);
}

int
ph_catalogue_set_released_by(struct ph_catalogue *catalogue,
                             const struct ph_id *id, const char *printer)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_RELEASED_BY,
        "UPDATE job SET released_by = ?2 WHERE id = ?1", &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, id);
    (void)sqlite3_bind_text(stmt, 2, printer, -1, SQLITE_TRANSIENT);
    return ph_db_run(stmt);
}

int
ph_catalogue_set_acknowledged(struct ph_catalogue *catalogue,
                              const struct ph_id *id)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_ACKNOWLEDGED,
        "UPDATE job SET acknowledged = 1 WHERE id = ?1", &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, id);
    return ph_db_run(stmt);
}

int
ph_catalogue_forget(struct ph_catalogue *catalogue, const struct ph_id *id)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_FORGET, "DELETE FROM job WHERE id = ?1 AND state > 3",
        &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, id);
    return ph_db_run(stmt);
}

int
ph_catalogue_epoch_in_use(struct ph_catalogue *catalogue,
                          const struct ph_id *epoch, bool *out_in_use)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_EPOCH_IN_USE,
        "SELECT EXISTS (SELECT 1 FROM job WHERE epoch = ?1)"
        " OR EXISTS (SELECT 1 FROM event WHERE epoch = ?1)",
        &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, epoch);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_in_use = sqlite3_column_int(stmt, 0) != 0;
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}
