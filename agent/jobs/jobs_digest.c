/*
 * The digest of long documents. Nobody waits for it at the print dialog: it is
 * made once the backend has gone, or at the latest when a printer asks.
 */
#include "jobs_private.h"

#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

bool
jobs_lacks_digest(const uint8_t sha256[PH_SHA256_BYTES])
{
    static const uint8_t unknown[PH_SHA256_BYTES];

    return memcmp(sha256, unknown, sizeof(unknown)) == 0;
}

static bool
copy_digest(const struct ph_catalogue_job *row, void *arg)
{
    memcpy(arg, row->sha256, PH_SHA256_BYTES);
    return false;
}

static bool
is_due(struct ph_jobs *jobs, const struct ph_id *id)
{
    uint8_t sha256[PH_SHA256_BYTES];
    int err;

    jobs_lock(jobs);
    err = ph_catalogue_get(jobs->catalogue, id, copy_digest, sha256);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err == PH_OK && jobs_lacks_digest(sha256);
}

static int
open_own(struct ph_jobs *jobs, const struct ph_id *id,
         struct ph_sealed_reader **out_reader)
{
    int fd = -1, err = ph_spool_read(jobs->spool, id, &fd);

    if (err == PH_OK)
        err = ph_sealed_reader_open(fd, jobs->keys, out_reader, NULL);
    if (err != PH_OK)
        ph_io_close(&fd);
    return err;
}

int
jobs_make_digest(struct ph_jobs *jobs, const struct ph_id *id,
                 struct ph_sealed_reader *reader)
{
    struct ph_sealed_reader *own = NULL;
    uint8_t sha256[PH_SHA256_BYTES];
    int err = PH_OK;

    if (!is_due(jobs, id))
        return PH_OK;
    if (reader == NULL) {
        err = open_own(jobs, id, &own);
        reader = own;
    }
    if (err == PH_OK)
        err = ph_sealed_reader_digest(reader, NULL, sha256);
    ph_sealed_reader_free(own);
    if (err != PH_OK)
        return err;
    jobs_lock(jobs);
    err = ph_catalogue_set_sha256(jobs->catalogue, id, sha256);
    (void)pthread_mutex_unlock(&jobs->lock);
    return err;
}
