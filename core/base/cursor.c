#include "printhold/base/cursor.h"

#include <string.h>

#include "printhold/base/err.h"

void
ph_cursor_init(struct ph_cursor *cur, const void *bytes, size_t len)
{
    cur->pos = bytes;
    cur->left = len;
}

int
ph_cursor_bytes(struct ph_cursor *cur, size_t len, const uint8_t **out_bytes)
{
    if (len > cur->left)
        return PH_ERR_TRUNCATED;
    *out_bytes = cur->pos;
    cur->left -= len;
    if (len > 0)
        cur->pos += len;
    return PH_OK;
}

/* Big-endian integer of len bytes. */
static int
take_uint(struct ph_cursor *cur, size_t len, uint64_t *out_value)
{
    const uint8_t *bytes;
    uint64_t value = 0;
    int err = ph_cursor_bytes(cur, len, &bytes);

    if (err != PH_OK)
        return err;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | bytes[i];
    *out_value = value;
    return PH_OK;
}

int
ph_cursor_u8(struct ph_cursor *cur, uint8_t *out_value)
{
    uint64_t value;
    int err = take_uint(cur, 1, &value);

    if (err == PH_OK)
        *out_value = (uint8_t)value;
    return err;
}

int
ph_cursor_u16(struct ph_cursor *cur, uint16_t *out_value)
{
    uint64_t value;
    int err = take_uint(cur, 2, &value);

    if (err == PH_OK)
        *out_value = (uint16_t)value;
    return err;
}

int
ph_cursor_u32(struct ph_cursor *cur, uint32_t *out_value)
{
    uint64_t value;
    int err = take_uint(cur, 4, &value);

    if (err == PH_OK)
        *out_value = (uint32_t)value;
    return err;
}

int
ph_cursor_u64(struct ph_cursor *cur, uint64_t *out_value)
{
    return take_uint(cur, 8, out_value);
}

int
ph_cursor_copy(struct ph_cursor *cur, void *dst, size_t len)
{
    const uint8_t *bytes;
    int err = ph_cursor_bytes(cur, len, &bytes);

    if (err == PH_OK && len > 0)
        memcpy(dst, bytes, len);
    return err;
}

int
ph_cursor_skip(struct ph_cursor *cur, size_t len)
{
    const uint8_t *bytes;

    return ph_cursor_bytes(cur, len, &bytes);
}
