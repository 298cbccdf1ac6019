#include "credential_header.h"

#include <stdint.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define KIND_BYTES 16
/* Behind the name of the kind lie three lengths and a nonce at least. */
#define TEXT_MIN 44

static const struct {
    uint8_t id[KIND_BYTES];
    struct ph_credential_kind kind;
} kinds[] = {
    {{0x5a, 0x1c, 0x6a, 0x86, 0xdf, 0x9d, 0x40, 0x96, 0xb1, 0xd5, 0xa6, 0x5e,
      0x08, 0x62, 0xf1, 0x9a},
     {"host", true, false}},
    {{0x0c, 0x7c, 0xc0, 0x7b, 0x11, 0x76, 0x45, 0x91, 0x9c, 0x4b, 0x0b, 0xea,
      0x08, 0xbc, 0x20, 0xfe},
     {"tpm2", false, true}},
    {{0xfa, 0xf7, 0xeb, 0x93, 0x41, 0xe3, 0x41, 0x2c, 0xa1, 0xa4, 0x36, 0xf9,
      0x5a, 0x29, 0x36, 0x2f},
     {"tpm2-with-public-key", false, true}},
    {{0x93, 0xa8, 0x94, 0x09, 0x48, 0x74, 0x44, 0x90, 0x90, 0xca, 0xf2, 0xfc,
      0x93, 0xca, 0xb5, 0x53},
     {"host+tpm2", true, true}},
    {{0xaf, 0x49, 0x50, 0xa8, 0x49, 0x13, 0x4e, 0xb1, 0xa7, 0x38, 0x46, 0x30,
      0x4f, 0xf3, 0x0c, 0x05},
     {"host+tpm2-with-public-key", true, true}},
    {{0x05, 0x84, 0x69, 0xda, 0xf6, 0xf5, 0x43, 0x24, 0x80, 0x05, 0x49, 0xda,
      0x0f, 0x8e, 0xa2, 0xfb},
     {"null", false, false}},
};

/* Value of a base64 digit (RFC 4648, section 4), or -1. */
static int
digit(uint8_t c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* The first bytes of base64 text; line ends may stand anywhere. */
static int
decode(const uint8_t *text, size_t len, uint8_t *dst, size_t want)
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t got = 0;

    for (size_t i = 0; i < len && got < want; i++) {
        int value = digit(text[i]);

        if (text[i] == '\n' || text[i] == '\r')
            continue;
        if (value < 0)
            return PH_ERR_SYNTAX;
        bits = (bits << 6 | (uint32_t)value) & 0xffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            dst[got++] = (uint8_t)(bits >> have);
        }
    }
    return got == want ? PH_OK : PH_ERR_SYNTAX;
}

int
ph_credential_header_parse(const void *text, size_t len,
                           struct ph_credential_kind *out_kind)
{
    uint8_t id[KIND_BYTES];
    int err =
        len >= TEXT_MIN ? decode(text, len, id, sizeof(id)) : PH_ERR_SYNTAX;

    if (err != PH_OK)
        return err;
    for (size_t i = 0; i < PH_COUNT(kinds); i++) {
        if (memcmp(id, kinds[i].id, sizeof(id)) == 0) {
            *out_kind = kinds[i].kind;
            return PH_OK;
        }
    }
    return PH_ERR_UNSUPPORTED;
}
