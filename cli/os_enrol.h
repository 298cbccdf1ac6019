/* A token that the system has for us, beside the file. */
#ifndef PRINTHOLD_CLI_OS_ENROL_H
#define PRINTHOLD_CLI_OS_ENROL_H

#include "printhold/base/why.h"
#include "printhold/proto/control.h"

/* The one that device management gives. PH_ERR_NOT_FOUND: none. */
int ph_os_enrol_token(char out_token[PH_CONTROL_TOKEN_MAX], struct ph_why *why);

#endif
