#include "store_usage.h"

#include <stdio.h>

#include "printhold/base/err.h"
#include "store_private.h"

/* --- sums --- */

#define SUMS                                                              \
    " SUM(jobs), SUM(deleted), SUM(expired), SUM(failed), SUM(releases)," \
    " SUM(pages), SUM(sheets), SUM(color_pages), SUM(two_sided),"         \
    " SUM(estimated)"
#define OF_JOBS(key)                                             \
    " SELECT " key " AS k, 1 AS jobs,"                           \
    " CASE WHEN state = 6 THEN 1 ELSE 0 END AS deleted,"         \
    " CASE WHEN state = 5 THEN 1 ELSE 0 END AS expired,"         \
    " CASE WHEN state = 7 THEN 1 ELSE 0 END AS failed,"          \
    " 0 AS releases, 0 AS pages, 0 AS sheets, 0 AS color_pages," \
    " 0 AS two_sided, 0 AS estimated FROM job WHERE at_ms >= ? AND at_ms < ?"
#define OF_RELEASES(key)                                                     \
    " SELECT " key " AS k, 0 AS jobs, 0 AS deleted, 0 AS expired,"           \
    " 0 AS failed, CASE WHEN result = 'failed' THEN 0 ELSE 1 END AS"         \
    " releases, pages, paper AS sheets,"                                     \
    " CASE WHEN color = 'color' THEN pages ELSE 0 END AS color_pages,"       \
    " CASE WHEN sides LIKE 'two-sided%' THEN pages ELSE 0 END AS two_sided," \
    " CASE WHEN result = 'failed' THEN 0 ELSE estimated END AS estimated"    \
    " FROM released WHERE at_ms >= ? AND at_ms < ?"
#define USAGE(of_job, of_release)                                        \
    "SELECT k," SUMS " FROM (" OF_JOBS(of_job) " UNION ALL" OF_RELEASES( \
        of_release) ") AS told GROUP BY k ORDER BY k"

_Static_assert(PH_JOB_EXPIRED == 5 && PH_JOB_DELETED == 6 && PH_JOB_FAILED == 7,
               "as the statements have them");

static const char *const usages[HUB_USAGE_KINDS] = {
    [HUB_USAGE_PERSON] = USAGE("login", "login"),
    [HUB_USAGE_GROUP] = USAGE("in_group", "in_group"),
    [HUB_USAGE_PRINTER] =
        "SELECT k," SUMS " FROM (" OF_RELEASES("printer") ") AS told"
                                                          " GROUP BY k ORDER"
                                                          " BY k",
    [HUB_USAGE_DAY] = USAGE("day", "day"),
    [HUB_USAGE_MONTH] = USAGE("month", "month"),
};

static void
read_usage(sqlite3_stmt *stmt, struct hub_usage *usage)
{
    hub_column_text(stmt, 0, usage->key, sizeof(usage->key));
    usage->jobs = sqlite3_column_int64(stmt, 1);
    usage->deleted = sqlite3_column_int64(stmt, 2);
    usage->expired = sqlite3_column_int64(stmt, 3);
    usage->failed = sqlite3_column_int64(stmt, 4);
    usage->releases = sqlite3_column_int64(stmt, 5);
    usage->pages = sqlite3_column_int64(stmt, 6);
    usage->sheets = sqlite3_column_int64(stmt, 7);
    usage->color_pages = sqlite3_column_int64(stmt, 8);
    usage->two_sided_pages = sqlite3_column_int64(stmt, 9);
    usage->estimated = sqlite3_column_int64(stmt, 10);
}

int
hub_usage_each(struct hub_store *store, enum hub_usage_by by,
               const struct hub_span *span, hub_usage_cb each, void *arg)
{
    struct hub_usage usage;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store, usages[by], &stmt);

    if (err == PH_OK)
        err = by == HUB_USAGE_PRINTER
                  ? hub_bind(stmt, "ii", span->from_ms, span->to_ms)
                  : hub_bind(stmt, "iiii", span->from_ms, span->to_ms,
                             span->from_ms, span->to_ms);
    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        read_usage(stmt, &usage);
        err = each(&usage, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_pages_since(struct hub_store *store, const char *who, bool is_group,
                int64_t since_ms, int64_t *out_pages)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          is_group ? "SELECT SUM(pages) FROM released"
                                     " WHERE in_group = ? AND at_ms >= ?"
                                   : "SELECT SUM(pages) FROM released"
                                     " WHERE login = ? AND at_ms >= ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "ti", who, since_ms);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        *out_pages = sqlite3_column_int64(stmt, 0);
        hub_reset(stmt);
    }
    return err;
}

/* --- rows --- */

/* Where a page begins in the index. */
static int64_t
first_ms(const struct hub_rows *rows)
{
    return rows->after_ms > rows->span.from_ms ? rows->after_ms
                                               : rows->span.from_ms;
}

#define JOB_PAGE(whose)                                                  \
    "SELECT " HUB_JOB_COLUMNS " FROM job WHERE at_ms >= ? AND at_ms < ?" \
    " AND (at_ms > ? OR (at_ms = ? AND (device > ? OR (device = ?"       \
    " AND job > ?)))) AND " whose " ORDER BY at_ms, device, job LIMIT ?"

int
hub_job_each(struct hub_store *store, const struct hub_rows *rows,
             hub_job_cb each, void *arg)
{
    struct hub_job job;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          rows->login[0] != '\0' ? JOB_PAGE("login = ?")
                                                 : JOB_PAGE("? = ''"),
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "iiiitttti", first_ms(rows), rows->span.to_ms,
                       rows->after_ms, rows->after_ms, rows->after_device,
                       rows->after_device, rows->after_id, rows->login,
                       rows->max);
    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        hub_job_read(stmt, &job);
        err = each(&job, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

#define RELEASE_PAGE(whose)                                               \
    "SELECT " HUB_RELEASE_COLUMNS " FROM released WHERE at_ms >= ?"       \
    " AND at_ms < ? AND (at_ms > ? OR (at_ms = ? AND id > ?)) AND " whose \
    " ORDER BY at_ms, id LIMIT ?"

/* Another statement, while the one of releases stands where it is. */
static int
find_job(struct hub_store *store, const struct hub_release *release,
         struct hub_job *job)
{
    int err;

    *job = (struct hub_job){.device = ""};
    ph_ticket_init(&job->ticket);
    err = hub_job_get(store, release->device, release->job, job);
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_release_each(struct hub_store *store, const struct hub_rows *rows,
                 hub_release_cb each, void *arg)
{
    struct hub_release release;
    struct hub_job job;
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          rows->login[0] != '\0' ? RELEASE_PAGE("login = ?")
                                                 : RELEASE_PAGE("? = ''"),
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "iiiitti", first_ms(rows), rows->span.to_ms,
                       rows->after_ms, rows->after_ms, rows->after_id,
                       rows->login, rows->max);
    while (err == PH_OK && (err = hub_step(stmt)) == PH_OK) {
        hub_release_read(stmt, &release);
        err = find_job(store, &release, &job);
        if (err == PH_OK)
            err = each(&release, &job, arg);
        if (err != PH_OK) {
            hub_reset(stmt);
            return err;
        }
    }
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}
