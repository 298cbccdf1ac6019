/*
 * Rotation: another machine key for everything that lies under it.
 *
 * The steps, each durable before the next:
 *   1. the next key, at its place with PH_MACHINE_KEY_NEXT behind its name
 *   2. every epoch key and the owners' secret wrapped by the next key, each
 *      file replaced in one step
 *   3. the next key in the place of the old one
 * A crash after any of them leaves files under the old and the next key, both
 * of which are there; the same call again goes on. Until it is finished
 * ph_machine_key_load refuses. Data keys and documents are not touched.
 */
#ifndef PRINTHOLD_CRYPTO_KEY_ROTATION_H
#define PRINTHOLD_CRYPTO_KEY_ROTATION_H

#include <stdbool.h>
#include <stddef.h>

#include "printhold/base/why.h"

struct ph_key_place {
    const char *level;
    const char *source; /* as in machine_key.h */
};

/*
 * Rotate from one place to another, or within one place. dirfd is the
 * directory of the epoch keys, in which nobody else writes. *out_count is how
 * many epoch keys there are. Errors of machine_key.h; PH_ERR_CORRUPT names a
 * file that fits neither key, and then nothing was changed.
 */
int ph_key_rotate(int dirfd, const struct ph_key_place *from,
                  const struct ph_key_place *to, size_t *out_count,
                  struct ph_why *why);

/* Does anything in the directory lie under a machine key? */
int ph_key_is_used(int dirfd, bool *out_used);

/* How many epoch keys lie in the directory; PH_OK with 0 for none. */
int ph_key_count_epochs(int dirfd, size_t *out_count);

#endif
