#include "store_attempts.h"

#include "printhold/base/err.h"
#include "store_private.h"

#define ATTEMPTS_MAX 1000 /* of one limit */

int
hub_attempt_add(struct hub_store *store, const struct hub_attempt *attempt)
{
    return hub_run(store,
                   "INSERT INTO attempt(id, printer, who, at_ms)"
                   " VALUES(?, ?, ?, ?)",
                   "btbi", attempt->id, attempt->printer, attempt->who,
                   attempt->at_ms);
}

int
hub_attempt_remove(struct hub_store *store, const uint8_t id[HUB_MAC_BYTES])
{
    return hub_run(store, "DELETE FROM attempt WHERE id = ?", "b", id);
}

int
hub_attempts_forget(struct hub_store *store, int64_t before_ms)
{
    return hub_run(store, "DELETE FROM attempt WHERE at_ms < ?", "i",
                   before_ms);
}

/* The newest ones, which the statement gives, against the limit. */
static int
judge(sqlite3_stmt *stmt, const struct ph_limit *limit, int64_t now_ms,
      int64_t *out_wait_ms)
{
    int64_t at_ms[ATTEMPTS_MAX];
    size_t count = 0;
    int err = PH_OK;

    while (count < ATTEMPTS_MAX && count < limit->max &&
           (err = hub_step(stmt)) == PH_OK)
        at_ms[count++] = sqlite3_column_int64(stmt, 0);
    hub_reset(stmt);
    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        return err;
    return ph_limiter_allows(limit, at_ms, count, now_ms, out_wait_ms)
               ? PH_OK
               : PH_ERR_LIMIT;
}

int
hub_attempts_of_printer(struct hub_store *store, const char *printer,
                        const struct ph_limit *limit, int64_t now_ms,
                        int64_t *out_wait_ms)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT at_ms FROM attempt WHERE printer = ?"
                          " ORDER BY at_ms DESC",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "t", printer);
    return err == PH_OK ? judge(stmt, limit, now_ms, out_wait_ms) : err;
}

int
hub_attempts_of_person(struct hub_store *store,
                       const uint8_t who[HUB_MAC_BYTES],
                       const struct ph_limit *limit, int64_t now_ms,
                       int64_t *out_wait_ms)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT at_ms FROM attempt WHERE who = ?"
                          " ORDER BY at_ms DESC",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "b", who);
    return err == PH_OK ? judge(stmt, limit, now_ms, out_wait_ms) : err;
}
