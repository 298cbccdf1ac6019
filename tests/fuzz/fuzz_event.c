/* Events as a hub takes them from a broker. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/event_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const char *text, size_t cap)
{
    if (memchr(text, '\0', cap) == NULL)
        abort();
}

static void
check_job(const struct ph_job_said *job)
{
    check(job->login, sizeof(job->login));
    check(job->reason, sizeof(job->reason));
    check(job->ticket.job_name, sizeof(job->ticket.job_name));
    check(job->release.printer, sizeof(job->release.printer));
    check(job->release.key, sizeof(job->release.key));
    if (job->login[0] == '\0' || job->ticket.impressions > PH_EVENT_COUNT_MAX ||
        job->ticket.copies < 1 || job->ticket.copies > 9999 ||
        job->release.impressions > PH_EVENT_COUNT_MAX ||
        job->release.sheets > PH_EVENT_COUNT_MAX)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_event_said said;
    struct ph_why why = {""};

    if (ph_event_read(data, size, "acme", &said, &why) != PH_OK)
        return 0;
    check(said.workstation, sizeof(said.workstation));
    if (said.workstation[0] == '\0')
        abort();
    if (said.kind == PH_EVENT_JOB)
        check_job(&said.u.job);
    else if (said.kind == PH_EVENT_COMMAND_DONE &&
             said.u.command.result.busy_named > PH_COMMAND_JOBS_MAX)
        abort();
    return 0;
}
