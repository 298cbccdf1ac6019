/* printhold-hub report ...: what was printed, read page by page beside a
 * running hub; what is written waits for whoever reads it, and nothing else. */
#include "cmd_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "store_usage.h"
#include "table.h"

#define PAGE_ROWS 500
#define SAY_ROWS  10000 /* so many rows between two words on standard error */
#define AGE_MAX_S (INT64_C(3660) * 86400)

/* --- what is asked --- */

/* "2026-11", "2026-11-21", "2026-11-21T19:30:00Z", or an age: "7d". */
static int
parse_when(const char *text, int64_t *out_ms)
{
    static const char *const rests[] = {"-01T00:00:00Z", "T00:00:00Z", ""};
    static const size_t lens[] = {7, 10, 0};
    uint64_t age_s;

    if (ph_parse_duration_s(text, 0, AGE_MAX_S, &age_s) == PH_OK) {
        *out_ms = ph_clock_wall_ms() - (int64_t)age_s * 1000;
        return PH_OK;
    }
    for (size_t i = 0; i < PH_COUNT(rests); i++) {
        char whole[64];

        if ((lens[i] != 0 && strlen(text) != lens[i]) || strlen(text) > 32)
            continue;
        (void)snprintf(whole, sizeof(whole), "%s%s", text, rests[i]);
        if (ph_clock_parse(whole, out_ms) == PH_OK)
            return PH_OK;
    }
    return PH_ERR_SYNTAX;
}

static int
take_span(struct hub_command *command, struct hub_span *out_span)
{
    const char *from = hub_command_value(command, HUB_OPTION_FROM, NULL);
    const char *to = hub_command_value(command, HUB_OPTION_TO, NULL);

    out_span->from_ms = 0;
    out_span->to_ms = INT64_MAX;
    if ((from != NULL && parse_when(from, &out_span->from_ms) != PH_OK) ||
        (to != NULL && parse_when(to, &out_span->to_ms) != PH_OK))
        return ph_why_fail(command->why, PH_ERR_INVALID,
                           "--from and --to take a month (2026-11), a day "
                           "(2026-11-21), a time (2026-11-21T19:30:00Z) or an "
                           "age (12h, 7d)");
    return PH_OK;
}

static int
take_format(struct hub_command *command, enum hub_table_format *out_format)
{
    const char *word = hub_command_value(command, HUB_OPTION_FORMAT,
                                         command->json ? "json" : "table");
    static const char *const words[] = {"table", "csv", "json"};

    for (size_t i = 0; i < PH_COUNT(words); i++) {
        if (strcmp(word, words[i]) == 0) {
            *out_format = (enum hub_table_format)i;
            return PH_OK;
        }
    }
    return ph_why_fail(command->why, PH_ERR_INVALID,
                       "--format is table, csv or json");
}

struct asked {
    enum hub_table_format format;
    struct hub_rows rows;
    char login[PH_LOGIN_MAX];
};

static int
take_asked(struct hub_command *command, struct asked *asked)
{
    const char *person = hub_command_value(command, HUB_OPTION_PERSON, NULL);
    int err = take_format(command, &asked->format);

    memset(&asked->rows, 0, sizeof(asked->rows));
    asked->login[0] = '\0';
    asked->rows.login = asked->login;
    asked->rows.after_ms = -1;
    asked->rows.max = PAGE_ROWS;
    if (err == PH_OK)
        err = take_span(command, &asked->rows.span);
    if (err == PH_OK && person != NULL)
        err = hub_command_login(command, person, asked->login);
    return err;
}

static int
fail_read(struct hub_command *command, int err)
{
    if (err == PH_ERR_IO)
        return ph_why_fail(command->why, err,
                           "cannot read the database or write the report");
    if (err != PH_OK && command->why->text[0] == '\0')
        ph_why_set(command->why, "cannot read the database: %s",
                   ph_err_text(err));
    return err;
}

/* --- pages of rows --- */

