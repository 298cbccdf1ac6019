/*
 * Ranges of a document, and digests (RFC 9530): Repr-Digest is of the whole
 * document whatever is sent. Content-Digest is of what is sent: of the whole
 * it is the same and comes unasked; of a part it has to be made, which costs
 * decrypting that part once more, so it comes when Want-Content-Digest asks.
 */
#include "release_private.h"

#include <string.h>

#include <openssl/evp.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define ETAG_TEXT   (2 * PH_SHA256_BYTES + 3) /* with quotes and NUL */
#define BASE64_TEXT (4 * ((PH_SHA256_BYTES + 2) / 3) + 1)

/* The quoted sha-256: a strong tag. */
static void
make_etag(const struct ph_job_view *view, char etag[ETAG_TEXT])
{
    etag[0] = '"';
    ph_format_hex(view->sha256, PH_SHA256_BYTES, etag + 1);
    memcpy(etag + ETAG_TEXT - 2, "\"", 2);
}

/* Range is for GET only (RFC 9110 section 14.2). If-Range with anything but
 * our tag, a date too, means: from the start. */
static void
choose(const struct ph_http_request *request, const char *etag, uint64_t size,
       struct release_range *range)
{
    const struct ph_http_text *field = ph_http_field(request, "Range");
    const struct ph_http_text *if_range = ph_http_field(request, "If-Range");
    int err;

    *range = (struct release_range){.status = 200, .last = size - 1};
    if (request->method != PH_HTTP_GET || field == NULL ||
        (if_range != NULL && !ph_http_text_is(if_range, etag)))
        return;
    err = ph_http_range(field, size, &range->first, &range->last);
    if (err == PH_OK)
        range->status = 206;
    else if (err == PH_ERR_INVALID)
        range->status = 416;
}

int
release_range_choose(struct release_call *call)
{
    const struct ph_http_request *request =
        ph_http_exchange_request(call->exchange);
    const struct ph_http_text *want =
        ph_http_field(request, "Want-Content-Digest");
    struct release_range *range = &call->range;
    char etag[ETAG_TEXT];
    int err = PH_OK;

    make_etag(&call->view, etag);
    choose(request, etag, ph_sealed_reader_size(call->reader), range);
    if (range->status == 200) {
        memcpy(range->sha256, call->view.sha256, PH_SHA256_BYTES);
        range->hashed = request->method == PH_HTTP_GET;
    } else if (range->status == 206 && want != NULL &&
               ph_http_wants_sha256(want)) {
        err = ph_sealed_reader_digest_part(
            call->reader, range->first, range->last + 1,
            &call->service->stopping, range->sha256);
        range->hashed = err == PH_OK;
    }
    return err;
}

static int
put_digest(struct ph_buf *fields, const char *name,
           const uint8_t sha256[PH_SHA256_BYTES])
{
    unsigned char text[BASE64_TEXT];

    (void)EVP_EncodeBlock(text, sha256, PH_SHA256_BYTES);
    return ph_buf_printf(fields, "%s: sha-256=:%s:\r\n", name,
                         (const char *)text);
}

int
release_range_fields(const struct release_call *call, struct ph_buf *out_fields)
{
    const struct release_range *range = &call->range;
    uint64_t size = ph_sealed_reader_size(call->reader);
    char etag[ETAG_TEXT];
    int err;

    make_etag(&call->view, etag);
    err =
        ph_buf_printf(out_fields, "Accept-Ranges: bytes\r\nETag: %s\r\n", etag);
    if (err == PH_OK)
        err = put_digest(out_fields, "Repr-Digest", call->view.sha256);
    if (err == PH_OK && range->hashed)
        err = put_digest(out_fields, "Content-Digest", range->sha256);
    if (err == PH_OK && range->status == 206)
        err = ph_buf_printf(
            out_fields, "Content-Range: bytes %llu-%llu/%llu\r\n",
            (unsigned long long)range->first, (unsigned long long)range->last,
            (unsigned long long)size);
    if (err == PH_OK && range->status == 416)
        err = ph_buf_printf(out_fields, "Content-Range: bytes */%llu\r\n",
                            (unsigned long long)size);
    return err;
}
