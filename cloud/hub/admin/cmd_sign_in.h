/* Commands about what people sign in with. */
#ifndef PRINTHOLD_HUB_CMD_SIGN_IN_H
#define PRINTHOLD_HUB_CMD_SIGN_IN_H

#include "command.h"

int hub_cmd_badge_add(struct hub_command *command);
int hub_cmd_badge_list(struct hub_command *command);
int hub_cmd_badge_remove(struct hub_command *command);
int hub_cmd_pin_set(struct hub_command *command);
int hub_cmd_pin_make(struct hub_command *command);
int hub_cmd_pin_remove(struct hub_command *command);
int hub_cmd_password_set(struct hub_command *command);
int hub_cmd_password_remove(struct hub_command *command);
int hub_cmd_code_make(struct hub_command *command);
int hub_cmd_code_remove(struct hub_command *command);
int hub_cmd_sign_in_set(struct hub_command *command);
int hub_cmd_sign_in_list(struct hub_command *command);
int hub_cmd_sign_in_remove(struct hub_command *command);

#endif
