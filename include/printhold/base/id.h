/*
 * 128-bit random names, written as 32 lower-case hex digits. Jobs, epochs and
 * sessions are named so: nothing that a client states ever becomes a name.
 */
#ifndef PRINTHOLD_BASE_ID_H
#define PRINTHOLD_BASE_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PH_ID_BYTES 16
#define PH_ID_TEXT  33

struct ph_id {
    uint8_t bytes[PH_ID_BYTES];
};

/* Random bytes from the operating system. PH_ERR_CRYPTO when it has none. */
int ph_random(void *bytes, size_t len);

int ph_id_make(struct ph_id *out_id);
/* UUID version 7 (RFC 9562): ordered by the time it was made. */
int ph_id_make_v7(struct ph_id *out_id);
bool ph_id_equal(const struct ph_id *a, const struct ph_id *b);
void ph_id_format(const struct ph_id *id, char dst[PH_ID_TEXT]);
/* Exactly ^[0-9a-f]{32}$, else PH_ERR_SYNTAX. */
int ph_id_parse(const char *text, struct ph_id *out_id);

#define PH_UUID_TEXT 37
/* 8-4-4-4-12 form. */
void ph_id_format_uuid(const struct ph_id *id, char dst[PH_UUID_TEXT]);

#endif
