/*
 * Commands of administration. Each works on the hub's store directly, beside
 * "serve" or without it, and writes to standard output: a few words for people,
 * or with --json one JSON value for programs.
 */
#ifndef PRINTHOLD_HUB_COMMAND_H
#define PRINTHOLD_HUB_COMMAND_H

#include "hub.h"
#include "options.h"
#include "printhold/proto/json.h"

struct hub_command {
    struct hub *hub;
    const struct hub_options *options;
    const char *word; /* what follows the name of the command; NULL: nothing */
    const char *more; /* and what follows that */
    bool json;
    struct ph_why *why;
};

/* What was typed is wrong: PH_ERR_INVALID. */
typedef int (*hub_command_run)(struct hub_command *command);

int hub_cmd_user_add(struct hub_command *command);
int hub_cmd_user_list(struct hub_command *command);
int hub_cmd_user_show(struct hub_command *command);
int hub_cmd_user_set(struct hub_command *command);
int hub_cmd_user_block(struct hub_command *command);
int hub_cmd_user_unblock(struct hub_command *command);
int hub_cmd_user_erase(struct hub_command *command);
int hub_cmd_printer_add(struct hub_command *command);
int hub_cmd_printer_list(struct hub_command *command);
int hub_cmd_printer_show(struct hub_command *command);
int hub_cmd_printer_set(struct hub_command *command);
int hub_cmd_printer_revoke(struct hub_command *command);
int hub_cmd_workstation_add(struct hub_command *command);
int hub_cmd_workstation_list(struct hub_command *command);
int hub_cmd_workstation_show(struct hub_command *command);
int hub_cmd_workstation_set(struct hub_command *command);
int hub_cmd_workstation_revoke(struct hub_command *command);
int hub_cmd_workstation_bind(struct hub_command *command);
int hub_cmd_workstation_unbind(struct hub_command *command);
int hub_cmd_token_add(struct hub_command *command);
int hub_cmd_token_list(struct hub_command *command);
int hub_cmd_token_remove(struct hub_command *command);
int hub_cmd_service_issue(struct hub_command *command);
int hub_cmd_issuer_rotate(struct hub_command *command);
int hub_cmd_issuer_show(struct hub_command *command);
int hub_cmd_access_list(struct hub_command *command);
int hub_cmd_access_allow(struct hub_command *command);
int hub_cmd_access_deny(struct hub_command *command);
int hub_cmd_access_remove(struct hub_command *command);
int hub_cmd_policy_show(struct hub_command *command);
int hub_cmd_policy_set(struct hub_command *command);
int hub_cmd_policy_unset(struct hub_command *command);
int hub_cmd_command_delete_jobs(struct hub_command *command);
int hub_cmd_command_purge_user(struct hub_command *command);
int hub_cmd_command_refresh(struct hub_command *command);
int hub_cmd_command_renew_certificate(struct hub_command *command);
int hub_cmd_command_list(struct hub_command *command);
int hub_cmd_command_show(struct hub_command *command);
int hub_cmd_crl(struct hub_command *command);
int hub_cmd_denied(struct hub_command *command);
int hub_cmd_audit_list(struct hub_command *command);
int hub_cmd_audit_verify(struct hub_command *command);

/* --- what they share: command.c --- */

/* The value of an option, or otherwise. */
const char *hub_command_value(const struct hub_command *command,
                              enum hub_option option, const char *otherwise);

/* Clean text of at most cap - 1 bytes; an id or group of [a-z0-9-]; a login. */
int hub_command_text(struct hub_command *command, const char *what,
                     const char *value, char *dst, size_t cap);
int hub_command_id(struct hub_command *command, const char *what,
                   const char *value, char dst[HUB_ID_MAX]);
int hub_command_login(struct hub_command *command, const char *value,
                      char dst[PH_LOGIN_MAX]);

/* One transaction: fn with its argument, and a record of the act when it is
 * not NULL. Errors without a reason get one. */
int hub_command_do(struct hub_command *command,
                   int (*fn)(struct hub_command *command, void *arg), void *arg,
                   const struct hub_act *act);

/* A list: fn puts each into the JSON list that it is given, or writes a line for
 * people when that is NULL. */
int hub_command_list(struct hub_command *command,
                     int (*fn)(struct hub_command *command, void *list));

/* Write a value and a line end; it is consumed. NULL: out of memory. */
int hub_command_print(json_t *value);

/* "2026-11-21T19:30:00Z", or null for 0. */
json_t *hub_json_time(int64_t at_ms);

#endif
