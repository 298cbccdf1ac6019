#include "store_reports.h"

#include <string.h>
#include <time.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "store_private.h"

#define DAY_MS INT64_C(86400000)

/* --- periods --- */

int64_t
hub_day_of(int64_t at_ms)
{
    return at_ms / DAY_MS;
}

int64_t
hub_month_of(int64_t at_ms)
{
    const time_t at = (time_t)(at_ms / 1000);
    struct tm tm;

    return gmtime_r(&at, &tm) != NULL
               ? (int64_t)(tm.tm_year - 70) * 12 + tm.tm_mon
               : 0;
}

/* Howard Hinnant's days_from_civil, for the first of a month. */
int64_t
hub_month_start(int64_t month)
{
    const int64_t year = 1970 + month / 12, of_year = month % 12 + 1;
    const int64_t y = of_year <= 2 ? year - 1 : year;
    const int64_t era = y / 400, yoe = y - era * 400;
    const int64_t doy =
        (153 * (of_year > 2 ? of_year - 3 : of_year + 9) + 2) / 5;
    const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return (era * 146097 + doe - 719468) * DAY_MS;
}

/* --- jobs --- */

static const struct {
    size_t offset;
    size_t cap;
} ticket_texts[] = {
#define TEXT(member)                                \
    {                                               \
        offsetof(struct ph_ticket, member),         \
            sizeof(((struct ph_ticket *)0)->member) \
    }
    TEXT(job_name),
    TEXT(job_uuid),
    TEXT(submission_ip),
    TEXT(submission_host),
    TEXT(document_format),
    TEXT(driver),
    TEXT(source),
    TEXT(sides),
    TEXT(print_color_mode),
    TEXT(media),
    TEXT(finishings),
    TEXT(orientation_requested),
    TEXT(print_quality),
    TEXT(output_bin),
    TEXT(multiple_document_handling),
};

#define FIRST_TEXT   10
#define FIRST_NUMBER (FIRST_TEXT + (int)PH_COUNT(ticket_texts))

void
hub_job_read(struct sqlite3_stmt *stmt, struct hub_job *job)
{
    struct ph_ticket *ticket = &job->ticket;
    char *base = (char *)ticket;

    ph_ticket_init(ticket);
    hub_column_text(stmt, 0, job->device, sizeof(job->device));
    hub_column_text(stmt, 1, job->id, sizeof(job->id));
    hub_column_text(stmt, 2, job->login, sizeof(job->login));
    hub_column_text(stmt, 3, job->group, sizeof(job->group));
    hub_column_text(stmt, 4, job->host, sizeof(job->host));
    job->state = (enum ph_job_state)sqlite3_column_int(stmt, 5);
    job->state_ms = sqlite3_column_int64(stmt, 6);
    hub_column_text(stmt, 7, job->reason, sizeof(job->reason));
    job->at_ms = sqlite3_column_int64(stmt, 8);
    job->personal_ms = sqlite3_column_int64(stmt, 9);
    for (size_t i = 0; i < PH_COUNT(ticket_texts); i++)
        hub_column_text(stmt, FIRST_TEXT + (int)i,
                        base + ticket_texts[i].offset, ticket_texts[i].cap);
    ticket->impressions = sqlite3_column_int64(stmt, FIRST_NUMBER);
    ticket->copies = sqlite3_column_int(stmt, FIRST_NUMBER + 1);
    ticket->number_up = sqlite3_column_int(stmt, FIRST_NUMBER + 2);
    ticket->size_bytes = sqlite3_column_int64(stmt, FIRST_NUMBER + 3);
    ticket->confidential = sqlite3_column_int(stmt, FIRST_NUMBER + 4) != 0;
}

