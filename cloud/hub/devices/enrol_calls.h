/* Requests about certificates: docs/enrolment.md. */
#ifndef PRINTHOLD_HUB_ENROL_CALLS_H
#define PRINTHOLD_HUB_ENROL_CALLS_H

#include "call.h"

void hub_call_enrol(struct hub_call *call);
void hub_call_authority(struct hub_call *call);
void hub_call_renew(struct hub_call *call);
void hub_call_whoami(struct hub_call *call);
void hub_call_denied_printers(struct hub_call *call);

/* The list of who is not served, as workstations read it
 * (printhold/proto/denied.h). No transaction open. */
int hub_denied_text(struct hub *hub, struct ph_buf *out_text);

#endif
