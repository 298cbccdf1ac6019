/* printhold-hub report ... and quota ... */
#ifndef PRINTHOLD_HUB_CMD_REPORT_H
#define PRINTHOLD_HUB_CMD_REPORT_H

#include "command.h"

int hub_cmd_report_jobs(struct hub_command *command);
int hub_cmd_report_releases(struct hub_command *command);
int hub_cmd_report_usage(struct hub_command *command);
int hub_cmd_quota_set(struct hub_command *command);
int hub_cmd_quota_remove(struct hub_command *command);
int hub_cmd_quota_list(struct hub_command *command);
int hub_cmd_quota_show(struct hub_command *command);

#endif
