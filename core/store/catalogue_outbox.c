/* The catalogue's other half: grants, the clock, documents and events. */
#include "catalogue_private.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/store/db.h"

/* A statement that gives one integer. */
static int
one_number(struct ph_catalogue *catalogue, enum catalogue_statement which,
           const char *sql, int64_t *out_value)
{
    sqlite3_stmt *stmt;
    int rc, err = ph_catalogue_statement(catalogue, which, sql, &stmt);

    if (err != PH_OK)
        return err;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_value = sqlite3_column_int64(stmt, 0);
    err = rc == SQLITE_DONE ? PH_ERR_CORRUPT : ph_db_err(rc);
    (void)sqlite3_reset(stmt);
    return err;
}

int
ph_catalogue_use_grant(struct ph_catalogue *catalogue, const char *jti,
                       int64_t issued_ms, int64_t exp_ms, int64_t now_ms)
{
    sqlite3_stmt *stmt;
    int64_t from_ms;
    int err = one_number(catalogue, STMT_GRANTS_FROM,
                         "SELECT COALESCE((SELECT value FROM number"
                         " WHERE name = 'grants_from_ms'), -1)",
                         &from_ms);

    if (err == PH_OK && issued_ms <= from_ms)
        err = PH_ERR_EXISTS;
    if (err == PH_OK)
        err = ph_catalogue_statement(catalogue, STMT_GRANT_FORGET,
                                     "DELETE FROM used_grant WHERE exp_ms < ?1",
                                     &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, now_ms);
    err = ph_db_run(stmt);
    if (err != PH_OK)
        return err;
    err =
        ph_catalogue_statement(catalogue, STMT_GRANT_USE,
                               "INSERT INTO used_grant VALUES(?1, ?2)", &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_text(stmt, 1, jti, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 2, exp_ms);
    return ph_db_run(stmt);
}

int
ph_catalogue_high_water(struct ph_catalogue *catalogue, int64_t now_ms,
                        int64_t *out_high_ms)
{
    sqlite3_stmt *stmt;
    int err =
        ph_catalogue_statement(catalogue, STMT_HIGH_WATER_SET,
                               "UPDATE number SET value = ?1"
                               " WHERE name = 'high_water_ms' AND value < ?1",
                               &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, now_ms);
    err = ph_db_run(stmt);
    if (err != PH_OK)
        return err;
    return one_number(catalogue, STMT_HIGH_WATER_GET,
                      "SELECT value FROM number WHERE name = 'high_water_ms'",
                      out_high_ms);
}

int
ph_catalogue_is_new(struct ph_catalogue *catalogue, bool *out_is_new)
{
    int64_t used;
    int err = one_number(catalogue, STMT_IS_NEW,
                         "SELECT COUNT(*) FROM number WHERE"
                         " name = 'grants_from_ms'"
                         " OR (name = 'high_water_ms' AND value > 0)",
                         &used);

    if (err == PH_OK)
        *out_is_new = used == 0;
    return err;
}

int
ph_catalogue_begin_again(struct ph_catalogue *catalogue, int64_t grants_from_ms,
                         int64_t now_ms)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_BEGIN_AGAIN,
        "INSERT INTO number VALUES('grants_from_ms', ?1), ('rev', ?2),"
        " ('high_water_ms', ?2)"
        " ON CONFLICT(name) DO UPDATE SET value = MAX(value, excluded.value)",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, grants_from_ms);
    (void)sqlite3_bind_int64(stmt, 2, now_ms);
    return ph_db_run(stmt);
}

static int
next_rev(struct ph_catalogue *catalogue, int64_t *out_rev)
{
    return one_number(catalogue, STMT_NEXT_REV,
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
        "INSERT INTO document(uk, owner, rev) VALUES(?1, ?2, ?3)"
        " ON CONFLICT(uk) DO UPDATE SET rev = ?3, owner = ?2",
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

    if (err != PH_OK)
        return err;
    err = ph_catalogue_statement(catalogue, STMT_DOC_ALL,
                                 "UPDATE document SET rev = ?1", &stmt);
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
        "SELECT uk, owner, rev FROM document WHERE acked_rev < rev"
        " ORDER BY rev",
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
    err = ph_db_run(stmt);
    if (err != PH_OK)
        return err;
    err = ph_catalogue_statement(
        catalogue, STMT_DOC_FORGET,
        "DELETE FROM document WHERE uk = ?1 AND acked_rev >= rev"
        " AND NOT EXISTS (SELECT 1 FROM job WHERE job.owner = document.owner"
        " AND state IN (2, 3))",
        &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_text(stmt, 1, uk, -1, SQLITE_TRANSIENT);
    return ph_db_run(stmt);
}

int
ph_catalogue_add_event(struct ph_catalogue *catalogue,
                       const struct ph_id *epoch, const struct ph_id *id,
                       const void *sealed, size_t len)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_EVENT_ADD,
        "INSERT INTO event(epoch, id, sealed) VALUES(?1, ?2, ?3)", &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_blob(stmt, 1, epoch->bytes, PH_ID_BYTES,
                            SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(stmt, 2, id->bytes, PH_ID_BYTES, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(stmt, 3, sealed, (int)len, SQLITE_TRANSIENT);
    err = ph_db_run(stmt);
    if (err != PH_OK)
        return err;
    err = ph_catalogue_statement(
        catalogue, STMT_EVENT_TRIM,
        "DELETE FROM event WHERE seq <= (SELECT MAX(seq) FROM event) - ?1",
        &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, PH_OUTBOX_EVENTS_MAX);
    return ph_db_run(stmt);
}

int
ph_catalogue_due_events(struct ph_catalogue *catalogue, uint64_t after,
                        uint32_t limit, ph_catalogue_event_cb each, void *arg)
{
    struct ph_id epoch, id;
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_EVENT_DUE,
        "SELECT seq, epoch, id, sealed FROM event WHERE seq > ?1"
        " ORDER BY seq LIMIT ?2",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)after);
    (void)sqlite3_bind_int64(stmt, 2, limit);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (sqlite3_column_bytes(stmt, 1) != PH_ID_BYTES ||
            sqlite3_column_bytes(stmt, 2) != PH_ID_BYTES) {
            (void)sqlite3_reset(stmt);
            return PH_ERR_CORRUPT;
        }
        memcpy(epoch.bytes, sqlite3_column_blob(stmt, 1), PH_ID_BYTES);
        memcpy(id.bytes, sqlite3_column_blob(stmt, 2), PH_ID_BYTES);
        if (!each((uint64_t)sqlite3_column_int64(stmt, 0), &epoch, &id,
                  sqlite3_column_blob(stmt, 3),
                  (size_t)sqlite3_column_bytes(stmt, 3), arg))
            break;
    }
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}

int
ph_catalogue_event_acked(struct ph_catalogue *catalogue, uint64_t seq)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(catalogue, STMT_EVENT_ACKED,
                                     "DELETE FROM event WHERE seq = ?1", &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)seq);
    return ph_db_run(stmt);
}
