#include "printhold/crypto/epoch_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "epoch_file.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/aead.h"
#include "printhold/crypto/kdf.h"

#define SEAL_MAX 65536
#define DAY_MS   INT64_C(86400000)

struct ph_epoch_keys {
    int dirfd;
    const char *level;
    uint8_t machine_key[PH_KEY_BYTES];
    uint8_t owner_key[PH_KEY_BYTES];
    uint8_t code_key[PH_KEY_BYTES];
    uint8_t audit_chain_key[PH_KEY_BYTES];
    uint8_t audit_seal_key[PH_KEY_BYTES];
    pthread_mutex_t lock; /* of all below */
    struct ph_epoch epochs[PH_EPOCHS_MAX];
    size_t count;
};

static struct ph_epoch *
find(struct ph_epoch_keys *keys, const struct ph_id *id)
{
    for (size_t i = 0; i < keys->count; i++)
        if (ph_id_equal(&keys->epochs[i].id, id))
            return &keys->epochs[i];
    return NULL;
}

/* What load_one is given with each name. */
struct loading {
    struct ph_epoch_keys *keys;
    struct ph_why *why;
};

static int
load_one(const char *name, void *arg)
{
    const struct loading *loading = arg;
    struct ph_epoch_keys *keys = loading->keys;
    struct ph_id id;
    int err;

    if (!ph_epoch_name_parse(name, &id)) {
        (void)ph_epoch_file_sweep(keys->dirfd, name);
        return PH_OK;
    }
    if (keys->count == PH_EPOCHS_MAX)
        return ph_why_fail(loading->why, PH_ERR_LIMIT,
                           "there are more than %d epoch keys; delete expired "
                           "jobs",
                           PH_EPOCHS_MAX);
    err = ph_epoch_file_read(keys->dirfd, keys->machine_key, &id,
                             &keys->epochs[keys->count]);
    if (err == PH_ERR_CORRUPT)
        return ph_why_fail(loading->why, err,
                           "the epoch key %s does not fit the machine key; "
                           "restore the machine key that made it, or move the "
                           "file away to give up the jobs of its day",
                           name);
    if (err != PH_OK)
        return ph_why_fail(loading->why, err,
                           "cannot read the epoch key %s: %s", name,
                           ph_err_text(err));
    keys->count++;
    return PH_OK;
}

/* Before there was an owner.key, the secret was derived from the machine key:
 * where it is missing beside nothing but files of that time, it still is. */
static int
first_owner(struct ph_epoch_keys *keys, struct ph_why *why)
{
    int err;

    for (size_t i = 0; i < keys->count; i++)
        if (keys->epochs[i].version > 1)
            return ph_why_fail(why, PH_ERR_NOT_FOUND,
                               "the key " PH_OWNER_FILE " is missing beside "
                               "the epoch keys; restore it from the backup, "
                               "without it nobody's jobs are found");
    err = ph_hkdf_label(keys->machine_key, NULL, 0, "printhold/v1/owner",
                        keys->owner_key);
    if (err == PH_OK)
        err = ph_owner_file_write(keys->dirfd, keys->machine_key,
                                  keys->owner_key);
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "cannot make the key " PH_OWNER_FILE ": %s",
                           ph_err_text(err));
    return PH_OK;
}

static int
read_owner(struct ph_epoch_keys *keys, struct ph_why *why)
{
    int err =
        ph_owner_file_read(keys->dirfd, keys->machine_key, keys->owner_key);

    if (err == PH_ERR_CORRUPT)
        return ph_why_fail(why, err,
                           "the key " PH_OWNER_FILE " does not fit the machine "
                           "key; restore the machine key that made it, or this "
                           "file from the backup");
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "cannot read the key " PH_OWNER_FILE ": %s",
                           ph_err_text(err));
    return PH_OK;
}

static int
load_owner(struct ph_epoch_keys *keys, struct ph_why *why)
{
    int err = read_owner(keys, why);

    return err == PH_ERR_NOT_FOUND ? first_owner(keys, why) : err;
}

static int
load_all(struct ph_epoch_keys *keys, struct ph_why *why)
{
    struct ph_why inner = {""};
    struct loading loading = {.keys = keys, .why = &inner};
    int err = ph_epoch_dir_each(keys->dirfd, load_one, &loading);

    if (err == PH_OK)
        return load_owner(keys, why);
    if (inner.text[0] == '\0')
        ph_why_set(&inner, "cannot list the epoch keys: %s", ph_err_text(err));
    return ph_why_fail(why, err, "%s", inner.text);
}

