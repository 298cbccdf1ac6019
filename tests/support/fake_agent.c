/*
 * A strict stand-in for the agent's capture socket, for tests of the backend
 * alone. It speaks the protocol of printhold/proto/capture.h, checks all that
 * the backend says, decrypts what it stored and compares.
 *
 *   ph-fake-agent SOCKET DIR MODE [UID]
 *
 * Prints "ready" when it listens, serves one connection after the other until
 * SIGTERM, and appends to DIR/log one word or line per event:
 *   begin ...  progress N  commit  done  ack  closed  VIOLATION reason
 * The n-th committed job is DIR/n.document and DIR/n.ticket (JSON), in clear.
 * MODE says where to go wrong, see the table below. UID: become that user
 * before listening, so that the backend sees a stranger.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/fdpass.h"
#include "printhold/base/id.h"
#include "printhold/base/io.h"
#include "printhold/base/parse.h"
#include "printhold/crypto/epoch_keys.h"
#include "printhold/crypto/sealed_file.h"
#include "printhold/proto/capture.h"
#include "printhold/proto/frame.h"
#include "printhold/proto/ticket_json.h"

#define FRAME_MAX (PH_CAPTURE_BODY_MAX + 1)

enum mode {
    MODE_ACCEPT, /* do everything right */
    MODE_VANISH_CONNECT,
    MODE_VANISH_BEGIN,
    MODE_VANISH_ACCEPT,
    MODE_VANISH_PROGRESS,
    MODE_VANISH_COMMIT,
    MODE_VANISH_DONE,
    MODE_HANG_BEGIN,
    MODE_HANG_COMMIT,
    MODE_REFUSE_RETRY,
    MODE_REFUSE_HOLD,
    MODE_REFUSE_CANCEL,
    MODE_REFUSE_PROGRESS,
    MODE_REFUSE_COMMIT,
    MODE_GARBAGE,
    MODE_OVERSIZED,
    MODE_EMPTY_FRAME,
    MODE_NO_DESCRIPTOR,
    MODE_READABLE_DESCRIPTOR,
    MODE_SHORT_ACCEPT,
    MODE_OTHER_VERSION,
    MODE_OTHER_TYPE,
    MODE_GARBAGE_DONE,
};

static const char *const mode_names[] = {
    [MODE_ACCEPT] = "accept",
    [MODE_VANISH_CONNECT] = "vanish-connect",
    [MODE_VANISH_BEGIN] = "vanish-begin",
    [MODE_VANISH_ACCEPT] = "vanish-accept",
    [MODE_VANISH_PROGRESS] = "vanish-progress",
    [MODE_VANISH_COMMIT] = "vanish-commit",
    [MODE_VANISH_DONE] = "vanish-done",
    [MODE_HANG_BEGIN] = "hang-begin",
    [MODE_HANG_COMMIT] = "hang-commit",
    [MODE_REFUSE_RETRY] = "refuse-retry",
    [MODE_REFUSE_HOLD] = "refuse-hold",
    [MODE_REFUSE_CANCEL] = "refuse-cancel",
    [MODE_REFUSE_PROGRESS] = "refuse-progress",
    [MODE_REFUSE_COMMIT] = "refuse-commit",
    [MODE_GARBAGE] = "garbage",
    [MODE_OVERSIZED] = "oversized",
    [MODE_EMPTY_FRAME] = "empty-frame",
    [MODE_NO_DESCRIPTOR] = "no-descriptor",
    [MODE_READABLE_DESCRIPTOR] = "readable-descriptor",
    [MODE_SHORT_ACCEPT] = "short-accept",
    [MODE_OTHER_VERSION] = "other-version",
    [MODE_OTHER_TYPE] = "other-type",
    [MODE_GARBAGE_DONE] = "garbage-done",
};

struct fake {
    enum mode mode;
    int dir;
    int log;
    struct ph_epoch_keys *keys;
    unsigned jobs;
    /* the current connection */
    int sock;
    int spool;
    struct ph_capture_begin begin;
    struct ph_sealed_secret secret;
    struct ph_sealed_verifier *verifier;
    uint64_t progress;
    struct ph_buf in;
    struct ph_buf out;
};

static void note(struct fake *fake, const char *fmt, ...) PH_PRINTF(2, 3);

static void
note(struct fake *fake, const char *fmt, ...)
{
    char text[500], line[512];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    (void)snprintf(line, sizeof(line), "%s\n", text);
    (void)ph_io_write_full(fake->log, line, strlen(line));
}

/* --- the agent's side, and its faults --- */

static int
send_refuse(struct fake *fake, enum ph_capture_action action)
{
    struct ph_capture_refuse refuse = {.action = action, .err = PH_ERR_LIMIT};

    ph_why_set(&refuse.text, "The fake agent says no.");
    if (ph_capture_refuse_put(&refuse, &fake->out) != PH_OK)
        return PH_ERR_INTERNAL;
    return ph_frame_send(fake->sock, PH_CAPTURE_REFUSE, fake->out.data,
                         fake->out.len);
}

