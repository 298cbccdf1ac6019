#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cupslog.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/fdpass.h"
#include "printhold/base/io.h"
#include "printhold/base/peer.h"
#include "printhold/proto/frame.h"
#include "printhold/proto/ticket_json.h"

#define FRAME_MAX     (PH_CAPTURE_BODY_MAX + 1)
#define RECEIVE_BYTES 4096
#define SEND_LIMIT_S  30
/* An agent that systemd starts because we connected needs a moment. */
#define ACCEPT_LIMIT_MS 30000
#define PAUSE_MIN_MS    50
#define PAUSE_MAX_MS    2000

void
ph_handover_init(struct ph_handover *handover)
{
    handover->sock = -1;
    handover->in_used = 0;
    ph_buf_init(&handover->in, FRAME_MAX + PH_FRAME_HEAD + RECEIVE_BYTES);
    ph_buf_init(&handover->out, PH_CAPTURE_BODY_MAX);
}

void
ph_handover_close(struct ph_handover *handover)
{
    ph_io_close(&handover->sock);
    ph_buf_close(&handover->in);
    ph_buf_close(&handover->out);
    handover->in_used = 0;
}

/* --- frames --- */

static int
wait_readable(int sock, int64_t deadline_ms)
{
    for (;;) {
        struct pollfd pfd = {.fd = sock, .events = POLLIN};
        int64_t left = deadline_ms - ph_clock_mono_ms();
        int n;

        if (left < 0)
            return PH_ERR_TIMEOUT;
        n = poll(&pfd, 1, (int)(left > 60000 ? 60000 : left));
        if (n > 0)
            return PH_OK;
        if (n < 0 && errno != EINTR)
            return ph_err_from_errno(errno);
    }
}

/* Receive what is there; at most one descriptor per frame may come. */
static int
receive_some(struct ph_handover *handover, int *fd)
{
    uint8_t *room = ph_buf_reserve(&handover->in, RECEIVE_BYTES);
    size_t got = 0;
    int came = -1;
    int err;

    if (room == NULL)
        return PH_ERR_PROTOCOL;
    err = ph_fdpass_recv(handover->sock, room, RECEIVE_BYTES, &got, &came);
    if (err != PH_OK)
        return err;
    ph_buf_advance(&handover->in, got);
    if (came >= 0 && *fd >= 0) {
        ph_io_close(&came);
        return PH_ERR_PROTOCOL;
    }
    if (came >= 0)
        *fd = came;
    return PH_OK;
}

/* The next frame; a view until the next call. *out_fd is -1 or what came with
 * it. */
static int
next_frame(struct ph_handover *handover, int64_t deadline_ms,
           struct ph_frame *out_frame, int *out_fd)
{
    int fd = -1, err;

    ph_buf_consume(&handover->in, handover->in_used);
    handover->in_used = 0;
    for (;;) {
        err = ph_frame_parse(handover->in.data, handover->in.len, FRAME_MAX,
                             out_frame, &handover->in_used);
        if (err != PH_ERR_AGAIN)
            break;
        err = wait_readable(handover->sock, deadline_ms);
        if (err == PH_OK)
            err = receive_some(handover, &fd);
        if (err != PH_OK)
            break;
    }
    if (err == PH_ERR_TOO_BIG)
        err = PH_ERR_PROTOCOL;
    if (err != PH_OK) {
        handover->in_used = 0;
        ph_io_close(&fd);
        return err;
    }
    *out_fd = fd;
    return PH_OK;
}

/* The next frame must be of the type, with a descriptor exactly when fd is
 * wanted; REFUSE becomes PH_ERR_DENIED. */
static int
expect_frame(struct ph_handover *handover, int64_t timeout_ms, uint8_t type,
             struct ph_frame *out_frame, int *out_fd,
             struct ph_capture_refuse *out_refuse)
{
    int fd = -1;
    int err =
        next_frame(handover, ph_clock_mono_ms() + timeout_ms, out_frame, &fd);

    if (err != PH_OK)
        return err;
    if (out_frame->type == PH_CAPTURE_REFUSE && fd < 0) {
        err = ph_capture_refuse_parse(out_frame->body, out_frame->len,
                                      out_refuse);
        return err == PH_OK ? PH_ERR_DENIED : PH_ERR_PROTOCOL;
    }
    if (out_frame->type != type || (fd >= 0) != (out_fd != NULL)) {
        ph_io_close(&fd);
        return PH_ERR_PROTOCOL;
    }
    if (out_fd != NULL)
        *out_fd = fd;
    return PH_OK;
}

/* --- opening --- */

