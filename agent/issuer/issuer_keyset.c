#include "issuer_keyset.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/proto/issuer_keys.h"

void
ph_tenant_audience(const char *tenant, char *dst, size_t cap)
{
    (void)snprintf(dst, cap, "urn:printhold:%s", tenant);
}

void
ph_issuer_keyset_path(const struct ph_config *config,
                      char dst[PH_CONFIG_TEXT_MAX + 32])
{
    (void)snprintf(dst, PH_CONFIG_TEXT_MAX + 32, "%s/" PH_ISSUER_KEYSET_FILE,
                   config->state_dir);
}

/* The keys pass to the set. */
static int
add_all(struct ph_jws_keyset *set, struct ph_issuer_keys *further)
{
    int err = PH_OK;

    while (further->key_count > 0 && err == PH_OK)
        err = ph_jws_keyset_add(set, further->key[--further->key_count]);
    ph_issuer_keys_close(further);
    return err;
}

static int
read_further(const struct ph_config *config, const char *tenant,
             const struct ph_jws_keyset *pinned,
             struct ph_issuer_keys *out_further, struct ph_why *why)
{
    char path[PH_CONFIG_TEXT_MAX + 32], audience[PH_IDENTITY_MAX];
    struct ph_buf token;
    int err;

    ph_issuer_keyset_path(config, path);
    err = ph_io_read_file(AT_FDCWD, path, PH_JWS_MAX, &token);
    if (err == PH_OK) {
        err = ph_issuer_keys_open((const char *)token.data, token.len, pinned,
                                  out_further, why);
        ph_buf_close(&token);
    } else {
        ph_why_set(why, "%s", ph_err_text(err));
    }
    if (err != PH_OK)
        return err;
    ph_tenant_audience(tenant, audience, sizeof(audience));
    if (strcmp(out_further->claims.issuer, config->issuer) == 0 &&
        ph_message_is_for(&out_further->claims, audience))
        return PH_OK;
    ph_issuer_keys_close(out_further);
    return ph_why_fail(why, PH_ERR_DENIED,
                       "they are of another issuer or for others");
}

/* They are read for each message; after a new key of the issuer took over they
 * may be of the old one, until the hub says them anew. */
static void
warn_once(const struct ph_config *config, const char *reason)
{
    static atomic_bool has_warned;

    if (!atomic_exchange(&has_warned, true))
        ph_log_warning("the further keys of the issuer in %s/%s do not count "
                       "now: %s, continuing",
                       config->state_dir, PH_ISSUER_KEYSET_FILE, reason);
}

int
ph_issuer_keyset_load(const struct ph_config *config, const char *tenant,
                      struct ph_jws_keyset **out_keys, uint64_t *out_version,
                      struct ph_why *why)
{
    struct ph_issuer_keys further = {.key_count = 0};
    struct ph_jws_keyset *set = NULL;
    struct ph_why inner = {""};
    int err = ph_jws_keyset_load(config->issuer_key_file, &set, why);

    if (err != PH_OK)
        return err;
    err = read_further(config, tenant, set, &further, &inner);
    if (err == PH_OK)
        err = add_all(set, &further);
    else
        further.version = 0;
    if (err != PH_OK && err != PH_ERR_NOT_FOUND)
        warn_once(config,
                  inner.text[0] != '\0' ? inner.text : ph_err_text(err));
    if (out_version != NULL)
        *out_version = further.version;
    *out_keys = set;
    return PH_OK;
}

int
ph_issuer_keyset_store(const struct ph_config *config, const char *token,
                       size_t len)
{
    int fd = -1;
    int err = ph_io_open_dir(config->state_dir, false, 0700, &fd, NULL);

    if (err == PH_OK)
        err = ph_io_write_file(fd, PH_ISSUER_KEYSET_FILE, token, len, 0600);
    ph_io_close(&fd);
    return err;
}
