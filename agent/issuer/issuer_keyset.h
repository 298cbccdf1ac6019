/*
 * Whose signatures count: the keys of release.issuer_key_file, which somebody
 * put on this computer (pinned), and the further ones that a pinned key has
 * signed, which came from the cloud (proto/issuer_keys.h) and lie as they came in
 * state_dir/issuer-keys. They are checked against the pinned ones each time they
 * are read: whoever takes a pinned key away takes what it brought.
 */
#ifndef PRINTHOLD_AGENT_ISSUER_KEYSET_H
#define PRINTHOLD_AGENT_ISSUER_KEYSET_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/crypto/jws.h"
#include "printhold/model/config.h"

#define PH_ISSUER_KEYSET_FILE "issuer-keys" /* in state_dir */

/* The path of that file. */
void ph_issuer_keyset_path(const struct ph_config *config,
                           char dst[PH_CONFIG_TEXT_MAX + 32]);

/*
 * Pinned and further keys; tenant is ours. A file of the cloud that does not
 * count any more is left out with a warning in the log. PH_ERR_CONFIG as
 * ph_jws_keyset_load. *out_version (may be NULL) of the further ones, 0: none.
 */
int ph_issuer_keyset_load(const struct ph_config *config, const char *tenant,
                          struct ph_jws_keyset **out_keys,
                          uint64_t *out_version, struct ph_why *why);

/* Keep this token, which the caller has judged. Durable. */
int ph_issuer_keyset_store(const struct ph_config *config, const char *token,
                           size_t len);

/* "urn:printhold:{tenant}": what is for every workstation of the tenant. */
void ph_tenant_audience(const char *tenant, char *dst, size_t cap);

#endif
