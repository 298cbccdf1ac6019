/* The state directory as an administrator's command finds it. */
#ifndef PRINTHOLD_AGENT_STATE_DIR_H
#define PRINTHOLD_AGENT_STATE_DIR_H

#include "printhold/base/why.h"

/* From now on act as the owner of this directory, so that what is made there is
 * the agent's; only root can. The real user stays who it was: the levels of the
 * machine key that need root run a program of the system as that. */
int ph_state_act_as_owner(int state_fd, const char *dir, struct ph_why *why);

#endif
