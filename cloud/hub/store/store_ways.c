/* Which ways of signing in the printers of a group take. */
#include "store_private.h"
#include "store_sign_in.h"

#include "printhold/base/err.h"
#include "printhold/model/sign_in_ways.h"

#define WAYS "in_group, ways, self_registration"

static int
read_ways(sqlite3_stmt *stmt, struct hub_ways *ways)
{
    char text[PH_SIGN_IN_WAYS_TEXT];

    hub_column_text(stmt, 0, ways->group, sizeof(ways->group));
    hub_column_text(stmt, 1, text, sizeof(text));
    ways->self_registration = sqlite3_column_int(stmt, 2) != 0;
    return ph_sign_in_ways_parse(text, &ways->ways, NULL) == PH_OK
               ? PH_OK
               : PH_ERR_CORRUPT;
}

int
hub_ways_set(struct hub_store *store, const struct hub_ways *ways)
{
    char text[PH_SIGN_IN_WAYS_TEXT];

    ph_sign_in_ways_format(ways->ways, text);
    return hub_run(store,
                   "INSERT INTO ways(" WAYS ") VALUES(?, ?, ?)"
                   " ON CONFLICT(in_group) DO UPDATE SET ways = excluded.ways,"
                   " self_registration = excluded.self_registration",
                   "tti", ways->group, text, (int64_t)ways->self_registration);
}

int
hub_ways_get(struct hub_store *store, const char *group,
             struct hub_ways *out_ways)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, "SELECT " WAYS " FROM ways WHERE in_group = ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "t", group);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        err = read_ways(stmt, out_ways);
        hub_reset(stmt);
    }
    return err;
}

int
hub_ways_remove(struct hub_store *store, const char *group)
{
    return hub_run_one(store, "DELETE FROM ways WHERE in_group = ?", "t",
                       group);
}

int
hub_ways_each(struct hub_store *store, hub_ways_cb each, void *arg)
{
    struct hub_ways ways;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, "SELECT " WAYS " FROM ways ORDER BY in_group",
                          &stmt);

    if (err != PH_OK)
        return err;
    while ((err = hub_step(stmt)) == PH_OK) {
        err = read_ways(stmt, &ways);
        if (err == PH_OK)
            err = each(&ways, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}
