/*
 * Downloads. The file is opened and every byte of it authenticated in the
 * thread pool before the answer begins, so a damaged document sends nothing;
 * then it is decrypted piece by piece on the loop, as fast as the printer
 * takes it. Each segment is authenticated again when it is read: a file that
 * changes under a download breaks the connection.
 */
#include "release_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/crypto/stream.h"

#define FIELDS_MAX 512

struct download {
    struct release_lane *lane;
    struct ph_release_service *service; /* the lane's */
    struct ph_sealed_reader *reader;
    struct ph_release_who who;
    struct ph_id job;
    uint64_t offset;
    uint64_t end;
    uint64_t renewed_ms; /* of uv_now */
    bool renewing;       /* a renewal is under way and points to us */
    bool lost;           /* the lease is another printer's */
    bool done;
    uv_work_t work;
    int err; /* of the renewal */
};

/* --- the file --- */

static bool
is_damage(int err)
{
    return err == PH_ERR_CORRUPT || err == PH_ERR_TRUNCATED ||
           err == PH_ERR_UNSUPPORTED;
}

/* Renews the lease. A HEAD takes no document along, nor does a range that there
 * is not. */
static int
note_download(struct release_call *call)
{
    const struct ph_http_request *request =
        ph_http_exchange_request(call->exchange);
    const struct ph_asker asker = release_call_asker(call);
    struct ph_jobs *jobs = call->service->jobs;

    if (request->method == PH_HTTP_HEAD || call->range.status == 416)
        return ph_jobs_claim(jobs, &asker, &call->job, call->who.printer,
                             &call->view);
    return ph_jobs_note_download(jobs, &asker, &call->job, call->who.printer,
                                 call->range.status == 200, &call->view);
}

static void
run_open(struct release_call *call)
{
    const struct ph_asker asker = release_call_asker(call);
    struct ph_jobs *jobs = call->service->jobs;

    call->err =
        ph_jobs_open_document(jobs, &asker, &call->job, call->who.printer,
                              &call->view, &call->reader);
    /* The claim may be of a session in which more was shown. */
    if (call->err == PH_OK)
        call->err = release_check_confidential(call, &call->view.ticket);
    if (call->err == PH_OK)
        call->err = ph_jobs_verify_document(jobs, call->reader,
                                            &call->service->stopping);
    if (call->err == PH_OK)
        call->err = release_range_choose(call);
    if (call->err == PH_OK)
        call->err = note_download(call);
    if (is_damage(call->err))
        (void)ph_jobs_fail(jobs, &call->job, "the spool file is damaged");
}

/* --- while it is sent --- */

static void
download_free(struct download *download)
{
    ph_sealed_reader_free(download->reader);
    free(download);
}

static void
run_renew(uv_work_t *work)
{
    struct download *download = work->data;
    const struct ph_asker asker = {.login = download->who.login,
                                   .printer = download->who.printer,
                                   .amr = download->who.amr};
    struct ph_job_view view;

    download->err = ph_jobs_claim(download->service->jobs, &asker,
                                  &download->job, download->who.printer, &view);
}

static void
on_renewed(uv_work_t *work, int status)
{
    struct download *download = work->data;

    (void)status;
    download->renewing = false;
    if (download->done)
        download_free(download);
    else if (download->err == PH_ERR_BUSY || download->err == PH_ERR_NOT_FOUND)
        download->lost = true;
}

/* Traffic is a sign of life: for the lease and for the session. */
static void
keep_alive(struct download *download)
{
    struct ph_release_service *service = download->service;
    uint64_t now_ms = uv_now(&download->lane->loop);

    if (download->renewing ||
        now_ms - download->renewed_ms < (uint64_t)service->lease_ms / 3)
        return;
    download->renewed_ms = now_ms;
    ph_release_session_touch(service->sessions, &download->who.session,
                             ph_clock_wall_ms());
    download->work.data = download;
    download->renewing = uv_queue_work(&download->lane->loop, &download->work,
                                       run_renew, on_renewed) == 0;
}

