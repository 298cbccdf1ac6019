#include "quota.h"

#include "printhold/base/err.h"
#include "store_private.h"
#include "store_usage.h"

#define DAY_MS INT64_C(86400000)

const char *
hub_quota_period_name(enum hub_quota_period period)
{
    return period == HUB_QUOTA_DAY ? "day" : "month";
}

int
hub_quota_set(struct hub_store *store, const struct hub_quota *quota)
{
    return hub_run(store,
                   "INSERT INTO quota(kind, who, period, pages)"
                   " VALUES(?, ?, ?, ?) ON CONFLICT(kind, who, period)"
                   " DO UPDATE SET pages = excluded.pages",
                   "itii", (int64_t)quota->is_group, quota->who,
                   (int64_t)quota->period, quota->pages);
}

int
hub_quota_remove(struct hub_store *store, const struct hub_quota *quota)
{
    return hub_run_one(
        store, "DELETE FROM quota WHERE kind = ? AND who = ? AND period = ?",
        "iti", (int64_t)quota->is_group, quota->who, (int64_t)quota->period);
}

static void
read_quota(sqlite3_stmt *stmt, struct hub_quota *quota)
{
    quota->is_group = sqlite3_column_int(stmt, 0) != 0;
    hub_column_text(stmt, 1, quota->who, sizeof(quota->who));
    quota->period = sqlite3_column_int(stmt, 2) == HUB_QUOTA_DAY
                        ? HUB_QUOTA_DAY
                        : HUB_QUOTA_MONTH;
    quota->pages = sqlite3_column_int64(stmt, 3);
}

int
hub_quota_each(struct hub_store *store, hub_quota_cb each, void *arg)
{
    struct hub_quota quota;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT kind, who, period, pages FROM quota"
                          " ORDER BY kind, who, period",
                          &stmt);

    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        read_quota(stmt, &quota);
        err = each(&quota, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

/* --- what is left --- */

static int
get_pages(struct hub_store *store, bool is_group, const char *who,
          enum hub_quota_period period, int64_t *out_pages)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT pages FROM quota WHERE kind = ? AND who = ?"
                          " AND period = ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "iti", (int64_t)is_group, who, (int64_t)period);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        *out_pages = sqlite3_column_int64(stmt, 0);
        hub_reset(stmt);
    }
    return err;
}

static void
find_period(enum hub_quota_period period, int64_t now_ms, int64_t *out_from_ms,
            int64_t *out_until_ms)
{
    const int64_t month = hub_month_of(now_ms);

    if (period == HUB_QUOTA_DAY) {
        *out_from_ms = hub_day_of(now_ms) * DAY_MS;
        *out_until_ms = *out_from_ms + DAY_MS;
    } else {
        *out_from_ms = hub_month_start(month);
        *out_until_ms = hub_month_start(month + 1);
    }
}

/* PH_ERR_NOT_FOUND: not limited in this period. */
static int
check_period(struct hub_store *store, const struct hub_person *person,
             enum hub_quota_period period, int64_t now_ms,
             struct hub_quota_state *out_state)
{
    struct hub_quota_state state = {.is_limited = true, .period = period};
    int64_t from_ms;
    int err = get_pages(store, false, person->login, period, &state.limit);

    if (err == PH_ERR_NOT_FOUND && person->group[0] != '\0')
        err = get_pages(store, true, person->group, period, &state.limit);
    if (err != PH_OK)
        return err;
    find_period(period, now_ms, &from_ms, &state.until_ms);
    err = hub_pages_since(store, person->login, false, from_ms, &state.used);
    if (err != PH_OK)
        return err;
    state.left = state.used < state.limit ? state.limit - state.used : 0;
    *out_state = state;
    return PH_OK;
}

int
hub_quota_check(struct hub_store *store, const struct hub_person *person,
                int64_t now_ms, struct hub_quota_state *out_state)
{
    struct hub_quota_state least = {.is_limited = false}, state;

    for (int i = 0; i < HUB_QUOTA_PERIODS; i++) {
        int err = check_period(store, person, (enum hub_quota_period)i, now_ms,
                               &state);

        if (err != PH_OK && err != PH_ERR_NOT_FOUND)
            return err;
        if (err == PH_OK && (!least.is_limited || state.left <= least.left))
            least = state;
    }
    *out_state = least;
    return PH_OK;
}
