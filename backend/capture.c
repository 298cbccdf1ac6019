#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "cupslog.h"
#include "ending.h"
#include "exitcode.h"
#include "handover.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/io.h"
#include "printhold/base/wipe.h"
#include "sniff.h"

/* The agent verifies beside us, in steps of this many bytes. */
#define PROGRESS_BYTES (8 * 1024 * 1024)
/* Never the whole pipe (ph_io_widen_pipe): while we encrypt this much, its
 * writer fills it up again, and nobody waits for the other. 64 KiB and 256 KiB
 * are slower by a twentieth (measured). */
#define READ_BYTES ((size_t)128 * 1024)
/* A slow filter must not look like a dead backend. */
#define SIGN_OF_LIFE_MS 10000
/* The agent reads the whole file again before it answers. */
#define COMMIT_LIMIT_MIN_S 120
/* Beyond its CPU limit the counter gets this much for a busy computer. */
#define COUNT_GRACE_MS 5000
#define STATE_LIMIT_MS 4000

struct capture {
    struct ph_capture_job *job;
    struct ph_handover handover;
    struct ph_sealed_secret secret;
    struct ph_sealed_writer *writer;
    int spool;
    struct ph_capture_refuse refuse;
    /* the document so far */
    uint64_t size;
    uint8_t head[PH_SNIFF_BYTES];
    size_t head_len;
    bool is_kind_known;
    enum ph_sniff_kind kind;
    struct ph_ending ending;
    /* the agent knows of this much */
    uint64_t reported;
    int64_t reported_ms;
};

/* --- words for the person --- */

static int
hold(const char *why)
{
    ph_cupslog_held(why);
    return PH_EXIT_HOLD;
}

/* The refusal's own sentence, and the exit code that it asks for. */
static int
refused(const struct ph_capture_refuse *refuse)
{
    switch (refuse->action) {
    case PH_CAPTURE_HOLD:
        return hold(refuse->text.text);
    case PH_CAPTURE_CANCEL:
        ph_cupslog_error("%s", refuse->text.text);
        return PH_EXIT_CANCEL;
    case PH_CAPTURE_RETRY:
        break;
    }
    ph_cupslog_info("%s", refuse->text.text);
    return PH_EXIT_RETRY;
}

static int
lost_agent(const struct capture *cap, int err)
{
    if (err == PH_ERR_DENIED)
        return refused(&cap->refuse);
    if (err == PH_ERR_TIMEOUT)
        ph_cupslog_info("The hold service on this computer did not answer in "
                        "time; the job is tried again.");
    else
        ph_cupslog_info("The hold service on this computer stopped in the "
                        "middle of the job (%s); the job is tried again.",
                        ph_err_text(err));
    /* What hangs or talks nonsense is not healed by a quick second try. */
    return err == PH_ERR_CLOSED ? PH_EXIT_RETRY_NOW : PH_EXIT_RETRY;
}

static int
cannot_store(int err)
{
    if (err == PH_ERR_NO_SPACE) /* not tried again: cupsd gives up after 5 */
        return hold("no space is left for held jobs on this computer");
    ph_cupslog_error("The job could not be stored (%s); it is tried again.",
                     ph_err_text(err));
    return PH_EXIT_RETRY;
}

static int
cut_short(const char *how)
{
    ph_cupslog_error("The document is not complete (%s), so it was not taken; "
                     "print it again.",
                     how);
    return PH_EXIT_CANCEL;
}

/* --- opening --- */

static int
open_handover(struct capture *cap)
{
    struct ph_why why = {{0}};
    const struct ph_jobinfo *info = cap->job->info;
    int err = ph_handover_open(&cap->handover, cap->job->config, &info->ticket,
                               info->attempt_s, &cap->secret, &cap->spool,
                               &cap->refuse, &why);

    if (err == PH_OK)
        return PH_EXIT_DONE;
    if (err == PH_ERR_DENIED)
        return refused(&cap->refuse);
    if (err == PH_ERR_CONFIG) {
        ph_cupslog_error("PrintHold is not set up: %s.", why.text);
        return PH_EXIT_STOP;
    }
    if (err == PH_ERR_TIMEOUT)
        return hold(why.text);
    return lost_agent(cap, err);
}