/* At most to the end of the segment: whole segments need no copy. */
static int
pull(void *arg, void *dst, size_t cap, size_t *out_len)
{
    struct download *download = arg;
    uint64_t segment = ph_stream_segment_of(&ph_stream_spool, download->offset);
    uint64_t left = ph_stream_segment_plain(&ph_stream_spool, segment + 1) -
                    download->offset;
    int err;

    keep_alive(download);
    if (download->lost)
        return PH_ERR_CANCELLED;
    if (left > download->end - download->offset)
        left = download->end - download->offset;
    if (left > cap)
        left = cap;
    err = ph_sealed_reader_read(download->reader, download->offset, dst,
                                (size_t)left);
    if (err != PH_OK) {
        ph_log_warning("release: the document of printer %s cannot be read "
                       "any more (%s), continuing",
                       download->who.printer, ph_err_text(err));
        return err;
    }
    download->offset += left;
    *out_len = (size_t)left;
    return PH_OK;
}

static void
on_done(void *arg, bool whole)
{
    struct download *download = arg;

    (void)whole;
    release_pull_end(download->service);
    download->done = true;
    if (!download->renewing)
        download_free(download);
}

/* --- the answer --- */

static bool
is_media_type(const char *text)
{
    static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQR"
                                "STUVWXYZ0123456789!#$&^_.+-";
    size_t type = strspn(text, token);
    size_t subtype = text[type] == '/' ? strspn(text + type + 1, token) : 0;

    return type > 0 && subtype > 0 && text[type + 1 + subtype] == '\0';
}

static struct download *
download_new(struct release_call *call)
{
    struct download *download = calloc(1, sizeof(*download));

    if (download == NULL)
        return NULL;
    download->lane = call->lane;
    download->service = call->service;
    download->reader = call->reader;
    call->reader = NULL;
    download->who = call->who;
    download->job = call->job;
    download->offset = call->range.first;
    download->end = call->range.last + 1;
    download->renewed_ms = uv_now(&call->lane->loop);
    return download;
}

static void
answer_document(struct release_call *call)
{
    struct ph_http_source source = {.pull = pull, .done = on_done};
    struct ph_http_response response = {
        .status = call->range.status,
        .content_type = is_media_type(call->view.ticket.document_format)
                            ? call->view.ticket.document_format
                            : "application/octet-stream",
        .source = &source,
        .source_len = call->range.last - call->range.first + 1,
    };
    struct ph_buf fields;
    int err;

    ph_buf_init(&fields, FIELDS_MAX);
    err = release_range_fields(call, &fields);
    response.fields = ph_buf_str(&fields);
    if (err == PH_OK && response.status != 416)
        source.arg = download_new(call);
    if (source.arg != NULL) {
        ph_http_exchange_answer(call->exchange, &response);
    } else {
        release_pull_end(call->service);
        if (err == PH_OK && response.status == 416)
            ph_release_problem(call->exchange, 416, "no-range", response.fields,
                               "The document does not have that part");
        else
            ph_release_json(call->exchange, 503, NULL);
    }
    ph_buf_close(&fields);
}

/* --- one after the other --- */

static void
next_waiting(struct release_lane *lane)
{
    struct release_call *call = lane->waiting;

    if (call == NULL ||
        lane->verifying >= PH_RELEASE_VERIFY_MAX / lane->service->lane_count)
        return;
    lane->waiting = call->next;
    lane->verifying++;
    release_call_start(call);
}

static void
finish_open(struct release_call *call)
{
    struct ph_release_service *service = call->service;

    call->lane->verifying--;
    next_waiting(call->lane);
    if (call->err == PH_OK) {
        answer_document(call);
        return;
    }
    release_pull_end(service);
    if (is_damage(call->err))
        ph_release_problem(call->exchange, 500, "damaged", NULL,
                           "The document is damaged and cannot be printed: "
                           "print it again from the application");
    else
        release_answer_error(call);
}

void
release_document(const struct release_request *request)
{
    struct ph_release_service *service = request->service;
    struct release_call *call, **end = &request->lane->waiting;

    if (!release_pull_begin(service)) {
        release_note_refusal(request->lane, request->who.printer, &request->who,
                             NULL, "too-many-documents");
        ph_release_problem(request->exchange, 503, "too-many-documents",
                           "Retry-After: 5\r\n",
                           "This computer sends as many documents as it can; "
                           "try again in a moment");
        return;
    }
    call = release_call_new(request->lane, request->exchange, &request->who,
                            &request->job);
    if (call == NULL) {
        release_pull_end(service);
        return;
    }
    call->run = run_open;
    call->finish = finish_open;
    while (*end != NULL)
        end = &(*end)->next;
    *end = call;
    next_waiting(request->lane);
}
