/*
 * printhold-agent audit export | verify: the audit for an administrator, while
 * the agent runs or not. See printhold-agent(8) and docs/audit.md.
 *
 * They read the catalogue beside the agent and change nothing. Run as root they
 * act as the owner of the state directory.
 */
#ifndef PRINTHOLD_AGENT_AUDIT_COMMAND_H
#define PRINTHOLD_AGENT_AUDIT_COMMAND_H

#include <stdbool.h>

#include "printhold/base/why.h"
#include "printhold/model/config.h"

/* All records, oldest first, on standard output. since: a day, a time or an age
 * ("2026-11-21", "2026-11-21T19:30:00Z", "7d"), or NULL. PH_ERR_INVALID when it
 * is none of these, PH_ERR_IO at a record that cannot be read. */
int ph_audit_command_export(const struct ph_config *config, bool csv,
                            const char *since, struct ph_why *why);

/* Check the chain and say what was found on standard output. expect: a mark
 * that is known from the log, "NUMBER:HEX", or NULL; PH_ERR_INVALID when it is
 * none. */
int ph_audit_command_verify(const struct ph_config *config, const char *expect,
                            bool *out_is_intact, struct ph_why *why);

#endif
