#include "printhold/store/catalogue_codes.h"

#include <string.h>

#include "catalogue_private.h"
#include "printhold/base/err.h"
#include "printhold/store/db.h"

int
ph_catalogue_add_code(struct ph_catalogue *catalogue,
                      const struct ph_catalogue_code *code)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_CODE_ADD,
        "INSERT INTO code(uid, mac, made_ms, expires_ms, tries)"
        " VALUES(?1, ?2, ?3, ?4, ?5)",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, code->uid);
    (void)sqlite3_bind_blob(stmt, 2, code->mac, sizeof(code->mac),
                            SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 3, code->made_ms);
    (void)sqlite3_bind_int64(stmt, 4, code->expires_ms);
    (void)sqlite3_bind_int64(stmt, 5, code->tries);
    return ph_db_run(stmt);
}

static int
read_code(sqlite3_stmt *stmt, struct ph_catalogue_code *code)
{
    const void *mac = sqlite3_column_blob(stmt, 2);

    if (mac == NULL || sqlite3_column_bytes(stmt, 2) != (int)sizeof(code->mac))
        return PH_ERR_CORRUPT;
    memcpy(code->mac, mac, sizeof(code->mac));
    code->number = sqlite3_column_int64(stmt, 0);
    code->uid = (uint32_t)sqlite3_column_int64(stmt, 1);
    code->made_ms = sqlite3_column_int64(stmt, 3);
    code->expires_ms = sqlite3_column_int64(stmt, 4);
    code->tries = (unsigned)sqlite3_column_int(stmt, 5);
    return PH_OK;
}

int
ph_catalogue_each_code(struct ph_catalogue *catalogue,
                       ph_catalogue_code_cb each, void *arg)
{
    struct ph_catalogue_code code;
    sqlite3_stmt *stmt;
    int rc = SQLITE_DONE;
    int err = ph_catalogue_statement(
        catalogue, STMT_CODE_EACH,
        "SELECT number, uid, mac, made_ms, expires_ms, tries FROM code", &stmt);

    if (err != PH_OK)
        return err;
    while (err == PH_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        err = read_code(stmt, &code);
        if (err == PH_OK && !each(&code, arg))
            break;
    }
    (void)sqlite3_reset(stmt);
    return err != PH_OK ? err : ph_db_err(rc);
}

int
ph_catalogue_forget_code(struct ph_catalogue *catalogue, int64_t number)
{
    sqlite3_stmt *stmt;
    int err =
        ph_catalogue_statement(catalogue, STMT_CODE_FORGET,
                               "DELETE FROM code WHERE number = ?1", &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, number);
    return ph_db_run(stmt);
}

int
ph_catalogue_forget_old_codes(struct ph_catalogue *catalogue, uint32_t uid,
                              unsigned keep)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_CODE_FORGET_OLD,
        "DELETE FROM code WHERE uid = ?1 AND number NOT IN"
        " (SELECT number FROM code WHERE uid = ?1"
        "  ORDER BY number DESC LIMIT ?2)",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, uid);
    (void)sqlite3_bind_int64(stmt, 2, keep);
    return ph_db_run(stmt);
}

int
ph_catalogue_forget_dead_codes(struct ph_catalogue *catalogue, int64_t now_ms,
                               int64_t latest_ms, unsigned tries_max,
                               size_t *out_count)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_CODE_FORGET_DEAD,
        "DELETE FROM code WHERE expires_ms <= ?1 OR made_ms > ?2"
        " OR tries >= ?3",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int64(stmt, 1, now_ms);
    (void)sqlite3_bind_int64(stmt, 2, latest_ms);
    (void)sqlite3_bind_int64(stmt, 3, tries_max);
    err = ph_db_run(stmt);
    if (err == PH_OK)
        *out_count = (size_t)sqlite3_changes(catalogue->db);
    return err;
}

int
ph_catalogue_code_was_wrong(struct ph_catalogue *catalogue, int64_t now_ms)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_CODE_TRIED, "UPDATE code SET tries = tries + 1", &stmt);

    if (err == PH_OK)
        err = ph_db_run(stmt);
    if (err == PH_OK)
        err = ph_catalogue_statement(
            catalogue, STMT_CODE_WRONG_ALL,
            "INSERT INTO wrong_code(kind, whose, at_ms)"
            " SELECT DISTINCT ?1, CAST(uid AS TEXT), ?2 FROM code",
            &stmt);
    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int(stmt, 1, PH_CODE_OF_USER);
    (void)sqlite3_bind_int64(stmt, 2, now_ms);
    return ph_db_run(stmt);
}

int
ph_catalogue_add_wrong_code(struct ph_catalogue *catalogue,
                            enum ph_code_counted kind, const char *whose,
                            int64_t now_ms)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_CODE_WRONG_ADD,
        "INSERT INTO wrong_code(kind, whose, at_ms) VALUES(?1, ?2, ?3)", &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int(stmt, 1, (int)kind);
    (void)sqlite3_bind_text(stmt, 2, whose, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 3, now_ms);
    return ph_db_run(stmt);
}

int
ph_catalogue_wrong_codes(struct ph_catalogue *catalogue,
                         enum ph_code_counted kind, const char *whose,
                         int64_t *out_at_ms, size_t cap, size_t *out_count)
{
    sqlite3_stmt *stmt;
    size_t count = 0;
    int rc;
    int err = ph_catalogue_statement(
        catalogue, STMT_CODE_WRONG_LIST,
        "SELECT at_ms FROM wrong_code WHERE kind = ?1 AND whose = ?2"
        " ORDER BY at_ms DESC LIMIT ?3",
        &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int(stmt, 1, (int)kind);
    (void)sqlite3_bind_text(stmt, 2, whose, -1, SQLITE_TRANSIENT);
    (void)sqlite3_bind_int64(stmt, 3, (sqlite3_int64)cap);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW && count < cap)
        out_at_ms[count++] = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_reset(stmt);
    err = ph_db_err(rc);
    if (err == PH_OK)
        *out_count = count;
    return err;
}

int
ph_catalogue_forget_wrong_codes(struct ph_catalogue *catalogue,
                                enum ph_code_counted kind, int64_t before_ms)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(
        catalogue, STMT_CODE_WRONG_FORGET,
        "DELETE FROM wrong_code WHERE kind = ?1 AND at_ms < ?2", &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_int(stmt, 1, (int)kind);
    (void)sqlite3_bind_int64(stmt, 2, before_ms);
    return ph_db_run(stmt);
}
