#include "release_auth.h"

#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/model/login.h"

#define AMR_SEPARATORS " ,+"

bool
ph_release_auth_admit(const struct ph_release_policy *policy,
                      const struct ph_identity *peer, struct ph_why *why)
{
    if (peer->kind != PH_IDENTITY_PRINTER) {
        ph_why_set(why, "The certificate of %s is not that of a printer",
                   peer->id);
        return false;
    }
    if (strcmp(peer->tenant, policy->tenant) != 0) {
        ph_why_set(why, "The printer %s is of another organisation", peer->id);
        return false;
    }
    return true;
}

static bool
has_method(char methods[][PH_GRANT_METHOD_MAX], size_t count, const char *word,
           size_t len)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(methods[i]) == len && memcmp(methods[i], word, len) == 0)
            return true;
    }
    return false;
}

/* All words of a text of that length? None at all must not mean no demand. */
static bool
has_all(char methods[][PH_GRANT_METHOD_MAX], size_t count, const char *word,
        size_t len)
{
    const char *end = word + len;
    bool asked = false;

    for (;;) {
        size_t word_len;

        while (word < end && strchr(AMR_SEPARATORS, *word) != NULL)
            word++;
        if (word == end)
            return asked;
        word_len = strcspn(word, AMR_SEPARATORS);
        if (word_len > (size_t)(end - word))
            word_len = (size_t)(end - word);
        if (!has_method(methods, count, word, word_len))
            return false;
        asked = true;
        word += word_len;
    }
}

bool
ph_release_auth_is_strong(const struct ph_release_policy *policy,
                          char methods[][PH_GRANT_METHOD_MAX], size_t count)
{
    return has_all(methods, count, policy->confidential_amr,
                   strlen(policy->confidential_amr));
}

bool
ph_release_auth_is_allowed(const struct ph_release_policy *policy,
                           char methods[][PH_GRANT_METHOD_MAX], size_t count)
{
    const char *way = policy->sign_in;

    if (way == NULL || way[0] == '\0')
        return true;
    for (;;) {
        const size_t len = strcspn(way, " ");

        if (has_all(methods, count, way, len))
            return true;
        if (way[len] == '\0')
            return false;
        way += len + 1;
    }
}

void
ph_release_auth_amr(char methods[][PH_GRANT_METHOD_MAX], size_t count,
                    char dst[PH_AUDIT_AMR_MAX])
{
    size_t len = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < count && len < PH_AUDIT_AMR_MAX; i++) {
        const int more = snprintf(dst + len, PH_AUDIT_AMR_MAX - len, "%s%s",
                                  len > 0 ? " " : "", methods[i]);

        len += more > 0 ? (size_t)more : 0;
    }
}

const char *
ph_release_refusal_keyword(enum ph_release_refusal refusal)
{
    static const char *const keywords[] = {
        [PH_REFUSE_NONE] = "none",
        [PH_REFUSE_NO_ISSUER] = "no-issuer",
        [PH_REFUSE_MALFORMED] = "grant-malformed",
        [PH_REFUSE_UNTRUSTED] = "grant-untrusted",
        [PH_REFUSE_ISSUER] = "grant-other-issuer",
        [PH_REFUSE_AUDIENCE] = "grant-other-workstation",
        [PH_REFUSE_BINDING] = "grant-other-printer",
        [PH_REFUSE_TIME] = "grant-expired",
        [PH_REFUSE_CLOCK] = "clock-behind",
        [PH_REFUSE_SUBJECT] = "grant-no-user",
        [PH_REFUSE_METHOD] = "sign-in",
        [PH_REFUSE_USED] = "grant-used",
        [PH_REFUSE_WEAK] = "confidential",
        [PH_REFUSE_CODE] = "code-wrong",
        [PH_REFUSE_CODE_LIMIT] = "code-limit",
        [PH_REFUSE_CODE_OFF] = "code-off",
        [PH_REFUSE_CODE_SUBJECT] = "code-no-user",
    };

    return (size_t)refusal < PH_COUNT(keywords) ? keywords[refusal] : "unknown";
}

static bool
is_for(const struct ph_grant *grant, const char *workstation)
{
    for (size_t i = 0; i < grant->audience_count; i++) {
        if (strcmp(grant->audience[i], workstation) == 0)
            return true;
    }
    return false;
}

/* RFC 8705: the certificate at the other end is the one in the grant. */
static bool
is_bound_to(const struct ph_grant *grant, const struct ph_identity *peer)
{
    return CRYPTO_memcmp(grant->thumbprint, peer->thumbprint,
                         PH_THUMBPRINT_TEXT) == 0;
}

static bool
is_of_now(const struct ph_grant *grant, int64_t now_ms, struct ph_why *why)
{
    if (grant->expires_s - grant->issued_s > PH_GRANT_LIFE_MAX_S) {
        ph_why_set(why, "The grant is made to live longer than %d s",
                   PH_GRANT_LIFE_MAX_S);
        return false;
    }
    if (now_ms > grant->expires_s * 1000 + PH_GRANT_LEEWAY_MS) {
        ph_why_set(why, "The grant has expired: sign in again; if that does "
                        "not help, compare the clocks");
        return false;
    }
    if (now_ms < grant->issued_s * 1000 - PH_GRANT_LEEWAY_MS ||
        now_ms < grant->not_before_s * 1000 - PH_GRANT_LEEWAY_MS) {
        ph_why_set(why, "The grant is not valid yet: the clock of this "
                        "computer is behind");
        return false;
    }
    return true;
}

enum ph_release_refusal
ph_release_auth_decide(const struct ph_release_policy *policy,
                       const struct ph_identity *peer,
                       const struct ph_grant *grant, int64_t now_ms,
                       int64_t high_ms, char out_login[PH_LOGIN_MAX],
                       struct ph_why *why)
{
    char method[PH_GRANT_METHODS_MAX][PH_GRANT_METHOD_MAX];

    if (policy->issuer[0] == '\0') {
        ph_why_set(why, "No issuer of grants is configured on this computer");
        return PH_REFUSE_NO_ISSUER;
    }
    if (strcmp(grant->issuer, policy->issuer) != 0) {
        ph_why_set(why, "The grant is of an issuer that does not count here");
        return PH_REFUSE_ISSUER;
    }
    if (!is_for(grant, policy->workstation)) {
        ph_why_set(why, "The grant is for another computer than %s",
                   policy->workstation);
        return PH_REFUSE_AUDIENCE;
    }
    if (!is_bound_to(grant, peer)) {
        ph_why_set(why, "The grant is for another printer than %s", peer->id);
        return PH_REFUSE_BINDING;
    }
    if (now_ms < high_ms - PH_GRANT_LEEWAY_MS) {
        ph_why_set(why, "The clock of this computer was set back: no job is "
                        "released until it is right");
        return PH_REFUSE_CLOCK;
    }
    if (!is_of_now(grant, now_ms, why))
        return PH_REFUSE_TIME;
    memcpy(method, grant->method, sizeof(method));
    if (!ph_release_auth_is_allowed(policy, method, grant->method_count)) {
        ph_why_set(why,
                   "Your organisation does not release jobs after this way of "
                   "signing in; it wants one of these: %s",
                   policy->sign_in);
        return PH_REFUSE_METHOD;
    }
    if (ph_login_normalise(grant->subject, out_login) != PH_OK) {
        ph_why_set(why, "The grant names no user");
        return PH_REFUSE_SUBJECT;
    }
    return PH_REFUSE_NONE;
}
