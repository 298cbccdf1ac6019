#include "control_commands.h"

#include <stdio.h>
#include <string.h>

#include "audit_view.h"
#include "codes.h"
#include "release_auth.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/frame.h"
#include "printhold/proto/mqtt.h"

#define CHUNK_BYTES (64 * 1024)

int
ph_control_asker(uid_t uid, const struct ph_control_request *request,
                 struct ph_asker *out_asker, struct ph_why *why)
{
    bool list = request->op == PH_CONTROL_JOBS ||
                request->op == PH_CONTROL_HISTORY ||
                request->op == PH_CONTROL_WATCH;

    if (request->all && uid != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "only the administrator may see everybody's jobs; "
                           "use sudo");
    /* root's own list is root's own; a job that it names is any job. */
    if (uid == 0 && (request->all || !list))
        *out_asker = (struct ph_asker){.everyone = true};
    else
        *out_asker = (struct ph_asker){.by_uid = true, .owner_uid = uid};
    return PH_OK;
}

void
ph_control_call_init(struct ph_control_call *call, struct ph_jobs *jobs,
                     uid_t uid, const struct ph_control_request *request,
                     const struct ph_control_status *status)
{
    *call = (struct ph_control_call){.jobs = jobs, .uid = uid};
    call->request = *request;
    if (status != NULL)
        call->status = *status;
}

void
ph_control_call_set_hub(struct ph_control_call *call, ph_control_enrol_fn enrol,
                        ph_control_login_fn login, void *arg)
{
    call->enrol = enrol;
    call->login = login;
    call->hub_arg = arg;
}

void
ph_control_call_end(struct ph_control_call *call)
{
    ph_wipe(&call->request.enrol, sizeof(call->request.enrol));
    ph_wipe(&call->request.login, sizeof(call->request.login));
}

static int
put_item(struct ph_buf *buf, const struct ph_buf *body)
{
    return ph_frame_put(buf, PH_CONTROL_ITEM, body->data, body->len);
}

int
ph_control_put_reply(struct ph_buf *buf, int err, const struct ph_why *text)
{
    struct ph_control_reply reply = {.err = err};
    struct ph_buf body;
    int put_err;

    if (text != NULL)
        reply.text = *text;
    if (err != PH_OK && reply.text.text[0] == '\0')
        ph_why_set(&reply.text, "%s", ph_err_text(err));
    ph_buf_init(&body, PH_FRAME_MAX);
    put_err = ph_control_reply_put(&reply, &body);
    if (put_err == PH_OK)
        put_err = ph_frame_put(buf, PH_CONTROL_REPLY, body.data, body.len);
    ph_buf_close(&body);
    return put_err;
}

static void
job_from_view(const struct ph_job_view *view, struct ph_control_job *job)
{
    static const uint8_t unknown[PH_SHA256_BYTES] = {0};

    *job = (struct ph_control_job){
        .id = view->id,
        .state = view->state,
        .held_ms = view->held_ms,
        .expires_ms = view->expires_ms,
        .changed_ms = view->changed_ms,
        .keep = view->keep,
        .lease_until_ms = view->lease_until_ms,
        .ticket = view->ticket,
    };
    job->ticket.size_bytes = (int64_t)view->size_bytes;
    (void)snprintf(job->printer, sizeof(job->printer), "%s", view->holder);
    if (memcmp(view->sha256, unknown, sizeof(unknown)) != 0)
        ph_format_hex(view->sha256, sizeof(view->sha256), job->sha256);
}

static int
put_job(struct ph_buf *buf, const struct ph_job_view *view)
{
    struct ph_control_job job;
    struct ph_buf body;
    int err;

    job_from_view(view, &job);
    ph_buf_init(&body, PH_FRAME_MAX - 1);
    err = ph_control_job_put(&job, &body);
    if (err == PH_OK)
        err = put_item(buf, &body);
    ph_buf_close(&body);
    return err;
}

/* --- lists --- */

struct piece {
    struct ph_buf *buf;
    size_t stop; /* enough for one piece */
    int err;
};

static bool
on_listed(const struct ph_job_view *view, void *arg)
{
    struct piece *piece = arg;

    piece->err = put_job(piece->buf, view);
    return piece->err == PH_OK && piece->buf->len < piece->stop;
}

