/*
 * May this printer release jobs here, for whom, and which? A pure decision
 * from what is known: no clock, no disk, no network in it.
 *
 * Everything must hold: the printer's certificate is of our tenant and of
 * kind printer; the grant is of our issuer, for this workstation, for this
 * very certificate, and of now; its life is at most five minutes. That the
 * grant is used once is made durable by the caller (ph_jobs_use_grant),
 * before the session exists.
 */
#ifndef PRINTHOLD_AGENT_RELEASE_AUTH_H
#define PRINTHOLD_AGENT_RELEASE_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/crypto/identity.h"
#include "printhold/model/login.h"
#include "printhold/proto/grant.h"
#include "printhold/store/audit.h"

#define PH_GRANT_LEEWAY_MS  60000
#define PH_GRANT_LIFE_MAX_S 300

/* Whom this workstation listens to. */
struct ph_release_policy {
    const char *tenant;
    const char *workstation;
    const char *issuer;           /* "" = nobody */
    const char *confidential_amr; /* words, blank, comma or + between */
    const char *sign_in; /* ways, blank between; of each all words, + between;
                            "" = any */
};

/* Is the other end of the connection one that may ask at all? */
bool ph_release_auth_admit(const struct ph_release_policy *policy,
                           const struct ph_identity *peer, struct ph_why *why);

/* Has the user signed in in every way that a confidential job needs? */
bool ph_release_auth_is_strong(const struct ph_release_policy *policy,
                               char methods[][PH_GRANT_METHOD_MAX],
                               size_t count);

/* Has the user signed in in one of the ways that the organisation allows? */
bool ph_release_auth_is_allowed(const struct ph_release_policy *policy,
                                char methods[][PH_GRANT_METHOD_MAX],
                                size_t count);

/* The ways of signing in as one text: words, a blank between. */
void ph_release_auth_amr(char methods[][PH_GRANT_METHOD_MAX], size_t count,
                         char dst[PH_AUDIT_AMR_MAX]);

/* The keyword of a refusal, for problem types and logs. */
enum ph_release_refusal {
    PH_REFUSE_NONE,
    PH_REFUSE_NO_ISSUER,
    PH_REFUSE_MALFORMED,
    PH_REFUSE_UNTRUSTED,
    PH_REFUSE_ISSUER,
    PH_REFUSE_AUDIENCE,
    PH_REFUSE_BINDING,
    PH_REFUSE_TIME,
    PH_REFUSE_CLOCK,
    PH_REFUSE_SUBJECT,
    PH_REFUSE_METHOD,
    PH_REFUSE_USED,
    PH_REFUSE_WEAK, /* a confidential job; never for a grant itself */
    PH_REFUSE_CODE, /* wrong, over, used: never which */
    PH_REFUSE_CODE_LIMIT,
    PH_REFUSE_CODE_OFF,
    PH_REFUSE_CODE_SUBJECT,
};

/* "grant-expired" and the like; static. */
const char *ph_release_refusal_keyword(enum ph_release_refusal refusal);

/*
 * high_ms is the highest wall time ever stored (ph_jobs_high_water). Sets
 * out_login on PH_REFUSE_NONE, why otherwise.
 */
enum ph_release_refusal ph_release_auth_decide(
    const struct ph_release_policy *policy, const struct ph_identity *peer,
    const struct ph_grant *grant, int64_t now_ms, int64_t high_ms,
    char out_login[PH_LOGIN_MAX], struct ph_why *why);

#endif