struct reading {
    struct hub_rows *rows;
    struct hub_table *table;
    size_t before; /* rows of the pages before */
    size_t count;  /* of jobs or releases in memory */
    struct hub_job *jobs;
    struct hub_release *releases;
    struct hub_device *printers; /* of the releases; blank: not known */
};

static void
say_progress(const struct hub_table *table)
{
    if (table->rows % SAY_ROWS == 0)
        (void)fprintf(stderr, "%zu rows\n", table->rows);
}

/* As put_submission writes them. */
#define SUBMISSION_COLUMNS                                                  \
    "job-name", "submission-ip", "job-originating-host-name", "job-uuid",   \
        "document-format", "driver", "source", "job-impressions", "copies", \
        "number-up", "sides", "print-color-mode", "media", "finishings",    \
        "orientation-requested", "print-quality", "output-bin",             \
        "multiple-document-handling", "size-bytes", "confidential"

static const char *const job_columns[] = {
    "job-id",    "person", "group", "workstation", "host",
    "submitted", "state",  "since", "reason",      SUBMISSION_COLUMNS,
};

static void
put_submission(struct hub_table *table, const struct ph_ticket *t)
{
    hub_table_text(table, t->job_name);
    hub_table_text(table, t->submission_ip);
    hub_table_text(table, t->submission_host);
    hub_table_text(table, t->job_uuid);
    hub_table_text(table, t->document_format);
    hub_table_text(table, t->driver);
    hub_table_text(table, t->source);
    hub_table_number(table, t->impressions);
    hub_table_number(table, t->copies);
    hub_table_number(table, t->number_up);
    hub_table_text(table, t->sides);
    hub_table_text(table, t->print_color_mode);
    hub_table_text(table, t->media);
    hub_table_text(table, t->finishings);
    hub_table_text(table, t->orientation_requested);
    hub_table_text(table, t->print_quality);
    hub_table_text(table, t->output_bin);
    hub_table_text(table, t->multiple_document_handling);
    hub_table_number(table, t->size_bytes);
    hub_table_text(table, t->confidential ? "yes" : "no");
}

static int
put_job(struct hub_table *table, const struct hub_job *job)
{
    hub_table_text(table, job->id);
    hub_table_text(table, job->login);
    hub_table_text(table, job->group);
    hub_table_text(table, job->device);
    hub_table_text(table, job->host);
    hub_table_time(table, job->at_ms);
    hub_table_text(table, ph_job_state_name(job->state));
    hub_table_time(table, job->state_ms);
    hub_table_text(table, job->reason);
    put_submission(table, &job->ticket);
    return hub_table_row(table);
}

static const char *const release_columns[] = {
    "release-id",    "job-id",
    "final-date",    "final-action",
    "release-user",  "group",
    "printer",       "final-site",
    "release-ip",    "release-host-name",
    "release-model", "release-type",
    "pages",         "sheets",
    "estimated",     "copies-printed",
    "sides-printed", "print-color-mode-printed",
    "paper-size",    "finishings-printed",
    "page-ranges",   "told-by",
    "workstation",   "host",
    "submitted",     SUBMISSION_COLUMNS,
};

_Static_assert(PH_COUNT(release_columns) <= HUB_TABLE_COLUMNS_MAX,
               "columns fit");

static int
put_release(struct hub_table *table, const struct hub_release *r,
            const struct hub_job *job, const struct hub_device *printer)
{
    const bool both = r->event[0] != '\0' && r->report[0] != '\0';

    hub_table_text(table, r->id);
    hub_table_text(table, r->job);
    hub_table_time(table, r->at_ms);
    hub_table_text(table, r->result);
    hub_table_text(table, r->login);
    hub_table_text(table, r->group);
    hub_table_text(table, r->printer);
    hub_table_text(table, r->printer_group);
    hub_table_text(table, r->address);
    hub_table_text(table, printer->name);
    hub_table_text(table, printer->model);
    hub_table_text(table, printer->type);
    hub_table_number(table, r->pages);
    hub_table_number(table, r->paper);
    hub_table_text(table, r->is_estimated ? "yes" : "no");
    hub_table_number(table, r->copies);
    hub_table_text(table, r->sides);
    hub_table_text(table, r->color);
    hub_table_text(table, r->media);
    hub_table_text(table, r->finishings);
    hub_table_text(table, r->page_ranges);
    hub_table_text(table, both                  ? "both"
                          : r->event[0] != '\0' ? "workstation"
                                                : "printer");
    hub_table_text(table, r->device);
    hub_table_text(table, job->host);
    hub_table_time(table, job->at_ms);
    put_submission(table, &job->ticket);
    return hub_table_row(table);
}