static int
step_jobs(struct ph_control_call *call, struct ph_buf *buf)
{
    struct piece piece = {.buf = buf, .stop = buf->len + CHUNK_BYTES};
    bool end = true;
    int err = ph_jobs_page(call->jobs, &call->asker, call->request.ended,
                           &call->place, on_listed, &piece, &end);

    if (err == PH_OK)
        err = piece.err;
    call->done = err != PH_OK || end;
    return err;
}

/* --- history --- */

static bool
on_record(const struct ph_audit_record *record,
          const struct ph_audit_sealed *sealed, void *arg)
{
    struct piece *piece = arg;
    struct ph_history history;
    struct ph_buf body;

    ph_audit_view(record, sealed, false, &history);
    ph_buf_init(&body, PH_FRAME_MAX - 1);
    piece->err = ph_history_put(&history, &body);
    if (piece->err == PH_OK)
        piece->err = put_item(piece->buf, &body);
    ph_buf_close(&body);
    return piece->err == PH_OK && piece->buf->len < piece->stop;
}

static int
step_history(struct ph_control_call *call, struct ph_buf *buf)
{
    struct piece piece = {.buf = buf, .stop = buf->len + CHUNK_BYTES};
    bool end = true;
    int err = ph_jobs_history(call->jobs, &call->asker, &call->after, on_record,
                              &piece, &end);

    if (err == PH_OK)
        err = piece.err;
    call->done = err != PH_OK || end;
    return err;
}

/* --- one job --- */

static int
find_job(struct ph_control_call *call, struct ph_job_view *out_view,
         struct ph_why *why)
{
    struct ph_id id;
    int err = ph_jobs_find(call->jobs, &call->asker, call->request.job, &id);

    if (err == PH_ERR_LIMIT)
        return ph_why_fail(why, PH_ERR_INVALID,
                           "several jobs start with %s; give more digits",
                           call->request.job);
    if (err == PH_OK)
        err = ph_jobs_get(call->jobs, &call->asker, &id, out_view);
    if (err == PH_ERR_NOT_FOUND)
        ph_why_set(why, "there is no job %s of yours", call->request.job);
    return err;
}

static int
step_one(struct ph_control_call *call, struct ph_buf *buf, struct ph_why *why)
{
    struct ph_job_view view;
    int err = find_job(call, &view, why);

    if (err != PH_OK)
        return err;
    if (call->request.op == PH_CONTROL_DELETE) {
        err = ph_jobs_delete(call->jobs, &call->asker, &view.id, why);
    } else if (call->request.op == PH_CONTROL_KEEP) {
        err = ph_jobs_keep(call->jobs, &call->asker, &view.id,
                           call->request.keep, why);
        view.keep = call->request.keep;
    }
    return err == PH_OK ? put_job(buf, &view) : err;
}

/* --- status --- */

static const char *
judge(const struct ph_control_status *status)
{
    if (status->spool_text[0] != '\0' || status->cups_text[0] != '\0')
        return "error";
    return strcmp(status->cloud, "connecting") == 0 ||
                   status->cloud_refused_text[0] != '\0' ||
                   status->unmapped > 0 || status->owner_text[0] != '\0' ||
                   status->catalogue_text[0] != '\0' ||
                   status->audit_text[0] != '\0' ||
                   status->clock_text[0] != '\0' ||
                   status->renewal_wanted_ms > 0 ||
                   status->identity_text[0] != '\0' ||
                   status->release_text[0] != '\0'
               ? "warning"
               : "ok";
}

/* What is parked since before this start has no words yet. */
static void
fill_outbox(struct ph_control_status *status, const struct ph_jobs_stats *stats)
{
    status->outbox_events = (int64_t)stats->outbox_events;
    status->outbox_documents = (int64_t)stats->outbox_documents;
    status->outbox_parked_events = (int64_t)stats->outbox_parked_events;
    status->outbox_parked_documents = (int64_t)stats->outbox_parked_documents;
    status->outbox_dropped = (int64_t)stats->outbox_dropped;
    if (status->cloud_refused_text[0] == '\0' &&
        stats->outbox_parked_events + stats->outbox_parked_documents > 0)
        (void)snprintf(status->cloud_refused_text,
                       sizeof(status->cloud_refused_text),
                       "the broker refused messages of this workstation: %s "
                       "(0x%02x)",
                       ph_mqtt_reason_text(stats->outbox_parked_reason),
                       stats->outbox_parked_reason);
}

