/* Commands of root that work in a directory of a service. */
#ifndef PRINTHOLD_BASE_AS_OWNER_H
#define PRINTHOLD_BASE_AS_OWNER_H

#include "printhold/base/why.h"

/* From now on act as the owner of this directory, so that what is made there is
 * the service's; only root can. The real user stays who it was: the levels of the
 * machine key that need root run a program of the system as that. */
int ph_act_as_owner(int dir_fd, const char *dir, struct ph_why *why);

#endif
