/* Inside of struct ph_jws_key, for jws.c, jws_key.c and jws_keyset.c. */
#ifndef CRYPTO_JWS_KEY_H
#define CRYPTO_JWS_KEY_H

#include <stdbool.h>

#include <openssl/evp.h>

#include "printhold/crypto/jws.h"

struct ph_jws_key {
    EVP_PKEY *pkey;
    bool is_private;
};

/* pkey is taken, also on failure. PH_ERR_UNSUPPORTED when it is not P-256. */
int ph_jws_key_take(EVP_PKEY *pkey, bool is_private,
                    struct ph_jws_key **out_key);

/* Never asks: a passphrase prompt has no place in a service. */
int ph_jws_no_passphrase(char *buf, int size, int rwflag, void *arg);

#endif
