#include "printhold/proto/control.h"

#include <string.h>

#include "control_enrol.h"
#include "control_login.h"
#include "control_watch.h"
#include "json_fields.h"
#include "printhold/base/attr.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/frame.h"

#define TEXT(type, member, name) PH_TEXT_FIELD(type, member, name)
#define I64(type, member, name)  PH_I64_FIELD(type, member, name)

static const struct {
    const char *name;
    bool takes_job;
} ops[] = {
    [PH_CONTROL_JOBS] = {"jobs", false},
    [PH_CONTROL_SHOW] = {"show", true},
    [PH_CONTROL_DELETE] = {"delete", true},
    [PH_CONTROL_KEEP] = {"keep", true},
    [PH_CONTROL_STATUS] = {"status", false},
    [PH_CONTROL_CODE] = {"code", false},
    [PH_CONTROL_HISTORY] = {"history", false},
    [PH_CONTROL_ENROL] = {"enrol", false},
    [PH_CONTROL_LOGIN] = {"login", false},
    [PH_CONTROL_WATCH] = {"watch", false},
};

bool
ph_control_is_job_name(const char *text)
{
    size_t len = strspn(text, "0123456789abcdef");

    return text[len] == '\0' && len >= PH_CONTROL_PREFIX_MIN &&
           len < PH_ID_TEXT;
}

int
ph_control_request_put(const struct ph_control_request *request,
                       struct ph_buf *buf)
{
    json_t *root;

    if ((size_t)request->op >= PH_COUNT(ops))
        return PH_ERR_INVALID;
    root = json_pack("{s:i,s:s,s:s,s:b,s:b,s:b}", "version", PH_CONTROL_VERSION,
                     "op", ops[request->op].name, "job", request->job, "all",
                     (int)request->all, "ended", (int)request->ended, "keep",
                     (int)request->keep);
    if ((request->op == PH_CONTROL_ENROL &&
         ph_control_enrol_fill(&request->enrol, root) != PH_OK) ||
        (request->op == PH_CONTROL_LOGIN &&
         ph_control_login_fill(&request->login, root) != PH_OK) ||
        (request->has_from &&
         ph_control_place_fill(&request->from, root) != PH_OK)) {
        json_decref(root);
        return PH_ERR_INVALID;
    }
    return ph_json_put_root(root, buf);
}

/* An absent switch is off. */
static int
take_switch(const json_t *root, const char *name, bool *out_value)
{
    const json_t *value = json_object_get(root, name);

    if (value != NULL && !json_is_boolean(value))
        return PH_ERR_SYNTAX;
    *out_value = json_is_true(value);
    return PH_OK;
}

static int
take_op(const json_t *root, struct ph_control_request *request,
        struct ph_why *why)
{
    char name[16];
    int err = ph_json_text(root, "op", name, sizeof(name));

    if (err != PH_OK)
        return ph_why_fail(why, err, "the request has no operation (op)");
    for (size_t i = 0; i < PH_COUNT(ops); i++) {
        if (strcmp(ops[i].name, name) == 0) {
            request->op = (enum ph_control_op)i;
            return PH_OK;
        }
    }
    return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                       "operation '%s' is not known here", name);
}

static int
take_job_name(const json_t *root, struct ph_control_request *request,
              struct ph_why *why)
{
    int err = ph_json_text(root, "job", request->job, sizeof(request->job));

    if (err == PH_ERR_NOT_FOUND)
        err = PH_OK; /* empty */
    if (err == PH_OK && !ops[request->op].takes_job && request->job[0] != '\0')
        err = PH_ERR_INVALID;
    if (err == PH_OK && ops[request->op].takes_job &&
        !ph_control_is_job_name(request->job))
        err = PH_ERR_INVALID;
    if (err != PH_OK)
        return ph_why_fail(why, err,
                           "a job is named by the first %d to 32 digits of "
                           "its id",
                           PH_CONTROL_PREFIX_MIN);
    return PH_OK;
}

static int
take_request(const json_t *root, struct ph_control_request *request,
             struct ph_why *why)
{
    int64_t version = 0;
    int err = ph_json_int(root, "version", 0, INT32_MAX, &version);

