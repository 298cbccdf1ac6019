#include "sealed_internal.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "algorithms.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"

struct ph_sealed_verifier {
    int fd;
    uint64_t hinted; /* write-back started up to here */
    int err;         /* the first failure; final */
    struct ph_sealed_secret secret;
    struct ph_sealed_scan scan; /* stream NULL until the body has begun */
    EVP_MD_CTX *sha256;
    uint64_t hashed;
};

int
ph_sealed_verifier_new(int fd, const struct ph_sealed_secret *secret,
                       struct ph_sealed_verifier **out_verifier)
{
    const EVP_MD *md = ph_algorithm_sha256();
    struct ph_sealed_verifier *verifier;

    if (md == NULL)
        return PH_ERR_CRYPTO;
    verifier = calloc(1, sizeof(*verifier));
    if (verifier == NULL)
        return PH_ERR_NOMEM;
    verifier->fd = fd;
    verifier->secret = *secret;
    verifier->sha256 = EVP_MD_CTX_new();
    if (verifier->sha256 == NULL ||
        EVP_DigestInit_ex2(verifier->sha256, md, NULL) != 1) {
        ph_sealed_verifier_free(verifier);
        return PH_ERR_CRYPTO;
    }
    *out_verifier = verifier;
    return PH_OK;
}

void
ph_sealed_verifier_free(struct ph_sealed_verifier *verifier)
{
    if (verifier == NULL)
        return;
    ph_sealed_scan_close(&verifier->scan);
    EVP_MD_CTX_free(verifier->sha256);
    OPENSSL_cleanse(&verifier->secret, sizeof(verifier->secret));
    free(verifier);
}

/* The stream header is there only once the backend wrote its first batch. */
static int
start(struct ph_sealed_verifier *verifier)
{
    struct ph_stream *stream = NULL;
    int err;

    if (verifier->scan.stream != NULL)
        return PH_OK;
    err = ph_sealed_stream_open(verifier->fd, &verifier->secret, &stream);
    if (err == PH_OK)
        err = ph_sealed_scan_init(&verifier->scan, verifier->fd, stream);
    if (err != PH_OK)
        ph_stream_free(stream);
    return err;
}

static int
on_plain(void *arg, const uint8_t *plain, size_t len)
{
    struct ph_sealed_verifier *verifier = arg;

    verifier->hashed += len;
    if (verifier->hashed > PH_SEALED_DIGEST_MAX)
        return PH_OK;
    if (EVP_DigestUpdate(verifier->sha256, plain, len) != 1)
        return PH_ERR_CRYPTO;
    return PH_OK;
}

/* The disk writes while the writer encrypts on. Asked for here, because the
 * writer is what capture waits for: a tenth of its time (measured). */
static void
start_writeback(struct ph_sealed_verifier *verifier, uint64_t written_offset)
{
    if (written_offset <= verifier->hinted)
        return;
    ph_io_start_writeback(verifier->fd, verifier->hinted,
                          written_offset - verifier->hinted);
    verifier->hinted = written_offset;
}

int
ph_sealed_verifier_advance(struct ph_sealed_verifier *verifier,
                           uint64_t written_offset)
{
    uint64_t end;

    if (verifier->err != PH_OK)
        return verifier->err;
    if (written_offset <= PH_SEALED_HEADER_BYTES)
        return PH_OK;
    start_writeback(verifier, written_offset);
    end =
        (written_offset - PH_SEALED_HEADER_BYTES - 1) / PH_SEALED_SEGMENT_BYTES;
    if (end <= verifier->scan.next)
        return PH_OK;
    verifier->err = start(verifier);
    if (verifier->err == PH_OK)
        verifier->err =
            ph_sealed_scan_full(&verifier->scan, end, NULL, on_plain, verifier);
    return verifier->err;
}

static int
finish(struct ph_sealed_verifier *verifier, uint64_t *out_size,
       uint8_t out_sha256[PH_SHA256_BYTES])
{
    uint64_t file_size, size;
    int err = ph_sealed_file_size(verifier->fd, &file_size);

    if (err == PH_OK && file_size < PH_SEALED_HEADER_BYTES)
        err = PH_ERR_TRUNCATED;
    /* Whoever wrote the body could write over the header too. */
    if (err == PH_OK)
        err = ph_sealed_header_recheck(verifier->fd, &verifier->secret);
    if (err == PH_OK)
        err = start(verifier);
    if (err != PH_OK)
        return err;
    file_size -= PH_SEALED_HEADER_BYTES;
    err = ph_sealed_scan_rest(&verifier->scan, file_size, NULL, on_plain,
                              verifier);
    if (err == PH_OK)
        err = ph_stream_plain_size(&ph_stream_spool, file_size, &size);
    if (err == PH_OK && size > PH_SEALED_DIGEST_MAX)
        memset(out_sha256, 0, PH_SHA256_BYTES);
    else if (err == PH_OK &&
             EVP_DigestFinal_ex(verifier->sha256, out_sha256, NULL) != 1)
        err = PH_ERR_CRYPTO;
    if (err == PH_OK)
        *out_size = size;
    return err;
}

int
ph_sealed_verifier_finish(struct ph_sealed_verifier *verifier,
                          uint64_t *out_size,
                          uint8_t out_sha256[PH_SHA256_BYTES])
{
    int err = verifier->err;

    if (err == PH_OK)
        err = finish(verifier, out_size, out_sha256);
    verifier->err = err == PH_OK ? PH_ERR_STATE : err;
    return err;
}
