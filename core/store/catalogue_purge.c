/* What is forgotten of one person at the word of the organisation. */
#include "catalogue_private.h"
#include "printhold/base/err.h"
#include "printhold/store/db.h"

static int
run_for_owner(struct ph_catalogue *catalogue, enum catalogue_statement which,
              const char *sql, const uint8_t owner[PH_OWNER_KEY_BYTES],
              uint64_t *out_count)
{
    sqlite3_stmt *stmt;
    int err = ph_catalogue_statement(catalogue, which, sql, &stmt);

    if (err != PH_OK)
        return err;
    (void)sqlite3_bind_blob(stmt, 1, owner, PH_OWNER_KEY_BYTES,
                            SQLITE_TRANSIENT);
    err = ph_db_run(stmt);
    if (err == PH_OK)
        *out_count = (uint64_t)sqlite3_changes(catalogue->db);
    return err;
}

int
ph_catalogue_end_history(struct ph_catalogue *catalogue,
                         const uint8_t owner[PH_OWNER_KEY_BYTES],
                         uint64_t *out_count)
{
    return run_for_owner(catalogue, STMT_PURGE_HISTORY,
                         "UPDATE job SET changed_ms = 0 WHERE owner = ?1"
                         " AND state > 3 AND changed_ms <> 0",
                         owner, out_count);
}

int
ph_catalogue_forget_codes_of(struct ph_catalogue *catalogue,
                             const uint8_t owner[PH_OWNER_KEY_BYTES],
                             uint64_t *out_count)
{
    return run_for_owner(catalogue, STMT_PURGE_CODES,
                         "DELETE FROM code WHERE uid IN"
                         " (SELECT uid FROM job WHERE owner = ?1)",
                         owner, out_count);
}
