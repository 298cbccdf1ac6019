/* What printers ask about people: docs/hub-api.openapi.yaml. */
#ifndef PRINTHOLD_HUB_SIGN_IN_CALLS_H
#define PRINTHOLD_HUB_SIGN_IN_CALLS_H

#include "call.h"

void hub_call_ways(struct hub_call *call);
void hub_call_sign_in(struct hub_call *call);
void hub_call_directory(struct hub_call *call);
void hub_call_sign_out(struct hub_call *call);
void hub_call_release(struct hub_call *call);

#endif
