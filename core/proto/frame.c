#include "printhold/proto/frame.h"

#include <errno.h>
#include <string.h>

#include <sys/socket.h>

#include "printhold/base/cursor.h"
#include "printhold/base/err.h"

#define LENGTH_BYTES 4

/* Where the flag is missing the programs ignore SIGPIPE anyway. */
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif

int
ph_frame_parse(const uint8_t *bytes, size_t len, size_t max,
               struct ph_frame *out_frame, size_t *out_used)
{
    struct ph_cursor cur;
    uint32_t length;

    ph_cursor_init(&cur, bytes, len);
    if (ph_cursor_u32(&cur, &length) != PH_OK)
        return PH_ERR_AGAIN;
    if (length == 0)
        return PH_ERR_PROTOCOL;
    if (length > max || length > PH_FRAME_MAX)
        return PH_ERR_TOO_BIG;
    if (length > cur.left)
        return PH_ERR_AGAIN;
    out_frame->type = cur.pos[0];
    out_frame->body = cur.pos + 1;
    out_frame->len = length - 1;
    *out_used = LENGTH_BYTES + (size_t)length;
    return PH_OK;
}

int
ph_frame_put(struct ph_buf *buf, uint8_t type, const void *body, size_t len)
{
    size_t before = buf->len;
    int err;

    if (len > PH_FRAME_MAX - 1)
        return PH_ERR_TOO_BIG;
    err = ph_buf_put_u32(buf, (uint32_t)len + 1);
    if (err == PH_OK)
        err = ph_buf_put_u8(buf, type);
    if (err == PH_OK)
        err = ph_buf_put(buf, body, len);
    if (err != PH_OK)
        buf->len = before;
    return err;
}

/* A socket with a time limit says EAGAIN when it is over. */
static int
socket_error(int errnum)
{
    if (errnum == EAGAIN || errnum == EWOULDBLOCK)
        return PH_ERR_TIMEOUT;
    return ph_err_from_errno(errnum);
}

int
ph_frame_send(int fd, uint8_t type, const void *body, size_t len)
{
    struct ph_buf buf;
    const uint8_t *pos;
    size_t left;
    int err;

    ph_buf_init(&buf, LENGTH_BYTES + PH_FRAME_MAX);
    err = ph_frame_put(&buf, type, body, len);
    pos = buf.data;
    left = buf.len;
    while (err == PH_OK && left > 0) {
        ssize_t n = send(fd, pos, left, MSG_NOSIGNAL);

        if (n >= 0) {
            pos += n;
            left -= (size_t)n;
        } else if (errno != EINTR) {
            err = socket_error(errno);
        }
    }
    ph_buf_close(&buf);
    return err;
}

/* Append exactly len bytes from the socket. */
static int
receive(int fd, struct ph_buf *buf, size_t len)
{
    uint8_t *room = ph_buf_reserve(buf, len);
    size_t got = 0;

    if (room == NULL)
        return PH_ERR_NOMEM;
    while (got < len) {
        ssize_t n = recv(fd, room + got, len - got, 0);

        if (n == 0)
            return buf->len == 0 && got == 0 ? PH_ERR_CLOSED : PH_ERR_TRUNCATED;
        if (n > 0)
            got += (size_t)n;
        else if (errno != EINTR)
            return socket_error(errno);
    }
    ph_buf_advance(buf, len);
    return PH_OK;
}

int
ph_frame_recv(int fd, size_t max, struct ph_buf *buf,
              struct ph_frame *out_frame)
{
    struct ph_cursor cur;
    uint32_t length = 0;
    size_t used;
    int err;

    ph_buf_clear(buf);
    err = receive(fd, buf, LENGTH_BYTES);
    if (err != PH_OK)
        return err;
    ph_cursor_init(&cur, buf->data, buf->len);
    (void)ph_cursor_u32(&cur, &length);
    if (length == 0)
        return PH_ERR_PROTOCOL;
    if (length > max || length > PH_FRAME_MAX)
        return PH_ERR_TOO_BIG;
    err = receive(fd, buf, length);
    if (err != PH_OK)
        return err;
    return ph_frame_parse(buf->data, buf->len, max, out_frame, &used);
}