int
hub_job_add(struct hub_store *store, const struct hub_job *job)
{
    const struct ph_ticket *t = &job->ticket;

    return hub_run(
        store,
        "INSERT INTO job(" HUB_JOB_COLUMNS ", day, month)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(device, job) DO NOTHING",
        "tttttiitiitttttttttttttttiiiiiii", job->device, job->id, job->login,
        job->group, job->host, (int64_t)job->state, job->state_ms, job->reason,
        job->at_ms, job->personal_ms, t->job_name, t->job_uuid,
        t->submission_ip, t->submission_host, t->document_format, t->driver,
        t->source, t->sides, t->print_color_mode, t->media, t->finishings,
        t->orientation_requested, t->print_quality, t->output_bin,
        t->multiple_document_handling, t->impressions, (int64_t)t->copies,
        (int64_t)t->number_up, t->size_bytes, (int64_t)t->confidential,
        hub_day_of(job->at_ms), hub_month_of(job->at_ms));
}

int
hub_job_move(struct hub_store *store, const struct hub_job *job)
{
    if (job->state == PH_JOB_HELD)
        return PH_OK;
    return hub_run(store,
                   "UPDATE job SET state = ?, state_ms = ?, reason = ?,"
                   " personal_ms = CASE WHEN personal_ms = 0 THEN 0 ELSE ? END"
                   " WHERE device = ? AND job = ?"
                   " AND (state = ? OR state_ms < ?)",
                   "iitittii", (int64_t)job->state, job->state_ms, job->reason,
                   job->personal_ms, job->device, job->id, (int64_t)PH_JOB_HELD,
                   job->state_ms);
}

int
hub_job_get(struct hub_store *store, const char *device, const char *id,
            struct hub_job *out_job)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT " HUB_JOB_COLUMNS " FROM job"
                          " WHERE device = ? AND job = ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "tt", device, id);
    if (err == PH_OK)
        err = hub_step(stmt);
    if (err == PH_OK) {
        hub_job_read(stmt, out_job);
        hub_reset(stmt);
    }
    return err;
}

/* --- releases --- */

void
hub_release_read(struct sqlite3_stmt *stmt, struct hub_release *r)
{
    hub_column_text(stmt, 0, r->id, sizeof(r->id));
    hub_column_text(stmt, 1, r->event, sizeof(r->event));
    hub_column_text(stmt, 2, r->report, sizeof(r->report));
    hub_column_text(stmt, 3, r->device, sizeof(r->device));
    hub_column_text(stmt, 4, r->job, sizeof(r->job));
    hub_column_text(stmt, 5, r->login, sizeof(r->login));
    hub_column_text(stmt, 6, r->group, sizeof(r->group));
    hub_column_text(stmt, 7, r->printer, sizeof(r->printer));
    hub_column_text(stmt, 8, r->printer_group, sizeof(r->printer_group));
    hub_column_text(stmt, 9, r->address, sizeof(r->address));
    hub_column_text(stmt, 10, r->result, sizeof(r->result));
    r->impressions = sqlite3_column_int64(stmt, 11);
    r->sheets = sqlite3_column_int64(stmt, 12);
    r->pages = sqlite3_column_int64(stmt, 13);
    r->paper = sqlite3_column_int64(stmt, 14);
    r->is_estimated = sqlite3_column_int(stmt, 15) != 0;
    r->copies = sqlite3_column_int64(stmt, 16);
    hub_column_text(stmt, 17, r->sides, sizeof(r->sides));
    hub_column_text(stmt, 18, r->color, sizeof(r->color));
    hub_column_text(stmt, 19, r->media, sizeof(r->media));
    hub_column_text(stmt, 20, r->finishings, sizeof(r->finishings));
    hub_column_text(stmt, 21, r->page_ranges, sizeof(r->page_ranges));
    r->at_ms = sqlite3_column_int64(stmt, 22);
}

