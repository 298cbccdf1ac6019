#include "claims.h"

#include <string.h>

#include "printhold/base/err.h"

/* 2286: anything later is a mistake, and arithmetic with it is safe. */
#define TIME_MAX_S 9999999999

int
ph_claims_text(const json_t *object, const char *name, char *dst, size_t cap)
{
    int err = ph_json_text(object, name, dst, cap);

    return err != PH_OK || dst[0] == '\0' ? PH_ERR_INVALID : PH_OK;
}

int
ph_claims_list_text(const json_t *list, size_t index, char *dst, size_t cap)
{
    const json_t *item = json_array_get(list, index);
    size_t len = json_string_length(item);

    if (!json_is_string(item) || len == 0 || len >= cap ||
        memchr(json_string_value(item), '\0', len) != NULL)
        return PH_ERR_INVALID;
    memcpy(dst, json_string_value(item), len + 1);
    return PH_OK;
}

int
ph_claims_list(const json_t *list, size_t max, char *rows, size_t cap,
               size_t *out_count)
{
    const size_t count = json_array_size(list); /* 0 for what is none */
    int err = PH_OK;

    if (count == 0 || count > max)
        return PH_ERR_INVALID;
    for (size_t i = 0; i < count && err == PH_OK; i++)
        err = ph_claims_list_text(list, i, rows + i * cap, cap);
    if (err == PH_OK)
        *out_count = count;
    return err;
}

int
ph_claims_audience(const json_t *root, size_t max, char *rows, size_t cap,
                   size_t *out_count)
{
    const json_t *aud = json_object_get(root, "aud");

    if (!json_is_string(aud))
        return ph_claims_list(aud, max, rows, cap, out_count);
    *out_count = 1;
    return ph_claims_text(root, "aud", rows, cap);
}

int
ph_claims_time(const json_t *root, const char *name, int64_t *out_s)
{
    return ph_json_int(root, name, 0, TIME_MAX_S, out_s) == PH_OK
               ? PH_OK
               : PH_ERR_INVALID;
}

int
ph_claims_jti(const json_t *root, char *dst, size_t cap)
{
    if (ph_json_text(root, "jti", dst, cap) != PH_OK ||
        strlen(dst) < PH_CLAIMS_JTI_MIN ||
        dst[strspn(dst, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                        "uvwxyz0123456789-_")] != '\0')
        return PH_ERR_INVALID;
    return PH_OK;
}
