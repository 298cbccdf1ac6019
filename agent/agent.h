/*
 * The agent: owns the main loop and starts and stops its parts in order.
 *
 *   keys -> jobs (spool, catalogue) -> release service -> cloud link
 *        -> control socket -> capture socket -> reaper
 *
 * Stopping goes the other way round. A part that cannot start ends the start;
 * what was started is stopped again.
 */
#ifndef PRINTHOLD_AGENT_AGENT_H
#define PRINTHOLD_AGENT_AGENT_H

#include "printhold/base/why.h"
#include "printhold/model/config.h"

/* Run until SIGTERM or SIGINT. PH_OK after a clean stop. */
int ph_agent_run(const struct ph_config *config, struct ph_why *why);

#endif