/* A page is taken in a transaction and written after it: who reads slowly keeps
 * nobody waiting. */
static int
keep_job(const struct hub_job *job, void *arg)
{
    struct reading *reading = arg;

    reading->jobs[reading->count++] = *job;
    return PH_OK;
}

static int
keep_release(const struct hub_release *release, const struct hub_job *job,
             void *arg)
{
    struct reading *reading = arg;

    reading->releases[reading->count] = *release;
    reading->jobs[reading->count++] = *job;
    return PH_OK;
}

/* What they are now: the report itself has but their ids. */
static int
find_printers(struct hub_store *store, struct reading *reading)
{
    for (size_t i = 0; i < reading->count; i++) {
        struct hub_device *printer = &reading->printers[i];
        int err = hub_device_get(store, reading->releases[i].printer, printer);

        if (err == PH_ERR_NOT_FOUND)
            memset(printer, 0, sizeof(*printer));
        else if (err != PH_OK)
            return err;
    }
    return PH_OK;
}

static int
read_page(struct hub_command *command, struct reading *reading)
{
    struct hub_store *store = command->hub->store;
    int err = hub_store_begin_read(store);

    reading->count = 0;
    if (err != PH_OK)
        return err;
    err = reading->releases != NULL
              ? hub_release_each(store, reading->rows, keep_release, reading)
              : hub_job_each(store, reading->rows, keep_job, reading);
    if (err == PH_OK && reading->releases != NULL)
        err = find_printers(store, reading);
    return hub_store_end(store, err);
}

static int
put_page(struct reading *reading)
{
    struct hub_rows *rows = reading->rows;
    int err = PH_OK;

    for (size_t i = 0; i < reading->count && err == PH_OK; i++) {
        const struct hub_job *job = &reading->jobs[i];

        err = reading->releases != NULL
                  ? put_release(reading->table, &reading->releases[i], job,
                                &reading->printers[i])
                  : put_job(reading->table, job);
        say_progress(reading->table);
    }
    if (reading->count == 0)
        return err;
    if (reading->releases != NULL) {
        const struct hub_release *last = &reading->releases[reading->count - 1];

        rows->after_ms = last->at_ms;
        memcpy(rows->after_id, last->id, sizeof(rows->after_id));
    } else {
        const struct hub_job *last = &reading->jobs[reading->count - 1];

        rows->after_ms = last->at_ms;
        memcpy(rows->after_device, last->device, sizeof(rows->after_device));
        memcpy(rows->after_id, last->id, sizeof(rows->after_id));
    }
    return err;
}

static void
free_reading(struct reading *reading)
{
    free(reading->jobs);
    free(reading->releases);
    free(reading->printers);
}

static int
put_pages(struct hub_command *command, struct asked *asked, bool of_releases)
{
    struct hub_table table;
    struct reading reading = {.rows = &asked->rows, .table = &table};
    int err;

    reading.jobs = calloc(PAGE_ROWS, sizeof(*reading.jobs));
    if (of_releases) {
        reading.releases = calloc(PAGE_ROWS, sizeof(*reading.releases));
        reading.printers = calloc(PAGE_ROWS, sizeof(*reading.printers));
    }
    if (reading.jobs == NULL || (of_releases && (reading.releases == NULL ||
                                                 reading.printers == NULL))) {
        free_reading(&reading);
        return PH_ERR_NOMEM;
    }
    if (of_releases)
        hub_table_begin(&table, asked->format, release_columns,
                        PH_COUNT(release_columns));
    else
        hub_table_begin(&table, asked->format, job_columns,
                        PH_COUNT(job_columns));
    do {
        err = read_page(command, &reading);
        if (err == PH_OK)
            err = put_page(&reading);
    } while (err == PH_OK && reading.count == PAGE_ROWS);
    free_reading(&reading);
    if (err != PH_OK) { /* what was written is no whole report */
        (void)hub_table_end(&table);
        return err;
    }
    return hub_table_end(&table);
}

