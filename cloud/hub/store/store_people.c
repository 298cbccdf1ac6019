/* People. */
#include "store_private.h"

#include "printhold/base/err.h"

#define COLUMNS "login, name, in_group, administrator, blocked, uk, made_ms"

static void
read_person(sqlite3_stmt *stmt, struct hub_person *person)
{
    hub_column_text(stmt, 0, person->login, sizeof(person->login));
    hub_column_text(stmt, 1, person->name, sizeof(person->name));
    hub_column_text(stmt, 2, person->group, sizeof(person->group));
    person->is_administrator = sqlite3_column_int(stmt, 3) != 0;
    person->is_blocked = sqlite3_column_int(stmt, 4) != 0;
    hub_column_text(stmt, 5, person->uk, sizeof(person->uk));
    person->made_ms = sqlite3_column_int64(stmt, 6);
}

int
hub_person_add(struct hub_store *store, const struct hub_person *person)
{
    return hub_run(store,
                   "INSERT INTO person(" COLUMNS ")"
                   " VALUES(?, ?, ?, ?, ?, ?, ?)",
                   "tttiiti", person->login, person->name, person->group,
                   (int64_t)person->is_administrator,
                   (int64_t)person->is_blocked, person->uk, person->made_ms);
}

int
hub_person_get(struct hub_store *store, const char *login,
               struct hub_person *out_person)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT " COLUMNS " FROM person WHERE login = ?", &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "t", login);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        read_person(stmt, out_person);
        hub_reset(stmt);
    }
    return err;
}

int
hub_person_set(struct hub_store *store, const struct hub_person *person)
{
    return hub_run_one(store,
                       "UPDATE person SET name = ?, in_group = ?,"
                       " administrator = ?, blocked = ? WHERE login = ?",
                       "ttiit", person->name, person->group,
                       (int64_t)person->is_administrator,
                       (int64_t)person->is_blocked, person->login);
}

int
hub_person_each(struct hub_store *store, hub_person_cb each, void *arg)
{
    struct hub_person person;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store, "SELECT " COLUMNS " FROM person ORDER BY login", &stmt);

    if (err != PH_OK)
        return err;
    while ((err = hub_step(stmt)) == PH_OK) {
        read_person(stmt, &person);
        err = each(&person, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}
