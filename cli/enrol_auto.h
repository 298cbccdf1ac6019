/*
 * The enrolment that nobody is at: what printhold-enrol.service (on macOS
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
#ifndef PRINTHOLD_CLI_ENROL_AUTO_H
#define PRINTHOLD_CLI_ENROL_AUTO_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/proto/control.h"

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
