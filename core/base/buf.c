#include "printhold/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/wipe.h"

#define FIRST_SIZE 256

void
ph_buf_init(struct ph_buf *buf, size_t max)
{
    *buf = (struct ph_buf){.max = max};
}

void
ph_buf_close(struct ph_buf *buf)
{
    if (buf->data != NULL)
        ph_wipe(buf->data, buf->cap);
    free(buf->data);
    *buf = (struct ph_buf){.max = buf->max};
}

void
ph_buf_clear(struct ph_buf *buf)
{
    if (buf->data != NULL)
        ph_wipe(buf->data, buf->len);
    buf->len = 0;
}

/* Not realloc: the old bytes may be secret and must be wiped. */
static int
grow(struct ph_buf *buf, size_t need)
{
    size_t cap = buf->cap > 0 ? buf->cap : FIRST_SIZE;
    uint8_t *data;

    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > buf->max)
        cap = buf->max;
    data = malloc(cap);
    if (data == NULL)
        return PH_ERR_NOMEM;
    if (buf->data != NULL) {
        memcpy(data, buf->data, buf->len);
        ph_wipe(buf->data, buf->cap);
        free(buf->data);
    }
    buf->data = data;
    buf->cap = cap;
    return PH_OK;
}

static int
ensure(struct ph_buf *buf, size_t len)
{
    if (len > buf->max - buf->len)
        return PH_ERR_TOO_BIG;
    if (len <= buf->cap - buf->len && buf->data != NULL)
        return PH_OK;
    return grow(buf, buf->len + len);
}

uint8_t *
ph_buf_reserve(struct ph_buf *buf, size_t len)
{
    if (ensure(buf, len) != PH_OK)
        return NULL;
    return buf->data + buf->len;
}

void
ph_buf_advance(struct ph_buf *buf, size_t len)
{
    buf->len += len;
}

int
ph_buf_put(struct ph_buf *buf, const void *bytes, size_t len)
{
    int err = ensure(buf, len);

    if (err != PH_OK)
        return err;
    if (len > 0)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    return PH_OK;
}

int
ph_buf_put_str(struct ph_buf *buf, const char *text)
{
    return ph_buf_put(buf, text, strlen(text));
}

int
ph_buf_put_u8(struct ph_buf *buf, uint8_t value)
{
    return ph_buf_put(buf, &value, 1);
}

int
ph_buf_put_u16(struct ph_buf *buf, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    return ph_buf_put(buf, bytes, sizeof(bytes));
}

int
ph_buf_put_u32(struct ph_buf *buf, uint32_t value)
{
    uint8_t bytes[4];

    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> (24 - 8 * i));
    return ph_buf_put(buf, bytes, sizeof(bytes));
}

int
ph_buf_put_u64(struct ph_buf *buf, uint64_t value)
{
    uint8_t bytes[8];

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
    return ph_buf_put(buf, bytes, sizeof(bytes));
}

int
ph_buf_printf(struct ph_buf *buf, const char *fmt, ...)
{
    va_list ap;
    int len, err;

    va_start(ap, fmt);
    len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0)
        return PH_ERR_INVALID;
    err = ensure(buf, (size_t)len + 1);
    if (err != PH_OK)
        return err;
    va_start(ap, fmt);
    (void)vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, fmt, ap);
    va_end(ap);
    buf->len += (size_t)len;
    return PH_OK;
}

void
ph_buf_consume(struct ph_buf *buf, size_t len)
{
    if (len == 0)
        return;
    memmove(buf->data, buf->data + len, buf->len - len);
    buf->len -= len;
}

const char *
ph_buf_str(struct ph_buf *buf)
{
    if (ensure(buf, 1) != PH_OK)
        return NULL;
    buf->data[buf->len] = '\0';
    return (const char *)buf->data;
}
