/*
 * What an enrolment is made of, and the one that nobody is at.
 *
 * That one, ph_enrol_auto, is what printhold-enrol.service (on macOS
 * org.printhold.enrol) runs. A deployment has put a token into enrol-token
 * beside the settings, and [enrolment] says where the hub is and what it is
 * known by. The token is read again, and the settings, at each try, so that it
 * does not matter what comes first.
 *
 *   the hub takes it, or the computer is enrolled   the token is deleted
 *   the hub refuses it                              it becomes
 *                                                   enrol-token.refused, the end
 *   anything else                                   tried again after a pause
 */
#ifndef PRINTHOLD_CLI_ENROL_H
#define PRINTHOLD_CLI_ENROL_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/proto/control.h"

/* Where the hub is, and what it is known by: pin or a file of certificates,
 * the other NULL or empty. */
int ph_enrol_take_hub(struct ph_control_enrol *enrol, const char *server,
                      const char *pin, const char *ca_file, struct ph_why *why);
/* The token in a file, as ph_secret_read wants it. */
int ph_enrol_take_token(struct ph_control_enrol *enrol, const char *path,
                        struct ph_why *why);

/* Is there nothing to do with a token: has this computer a good certificate? */
bool ph_enrol_is_done(const struct ph_control_status *status, int64_t now_ms);

/*
 * How long it waits after so many failures in a row: where something on this
 * computer is missing 10 s, else 5 s and doubling up to five minutes, half of
 * it by chance, so that a fleet does not come all at once.
 */
int64_t ph_enrol_pause_ms(bool is_local, unsigned failures, uint32_t chance);

/* Until it is done. PH_EXIT_*: OK also when there is no token. */
int ph_enrol_auto(void);

#endif
