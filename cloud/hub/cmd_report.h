/* printhold-hub report ... */
#ifndef PRINTHOLD_HUB_CMD_REPORT_H
#define PRINTHOLD_HUB_CMD_REPORT_H

#include "command.h"

int hub_cmd_report_jobs(struct hub_command *command);
int hub_cmd_report_releases(struct hub_command *command);
int hub_cmd_report_usage(struct hub_command *command);

#endif
