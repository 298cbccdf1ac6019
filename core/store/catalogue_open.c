/* Opening, transactions, and the statements that stay prepared. */
#include "catalogue_private.h"

#include <stdlib.h>

#include "printhold/base/err.h"
#include "printhold/store/db.h"

/* SQLite keeps the code of a failure until the next call. */
static void
note_damage(struct ph_catalogue *catalogue)
{
    if (ph_db_err(sqlite3_errcode(catalogue->db)) == PH_ERR_CORRUPT)
        catalogue->is_damaged = true;
}

/* SQLite changes the syncing between transactions only. When that or a rollback
 * fails, nothing goes on before it was made up for. */
static int
end_unsynced(struct ph_catalogue *catalogue)
{
    int err = PH_OK;

    note_damage(catalogue);
    /* A rollback that failed leaves the transaction open: what follows would
     * look done and never be committed. */
    if (!catalogue->in_transaction &&
        sqlite3_get_autocommit(catalogue->db) == 0)
        err = ph_db_exec(catalogue->db, "ROLLBACK");
    if (err == PH_OK && catalogue->is_unsynced && !catalogue->in_transaction)
        err = ph_db_exec(catalogue->db, "PRAGMA synchronous=FULL");
    if (err == PH_OK && !catalogue->in_transaction)
        catalogue->is_unsynced = false;
    return err;
}

int
ph_catalogue_statement(struct ph_catalogue *catalogue,
                       enum catalogue_statement which, const char *sql,
                       sqlite3_stmt **out_stmt)
{
    int err = end_unsynced(catalogue);

    if (err == PH_OK)
        err = ph_db_prepare(catalogue->db, &catalogue->stmt[which], sql);
    if (err == PH_OK)
        *out_stmt = catalogue->stmt[which];
    return err;
}

int
ph_catalogue_open(const char *path, struct ph_catalogue **out_catalogue,
                  struct ph_why *why)
{
    struct ph_catalogue *catalogue = calloc(1, sizeof(*catalogue));
    int err;

    if (catalogue == NULL)
        return ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    err = ph_db_open(path, &ph_catalogue_form, &catalogue->db, why);
    if (err != PH_OK) {
        free(catalogue);
        return err;
    }
    *out_catalogue = catalogue;
    return PH_OK;
}

void
ph_catalogue_close(struct ph_catalogue *catalogue)
{
    if (catalogue == NULL)
        return;
    for (int i = 0; i < STMT_COUNT; i++)
        (void)sqlite3_finalize(catalogue->stmt[i]);
    (void)sqlite3_close(catalogue->db);
    free(catalogue);
}

bool
ph_catalogue_is_damaged(struct ph_catalogue *catalogue)
{
    note_damage(catalogue);
    return catalogue->is_damaged;
}

static int
begin(struct ph_catalogue *catalogue, const char *sql)
{
    int err = ph_db_exec(catalogue->db, sql);

    if (err == PH_OK)
        catalogue->in_transaction = true;
    return err;
}

int
ph_catalogue_begin(struct ph_catalogue *catalogue)
{
    int err = end_unsynced(catalogue);

    return err == PH_OK ? begin(catalogue, "BEGIN IMMEDIATE") : err;
}

int
ph_catalogue_read(struct ph_catalogue *catalogue)
{
    int err = end_unsynced(catalogue);

    return err == PH_OK ? begin(catalogue, "BEGIN") : err;
}

int
ph_catalogue_begin_unsynced(struct ph_catalogue *catalogue)
{
    int err;

    note_damage(catalogue);
    err = ph_db_exec(catalogue->db, "PRAGMA synchronous=NORMAL");
    catalogue->is_unsynced = true;
    if (err == PH_OK)
        err = begin(catalogue, "BEGIN IMMEDIATE");
    if (err != PH_OK)
        (void)end_unsynced(catalogue);
    return err;
}

int
ph_catalogue_commit(struct ph_catalogue *catalogue)
{
    int err;

    note_damage(catalogue);
    err = ph_db_exec(catalogue->db, "COMMIT");
    if (err != PH_OK)
        ph_catalogue_rollback(catalogue);
    catalogue->in_transaction = false;
    (void)end_unsynced(catalogue);
    return err;
}

void
ph_catalogue_rollback(struct ph_catalogue *catalogue)
{
    note_damage(catalogue);
    if (catalogue->in_transaction)
        (void)ph_db_exec(catalogue->db, "ROLLBACK");
    catalogue->in_transaction = false;
    (void)end_unsynced(catalogue);
}
