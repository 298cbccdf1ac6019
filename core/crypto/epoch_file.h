/*
 * One epoch key on disk: 8 bytes magic, the day as a 64-bit number of days
 * since 1970, the wrapped key. The wrapping key is derived from the machine
 * key, the epoch's id and the day, so a renamed or redated file does not
 * unwrap.
 */
#ifndef CRYPTO_EPOCH_FILE_H
#define CRYPTO_EPOCH_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/id.h"
#include "printhold/crypto/machine_key.h"

#define PH_EPOCH_NAME_MAX 64

struct ph_epoch {
    struct ph_id id;
    int64_t day;
    uint8_t key[PH_KEY_BYTES];
};

/* Is this the name of an epoch file? */
bool ph_epoch_name_parse(const char *name, struct ph_id *out_id);

int ph_epoch_file_read(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                       const struct ph_id *id, struct ph_epoch *out_epoch);
int ph_epoch_file_write(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                        const struct ph_epoch *epoch);
/* Gone for good: renamed first, so that a crash half-way leaves a name that
 * is swept and not an epoch that does not unwrap; then overwritten. */
int ph_epoch_file_destroy(int dirfd, const struct ph_id *id);
/* A leftover of _destroy or of an unfinished write: remove it. */
bool ph_epoch_file_sweep(int dirfd, const char *name);

#endif
