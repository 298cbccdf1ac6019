/* IOPlatformUUID, as gethostuuid(3) gives it. Never run on a Mac by this
 * project's tests: compiled and linked only. */
#include "machine_mark_private.h"

#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include "printhold/base/err.h"

int
ph_machine_number(char out_number[MACHINE_NUMBER_MAX], struct ph_why *why)
{
    const struct timespec patience = {.tv_sec = 5};
    uuid_t uuid;
    uuid_string_t text;

    _Static_assert(sizeof(text) <= MACHINE_NUMBER_MAX, "a UUID fits");
    if (gethostuuid(uuid, &patience) != 0)
        return ph_why_fail(why, PH_ERR_NOT_FOUND,
                           "this computer does not tell its number "
                           "(IOPlatformUUID)");
    uuid_unparse_upper(uuid, text);
    for (size_t i = 0; i < sizeof(text); i++)
        out_number[i] = text[i];
    return PH_OK;
}
