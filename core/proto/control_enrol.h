/* The members of the operation enrol; private to core/proto. */
#ifndef PRINTHOLD_PROTO_CONTROL_ENROL_H
#define PRINTHOLD_PROTO_CONTROL_ENROL_H

#include "printhold/proto/control.h"
#include "printhold/proto/json.h"

/* Add them to root; PH_ERR_INVALID for what cannot be sent. */
int ph_control_enrol_fill(const struct ph_control_enrol *enrol, json_t *root);
int ph_control_enrol_take(const json_t *root, struct ph_control_enrol *enrol,
                          struct ph_why *why);

#endif