static int
open_writer(struct capture *cap)
{
    int err = ph_sealed_writer_new(cap->spool, &cap->secret, &cap->writer);

    ph_wipe(&cap->secret, sizeof(cap->secret));
    return err == PH_OK ? PH_EXIT_DONE : cannot_store(err);
}

static void
close_box(void)
{
    unsigned missing = ph_confine(PH_CONFINE_WORKER);

    if (missing != 0)
        ph_cupslog_debug(
            "Confinement is not complete on this system:%s%s%s.",
            missing & PH_CONFINE_NO_LANDLOCK ? " no Landlock" : "",
            missing & PH_CONFINE_NO_SECCOMP ? " no seccomp" : "",
            missing & PH_CONFINE_NO_PRIVILEGE_LOCK ? " no privilege lock" : "");
}

/* --- reading --- */

static void
decide_kind(struct capture *cap)
{
    struct ph_ticket *ticket = &cap->job->info->ticket;
    const char *type;

    cap->kind = ph_sniff(cap->head, cap->head_len, &type);
    cap->is_kind_known = true;
    (void)snprintf(ticket->document_format, sizeof(ticket->document_format),
                   "%s", type);
    ph_pagecount_kind(cap->job->pages, cap->kind);
}

/* Look at the next bytes of the document. */
static void
observe(struct capture *cap, const uint8_t *bytes, size_t len)
{
    size_t take = sizeof(cap->head) - cap->head_len;

    if (take > len)
        take = len;
    memcpy(cap->head + cap->head_len, bytes, take);
    cap->head_len += take;
    ph_ending_add(&cap->ending, bytes, len);
    ph_pagecount_add(cap->job->pages, bytes, len);
    if (!cap->is_kind_known && cap->head_len == sizeof(cap->head))
        decide_kind(cap);
    cap->size += len;
}

static int
report(struct capture *cap, uint64_t offset)
{
    int err = ph_handover_progress(&cap->handover, offset);

    if (err != PH_OK) /* an answer may explain why nobody listens */
        return lost_agent(
            cap, ph_handover_interrupted(&cap->handover, &cap->refuse));
    cap->reported = offset;
    cap->reported_ms = ph_clock_mono_ms();
    return PH_EXIT_DONE;
}

/* Wait for more of the document; in *out_ready whether there is some. */
static int
wait_input(struct capture *cap, bool *out_ready)
{
    struct pollfd pfds[2] = {
        {.fd = cap->job->input, .events = POLLIN},
        {.fd = cap->handover.sock, .events = POLLIN},
    };
    int n = poll(pfds, 2, SIGN_OF_LIFE_MS);

    *out_ready = false;
    if (n < 0 && errno != EINTR)
        return cannot_store(ph_err_from_errno(errno));
    if (n <= 0)
        return PH_EXIT_DONE;
    if (pfds[1].revents != 0)
        return lost_agent(
            cap, ph_handover_interrupted(&cap->handover, &cap->refuse));
    *out_ready = pfds[0].revents != 0;
    return PH_EXIT_DONE;
}

/* Read once, straight into the writer's room. */
static int
read_some(struct capture *cap, bool *out_end)
{
    uint8_t *room;
    size_t len;
    ssize_t n;
    int err = ph_sealed_writer_room(cap->writer, &room, &len);

    if (err != PH_OK)
        return cannot_store(err);
    n = read(cap->job->input, room, len < READ_BYTES ? len : READ_BYTES);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return PH_EXIT_DONE;
    if (n < 0) {
        ph_cupslog_error("The document could not be read from CUPS (%s); it "
                         "is tried again.",
                         strerror(errno));
        return PH_EXIT_RETRY;
    }
    *out_end = n == 0;
    if (n == 0)
        return PH_EXIT_DONE;
    observe(cap, room, (size_t)n);
    ph_sealed_writer_filled(cap->writer, (size_t)n);
    if (cap->size > cap->job->config->job_size_max) {
        ph_cupslog_error("The document is larger than the %llu MiB that may "
                         "be held; print fewer pages at once.",
                         (unsigned long long)cap->job->config->job_size_max /
                             (1024 * 1024));
        return PH_EXIT_CANCEL;
    }
    return PH_EXIT_DONE;
}

