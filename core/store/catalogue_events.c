/*
 * The catalogue's outbox: events. A row is
 *   due      acked_ms = 0, parked = 0
 *   parked   parked = the broker's reason for refusing it, negative while it
 *            waits to be tried again, which happens behind those that are due
 *   said     acked_ms > 0, kept a while in case the broker forgets it
 */
#include "catalogue_private.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/store/db.h"

#define TEXT_OF(number)  TEXT_OF_(number)
#define TEXT_OF_(number) #number

/* Prepare, bind one integer, run; *out_changes may be NULL. */
static int
run_with(struct ph_catalogue *catalogue, enum catalogue_statement which,
         const char *sql, int64_t value, int *out_changes)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(catalogue, which, sql, &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, value);
    err = ph_db_run(stmt);
    if (err == PH_OK && out_changes != NULL)
        *out_changes = sqlite3_changes(catalogue->db);
    return err;
}

/* --- bounds --- */

static int
count_dropped(struct ph_catalogue *catalogue, int count)
{
    if (count == 0)
        return PH_OK;
    return run_with(
        catalogue, STMT_EVENT_DROPPED,
        "INSERT INTO number VALUES('" PH_OUTBOX_DROPPED "', ?1)"
        " ON CONFLICT(name) DO UPDATE SET value = value + excluded.value",
        count, NULL);
}

/* Those that were said go first, and are no loss. The numbers say cheaply that
 * there cannot be too many. */
static int
drop_too_many(struct ph_catalogue *catalogue)
{
    int64_t count;
    int gone = 0;
    int err = ph_catalogue_one_number(
        catalogue, STMT_EVENT_COUNT,
        "SELECT CASE WHEN (SELECT MAX(seq) FROM event)"
        " - (SELECT MIN(seq) FROM event) < " TEXT_OF(
            PH_OUTBOX_EVENTS_MAX) " THEN 0"
                                  " ELSE (SELECT COUNT(*) FROM event) END",
        &count);

    count -= PH_OUTBOX_EVENTS_MAX;
    if (err != PH_OK || count <= 0)
        return err;
    err = run_with(catalogue, STMT_EVENT_OLDEST_SAID,
                   "DELETE FROM event WHERE seq IN (SELECT seq FROM event"
                   " WHERE acked_ms > 0 ORDER BY seq LIMIT ?1)",
                   count, &gone);
    if (err != PH_OK || gone >= count)
        return err;
    err = run_with(catalogue, STMT_EVENT_OLDEST,
                   "DELETE FROM event WHERE seq IN"
                   " (SELECT seq FROM event ORDER BY seq LIMIT ?1)",
                   count - gone, &gone);
    return err == PH_OK ? count_dropped(catalogue, gone) : err;
}

int
ph_catalogue_trim_events(struct ph_catalogue *catalogue, int64_t old_ms,
                         int64_t said_ms)
{
    int64_t before = 0;
    sqlite3_stmt *stmt;
    int gone = 0;
    int err = run_with(catalogue, STMT_EVENT_SAID,
                       "DELETE FROM event WHERE acked_ms > 0"
                       " AND acked_ms < ?1",
                       said_ms, NULL);

    /* Numbers and times grow together: the first that is young enough. */
    if (err == PH_OK)
        err = ph_catalogue_statement(
            catalogue, STMT_EVENT_DATE,
            "SELECT IFNULL((SELECT seq FROM event WHERE made_ms >= ?1"
            " ORDER BY seq LIMIT 1), 9223372036854775807)",
            &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, old_ms);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        before = sqlite3_column_int64(stmt, 0);
    err = ph_db_err(sqlite3_reset(stmt));
    if (err == PH_OK)
        err = run_with(catalogue, STMT_EVENT_OLD,
                       "DELETE FROM event WHERE seq < ?1 AND acked_ms = 0",
                       before, &gone);
    return err == PH_OK ? count_dropped(catalogue, gone) : err;
}

int
ph_catalogue_event_lost(struct ph_catalogue *catalogue, uint64_t seq)
{
    int gone = 0;
    int err = run_with(catalogue, STMT_EVENT_LOST,
                       "DELETE FROM event WHERE seq = ?1", (int64_t)seq, &gone);

    return err == PH_OK ? count_dropped(catalogue, gone) : err;
}

