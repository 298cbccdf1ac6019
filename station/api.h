/*
 * The release API of a workstation (docs/release-api.md) as calls. Each tries
 * again, a bounded number of times with growing pauses, where a repetition
 * does no harm; the grant itself is sent again only when it cannot have
 * arrived, because it is good for one session. A code is never sent again once
 * there was an answer: a second time it might count as a wrong one.
 *
 * Errors besides those of https.h:
 *   PH_ERR_DENIED     session or grant not accepted, job of someone else
 *   PH_ERR_NOT_FOUND  no such job (any more)
 *   PH_ERR_BUSY       another printer holds the job
 *   PH_ERR_EXPIRED    the session is over
 *   PH_ERR_LIMIT      the workstation is busy and stayed so
 *   PH_ERR_PROTOCOL   an answer that the API does not know
 */
#ifndef PRINTHOLD_STATION_API_H
#define PRINTHOLD_STATION_API_H

#include <stdint.h>

#include "printhold/net/https.h"
#include "messages.h"
#include "printhold/base/why.h"

struct ph_api;

/* https is borrowed. tries: 1 or more for each call. */
int ph_api_new(struct ph_https *https, unsigned tries, struct ph_api **out_api);
void ph_api_free(struct ph_api *api);
/* From now on. */
void ph_api_set_tries(struct ph_api *api, unsigned tries);

/* Turn a grant or a code into a session, which the other calls use. */
enum ph_api_proof {
    PH_API_GRANT,
    PH_API_CODE,
};
int ph_api_open_session(struct ph_api *api, enum ph_api_proof kind,
                        const char *proof, struct ph_why *why);

/* Say goodbye; nothing depends on it. */
void ph_api_close_session(struct ph_api *api);

int ph_api_list(struct ph_api *api, struct ph_station_jobs *out_jobs,
                struct ph_why *why);

/* Lease the job for us; again renews. */
int ph_api_claim(struct ph_api *api, const char *job_id, struct ph_why *why);
/* Give the lease back. */
int ph_api_unclaim(struct ph_api *api, const char *job_id, struct ph_why *why);

/* One try, from offset on, if the document is still the one with this tag
 * (empty: unconditionally). The caller looks at reply->status: 200, 206 or
 * 416; everything else is an error. The reply is the caller's. */
int ph_api_document(struct ph_api *api, const char *job_id, uint64_t offset,
                    const char *etag, ph_https_body_cb on_body, void *arg,
                    struct ph_https_reply *reply, struct ph_why *why);

/* Say what became of the job: "printed", "failed" or "partly". */
int ph_api_complete(struct ph_api *api, const char *job_id, const char *result,
                    struct ph_why *why);

/* May a call that ended so be tried again? */
int ph_api_worth_another_try(int err);

/* Wait as long as delay.h says. asked_s 0: nothing was asked. */
void ph_api_pause(unsigned tries, uint64_t asked_s);

#endif