static void
fill_policy(struct ph_control_call *call)
{
    struct ph_control_status *status = &call->status;
    struct ph_policy_versions versions;
    struct ph_rules rules;

    ph_jobs_rules(call->jobs, &rules, &versions);
    status->policy_version = (int64_t)versions.tenant;
    status->policy_ws_version = (int64_t)versions.workstation;
    ph_rules_text(&rules, status->policy_text, sizeof(status->policy_text));
}

static void
fill_clock(struct ph_control_status *status, int64_t behind_ms)
{
    char until[PH_TIME_TEXT];

    if (behind_ms <= PH_GRANT_LEEWAY_MS)
        return;
    ph_clock_format(ph_clock_wall_ms() + behind_ms, until);
    (void)snprintf(status->clock_text, sizeof(status->clock_text),
                   "The clock of this computer once showed %s and is behind "
                   "that now: no grant is taken until it is later than that. "
                   "Set the clock right; if it is right, people release with "
                   "'printhold code' until then",
                   until);
}

/* What the loop's thread does not know. */
static int
fill_status(struct ph_control_call *call)
{
    struct ph_control_status *status = &call->status;
    struct ph_jobs_stats stats;
    struct ph_jobs_use use;
    int err = ph_jobs_stats(call->jobs, &stats);

    if (err == PH_OK)
        err = ph_jobs_used_by(call->jobs, call->uid, &use);
    if (err != PH_OK)
        return err;
    status->held = (int64_t)stats.held;
    status->claimed = (int64_t)stats.claimed;
    status->spool_bytes = (int64_t)stats.spool_bytes;
    status->spool_bytes_max = (int64_t)stats.spool_bytes_max;
    status->unmapped = (int64_t)stats.unmapped;
    status->your_jobs = (int64_t)use.jobs;
    status->your_jobs_max = (int64_t)use.jobs_max;
    status->your_bytes = (int64_t)use.bytes;
    status->your_bytes_max = (int64_t)use.bytes_max;
    fill_outbox(status, &stats);
    status->renewal_wanted_ms = stats.renewal_wanted_ms;
    fill_policy(call);
    fill_clock(status, stats.clock_behind_ms);
    (void)snprintf(status->spool_text, sizeof(status->spool_text), "%s",
                   stats.spool_health);
    (void)snprintf(status->catalogue_text, sizeof(status->catalogue_text), "%s",
                   stats.catalogue_note);
    if (stats.audit_broken != 0)
        (void)snprintf(status->audit_text, sizeof(status->audit_text),
                       "Record %lld of the audit is not what was written; look "
                       "with 'printhold-agent audit verify'",
                       (long long)stats.audit_broken);
    (void)snprintf(status->owner_text, sizeof(status->owner_text), "%s",
                   stats.owner_health);
    (void)snprintf(status->health, sizeof(status->health), "%s", judge(status));
    return PH_OK;
}

static int
step_status(struct ph_control_call *call, struct ph_buf *buf)
{
    struct ph_buf body;
    int err = fill_status(call);

    ph_buf_init(&body, PH_FRAME_MAX - 1);
    if (err == PH_OK)
        err = ph_control_status_put(&call->status, &body);
    if (err == PH_OK)
        err = put_item(buf, &body);
    ph_buf_close(&body);
    return err;
}

/* --- codes --- */

