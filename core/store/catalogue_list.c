/* The catalogue's lists: whose jobs, which are due, and what they use. */
#include "catalogue_private.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/store/db.h"

/*
 * One prepared statement for each combination of the filter's switches. The
 * indexes job_uid, job_held and job_owner hold what decides which rows these
 * are and their order, so a row is read only when it is given out.
 */
static int
list_statement(struct ph_catalogue *catalogue,
               const struct ph_catalogue_filter *filter,
               sqlite3_stmt **out_stmt)
{
    const int who = filter->owner != NULL ? 1 : filter->by_uid ? 2 : 0;
    const int which =
        STMT_LIST_FIRST + who * 4 + filter->ended * 2 + filter->newest_first;
    static const char *const conditions[] = {"", "owner = ?1", "uid = ?1"};
    char sql[768];

    (void)snprintf(sql, sizeof(sql),
                   "SELECT " CATALOGUE_JOB_COLUMNS " FROM job WHERE %s%s%s%s"
                   " ORDER BY held_ms %s, id %s LIMIT ?2",
                   filter->ended ? "state > 1" : "state IN (2, 3)",
                   who != 0 ? " AND " : "", conditions[who],
                   filter->newest_first ? "" : " AND (held_ms, id) > (?3, ?4)",
                   filter->newest_first ? "DESC" : "ASC",
                   filter->newest_first ? "DESC" : "ASC");
    return ph_catalogue_statement(catalogue, (enum catalogue_statement)which,
                                  sql, out_stmt);
}

int
ph_catalogue_list(struct ph_catalogue *catalogue,
                  const struct ph_catalogue_filter *filter,
                  ph_catalogue_each_cb each, void *arg)
{
    static const struct ph_catalogue_place start = {.held_ms = INT64_MIN};
    const struct ph_catalogue_place *after =
        filter->after != NULL ? filter->after : &start;
    sqlite3_stmt *stmt;
    int err = list_statement(catalogue, filter, &stmt);

    if (err != PH_OK)
        return err;
    if (filter->owner != NULL)
        (void)sqlite3_bind_blob(stmt, 1, filter->owner, PH_OWNER_KEY_BYTES,
                                SQLITE_TRANSIENT);
    else if (filter->by_uid)
        (void)sqlite3_bind_int64(stmt, 1, filter->uid);
    (void)sqlite3_bind_int64(
        stmt, 2, filter->limit == 0 ? -1 : (sqlite3_int64)filter->limit);
    if (!filter->newest_first) {
        (void)sqlite3_bind_int64(stmt, 3, after->held_ms);
        ph_catalogue_bind_id(stmt, 4, &after->id);
    }
    return ph_catalogue_each_row(stmt, each, arg, NULL);
}

int
ph_catalogue_find(struct ph_catalogue *catalogue, const struct ph_id *first,
                  const struct ph_id *last, ph_catalogue_each_cb each,
                  void *arg)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(catalogue, STMT_FIND,
                                     "SELECT " CATALOGUE_JOB_COLUMNS " FROM job"
                                     " WHERE id >= ?1 AND id <= ?2 ORDER BY id",
                                     &stmt);

    if (err != PH_OK)
        return err;
    ph_catalogue_bind_id(stmt, 1, first);
    ph_catalogue_bind_id(stmt, 2, last);
    return ph_catalogue_each_row(stmt, each, arg, NULL);
}

int
ph_catalogue_each_state(struct ph_catalogue *catalogue,
                        ph_catalogue_state_cb each, void *arg)
{
    sqlite3_stmt *stmt;
    struct ph_id id;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_STATES, "SELECT id, state FROM job INDEXED BY job_held",
        &stmt);

    if (err != PH_OK)
        return err;
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (sqlite3_column_bytes(stmt, 0) != PH_ID_BYTES) {
            (void)sqlite3_reset(stmt);
            return PH_ERR_CORRUPT;
        }
        memcpy(id.bytes, sqlite3_column_blob(stmt, 0), PH_ID_BYTES);
        if (!each(&id, (enum ph_job_state)sqlite3_column_int(stmt, 1), arg))
            break;
    }
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}

static int
due(struct ph_catalogue *catalogue, enum catalogue_statement which,
    const char *sql, int64_t now_ms, ph_catalogue_each_cb each, void *arg)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(catalogue, which, sql, &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, now_ms);
    return ph_catalogue_each_row(stmt, each, arg, NULL);
}

/* "state IN (2, 3)" names the partial index, as SQLite wants it. */
int
ph_catalogue_expired(struct ph_catalogue *catalogue, int64_t now_ms,
                     ph_catalogue_each_cb each, void *arg)
{
    return due(catalogue, STMT_EXPIRED,
               "SELECT " CATALOGUE_JOB_COLUMNS " FROM job"
               " WHERE state IN (2, 3) AND state = 2 AND expires_ms <= ?1",
               now_ms, each, arg);
}

int
ph_catalogue_leases_over(struct ph_catalogue *catalogue, int64_t now_ms,
                         ph_catalogue_each_cb each, void *arg)
{
    return due(catalogue, STMT_LEASES_OVER,
               "SELECT " CATALOGUE_JOB_COLUMNS " FROM job"
               " WHERE state = 3 AND lease_ms <= ?1",
               now_ms, each, arg);
}

int
ph_catalogue_next_due(struct ph_catalogue *catalogue, int64_t *out_ms)
{
    sqlite3_stmt *stmt;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_NEXT_DUE,
        "SELECT MIN(ms) FROM ("
        "SELECT MIN(expires_ms) AS ms FROM job"
        " WHERE state IN (2, 3) AND state = 2"
        " UNION ALL SELECT MIN(lease_ms) FROM job WHERE state = 3)",
        &stmt);

    if (err != PH_OK)
        return err;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_ms = sqlite3_column_type(stmt, 0) == SQLITE_NULL
                      ? INT64_MAX
                      : sqlite3_column_int64(stmt, 0);
    (void)sqlite3_reset(stmt);
    return ph_db_err(rc);
}

int
ph_catalogue_ended_before(struct ph_catalogue *catalogue, int64_t before_ms,
                          ph_catalogue_each_cb each, void *arg)
{
    return due(catalogue, STMT_ENDED_BEFORE,
               "SELECT " CATALOGUE_JOB_COLUMNS " FROM job"
               " WHERE state > 3 AND changed_ms < ?1 ORDER BY changed_ms",
               before_ms, each, arg);
}
