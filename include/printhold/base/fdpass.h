/* One file descriptor beside bytes over a UNIX socket (SCM_RIGHTS). */
#ifndef PRINTHOLD_BASE_FDPASS_H
#define PRINTHOLD_BASE_FDPASS_H

#include <stddef.h>

/* Send len (> 0) bytes with fd attached to the first; blocking socket. */
int ph_fdpass_send(int sock, const void *bytes, size_t len, int fd);

/*
 * Receive up to cap bytes. *out_fd is the descriptor that came with them
 * (O_CLOEXEC), or -1; more than one descriptor is PH_ERR_PROTOCOL and all are
 * closed. End of stream is PH_ERR_CLOSED.
 */
int ph_fdpass_recv(int sock, void *bytes, size_t cap, size_t *out_len,
                   int *out_fd);

#endif
