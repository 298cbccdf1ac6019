/* One change to each of several jobs: what delete and keep have in common. */
#ifndef PRINTHOLD_CLI_CHANGE_H
#define PRINTHOLD_CLI_CHANGE_H

#include "command.h"
#include "printhold/proto/control.h"

/*
 * Ask for the change of every job that the line names, print a line with the
 * word for each, and go on after a failure. The exit code of the first
 * failure. All names are checked before anything is changed.
 */
int ph_change_jobs(const struct ph_command_line *line,
                   const struct ph_control_request *change, const char *word);

#endif
