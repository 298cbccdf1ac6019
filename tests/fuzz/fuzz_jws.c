/*
 * Tokens of any bytes: splitting, base64url, and that nothing but the
 * signature made by the key verifies. The key is that of RFC 7515 A.3, so the
 * good seed verifies.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/crypto/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode32(const char *text, uint8_t dst[32])
{
    struct ph_buf buf;

    ph_buf_init(&buf, 32);
    if (ph_base64url_decode(text, strlen(text), &buf) != PH_OK || buf.len != 32)
        abort();
    memcpy(dst, buf.data, 32);
    ph_buf_close(&buf);
}

static struct ph_jws_key *
make_key(void)
{
    struct ph_jws_key *key = NULL;
    uint8_t x[32], y[32];

    decode32("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", x);
    decode32("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", y);
    if (ph_jws_key_from_xy(x, y, &key) != PH_OK)
        abort();
    return key;
}

/* The canonical form is one: what decodes encodes to the same text. */
static void
check_base64url(const char *text, size_t len)
{
    struct ph_buf bytes, back;

    ph_buf_init(&bytes, PH_JWS_MAX);
    ph_buf_init(&back, 2 * PH_JWS_MAX);
    if (ph_base64url_decode(text, len, &bytes) == PH_OK) {
        if (ph_base64url_encode(bytes.data, bytes.len, &back) != PH_OK ||
            back.len != len || (len > 0 && memcmp(back.data, text, len) != 0))
            abort();
    }
    ph_buf_close(&bytes);
    ph_buf_close(&back);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ph_jws_key *key;
    struct ph_jws_key *other = NULL;
    struct ph_jws_parts parts;

    if (key == NULL)
        key = make_key();
    check_base64url((const char *)data, size);
    if (ph_jws_split((const char *)data, size, &parts) == PH_OK)
        (void)ph_jws_verify(&parts, key);
    if (ph_jws_key_from_pem(data, size, &other, NULL) == PH_OK)
        ph_jws_key_free(other);
    if (size >= 64 && ph_jws_key_from_xy(data, data + 32, &other) == PH_OK)
        ph_jws_key_free(other);
    return 0;
}