/* Of the owners' secret, which outlives machine keys: records are kept longer
 * than any day's key. */
static int
derive_audit_keys(struct ph_epoch_keys *keys)
{
    int err = ph_hkdf_label(keys->owner_key, NULL, 0,
                            "printhold/v1/audit-chain", keys->audit_chain_key);

    if (err == PH_OK)
        err = ph_hkdf_label(keys->owner_key, NULL, 0, "printhold/v1/audit-seal",
                            keys->audit_seal_key);
    return err;
}

static int
keys_new(int dirfd, const struct ph_machine_key *machine,
         struct ph_epoch_keys **out_keys, struct ph_why *why)
{
    struct ph_epoch_keys *keys = calloc(1, sizeof(*keys));
    int err;

    if (keys == NULL || pthread_mutex_init(&keys->lock, NULL) != 0) {
        free(keys);
        ph_why_set(why, "out of memory");
        return PH_ERR_NOMEM; /* the compiler wants to see that */
    }
    keys->level = machine->level;
    memcpy(keys->machine_key, machine->bytes, PH_KEY_BYTES);
    keys->dirfd = fcntl(dirfd, F_DUPFD_CLOEXEC, 3);
    err = keys->dirfd >= 0 ? PH_OK : ph_err_from_errno(errno);
    if (err == PH_OK)
        err = ph_hkdf_label(keys->machine_key, NULL, 0, "printhold/v1/code",
                            keys->code_key);
    if (err != PH_OK) {
        ph_why_set(why, "cannot set up the epoch keys: %s", ph_err_text(err));
        ph_epoch_keys_free(keys);
        return err;
    }
    *out_keys = keys;
    return PH_OK;
}

/* load is load_all, or load_owner alone. */
static int
open_keys(int dirfd, const struct ph_machine_key *machine,
          int (*load)(struct ph_epoch_keys *keys, struct ph_why *why),
          struct ph_epoch_keys **out_keys, struct ph_why *why)
{
    struct ph_epoch_keys *keys = NULL;
    int err = keys_new(dirfd, machine, &keys, why);

    if (keys == NULL)
        return err;
    err = load(keys, why);
    if (err == PH_OK) {
        err = derive_audit_keys(keys);
        if (err != PH_OK)
            ph_why_set(why, "cannot set up the keys of the audit: %s",
                       ph_err_text(err));
    }
    if (err != PH_OK) {
        ph_epoch_keys_free(keys);
        return err;
    }
    *out_keys = keys;
    return PH_OK;
}

int
ph_epoch_keys_open(int dirfd, const struct ph_machine_key *machine,
                   struct ph_epoch_keys **out_keys, struct ph_why *why)
{
    return open_keys(dirfd, machine, load_all, out_keys, why);
}

int
ph_epoch_keys_open_audit(int dirfd, const struct ph_machine_key *machine,
                         struct ph_epoch_keys **out_keys, struct ph_why *why)
{
    return open_keys(dirfd, machine, read_owner, out_keys, why);
}

void
ph_epoch_keys_free(struct ph_epoch_keys *keys)
{
    if (keys == NULL)
        return;
    ph_io_close(&keys->dirfd);
    (void)pthread_mutex_destroy(&keys->lock);
    OPENSSL_cleanse(keys, sizeof(*keys));
    free(keys);
}

static int64_t
day_of(int64_t wall_ms)
{
    int64_t day = wall_ms / DAY_MS;

    return wall_ms % DAY_MS < 0 ? day - 1 : day;
}

/* The lock is held: two threads at midnight must not make two epochs. */
static int
make_epoch(struct ph_epoch_keys *keys, int64_t day)
{
    struct ph_epoch epoch = {.day = day};
    int err;

    if (keys->count == PH_EPOCHS_MAX)
        return PH_ERR_LIMIT;
    err = ph_id_make(&epoch.id);
    if (err == PH_OK)
        err = ph_random(epoch.key, sizeof(epoch.key));
    if (err == PH_OK)
        err = ph_epoch_file_write(keys->dirfd, keys->machine_key, &epoch);
    if (err == PH_OK)
        keys->epochs[keys->count++] = epoch;
    OPENSSL_cleanse(&epoch, sizeof(epoch));
    return err;
}

int
ph_epoch_keys_current(struct ph_epoch_keys *keys, int64_t wall_ms,
                      struct ph_id *out_epoch)
{
    int64_t day = day_of(wall_ms);
    size_t i = 0;
    int err = PH_OK;

