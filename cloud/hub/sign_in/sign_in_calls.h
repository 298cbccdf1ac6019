/* What devices ask about people: docs/hub-api.openapi.yaml. */
#ifndef PRINTHOLD_HUB_SIGN_IN_CALLS_H
#define PRINTHOLD_HUB_SIGN_IN_CALLS_H

#include "call.h"
#include "store_sessions.h"

/* Whose session a request carries. */
struct hub_visit {
    struct hub_session session;
    struct hub_person person;
};
/* False: there is none, and the answer is set. */
bool hub_call_visit(struct hub_call *call, struct hub_visit *out_visit);

void hub_call_ways(struct hub_call *call);
void hub_call_sign_in(struct hub_call *call);
void hub_call_directory(struct hub_call *call);
void hub_call_sign_out(struct hub_call *call);
void hub_call_release(struct hub_call *call);
void hub_call_pin(struct hub_call *call);  /* pin_calls.c */
void hub_call_bind(struct hub_call *call); /* bind_calls.c; of workstations */

#endif
