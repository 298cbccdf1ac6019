/*
 * A hand-written client of the control socket: sends the request as it is and
 * prints what comes back, a line a frame.   ph-control-raw SOCKET REQUEST
 */
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/proto/control.h"
#include "printhold/proto/frame.h"

int
main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ph_frame frame = {.type = 0};
    struct ph_buf buf;
    int fd, err;

    if (argc != 3 || strlen(argv[1]) >= sizeof(address.sun_path))
        return 2;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", argv[1]);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 ||
        connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
        return 1;
    ph_buf_init(&buf, PH_FRAME_MAX + PH_FRAME_HEAD);
    err = ph_frame_send(fd, PH_CONTROL_REQUEST, argv[2], strlen(argv[2]));
    while (err == PH_OK && frame.type != PH_CONTROL_REPLY) {
        err = ph_frame_recv(fd, PH_FRAME_MAX, &buf, &frame);
        if (err == PH_OK)
            (void)printf("%d %.*s\n", frame.type, (int)frame.len,
                         (const char *)frame.body);
    }
    ph_buf_close(&buf);
    (void)close(fd);
    return err == PH_OK ? 0 : 1;
}
