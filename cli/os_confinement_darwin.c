#include "os_confinement.h"

void
ph_os_confinement(struct ph_doctor_finding *finding)
{
    ph_doctor_ok(finding, "cupsd's own sandbox");
}
