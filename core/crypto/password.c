#include "printhold/crypto/password.h"

#include <stdbool.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "algorithms.h"
#include "printhold/base/buf.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/parse.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/jws.h"

#define SALT_BYTES 16
#define HASH_BYTES 32
#define LOG2_N_MAX 20
#define R_MAX      16
#define P_MAX      16
/* Over what the highest N and r need: 128 * N * r and a little. */
#define MEMORY_MAX (UINT64_C(128) * (1U << LOG2_N_MAX) * (R_MAX + 1))

struct kept {
    struct ph_password_cost cost;
    uint8_t salt[SALT_BYTES];
    uint8_t hash[HASH_BYTES];
};

static OSSL_PARAM
octets(const char *name, const void *bytes, size_t len)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)bytes,
                                             len);
}

static bool
is_fit(const struct ph_password_cost *cost)
{
    return cost->log2_n >= 1 && cost->log2_n <= LOG2_N_MAX && cost->r >= 1 &&
           cost->r <= R_MAX && cost->p >= 1 && cost->p <= P_MAX;
}

int
ph_scrypt(const void *password, size_t len, const void *salt, size_t salt_len,
          const struct ph_password_cost *cost, uint8_t *out_key, size_t out_len)
{
    EVP_KDF *kdf = ph_algorithm_scrypt();
    EVP_KDF_CTX *ctx = NULL;
    uint64_t n, memory = MEMORY_MAX;
    uint32_t r = cost->r, p = cost->p;
    OSSL_PARAM params[7];
    int err = PH_ERR_CRYPTO;

    if (!is_fit(cost))
        return PH_ERR_INVALID;
    n = UINT64_C(1) << cost->log2_n;
    params[0] = octets(OSSL_KDF_PARAM_PASSWORD, password, len);
    params[1] = octets(OSSL_KDF_PARAM_SALT, salt, salt_len);
    params[2] = OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n);
    params[3] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r);
    params[4] = OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p);
    params[5] =
        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory);
    params[6] = OSSL_PARAM_construct_end();
    ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
    if (ctx != NULL && EVP_KDF_derive(ctx, out_key, out_len, params) == 1)
        err = PH_OK;
    EVP_KDF_CTX_free(ctx);
    if (err != PH_OK)
        OPENSSL_cleanse(out_key, out_len);
    return err;
}

static int
put_base64(const uint8_t *bytes, size_t len, struct ph_buf *text)
{
    struct ph_buf encoded;
    int err;

    ph_buf_init(&encoded, PH_PASSWORD_TEXT);
    err = ph_base64url_encode(bytes, len, &encoded);
    if (err == PH_OK)
        err = ph_buf_put_str(text, "$");
    if (err == PH_OK)
        err = ph_buf_put(text, encoded.data, encoded.len);
    ph_buf_close(&encoded);
    return err;
}

static int
format(const struct kept *kept, char out_text[PH_PASSWORD_TEXT])
{
    struct ph_buf text;
    int err;

    ph_buf_init(&text, PH_PASSWORD_TEXT);
    err = ph_buf_printf(&text, "scrypt$%u$%u$%u", kept->cost.log2_n,
                        kept->cost.r, kept->cost.p);
    if (err == PH_OK)
        err = put_base64(kept->salt, sizeof(kept->salt), &text);
    if (err == PH_OK)
        err = put_base64(kept->hash, sizeof(kept->hash), &text);
    if (err == PH_OK)
        err = ph_buf_put_u8(&text, '\0');
    if (err == PH_OK)
        memcpy(out_text, text.data, text.len);
    ph_buf_close(&text);
    return err;
}

/* The text up to the next dollar sign or the end; moves past it. */
static const char *
next_part(const char **at, size_t *out_len)
{
    const char *part = *at;

    *out_len = strcspn(part, "$");
    *at = part + *out_len + (part[*out_len] == '$');
    return part;
}

static int
take_number(const char **at, uint64_t max, uint8_t *out_value)
{
    size_t len;
    const char *part = next_part(at, &len);
    uint64_t value;
    int err = ph_parse_u64_n(part, len, 1, max, &value);

    if (err == PH_OK)
        *out_value = (uint8_t)value;
    return err;
}

static int
take_bytes(const char **at, uint8_t *dst, size_t want)
{
    size_t len;
    const char *part = next_part(at, &len);
    struct ph_buf bytes;
    int err;

    ph_buf_init(&bytes, PH_PASSWORD_TEXT);
    err = ph_base64url_decode(part, len, &bytes);
    if (err == PH_OK && bytes.len != want)
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        memcpy(dst, bytes.data, want);
    ph_buf_close(&bytes);
    return err;
}

static int
parse(const char *text, struct kept *kept)
{
    static const char scheme[] = "scrypt$";
    const char *at = text + sizeof(scheme) - 1;

    if (strncmp(text, scheme, sizeof(scheme) - 1) != 0 ||
        take_number(&at, LOG2_N_MAX, &kept->cost.log2_n) != PH_OK ||
        take_number(&at, R_MAX, &kept->cost.r) != PH_OK ||
        take_number(&at, P_MAX, &kept->cost.p) != PH_OK ||
        take_bytes(&at, kept->salt, sizeof(kept->salt)) != PH_OK ||
        take_bytes(&at, kept->hash, sizeof(kept->hash)) != PH_OK || *at != '\0')
        return PH_ERR_CORRUPT;
    return PH_OK;
}

int
ph_password_keep(const void *password, size_t len,
                 const struct ph_password_cost *cost,
                 char out_kept[PH_PASSWORD_TEXT])
{
    struct kept kept = {.cost = *cost};
    int err;

    if (len > PH_PASSWORD_MAX)
        return PH_ERR_TOO_BIG;
    err = ph_random(kept.salt, sizeof(kept.salt));
    if (err == PH_OK)
        err = ph_scrypt(password, len, kept.salt, sizeof(kept.salt), cost,
                        kept.hash, sizeof(kept.hash));
    if (err == PH_OK)
        err = format(&kept, out_kept);
    ph_wipe(&kept, sizeof(kept));
    return err;
}

int
ph_password_check(const char *kept_text, const void *password, size_t len)
{
    struct kept kept = {.cost = PH_PASSWORD_COST};
    uint8_t hash[HASH_BYTES];
    int err = PH_OK;

    if (len > PH_PASSWORD_MAX)
        return PH_ERR_DENIED;
    if (kept_text != NULL)
        err = parse(kept_text, &kept);
    if (err == PH_OK)
        err = ph_scrypt(password, len, kept.salt, sizeof(kept.salt), &kept.cost,
                        hash, sizeof(hash));
    if (err == PH_OK && (CRYPTO_memcmp(hash, kept.hash, sizeof(hash)) != 0 ||
                         kept_text == NULL))
        err = PH_ERR_DENIED;
    ph_wipe(hash, sizeof(hash));
    ph_wipe(&kept, sizeof(kept));
    return err;
}