    if (err != PH_OK)
        return ph_why_fail(why, err, "the request has no version");
    if (version != PH_CONTROL_VERSION)
        return ph_why_fail(why, PH_ERR_UNSUPPORTED,
                           "control protocol version %d is not spoken here; "
                           "command and service must be of one release",
                           (int)version);
    err = take_op(root, request, why);
    if (err == PH_OK)
        err = take_job_name(root, request, why);
    if (err != PH_OK)
        return err;
    err = take_switch(root, "all", &request->all);
    if (err == PH_OK)
        err = take_switch(root, "ended", &request->ended);
    if (err == PH_OK)
        err = take_switch(root, "keep", &request->keep);
    if (err != PH_OK)
        ph_why_set(why, "all, ended and keep are true or false");
    if (err == PH_OK && request->op == PH_CONTROL_ENROL)
        err = ph_control_enrol_take(root, &request->enrol, why);
    if (err == PH_OK && request->op == PH_CONTROL_LOGIN)
        err = ph_control_login_take(root, &request->login, why);
    if (err == PH_OK && request->op == PH_CONTROL_WATCH)
        err = ph_control_watch_take(root, request, why);
    return err;
}

int
ph_control_request_parse(const void *body, size_t len,
                         struct ph_control_request *out_request,
                         struct ph_why *why)
{
    struct ph_control_request request = {0};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_CONTROL_REQUEST_MAX, &root);

    if (err != PH_OK)
        return ph_why_fail(why, err, "the request is not a JSON object: %s",
                           ph_err_text(err));
    err = take_request(root, &request, why);
    json_decref(root);
    if (err == PH_OK)
        *out_request = request;
    ph_wipe(&request.enrol, sizeof(request.enrol));
    ph_wipe(&request.login, sizeof(request.login));
    return err;
}

int
ph_control_reply_put(const struct ph_control_reply *reply, struct ph_buf *buf)
{
    return ph_json_put_root(json_pack("{s:s,s:s}", "result",
                                      ph_err_keyword(reply->err), "text",
                                      reply->text.text),
                            buf);
}

int
ph_control_reply_parse(const void *body, size_t len,
                       struct ph_control_reply *out_reply)
{
    struct ph_control_reply reply = {0};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_FRAME_MAX, &root);

    if (err != PH_OK)
        return err;
    err = ph_json_take_err(root, "result", &reply.err);
    if (err == PH_OK)
        err = ph_json_text(root, "text", reply.text.text,
                           sizeof(reply.text.text));
    json_decref(root);
    if (err == PH_OK)
        *out_reply = reply;
    return err == PH_ERR_NOT_FOUND ? PH_ERR_SYNTAX : err;
}

static const struct ph_text_field job_texts[] = {
    TEXT(ph_control_job, printer, "printer"),
    TEXT(ph_control_job, sha256, "sha256"),
};
static const struct ph_number_field job_numbers[] = {
    I64(ph_control_job, held_ms, "held-ms"),
    I64(ph_control_job, expires_ms, "expires-ms"),
    I64(ph_control_job, changed_ms, "changed-ms"),
    I64(ph_control_job, lease_until_ms, "lease-until-ms"),
};

static int
fill_job(const struct ph_control_job *job, json_t *root, json_t *ticket)
{
    char id[PH_ID_TEXT];
    int err;

    ph_id_format(&job->id, id);
    if (json_object_set_new(root, "id", json_string(id)) != 0 ||
        json_object_set_new(root, "state",
                            json_string(ph_job_state_name(job->state))) != 0 ||
        json_object_set_new(root, "keep", json_boolean(job->keep)) != 0)
        return PH_ERR_NOMEM;
    err = ph_json_put_numbers(root, job_numbers, PH_COUNT(job_numbers), job);
    if (err == PH_OK)
        err = ph_json_put_texts(root, job_texts, PH_COUNT(job_texts), job);
    if (err == PH_OK)
        err = ph_ticket_object_put(&job->ticket, ticket);
    return err;
}

int
ph_control_job_put(const struct ph_control_job *job, struct ph_buf *buf)
{
    json_t *root = json_object(), *ticket = json_object();
    int err = PH_ERR_NOMEM;

    if (root != NULL && ticket != NULL)
        err = fill_job(job, root, ticket);
    /* The object keeps the ticket from here on, and frees it on failure. */
    if (json_object_set_new(root, "ticket", ticket) != 0 && err == PH_OK)
        err = PH_ERR_NOMEM;
    if (err != PH_OK) {
        json_decref(root);
        return err;
    }
    return ph_json_put_root(root, buf);
}

static int
state_parse(const char *name, enum ph_job_state *out_state)
{
    for (int i = PH_JOB_RECEIVING; i <= PH_JOB_FAILED; i++) {
        if (strcmp(name, ph_job_state_name((enum ph_job_state)i)) == 0) {
            *out_state = (enum ph_job_state)i;
            return PH_OK;
        }
    }
    return PH_ERR_INVALID;
}