static int
agent_uid(const struct ph_config *config, uid_t *out_uid, struct ph_why *why)
{
    char bytes[16384];
    struct passwd entry, *found = NULL;

    (void)getpwnam_r(config->agent_user, &entry, bytes, sizeof(bytes), &found);
    if (found == NULL)
        return ph_why_fail(why, PH_ERR_CONFIG,
                           "there is no account \"%s\" on this computer "
                           "(setting agent_user); install PrintHold anew",
                           config->agent_user);
    *out_uid = found->pw_uid;
    return PH_OK;
}

static int
connect_socket(const char *path, int *out_sock)
{
    const struct timeval limit = {.tv_sec = SEND_LIMIT_S};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int sock, err;

    if (strlen(path) >= sizeof(address.sun_path))
        return PH_ERR_CONFIG;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    sock = socket(AF_UNIX, SOCK_STREAM, 0);
    if (sock < 0)
        return ph_err_from_errno(errno);
    (void)fcntl(sock, F_SETFD, FD_CLOEXEC);
    (void)setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(sock, (const struct sockaddr *)&address, sizeof(address)) !=
        0) {
        err = ph_err_from_errno(errno);
        ph_io_close(&sock);
        return err;
    }
    *out_sock = sock;
    return PH_OK;
}

/* A socket that systemd or launchd made for the agent shows root, its maker;
 * root needs no capture to read what is printed here. */
static int
check_peer(int sock, uid_t agent)
{
    struct ph_peer peer;
    int err = ph_peer_get(sock, &peer);

    if (err == PH_OK && peer.uid != agent && peer.uid != 0)
        err = PH_ERR_PROTOCOL;
    return err;
}

static int
send_begin(struct ph_handover *handover, const struct ph_ticket *ticket,
           int64_t attempt_s)
{
    struct ph_capture_begin begin = {
        .owner_uid = ticket->owner_uid,
        .cups_job_id = ticket->cups_job_id,
        .attempt_s = attempt_s,
    };
    int err;

    (void)snprintf(begin.owner_name, sizeof(begin.owner_name), "%s",
                   ticket->owner_name);
    (void)snprintf(begin.owner_auth, sizeof(begin.owner_auth), "%s",
                   ticket->owner_auth);
    (void)snprintf(begin.job_uuid, sizeof(begin.job_uuid), "%s",
                   ticket->job_uuid);
    (void)snprintf(begin.queue, sizeof(begin.queue), "%s", ticket->queue);
    err = ph_capture_begin_put(&begin, &handover->out);
    if (err != PH_OK)
        return err;
    return ph_frame_send(handover->sock, PH_CAPTURE_BEGIN, handover->out.data,
                         handover->out.len);
}

/* A descriptor that we may only write to, on a regular file. */
static int
check_spool(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_ACCMODE) == O_WRONLY ? PH_OK
                                                         : PH_ERR_PROTOCOL;
}

/* One try from the connection to ACCEPT. */
static int
try_open(struct ph_handover *handover, const char *path, uid_t agent,
         const struct ph_ticket *ticket, int64_t attempt_s,
         struct ph_sealed_secret *out_secret, int *out_spool,
         struct ph_capture_refuse *out_refuse)
{
    struct ph_frame frame;
    int spool = -1;
    int err = connect_socket(path, &handover->sock);

    if (err == PH_ERR_DENIED) /* by this computer; only REFUSE is a refusal */
        err = PH_ERR_STATE;
    if (err == PH_OK)
        err = check_peer(handover->sock, agent);
    if (err == PH_OK)
        err = send_begin(handover, ticket, attempt_s);
    /* While the agent makes the file; the writer fails later if this does. */
    if (err == PH_OK)
        (void)ph_sealed_writer_prepare();
    if (err == PH_OK)
        err = expect_frame(handover, ACCEPT_LIMIT_MS, PH_CAPTURE_ACCEPT, &frame,
                           &spool, out_refuse);
    if (err != PH_OK)
        return err;
    err = check_spool(spool);
    if (err == PH_OK)
        err = ph_capture_accept_parse(frame.body, frame.len, out_secret);
    /* The key is in the caller's hands alone. */
    ph_buf_clear(&handover->in);
    handover->in_used = 0;
    if (err != PH_OK) {
        ph_io_close(&spool);
        return PH_ERR_PROTOCOL;
    }
    *out_spool = spool;
    return PH_OK;
}

