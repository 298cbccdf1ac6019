/* What of this system's kernel confines the backend. */
#ifndef PRINTHOLD_CLI_OS_CONFINEMENT_H
#define PRINTHOLD_CLI_OS_CONFINEMENT_H

#include "doctor.h"

void ph_os_confinement(struct ph_doctor_finding *finding);

/* Has the file a label of SELinux with that part? */
bool ph_os_has_label(const char *path, const char *part);

#endif
