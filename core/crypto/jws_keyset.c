#include "jws_key.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

#define KEYS_MAX 16
#define FILE_MAX (64 * 1024)

struct ph_jws_keyset {
    size_t count;
    struct {
        char kid[PH_JWS_KID_MAX];
        struct ph_jws_key *key;
    } rows[KEYS_MAX];
};

static int
add(struct ph_jws_keyset *set, const char *path, const unsigned char *der,
    long len, struct ph_why *why)
{
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &der, len);
    struct ph_jws_key *key = NULL;
    int err = PH_ERR_SYNTAX;

    if (set->count == KEYS_MAX) {
        EVP_PKEY_free(pkey);
        return ph_why_fail(why, PH_ERR_CONFIG, "%s has more than %d keys", path,
                           KEYS_MAX);
    }
    if (pkey != NULL)
        err = ph_jws_key_take(pkey, false, &key);
    if (err == PH_OK)
        err = ph_jws_key_kid(key, set->rows[set->count].kid);
    if (err != PH_OK) {
        ph_jws_key_free(key);
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "key %zu of %s is not a sound P-256 public key",
                           set->count + 1, path);
    }
    set->rows[set->count++].key = key;
    return PH_OK;
}

/* Next PEM block; PH_ERR_NOT_FOUND at the end of the file. */
static int
read_block(struct ph_jws_keyset *set, const char *path, BIO *bio,
           struct ph_why *why)
{
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    int err;

    if (PEM_read_bio(bio, &name, &header, &der, &len) != 1) {
        bool ended =
            ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;

        ERR_clear_error();
        if (ended)
            return PH_ERR_NOT_FOUND;
        return ph_why_fail(why, PH_ERR_CONFIG, "%s has a broken PEM block",
                           path);
    }
    if (strcmp(name, PEM_STRING_PUBLIC) == 0 && header[0] == '\0')
        err = add(set, path, der, len, why);
    else
        err = ph_why_fail(why, PH_ERR_CONFIG,
                          "%s has a PEM block \"%s\"; it must hold public keys "
                          "only",
                          path, name);
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, (size_t)len);
    return err;
}

static int
read_blocks(struct ph_jws_keyset *set, const char *path,
            const struct ph_buf *pem, struct ph_why *why)
{
    BIO *bio = BIO_new_mem_buf(pem->len > 0 ? pem->data : (const void *)"",
                               (int)pem->len);
    int err = PH_OK;

    if (bio == NULL)
        return ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    while (err == PH_OK)
        err = read_block(set, path, bio, why);
    BIO_free(bio);
    if (err != PH_ERR_NOT_FOUND)
        return err;
    if (set->count == 0)
        return ph_why_fail(why, PH_ERR_CONFIG, "%s holds no public key", path);
    return PH_OK;
}

int
ph_jws_keyset_load(const char *path, struct ph_jws_keyset **out_set,
                   struct ph_why *why)
{
    struct ph_jws_keyset *set;
    struct ph_buf pem;
    int err = ph_io_read_file(AT_FDCWD, path, FILE_MAX, &pem);

    if (err != PH_OK)
        return ph_why_fail(why, err, "cannot read the public keys in %s: %s",
                           path, ph_err_text(err));
    set = calloc(1, sizeof(*set));
    if (set == NULL)
        err = ph_why_fail(why, PH_ERR_NOMEM, "out of memory");
    else
        err = read_blocks(set, path, &pem, why);
    ph_buf_close(&pem);
    if (err != PH_OK) {
        ph_jws_keyset_free(set);
        return err;
    }
    *out_set = set;
    return PH_OK;
}

void
ph_jws_keyset_free(struct ph_jws_keyset *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        ph_jws_key_free(set->rows[i].key);
    free(set);
}

const struct ph_jws_key *
ph_jws_keyset_find(const struct ph_jws_keyset *set, const char *kid)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->rows[i].kid, kid) == 0)
            return set->rows[i].key;
    return NULL;
}

int
ph_jws_keyset_add(struct ph_jws_keyset *set, struct ph_jws_key *key)
{
    char kid[PH_JWS_KID_MAX];
    int err = ph_jws_key_kid(key, kid);

    if (err == PH_OK && ph_jws_keyset_find(set, kid) != NULL) {
        ph_jws_key_free(key);
        return PH_OK;
    }
    if (err == PH_OK && set->count == KEYS_MAX)
        err = PH_ERR_LIMIT;
    if (err != PH_OK) {
        ph_jws_key_free(key);
        return err;
    }
    memcpy(set->rows[set->count].kid, kid, sizeof(kid));
    set->rows[set->count++].key = key;
    return PH_OK;
}
