/*
 * Strict readers of numbers from text. The whole string must match: no
 * leading blanks, signs, or trailing bytes. NULL and "" are PH_ERR_SYNTAX,
 * out of range is PH_ERR_INVALID.
 */
#ifndef PRINTHOLD_BASE_PARSE_H
#define PRINTHOLD_BASE_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decimal digits only. */
int ph_parse_u64(const char *text, uint64_t min, uint64_t max,
                 uint64_t *out_value);

/* The same for text that is not NUL-terminated. */
int ph_parse_u64_n(const char *text, size_t len, uint64_t min, uint64_t max,
                   uint64_t *out_value);

/* A number with a unit s, m, h or d ("90s", "24h", "7d"); result in s. */
int ph_parse_duration_s(const char *text, uint64_t min_s, uint64_t max_s,
                        uint64_t *out_s);

/* A number of bytes with an optional unit K, M, G or T (powers of 1024). */
int ph_parse_size(const char *text, uint64_t min, uint64_t max,
                  uint64_t *out_bytes);

/* "yes"/"no", "true"/"false", "on"/"off". */
int ph_parse_bool(const char *text, bool *out_value);

/* Lower-case hex of exactly 2 * len digits. Upper case is refused. */
int ph_parse_hex(const char *text, uint8_t *out_bytes, size_t len);

/* Write 2 * len lower-case hex digits and a NUL to dst. */
void ph_format_hex(const uint8_t *bytes, size_t len, char *dst);

#endif
