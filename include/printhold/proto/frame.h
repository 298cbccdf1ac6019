/*
 * Frames on our UNIX sockets: big-endian u32 length of what follows (1 to
 * PH_FRAME_MAX), one type byte, body. Shared by capture and control.
 */
#ifndef PRINTHOLD_PROTO_FRAME_H
#define PRINTHOLD_PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"

#define PH_FRAME_MAX  (1024 * 1024)
#define PH_FRAME_HEAD 5 /* bytes before the body */

struct ph_frame {
    uint8_t type;
    const uint8_t *body; /* view into the parsed bytes */
    size_t len;
};

/*
 * Look at the front of the bytes. PH_OK: *out_frame is set and *out_used
 * bytes belong to it. PH_ERR_AGAIN: incomplete so far. PH_ERR_TOO_BIG when
 * the length exceeds max (<= PH_FRAME_MAX), PH_ERR_PROTOCOL for length 0.
 */
int ph_frame_parse(const uint8_t *bytes, size_t len, size_t max,
                   struct ph_frame *out_frame, size_t *out_used);

/* Append a frame to buf. */
int ph_frame_put(struct ph_buf *buf, uint8_t type, const void *body,
                 size_t len);

/* Blocking ends, for the backend and the command line. _recv replaces the
 * contents of buf with the raw frame; the frame views it. */
int ph_frame_send(int fd, uint8_t type, const void *body, size_t len);
int ph_frame_recv(int fd, size_t max, struct ph_buf *buf,
                  struct ph_frame *out_frame);

#endif
