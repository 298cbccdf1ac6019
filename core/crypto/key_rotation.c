#include "printhold/crypto/key_rotation.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>

#include "epoch_file.h"
#include "printhold/base/err.h"
#include "printhold/crypto/epoch_keys.h"
#include "printhold/crypto/machine_key.h"

struct rotation {
    int dirfd;
    struct ph_machine_key old;
    struct ph_machine_key next;
    struct ph_id epochs[PH_EPOCHS_MAX];
    size_t count;
};

int
ph_key_count_epochs(int dirfd, size_t *out_count)
{
    struct ph_id ids[PH_EPOCHS_MAX];

    return ph_epoch_dir_list(dirfd, ids, out_count);
}

static int
rewrap_epoch(const struct rotation *r, const struct ph_id *id, bool write)
{
    struct ph_epoch epoch;
    int err = ph_epoch_file_read(r->dirfd, r->next.bytes, id, &epoch);

    if (err == PH_ERR_CORRUPT) {
        err = ph_epoch_file_read(r->dirfd, r->old.bytes, id, &epoch);
        if (err == PH_OK && write)
            err = ph_epoch_file_write(r->dirfd, r->next.bytes, &epoch);
    }
    OPENSSL_cleanse(&epoch, sizeof(epoch));
    return err;
}

static int
rewrap_owner(const struct rotation *r, bool write)
{
    uint8_t secret[PH_KEY_BYTES];
    int err = ph_owner_file_read(r->dirfd, r->next.bytes, secret);

    if (err == PH_ERR_CORRUPT) {
        err = ph_owner_file_read(r->dirfd, r->old.bytes, secret);
        if (err == PH_OK && write)
            err = ph_owner_file_write(r->dirfd, r->next.bytes, secret);
    }
    OPENSSL_cleanse(secret, sizeof(secret));
    return err;
}

/* The owners' secret first: an epoch that was written again wants it. */
static int
rewrap_all(const struct rotation *r, bool write, struct ph_why *why)
{
    char name[PH_ID_TEXT + 8] = PH_OWNER_FILE;
    int err = rewrap_owner(r, write);

    for (size_t i = 0; i < r->count && err == PH_OK; i++) {
        char hex[PH_ID_TEXT];

        ph_id_format(&r->epochs[i], hex);
        (void)snprintf(name, sizeof(name), "%s.epoch", hex);
        err = rewrap_epoch(r, &r->epochs[i], write);
    }
    if (err == PH_ERR_CORRUPT)
        return ph_why_fail(why, err,
                           "%s fits neither the old nor the next machine key; "
                           "restore the machine key that made it, or move the "
                           "file away to give up what it protects",
                           name);
    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot rewrap %s: %s", name,
                           ph_err_text(err));
    return PH_OK;
}

/* Opening reads everything under the key, and makes an owner.key where there
 * never was one. */
static int
open_under(int dirfd, const struct ph_machine_key *key, struct ph_why *why)
{
    struct ph_epoch_keys *keys = NULL;
    int err = ph_epoch_keys_open(dirfd, key, &keys, why);

    ph_epoch_keys_free(keys);
    return err;
}

static int
rewrap(struct rotation *r, struct ph_why *why)
{
    int err = ph_epoch_dir_list(r->dirfd, r->epochs, &r->count);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot list the epoch keys: %s",
                           ph_err_text(err));
    err = rewrap_all(r, false, why);
    if (err == PH_OK)
        err = rewrap_all(r, true, why);
    return err == PH_OK ? open_under(r->dirfd, &r->next, why) : err;
}

/* The next key, made if this is the beginning. Then all must be in order under
 * the old one. */
static int
begin(struct rotation *r, const struct ph_key_place *to, const char *next,
      struct ph_why *why)
{
    int64_t since_ms;
    int err = ph_machine_key_find(to->level, next, &since_ms, why);

    if (err == PH_ERR_NOT_FOUND) {
        err = open_under(r->dirfd, &r->old, why);
        if (err == PH_OK)
            err = ph_machine_key_create(to->level, next, why);
    }
    return err == PH_OK ? ph_machine_key_unlock(to->level, next, &r->next, why)
                        : err;
}

/* A move to another place that ended before the old key was removed. */
static bool
has_arrived(struct rotation *r, const struct ph_key_place *to, const char *next)
{
    uint8_t secret[PH_KEY_BYTES];
    int64_t since_ms;
    int err;

    if (ph_machine_key_find(to->level, next, &since_ms, NULL) == PH_OK ||
        ph_machine_key_find(to->level, to->source, &since_ms, NULL) != PH_OK)
        return false;
    err = ph_machine_key_unlock(to->level, to->source, &r->next, NULL);
    if (err == PH_OK)
        err = ph_owner_file_read(r->dirfd, r->next.bytes, secret);
    if (err == PH_OK)
        err = open_under(r->dirfd, &r->next, NULL);
    if (err == PH_OK)
        err = ph_key_count_epochs(r->dirfd, &r->count);
    OPENSSL_cleanse(secret, sizeof(secret));
    return err == PH_OK;
}

static int
rotate(struct rotation *r, const struct ph_key_place *from,
       const struct ph_key_place *to, struct ph_why *why)
{
    const bool moves = !ph_machine_key_same_place(from->level, from->source,
                                                  to->level, to->source);
    char next[PATH_MAX];
    int err = PH_OK;

    if (snprintf(next, sizeof(next), "%s" PH_MACHINE_KEY_NEXT, to->source) >=
        (int)sizeof(next))
        return ph_why_fail(why, PH_ERR_TOO_BIG,
                           "the name of the machine key is too long");
    if (!moves || !has_arrived(r, to, next)) {
        err = ph_machine_key_unlock(from->level, from->source, &r->old, why);
        if (err == PH_OK)
            err = begin(r, to, next, why);
        if (err == PH_OK)
            err = rewrap(r, why);
        if (err == PH_OK)
            err = ph_machine_key_promote(to->level, next, to->source, why);
    }
    if (err == PH_OK && moves)
        err = ph_machine_key_remove(from->level, from->source, why);
    return err;
}

int
ph_key_rotate(int dirfd, const struct ph_key_place *from,
              const struct ph_key_place *to, size_t *out_count,
              struct ph_why *why)
{
    struct rotation r = {.dirfd = dirfd};
    int err = rotate(&r, from, to, why);

    if (err == PH_OK)
        *out_count = r.count;
    OPENSSL_cleanse(&r, sizeof(r));
    return err;
}

int
ph_key_is_used(int dirfd, bool *out_used)
{
    size_t count = 0;
    int err = ph_key_count_epochs(dirfd, &count);

    if (err == PH_OK)
        *out_used = count > 0 || faccessat(dirfd, PH_OWNER_FILE, F_OK,
                                           AT_SYMLINK_NOFOLLOW) == 0;
    return err;
}
