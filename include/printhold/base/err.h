/*
 * Error codes of every core module.
 *
 * Functions return PH_OK (0) or one of the negative codes below. Codes of
 * libc, OpenSSL, SQLite and libuv are translated where they arise, so callers
 * meet only these. Where a person must act, the function also fills a
 * struct ph_why (why.h).
 */
#ifndef PRINTHOLD_BASE_ERR_H
#define PRINTHOLD_BASE_ERR_H

/* name, value, keyword, text. Keywords are stable: --json output has them. */
#define PH_ERR_LIST(X)                                               \
    X(NOMEM, -1, "no-memory", "out of memory")                       \
    X(INVALID, -2, "invalid", "invalid value")                       \
    X(SYNTAX, -3, "syntax", "malformed input")                       \
    X(TRUNCATED, -4, "truncated", "input ends too early")            \
    X(TOO_BIG, -5, "too-big", "too big")                             \
    X(UNSUPPORTED, -6, "unsupported", "unsupported version or kind") \
    X(CORRUPT, -7, "corrupt", "damaged or altered data")             \
    X(CRYPTO, -8, "crypto", "cryptographic library failure")         \
    X(IO, -9, "io", "input/output error")                            \
    X(NO_SPACE, -10, "no-space", "no space left")                    \
    X(EXISTS, -11, "exists", "already exists")                       \
    X(NOT_FOUND, -12, "not-found", "not found")                      \
    X(DENIED, -13, "denied", "not permitted")                        \
    X(BUSY, -14, "busy", "in use by another")                        \
    X(AGAIN, -15, "again", "try again later")                        \
    X(TIMEOUT, -16, "timeout", "timed out")                          \
    X(CANCELLED, -17, "cancelled", "cancelled")                      \
    X(CLOSED, -18, "closed", "connection closed")                    \
    X(CONFIG, -19, "config", "configuration error")                  \
    X(PROTOCOL, -20, "protocol", "protocol violation")               \
    X(EXPIRED, -21, "expired", "expired")                            \
    X(LIMIT, -22, "limit", "limit reached")                          \
    X(STATE, -23, "state", "not possible in this state")             \
    X(INTERNAL, -24, "internal", "internal error")

enum ph_err {
    PH_OK = 0,
#define PH_ERR_ENUM(name, value, keyword, text) PH_ERR_##name = (value),
    PH_ERR_LIST(PH_ERR_ENUM)
#undef PH_ERR_ENUM
};

/* Short English text of a code; "unknown error" for anything else. Static. */
const char *ph_err_text(int err);

/* Keyword of a code for machines ("not-found"); "unknown" for others. */
const char *ph_err_keyword(int err);

/* Code for an errno value; PH_ERR_IO where nothing fits better. */
int ph_err_from_errno(int errnum);

#endif
