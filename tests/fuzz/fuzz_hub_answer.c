/* What a station reads from the hub. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hub_messages.h"
#include "printhold/base/err.h"
#include "printhold/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct ph_hub_workstation *ws)
{
    if (ws->id[0] == '\0' || strchr(ws->id, '/') != NULL ||
        strpbrk(ws->grant, "\"\\ \r\n") != NULL ||
        ws->address_count > PH_HUB_ADDRESSES_MAX ||
        ws->job_count > PH_HUB_JOBS_MAX)
        abort();
    for (size_t i = 0; i < ws->job_count; i++)
        if (strlen(ws->job[i].id) != PH_ID_TEXT - 1 ||
            !ph_utf8_valid(ws->job[i].title, strlen(ws->job[i].title)) ||
            strpbrk(ws->job[i].title, "\033\r\n") != NULL)
            abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_hub_answer answer;

    if (ph_hub_answer_parse(data, size, &answer) != PH_OK)
        return 0;
    if (strpbrk(answer.session, " \r\n\"") != NULL)
        abort();
    for (size_t i = 0; i < answer.workstation_count; i++)
        check(&answer.workstation[i]);
    ph_hub_answer_free(&answer);
    return 0;
}
