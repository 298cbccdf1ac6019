/* What cupsd answers: taken or refused, never more. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cups_ipp.h"
#include "printhold/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct ph_ipp_answer *answer)
{
    if (answer->job_state < 0 || answer->job_state > 9 ||
        memchr(answer->job_uuid, '\0', sizeof(answer->job_uuid)) == NULL)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_ipp_answer answer = {.status = 0};

    if (ph_ipp_http_parse(data, size, &answer) == PH_OK)
        check(&answer);
    answer = (struct ph_ipp_answer){.status = 0};
    if (ph_ipp_answer_parse(data, size, &answer) == PH_OK)
        check(&answer);
    return 0;
}
