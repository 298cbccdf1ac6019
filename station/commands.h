/* The commands of printhold-station. Each returns PH_OK or the error of the
 * first thing that failed, and has told the person. */
#ifndef PRINTHOLD_STATION_COMMANDS_H
#define PRINTHOLD_STATION_COMMANDS_H

#include "options.h"

int ph_commands_run(const struct ph_options *options);

/* The exit status of the program for an error. */
int ph_commands_exit_status(int err);

#endif
