/*
 * A person signs in from a workstation, by which the hub knows it as theirs
 * (docs/enrolment.md, "Whose workstation"): the workstation's side as one call.
 */
#ifndef PRINTHOLD_NET_BIND_H
#define PRINTHOLD_NET_BIND_H

#include <stdatomic.h>

#include "printhold/base/why.h"
#include "printhold/net/proxy.h"
#include "printhold/proto/bind.h"

struct ph_bind_order {
    const char *dir;     /* DIR of enrolled.h */
    const char *product; /* of the header User-Agent */
    const char *login;   /* normalised */
    const char *password;
    struct ph_proxy_settings proxy; /* on the way to the hub */
    const atomic_bool *stop;        /* of https.h; or NULL */
};

/*
 * Blocks for up to a minute. It is asked once and never again by itself: each
 * try counts. Of out_workstation there is room for PH_IDENTITY_MAX bytes.
 *   PH_ERR_DENIED   the hub does not take login and password, or not us
 *   PH_ERR_LIMIT    too many tries, or it has no time
 *   PH_ERR_AGAIN    it cannot be reached
 *   PH_ERR_PROTOCOL it says what it should not, PH_ERR_STATE and others: there
 *                   is no identity that could be shown
 */
int ph_hub_bind(const struct ph_bind_order *order, struct ph_bound *out_bound,
                char *out_workstation, struct ph_why *why);

#endif