    (void)pthread_mutex_lock(&keys->lock);
    while (i < keys->count && keys->epochs[i].day != day)
        i++;
    if (i == keys->count)
        err = make_epoch(keys, day);
    if (err == PH_OK)
        *out_epoch = keys->epochs[i].id;
    (void)pthread_mutex_unlock(&keys->lock);
    return err;
}

size_t
ph_epoch_keys_ended(struct ph_epoch_keys *keys, int64_t wall_ms,
                    struct ph_id *out_epochs, size_t cap)
{
    int64_t day = day_of(wall_ms);
    size_t count = 0;

    (void)pthread_mutex_lock(&keys->lock);
    for (size_t i = 0; i < keys->count && count < cap; i++)
        if (keys->epochs[i].day < day)
            out_epochs[count++] = keys->epochs[i].id;
    (void)pthread_mutex_unlock(&keys->lock);
    return count;
}

int
ph_epoch_keys_destroy(struct ph_epoch_keys *keys, const struct ph_id *id)
{
    struct ph_epoch *epoch;
    int err = PH_ERR_NOT_FOUND;

    (void)pthread_mutex_lock(&keys->lock);
    epoch = find(keys, id);
    if (epoch != NULL)
        err = ph_epoch_file_destroy(keys->dirfd, id);
    if (err == PH_OK) {
        *epoch = keys->epochs[--keys->count];
        OPENSSL_cleanse(&keys->epochs[keys->count], sizeof(*epoch));
    }
    (void)pthread_mutex_unlock(&keys->lock);
    return err;
}

static int
copy_key(struct ph_epoch_keys *keys, const struct ph_id *id,
         uint8_t out_key[PH_KEY_BYTES])
{
    const struct ph_epoch *epoch;

    (void)pthread_mutex_lock(&keys->lock);
    epoch = find(keys, id);
    if (epoch != NULL)
        memcpy(out_key, epoch->key, PH_KEY_BYTES);
    (void)pthread_mutex_unlock(&keys->lock);
    return epoch != NULL ? PH_OK : PH_ERR_NOT_FOUND;
}

int
ph_epoch_keys_wrap(struct ph_epoch_keys *keys, const struct ph_id *epoch,
                   const uint8_t data_key[PH_KEY_BYTES],
                   uint8_t out_wrapped[PH_WRAPPED_KEY_BYTES])
{
    uint8_t key[PH_KEY_BYTES];
    int err = copy_key(keys, epoch, key);

    if (err == PH_OK)
        err = ph_key_wrap(key, data_key, out_wrapped);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}

int
ph_epoch_keys_unwrap(struct ph_epoch_keys *keys, const struct ph_id *epoch,
                     const uint8_t wrapped[PH_WRAPPED_KEY_BYTES],
                     uint8_t out_data_key[PH_KEY_BYTES])
{
    uint8_t key[PH_KEY_BYTES];
    int err = copy_key(keys, epoch, key);

    if (err == PH_OK)
        err = ph_key_unwrap(key, wrapped, out_data_key);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}

/* The cipher of catalogue rows of an epoch. */
static int
row_cipher(struct ph_epoch_keys *keys, const struct ph_id *epoch,
           struct ph_aead **out_aead)
{
    uint8_t key[PH_KEY_BYTES], row_key[PH_KEY_BYTES];
    int err = copy_key(keys, epoch, key);

    if (err == PH_OK)
        err = ph_hkdf_label(key, NULL, 0, "printhold/v1/catalogue", row_key);
    if (err == PH_OK)
        err = ph_aead_new(row_key, sizeof(row_key), out_aead);
    OPENSSL_cleanse(key, sizeof(key));
    OPENSSL_cleanse(row_key, sizeof(row_key));
    return err;
}

/* Nonce, ciphertext, tag. The cipher is freed. */
static int
seal(struct ph_aead *aead, const void *aad, size_t aad_len, const void *plain,
     size_t plain_len, struct ph_buf *out_sealed)
{
    const size_t len = PH_AEAD_NONCE_BYTES + plain_len + PH_AEAD_TAG_BYTES;
    uint8_t *room = ph_buf_reserve(out_sealed, len);
    int err =
        room != NULL ? ph_random(room, PH_AEAD_NONCE_BYTES) : PH_ERR_NOMEM;

    if (err == PH_OK)
        err = ph_aead_seal(aead, room, aad, aad_len, plain, plain_len,
                           room + PH_AEAD_NONCE_BYTES);
    if (err == PH_OK)
        ph_buf_advance(out_sealed, len);
    ph_aead_free(aead);
    return err;
}