/* --- adding and reading --- */

int
ph_catalogue_add_event(struct ph_catalogue *catalogue,
                       const struct ph_id *epoch, const struct ph_id *id,
                       int64_t now_ms, const void *sealed, size_t len)
{
    sqlite3_stmt *stmt;
    int err =
        ph_catalogue_statement(catalogue, STMT_EVENT_ADD,
                               "INSERT INTO event(epoch, id, sealed, made_ms)"
                               " VALUES(?1, ?2, ?3, ?4)",
                               &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_blob(stmt, 1, epoch->bytes, PH_ID_BYTES,
                            SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(stmt, 2, id->bytes, PH_ID_BYTES, SQLITE_TRANSIENT);
    (void)sqlite3_bind_blob(stmt, 3, sealed, (int)len, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 4, now_ms);
    err = ph_db_run(stmt);
    return err == PH_OK ? drop_too_many(catalogue) : err;
}

static int
each_event(sqlite3_stmt *stmt, uint64_t after, uint32_t limit,
           ph_catalogue_event_cb each, void *arg)
{
    struct ph_id epoch, id;
    int rc;

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
ph_catalogue_due_events(struct ph_catalogue *catalogue, uint64_t after,
                        uint32_t limit, ph_catalogue_event_cb each, void *arg)
{
    sqlite3_stmt *stmt;
    int err =
        ph_catalogue_statement(catalogue, STMT_EVENT_DUE,
                               "SELECT seq, epoch, id, sealed FROM event"
                               " WHERE seq > ?1 AND acked_ms = 0 AND parked = 0"
                               " ORDER BY seq LIMIT ?2",
                               &stmt);

    return err == PH_OK ? each_event(stmt, after, limit, each, arg) : err;
}

int
ph_catalogue_due_again(struct ph_catalogue *catalogue, uint64_t after,
                       uint32_t limit, ph_catalogue_event_cb each, void *arg)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_EVENT_DUE_AGAIN,
        "SELECT seq, epoch, id, sealed FROM event"
        " WHERE seq > ?1 AND parked < 0 ORDER BY seq LIMIT ?2",
        &stmt);

    return err == PH_OK ? each_event(stmt, after, limit, each, arg) : err;
}

int
ph_catalogue_every_event(struct ph_catalogue *catalogue, uint64_t after,
                         uint32_t limit, ph_catalogue_event_cb each, void *arg)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(catalogue, STMT_EVENT_EVERY,
                                     "SELECT seq, epoch, id, sealed FROM event"
                                     " WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                                     &stmt);

    return err == PH_OK ? each_event(stmt, after, limit, each, arg) : err;
}

int
ph_catalogue_forget_event(struct ph_catalogue *catalogue, uint64_t seq)
{
    return run_with(catalogue, STMT_EVENT_FORGET,
                    "DELETE FROM event WHERE seq = ?1", (int64_t)seq, NULL);
}

/* --- what became of it --- */

int
ph_catalogue_event_acked(struct ph_catalogue *catalogue, uint64_t seq,
                         int64_t now_ms)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_EVENT_ACKED,
        "UPDATE event SET acked_ms = MAX(?2, 1), parked = 0 WHERE seq = ?1",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)seq);
    (void)sqlite3_bind_int64(stmt, 2, now_ms);
    return ph_db_run(stmt);
}

int
ph_catalogue_event_parked(struct ph_catalogue *catalogue, uint64_t seq,
                          uint8_t reason)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_EVENT_PARKED,
        "UPDATE event SET parked = ?2 WHERE seq = ?1 AND acked_ms = 0", &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, (sqlite3_int64)seq);
    (void)sqlite3_bind_int(stmt, 2, reason);
    return ph_db_run(stmt);
}

int
ph_catalogue_unpark_events(struct ph_catalogue *catalogue)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_EVENT_UNPARK,
        "UPDATE event SET parked = -parked WHERE parked > 0", &stmt);

    return err == PH_OK ? ph_db_run(stmt) : err;
}

int
ph_catalogue_events_anew(struct ph_catalogue *catalogue, int64_t said_ms)
{
    return run_with(catalogue, STMT_EVENT_ANEW,
                    "UPDATE event SET acked_ms = 0"
                    " WHERE acked_ms > 0 AND acked_ms >= ?1",
                    said_ms, NULL);
}
