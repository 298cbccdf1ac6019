/* A listening UNIX socket at a name in the file system. */
#ifndef PRINTHOLD_AGENT_LOCAL_LISTEN_H
#define PRINTHOLD_AGENT_LOCAL_LISTEN_H

#include <sys/types.h>

#include "printhold/base/why.h"

/*
 * Bind a stream socket at path, give it the mode and listen; the directory is
 * made (0755) when it is missing. The descriptor is non-blocking.
 *
 * A socket file that is left over from a dead process is replaced.
 * PH_ERR_BUSY when a living one answers there; PH_ERR_EXISTS when the name is
 * taken by something that is not a socket, which is left alone.
 */
int ph_local_listen(const char *path, mode_t mode, int *out_fd,
                    struct ph_why *why);

#endif
