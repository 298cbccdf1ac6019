/* One buffer per loop in which records wait for the next send(2). */
#ifndef PRINTHOLD_NET_TLS_SCRATCH_H
#define PRINTHOLD_NET_TLS_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"

/* 256 KiB of plaintext in records of 16 KiB (22 bytes more each), and some. */
#define PH_TLS_SCRATCH_BYTES (264 * 1024)

struct ph_tls_conn;

struct ph_tls_scratch {
    struct ph_tls_conn *owner; /* whose records these are */
    size_t len;
    uint8_t bytes[PH_TLS_SCRATCH_BYTES];
};

/* Add to the records of conn; those of another connection move to its own
 * memory first. False when there is no room. */
bool ph_tls_scratch_put(struct ph_tls_conn *conn, const void *bytes,
                        size_t len);
/* Move what is there of this connection behind its backlog. */
int ph_tls_scratch_spill(struct ph_tls_conn *conn);

#endif
