#include <stdio.h>

#include "client.h"
#include "command.h"
#include "print.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"

#define ID_COLUMNS    8
#define STATE_COLUMNS 8
#define TIME_COLUMNS  16
#define SPAN_COLUMNS  7
#define PAGES_COLUMNS 5
#define SIZE_COLUMNS  10
#define OWNER_COLUMNS 12
#define TITLE_LEAST   16

struct list {
    bool json;
    bool owners;
    size_t count;
    size_t unmapped;
    unsigned title_columns; /* 0: as long as it is */
};

/* What the fixed columns leave of the terminal's width. */
static unsigned
title_columns(bool owners)
{
    unsigned fixed = ID_COLUMNS + STATE_COLUMNS + TIME_COLUMNS + SPAN_COLUMNS +
                     PAGES_COLUMNS + 5 * 2;

    if (owners)
        fixed += OWNER_COLUMNS + 2;
    return ph_print_rest(fixed, TITLE_LEAST);
}

static void
print_head(const struct list *list)
{
    ph_print_cell(stdout, "JOB", ID_COLUMNS);
    ph_print_cell(stdout, "STATE", STATE_COLUMNS);
    ph_print_cell(stdout, "PRINTED", TIME_COLUMNS);
    ph_print_cell(stdout, "EXPIRES", SPAN_COLUMNS);
    ph_print_cell(stdout, "PAGES", PAGES_COLUMNS);
    if (list->owners)
        ph_print_cell(stdout, "OWNER", OWNER_COLUMNS);
    (void)puts("TITLE");
}

static void
print_row(const struct list *list, const struct ph_control_job *job)
{
    char id[PH_ID_TEXT], held[32], expires[32] = "-", pages[32] = "?";

    ph_id_format(&job->id, id);
    id[ID_COLUMNS] = '\0';
    ph_print_time(job->held_ms, held, sizeof(held));
    if (ph_job_state_has_document(job->state))
        ph_print_span(job->expires_ms - ph_clock_wall_ms(), expires,
                      sizeof(expires));
    if (job->ticket.impressions >= 0)
        (void)snprintf(pages, sizeof(pages), "%lld",
                       (long long)job->ticket.impressions);
    ph_print_cell(stdout, id, ID_COLUMNS);
    ph_print_cell(stdout, ph_job_state_name(job->state), STATE_COLUMNS);
    ph_print_cell(stdout, held, TIME_COLUMNS);
    ph_print_cell(stdout, expires, SPAN_COLUMNS);
    ph_print_cell(stdout, pages, PAGES_COLUMNS);
    if (list->owners)
        ph_print_cell(stdout, job->ticket.owner_name, OWNER_COLUMNS);
    (void)ph_print_text(stdout, job->ticket.job_name, list->title_columns);
    (void)fputc('\n', stdout);
}

static int
on_item(const void *body, size_t len, void *arg)
{
    struct list *list = arg;
    struct ph_control_job job;
    int err = ph_control_job_parse(body, len, &job);

    if (err != PH_OK)
        return err;
    if (list->json) {
        (void)fputs(list->count == 0 ? "[\n" : ",\n", stdout);
        (void)fwrite(body, 1, len, stdout);
    } else {
        if (list->count == 0)
            print_head(list);
        print_row(list, &job);
    }
    list->count++;
    list->unmapped += job.ticket.owner_login[0] == '\0' &&
                      ph_job_state_has_document(job.state);
    return PH_OK;
}

static void
print_end(const struct list *list, bool ended)
{
    if (list->json)
        (void)puts(list->count == 0 ? "[]" : "\n]");
    else if (list->count == 0)
        (void)puts(ended ? "No jobs." : "No held jobs.");
    if (!list->json && list->unmapped > 0)
        (void)printf("\nNo printer can get %zu of these jobs: %s.\n",
                     list->unmapped, ph_unmapped_remedy);
}

/* Who is near a limit should know before the next job waits in CUPS. */
static bool
is_near(int64_t used, int64_t max)
{
    return max > 0 && used >= max - max / 10;
}

static int
on_status(const void *body, size_t len, void *arg)
{
    struct ph_control_status status;
    char used[32], most[32];
    int err = ph_control_status_parse(body, len, &status);

    (void)arg;
    if (err != PH_OK)
        return err;
    if (is_near(status.your_jobs, status.your_jobs_max))
        (void)printf("\nYou hold %lld of the %lld jobs that you may hold; "
                     "more wait in the print queue.\n",
                     (long long)status.your_jobs,
                     (long long)status.your_jobs_max);
    if (is_near(status.your_bytes, status.your_bytes_max)) {
        ph_print_size((uint64_t)status.your_bytes, used, sizeof(used));
        ph_print_size((uint64_t)status.your_bytes_max, most, sizeof(most));
        (void)printf("\nYour jobs use %s of the %s that you may hold; more "
                     "wait in the print queue.\n",
                     used, most);
    }
    if (is_near(status.spool_bytes, status.spool_bytes_max))
        (void)puts("\nThe store for held jobs on this computer is nearly full; "
                   "jobs may wait in the print queue.");
    return PH_OK;
}

int
ph_cmd_jobs(const struct ph_command_line *line)
{
    struct ph_control_request request = {
        .op = PH_CONTROL_JOBS,
        .all = (line->options & PH_OPTION_ALL) != 0,
        .ended = (line->options & PH_OPTION_ENDED) != 0,
    };
    static const struct ph_control_request limits = {.op = PH_CONTROL_STATUS};
    struct list list = {.json = (line->options & PH_OPTION_JSON) != 0,
                        .owners = request.all,
                        .title_columns = title_columns(request.all)};
    struct ph_client client;
    struct ph_why why;
    int err = ph_client_open(&client, &why);

    if (err == PH_OK) {
        err = ph_client_ask(&client, &request, on_item, &list, &why);
        if (err == PH_OK)
            print_end(&list, request.ended);
        if (err == PH_OK && !list.json)
            err = ph_client_ask(&client, &limits, on_status, NULL, &why);
        ph_client_close(&client);
    }
    if (err != PH_OK)
        ph_command_complain(&why);
    return ph_command_exit_code(err);
}
