/*
 * printhold-agent key init | rotate | status: what an administrator does with
 * the machine key while the agent does not run. See printhold-agent(8).
 *
 * Run as root they act, where files are made, as the owner of the state
 * directory, so that the agent finds them its own.
 */
#ifndef PRINTHOLD_AGENT_KEY_COMMAND_H
#define PRINTHOLD_AGENT_KEY_COMMAND_H

#include <stdbool.h>

#include "printhold/base/why.h"
#include "printhold/model/config.h"

/* Make the machine key that the configuration names. PH_ERR_EXISTS when there
 * is one, unless only a missing one is wanted, or when jobs lie under another;
 * PH_ERR_BUSY while an agent runs. */
int ph_key_command_init(const struct ph_config *config, bool if_missing,
                        struct ph_why *why);

/* Another machine key, see key_rotation.h. from: the level that it is moved
 * from; NULL for the configured one. */
int ph_key_command_rotate(const struct ph_config *config, const char *from,
                          struct ph_why *why);

/* Level, place, age, number of epochs, unfinished rotation, on standard output;
 * never the key. PH_ERR_NOT_FOUND when there is none. */
int ph_key_command_status(const struct ph_config *config, bool json,
                          struct ph_why *why);

#endif
