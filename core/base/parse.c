#include "printhold/base/parse.h"

#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

int
ph_parse_u64_n(const char *text, size_t len, uint64_t min, uint64_t max,
               uint64_t *out_value)
{
    uint64_t value = 0;

    if (text == NULL || len == 0)
        return PH_ERR_SYNTAX;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned)(unsigned char)text[i] - '0';

        if (digit > 9)
            return PH_ERR_SYNTAX;
        if (value > (UINT64_MAX - digit) / 10)
            return PH_ERR_INVALID;
        value = value * 10 + digit;
    }
    if (value < min || value > max)
        return PH_ERR_INVALID;
    *out_value = value;
    return PH_OK;
}

int
ph_parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out_value)
{
    if (text == NULL)
        return PH_ERR_SYNTAX;
    return ph_parse_u64_n(text, strlen(text), min, max, out_value);
}

struct unit {
    char letter;
    uint64_t factor;
};

/* A number and one unit letter; the unit may be absent when optional. */
static int
parse_scaled(const char *text, const struct unit *units, size_t count,
             bool optional, uint64_t *out_value)
{
    uint64_t value, factor = 0;
    size_t len;
    int err;

    if (text == NULL || text[0] == '\0')
        return PH_ERR_SYNTAX;
    len = strlen(text);
    for (size_t i = 0; i < count; i++)
        if (text[len - 1] == units[i].letter)
            factor = units[i].factor;
    if (factor != 0)
        len--;
    else if (optional)
        factor = 1;
    else
        return PH_ERR_SYNTAX;
    err = ph_parse_u64_n(text, len, 0, UINT64_MAX, &value);
    if (err != PH_OK)
        return err;
    if (value > UINT64_MAX / factor)
        return PH_ERR_INVALID;
    *out_value = value * factor;
    return PH_OK;
}

int
ph_parse_duration_s(const char *text, uint64_t min_s, uint64_t max_s,
                    uint64_t *out_s)
{
    static const struct unit units[] = {
        {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    uint64_t value;
    int err = parse_scaled(text, units, PH_COUNT(units), false, &value);

    if (err != PH_OK)
        return err;
    if (value < min_s || value > max_s)
        return PH_ERR_INVALID;
    *out_s = value;
    return PH_OK;
}

int
ph_parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *out_bytes)
{
    static const struct unit units[] = {{'K', UINT64_C(1) << 10},
                                        {'M', UINT64_C(1) << 20},
                                        {'G', UINT64_C(1) << 30},
                                        {'T', UINT64_C(1) << 40}};
    uint64_t value;
    int err = parse_scaled(text, units, PH_COUNT(units), true, &value);

    if (err != PH_OK)
        return err;
    if (value < min || value > max)
        return PH_ERR_INVALID;
    *out_bytes = value;
    return PH_OK;
}

int
ph_parse_bool(const char *text, bool *out_value)
{
    static const char *const words[][2] = {
        {"no", "yes"}, {"false", "true"}, {"off", "on"}};

    for (size_t i = 0; text != NULL && i < PH_COUNT(words); i++) {
        for (int value = 0; value < 2; value++) {
            if (strcmp(text, words[i][value]) == 0) {
                *out_value = value == 1;
                return PH_OK;
            }
        }
    }
    return PH_ERR_SYNTAX;
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

int
ph_parse_hex(const char *text, uint8_t *out_bytes, size_t len)
{
    if (text == NULL || strlen(text) != 2 * len)
        return PH_ERR_SYNTAX;
    for (size_t i = 0; i < 2 * len; i++)
        if (hex_digit(text[i]) < 0)
            return PH_ERR_SYNTAX;
    for (size_t i = 0; i < len; i++)
        out_bytes[i] =
            (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
    return PH_OK;
}

void
ph_format_hex(const uint8_t *bytes, size_t len, char *dst)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < len; i++) {
        dst[2 * i] = digits[bytes[i] >> 4];
        dst[2 * i + 1] = digits[bytes[i] & 15];
    }
    dst[2 * len] = '\0';
}
