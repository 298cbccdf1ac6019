/*
 * The few response headers that our clients act on, read strictly.
 *
 *   ETag            RFC 9110 section 8.8.3; weak tags are not kept, they do
 *                   not go with ranges
 *   Content-Length  RFC 9110 section 8.6
 *   Content-Range   RFC 9110 section 14.4, unit bytes, total required
 *   Repr-Digest     RFC 9530; a dictionary, of which sha-256 is taken
 *   Retry-After     RFC 9110 section 10.2.3, seconds only
 *
 * Other headers are ignored. One of these that is malformed or comes twice
 * spoils the response: PH_ERR_PROTOCOL.
 */
#ifndef PRINTHOLD_NET_REPLY_HEADERS_H
#define PRINTHOLD_NET_REPLY_HEADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PH_REPLY_ETAG_MAX          136
#define PH_REPLY_SHA256_BYTES      32
#define PH_REPLY_RETRY_AFTER_MAX_S 3600

struct ph_reply_headers {
    char etag[PH_REPLY_ETAG_MAX]; /* with its quotes; empty when absent */
    bool has_length;
    uint64_t length;
    bool has_range;
    uint64_t range_first; /* both ends included */
    uint64_t range_last;
    uint64_t range_total;
    bool has_digest;
    uint8_t sha256[PH_REPLY_SHA256_BYTES];
    bool has_retry_after;
    uint64_t retry_after_s;
};

void ph_reply_headers_init(struct ph_reply_headers *headers);

/* One header line, with or without its line end. */
int ph_reply_headers_take(struct ph_reply_headers *headers, const char *line,
                          size_t len);

#endif
