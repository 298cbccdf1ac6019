#include "sign_in_decide.h"

#include <stddef.h>

const char *
hub_sign_in_keyword(enum hub_sign_in_verdict verdict)
{
    static const char *const keywords[HUB_SIGN_IN_VERDICTS] = {
        [HUB_SIGN_IN_OK] = "ok",
        [HUB_SIGN_IN_WAY] = "way-not-allowed",
        [HUB_SIGN_IN_LIMIT] = "too-many-attempts",
        [HUB_SIGN_IN_FAILED] = "sign-in-failed",
        [HUB_SIGN_IN_EXPIRED] = "pin-expired",
        [HUB_SIGN_IN_UNKNOWN] = "badge-unknown",
        [HUB_SIGN_IN_ACCESS] = "not-at-this-printer",
        [HUB_SIGN_IN_QUOTA] = "quota-used-up",
        [HUB_SIGN_IN_TAKEN] = "badge-taken",
    };

    return (size_t)verdict < HUB_SIGN_IN_VERDICTS ? keywords[verdict]
                                                  : "unknown";
}

static bool
is_registration(const struct hub_sign_in_facts *facts)
{
    return facts->brings_badge &&
           (facts->way == PH_SIGN_IN_CODE || facts->way == PH_SIGN_IN_PASSWORD);
}

/* A badge is registered by code or password also where one cannot sign in to
 * print with these. */
static bool
is_allowed(const struct hub_sign_in_facts *facts)
{
    if (facts->brings_badge)
        return facts->self_registration && is_registration(facts);
    return ph_sign_in_ways_has(facts->ways, facts->way);
}

enum hub_sign_in_verdict
hub_sign_in_begin(const struct hub_sign_in_facts *facts)
{
    if (!is_allowed(facts))
        return HUB_SIGN_IN_WAY;
    return facts->is_limited ? HUB_SIGN_IN_LIMIT : HUB_SIGN_IN_OK;
}

enum hub_sign_in_verdict
hub_sign_in_decide(const struct hub_sign_in_facts *facts)
{
    enum hub_sign_in_verdict verdict = hub_sign_in_begin(facts);

    if (verdict != HUB_SIGN_IN_OK)
        return verdict;
    if (facts->way == PH_SIGN_IN_BADGE && !facts->has_person)
        return facts->self_registration ? HUB_SIGN_IN_UNKNOWN
                                        : HUB_SIGN_IN_FAILED;
    if (!facts->has_person || facts->is_blocked || !facts->is_right)
        return HUB_SIGN_IN_FAILED;
    if (facts->is_expired)
        return HUB_SIGN_IN_EXPIRED;
    if (facts->is_kept_out)
        return HUB_SIGN_IN_ACCESS;
    if (facts->is_used_up)
        return HUB_SIGN_IN_QUOTA;
    if (facts->brings_badge && !facts->badge_is_free)
        return HUB_SIGN_IN_TAKEN;
    return HUB_SIGN_IN_OK;
}