/* Root has no list of everybody's here: its code is for its own jobs. */
static int
step_code(struct ph_control_call *call, struct ph_buf *buf, struct ph_why *why)
{
    struct ph_control_code item = {.expires_ms = 0};
    struct ph_code code = {.expires_ms = 0};
    struct ph_buf body;
    int err = ph_codes_make(call->jobs, (uint32_t)call->uid, &code, why);

    if (err != PH_OK)
        return err;
    memcpy(item.code, code.text, sizeof(item.code));
    item.expires_ms = code.expires_ms;
    memcpy(item.login, code.login, sizeof(item.login));
    (void)snprintf(item.computer, sizeof(item.computer), "%s",
                   code.computer.host);
    if (code.computer.address_count > 0)
        (void)snprintf(item.address, sizeof(item.address), "%s",
                       code.computer.address[0]);
    ph_buf_init(&body, PH_FRAME_MAX - 1);
    err = ph_control_code_put(&item, &body);
    if (err == PH_OK)
        err = put_item(buf, &body);
    ph_buf_close(&body);
    ph_wipe(&item, sizeof(item));
    ph_wipe(&code, sizeof(code));
    return err;
}

/* --- enrolment --- */

static int
step_enrol(struct ph_control_call *call, struct ph_buf *buf, struct ph_why *why)
{
    struct ph_control_enrolled enrolled;
    struct ph_buf body;
    int err;

    if (call->uid != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "only the administrator may enrol this computer; "
                           "use sudo");
    if (call->enrol == NULL)
        return PH_ERR_UNSUPPORTED;
    err = call->enrol(call->hub_arg, &call->request.enrol, &enrolled, why);
    if (err != PH_OK)
        return err;
    call->is_enrolled = true;
    ph_buf_init(&body, PH_FRAME_MAX - 1);
    err = ph_control_enrolled_put(&enrolled, &body);
    if (err == PH_OK)
        err = put_item(buf, &body);
    ph_buf_close(&body);
    return err;
}

/* --- a person's computer --- */

/* A person binds who they are here and nobody else, root too: whoever knows
 * another's password still does not make that one's jobs appear from here. */
static int
check_login(struct ph_control_call *call, struct ph_why *why)
{
    char own[PH_TICKET_TEXT_MAX];
    struct ph_control_login *wanted = &call->request.login;

    if (ph_jobs_login_of(call->jobs, (uint32_t)call->uid, own, why) != PH_OK)
        return PH_ERR_DENIED;
    if (wanted->login[0] != '\0' && strcmp(wanted->login, own) != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "on this computer your account stands for %s, and "
                           "you can sign in as nobody else; sign in from the "
                           "other one's account",
                           own);
    (void)snprintf(wanted->login, sizeof(wanted->login), "%s", own);
    return PH_OK;
}

static int
step_login(struct ph_control_call *call, struct ph_buf *buf, struct ph_why *why)
{
    struct ph_control_bound bound = {.login = ""};
    struct ph_buf body;
    int err;

    if (call->login == NULL)
        return PH_ERR_UNSUPPORTED;
    err = check_login(call, why);
    if (err == PH_OK)
        err = call->login(call->hub_arg, &call->request.login, &bound, why);
    ph_wipe(&call->request.login, sizeof(call->request.login));
    if (err != PH_OK)
        return err;
    ph_buf_init(&body, PH_FRAME_MAX - 1);
    err = ph_control_bound_put(&bound, &body);
    if (err == PH_OK)
        err = put_item(buf, &body);
    ph_buf_close(&body);
    return err;
}

/* What is answered in one step. */
static int
step_whole(struct ph_control_call *call, struct ph_buf *buf, struct ph_why *why)
{
    switch (call->request.op) {
    case PH_CONTROL_STATUS:
        return step_status(call, buf);
    case PH_CONTROL_CODE:
        return step_code(call, buf, why);
    case PH_CONTROL_ENROL:
        return step_enrol(call, buf, why);
    case PH_CONTROL_LOGIN:
        return step_login(call, buf, why);
    default:
        return step_one(call, buf, why);
    }
}

int
ph_control_call_step(struct ph_control_call *call, struct ph_buf *buf)
{
    struct ph_why why = {{0}};
    int err = ph_control_asker(call->uid, &call->request, &call->asker, &why);

    if (err == PH_OK && call->request.op == PH_CONTROL_JOBS) {
        err = step_jobs(call, buf);
    } else if (err == PH_OK && call->request.op == PH_CONTROL_HISTORY) {
        err = step_history(call, buf);
    } else {
        call->done = true;
        if (err == PH_OK)
            err = step_whole(call, buf, &why);
    }
    return call->done ? ph_control_put_reply(buf, err, &why) : PH_OK;
}
