#include "printhold/base/utf8.h"

#include <stdint.h>
#include <string.h>

/*
 * Length of the well-formed sequence at text (at most left bytes), or 0. The
 * ranges of the second byte are those of RFC 3629 section 4.
 */
static size_t
sequence(const unsigned char *text, size_t left, uint32_t *out_code)
{
    unsigned char c = text[0], low = 0x80, high = 0xbf;
    uint32_t code;
    size_t len;

    if (c < 0x80) {
        *out_code = c;
        return 1;
    }
    if (c >= 0xc2 && c <= 0xdf) {
        len = 2;
        code = c & 0x1fU;
    } else if (c >= 0xe0 && c <= 0xef) {
        len = 3;
        code = c & 0x0fU;
        low = c == 0xe0 ? 0xa0 : low;
        high = c == 0xed ? 0x9f : high;
    } else if (c >= 0xf0 && c <= 0xf4) {
        len = 4;
        code = c & 0x07U;
        low = c == 0xf0 ? 0x90 : low;
        high = c == 0xf4 ? 0x8f : high;
    } else {
        return 0;
    }
    if (len > left || text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fU);
    }
    *out_code = code;
    return len;
}

bool
ph_utf8_valid(const char *text, size_t len)
{
    const unsigned char *pos = (const unsigned char *)text;

    while (len > 0) {
        uint32_t code;
        size_t step = sequence(pos, len, &code);

        if (step == 0)
            return false;
        pos += step;
        len -= step;
    }
    return true;
}

static bool
is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) ||
           (code >= 0x202a && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0x2028 ||
           code == 0x2029;
}

void
ph_utf8_clean(const char *text, char *dst, size_t cap)
{
    const unsigned char *pos = (const unsigned char *)text;
    size_t left = strlen(text), used = 0;

    while (left > 0) {
        uint32_t code = 0;
        size_t step = sequence(pos, left, &code);
        const char *put = (const char *)pos;
        size_t put_len = step;

        if (step == 0) {
            step = 1;
            put = "\xef\xbf\xbd"; /* U+FFFD */
            put_len = 3;
        } else if (is_hidden(code)) {
            put = " ";
            put_len = 1;
        }
        if (used + put_len >= cap)
            break;
        memcpy(dst + used, put, put_len);
        used += put_len;
        pos += step;
        left -= step;
    }
    dst[used] = '\0';
}
