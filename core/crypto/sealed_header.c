#include "sealed_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "printhold/base/cursor.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/crypto/kdf.h"

#define FIXED_BYTES      120 /* before the zero padding */
#define COMMITTED_BYTES  88  /* before the commitment */
#define COMMITMENT_LABEL "printhold/v1/commitment"

int
ph_sealed_file_size(int fd, uint64_t *out_size)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return ph_err_from_errno(errno);
    if (!S_ISREG(st.st_mode) || st.st_size < 0)
        return PH_ERR_INVALID;
    *out_size = (uint64_t)st.st_size;
    return PH_OK;
}

/* HMAC over the header before it: GCM alone would let one file decrypt under
 * two keys. */
static int
commit(const uint8_t data_key[PH_KEY_BYTES], const uint8_t *header,
       uint8_t out_commitment[PH_SHA256_BYTES])
{
    uint8_t key[PH_KEY_BYTES];
    int err = ph_hkdf_label(data_key, NULL, 0, COMMITMENT_LABEL, key);

    if (err == PH_OK)
        err = ph_hmac_sha256(key, sizeof(key), header, COMMITTED_BYTES,
                             out_commitment);
    OPENSSL_cleanse(key, sizeof(key));
    return err;
}

static int
build(const struct ph_sealed_header *header,
      const uint8_t data_key[PH_KEY_BYTES],
      uint8_t out_bytes[PH_SEALED_HEADER_BYTES])
{
    uint8_t commitment[PH_SHA256_BYTES];
    struct ph_buf buf;
    int err;

    ph_buf_init(&buf, FIXED_BYTES);
    err = ph_buf_put(&buf, PH_SEALED_MAGIC, PH_SEALED_MAGIC_BYTES);
    if (err == PH_OK)
        err = ph_buf_put_u16(&buf, PH_SEALED_VERSION);
    if (err == PH_OK)
        err = ph_buf_put_u16(&buf, PH_SEALED_SUITE);
    if (err == PH_OK)
        err = ph_buf_put_u32(&buf, PH_SEALED_HEADER_BYTES);
    if (err == PH_OK)
        err = ph_buf_put(&buf, header->job.bytes, PH_ID_BYTES);
    if (err == PH_OK)
        err = ph_buf_put(&buf, header->epoch.bytes, PH_ID_BYTES);
    if (err == PH_OK)
        err = ph_buf_put(&buf, header->wrapped, PH_WRAPPED_KEY_BYTES);
    if (err == PH_OK)
        err = commit(data_key, buf.data, commitment);
    if (err == PH_OK)
        err = ph_buf_put(&buf, commitment, sizeof(commitment));
    if (err == PH_OK) {
        memset(out_bytes, 0, PH_SEALED_HEADER_BYTES);
        memcpy(out_bytes, buf.data, buf.len);
    }
    ph_buf_close(&buf);
    return err;
}

int
ph_sealed_create_with(int fd, struct ph_epoch_keys *keys,
                      const struct ph_id *epoch, const struct ph_id *job,
                      const uint8_t data_key[PH_KEY_BYTES],
                      struct ph_sealed_secret *out_secret)
{
    struct ph_sealed_header header = {.job = *job, .epoch = *epoch};
    uint8_t bytes[PH_SEALED_HEADER_BYTES];
    uint8_t hash[PH_SEALED_HASH_BYTES];
    uint64_t size;
    int err = ph_sealed_file_size(fd, &size);

    if (err == PH_OK && size != 0)
        err = PH_ERR_STATE;
    if (err == PH_OK)
        err = ph_epoch_keys_wrap(keys, epoch, data_key, header.wrapped);
    if (err == PH_OK)
        err = build(&header, data_key, bytes);
    if (err == PH_OK)
        err = ph_sha256(bytes, sizeof(bytes), hash);
    if (err == PH_OK)
        err = ph_io_pwrite_full(fd, bytes, sizeof(bytes), 0);
    if (err != PH_OK)
        return err;
    out_secret->job = *job;
    memcpy(out_secret->data_key, data_key, PH_KEY_BYTES);
    memcpy(out_secret->header_hash, hash, sizeof(hash));
    return PH_OK;
}

int
ph_sealed_create(int fd, struct ph_epoch_keys *keys, const struct ph_id *epoch,
                 const struct ph_id *job, struct ph_sealed_secret *out_secret)
{
    uint8_t data_key[PH_KEY_BYTES];
    int err = ph_random(data_key, sizeof(data_key));

    if (err == PH_OK)
        err = ph_sealed_create_with(fd, keys, epoch, job, data_key, out_secret);
    OPENSSL_cleanse(data_key, sizeof(data_key));
    return err;
}

