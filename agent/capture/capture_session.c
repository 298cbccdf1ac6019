#include "capture_session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <unistd.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/fdpass.h"
#include "printhold/base/io.h"
#include "printhold/base/log.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/capture.h"
#include "printhold/proto/frame.h"
#include "printhold/proto/ticket_json.h"

/* A peer that connected must say BEGIN within this time. */
#define FIRST_FRAME_MS 10000

enum state {
    NEW,
    BEGINNING,
    RECEIVING,
    VERIFYING,
    COMMITTING,
    WAITING_ACK,
    CLOSING,
};

struct ph_capture_session {
    struct ph_capture_session *next;
    struct ph_jobs *jobs;
    ph_capture_session_closed_cb closed;
    void *closed_arg;
    enum state state;
    int fd;
    uv_poll_t poll;
    uv_timer_t deadline;
    unsigned open_handles;
    uint64_t timeout_ms;
    struct ph_buf in;

    /* the piece of work in the thread pool */
    uv_work_t work;
    bool working;
    bool stop_after_work;
    bool hold_at_stop;
    int work_err;

    struct ph_capture_begin begin;
    struct ph_capture *capture;
    struct ph_sealed_secret secret;
    int write_fd;
    uint64_t offset;
    struct ph_ticket ticket;
    struct ph_id job;
    struct ph_capture_refuse refuse;
};

static void go_on(struct ph_capture_session *s);
static void close_session(struct ph_capture_session *s);

struct ph_capture_session **
ph_capture_session_next(struct ph_capture_session *session)
{
    return &session->next;
}

/* --- the one place where the state changes --- */

static void
move(struct ph_capture_session *s, enum state to)
{
    static const unsigned char legal[][2] = {
        {NEW, BEGINNING},       {NEW, CLOSING},
        {BEGINNING, RECEIVING}, {BEGINNING, CLOSING},
        {RECEIVING, VERIFYING}, {RECEIVING, COMMITTING},
        {RECEIVING, CLOSING},   {VERIFYING, RECEIVING},
        {VERIFYING, CLOSING},   {COMMITTING, WAITING_ACK},
        {COMMITTING, CLOSING},  {WAITING_ACK, CLOSING},
    };

    for (size_t i = 0; i < PH_COUNT(legal); i++) {
        if (legal[i][0] == (unsigned char)s->state &&
            legal[i][1] == (unsigned char)to) {
            s->state = to;
            return;
        }
    }
    abort(); /* our own bug */
}

/* --- ending --- */

static void
on_handle_closed(uv_handle_t *handle)
{
    struct ph_capture_session *s = handle->data;

    if (--s->open_handles > 0)
        return;
    ph_io_close(&s->fd);
    ph_io_close(&s->write_fd);
    ph_buf_close(&s->in);
    s->closed(s, s->closed_arg);
    ph_wipe(s, sizeof(*s));
    free(s);
}

static void
close_handles(struct ph_capture_session *s)
{
    uv_close((uv_handle_t *)&s->poll, on_handle_closed);
    uv_close((uv_handle_t *)&s->deadline, on_handle_closed);
}

static void
work_abort(uv_work_t *work)
{
    struct ph_capture_session *s = work->data;

    ph_jobs_abort(s->capture);
    s->capture = NULL;
}

static void
after_abort(uv_work_t *work, int status)
{
    (void)status;
    close_handles(work->data);
}

/* Removing a large partial file can take time: not on the loop. */
static void
close_session(struct ph_capture_session *s)
{
    if (s->state == CLOSING)
        return;
    move(s, CLOSING);
    (void)uv_poll_stop(&s->poll);
    (void)uv_timer_stop(&s->deadline);
    if (s->capture == NULL ||
        uv_queue_work(s->poll.loop, &s->work, work_abort, after_abort) != 0)
        close_handles(s);
}

/* --- sending: small answers to a peer that reads; never blocks --- */

static void
answer(struct ph_capture_session *s, uint8_t type, const struct ph_buf *body,
       int fd)
{
    struct ph_buf frame;
    int err;

    ph_buf_init(&frame, PH_CAPTURE_BODY_MAX + PH_FRAME_HEAD);
    err = ph_frame_put(&frame, type, body->data, body->len);
    if (err == PH_OK && fd >= 0)
        err = ph_fdpass_send(s->fd, frame.data, frame.len, fd);
    else if (err == PH_OK)
        err = ph_io_write_full(s->fd, frame.data, frame.len);
    ph_buf_close(&frame);
    if (err != PH_OK)
        close_session(s);
}

static void
answer_refuse(struct ph_capture_session *s)
{
    struct ph_buf body;

    ph_buf_init(&body, PH_CAPTURE_BODY_MAX);
    if (ph_capture_refuse_put(&s->refuse, &body) == PH_OK)
        answer(s, PH_CAPTURE_REFUSE, &body, -1);
    ph_buf_close(&body);
    close_session(s);
}