static int
take_job(const json_t *root, struct ph_control_job *job)
{
    char id[PH_ID_TEXT], state[16];
    int err = ph_json_text(root, "id", id, sizeof(id));

    if (err == PH_OK)
        err = ph_id_parse(id, &job->id);
    if (err == PH_OK)
        err = ph_json_text(root, "state", state, sizeof(state));
    if (err == PH_OK)
        err = state_parse(state, &job->state);
    if (err == PH_OK)
        err = take_switch(root, "keep", &job->keep);
    if (err == PH_OK)
        err = ph_json_take_numbers(root, job_numbers, PH_COUNT(job_numbers),
                                   job, NULL);
    if (err == PH_OK)
        err =
            ph_json_take_texts(root, job_texts, PH_COUNT(job_texts), job, NULL);
    if (err == PH_OK)
        err = ph_ticket_object_take(json_object_get(root, "ticket"),
                                    &job->ticket, NULL);
    return err == PH_ERR_NOT_FOUND ? PH_ERR_SYNTAX : err;
}

int
ph_control_job_parse(const void *body, size_t len,
                     struct ph_control_job *out_job)
{
    struct ph_control_job job = {0};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_FRAME_MAX, &root);

    if (err != PH_OK)
        return err;
    err = take_job(root, &job);
    json_decref(root);
    if (err == PH_OK)
        *out_job = job;
    return err;
}

static const struct ph_text_field status_texts[] = {
    TEXT(ph_control_status, version, "version"),
    TEXT(ph_control_status, health, "health"),
    TEXT(ph_control_status, key_level, "key-level"),
    TEXT(ph_control_status, spool_text, "spool-text"),
    TEXT(ph_control_status, catalogue_text, "catalogue-text"),
    TEXT(ph_control_status, audit_text, "audit-text"),
    TEXT(ph_control_status, owner_text, "owner-text"),
    TEXT(ph_control_status, cups_text, "cups-text"),
    TEXT(ph_control_status, cloud, "cloud"),
    TEXT(ph_control_status, cloud_text, "cloud-text"),
    TEXT(ph_control_status, cloud_refused_text, "cloud-refused-text"),
    TEXT(ph_control_status, cloud_dropped_text, "cloud-dropped-text"),
    TEXT(ph_control_status, policy_text, "policy-text"),
    TEXT(ph_control_status, clock_text, "clock-text"),
    TEXT(ph_control_status, identity, "identity"),
    TEXT(ph_control_status, workstation, "workstation"),
    TEXT(ph_control_status, identity_text, "identity-text"),
    TEXT(ph_control_status, release, "release"),
    TEXT(ph_control_status, release_text, "release-text"),
    TEXT(ph_control_status, host, "host"),
    TEXT(ph_control_status, presence, "presence"),
    TEXT(ph_control_status, sleep_text, "sleep-text"),
};
static const struct ph_number_field status_numbers[] = {
    I64(ph_control_status, pid, "pid"),
    I64(ph_control_status, uptime_s, "uptime-s"),
    I64(ph_control_status, held, "held"),
    I64(ph_control_status, claimed, "claimed"),
    I64(ph_control_status, spool_bytes, "spool-bytes"),
    I64(ph_control_status, cups_waiting, "cups-waiting"),
    I64(ph_control_status, spool_bytes_max, "spool-bytes-max"),
    I64(ph_control_status, unmapped, "unmapped"),
    I64(ph_control_status, your_jobs, "your-jobs"),
    I64(ph_control_status, your_jobs_max, "your-jobs-max"),
    I64(ph_control_status, your_bytes, "your-bytes"),
    I64(ph_control_status, your_bytes_max, "your-bytes-max"),
    I64(ph_control_status, outbox_events, "outbox-events"),
    I64(ph_control_status, outbox_documents, "outbox-documents"),
    I64(ph_control_status, outbox_parked_events, "outbox-parked-events"),
    I64(ph_control_status, outbox_parked_documents, "outbox-parked-documents"),
    I64(ph_control_status, outbox_dropped, "outbox-dropped"),
    I64(ph_control_status, cloud_since_ms, "cloud-since-ms"),
    I64(ph_control_status, cloud_published, "cloud-published"),
    I64(ph_control_status, cloud_refused, "cloud-refused"),
    I64(ph_control_status, cloud_refused_since_ms, "cloud-refused-since-ms"),
    I64(ph_control_status, cloud_taken, "cloud-taken"),
    I64(ph_control_status, cloud_dropped, "cloud-dropped"),
    I64(ph_control_status, policy_version, "policy-version"),
    I64(ph_control_status, policy_ws_version, "policy-ws-version"),
    I64(ph_control_status, renewal_wanted_ms, "renewal-wanted-ms"),
    I64(ph_control_status, identity_until_ms, "identity-until-ms"),
    I64(ph_control_status, release_port, "release-port"),
    I64(ph_control_status, release_connections, "release-connections"),
    I64(ph_control_status, release_pulls, "release-pulls"),
    I64(ph_control_status, release_refused, "release-refused"),
    I64(ph_control_status, release_denied, "release-denied"),
};

