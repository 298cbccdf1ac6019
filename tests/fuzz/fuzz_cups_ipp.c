/* What cupsd answers: taken or refused, never more. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cups_ipp.h"
#include "printhold/base/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define IS_TEXT(member) (memchr(member, '\0', sizeof(member)) != NULL)

static void
check(const struct ph_ipp_record *record, void *arg)
{
    size_t *count = arg;

    if (record->job_state < 0 || record->job_state > 9 || record->job_id < 0 ||
        !IS_TEXT(record->job_uuid) || !IS_TEXT(record->job_hold_until) ||
        !IS_TEXT(record->job_message) || !IS_TEXT(record->queue_uri) ||
        !IS_TEXT(record->device_uri))
        abort();
    (*count)++;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t count = 0;
    uint16_t status;

    if (ph_ipp_http_parse(data, size, check, &count, &status) != PH_OK &&
        count > 0)
        abort(); /* a broken answer says nothing */
    count = 0;
    if (ph_ipp_answer_parse(data, size, check, &count, &status) != PH_OK &&
        count > 0)
        abort();
    return 0;
}
