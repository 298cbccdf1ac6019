#include "printhold/base/peer.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "printhold/base/err.h"

int
ph_peer_get(int sock, struct ph_peer *out_peer)
{
#ifdef SO_PEERCRED
    struct ucred cred;
    socklen_t len = sizeof(cred);

    if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0)
        return ph_err_from_errno(errno);
    *out_peer = (struct ph_peer){cred.uid, cred.gid, cred.pid};
    return PH_OK;
#else
    uid_t uid;
    gid_t gid;

    if (getpeereid(sock, &uid, &gid) != 0)
        return ph_err_from_errno(errno);
    *out_peer = (struct ph_peer){uid, gid, 0};
    return PH_OK;
#endif
}
