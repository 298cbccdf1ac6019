/* The catalogue's memory of grants and of the clock. */
#include "catalogue_private.h"

#include "printhold/base/err.h"
#include "printhold/store/db.h"

int
ph_catalogue_one_number(struct ph_catalogue *catalogue,
                        enum catalogue_statement which, const char *sql,
                        int64_t *out_value)
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
    int err =
        ph_catalogue_one_number(catalogue, STMT_GRANTS_FROM,
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
    return ph_catalogue_one_number(
        catalogue, STMT_HIGH_WATER_GET,
        "SELECT value FROM number WHERE name = 'high_water_ms'", out_high_ms);
}

int
ph_catalogue_is_new(struct ph_catalogue *catalogue, bool *out_is_new)
{
    int64_t used;
    int err =
        ph_catalogue_one_number(catalogue, STMT_IS_NEW,
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
