/* Who is at the other end of a UNIX socket, as the kernel knows it. */
#ifndef PRINTHOLD_BASE_PEER_H
#define PRINTHOLD_BASE_PEER_H

#include <sys/types.h>

struct ph_peer {
    uid_t uid;
    gid_t gid;
    pid_t pid; /* 0 where the system does not tell */
};

int ph_peer_get(int sock, struct ph_peer *out_peer);

#endif
