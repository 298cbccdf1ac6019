/*
 * What an encrypted credential of systemd-creds(1) says about itself: base64
 * text whose first 16 bytes name the key that it lies under. Only these are
 * read; nothing here decrypts. The names are those of systemd 250 to 258.
 */
#ifndef CRYPTO_CREDENTIAL_HEADER_H
#define CRYPTO_CREDENTIAL_HEADER_H

#include <stdbool.h>
#include <stddef.h>

struct ph_credential_kind {
    const char *name; /* static text, as --with-key= has it */
    bool host;        /* needs the secret of this system */
    bool tpm2;        /* needs this computer's TPM */
};

/* PH_ERR_SYNTAX for what is no such text, PH_ERR_UNSUPPORTED for a kind that
 * is not known, among them those for a single user's services. */
int ph_credential_header_parse(const void *text, size_t len,
                               struct ph_credential_kind *out_kind);

#endif
