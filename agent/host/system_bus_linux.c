/*
 * What is said: NUL and "AUTH EXTERNAL <uid in hexadecimal digits of its
 * text>", OK; NEGOTIATE_UNIX_FD, AGREE_UNIX_FD; BEGIN and Hello, whose answer
 * makes it ready (D-Bus Specification, "Authentication Protocol").
 */
#include "system_bus_linux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"

#define WELL_KNOWN    "/run/dbus/system_bus_socket"
#define AUTH_LINE_MAX 256
#define FDS_MAX       4
#define READ_BYTES    4096
#define READS_MAX     16
#define HELLO         1 /* its serial */
#define UNIX_PREFIX   "unix:path="

enum state {
    STATE_AUTH,
    STATE_NEGOTIATE,
    STATE_HELLO,
    STATE_READY,
    STATE_CLOSED,
};

struct ph_system_bus {
    uv_poll_t poll;
    uv_timer_t ended; /* tells on_closed from the loop, never from a call */
    int fd;
    enum state state;
    struct ph_buf in;
    int fds[FDS_MAX]; /* that came, oldest first */
    size_t fd_count;
    uint32_t serial;
    char text[PH_WHY_MAX];
    struct ph_system_bus_events events;
    void *arg;
    unsigned handles;
    bool is_stopping;
    void (*done)(void *arg);
    void *done_arg;
};

/* --- the end of it --- */

static void on_ended(uv_timer_t *timer);

static void
drop_fds(struct ph_system_bus *bus)
{
    for (size_t i = 0; i < bus->fd_count; i++)
        ph_io_close(&bus->fds[i]);
    bus->fd_count = 0;
}

static void
give_up(struct ph_system_bus *bus, const char *text)
{
    if (bus->state == STATE_CLOSED)
        return;
    bus->state = STATE_CLOSED;
    (void)snprintf(bus->text, sizeof(bus->text), "%s", text);
    (void)uv_poll_stop(&bus->poll);
    drop_fds(bus);
    (void)uv_timer_start(&bus->ended, on_ended, 0, 0);
}

static void
on_ended(uv_timer_t *timer)
{
    struct ph_system_bus *bus = timer->data;

    if (!bus->is_stopping && bus->state == STATE_CLOSED)
        bus->events.on_closed(bus->text, bus->arg);
}

/* --- sending --- */

static int
send_bytes(struct ph_system_bus *bus, const void *bytes, size_t len)
{
    ssize_t sent = send(bus->fd, bytes, len, MSG_NOSIGNAL);

    if (sent >= 0 && (size_t)sent == len)
        return PH_OK;
    give_up(bus, "the system bus takes nothing");
    return PH_ERR_CLOSED;
}

static int
send_line(struct ph_system_bus *bus, const char *line)
{
    return send_bytes(bus, line, strlen(line));
}

static int
send_auth(struct ph_system_bus *bus)
{
    char uid[24], hex[2 * sizeof(uid) + 1], line[AUTH_LINE_MAX];
    int len = snprintf(uid, sizeof(uid), "%lu", (unsigned long)geteuid());

    ph_format_hex((const uint8_t *)uid, (size_t)len, hex);
    len = snprintf(line, sizeof(line), "%cAUTH EXTERNAL %s\r\n", '\0', hex);
    return send_bytes(bus, line, (size_t)len);
}

static int
send_call(struct ph_system_bus *bus, const struct ph_dbus_call *call)
{
    struct ph_buf buf;
    int err;

    ph_buf_init(&buf, PH_DBUS_MESSAGE_MAX);
    err = ph_dbus_put_call(&buf, ++bus->serial, call);
    if (err == PH_OK)
        err = send_bytes(bus, buf.data, buf.len);
    ph_buf_close(&buf);
    return err;
}

int
ph_system_bus_call(struct ph_system_bus *bus, const struct ph_dbus_call *call,
                   uint32_t *out_serial)
{
    int err = bus->state == STATE_READY ? send_call(bus, call) : PH_ERR_CLOSED;

    if (err == PH_OK)
        *out_serial = bus->serial;
    return err;
}

/* --- what comes --- */

static void
begin_messages(struct ph_system_bus *bus)
{
    static const struct ph_dbus_call hello = {
        .destination = "org.freedesktop.DBus",
        .path = "/org/freedesktop/DBus",
        .interface = "org.freedesktop.DBus",
        .member = "Hello",
    };

    bus->state = STATE_HELLO;
    if (send_line(bus, "BEGIN\r\n") == PH_OK && send_call(bus, &hello) != PH_OK)
        give_up(bus, "cannot greet the system bus");
}

