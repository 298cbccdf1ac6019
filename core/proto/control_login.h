/* The members of the operation login; private to core/proto. */
#ifndef PRINTHOLD_PROTO_CONTROL_LOGIN_H
#define PRINTHOLD_PROTO_CONTROL_LOGIN_H

#include "printhold/proto/control.h"
#include "printhold/proto/json.h"

/* Add them to root; PH_ERR_INVALID for what cannot be sent. */
int ph_control_login_fill(const struct ph_control_login *login, json_t *root);
int ph_control_login_take(const json_t *root, struct ph_control_login *login,
                          struct ph_why *why);

#endif
