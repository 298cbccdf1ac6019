#include "os_enrol.h"

#include "printhold/base/err.h"

int
ph_os_enrol_token(char out_token[PH_CONTROL_TOKEN_MAX], struct ph_why *why)
{
    (void)out_token;
    (void)why;
    return PH_ERR_NOT_FOUND; /* a file is all there is */
}
