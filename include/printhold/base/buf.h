/*
 * A growing byte buffer with a hard maximum.
 *
 * The caller owns the struct; ph_buf_close wipes and frees the bytes. All
 * multi-byte integers are big-endian. After a failed append the buffer is as
 * before. data is NULL while nothing was ever appended.
 */
#ifndef PRINTHOLD_BASE_BUF_H
#define PRINTHOLD_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/attr.h"

struct ph_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;
};

/* Empty buffer that may hold up to max bytes. Allocates nothing. */
void ph_buf_init(struct ph_buf *buf, size_t max);

/* Wipe and free; the struct is empty afterwards and may be used again. */
void ph_buf_close(struct ph_buf *buf);

/* Forget the contents (wiped), keep the memory. */
void ph_buf_clear(struct ph_buf *buf);

/* Make room for len more bytes and return where to write them; NULL when the
 * maximum or memory is exceeded. Commit with ph_buf_advance. */
uint8_t *ph_buf_reserve(struct ph_buf *buf, size_t len);
void ph_buf_advance(struct ph_buf *buf, size_t len);

/* Append. PH_ERR_TOO_BIG over the maximum, PH_ERR_NOMEM. */
int ph_buf_put(struct ph_buf *buf, const void *bytes, size_t len);
int ph_buf_put_str(struct ph_buf *buf, const char *text);
int ph_buf_put_u8(struct ph_buf *buf, uint8_t value);
int ph_buf_put_u16(struct ph_buf *buf, uint16_t value);
int ph_buf_put_u32(struct ph_buf *buf, uint32_t value);
int ph_buf_put_u64(struct ph_buf *buf, uint64_t value);
int ph_buf_printf(struct ph_buf *buf, const char *fmt, ...) PH_PRINTF(2, 3);

/* Remove len bytes from the front (len <= buf->len). */
void ph_buf_consume(struct ph_buf *buf, size_t len);

/* NUL-terminated view of the contents (the NUL is not counted in len);
 * NULL when there is no room for the NUL. Valid until the next change. */
const char *ph_buf_str(struct ph_buf *buf);

#endif
