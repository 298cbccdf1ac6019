/*
 * What was submitted, and what came out at printers: one row for a job, one for
 * each release of it, whoever tells of it. Between hub_store_begin and
 * hub_store_end.
 */
#ifndef PRINTHOLD_HUB_STORE_REPORTS_H
#define PRINTHOLD_HUB_STORE_REPORTS_H

#include <stdbool.h>

#include "printhold/base/id.h"
#include "printhold/model/job.h"
#include "printhold/model/ticket.h"
#include "store.h"

#define HUB_REASON_MAX 256

struct hub_job {
    char device[HUB_ID_MAX];
    char id[PH_ID_TEXT];
    char login[PH_LOGIN_MAX]; /* empty: erased */
    char group[HUB_ID_MAX];   /* the person's, then */
    char host[PH_TICKET_TEXT_MAX];
    enum ph_job_state state;
    int64_t state_ms; /* since when */
    char reason[HUB_REASON_MAX];
    int64_t at_ms;           /* of the submission */
    int64_t personal_ms;     /* since when it is history; 0: that is gone */
    struct ph_ticket ticket; /* submission and choices only */
};

/* A new job, or nothing when it is known. */
int hub_job_add(struct hub_store *store, const struct hub_job *job);
/* Its newest state; an older one than that which is known is nothing. A job is
 * held before it is anything else, whatever the clocks say. */
int hub_job_move(struct hub_store *store, const struct hub_job *job);
int hub_job_get(struct hub_store *store, const char *device, const char *id,
                struct hub_job *out_job);

struct hub_release {
    char id[PH_ID_TEXT];     /* of who told first */
    char event[PH_ID_TEXT];  /* the workstation's; empty: not yet */
    char report[PH_ID_TEXT]; /* the printer's; empty: not yet */
    char device[HUB_ID_MAX];
    char job[PH_ID_TEXT];
    char login[PH_LOGIN_MAX];
    char group[HUB_ID_MAX];
    char printer[HUB_ID_MAX];
    char printer_group[HUB_ID_MAX];
    char address[PH_TICKET_WORD_MAX];
    char result[16];
    int64_t impressions; /* as the printer said; -1: it did not */
    int64_t sheets;
    int64_t pages; /* as they count */
    int64_t paper;
    bool is_estimated; /* of what the job says of itself */
    int64_t copies;
    char sides[PH_TICKET_WORD_MAX];
    char color[PH_TICKET_WORD_MAX];
    char media[PH_TICKET_WORD_MAX];
    char finishings[PH_TICKET_TEXT_MAX];
    char page_ranges[PH_TICKET_TEXT_MAX];
    int64_t at_ms;
};

int hub_release_add(struct hub_store *store, const struct hub_release *release);
/* Event, report, counts and choices. */
int hub_release_set(struct hub_store *store, const struct hub_release *release);
int hub_release_of_event(struct hub_store *store, const char *device,
                         const char *event, struct hub_release *out_release);
int hub_release_of_report(struct hub_store *store, const char *printer,
                          const char *report, struct hub_release *out_release);
/* The oldest printed one of this job at this printer that only the printer, or
 * only the workstation, has told of. */
int hub_release_half(struct hub_store *store, const char *device,
                     const char *job, const char *printer, bool of_printer,
                     struct hub_release *out_release);

/* Days since 1970-01-01, and months since January 1970, of UTC. */
int64_t hub_day_of(int64_t at_ms);
int64_t hub_month_of(int64_t at_ms);
/* The first ms of it. */
int64_t hub_month_start(int64_t month);

/* At most so many rows of what is past: personal fields of jobs that were
 * history before, jobs and releases of before. *out_more: there may be more. */
int hub_history_forget(struct hub_store *store, int64_t before_ms,
                       int64_t rows_max, bool *out_more);
int hub_reports_forget(struct hub_store *store, int64_t before_ms,
                       int64_t rows_max, bool *out_more);

/* Inside of the store: the columns in their order, read. */
#define HUB_JOB_COLUMNS                                                   \
    "device, job, login, in_group, host, state, state_ms, reason, at_ms," \
    " personal_ms, name, uuid, address, origin, format, driver, source,"  \
    " sides, color, media, finishings, orientation, quality, output_bin," \
    " handling, impressions, copies, number_up, size, confidential"
#define HUB_RELEASE_COLUMNS                                               \
    "id, event, report, device, job, login, in_group, printer,"           \
    " printer_group, address, result, impressions, sheets, pages, paper," \
    " estimated, copies, sides, color, media, finishings, page_ranges, at_ms"
struct sqlite3_stmt;
void hub_job_read(struct sqlite3_stmt *stmt, struct hub_job *job);
void hub_release_read(struct sqlite3_stmt *stmt, struct hub_release *release);

#endif