static void
on_line(struct ph_system_bus *bus, const char *line)
{
    if (bus->state == STATE_AUTH && strncmp(line, "OK ", 3) == 0) {
        bus->state = STATE_NEGOTIATE;
        (void)send_line(bus, "NEGOTIATE_UNIX_FD\r\n");
    } else if (bus->state == STATE_NEGOTIATE &&
               strcmp(line, "AGREE_UNIX_FD") == 0) {
        begin_messages(bus);
    } else {
        give_up(bus, "the system bus does not take us");
    }
}

static void
take_line(struct ph_system_bus *bus)
{
    const uint8_t *end = memchr(bus->in.data, '\n', bus->in.len);
    char line[AUTH_LINE_MAX];
    size_t len;

    if (end == NULL) {
        if (bus->in.len >= AUTH_LINE_MAX)
            give_up(bus, "the system bus does not speak D-Bus");
        return;
    }
    len = (size_t)(end - bus->in.data);
    (void)snprintf(line, sizeof(line), "%.*s",
                   (int)(len > 0 && end[-1] == '\r' ? len - 1 : len),
                   (const char *)bus->in.data);
    ph_buf_consume(&bus->in, len + 1);
    on_line(bus, line);
}

static int
next_fd(struct ph_system_bus *bus)
{
    int fd = bus->fds[0];

    bus->fd_count--;
    memmove(bus->fds, bus->fds + 1, bus->fd_count * sizeof(bus->fds[0]));
    return fd;
}

/* Of several descriptors the first is given. */
static void
give_message(struct ph_system_bus *bus, const struct ph_dbus_message *message)
{
    int fd = -1, other;

    if (message->fds > bus->fd_count) {
        give_up(bus, "the system bus lost a descriptor");
        return;
    }
    if (message->fds > 0)
        fd = next_fd(bus);
    for (uint32_t i = 1; i < message->fds; i++) {
        other = next_fd(bus);
        ph_io_close(&other);
    }
    if (bus->state == STATE_READY) {
        bus->events.on_message(message, &fd, bus->arg);
    } else if (message->reply_serial == HELLO &&
               message->type == PH_DBUS_RETURN) {
        bus->state = STATE_READY;
        bus->events.on_ready(bus->arg);
    }
    ph_io_close(&fd);
}

/* Whether there was a whole message. */
static bool
take_message(struct ph_system_bus *bus)
{
    struct ph_dbus_message message;
    size_t len = 0;
    int err = ph_dbus_message_len(bus->in.data, bus->in.len, &len);

    if (err == PH_ERR_AGAIN || (err == PH_OK && bus->in.len < len))
        return false;
    if (err == PH_OK)
        err = ph_dbus_message_parse(bus->in.data, len, &message);
    if (err == PH_OK)
        give_message(bus, &message);
    else if (err != PH_ERR_UNSUPPORTED)
        give_up(bus, "the system bus does not speak D-Bus");
    else
        drop_fds(bus); /* some may be of a message that nobody knows */
    if (bus->state != STATE_CLOSED && !bus->is_stopping)
        ph_buf_consume(&bus->in, len);
    return bus->state != STATE_CLOSED && !bus->is_stopping;
}

static void
take_all(struct ph_system_bus *bus)
{
    bool is_more = true;

    while (is_more && bus->in.len > 0 && bus->state != STATE_CLOSED &&
           !bus->is_stopping) {
        const size_t before = bus->in.len;

        if (bus->state == STATE_AUTH || bus->state == STATE_NEGOTIATE) {
            take_line(bus);
            is_more = bus->in.len < before;
        } else {
            is_more = take_message(bus);
        }
    }
}

static void
keep_fds(struct ph_system_bus *bus, struct msghdr *got)
{
    for (struct cmsghdr *one = CMSG_FIRSTHDR(got); one != NULL;
         one = CMSG_NXTHDR(got, one)) {
        int fds[FDS_MAX];
        size_t count;

        if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS)
            continue;
        count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(fds[0]);
        if (count > FDS_MAX) /* there is no room for so many */
            count = FDS_MAX;
        memcpy(fds, CMSG_DATA(one), count * sizeof(fds[0]));
        for (size_t i = 0; i < count; i++) {
            (void)fcntl(fds[i], F_SETFD, FD_CLOEXEC);
            if (bus->fd_count < FDS_MAX)
                bus->fds[bus->fd_count++] = fds[i];
            else
                ph_io_close(&fds[i]);
        }
    }
}

