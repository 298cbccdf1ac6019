/* printhold-station sign-in: at the hub, then straight to the workstations. */
#ifndef PRINTHOLD_STATION_SIGN_IN_COMMAND_H
#define PRINTHOLD_STATION_SIGN_IN_COMMAND_H

#include "options.h"

/* Errors as commands.h. dirfd is where documents go, -1 to list only. */
int ph_sign_in_run(const struct ph_options *options, int dirfd);

#endif
