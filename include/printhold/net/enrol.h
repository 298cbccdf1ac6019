/*
 * Enrolling at the hub, and renewing: the device's side of docs/enrolment.md
 * as one call each. They block for up to a minute or two; what they leave on
 * disk, whenever they are interrupted, is in enrolled.h.
 */
#ifndef PRINTHOLD_NET_ENROL_H
#define PRINTHOLD_NET_ENROL_H

#include <stdatomic.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/net/enrolled.h"
#include "printhold/net/proxy.h"

#define PH_ENROL_PORT 9445

struct ph_enrol_order {
    const char *dir;     /* DIR of enrolled.h */
    const char *product; /* of the header User-Agent */
    enum ph_identity_kind kind;
    const char *server; /* as ph_enrolment_server reads it */
    const char *token;
    const char *pin;    /* this, */
    const char *ca_pem; /* or the text of an authority's file; the other NULL */
    const char *name;   /* what the device is called, for people; or NULL */
    struct ph_proxy_settings proxy; /* on the way to the hub */
    const atomic_bool *stop;        /* of https.h; or NULL */
};

/*
 * Exchange the token for a certificate, in place of the one that was there if
 * there was one. PH_ERR_EXISTS: the token is refused. PH_ERR_AGAIN,
 * PH_ERR_CLOSED, PH_ERR_LIMIT: the hub cannot be reached or has no time; the
 * same again is right. Everything else needs a person.
 */
int ph_enrol(const struct ph_enrol_order *order,
             struct ph_enrolled *out_enrolled, struct ph_why *why);

/* The next certificate of the same device, through that proxy or (NULL) none. As
 * ph_enrol; PH_ERR_DENIED: the hub
 * will not, it must be enrolled anew. out_retry_after_s is set when the hub
 * says how long to wait, else 0. */
int ph_enrol_renew(const char *dir, const char *product,
                   const struct ph_proxy_settings *proxy,
                   const atomic_bool *stop, struct ph_enrolled *out_enrolled,
                   uint64_t *out_retry_after_s, struct ph_why *why);

#endif
