/*
 * Sessions of printers: what a grant was turned into.
 *
 * A session is named by 128 random bits, belongs to one client certificate,
 * lives ten minutes from its last use, and dies with the certificate. They
 * are in memory only: after a restart the user signs in again. Any thread.
 */
#ifndef PRINTHOLD_AGENT_RELEASE_SESSION_H
#define PRINTHOLD_AGENT_RELEASE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/id.h"
#include "printhold/crypto/identity.h"
#include "printhold/proto/grant.h"
#include "release_auth.h"

#define PH_SESSION_LIFE_MS          600000
#define PH_SESSIONS_MAX             256
#define PH_SESSIONS_PER_PRINTER_MAX 16 /* then its oldest goes */

/* Whose session it is, for work that outlives a look at the table. */
struct ph_release_who {
    struct ph_id session;
    char login[PH_LOGIN_MAX];
    char printer[PH_IDENTITY_MAX];
    bool all_jobs;
    struct ph_id job[PH_GRANT_JOBS_MAX];
    size_t job_count;
    char method[PH_GRANT_METHODS_MAX][PH_GRANT_METHOD_MAX]; /* amr */
    size_t method_count;
    char amr[PH_AUDIT_AMR_MAX]; /* the same as one text */
};

struct ph_release_sessions;

int ph_release_sessions_new(struct ph_release_sessions **out_sessions);
void ph_release_sessions_free(struct ph_release_sessions *sessions);

/* PH_ERR_LIMIT when there are too many of all printers together. */
int ph_release_session_open(struct ph_release_sessions *sessions,
                            const struct ph_identity *peer,
                            const struct ph_grant *grant, const char *login,
                            int64_t now_ms, struct ph_id *out_session,
                            int64_t *out_expires_ms);

/* Find by the text of the Authorization field ("Bearer " and 32 hex digits)
 * and renew. PH_ERR_DENIED for no such session, another certificate, or one
 * that has ended. */
int ph_release_session_use(struct ph_release_sessions *sessions,
                           const char *authorization, size_t len,
                           const struct ph_identity *peer, int64_t now_ms,
                           struct ph_release_who *out_who);

/* Renew without a request: traffic of a download. */
void ph_release_session_touch(struct ph_release_sessions *sessions,
                              const struct ph_id *session, int64_t now_ms);

void ph_release_session_close(struct ph_release_sessions *sessions,
                              const struct ph_id *session);

/* End every session of the printers that the question is true for; only id
 * and thumbprint of the identity are set, and it must not ask for sessions. */
void ph_release_session_drop(struct ph_release_sessions *sessions,
                             bool (*is_denied)(const struct ph_identity *peer,
                                               void *arg),
                             void *arg);

/* May the session see this job, as far as the grant goes? */
bool ph_release_who_may(const struct ph_release_who *who,
                        const struct ph_id *job);

#endif
