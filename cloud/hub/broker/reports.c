#include "reports.h"

#include <string.h>

#include "printhold/base/err.h"
#include "store_reports.h"

#define AHEAD_MS   (INT64_C(5) * 60 * 1000) /* a clock that is fast */
#define BATCH_ROWS 500
#define HOLD_MS    (INT64_C(7) * 86400 * 1000) /* no job is held for longer */

static void
copy(char *dst, size_t cap, const char *text)
{
    const size_t len = strnlen(text, cap - 1);

    memcpy(dst, text, len);
    dst[len] = '\0';
}

static int
optional(int err)
{
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

/* The person's group today; of somebody who is not known none. */
static int
find_group(struct hub *hub, const char *login, char group[HUB_ID_MAX])
{
    struct hub_person person = {.group = ""};
    int err = optional(hub_person_get(hub->store, login, &person));

    copy(group, HUB_ID_MAX, person.group);
    return err;
}

/* --- what counts --- */

static bool
is_two_sided(const char *sides)
{
    return strncmp(sides, "two-sided", 9) == 0;
}

/* Of what the job says of itself, when the printer did not say. */
static void
count(struct hub_release *release, const struct ph_ticket *ticket)
{
    const bool is_printed = strcmp(release->result, "printed") == 0;
    const int64_t of_one =
        is_printed && ticket->impressions > 0 ? ticket->impressions : 0;
    const int64_t of_sheet = is_two_sided(release->sides) ? 2 : 1;

    release->pages = release->impressions >= 0 ? release->impressions
                                               : of_one * release->copies;
    if (release->sheets >= 0)
        release->paper = release->sheets;
    else if (release->impressions >= 0)
        release->paper = (release->impressions + of_sheet - 1) / of_sheet;
    else
        release->paper = (of_one + of_sheet - 1) / of_sheet * release->copies;
    release->is_estimated = release->impressions < 0 || release->sheets < 0;
}

static void
choose(char *dst, size_t cap, const char *chosen, const char *asked)
{
    copy(dst, cap, chosen[0] != '\0' ? chosen : asked);
}

static void
take_choices(struct hub_release *release, const struct ph_ticket *ticket,
             const struct ph_release_choices *chosen)
{
    release->copies = chosen->copies > 0   ? chosen->copies
                      : ticket->copies > 0 ? ticket->copies
                                           : 1;
    choose(release->sides, sizeof(release->sides), chosen->sides,
           ticket->sides);
    choose(release->color, sizeof(release->color), chosen->print_color_mode,
           ticket->print_color_mode);
    choose(release->finishings, sizeof(release->finishings), chosen->finishings,
           ticket->finishings);
    copy(release->media, sizeof(release->media), ticket->media);
    copy(release->page_ranges, sizeof(release->page_ranges),
         chosen->page_ranges);
}

/* --- what workstations tell --- */

static int64_t
no_later(int64_t at_ms, int64_t now_ms)
{
    return at_ms > now_ms + AHEAD_MS ? now_ms : at_ms;
}

static int
fill_job(struct hub *hub, const struct ph_event_said *said, int64_t at_ms,
         struct hub_job *job)
{
    const struct ph_job_said *told = &said->u.job;
    const int64_t submitted_ms = told->ticket.submitted_ms;
    const bool is_held = told->state == PH_JOB_HELD;

    copy(job->device, sizeof(job->device), said->workstation);
    ph_id_format(&told->job, job->id);
    copy(job->login, sizeof(job->login), told->login);
    copy(job->host, sizeof(job->host), said->host);
    job->state = told->state;
    job->state_ms = at_ms;
    copy(job->reason, sizeof(job->reason), told->reason);
    /* It is captured, and held from then on. */
    job->at_ms = submitted_ms > at_ms - 2 * HOLD_MS && submitted_ms <= at_ms
                     ? submitted_ms
                     : at_ms;
    job->personal_ms = is_held ? at_ms + HOLD_MS : at_ms;
    job->ticket = told->ticket;
    return find_group(hub, job->login, job->group);
}

static int
find_half(struct hub *hub, const struct hub_job *job,
          const struct ph_release_report *told, struct hub_release *release)
{
    struct ph_id id;
    int err;

    if (told->key[0] != '\0' && ph_id_parse(told->key, &id) == PH_OK) {
        err = hub_release_of_report(hub->store, told->printer, told->key,
                                    release);
        if (err == PH_OK && (release->event[0] != '\0' ||
                             strcmp(release->device, job->device) != 0 ||
                             strcmp(release->job, job->id) != 0))
            err = PH_ERR_NOT_FOUND; /* the printer gave one name twice */
        return err;
    }
    return hub_release_half(hub->store, job->device, job->id, told->printer,
                            true, release);
}

static int
fill_release(struct hub *hub, const struct hub_job *job,
             const struct ph_release_report *told, struct hub_release *release)
{
    struct hub_device printer = {.group = ""};
    int err = optional(hub_device_get(hub->store, told->printer, &printer));

    copy(release->device, sizeof(release->device), job->device);
    copy(release->job, sizeof(release->job), job->id);
    copy(release->login, sizeof(release->login), job->login);
    copy(release->group, sizeof(release->group), job->group);
    copy(release->printer, sizeof(release->printer), told->printer);
    copy(release->printer_group, sizeof(release->printer_group), printer.group);
    copy(release->result, sizeof(release->result), told->result);
    release->impressions = release->sheets = -1;
    return err;
}

/* What the event says beside what is known already. */
static void
join_event(struct hub_release *release, const struct hub_job *job,
           const struct ph_release_report *told, const char *event)
{
    copy(release->event, sizeof(release->event), event);
    copy(release->address, sizeof(release->address), told->address);
    if (release->login[0] == '\0') { /* the printer did not know whose */
        copy(release->login, sizeof(release->login), job->login);
        copy(release->group, sizeof(release->group), job->group);
    }
    if (release->impressions < 0)
        release->impressions = told->impressions;
    if (release->sheets < 0)
        release->sheets = told->sheets;
    take_choices(release, &job->ticket, &told->choices);
    count(release, &job->ticket);
}

static int
take_release(struct hub *hub, const struct hub_job *job,
             const struct ph_event_said *said)
{
    const struct ph_release_report *told = &said->u.job.release;
    struct hub_release release = {.at_ms = job->state_ms};
    char event[PH_ID_TEXT];
    bool is_new;
    int err;

    ph_id_format(&said->id, event);
    err = hub_release_of_event(hub->store, job->device, event, &release);
    if (err != PH_ERR_NOT_FOUND)
        return err == PH_OK ? PH_ERR_EXISTS : err;
    err = find_half(hub, job, told, &release);
    is_new = err == PH_ERR_NOT_FOUND;
    if (is_new) {
        release = (struct hub_release){.at_ms = job->state_ms};
        copy(release.id, sizeof(release.id), event);
        err = fill_release(hub, job, told, &release);
    }
    if (err != PH_OK)
        return err;
    join_event(&release, job, told, event);
    return is_new ? hub_release_add(hub->store, &release)
                  : hub_release_set(hub->store, &release);
}

int
hub_report_event(struct hub *hub, const struct ph_event_said *said,
                 int64_t now_ms)
{
    const int64_t at_ms = no_later(said->time_ms, now_ms);
    struct hub_job job = {.at_ms = 0};
    int err;

    if (at_ms < now_ms - (int64_t)hub->config->report_keep_s * 1000)
        return PH_ERR_DENIED;
    err = fill_job(hub, said, at_ms, &job);
    if (err == PH_OK)
        err = hub_job_add(hub->store, &job);
    if (err == PH_OK)
        err = hub_job_move(hub->store, &job);
    if (err == PH_OK && said->u.job.state == PH_JOB_RELEASED &&
        said->u.job.release.printer[0] != '\0')
        err = take_release(hub, &job, said);
    return err;
}

/* --- what printers tell --- */

static int
find_other_half(struct hub *hub, const struct ph_printer_report *report,
                const char *job, const char *printer,
                struct hub_release *release)
{
    if (strcmp(report->result, "printed") != 0)
        return PH_ERR_NOT_FOUND; /* workstations tell of what was printed */
    return hub_release_half(hub->store, report->workstation, job, printer,
                            false, release);
}

static int
start_report(struct hub *hub, const struct ph_printer_report *report,
             const char *login, const struct hub_device *printer,
             struct hub_release *release)
{
    copy(release->device, sizeof(release->device), report->workstation);
    ph_id_format(&report->job, release->job);
    copy(release->login, sizeof(release->login), login);
    copy(release->printer, sizeof(release->printer), printer->id);
    copy(release->printer_group, sizeof(release->printer_group),
         printer->group);
    copy(release->result, sizeof(release->result), report->result);
    return find_group(hub, login, release->group);
}

int
hub_report_release(struct hub *hub, const struct ph_printer_report *report,
                   const char *login, const struct hub_device *printer,
                   int64_t now_ms)
{
    static const struct ph_release_choices none = {.copies = 0};
    struct hub_release release = {.at_ms = now_ms};
    struct hub_job job;
    char id[PH_ID_TEXT], of_job[PH_ID_TEXT];
    bool is_new;
    int err;

    ph_id_format(&report->id, id);
    ph_id_format(&report->job, of_job);
    err = hub_release_of_report(hub->store, printer->id, id, &release);
    if (err != PH_ERR_NOT_FOUND)
        return err == PH_OK ? PH_ERR_EXISTS : err;
    ph_ticket_init(&job.ticket);
    err = optional(hub_job_get(hub->store, report->workstation, of_job, &job));
    if (err != PH_OK)
        return err;
    err = find_other_half(hub, report, of_job, printer->id, &release);
    is_new = err == PH_ERR_NOT_FOUND;
    if (is_new) {
        release = (struct hub_release){.at_ms = now_ms};
        copy(release.id, sizeof(release.id), id);
        err = start_report(hub, report, login, printer, &release);
        take_choices(&release, &job.ticket, &none);
    }
    copy(release.report, sizeof(release.report), id);
    release.impressions = report->impressions >= 0 || is_new
                              ? report->impressions
                              : release.impressions;
    release.sheets =
        report->sheets >= 0 || is_new ? report->sheets : release.sheets;
    count(&release, &job.ticket);
    if (err != PH_OK)
        return err;
    return is_new ? hub_release_add(hub->store, &release)
                  : hub_release_set(hub->store, &release);
}

/* --- what is past --- */

typedef int (*forget)(struct hub_store *store, int64_t before_ms,
                      int64_t rows_max, bool *out_more);

static int
forget_before(struct hub_store *store, forget fn, int64_t before_ms)
{
    bool more = true;
    int err = PH_OK;

    while (err == PH_OK && more) {
        err = hub_store_begin(store);
        if (err == PH_OK)
            err = hub_store_end(store, fn(store, before_ms, BATCH_ROWS, &more));
    }
    return err;
}

int
hub_report_forget(struct hub *hub, int64_t now_ms)
{
    const struct hub_config *config = hub->config;
    int err = forget_before(hub->store, hub_history_forget,
                            now_ms - (int64_t)config->report_history_s * 1000);

    return err == PH_OK
               ? forget_before(hub->store, hub_reports_forget,
                               now_ms - (int64_t)config->report_keep_s * 1000)
               : err;
}
