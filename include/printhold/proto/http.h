/*
 * The subset of HTTP/1.1 (RFC 9110, RFC 9112) that our servers speak.
 *
 * Bytes in, a view out: nothing is allocated, nothing is read from anywhere.
 * Strict where the RFCs allow a server to be lenient, because every leniency
 * was somebody's request smuggling:
 *   - lines end in CRLF; a bare CR or LF, NUL, control bytes and bytes above
 *     0x7e are refused, and so are folded lines and blanks before the colon
 *   - the target is origin-form ("/path?query") of URI characters; absolute
 *     form, authority form and "*" are refused
 *   - exactly one Host; at most one of the fields that have one value
 *   - a body is announced by one Content-Length of digits; any
 *     Transfer-Encoding is refused
 *   - only version 1.1
 * Paths are not percent-decoded: no path of ours needs it, so one with an
 * escape in it simply matches no route.
 */
#ifndef PRINTHOLD_PROTO_HTTP_H
#define PRINTHOLD_PROTO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"

#define PH_HTTP_HEAD_MAX   16384 /* request line and fields, bytes */
#define PH_HTTP_FIELDS_MAX 64
#define PH_HTTP_TARGET_MAX 2048
#define PH_HTTP_METHOD_MAX 16

/* Text inside memory of someone else; not NUL-terminated. */
struct ph_http_text {
    const char *at;
    size_t len;
};

enum ph_http_method {
    PH_HTTP_GET,
    PH_HTTP_HEAD,
    PH_HTTP_POST,
    PH_HTTP_DELETE,
    PH_HTTP_OTHER, /* well-formed, but served nowhere */
};

struct ph_http_field {
    struct ph_http_text name;
    struct ph_http_text value; /* without the blanks around it */
};

/* All texts are views into the parsed bytes. */
struct ph_http_request {
    enum ph_http_method method;
    struct ph_http_text path;  /* starts with '/' */
    struct ph_http_text query; /* what follows '?', perhaps empty */
    struct ph_http_field field[PH_HTTP_FIELDS_MAX];
    size_t field_count;
    uint64_t content_length; /* 0 without a body */
    bool keep_alive;         /* false after "Connection: close" */
    bool expect_continue;    /* "Expect: 100-continue" */
};

/*
 * Length of the head that starts at bytes, the empty line included; 0 while
 * its end is not there yet. *scanned (start with 0) remembers how far earlier
 * calls have looked, so that a slow sender costs no more than a quick one.
 */
size_t ph_http_head_length(const void *bytes, size_t len, size_t *scanned);

/*
 * Parse a complete head of exactly len bytes, as ph_http_head_length found
 * it. ph_http_error_status gives the answer for each refusal:
 *   PH_ERR_SYNTAX       400  malformed, or a field twice
 *   PH_ERR_INVALID      414  target longer than PH_HTTP_TARGET_MAX
 *   PH_ERR_STATE        417  an expectation other than 100-continue
 *   PH_ERR_TOO_BIG      431  more than PH_HTTP_FIELDS_MAX fields, or longer
 *                            than PH_HTTP_HEAD_MAX
 *   PH_ERR_UNSUPPORTED  501  Transfer-Encoding
 *   PH_ERR_PROTOCOL     505  a version other than 1.1
 */
int ph_http_parse_head(const void *head, size_t len,
                       struct ph_http_request *out_request);

/* The status that answers a refusal of the parser; 400 for any other code. */
unsigned ph_http_error_status(int err);

/* The value of the first field of that name (any case), or NULL. */
const struct ph_http_text *ph_http_field(const struct ph_http_request *request,
                                         const char *name);

/* Is it exactly this text? */
bool ph_http_text_is(const struct ph_http_text *text, const char *expected);

/*
 * One byte range of a representation of size bytes (RFC 9110 section 14):
 * "bytes=a-b", "bytes=a-" or "bytes=-n". PH_OK gives first <= last < size;
 * PH_ERR_INVALID when it cannot be satisfied (answer 416); PH_ERR_UNSUPPORTED
 * for another unit or several ranges and PH_ERR_SYNTAX for anything else,
 * which both mean: answer as if there were no Range.
 */
int ph_http_range(const struct ph_http_text *value, uint64_t size,
                  uint64_t *out_first, uint64_t *out_last);

/*
 * Does a Want-Content-Digest or Want-Repr-Digest (RFC 9530 section 4) ask for
 * sha-256: a dictionary (RFC 8941) with that member and a weight of 1 to 10?
 * What is malformed asks for nothing.
 */
bool ph_http_wants_sha256(const struct ph_http_text *value);

/* "Not Found" for 404; "" for a status that we never send. Static. */
const char *ph_http_reason(unsigned status);

/* Append "HTTP/1.1 404 Not Found\r\n". */
int ph_http_put_status(struct ph_buf *buf, unsigned status);

/* Append "name: value\r\n"; PH_ERR_INVALID, and nothing appended, when the
 * value has a byte outside 0x20..0x7e. */
int ph_http_put_field(struct ph_buf *buf, const char *name, const char *value);

#endif
