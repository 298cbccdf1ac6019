/*
 * The machine key: the one 256-bit secret that protects all others at rest.
 *
 * It wraps the epoch keys (epoch_keys.h) and nothing else. Where it comes from
 * is the protection level, chosen explicitly in the configuration; each level
 * is one row of a table and one source file. This version has
 *   file   a 32-byte file, mode 0400, owned by the agent's user
 * A missing or malformed key is a refusal, never a reason to make a new one.
 */
#ifndef PRINTHOLD_CRYPTO_MACHINE_KEY_H
#define PRINTHOLD_CRYPTO_MACHINE_KEY_H

#include <stdint.h>

#include "printhold/base/why.h"
#include "printhold/crypto/keywrap.h"

struct ph_machine_key {
    uint8_t bytes[PH_KEY_BYTES];
    const char *level; /* static text: "file" */
};

/*
 * Load the key of the given level. source is what the level needs to find it
 * (file: the path). PH_ERR_CONFIG for an unknown level, PH_ERR_NOT_FOUND when
 * there is no key, PH_ERR_DENIED when its file is readable by others or not
 * ours, PH_ERR_INVALID when it is not 32 bytes.
 */
int ph_machine_key_load(const char *level, const char *source,
                        struct ph_machine_key *out_key, struct ph_why *why);

/* Make a new key where there is none; PH_ERR_EXISTS otherwise. Durable. */
int ph_machine_key_create(const char *level, const char *source,
                          struct ph_why *why);

void ph_machine_key_wipe(struct ph_machine_key *key);

#endif
