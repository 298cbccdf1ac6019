/*
 * The directory of keys under the machine key.
 *
 * <id>.epoch is one epoch key: 8 bytes magic, the day as a 64-bit number of
 * days since 1970, the wrapped key. The wrapping key is derived from the
 * machine key, the epoch's id and the day, so a renamed or redated file does
 * not unwrap. Version 2 of the magic says that an owner.key lies beside it.
 *
 * owner.key is the secret behind the owners' pseudonyms: 8 bytes magic, the
 * wrapped secret. It outlives every machine key.
 */
#ifndef CRYPTO_EPOCH_FILE_H
#define CRYPTO_EPOCH_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "printhold/base/id.h"
#include "printhold/crypto/machine_key.h"

#define PH_EPOCH_NAME_MAX 64
#define PH_OWNER_FILE     "owner.key"
/* Retention is at most 7 days; more than this means that nobody destroys. */
#define PH_EPOCHS_MAX 64

struct ph_epoch {
    struct ph_id id;
    int64_t day;
    int version; /* of the file that it came from */
    uint8_t key[PH_KEY_BYTES];
};

/* Is this the name of an epoch file? */
bool ph_epoch_name_parse(const char *name, struct ph_id *out_id);

/* Give each name in the directory to the function, until one fails. Names that
 * it makes or removes meanwhile may or may not be given. */
typedef int (*ph_epoch_name_cb)(const char *name, void *arg);
int ph_epoch_dir_each(int dirfd, ph_epoch_name_cb cb, void *arg);
/* The epochs in the directory; PH_ERR_LIMIT for more than PH_EPOCHS_MAX. */
int ph_epoch_dir_list(int dirfd, struct ph_id out_ids[PH_EPOCHS_MAX],
                      size_t *out_count);

int ph_epoch_file_read(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                       const struct ph_id *id, struct ph_epoch *out_epoch);
int ph_epoch_file_write(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                        const struct ph_epoch *epoch);

int ph_owner_file_read(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                       uint8_t out_secret[PH_KEY_BYTES]);
int ph_owner_file_write(int dirfd, const uint8_t machine_key[PH_KEY_BYTES],
                        const uint8_t secret[PH_KEY_BYTES]);

/* Gone for good: renamed first, so that a crash half-way leaves a name that
 * is swept and not an epoch that does not unwrap; then overwritten. */
int ph_epoch_file_destroy(int dirfd, const struct ph_id *id);
/* A leftover of _destroy or of an unfinished write: remove it. */
bool ph_epoch_file_sweep(int dirfd, const char *name);

#endif