/* Whether there may be more. */
static bool
read_some(struct ph_system_bus *bus)
{
    union {
        struct cmsghdr head;
        uint8_t bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
    } control;
    uint8_t bytes[READ_BYTES];
    struct iovec vector = {.iov_base = bytes, .iov_len = sizeof(bytes)};
    struct msghdr got = {.msg_iov = &vector,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control)};
    ssize_t len = recvmsg(bus->fd, &got, MSG_CMSG_CLOEXEC);

    if (len < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    if (len <= 0) {
        give_up(bus, "the system bus is gone");
        return false;
    }
    keep_fds(bus, &got);
    if ((got.msg_flags & MSG_CTRUNC) != 0 ||
        ph_buf_put(&bus->in, bytes, (size_t)len) != PH_OK) {
        give_up(bus, "the system bus says too much");
        return false;
    }
    take_all(bus);
    return bus->state != STATE_CLOSED && !bus->is_stopping;
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
    struct ph_system_bus *bus = poll->data;

    (void)events;
    if (status != 0) {
        give_up(bus, uv_strerror(status));
        return;
    }
    for (int i = 0; i < READS_MAX; i++)
        if (!read_some(bus))
            break;
}

/* --- start --- */

static int
find_path(struct sockaddr_un *address, struct ph_why *why)
{
    const char *text = getenv("DBUS_SYSTEM_BUS_ADDRESS");
    const char *path = WELL_KNOWN;
    size_t len;

    if (text != NULL && text[0] != '\0') {
        if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) != 0)
            return ph_why_fail(why, PH_ERR_CONFIG,
                               "DBUS_SYSTEM_BUS_ADDRESS must begin with "
                               "'unix:path='");
        path = text + strlen(UNIX_PREFIX);
    }
    len = strcspn(path, ",;");
    if (len >= sizeof(address->sun_path))
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "the path of the system bus is too long");
    memcpy(address->sun_path, path, len);
    return PH_OK;
}

static int
connect_to(const struct sockaddr_un *address, int *out_fd, struct ph_why *why)
{
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int failed;

    if (fd < 0)
        return PH_ERR_IO;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0) {
        *out_fd = fd;
        return PH_OK;
    }
    failed = errno;
    ph_io_close(&fd);
    ph_why_set(why, "no system bus at %s: %s", address->sun_path,
               strerror(failed));
    return failed == ENOENT || failed == ECONNREFUSED ? PH_ERR_NOT_FOUND
                                                      : PH_ERR_IO;
}

int
ph_system_bus_start(uv_loop_t *loop, const struct ph_system_bus_events *events,
                    void *arg, struct ph_system_bus **out_bus,
                    struct ph_why *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ph_system_bus *bus = calloc(1, sizeof(*bus));
    int err = bus != NULL ? find_path(&address, why) : PH_ERR_NOMEM;

    if (err == PH_OK)
        err = connect_to(&address, &bus->fd, why);
    if (err == PH_OK && uv_poll_init(loop, &bus->poll, bus->fd) != 0) {
        ph_io_close(&bus->fd);
        err = PH_ERR_IO;
    }
    if (err != PH_OK) {
        free(bus);
        return err;
    }
    (void)uv_timer_init(loop, &bus->ended);
    ph_buf_init(&bus->in, 2 * PH_DBUS_MESSAGE_MAX);
    bus->events = *events;
    bus->arg = arg;
    bus->ended.data = bus->poll.data = bus;
    bus->handles = 2;
    (void)uv_poll_start(&bus->poll, UV_READABLE, on_poll);
    (void)send_auth(bus);
    *out_bus = bus;
    return PH_OK;
}

static void
on_handle_closed(uv_handle_t *handle)
{
    struct ph_system_bus *bus = handle->data;
    void (*done)(void *arg) = bus->done;
    void *arg = bus->done_arg;

    if (--bus->handles > 0)
        return;
    drop_fds(bus);
    ph_io_close(&bus->fd);
    ph_buf_close(&bus->in);
    free(bus);
    done(arg);
}

void
ph_system_bus_stop(struct ph_system_bus *bus, void (*done)(void *arg),
                   void *arg)
{
    if (bus == NULL) {
        done(arg);
        return;
    }
    bus->is_stopping = true;
    bus->done = done;
    bus->done_arg = arg;
    uv_close((uv_handle_t *)&bus->poll, on_handle_closed);
    uv_close((uv_handle_t *)&bus->ended, on_handle_closed);
}
