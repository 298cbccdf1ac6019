#include "printhold/model/ticket.h"

#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

#define COPIES_MAX    9999
#define NUMBER_UP_MAX 256

void
ph_ticket_init(struct ph_ticket *ticket)
{
    memset(ticket, 0, sizeof(*ticket));
    ticket->owner_uid = UINT32_MAX; /* nobody: uid_t -1 is never an account */
    ticket->submitted_ms = -1;
    ticket->attempt_s = -1;
    ticket->cups_job_id = -1;
    ticket->size_bytes = -1;
    ticket->impressions = -1;
    ticket->number_up = 1;
    ticket->copies = 1;
}

/* Is the text what ph_utf8_clean would leave? */
static bool
is_clean(const char *text, size_t cap)
{
    char clean[PH_TICKET_TITLE_MAX];

    if (memchr(text, '\0', cap) == NULL)
        return false;
    ph_utf8_clean(text, clean, sizeof(clean));
    return strcmp(text, clean) == 0;
}

static bool
texts_are_clean(const struct ph_ticket *t)
{
    const struct {
        const char *text;
        size_t cap;
    } texts[] = {
        {t->owner_name, sizeof(t->owner_name)},
        {t->owner_auth, sizeof(t->owner_auth)},
        {t->owner_login, sizeof(t->owner_login)},
        {t->submission_host, sizeof(t->submission_host)},
        {t->submission_ip, sizeof(t->submission_ip)},
        {t->job_uuid, sizeof(t->job_uuid)},
        {t->queue, sizeof(t->queue)},
        {t->job_name, sizeof(t->job_name)},
        {t->document_format, sizeof(t->document_format)},
        {t->driver, sizeof(t->driver)},
        {t->source, sizeof(t->source)},
        {t->sides, sizeof(t->sides)},
        {t->print_color_mode, sizeof(t->print_color_mode)},
        {t->media, sizeof(t->media)},
        {t->finishings, sizeof(t->finishings)},
        {t->orientation_requested, sizeof(t->orientation_requested)},
        {t->print_quality, sizeof(t->print_quality)},
        {t->output_bin, sizeof(t->output_bin)},
        {t->multiple_document_handling, sizeof(t->multiple_document_handling)},
    };

    for (size_t i = 0; i < PH_COUNT(texts); i++) {
        if (!is_clean(texts[i].text, texts[i].cap))
            return false;
    }
    return true;
}

static bool
auth_is_known(const struct ph_ticket *t)
{
    if (strcmp(t->owner_auth, "root") == 0)
        return t->owner_uid == 0;
    return strcmp(t->owner_auth, "peercred") == 0 ||
           strcmp(t->owner_auth, "password") == 0;
}

int
ph_ticket_check(const struct ph_ticket *ticket, struct ph_why *why)
{
    if (!texts_are_clean(ticket))
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the job's ticket holds text that is not clean "
                           "UTF-8");
    if (ticket->owner_uid == UINT32_MAX || ticket->owner_name[0] == '\0' ||
        !auth_is_known(ticket))
        return ph_why_fail(why, PH_ERR_DENIED,
                           "the job has no proven owner; print to the queue "
                           "itself, as a signed-in user of this computer");
    if (ticket->copies < 1 || ticket->copies > COPIES_MAX)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the number of copies must be 1 to %d", COPIES_MAX);
    if (ticket->number_up < 1 || ticket->number_up > NUMBER_UP_MAX)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "the pages per side must be 1 to %d", NUMBER_UP_MAX);
    return PH_OK;
}