static int
unseal(struct ph_aead *aead, const void *aad, size_t aad_len,
       const uint8_t *sealed, size_t sealed_len, struct ph_buf *out_plain)
{
    const size_t len = sealed_len - PH_AEAD_NONCE_BYTES;
    uint8_t *room = ph_buf_reserve(out_plain, len);
    int err = PH_ERR_NOMEM;

    if (room != NULL)
        err = ph_aead_open(aead, sealed, aad, aad_len,
                           sealed + PH_AEAD_NONCE_BYTES, len, room);
    if (err == PH_OK)
        ph_buf_advance(out_plain, len - PH_AEAD_TAG_BYTES);
    ph_aead_free(aead);
    return err;
}

static int
check_sealed_len(size_t len)
{
    if (len < PH_AEAD_NONCE_BYTES + PH_AEAD_TAG_BYTES)
        return PH_ERR_TRUNCATED;
    return len > SEAL_MAX + PH_AEAD_NONCE_BYTES + PH_AEAD_TAG_BYTES
               ? PH_ERR_TOO_BIG
               : PH_OK;
}

int
ph_epoch_keys_seal(struct ph_epoch_keys *keys, const struct ph_id *epoch,
                   const void *aad, size_t aad_len, const void *plain,
                   size_t plain_len, struct ph_buf *out_sealed)
{
    struct ph_aead *aead = NULL;
    int err;

    ph_buf_clear(out_sealed);
    if (plain_len > SEAL_MAX)
        return PH_ERR_TOO_BIG;
    err = row_cipher(keys, epoch, &aead);
    return err == PH_OK ? seal(aead, aad, aad_len, plain, plain_len, out_sealed)
                        : err;
}

int
ph_epoch_keys_unseal(struct ph_epoch_keys *keys, const struct ph_id *epoch,
                     const void *aad, size_t aad_len, const void *sealed,
                     size_t sealed_len, struct ph_buf *out_plain)
{
    struct ph_aead *aead = NULL;
    int err = check_sealed_len(sealed_len);

    ph_buf_clear(out_plain);
    if (err == PH_OK)
        err = row_cipher(keys, epoch, &aead);
    return err == PH_OK
               ? unseal(aead, aad, aad_len, sealed, sealed_len, out_plain)
               : err;
}

int
ph_epoch_keys_owner(struct ph_epoch_keys *keys, const char *login,
                    uint8_t out_owner[PH_OWNER_KEY_BYTES])
{
    uint8_t mac[PH_SHA256_BYTES];
    int err = ph_hmac_sha256(keys->owner_key, PH_KEY_BYTES, login,
                             strlen(login), mac);

    if (err == PH_OK)
        memcpy(out_owner, mac, PH_OWNER_KEY_BYTES);
    return err;
}

int
ph_epoch_keys_code(struct ph_epoch_keys *keys, const char *code,
                   uint8_t out_mac[PH_SHA256_BYTES])
{
    return ph_hmac_sha256(keys->code_key, PH_KEY_BYTES, code, strlen(code),
                          out_mac);
}

int
ph_epoch_keys_audit_seal(struct ph_epoch_keys *keys, const void *aad,
                         size_t aad_len, const void *plain, size_t plain_len,
                         struct ph_buf *out_sealed)
{
    struct ph_aead *aead = NULL;
    int err;

    ph_buf_clear(out_sealed);
    if (plain_len > SEAL_MAX)
        return PH_ERR_TOO_BIG;
    err = ph_aead_new(keys->audit_seal_key, PH_KEY_BYTES, &aead);
    return err == PH_OK ? seal(aead, aad, aad_len, plain, plain_len, out_sealed)
                        : err;
}

int
ph_epoch_keys_audit_unseal(struct ph_epoch_keys *keys, const void *aad,
                           size_t aad_len, const void *sealed,
                           size_t sealed_len, struct ph_buf *out_plain)
{
    struct ph_aead *aead = NULL;
    int err = check_sealed_len(sealed_len);

    ph_buf_clear(out_plain);
    if (err == PH_OK)
        err = ph_aead_new(keys->audit_seal_key, PH_KEY_BYTES, &aead);
    return err == PH_OK
               ? unseal(aead, aad, aad_len, sealed, sealed_len, out_plain)
               : err;
}

int
ph_epoch_keys_audit_mac(struct ph_epoch_keys *keys, const void *bytes,
                        size_t len, uint8_t out_mac[PH_SHA256_BYTES])
{
    return ph_hmac_sha256(keys->audit_chain_key, PH_KEY_BYTES, bytes, len,
                          out_mac);
}

const char *
ph_epoch_keys_level(const struct ph_epoch_keys *keys)
{
    return keys->level;
}
