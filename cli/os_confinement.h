/* What of this system's kernel confines the backend. */
#ifndef PRINTHOLD_CLI_OS_CONFINEMENT_H
#define PRINTHOLD_CLI_OS_CONFINEMENT_H

#include "doctor.h"

void ph_os_confinement(struct ph_doctor_finding *finding);

#endif
