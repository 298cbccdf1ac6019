/*
 * Capture protocol, version 1: backend to agent. docs/capture.md.
 *
 *   backend                         agent
 *   BEGIN   JSON            ------>
 *                           <------ ACCEPT  binary, one descriptor attached
 *                                   or REFUSE JSON
 *   PROGRESS u64 offset     ------>         (any number)
 *   COMMIT  ticket JSON     ------>
 *                           <------ DONE    job id, or REFUSE
 *   ACK     empty           ------>         backend is about to exit 0
 *
 * Closing the connection before COMMIT discards the job. Frames as in
 * frame.h; bodies at most PH_CAPTURE_BODY_MAX.
 */
#ifndef PRINTHOLD_PROTO_CAPTURE_H
#define PRINTHOLD_PROTO_CAPTURE_H

#include <stddef.h>
#include <stdint.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/crypto/sealed_file.h"
#include "printhold/model/ticket.h"

#define PH_CAPTURE_VERSION  1
#define PH_CAPTURE_BODY_MAX 65536

/*
 * How the agent knows, in cupsd's answers, a job that the backend has had held
 * (exit 3) from one that a person holds: job-printer-state-message begins with
 * PH_CAPTURE_HELD, and job-hold-until is no-hold still. cupsd keeps the first
 * across its restarts when it came as WARNING, and does the second when
 * job-state-reasons begins with "account-" as the backend ends.
 */
#define PH_CAPTURE_HELD         "Waiting here: "
#define PH_CAPTURE_HELD_KEYWORD "account-printhold"

enum ph_capture_type {
    PH_CAPTURE_BEGIN = 1,
    PH_CAPTURE_ACCEPT = 2,
    PH_CAPTURE_REFUSE = 3,
    PH_CAPTURE_PROGRESS = 4,
    PH_CAPTURE_COMMIT = 5,
    PH_CAPTURE_DONE = 6,
    PH_CAPTURE_ACK = 7,
};

struct ph_capture_begin {
    uint32_t owner_uid;
    char owner_name[PH_TICKET_TEXT_MAX];
    char owner_auth[PH_TICKET_WORD_MAX];
    char job_uuid[PH_TICKET_WORD_MAX];
    int32_t cups_job_id;
    char queue[PH_TICKET_TEXT_MAX];
    /* time-at-processing: when cupsd started this attempt at the job, s; -1
     * unknown. The n-th document of one attempt is the n-th of every other:
     * after a failure cupsd begins again with the first. */
    int64_t attempt_s;
};

/* What the backend does with a refusal, as cupsd exit codes. */
enum ph_capture_action {
    PH_CAPTURE_RETRY, /* exit 6: later again */
    PH_CAPTURE_HOLD,  /* exit 3: until the agent or a person releases it */
    PH_CAPTURE_CANCEL /* exit 5: this job can never be taken */
};

struct ph_capture_refuse {
    enum ph_capture_action action;
    int err;            /* PH_ERR_* */
    struct ph_why text; /* for the CUPS queue */
};

/* Bodies. The put functions replace buf. Parsers refuse unknown versions
 * (PH_ERR_UNSUPPORTED), duplicate members, wrong types and over-long text. */
int ph_capture_begin_put(const struct ph_capture_begin *begin,
                         struct ph_buf *buf);
int ph_capture_begin_parse(const void *body, size_t len,
                           struct ph_capture_begin *out_begin,
                           struct ph_why *why);
int ph_capture_accept_put(const struct ph_sealed_secret *secret,
                          struct ph_buf *buf);
int ph_capture_accept_parse(const void *body, size_t len,
                            struct ph_sealed_secret *out_secret);
int ph_capture_refuse_put(const struct ph_capture_refuse *refuse,
                          struct ph_buf *buf);
int ph_capture_refuse_parse(const void *body, size_t len,
                            struct ph_capture_refuse *out_refuse);
int ph_capture_progress_put(uint64_t offset, struct ph_buf *buf);
int ph_capture_progress_parse(const void *body, size_t len,
                              uint64_t *out_offset);
int ph_capture_done_put(const struct ph_id *job, struct ph_buf *buf);
int ph_capture_done_parse(const void *body, size_t len, struct ph_id *out_job);

#endif