static const struct ph_text_field address_texts[] = {
    TEXT(ph_control_address, address, "address"),
    TEXT(ph_control_address, interface, "interface"),
};

static int
put_addresses(const struct ph_control_status *status, json_t *root)
{
    json_t *list = json_array();
    int err = list != NULL ? PH_OK : PH_ERR_NOMEM;

    for (size_t i = 0; err == PH_OK && i < status->address_count; i++) {
        json_t *one = json_object();

        if (json_array_append_new(list, one) != 0)
            err = PH_ERR_NOMEM;
        else
            err = ph_json_put_texts(one, address_texts, PH_COUNT(address_texts),
                                    &status->addresses[i]);
    }
    /* The object keeps the list from here on, and frees it on failure. */
    if (json_object_set_new(root, "addresses", list) != 0 && err == PH_OK)
        err = PH_ERR_NOMEM;
    return err;
}

static int
take_addresses(const json_t *root, struct ph_control_status *status)
{
    const json_t *list = json_object_get(root, "addresses"), *one;
    size_t i;
    int err = PH_OK;

    if (list == NULL)
        return PH_OK;
    if (!json_is_array(list))
        return PH_ERR_SYNTAX;
    json_array_foreach(list, i, one)
    {
        if (i == PH_CONTROL_ADDRESS_MAX)
            return PH_ERR_TOO_BIG;
        if (!json_is_object(one))
            return PH_ERR_SYNTAX;
        err = ph_json_take_texts(one, address_texts, PH_COUNT(address_texts),
                                 &status->addresses[i], NULL);
        if (err != PH_OK)
            return err;
        status->address_count = i + 1;
    }
    return PH_OK;
}

int
ph_control_status_put(const struct ph_control_status *status,
                      struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = PH_ERR_NOMEM;

    if (root != NULL)
        err = ph_json_put_texts(root, status_texts, PH_COUNT(status_texts),
                                status);
    if (err == PH_OK)
        err = ph_json_put_numbers(root, status_numbers,
                                  PH_COUNT(status_numbers), status);
    if (err == PH_OK)
        err = put_addresses(status, root);
    if (err != PH_OK) {
        json_decref(root);
        return err;
    }
    return ph_json_put_root(root, buf);
}

int
ph_control_status_parse(const void *body, size_t len,
                        struct ph_control_status *out_status)
{
    struct ph_control_status status = {0};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_FRAME_MAX, &root);

    if (err != PH_OK)
        return err;
    err = ph_json_take_texts(root, status_texts, PH_COUNT(status_texts),
                             &status, NULL);
    if (err == PH_OK)
        err = ph_json_take_numbers(root, status_numbers,
                                   PH_COUNT(status_numbers), &status, NULL);
    if (err == PH_OK)
        err = take_addresses(root, &status);
    json_decref(root);
    if (err == PH_OK)
        *out_status = status;
    return err;
}

static const struct ph_text_field code_texts[] = {
    TEXT(ph_control_code, code, "code"),
    TEXT(ph_control_code, login, "login"),
    TEXT(ph_control_code, computer, "computer"),
    TEXT(ph_control_code, address, "address"),
};
static const struct ph_number_field code_numbers[] = {
    I64(ph_control_code, expires_ms, "expires-ms"),
};

int
ph_control_code_put(const struct ph_control_code *code, struct ph_buf *buf)
{
    json_t *root = json_object();
    int err = PH_ERR_NOMEM;

    if (root != NULL)
        err = ph_json_put_texts(root, code_texts, PH_COUNT(code_texts), code);
    if (err == PH_OK)
        err = ph_json_put_numbers(root, code_numbers, PH_COUNT(code_numbers),
                                  code);
    if (err != PH_OK) {
        json_decref(root);
        return err;
    }
    return ph_json_put_root(root, buf);
}

int
ph_control_code_parse(const void *body, size_t len,
                      struct ph_control_code *out_code)
{
    struct ph_control_code code = {0};
    json_t *root = NULL;
    int err = ph_json_parse(body, len, PH_FRAME_MAX, &root);

    if (err != PH_OK)
        return err;
    err =
        ph_json_take_texts(root, code_texts, PH_COUNT(code_texts), &code, NULL);
    if (err == PH_OK)
        err = ph_json_take_numbers(root, code_numbers, PH_COUNT(code_numbers),
                                   &code, NULL);
    json_decref(root);
    if (err == PH_OK && !ph_code_is(code.code, strlen(code.code)))
        err = PH_ERR_SYNTAX;
    if (err == PH_OK)
        *out_code = code;
    ph_wipe(&code, sizeof(code));
    return err;
}