static int
report_rows(struct hub_command *command, bool of_releases)
{
    struct asked asked;
    int err = take_asked(command, &asked);

    return err == PH_OK
               ? fail_read(command, put_pages(command, &asked, of_releases))
               : err;
}

int
hub_cmd_report_jobs(struct hub_command *command)
{
    return report_rows(command, false);
}

int
hub_cmd_report_releases(struct hub_command *command)
{
    return report_rows(command, true);
}

/* --- usage --- */

static const char *const usage_columns[] = {
    "person",    "jobs",  "deleted", "expired",     "failed",
    "releases",  "pages", "sheets",  "color-pages", "two-sided-pages",
    "estimated",
};

static void
put_key(struct hub_table *table, enum hub_usage_by by, const char *key)
{
    char text[PH_TIME_TEXT];
    const int64_t number = strtoll(key, NULL, 10);

    switch (by) {
    case HUB_USAGE_DAY:
        ph_clock_format(number * 86400000, text);
        text[10] = '\0';
        break;
    case HUB_USAGE_MONTH:
        ph_clock_format(hub_month_start(number), text);
        text[7] = '\0';
        break;
    default:
        hub_table_text(table, key);
        return;
    }
    hub_table_text(table, text);
}

struct summing {
    struct hub_table *table;
    enum hub_usage_by by;
};

static int
put_usage(const struct hub_usage *usage, void *arg)
{
    struct summing *summing = arg;
    struct hub_table *table = summing->table;

    put_key(table, summing->by, usage->key);
    hub_table_number(table, usage->jobs);
    hub_table_number(table, usage->deleted);
    hub_table_number(table, usage->expired);
    hub_table_number(table, usage->failed);
    hub_table_number(table, usage->releases);
    hub_table_number(table, usage->pages);
    hub_table_number(table, usage->sheets);
    hub_table_number(table, usage->color_pages);
    hub_table_number(table, usage->two_sided_pages);
    hub_table_number(table, usage->estimated);
    return hub_table_row(table);
}

static int
sum(struct hub_command *command, const struct hub_span *span,
    struct summing *summing)
{
    struct hub_store *store = command->hub->store;
    int err = hub_store_begin_read(store);

    if (err != PH_OK)
        return err;
    return hub_store_end(
        store, hub_usage_each(store, summing->by, span, put_usage, summing));
}

int
hub_cmd_report_usage(struct hub_command *command)
{
    static const char *const words[HUB_USAGE_KINDS] = {
        "person", "group", "printer", "day", "month"};
    const char *by = hub_command_value(command, HUB_OPTION_BY, "person");
    const char *columns[PH_COUNT(usage_columns)];
    struct hub_table table;
    struct summing summing = {.table = &table, .by = HUB_USAGE_KINDS};
    enum hub_table_format format;
    struct hub_span span;
    int err = take_format(command, &format), end;

    for (size_t i = 0; i < PH_COUNT(words); i++) {
        if (strcmp(by, words[i]) == 0)
            summing.by = (enum hub_usage_by)i;
    }
    if (err == PH_OK && summing.by == HUB_USAGE_KINDS)
        err = ph_why_fail(command->why, PH_ERR_INVALID,
                          "--by is person, group, printer, day or month");
    if (err == PH_OK)
        err = take_span(command, &span);
    if (err != PH_OK)
        return err;
    memcpy(columns, usage_columns, sizeof(columns));
    columns[0] = words[summing.by];
    hub_table_begin(&table, format, columns, PH_COUNT(columns));
    err = sum(command, &span, &summing);
    end = hub_table_end(&table);
    return fail_read(command, err != PH_OK ? err : end);
}
