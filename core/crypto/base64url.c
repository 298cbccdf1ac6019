#include "printhold/base/err.h"
#include "printhold/crypto/jws.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Value of a digit, or -1. */
static int
digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

int
ph_base64url_decode(const char *text, size_t len, struct ph_buf *out_bytes)
{
    uint32_t bits = 0;
    unsigned count = 0;
    int err = PH_OK;

    ph_buf_clear(out_bytes);
    for (size_t i = 0; err == PH_OK && i < len; i++) {
        int value = digit(text[i]);

        if (value < 0) {
            err = PH_ERR_SYNTAX;
            break;
        }
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        count += 6;
        if (count >= 8) {
            count -= 8;
            err = ph_buf_put_u8(out_bytes, (uint8_t)(bits >> count));
        }
    }
    /* 6 bits left over: a lone digit; 1s in the unused bits: not canonical. */
    if (err == PH_OK && (count == 6 || (bits & ((1U << count) - 1)) != 0))
        err = PH_ERR_SYNTAX;
    if (err != PH_OK)
        ph_buf_clear(out_bytes);
    return err;
}

int
ph_base64url_encode(const void *bytes, size_t len, struct ph_buf *out_text)
{
    const uint8_t *pos = bytes;
    uint32_t bits = 0;
    unsigned count = 0;
    int err = PH_OK;

    ph_buf_clear(out_text);
    for (size_t i = 0; err == PH_OK && i < len; i++) {
        bits = (bits << 8 | pos[i]) & 0xffff;
        count += 8;
        while (err == PH_OK && count >= 6) {
            count -= 6;
            err =
                ph_buf_put_u8(out_text, (uint8_t)alphabet[bits >> count & 63]);
        }
    }
    if (err == PH_OK && count > 0)
        err = ph_buf_put_u8(out_text,
                            (uint8_t)alphabet[bits << (6 - count) & 63]);
    if (err != PH_OK)
        ph_buf_clear(out_text);
    return err;
}
