/*
 * A person binds a workstation to themselves: POST /v1/bind
 * (docs/hub-api.openapi.yaml).
 *
 *   {"login":"ann@example.com","password":"..."}
 *   {"person":{"login":"ann@example.com","name":"Ann"},"bound":true}
 *
 * The request has these members and no other, neither of them empty. Members of
 * the answer that are not known are ignored.
 */
#ifndef PRINTHOLD_PROTO_BIND_H
#define PRINTHOLD_PROTO_BIND_H

#include <stddef.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/proto/json.h"
#include "printhold/proto/sign_in.h"

#define PH_BIND_MAX      4096 /* bytes of a request, and of an answer */
#define PH_BIND_NAME_MAX 128

/* The request as a sign-in by password; ph_sign_in_wipe it. PH_ERR_SYNTAX: why
 * names the member and nothing of what it says. */
int ph_bind_take(const json_t *root, struct ph_sign_in *out_sign_in,
                 struct ph_why *why);

/* The request as text, replaces buf, which the caller closes (that wipes). */
int ph_bind_put(const char *login, const char *password, struct ph_buf *buf);

struct ph_bound {
    char login[PH_LOGIN_MAX];
    char name[PH_BIND_NAME_MAX]; /* empty: the hub knows none */
};

/* PH_ERR_SYNTAX also when it does not say that the person is bound. */
int ph_bound_parse(const void *text, size_t len, struct ph_bound *out_bound);

#endif