static int
make_spool(struct fake *fake)
{
    struct ph_id epoch, job;
    char name[32];
    int err;

    (void)snprintf(name, sizeof(name), "%u.spool", fake->jobs);
    fake->spool =
        openat(fake->dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fake->spool < 0 || ph_id_make(&job) != PH_OK)
        return PH_ERR_IO;
    err = ph_epoch_keys_current(fake->keys, ph_clock_wall_ms(), &epoch);
    if (err == PH_OK)
        err = ph_sealed_create(fake->spool, fake->keys, &epoch, &job,
                               &fake->secret);
    if (err == PH_OK)
        err =
            ph_sealed_verifier_new(fake->spool, &fake->secret, &fake->verifier);
    return err;
}

/* The spool file once more, as the backend may have it. */
static int
open_for_backend(struct fake *fake, int flags)
{
    char name[32];

    (void)snprintf(name, sizeof(name), "%u.spool", fake->jobs);
    return openat(fake->dir, name, flags | O_CLOEXEC);
}

static int
send_accept(struct fake *fake)
{
    struct ph_buf frame;
    int fd = open_for_backend(
        fake, fake->mode == MODE_READABLE_DESCRIPTOR ? O_RDWR : O_WRONLY);
    int err = ph_capture_accept_put(&fake->secret, &fake->out);

    ph_buf_init(&frame, PH_FRAME_MAX);
    if (fake->mode == MODE_SHORT_ACCEPT)
        fake->out.len -= 3;
    if (fake->mode == MODE_OTHER_VERSION)
        fake->out.data[0] = 99;
    if (err == PH_OK)
        err = ph_frame_put(&frame,
                           fake->mode == MODE_OTHER_TYPE ? PH_CAPTURE_DONE
                                                         : PH_CAPTURE_ACCEPT,
                           fake->out.data, fake->out.len);
    if (err == PH_OK && fake->mode == MODE_NO_DESCRIPTOR)
        err = ph_io_write_full(fake->sock, frame.data, frame.len);
    else if (err == PH_OK)
        err = ph_fdpass_send(fake->sock, frame.data, frame.len, fd);
    ph_buf_close(&frame);
    ph_io_close(&fd);
    return err;
}

/* Bytes that are no frame. */
static int
send_nonsense(struct fake *fake)
{
    static const uint8_t garbage[] =
        "\0\0\0\x1cHTTP/1.1 400 Bad Request\r\n\r\n";
    static const uint8_t oversized[] = {0x7f, 0xff, 0xff, 0xff, 2};
    static const uint8_t empty[] = {0, 0, 0, 0};

    if (fake->mode == MODE_OVERSIZED)
        return ph_io_write_full(fake->sock, oversized, sizeof(oversized));
    if (fake->mode == MODE_EMPTY_FRAME)
        return ph_io_write_full(fake->sock, empty, sizeof(empty));
    return ph_io_write_full(fake->sock, garbage, sizeof(garbage));
}

/* Wait for the backend to go away. */
static void
hang(struct fake *fake)
{
    char byte;

    while (read(fake->sock, &byte, 1) > 0)
        continue;
}

/* --- what the backend says --- */

static int
violation(struct fake *fake, const char *reason)
{
    note(fake, "VIOLATION %s", reason);
    return PH_ERR_PROTOCOL;
}

static int
on_begin(struct fake *fake, const struct ph_frame *frame)
{
    struct ph_why why;

    if (ph_capture_begin_parse(frame->body, frame->len, &fake->begin, &why) !=
        PH_OK)
        return violation(fake, why.text);
    note(fake, "begin uid=%u name=%s auth=%s job=%d queue=%s",
         fake->begin.owner_uid, fake->begin.owner_name, fake->begin.owner_auth,
         (int)fake->begin.cups_job_id, fake->begin.queue);
    switch (fake->mode) {
    case MODE_VANISH_BEGIN:
        return PH_ERR_CLOSED;
    case MODE_HANG_BEGIN:
        hang(fake);
        return PH_ERR_CLOSED;
    case MODE_REFUSE_RETRY:
        (void)send_refuse(fake, PH_CAPTURE_RETRY);
        return PH_ERR_DENIED;
    case MODE_REFUSE_HOLD:
        (void)send_refuse(fake, PH_CAPTURE_HOLD);
        return PH_ERR_DENIED;
    case MODE_REFUSE_CANCEL:
        (void)send_refuse(fake, PH_CAPTURE_CANCEL);
        return PH_ERR_DENIED;
    case MODE_GARBAGE:
    case MODE_OVERSIZED:
    case MODE_EMPTY_FRAME:
        (void)send_nonsense(fake);
        hang(fake);
        return PH_ERR_PROTOCOL;
    default:
        break;
    }
    if (make_spool(fake) != PH_OK)
        return violation(fake, "the fake agent itself failed");
    if (send_accept(fake) != PH_OK)
        return PH_ERR_CLOSED; /* the backend went away */
    return fake->mode == MODE_VANISH_ACCEPT ? PH_ERR_CLOSED : PH_OK;
}

