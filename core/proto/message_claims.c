#include "message_claims.h"

#include <string.h>

#include "json_fields.h"
#include "printhold/base/err.h"

bool
ph_message_is_for(const struct ph_message_claims *claims, const char *audience)
{
    for (size_t i = 0; i < claims->audience_count; i++) {
        if (strcmp(claims->audience[i], audience) == 0)
            return true;
    }
    return false;
}

const char *
ph_message_claims_read(const json_t *root, bool must_expire,
                       struct ph_message_claims *out_claims)
{
    struct ph_message_claims claims = {.expires_s = 0};

    if (ph_claims_text(root, "iss", claims.issuer, sizeof(claims.issuer)) !=
        PH_OK)
        return "iss";
    if (ph_claims_audience(root, PH_MESSAGE_AUDIENCES_MAX, claims.audience[0],
                           sizeof(claims.audience[0]),
                           &claims.audience_count) != PH_OK)
        return "aud";
    if (ph_claims_time(root, "iat", &claims.issued_s) != PH_OK)
        return "iat";
    if ((must_expire || json_object_get(root, "exp") != NULL) &&
        (ph_claims_time(root, "exp", &claims.expires_s) != PH_OK ||
         claims.expires_s <= claims.issued_s))
        return "exp";
    *out_claims = claims;
    return NULL;
}

int
ph_message_version(const json_t *root, uint64_t *out_version)
{
    int64_t version;

    if (ph_json_int(root, "ver", 1, PH_JSON_INT_MAX, &version) != PH_OK)
        return PH_ERR_INVALID;
    *out_version = (uint64_t)version;
    return PH_OK;
}