static int
report_if_due(struct capture *cap)
{
    uint64_t offset = ph_sealed_writer_offset(cap->writer);

    if (offset - cap->reported < PROGRESS_BYTES &&
        ph_clock_mono_ms() - cap->reported_ms < SIGN_OF_LIFE_MS)
        return PH_EXIT_DONE;
    return report(cap, offset);
}

static int
read_document(struct capture *cap)
{
    bool is_end = false;
    bool is_ready;
    int rc;

    ph_io_widen_pipe(cap->job->input);
    cap->reported = ph_sealed_writer_offset(cap->writer);
    cap->reported_ms = ph_clock_mono_ms();
    while (!is_end) {
        rc = wait_input(cap, &is_ready);
        if (rc == PH_EXIT_DONE && is_ready)
            rc = read_some(cap, &is_end);
        if (rc == PH_EXIT_DONE)
            rc = report_if_due(cap);
        if (rc != PH_EXIT_DONE)
            return rc;
    }
    if (!cap->is_kind_known)
        decide_kind(cap);
    return PH_EXIT_DONE;
}

/* --- is it whole? --- */

/* Ask the supervisor, who may open sockets, whether cupsd has given the job
 * up. */
static bool
ask_state(int supervisor)
{
    const char byte = PH_CAPTURE_ASK_STATE;

    return ph_io_write_full(supervisor, &byte, 1) == PH_OK;
}

/* Its answer; none in time counts as no. */
static bool
is_job_ended(int supervisor)
{
    struct pollfd pfd = {.fd = supervisor, .events = POLLIN};
    char byte;

    return poll(&pfd, 1, STATE_LIMIT_MS) == 1 &&
           read(supervisor, &byte, 1) == 1 && byte == PH_CAPTURE_IS_ENDED;
}

/* *out_asked: nothing in the document says that it is whole, so whether cupsd
 * cancelled it decides; the answer comes while we sync. */
static int
check_whole(struct capture *cap, bool *out_asked)
{
    const struct ph_jobinfo *info = cap->job->info;
    enum ph_ending_verdict verdict;

    if (cap->size == 0) {
        ph_cupslog_error("The document is empty: it could not be converted "
                         "for printing, or there is nothing in it.");
        return PH_EXIT_CANCEL;
    }
    if (info->is_pdf_expected && cap->kind != PH_SNIFF_PDF)
        return cut_short("its conversion to PDF failed");
    verdict = ph_ending_judge(&cap->ending, cap->kind);
    if (verdict == PH_ENDING_CUT)
        return cut_short("the PDF has no end");
    /* A file of cupsd is whole; a stream ends early when a filter was
     * stopped, and then the job is already cancelled. */
    *out_asked = verdict == PH_ENDING_UNSEEN && info->is_filtered &&
                 ask_state(cap->job->supervisor);
    return PH_EXIT_DONE;
}

/* --- pages --- */

static void
take_source(struct ph_ticket *ticket, const struct ph_pagecount_answer *answer)
{
    const char *source =
        answer->creator[0] != '\0' ? answer->creator : answer->producer;

    if (ticket->source[0] == '\0')
        (void)snprintf(ticket->source, sizeof(ticket->source), "%s", source);
}

/* What the counter found; unknown pages are no failure. A PDF that our own
 * filters made and that does not open was cut. */
static int
take_count(struct capture *cap)
{
    struct ph_ticket *ticket = &cap->job->info->ticket;
    struct ph_pagecount_answer answer;
    int limit_ms = (int)cap->job->config->pagecount_cpu_s * 1000;
    int err = ph_pagecount_answer(cap->job->pages, limit_ms + COUNT_GRACE_MS,
                                  &answer);

    if (err != PH_OK) {
        if (err != PH_ERR_NOT_FOUND)
            ph_cupslog_debug("Pages are not counted: %s.", ph_err_text(err));
        return PH_EXIT_DONE;
    }
    if (answer.status == PH_PAGECOUNT_DAMAGED && cap->kind == PH_SNIFF_PDF &&
        cap->job->info->is_filtered)
        return cut_short("the PDF is damaged");
    if (answer.status == PH_PAGECOUNT_COUNTED)
        ticket->impressions = answer.pages;
    take_source(ticket, &answer);
    return PH_EXIT_DONE;
}