static int
on_progress(struct fake *fake, const struct ph_frame *frame)
{
    uint64_t offset;

    if (ph_capture_progress_parse(frame->body, frame->len, &offset) != PH_OK)
        return violation(fake, "progress does not parse");
    if (offset < fake->progress)
        return violation(fake, "progress goes back");
    if (ph_sealed_verifier_advance(fake->verifier, offset) != PH_OK)
        return violation(fake, "what is written does not verify");
    fake->progress = offset;
    note(fake, "progress %llu", (unsigned long long)offset);
    if (fake->mode == MODE_VANISH_PROGRESS)
        return PH_ERR_CLOSED;
    if (fake->mode == MODE_REFUSE_PROGRESS) {
        (void)send_refuse(fake, PH_CAPTURE_CANCEL);
        return PH_ERR_DENIED;
    }
    return PH_OK;
}

static int
write_document(struct fake *fake, uint64_t size)
{
    struct ph_sealed_reader *reader = NULL;
    struct ph_why why;
    char name[32];
    uint8_t bytes[PH_SEALED_SEGMENT_BYTES];
    int fd = open_for_backend(fake, O_RDONLY);
    int out;

    if (ph_sealed_reader_open(fd, fake->keys, &reader, &why) != PH_OK)
        return violation(fake, why.text);
    (void)snprintf(name, sizeof(name), "%u.document", fake->jobs);
    out = openat(fake->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (uint64_t at = 0; at < size;) {
        size_t n =
            size - at < sizeof(bytes) ? (size_t)(size - at) : sizeof(bytes);

        if (ph_sealed_reader_read(reader, at, bytes, n) != PH_OK ||
            ph_io_write_full(out, bytes, n) != PH_OK)
            break;
        at += n;
    }
    ph_io_close(&out);
    ph_sealed_reader_free(reader);
    return PH_OK;
}

static int
check_ticket(struct fake *fake, const struct ph_frame *frame, uint64_t size)
{
    struct ph_ticket ticket;
    struct ph_why why;
    char name[32];

    if (ph_ticket_json_parse(frame->body, frame->len, &ticket, &why) != PH_OK ||
        ph_ticket_check(&ticket, &why) != PH_OK)
        return violation(fake, why.text);
    if (ticket.owner_uid != fake->begin.owner_uid ||
        strcmp(ticket.owner_name, fake->begin.owner_name) != 0 ||
        strcmp(ticket.owner_auth, fake->begin.owner_auth) != 0 ||
        strcmp(ticket.job_uuid, fake->begin.job_uuid) != 0 ||
        ticket.cups_job_id != fake->begin.cups_job_id)
        return violation(fake, "ticket and begin differ");
    if (ticket.size_bytes != (int64_t)size)
        return violation(fake, "size of the ticket is wrong");
    (void)snprintf(name, sizeof(name), "%u.ticket", fake->jobs);
    return ph_io_write_file(fake->dir, name, frame->body, frame->len, 0600);
}

static int
on_commit(struct fake *fake, const struct ph_frame *frame)
{
    uint8_t digest[PH_SHA256_BYTES];
    uint64_t size;
    int err = ph_sealed_verifier_finish(fake->verifier, &size, digest);

    if (err != PH_OK)
        return violation(fake, "the document does not verify");
    if (size == 0)
        return violation(fake, "an empty document was committed");
    err = check_ticket(fake, frame, size);
    if (err != PH_OK)
        return err;
    note(fake, "commit");
    if (fake->mode == MODE_VANISH_COMMIT)
        return PH_ERR_CLOSED;
    if (fake->mode == MODE_HANG_COMMIT) {
        hang(fake);
        return PH_ERR_CLOSED;
    }
    if (fake->mode == MODE_REFUSE_COMMIT) {
        (void)send_refuse(fake, PH_CAPTURE_HOLD);
        return PH_ERR_DENIED;
    }
    if (fake->mode == MODE_GARBAGE_DONE) {
        (void)send_nonsense(fake);
        hang(fake);
        return PH_ERR_PROTOCOL;
    }
    err = ph_sealed_append_metadata(fake->spool, &fake->secret, 1, size,
                                    frame->body, frame->len);
    if (err == PH_OK)
        err = write_document(fake, size);
    if (err == PH_OK)
        err = ph_capture_done_put(&fake->secret.job, &fake->out);
    if (err != PH_OK)
        return violation(fake, "the fake agent itself failed");
    fake->jobs++;
    note(fake, "done");
    (void)ph_frame_send(fake->sock, PH_CAPTURE_DONE, fake->out.data,
                        fake->out.len);
    return fake->mode == MODE_VANISH_DONE ? PH_ERR_CLOSED : PH_OK;
}

/* One frame in its place. step: 0 wants BEGIN, 1 PROGRESS or COMMIT, 2 ACK, 3
 * nothing. */
static int
on_frame(struct fake *fake, const struct ph_frame *frame, int *step)
{
    int err;

    if (*step == 0 && frame->type == PH_CAPTURE_BEGIN) {
        err = on_begin(fake, frame);
        *step = 1;
        return err;
    }
    if (*step == 1 && frame->type == PH_CAPTURE_PROGRESS)
        return on_progress(fake, frame);
    if (*step == 1 && frame->type == PH_CAPTURE_COMMIT) {
        err = on_commit(fake, frame);
        *step = 2;
        return err;
    }
    if (*step == 2 && frame->type == PH_CAPTURE_ACK && frame->len == 0) {
        note(fake, "ack");
        *step = 3;
        return PH_OK;
    }
    return violation(fake, "a frame out of its place");
}

static void
serve(struct fake *fake, int sock)
{
    struct ph_frame frame;
    int step = 0, err;

    fake->sock = sock;
    fake->spool = -1;
    fake->progress = 0;
    ph_buf_init(&fake->in, FRAME_MAX + PH_FRAME_HEAD);
    ph_buf_init(&fake->out, FRAME_MAX + PH_FRAME_HEAD);
    err = fake->mode == MODE_VANISH_CONNECT ? PH_ERR_CLOSED : PH_OK;
    while (err == PH_OK) {
        err = ph_frame_recv(sock, FRAME_MAX, &fake->in, &frame);
        if (err == PH_OK)
            err = on_frame(fake, &frame, &step);
        else if (err != PH_ERR_CLOSED && err != PH_ERR_IO)
            (void)violation(fake, "bytes that are no frame");
    }
    note(fake, "closed");
    ph_sealed_verifier_free(fake->verifier);
    fake->verifier = NULL;
    ph_io_close(&fake->spool);
    ph_buf_close(&fake->in);
    ph_buf_close(&fake->out);
}

static int
listen_at(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    (void)unlink(path);
    if (sock < 0 ||
        bind(sock, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0666) != 0 || listen(sock, 8) != 0)
        return -1;
    return sock;
}

static int
open_keys(struct fake *fake, const char *dir)
{
    struct ph_machine_key machine;
    struct ph_why why = {{0}};
    char path[512];
    int err;

    (void)snprintf(path, sizeof(path), "%s/machine.key", dir);
    err = ph_machine_key_create("file", path, &why);
    if (err == PH_OK || err == PH_ERR_EXISTS)
        err = ph_machine_key_load("file", path, &machine, &why);
    if (err == PH_OK)
        err = ph_epoch_keys_open(fake->dir, &machine, &fake->keys, &why);
    if (err != PH_OK)
        (void)fprintf(stderr, "ph-fake-agent: %s\n", why.text);
    return err;
}

static int
parse_mode(const char *name, enum mode *out_mode)
{
    for (size_t i = 0; i < PH_COUNT(mode_names); i++) {
        if (strcmp(mode_names[i], name) == 0) {
            *out_mode = (enum mode)i;
            return PH_OK;
        }
    }
    return PH_ERR_INVALID;
}

int
main(int argc, char **argv)
{
    struct fake fake = {.spool = -1};
    uint64_t uid = 0;
    int sock;

    if (argc < 4 || argc > 5 || parse_mode(argv[3], &fake.mode) != PH_OK ||
        (argc == 5 && ph_parse_u64(argv[4], 0, INT32_MAX, &uid) != PH_OK)) {
        (void)fprintf(stderr, "usage: ph-fake-agent socket dir mode [uid]\n");
        return 2;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    fake.dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fake.log = openat(fake.dir, "log",
                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fake.dir < 0 || fake.log < 0 || open_keys(&fake, argv[2]) != PH_OK)
        return 1;
    if (argc == 5 && setuid((uid_t)uid) != 0)
        return 1;
    sock = listen_at(argv[1]);
    if (sock < 0) {
        (void)fprintf(stderr, "ph-fake-agent: cannot listen: %s\n",
                      strerror(errno));
        return 1;
    }
    (void)printf("ready\n");
    (void)fflush(stdout);
    for (;;) {
        int peer = accept(sock, NULL, NULL);

        if (peer < 0 && errno != EINTR)
            return 1;
        if (peer >= 0)
            serve(&fake, peer);
        ph_io_close(&peer);
    }
}