/* The agent goes while a document comes: cupsd is to hold the job, and the next
 * agent lets it go on (cups_held.h). Retries of cupsd come minutes later. Before
 * that, the backend itself tries again; after that, it waits for no more. */
static void
stop_session(struct ph_capture_session *s)
{
    if (!s->hold_at_stop || (s->state != RECEIVING && s->state != VERIFYING)) {
        close_session(s);
        return;
    }
    s->refuse.action = PH_CAPTURE_HOLD;
    s->refuse.err = PH_ERR_CLOSED;
    ph_why_set(&s->refuse.text,
               "the hold service on this computer starts again");
    answer_refuse(s);
}

void
ph_capture_session_stop(struct ph_capture_session *session, bool hold)
{
    session->hold_at_stop = hold;
    if (session->working)
        session->stop_after_work = true;
    else
        stop_session(session);
}

static void
refuse_protocol(struct ph_capture_session *s, const char *text)
{
    ph_log_warning("capture: %s; connection closed, continuing", text);
    s->refuse.action = PH_CAPTURE_RETRY;
    s->refuse.err = PH_ERR_PROTOCOL;
    ph_why_set(&s->refuse.text, "The hold service did not understand: %s",
               text);
    answer_refuse(s);
}

/* --- work off the loop --- */

static void
start_work(struct ph_capture_session *s, uv_work_cb work,
           uv_after_work_cb after)
{
    (void)uv_poll_stop(&s->poll);
    (void)uv_timer_stop(&s->deadline);
    s->working = true;
    if (uv_queue_work(s->poll.loop, &s->work, work, after) != 0) {
        s->working = false;
        close_session(s);
    }
}

/* Common end of every work; false when the session closes instead. */
static bool
work_ended(struct ph_capture_session *s)
{
    s->working = false;
    if (s->stop_after_work)
        stop_session(s);
    return !s->stop_after_work;
}

/* In a worker: what came of the job's last piece. */
static void
note_untaken(struct ph_capture_session *s)
{
    if (s->work_err != PH_OK)
        ph_jobs_note_untaken(s->jobs, &s->begin, &s->refuse);
}

static void
work_begin(uv_work_t *work)
{
    struct ph_capture_session *s = work->data;

    s->work_err = ph_jobs_begin(s->jobs, &s->begin, &s->capture, &s->secret,
                                &s->write_fd, &s->refuse);
    note_untaken(s);
}

static void
after_begin(uv_work_t *work, int status)
{
    struct ph_capture_session *s = work->data;
    struct ph_buf body;

    (void)status;
    if (!work_ended(s))
        return;
    if (s->work_err != PH_OK) {
        answer_refuse(s);
        return;
    }
    ph_buf_init(&body, PH_CAPTURE_BODY_MAX);
    move(s, RECEIVING);
    if (ph_capture_accept_put(&s->secret, &body) == PH_OK)
        answer(s, PH_CAPTURE_ACCEPT, &body, s->write_fd);
    else
        close_session(s);
    ph_buf_close(&body);
    ph_io_close(&s->write_fd);
    ph_wipe(&s->secret, sizeof(s->secret));
    go_on(s);
}

static void
work_progress(uv_work_t *work)
{
    struct ph_capture_session *s = work->data;

    s->work_err = ph_jobs_progress(s->capture, s->offset, &s->refuse);
    note_untaken(s);
}

static void
after_progress(uv_work_t *work, int status)
{
    struct ph_capture_session *s = work->data;

    (void)status;
    if (!work_ended(s))
        return;
    if (s->work_err == PH_OK) {
        move(s, RECEIVING);
        go_on(s);
        return;
    }
    answer_refuse(s);
}

static void
work_commit(uv_work_t *work)
{
    struct ph_capture_session *s = work->data;

    s->work_err = ph_jobs_commit(s->capture, &s->ticket, &s->job, &s->refuse);
    s->capture = NULL;
    note_untaken(s);
}

static void
after_commit(uv_work_t *work, int status)
{
    struct ph_capture_session *s = work->data;
    struct ph_buf body;

    (void)status;
    if (!work_ended(s))
        return;
    if (s->work_err != PH_OK) {
        answer_refuse(s);
        return;
    }
    ph_buf_init(&body, PH_CAPTURE_BODY_MAX);
    move(s, WAITING_ACK);
    if (ph_capture_done_put(&s->job, &body) == PH_OK)
        answer(s, PH_CAPTURE_DONE, &body, -1);
    ph_buf_close(&body);
    go_on(s);
}

static void
work_ack(uv_work_t *work)
{
    struct ph_capture_session *s = work->data;

    s->work_err = ph_jobs_acknowledged(s->jobs, &s->job);
}

static void
after_ack(uv_work_t *work, int status)
{
    struct ph_capture_session *s = work->data;

    (void)status;
    if (s->work_err != PH_OK)
        ph_log_warning("capture: cannot note that the backend knows of its "
                       "job: %s, continuing",
                       ph_err_text(s->work_err));
    if (work_ended(s))
        close_session(s);
}