static void
announce_waiting(int err)
{
    ph_cupslog_state("+connecting-to-device");
    if (err == PH_ERR_PROTOCOL)
        ph_cupslog_info("Waiting: what answers in place of the hold service "
                        "on this computer is not it.");
    else if (err == PH_ERR_STATE)
        ph_cupslog_info("Waiting: this computer does not let the backend "
                        "reach the hold service (permission denied).");
    else
        ph_cupslog_info("Waiting for the hold service on this computer.");
}

/* Anything but these may pass when one waits. */
static bool
is_final(int err)
{
    return err == PH_OK || err == PH_ERR_DENIED || err == PH_ERR_CONFIG ||
           err == PH_ERR_NOMEM;
}

int
ph_handover_open(struct ph_handover *handover, const struct ph_config *config,
                 const struct ph_ticket *ticket, int64_t attempt_s,
                 struct ph_sealed_secret *out_secret, int *out_spool,
                 struct ph_capture_refuse *out_refuse, struct ph_why *why)
{
    int64_t deadline_ms =
        ph_clock_mono_ms() + (int64_t)config->agent_wait_s * 1000;
    int pause_ms = PAUSE_MIN_MS;
    bool is_waiting = false;
    uid_t agent;
    int err = agent_uid(config, &agent, why);

    if (err != PH_OK)
        return err;
    for (;;) {
        err = try_open(handover, config->capture_socket, agent, ticket,
                       attempt_s, out_secret, out_spool, out_refuse);
        if (is_final(err))
            break;
        ph_io_close(&handover->sock);
        ph_buf_clear(&handover->in);
        handover->in_used = 0;
        if (ph_clock_mono_ms() >= deadline_ms)
            break;
        if (!is_waiting)
            announce_waiting(err);
        is_waiting = true;
        (void)poll(NULL, 0, pause_ms);
        pause_ms = pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : pause_ms * 2;
    }
    if (is_waiting)
        ph_cupslog_state("-connecting-to-device");
    if (err == PH_OK || is_final(err))
        return err;
    if (err == PH_ERR_STATE)
        return ph_why_fail(why, PH_ERR_TIMEOUT,
                           "this computer does not let the backend reach the "
                           "hold service at %s (permission denied); an "
                           "administrator must look (printhold doctor)",
                           config->capture_socket);
    return ph_why_fail(why, PH_ERR_TIMEOUT,
                       "the hold service on this computer does not answer");
}

int
ph_handover_probe(const struct ph_config *config)
{
    uid_t agent;
    int sock = -1;
    int err = agent_uid(config, &agent, NULL);

    if (err == PH_OK)
        err = connect_socket(config->capture_socket, &sock);
    if (err == PH_OK)
        err = check_peer(sock, agent);
    ph_io_close(&sock);
    return err;
}

/* --- the rest of the conversation --- */

int
ph_handover_progress(struct ph_handover *handover, uint64_t offset)
{
    int err = ph_capture_progress_put(offset, &handover->out);

    if (err != PH_OK)
        return err;
    return ph_frame_send(handover->sock, PH_CAPTURE_PROGRESS,
                         handover->out.data, handover->out.len);
}

int
ph_handover_interrupted(struct ph_handover *handover,
                        struct ph_capture_refuse *out_refuse)
{
    struct ph_frame frame;
    int fd = -1;
    /* Type 0 does not exist: all but REFUSE is a violation. */
    int err =
        expect_frame(handover, SEND_LIMIT_S * 1000, 0, &frame, &fd, out_refuse);

    ph_io_close(&fd);
    return err == PH_OK ? PH_ERR_PROTOCOL : err;
}

int
ph_handover_commit(struct ph_handover *handover, const struct ph_ticket *ticket,
                   uint64_t timeout_s, struct ph_capture_refuse *out_refuse)
{
    struct ph_frame frame;
    struct ph_id job;
    int err = ph_ticket_json_put(ticket, &handover->out);

    if (err != PH_OK)
        return err;
    err = ph_frame_send(handover->sock, PH_CAPTURE_COMMIT, handover->out.data,
                        handover->out.len);
    /* A refusal may have crossed our COMMIT: read it even after a failed
     * sending. */
    if (err != PH_OK && err != PH_ERR_CLOSED && err != PH_ERR_IO)
        return err;
    err = expect_frame(handover, (int64_t)timeout_s * 1000, PH_CAPTURE_DONE,
                       &frame, NULL, out_refuse);
    if (err != PH_OK)
        return err;
    return ph_capture_done_parse(frame.body, frame.len, &job) == PH_OK
               ? PH_OK
               : PH_ERR_PROTOCOL;
}

int
ph_handover_acknowledge(struct ph_handover *handover)
{
    return ph_frame_send(handover->sock, PH_CAPTURE_ACK, NULL, 0);
}
