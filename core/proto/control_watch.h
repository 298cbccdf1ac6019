/* What the operation watch adds to the control protocol. Private. */
#ifndef PRINTHOLD_PROTO_CONTROL_WATCH_H
#define PRINTHOLD_PROTO_CONTROL_WATCH_H

#include "printhold/proto/control.h"
#include "printhold/proto/json.h"

/* The member "from". */
int ph_control_place_fill(const struct ph_control_place *place, json_t *root);
/* The same from a request, when it has one. */
int ph_control_watch_take(const json_t *root,
                          struct ph_control_request *request,
                          struct ph_why *why);

#endif