static int
check_padding(const uint8_t bytes[PH_SEALED_HEADER_BYTES], struct ph_why *why)
{
    for (size_t i = FIXED_BYTES; i < PH_SEALED_HEADER_BYTES; i++)
        if (bytes[i] != 0)
            return ph_why_fail(why, PH_ERR_CORRUPT,
                               "the spool file's header is damaged; the job "
                               "cannot be printed any more");
    return PH_OK;
}

int
ph_sealed_header_parse(const uint8_t bytes[PH_SEALED_HEADER_BYTES],
                       struct ph_sealed_header *out_header, struct ph_why *why)
{
    struct ph_sealed_header header;
    struct ph_cursor cur;
    uint8_t magic[PH_SEALED_MAGIC_BYTES];
    uint16_t version = 0, suite = 0;
    uint32_t length = 0;
    int err;

    /* The fixed size always holds all fields: no read below can fail. */
    ph_cursor_init(&cur, bytes, PH_SEALED_HEADER_BYTES);
    if (ph_cursor_copy(&cur, magic, sizeof(magic)) != PH_OK ||
        memcmp(magic, PH_SEALED_MAGIC, sizeof(magic)) != 0)
        return ph_why_fail(why, PH_ERR_CORRUPT,
                           "this is not a spool file of printhold");
    (void)ph_cursor_u16(&cur, &version);
    (void)ph_cursor_u16(&cur, &suite);
    (void)ph_cursor_u32(&cur, &length);
    if (version != PH_SEALED_VERSION || suite != PH_SEALED_SUITE)
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "the spool file has version %u and suite %u, this "
                           "program knows only 1 and 1; use the version of "
                           "printhold that wrote it",
                           version, suite);
    if (length != PH_SEALED_HEADER_BYTES)
        return ph_why_fail(why, PH_ERR_CORRUPT,
                           "the spool file's header is damaged; the job "
                           "cannot be printed any more");
    (void)ph_cursor_copy(&cur, header.job.bytes, PH_ID_BYTES);
    (void)ph_cursor_copy(&cur, header.epoch.bytes, PH_ID_BYTES);
    (void)ph_cursor_copy(&cur, header.wrapped, PH_WRAPPED_KEY_BYTES);
    (void)ph_cursor_copy(&cur, header.commitment, PH_SHA256_BYTES);
    err = check_padding(bytes, why);
    if (err == PH_OK)
        *out_header = header;
    return err;
}

/* Unwrap the data key and hold it against the commitment. */
static int
unlock(const struct ph_sealed_header *header, const uint8_t *bytes,
       struct ph_epoch_keys *keys, uint8_t data_key[PH_KEY_BYTES],
       struct ph_why *why)
{
    uint8_t commitment[PH_SHA256_BYTES];
    int err =
        ph_epoch_keys_unwrap(keys, &header->epoch, header->wrapped, data_key);

    if (err == PH_ERR_NOT_FOUND)
        return ph_why_fail(why, err,
                           "the key of this spool file's day is gone; the job "
                           "cannot be read any more");
    if (err == PH_OK)
        err = commit(data_key, bytes, commitment);
    if (err == PH_OK &&
        CRYPTO_memcmp(commitment, header->commitment, sizeof(commitment)) != 0)
        err = PH_ERR_CORRUPT;
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "the spool file's key does not hold (%s); the job "
                           "cannot be printed any more",
                           ph_err_text(err));
    return PH_OK;
}

int
ph_sealed_header_open(int fd, struct ph_epoch_keys *keys,
                      struct ph_sealed_secret *out_secret,
                      struct ph_id *out_epoch, struct ph_why *why)
{
    uint8_t bytes[PH_SEALED_HEADER_BYTES];
    struct ph_sealed_header header;
    struct ph_sealed_secret secret;
    int err = ph_io_pread_full(fd, bytes, sizeof(bytes), 0);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read the spool file's header: %s",
                           ph_err_text(err));
    err = ph_sealed_header_parse(bytes, &header, why);
    if (err != PH_OK)
        return err;
    err = unlock(&header, bytes, keys, secret.data_key, why);
    if (err == PH_OK)
        err = ph_sha256(bytes, sizeof(bytes), secret.header_hash);
    if (err == PH_OK) {
        secret.job = header.job;
        *out_secret = secret;
        *out_epoch = header.epoch;
    }
    OPENSSL_cleanse(&secret, sizeof(secret));
    return err;
}

int
ph_sealed_header_recheck(int fd, const struct ph_sealed_secret *secret)
{
    uint8_t bytes[PH_SEALED_HEADER_BYTES];
    uint8_t hash[PH_SEALED_HASH_BYTES];
    int err = ph_io_pread_full(fd, bytes, sizeof(bytes), 0);

    if (err == PH_OK)
        err = ph_sha256(bytes, sizeof(bytes), hash);
    if (err == PH_OK && memcmp(hash, secret->header_hash, sizeof(hash)) != 0)
        err = PH_ERR_CORRUPT;
    return err;
}
