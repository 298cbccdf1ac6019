/*
 * Passwords as they are kept: scrypt (RFC 7914) through OpenSSL, with a salt
 * of its own for each, and the costs in the text so that they can grow.
 *
 * A check takes as long as the costs say, and 128 * N * r bytes of memory:
 * never on a loop's thread, and only a few at a time. A password is a sequence
 * of bytes here, compared as it came.
 */
#ifndef PRINTHOLD_CRYPTO_PASSWORD_H
#define PRINTHOLD_CRYPTO_PASSWORD_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/attr.h"

#define PH_PASSWORD_MAX  256 /* bytes */
#define PH_PASSWORD_TEXT 128 /* of what is kept, NUL included */

struct ph_password_cost {
    uint8_t log2_n; /* 1 to 20 */
    uint8_t r;      /* 1 to 16 */
    uint8_t p;      /* 1 to 16 */
};

/* 32 MiB, three times over: what OWASP asks of scrypt at that memory. */
#define PH_PASSWORD_COST \
    {                    \
        15, 8, 3         \
    }

/* The function itself. PH_ERR_INVALID for costs out of their range. */
int ph_scrypt(const void *password, size_t len, const void *salt,
              size_t salt_len, const struct ph_password_cost *cost,
              uint8_t *out_key, size_t out_len) PH_MUST_CHECK;

/* "scrypt$15$8$3$salt$hash", both in base64url. PH_ERR_TOO_BIG over
 * PH_PASSWORD_MAX. */
int ph_password_keep(const void *password, size_t len,
                     const struct ph_password_cost *cost,
                     char out_kept[PH_PASSWORD_TEXT]) PH_MUST_CHECK;

/*
 * PH_OK for the right one, PH_ERR_DENIED for another, PH_ERR_CORRUPT when what
 * is kept is no such text. kept NULL: there is none; the work of the default
 * costs is done all the same, and the answer is PH_ERR_DENIED, so that time
 * does not tell who has a password.
 */
int ph_password_check(const char *kept, const void *password,
                      size_t len) PH_MUST_CHECK;

#endif
