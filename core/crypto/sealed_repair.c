/*
 * A power cut or kill while a metadata record was appended leaves part of it
 * behind the one before. Records are at most 64 KiB and a little, so the end
 * of the last whole one lies within that of the end of the file.
 */
#include "sealed_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define TAIL_MAX \
    (PH_SEALED_RECORD_EXTRA + PH_SEALED_METADATA_MAX + PH_SEALED_MAGIC_BYTES)

/* Is there a whole, authentic record in its place that ends here? */
static int
try_end(int fd, const struct ph_sealed_secret *secret, uint64_t end)
{
    struct ph_sealed_record record;
    struct ph_buf plain;
    int err = ph_sealed_record_at_end(fd, end, &record);

    if (err == PH_OK)
        err = ph_sealed_record_check_chain(fd, &record);
    if (err == PH_OK)
        err = ph_sealed_record_open(fd, secret, &record, &plain);
    if (err == PH_OK)
        ph_buf_close(&plain);
    return err;
}

static int
cut(int fd, uint64_t end)
{
    if (ftruncate(fd, (off_t)end) != 0)
        return ph_err_from_errno(errno);
    return ph_io_sync(fd);
}

/* Look for the magic at the end of a footer, backwards. */
static int
search(int fd, const struct ph_sealed_secret *secret, uint64_t size)
{
    uint64_t start = size > TAIL_MAX ? size - TAIL_MAX : 0;
    size_t len = (size_t)(size - start);
    uint8_t *tail = malloc(len > 0 ? len : 1);
    int err = PH_ERR_NOMEM;

    if (tail == NULL)
        return err;
    err = ph_io_pread_full(fd, tail, len, start);
    if (err != PH_OK)
        goto out;
    err = PH_ERR_TRUNCATED;
    for (size_t end = len; end >= PH_SEALED_MAGIC_BYTES; end--) {
        if (memcmp(tail + end - PH_SEALED_MAGIC_BYTES, PH_SEALED_RECORD_MAGIC,
                   PH_SEALED_MAGIC_BYTES) != 0)
            continue;
        err = try_end(fd, secret, start + end);
        if (err == PH_OK) {
            err = end == len ? PH_OK : cut(fd, start + end);
            goto out;
        }
        if (err != PH_ERR_TRUNCATED && err != PH_ERR_CORRUPT)
            goto out;
        err = PH_ERR_TRUNCATED;
    }
out:
    free(tail);
    return err;
}

int
ph_sealed_repair_tail(int fd, struct ph_epoch_keys *keys)
{
    struct ph_sealed_secret secret;
    struct ph_id epoch;
    uint64_t size;
    int err = ph_sealed_file_size(fd, &size);

    if (err == PH_OK)
        err = ph_sealed_header_open(fd, keys, &secret, &epoch, NULL);
    if (err != PH_OK)
        return err;
    err = search(fd, &secret, size);
    OPENSSL_cleanse(&secret, sizeof(secret));
    return err;
}