/* --- the end --- */

static int
commit(struct capture *cap)
{
    const struct ph_config *config = cap->job->config;
    uint64_t limit_s = config->capture_timeout_s;
    int err;

    if (limit_s < COMMIT_LIMIT_MIN_S)
        limit_s = COMMIT_LIMIT_MIN_S;
    err = ph_handover_commit(&cap->handover, &cap->job->info->ticket, limit_s,
                             &cap->refuse);
    return err == PH_OK ? PH_EXIT_DONE : lost_agent(cap, err);
}

/* Killed alone, it cannot say how we end: cupsd takes its death for success. */
static bool
is_supervised(int supervisor)
{
    struct pollfd pfd = {.fd = supervisor, .events = POLLIN};

    return poll(&pfd, 1, 0) == 0;
}

/*
 * The agent has the job. Without our acknowledgement it expects cupsd to send
 * the job again and drops the repeat; so it must hear one exactly when we
 * exit 0 and somebody tells cupsd. With SIGTERM blocked it is one or the
 * other.
 */
static int
acknowledge(struct capture *cap)
{
    sigset_t term, pending;
    int err;

    if (!is_supervised(cap->job->supervisor))
        return PH_EXIT_DONE;
    (void)sigemptyset(&term);
    (void)sigaddset(&term, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &term, NULL);
    if (sigpending(&pending) == 0 && sigismember(&pending, SIGTERM) == 1) {
        (void)sigprocmask(SIG_UNBLOCK, &term, NULL);
        return PH_EXIT_RETRY; /* not reached: SIGTERM ends the process */
    }
    err = ph_handover_acknowledge(&cap->handover);
    return err == PH_OK ? PH_EXIT_DONE : lost_agent(cap, err);
}

/* The last bytes; the agent verifies and the counter counts while we sync. */
static int
store_rest(struct capture *cap)
{
    uint64_t size = 0, offset = ph_sealed_writer_offset(cap->writer);
    int rc = PH_EXIT_DONE;
    int err;

    ph_pagecount_ask(cap->job->pages);
    if (offset - cap->reported >= PH_SEALED_BATCH_BYTES)
        rc = report(cap, offset);
    if (rc != PH_EXIT_DONE)
        return rc;
    err = ph_sealed_writer_finish(cap->writer, &size);
    if (err != PH_OK)
        return cannot_store(err);
    cap->job->info->ticket.size_bytes = (int64_t)size;
    return PH_EXIT_DONE;
}

/* Everything after the last byte. */
static int
finish(struct capture *cap)
{
    bool is_asked = false;
    int rc = check_whole(cap, &is_asked);

    if (rc == PH_EXIT_DONE)
        rc = store_rest(cap);
    if (rc == PH_EXIT_DONE && is_asked && is_job_ended(cap->job->supervisor)) {
        ph_cupslog_info("The job was cancelled.");
        return PH_EXIT_CANCEL;
    }
    if (rc == PH_EXIT_DONE)
        rc = take_count(cap);
    if (rc == PH_EXIT_DONE)
        rc = commit(cap);
    if (rc == PH_EXIT_DONE)
        rc = acknowledge(cap);
    return rc;
}

int
ph_capture_run(struct ph_capture_job *job)
{
    struct capture cap = {.job = job, .spool = -1};
    int rc;

    ph_handover_init(&cap.handover);
    rc = open_handover(&cap);
    if (rc == PH_EXIT_DONE)
        rc = open_writer(&cap);
    if (rc == PH_EXIT_DONE) {
        close_box();
        rc = read_document(&cap);
    }
    if (rc == PH_EXIT_DONE)
        rc = finish(&cap);
    ph_sealed_writer_free(cap.writer);
    ph_handover_close(&cap.handover);
    ph_io_close(&cap.spool);
    ph_wipe(&cap, sizeof(cap));
    return rc;
}
