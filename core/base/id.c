#include "printhold/base/id.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"

#define GETENTROPY_MAX 256

int
ph_random(void *bytes, size_t len)
{
    uint8_t *pos = bytes;

    while (len > 0) {
        size_t part = len < GETENTROPY_MAX ? len : GETENTROPY_MAX;

        if (getentropy(pos, part) != 0)
            return PH_ERR_CRYPTO;
        pos += part;
        len -= part;
    }
    return PH_OK;
}

int
ph_id_make(struct ph_id *out_id)
{
    struct ph_id id;
    int err = ph_random(id.bytes, sizeof(id.bytes));

    if (err == PH_OK)
        *out_id = id;
    return err;
}

int
ph_id_make_v7(struct ph_id *out_id)
{
    struct ph_id id;
    uint64_t now = (uint64_t)ph_clock_wall_ms();
    int err = ph_random(id.bytes, sizeof(id.bytes));

    if (err != PH_OK)
        return err;
    for (int i = 0; i < 6; i++)
        id.bytes[i] = (uint8_t)(now >> (40 - 8 * i));
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x70);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    *out_id = id;
    return PH_OK;
}

bool
ph_id_equal(const struct ph_id *a, const struct ph_id *b)
{
    return memcmp(a->bytes, b->bytes, PH_ID_BYTES) == 0;
}

void
ph_id_format(const struct ph_id *id, char dst[PH_ID_TEXT])
{
    ph_format_hex(id->bytes, PH_ID_BYTES, dst);
}

int
ph_id_parse(const char *text, struct ph_id *out_id)
{
    return ph_parse_hex(text, out_id->bytes, PH_ID_BYTES);
}

void
ph_id_format_uuid(const struct ph_id *id, char dst[PH_UUID_TEXT])
{
    char hex[PH_ID_TEXT];

    ph_id_format(id, hex);
    (void)snprintf(dst, PH_UUID_TEXT, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
                   hex + 12, hex + 16, hex + 20);
}
