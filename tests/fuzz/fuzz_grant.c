/* A grant from a printer: the token, its header and its claims. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/proto/grant.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
terminated(const char *text, size_t cap)
{
    return memchr(text, '\0', cap) != NULL;
}

/* What was taken keeps its bounds. */
static void
check_claims(const struct ph_grant *grant)
{
    if (!terminated(grant->issuer, sizeof(grant->issuer)) ||
        !terminated(grant->subject, sizeof(grant->subject)) ||
        !terminated(grant->jti, sizeof(grant->jti)) ||
        strlen(grant->jti) < PH_GRANT_JTI_MIN || grant->audience_count == 0 ||
        grant->audience_count > PH_GRANT_AUDIENCES_MAX ||
        grant->method_count == 0 ||
        grant->method_count > PH_GRANT_METHODS_MAX ||
        grant->job_count > PH_GRANT_JOBS_MAX ||
        (grant->all_jobs && grant->job_count != 0) ||
        grant->expires_s <= grant->issued_s)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ph_jws_parts parts;
    struct ph_grant grant;
    struct ph_why why = {{0}};
    char kid[PH_JWS_KID_MAX];
    struct ph_buf bytes;

    if (ph_grant_parse_claims(data, size, &grant, &why) == PH_OK)
        check_claims(&grant);
    if (ph_grant_parse_header(data, size, kid) == PH_OK &&
        !terminated(kid, sizeof(kid)))
        abort();
    if (ph_jws_split((const char *)data, size, &parts) != PH_OK)
        return 0;
    /* Behind a signature that we cannot make here. */
    ph_buf_init(&bytes, PH_JWS_MAX);
    if (ph_base64url_decode(parts.payload, parts.payload_len, &bytes) ==
            PH_OK &&
        ph_grant_parse_claims(bytes.data, bytes.len, &grant, &why) == PH_OK)
        check_claims(&grant);
    ph_buf_close(&bytes);
    return 0;
}
