#include "printhold/base/fdpass.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"

/* Aligned room for the control message of up to count descriptors. */
#define FD_ROOM 4
union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(FD_ROOM * sizeof(int))];
};

int
ph_fdpass_send(int sock, const void *bytes, size_t len, int fd)
{
    union control control;
    struct iovec iov;
    struct msghdr msg = {0};
    struct cmsghdr *cmsg;
    ssize_t n;
    char first;

    if (len == 0)
        return PH_ERR_INVALID;
    memcpy(&first, bytes, 1);
    memset(&control, 0, sizeof(control));
    iov = (struct iovec){.iov_base = &first, .iov_len = 1};
    msg.msg_iov = &iov;
    msg.msg_iovlen = 1;
    msg.msg_control = control.bytes;
    msg.msg_controllen = CMSG_SPACE(sizeof(int));
    cmsg = CMSG_FIRSTHDR(&msg);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
    do {
        n = sendmsg(sock, &msg, 0);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return ph_err_from_errno(errno);
    return ph_io_write_full(sock, (const char *)bytes + 1, len - 1);
}

/* Take the descriptors out of a received message; closes all but the first. */
static int
collect_fds(struct msghdr *msg, int *out_fd)
{
    int first = -1, count = 0;

    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg != NULL;
         cmsg = CMSG_NXTHDR(msg, cmsg)) {
        size_t fds;

        if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
            continue;
        fds = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < fds; i++) {
            int fd;

            memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(fd));
            if (count++ == 0)
                first = fd;
            else
                ph_io_close(&fd);
        }
    }
    if (count > 1 || (msg->msg_flags & MSG_CTRUNC) != 0) {
        ph_io_close(&first);
        return PH_ERR_PROTOCOL;
    }
    if (first >= 0)
        (void)fcntl(first, F_SETFD, FD_CLOEXEC);
    *out_fd = first;
    return PH_OK;
}

int
ph_fdpass_recv(int sock, void *bytes, size_t cap, size_t *out_len, int *out_fd)
{
    union control control;
    struct iovec iov = {.iov_base = bytes, .iov_len = cap};
    struct msghdr msg = {0};
    ssize_t n;
    int fd = -1, flags = 0, err;

#ifdef MSG_CMSG_CLOEXEC
    flags = MSG_CMSG_CLOEXEC;
#endif
    msg.msg_iov = &iov;
    msg.msg_iovlen = 1;
    msg.msg_control = control.bytes;
    msg.msg_controllen = sizeof(control.bytes);
    do {
        n = recvmsg(sock, &msg, flags);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return ph_err_from_errno(errno);
    err = collect_fds(&msg, &fd);
    if (err != PH_OK)
        return err;
    if (n == 0) {
        ph_io_close(&fd);
        return PH_ERR_CLOSED;
    }
    *out_len = (size_t)n;
    *out_fd = fd;
    return PH_OK;
}
