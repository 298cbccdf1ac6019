/*
 * The machine key: the one 256-bit secret that protects all others at rest.
 *
 * It wraps the epoch keys and the owners' secret (epoch_keys.h) and nothing
 * else. Where it lies is the protection level, chosen explicitly in the
 * configuration; each level is one row of a table and one source file:
 *   file      a 32-byte file, mode 0400, owned by the agent's user
 *   host      a file encrypted by systemd-creds(1) under a key of this system
 *   tpm2      the same under a key that only this computer's TPM 2.0 has
 *   keychain  an item of macOS's System keychain, for the agent alone
 * source is the file; at level keychain it is the item's account name.
 *
 * A missing, malformed or more weakly protected key is a refusal that names
 * the file and the remedy: never a reason to make a new one, never a step to
 * another level.
 */
#ifndef PRINTHOLD_CRYPTO_MACHINE_KEY_H
#define PRINTHOLD_CRYPTO_MACHINE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/crypto/keywrap.h"

/* What a rotation adds to source for the key that comes next. */
#define PH_MACHINE_KEY_NEXT ".next"

struct ph_machine_key {
    uint8_t bytes[PH_KEY_BYTES];
    const char *level; /* static text */
};

/*
 * Load the key as the service does: at the levels host and tpm2 it is the
 * credential printhold.machine-key that systemd decrypted for this service.
 * PH_ERR_CONFIG for an unknown level, PH_ERR_UNSUPPORTED for one that this
 * system does not have, PH_ERR_NOT_FOUND when there is no key, PH_ERR_DENIED
 * when it is readable by others, not ours or protected less than the level
 * says, PH_ERR_INVALID when it is not 32 bytes, PH_ERR_STATE when a rotation
 * was begun and not finished.
 */
int ph_machine_key_load(const char *level, const char *source,
                        struct ph_machine_key *out_key, struct ph_why *why);

/* Load the key as an administrator's command does: at the levels host and
 * tpm2 by asking systemd-creds, which takes root. Does not mind an unfinished
 * rotation. */
int ph_machine_key_unlock(const char *level, const char *source,
                          struct ph_machine_key *out_key, struct ph_why *why);

/* Make a new key where there is none; PH_ERR_EXISTS otherwise. Durable. */
int ph_machine_key_create(const char *level, const char *source,
                          struct ph_why *why);

/* Is there a key? PH_ERR_NOT_FOUND if not. *out_since_ms is when it was made,
 * 0 where the level does not tell. */
int ph_machine_key_find(const char *level, const char *source,
                        int64_t *out_since_ms, struct ph_why *why);

/* Put the key at next in the place of the one at source, if there is one;
 * durable, and all or nothing. */
int ph_machine_key_promote(const char *level, const char *next,
                           const char *source, struct ph_why *why);

/* Remove a key that protects nothing any more. */
int ph_machine_key_remove(const char *level, const char *source,
                          struct ph_why *why);

/* Does a key promoted to the one replace that of the other? Levels host and
 * tpm2 share their files. */
bool ph_machine_key_same_place(const char *level, const char *source,
                               const char *other_level,
                               const char *other_source);

/* PH_ERR_STATE and the remedy when a rotation of this key is unfinished. */
int ph_machine_key_check_settled(const char *level, const char *source,
                                 struct ph_why *why);

void ph_machine_key_wipe(struct ph_machine_key *key);

#endif
