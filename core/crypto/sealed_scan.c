#include "sealed_internal.h"

#include <stdlib.h>

#include <openssl/crypto.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define BATCH_SEGMENTS (PH_SEALED_BATCH_BYTES / PH_SEALED_SEGMENT_BYTES)

int
ph_sealed_stream_open(int fd, const struct ph_sealed_secret *secret,
                      struct ph_stream **out_stream)
{
    uint8_t header[PH_STREAM_HEADER_MAX];
    int err =
        ph_io_pread_full(fd, header, ph_stream_header_bytes(&ph_stream_spool),
                         PH_SEALED_HEADER_BYTES);

    if (err != PH_OK)
        return err;
    return ph_stream_new(&ph_stream_spool, secret->data_key, PH_KEY_BYTES,
                         secret->header_hash, PH_SEALED_HASH_BYTES, header,
                         out_stream);
}

int
ph_sealed_scan_init(struct ph_sealed_scan *scan, int fd,
                    struct ph_stream *stream)
{
    uint8_t *cipher = malloc(PH_SEALED_BATCH_BYTES);
    uint8_t *plain = malloc(PH_SEALED_SEGMENT_BYTES);

    if (cipher == NULL || plain == NULL) {
        free(cipher);
        free(plain);
        return PH_ERR_NOMEM;
    }
    *scan = (struct ph_sealed_scan){
        .fd = fd, .stream = stream, .cipher = cipher, .plain = plain};
    return PH_OK;
}

void
ph_sealed_scan_close(struct ph_sealed_scan *scan)
{
    if (scan->plain != NULL)
        OPENSSL_cleanse(scan->plain, PH_SEALED_SEGMENT_BYTES);
    free(scan->plain);
    free(scan->cipher);
    ph_stream_free(scan->stream);
    *scan = (struct ph_sealed_scan){.fd = -1};
}

/* Verify the segments [scan->next, end) of a stream of stream_size bytes that
 * lie within one batch. The one that reaches the stream's end is the last. */
static int
scan_batch(struct ph_sealed_scan *scan, uint64_t end, uint64_t stream_size,
           ph_sealed_plain_cb plain_cb, void *arg)
{
    uint64_t start = ph_stream_segment_offset(&ph_stream_spool, scan->next);
    uint64_t stop = ph_stream_segment_offset(&ph_stream_spool, end);
    size_t pos = 0;
    int err;

    stop = stop < stream_size ? stop : stream_size;
    err = ph_io_pread_full(scan->fd, scan->cipher, (size_t)(stop - start),
                           PH_SEALED_HEADER_BYTES + start);
    while (err == PH_OK && start < stop) {
        uint64_t limit =
            ph_stream_segment_offset(&ph_stream_spool, scan->next + 1);
        size_t len = (size_t)((limit < stop ? limit : stop) - start);

        err =
            ph_stream_open(scan->stream, scan->next, start + len == stream_size,
                           scan->cipher + pos, len, scan->plain);
        if (err == PH_OK && plain_cb != NULL)
            err = plain_cb(arg, scan->plain, len - PH_STREAM_TAG_BYTES);
        if (err != PH_OK)
            return err;
        scan->next++;
        start += len;
        pos += len;
    }
    return err;
}

static int
scan_to(struct ph_sealed_scan *scan, uint64_t end, uint64_t stream_size,
        const atomic_int *stop, ph_sealed_plain_cb plain_cb, void *arg)
{
    while (scan->next < end) {
        uint64_t part = scan->next - scan->next % BATCH_SEGMENTS;
        int err;

        if (stop != NULL && atomic_load(stop) != 0)
            return PH_ERR_CANCELLED;
        part += BATCH_SEGMENTS;
        err = scan_batch(scan, part < end ? part : end, stream_size, plain_cb,
                         arg);
        if (err != PH_OK)
            return err;
    }
    return PH_OK;
}

int
ph_sealed_scan_full(struct ph_sealed_scan *scan, uint64_t end,
                    const atomic_int *stop, ph_sealed_plain_cb plain_cb,
                    void *arg)
{
    if (end > PH_STREAM_SEGMENTS_MAX)
        return PH_ERR_TOO_BIG;
    return scan_to(scan, end, UINT64_MAX, stop, plain_cb, arg);
}

int
ph_sealed_scan_rest(struct ph_sealed_scan *scan, uint64_t stream_size,
                    const atomic_int *stop, ph_sealed_plain_cb plain_cb,
                    void *arg)
{
    uint64_t plain_size, segments;
    int err = ph_stream_plain_size(&ph_stream_spool, stream_size, &plain_size);

    if (err != PH_OK)
        return err;
    segments = ph_stream_segments(&ph_stream_spool, plain_size);
    /* The stream shrank under the feet of an earlier pass. */
    if (scan->next >= segments)
        return PH_ERR_TRUNCATED;
    return scan_to(scan, segments, stream_size, stop, plain_cb, arg);
}
