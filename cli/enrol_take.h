/* What an enrolment is made of, as a person or the settings say it. */
#ifndef PRINTHOLD_CLI_ENROL_TAKE_H
#define PRINTHOLD_CLI_ENROL_TAKE_H

#include "printhold/base/why.h"
#include "printhold/proto/control.h"

/* Where the hub is, and what it is known by: pin or a file of certificates,
 * the other NULL or empty. */
int ph_enrol_take_hub(struct ph_control_enrol *enrol, const char *server,
                      const char *pin, const char *ca_file, struct ph_why *why);
/* The token in a file, as ph_secret_read wants it. */
int ph_enrol_take_token(struct ph_control_enrol *enrol, const char *path,
                        struct ph_why *why);

#endif