static const char *
or_null(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

int
hub_release_add(struct hub_store *store, const struct hub_release *r)
{
    return hub_run(store,
                   "INSERT INTO released(" HUB_RELEASE_COLUMNS ", day, month)"
                   " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                   " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                   "tttttttttttiiiiiitttttiii", r->id, or_null(r->event),
                   or_null(r->report), r->device, r->job, r->login, r->group,
                   r->printer, r->printer_group, r->address, r->result,
                   r->impressions, r->sheets, r->pages, r->paper,
                   (int64_t)r->is_estimated, r->copies, r->sides, r->color,
                   r->media, r->finishings, r->page_ranges, r->at_ms,
                   hub_day_of(r->at_ms), hub_month_of(r->at_ms));
}

int
hub_release_set(struct hub_store *store, const struct hub_release *r)
{
    return hub_run_one(
        store,
        "UPDATE released SET event = ?, report = ?, login = ?,"
        " in_group = ?, address = ?,"
        " impressions = ?, sheets = ?, pages = ?, paper = ?, estimated = ?,"
        " copies = ?, sides = ?, color = ?, media = ?, finishings = ?,"
        " page_ranges = ? WHERE id = ?",
        "tttttiiiiiitttttt", or_null(r->event), or_null(r->report), r->login,
        r->group, r->address, r->impressions, r->sheets, r->pages, r->paper,
        (int64_t)r->is_estimated, r->copies, r->sides, r->color, r->media,
        r->finishings, r->page_ranges, r->id);
}

/* The one row of a statement that is bound. */
static int
one_release(sqlite3_stmt *stmt, struct hub_release *out_release)
{
    int err = hub_step(stmt);

    if (err == PH_OK) {
        hub_release_read(stmt, out_release);
        hub_reset(stmt);
    }
    return err;
}

int
hub_release_of_event(struct hub_store *store, const char *device,
                     const char *event, struct hub_release *out_release)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT " HUB_RELEASE_COLUMNS " FROM released"
                          " WHERE device = ? AND event = ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "tt", device, event);
    return err == PH_OK ? one_release(stmt, out_release) : err;
}

int
hub_release_of_report(struct hub_store *store, const char *printer,
                      const char *report, struct hub_release *out_release)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(store,
                          "SELECT " HUB_RELEASE_COLUMNS " FROM released"
                          " WHERE printer = ? AND report = ?",
                          &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "tt", printer, report);
    return err == PH_OK ? one_release(stmt, out_release) : err;
}

int
hub_release_half(struct hub_store *store, const char *device, const char *job,
                 const char *printer, bool of_printer,
                 struct hub_release *out_release)
{
    sqlite3_stmt *stmt = NULL;
    int err = hub_prepare(
        store,
        of_printer
            ? "SELECT " HUB_RELEASE_COLUMNS " FROM released WHERE device = ?"
              " AND job = ? AND printer = ? AND result = 'printed'"
              " AND event IS NULL ORDER BY at_ms LIMIT 1"
            : "SELECT " HUB_RELEASE_COLUMNS " FROM released WHERE device = ?"
              " AND job = ? AND printer = ? AND result = 'printed'"
              " AND report IS NULL ORDER BY at_ms LIMIT 1",
        &stmt);

    if (err == PH_OK)
        err = hub_bind(stmt, "ttt", device, job, printer);
    return err == PH_OK ? one_release(stmt, out_release) : err;
}

/* --- what is past --- */

int
hub_history_forget(struct hub_store *store, int64_t before_ms, int64_t rows_max,
                   bool *out_more)
{
    int err = hub_run(
        store,
        "UPDATE job SET personal_ms = 0, name = '', uuid = '', host = '',"
        " address = '', origin = '', source = '', reason = ''"
        " WHERE (device, job) IN (SELECT device, job FROM job"
        " WHERE personal_ms > 0 AND personal_ms < ? LIMIT ?)",
        "ii", before_ms, rows_max);

    *out_more = err == PH_OK && sqlite3_changes(store->db) == rows_max;
    return err;
}

int
hub_reports_forget(struct hub_store *store, int64_t before_ms, int64_t rows_max,
                   bool *out_more)
{
    int err = hub_run(store,
                      "DELETE FROM released WHERE id IN (SELECT id FROM"
                      " released WHERE at_ms < ? LIMIT ?)",
                      "ii", before_ms, rows_max);

    *out_more = err == PH_OK && sqlite3_changes(store->db) == rows_max;
    if (err == PH_OK)
        err = hub_run(store,
                      "DELETE FROM job WHERE (device, job) IN (SELECT device,"
                      " job FROM job WHERE at_ms < ? LIMIT ?)",
                      "ii", before_ms, rows_max);
    *out_more |= err == PH_OK && sqlite3_changes(store->db) == rows_max;
    return err;
}
