#include "jobinfo.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owner.h"
#include "ppd.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/utf8.h"

static bool
environment_is(const char *name, const char *value)
{
    const char *found = getenv(name);

    return found != NULL && strcmp(found, value) == 0;
}

/* The type at the end of the filter chain, as our PPD names it. */
static bool
pdf_is_expected(void)
{
    return environment_is("FINAL_CONTENT_TYPE", "application/pdf") ||
           environment_is("FINAL_CONTENT_TYPE", "application/vnd.cups-pdf");
}

/* The driver's name, and the queue's defaults below what the job says. */
static void
apply_ppd(const char *path, struct ph_ticket *ticket)
{
    struct ph_ppd ppd;

    ph_ppd_read(path, &ppd);
    (void)snprintf(ticket->driver, sizeof(ticket->driver), "%s", ppd.nickname);
    ph_ticket_apply_options(ticket, ppd.defaults);
}

/* When cupsd started this attempt at the job: the ticket does not keep it, the
 * agent tells repeats by it. */
static int64_t
find_attempt(const char *options)
{
    char name[PH_TICKET_WORD_MAX], value[PH_TICKET_WORD_MAX];
    const char *pos = options;
    uint64_t seconds;

    while (
        ph_ticket_next_option(&pos, name, sizeof(name), value, sizeof(value))) {
        if (strcmp(name, "time-at-processing") == 0 &&
            ph_parse_u64(value, 1, UINT32_MAX, &seconds) == PH_OK)
            return (int64_t)seconds;
    }
    return -1;
}

static void
fill_ticket(const struct ph_arguments *arguments, struct ph_ticket *ticket)
{
    const char *queue = getenv("PRINTER");
    const char *ppd = getenv("PPD");
    uint64_t copies;

    if (ppd != NULL)
        apply_ppd(ppd, ticket);
    ph_ticket_apply_options(ticket, arguments->options);
    /* cupsd's own count wins over an option of the client. */
    if (ph_parse_u64(arguments->copies, 1, 9999, &copies) == PH_OK)
        ticket->copies = (int32_t)copies;
    ph_utf8_clean(arguments->title, ticket->job_name, sizeof(ticket->job_name));
    if (queue != NULL)
        ph_utf8_clean(queue, ticket->queue, sizeof(ticket->queue));
    if (ticket->submitted_ms < 0)
        ticket->submitted_ms = ph_clock_wall_ms();
}

bool
ph_jobinfo_is_banner(void)
{
    return environment_is("CUPS_FILETYPE", "job-sheet");
}

int
ph_jobinfo_read(const struct ph_arguments *arguments,
                struct ph_jobinfo *out_info, struct ph_why *why)
{
    struct ph_jobinfo info = {0};
    uint64_t id;
    int err;

    ph_ticket_init(&info.ticket);
    if (ph_parse_u64(arguments->job_id, 1, INT32_MAX, &id) != PH_OK)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the job number that CUPS gave is none");
    info.ticket.cups_job_id = (int32_t)id;
    info.is_filtered = arguments->file == NULL;
    info.is_pdf_expected = info.is_filtered && pdf_is_expected();
    info.attempt_s = find_attempt(arguments->options);
    fill_ticket(arguments, &info.ticket);
    err = ph_owner_resolve(getenv("AUTH_UID"), getenv("AUTH_USERNAME"),
                           &info.ticket, why);
    if (err != PH_OK)
        return err;
    *out_info = info;
    return PH_OK;
}
