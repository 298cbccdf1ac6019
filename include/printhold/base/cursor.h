/*
 * Bounds-checked reading of bytes from outside.
 *
 * A cursor is a read-only view; it owns nothing. Integers are big-endian.
 * Each function returns PH_ERR_TRUNCATED and changes nothing when fewer bytes
 * are left than asked for.
 */
#ifndef PRINTHOLD_BASE_CURSOR_H
#define PRINTHOLD_BASE_CURSOR_H

#include <stddef.h>
#include <stdint.h>

struct ph_cursor {
    const uint8_t *pos;
    size_t left;
};

void ph_cursor_init(struct ph_cursor *cur, const void *bytes, size_t len);
int ph_cursor_u8(struct ph_cursor *cur, uint8_t *out_value);
int ph_cursor_u16(struct ph_cursor *cur, uint16_t *out_value);
int ph_cursor_u32(struct ph_cursor *cur, uint32_t *out_value);
int ph_cursor_u64(struct ph_cursor *cur, uint64_t *out_value);
/* View of the next len bytes inside the original memory. */
int ph_cursor_bytes(struct ph_cursor *cur, size_t len,
                    const uint8_t **out_bytes);
/* Copy the next len bytes to dst. */
int ph_cursor_copy(struct ph_cursor *cur, void *dst, size_t len);
int ph_cursor_skip(struct ph_cursor *cur, size_t len);

#endif
