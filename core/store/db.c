#include "printhold/store/db.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define PATIENCE_MS 2000

int
ph_db_err(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return PH_OK;
    case SQLITE_NOMEM:
        return PH_ERR_NOMEM;
    case SQLITE_FULL:
        return PH_ERR_NO_SPACE;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return PH_ERR_CORRUPT;
    case SQLITE_CONSTRAINT:
        return PH_ERR_EXISTS;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return PH_ERR_BUSY;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
        return PH_ERR_DENIED;
    default:
        return PH_ERR_IO;
    }
}

int
ph_db_exec(sqlite3 *db, const char *sql)
{
    return ph_db_err(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int
ph_db_prepare(sqlite3 *db, sqlite3_stmt **slot, const char *sql)
{
    if (*slot != NULL) {
        (void)sqlite3_reset(*slot);
        (void)sqlite3_clear_bindings(*slot);
        return PH_OK;
    }
    return ph_db_err(
        sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL));
}

int
ph_db_run(sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    int reset_rc = sqlite3_reset(stmt);

    return ph_db_err(rc == SQLITE_DONE || rc == SQLITE_ROW ? reset_rc : rc);
}

/* Ask for a pragma's value and compare it. */
static int
pragma_is(sqlite3 *db, const char *sql, const char *expected)
{
    sqlite3_stmt *stmt = NULL;
    const unsigned char *value;
    int rc, err = PH_ERR_IO;

    rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (rc != SQLITE_OK)
        return ph_db_err(rc);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        value = sqlite3_column_text(stmt, 0);
        if (value != NULL && strcmp((const char *)value, expected) == 0)
            err = PH_OK;
    } else {
        err = ph_db_err(rc);
    }
    (void)sqlite3_finalize(stmt);
    return err;
}

static const struct {
    const char *set;
    const char *ask;
    const char *value;
} pragmas[] = {
    {"PRAGMA journal_mode=WAL", "PRAGMA journal_mode", "wal"},
    {"PRAGMA synchronous=FULL", "PRAGMA synchronous", "2"},
    /* On macOS fsync leaves data in the drive's cache; elsewhere no effect. */
    {"PRAGMA fullfsync=ON", "PRAGMA fullfsync", "1"},
    {"PRAGMA checkpoint_fullfsync=ON", "PRAGMA checkpoint_fullfsync", "1"},
    {"PRAGMA secure_delete=ON", "PRAGMA secure_delete", "1"},
    /* What a long transaction made of the log is given back. */
    {"PRAGMA journal_size_limit=4194304", "PRAGMA journal_size_limit",
     "4194304"},
    {"PRAGMA trusted_schema=OFF", "PRAGMA trusted_schema", "0"},
    {"PRAGMA cache_size=-512", "PRAGMA cache_size", "-512"},
    {"PRAGMA temp_store=MEMORY", "PRAGMA temp_store", "2"},
};

static int
set_pragmas(sqlite3 *db)
{
    for (size_t i = 0; i < PH_COUNT(pragmas); i++) {
        int err = ph_db_exec(db, pragmas[i].set);

        if (err == PH_OK)
            err = pragma_is(db, pragmas[i].ask, pragmas[i].value);
        if (err != PH_OK)
            return err;
    }
    return PH_OK;
}

/* Damage that would be met some day is met now; 0.1 s for 100,000 jobs. */
static int
look_through(sqlite3 *db)
{
    int err = pragma_is(db, "PRAGMA quick_check(1)", "ok");

    return err == PH_ERR_IO ? PH_ERR_CORRUPT : err;
}

int
ph_db_version(sqlite3 *db, int *out_version)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out_version = sqlite3_column_int(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return ph_db_err(rc);
}

static int
apply(sqlite3 *db, const struct ph_db_form *form, int step)
{
    char version[64];
    int err = ph_db_exec(db, "BEGIN IMMEDIATE");

    if (err != PH_OK)
        return err;
    (void)snprintf(version, sizeof(version), "PRAGMA user_version=%d",
                   step + 1);
    err = ph_db_exec(db, form->steps[step]);
    /* Constant text that worked before: what it works on is not ours. */
    if (sqlite3_errcode(db) == SQLITE_ERROR)
        err = PH_ERR_CORRUPT;
    if (err == PH_OK)
        err = ph_db_exec(db, version);
    if (err == PH_OK)
        err = ph_db_exec(db, "COMMIT");
    if (err != PH_OK)
        (void)ph_db_exec(db, "ROLLBACK");
    return err;
}

static int
migrate(sqlite3 *db, const struct ph_db_form *form, struct ph_why *why)
{
    const int newest = (int)form->step_count;
    int version = 0;
    int err = ph_db_version(db, &version);

    if (err != PH_OK)
        return err;
    if (version > newest)
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "the %s is of version %d and this program "
                           "knows %d; install the newer printhold again",
                           form->what, version, newest);
    for (int step = version; step < newest && err == PH_OK; step++)
        err = apply(db, form, step);
    return err;
}

int
ph_db_open(const char *path, const struct ph_db_form *form, sqlite3 **out_db,
           struct ph_why *why)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    sqlite3 *db = NULL;
    mode_t saved_mask = umask(077);
    int err = ph_db_err(sqlite3_open_v2(path, &db, flags, NULL));

    /* Whoever is here beside us is so for moments. */
    (void)sqlite3_busy_timeout(db, PATIENCE_MS);
    if (err == PH_OK)
        err = set_pragmas(db);
    if (err == PH_OK && !form->unchecked)
        err = look_through(db);
    if (err == PH_OK)
        err = migrate(db, form, why);
    (void)umask(saved_mask);
    if (err != PH_OK) {
        if (err != PH_ERR_UNSUPPORTED) /* that one explained itself */
            ph_why_set(why, "cannot open the %s %s: %s", form->what, path,
                       err == PH_ERR_CORRUPT ? "it is damaged"
                       : db != NULL          ? sqlite3_errmsg(db)
                                             : "out of memory");
        (void)sqlite3_close(db);
        return err;
    }
    *out_db = db;
    return PH_OK;
}
