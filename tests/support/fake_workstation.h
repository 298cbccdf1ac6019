/*
 * A strict little workstation with one job, for tests of the station: TLS 1.3
 * with client certificates on loopback, one connection after the other, in a
 * thread of its own. It can misbehave in every way that a station must bear.
 */
#ifndef PRINTHOLD_TESTS_SUPPORT_FAKE_WORKSTATION_H
#define PRINTHOLD_TESTS_SUPPORT_FAKE_WORKSTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_JOB     "0123456789abcdef0123456789abcdef"
#define FAKE_SESSION "the-session-of-this-test"
#define FAKE_GRANT   "aGVhZGVy.cGF5bG9hZA.c2lnbmF0dXJl"
#define FAKE_CUTS    4
#define FAKE_LOG_MAX 4096

/* How to behave; all zero is well. */
struct fake_manners {
    size_t cut_at[FAKE_CUTS]; /* the n-th download breaks before this byte of
                                 the document; 0: it does not */
    unsigned busy_first;      /* so many answers 503, Retry-After: 0 */
    bool wrong_byte;          /* one byte of the document is another */
    bool no_digest;
    bool list_without_digest;
    bool wrong_size_in_list;
    bool ignores_range;    /* 200 and everything */
    bool wrong_range;      /* starts one byte earlier than asked */
    bool changes_document; /* after the first download: other ETag */
    bool chunked;          /* no Content-Length */
    bool held_by_other;    /* claim: 409 */
    bool broken_list;
    bool drops_session_post; /* reads it, closes without an answer */
    bool refuses_complete;   /* 500 */
    bool redirects;          /* 302 to somewhere else */
};

struct fake;

/* cert and key of the server, ca for the clients: PEM files. The document is
 * copied. Returns NULL when something is missing. */
struct fake *fake_start(const char *cert, const char *key, const char *ca,
                        const void *document, size_t len,
                        const struct fake_manners *manners);
uint16_t fake_port(const struct fake *fake);

/* End the thread. The log has one line for each request, "GET /v1/jobs" or
 * "GET /v1/jobs/ID/document range=5 if-range"; valid until fake_free. */
const char *fake_stop(struct fake *fake);
void fake_free(struct fake *fake);

#endif