/* --- receiving --- */

static void
on_begin(struct ph_capture_session *s, const struct ph_frame *frame)
{
    struct ph_why why;

    if (ph_capture_begin_parse(frame->body, frame->len, &s->begin, &why) !=
        PH_OK) {
        refuse_protocol(s, why.text);
        return;
    }
    move(s, BEGINNING);
    start_work(s, work_begin, after_begin);
}

static void
on_progress(struct ph_capture_session *s, const struct ph_frame *frame)
{
    if (ph_capture_progress_parse(frame->body, frame->len, &s->offset) !=
        PH_OK) {
        refuse_protocol(s, "malformed PROGRESS");
        return;
    }
    move(s, VERIFYING);
    start_work(s, work_progress, after_progress);
}

static void
on_commit(struct ph_capture_session *s, const struct ph_frame *frame)
{
    struct ph_why why;

    if (ph_ticket_json_parse(frame->body, frame->len, &s->ticket, &why) !=
        PH_OK) {
        refuse_protocol(s, why.text);
        return;
    }
    move(s, COMMITTING);
    start_work(s, work_commit, after_commit);
}

/* Which frame is expected in which state. */
static void
on_frame(struct ph_capture_session *s, const struct ph_frame *frame)
{
    if (s->state == NEW && frame->type == PH_CAPTURE_BEGIN)
        on_begin(s, frame);
    else if (s->state == RECEIVING && frame->type == PH_CAPTURE_PROGRESS)
        on_progress(s, frame);
    else if (s->state == RECEIVING && frame->type == PH_CAPTURE_COMMIT)
        on_commit(s, frame);
    else if (s->state == WAITING_ACK && frame->type == PH_CAPTURE_ACK)
        start_work(s, work_ack, after_ack);
    else
        refuse_protocol(s, "unexpected frame");
}

static bool
is_idle(const struct ph_capture_session *s)
{
    return !s->working && s->state != CLOSING;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void
on_deadline(uv_timer_t *timer)
{
    struct ph_capture_session *s = timer->data;

    ph_log_warning("capture: no progress in %llu s, given up, continuing",
                   (unsigned long long)(uv_timer_get_repeat(timer) / 1000));
    close_session(s);
}

/* Take the frames that are here, then wait for more. */
static void
go_on(struct ph_capture_session *s)
{
    while (is_idle(s)) {
        struct ph_frame frame;
        size_t used;
        int err = ph_frame_parse(s->in.data, s->in.len, PH_CAPTURE_BODY_MAX + 1,
                                 &frame, &used);

        if (err == PH_ERR_AGAIN)
            break;
        if (err != PH_OK) {
            refuse_protocol(s, "oversized or empty frame");
            return;
        }
        on_frame(s, &frame);
        ph_buf_consume(&s->in, used);
    }
    if (!is_idle(s))
        return;
    if (s->state != NEW)
        (void)uv_timer_start(&s->deadline, on_deadline, s->timeout_ms,
                             s->timeout_ms);
    (void)uv_poll_start(&s->poll, UV_READABLE, on_readable);
}

#define READ_SIZE 16384

static void
on_readable(uv_poll_t *poll, int status, int events)
{
    struct ph_capture_session *s = poll->data;
    uint8_t *room = ph_buf_reserve(&s->in, READ_SIZE);
    ssize_t n;

    (void)events;
    if (status < 0 || room == NULL) {
        close_session(s);
        return;
    }
    n = recv(s->fd, room, READ_SIZE, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close_session(s);
        return;
    }
    ph_buf_advance(&s->in, (size_t)n);
    go_on(s);
}

int
ph_capture_session_start(uv_loop_t *loop, struct ph_jobs *jobs, int fd,
                         uint64_t timeout_s,
                         ph_capture_session_closed_cb closed, void *arg,
                         struct ph_capture_session **out_session)
{
    struct ph_capture_session *s = calloc(1, sizeof(*s));

    if (s == NULL)
        return PH_ERR_NOMEM;
    s->jobs = jobs;
    s->closed = closed;
    s->closed_arg = arg;
    s->timeout_ms = timeout_s * 1000;
    s->write_fd = -1;
    s->work.data = s;
    ph_buf_init(&s->in, PH_CAPTURE_BODY_MAX + PH_FRAME_HEAD + READ_SIZE);
    if (uv_poll_init(loop, &s->poll, fd) != 0) {
        free(s);
        return PH_ERR_IO;
    }
    (void)uv_timer_init(loop, &s->deadline);
    s->fd = fd;
    s->poll.data = s->deadline.data = s;
    s->open_handles = 2;
    (void)uv_timer_start(&s->deadline, on_deadline, FIRST_FRAME_MS,
                         FIRST_FRAME_MS);
    (void)uv_poll_start(&s->poll, UV_READABLE, on_readable);
    *out_session = s;
    return PH_OK;
}
