#include "api.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "delay.h"
#include "printhold/base/err.h"
#include "printhold/base/wipe.h"
#include "printhold/crypto/jws.h"

#define PATH_MAX_BYTES 128

struct ph_api {
    struct ph_https *https;
    unsigned tries;
    char session[PH_SESSION_MAX];
};

int
ph_api_new(struct ph_https *https, unsigned tries, struct ph_api **out_api)
{
    struct ph_api *api = calloc(1, sizeof(*api));

    if (api == NULL)
        return PH_ERR_NOMEM;
    api->https = https;
    api->tries = tries;
    *out_api = api;
    return PH_OK;
}

void
ph_api_free(struct ph_api *api)
{
    if (api == NULL)
        return;
    ph_wipe(api->session, sizeof(api->session));
    free(api);
}

void
ph_api_set_tries(struct ph_api *api, unsigned tries)
{
    api->tries = tries;
}

int
ph_api_worth_another_try(int err)
{
    return err == PH_ERR_AGAIN || err == PH_ERR_CLOSED || err == PH_ERR_LIMIT;
}

void
ph_api_pause(unsigned tries, uint64_t asked_s)
{
    struct timespec pause;
    uint32_t random = 0;
    uint32_t ms;

    (void)ph_random(&random, sizeof(random));
    ms = ph_delay_ms(tries, random, asked_s);
    pause.tv_sec = ms / 1000;
    pause.tv_nsec = (long)(ms % 1000) * 1000000;
    while (nanosleep(&pause, &pause) != 0)
        continue;
}

static int
err_of_status(unsigned status)
{
    switch (status) {
    case 401:
    case 403:
        return PH_ERR_DENIED;
    case 404:
    case 410:
        return PH_ERR_NOT_FOUND;
    case 409:
    case 423:
        return PH_ERR_BUSY;
    case 429:
    case 503:
        return PH_ERR_LIMIT;
    default:
        return PH_ERR_PROTOCOL;
    }
}

/* The error of an answer that is not a success, with the server's sentence. */
static int
refused(const struct ph_https_reply *reply, struct ph_why *why)
{
    struct ph_why said;
    int err = err_of_status(reply->status);

    if (ph_messages_problem(reply->body.data, reply->body.len, &said) == PH_OK)
        return ph_why_fail(why, err, "the workstation answers: %s", said.text);
    return ph_why_fail(why, err, "the workstation answers with status %u",
                       reply->status);
}

/* What may be repeated. */
enum repeat {
    REPEAT_UNSENT,     /* when no connection came about */
    REPEAT_UNANSWERED, /* ... and when the workstation says later */
    REPEAT_LOST,       /* ... and when the connection broke */
};

static bool
may_repeat(enum repeat repeat, int err)
{
    if (err == PH_ERR_CLOSED)
        return repeat >= REPEAT_LOST;
    if (err == PH_ERR_LIMIT)
        return repeat >= REPEAT_UNANSWERED;
    return ph_api_worth_another_try(err);
}

/* One request with its repetitions. Any 2xx is a success. */
static int
call(struct ph_api *api, const struct ph_https_request *request,
     enum repeat repeat, struct ph_https_reply *reply, struct ph_why *why)
{
    for (unsigned tries = 1;; tries++) {
        int err = ph_https_do(api->https, request, reply, why);

        if (err == PH_OK && reply->status / 100 == 2)
            return PH_OK;
        if (err == PH_OK)
            err = refused(reply, why);
        if (!may_repeat(repeat, err) || tries >= api->tries)
            return err;
        ph_api_pause(tries, reply->headers.retry_after_s);
    }
}

int
ph_api_open_session(struct ph_api *api, enum ph_api_proof kind,
                    const char *proof, struct ph_why *why)
{
    bool code = kind == PH_API_CODE;
    struct ph_https_request request = {.method = "POST",
                                       .path = "/v1/sessions"};
    struct ph_https_reply reply;
    struct ph_buf json;
    int err;

    ph_https_reply_init(&reply);
    ph_buf_init(&json, PH_JWS_MAX + 64);
    err =
        ph_buf_printf(&json, "{\"%s\":\"%s\"}", code ? "code" : "grant", proof);
    if (err != PH_OK)
        goto out;
    request.json = ph_buf_str(&json);
    err = call(api, &request, code ? REPEAT_UNSENT : REPEAT_UNANSWERED, &reply,
               why);
    if (code && err == PH_ERR_LIMIT)
        err = PH_ERR_DENIED; /* too many wrong ones: the sentence says it */
    if (err == PH_OK && ph_messages_session(reply.body.data, reply.body.len,
                                            api->session) != PH_OK)
        err = ph_why_fail(why, PH_ERR_PROTOCOL,
                          "the workstation opened no session");
out:
    ph_buf_close(&json);
    ph_https_reply_close(&reply);
    return err;
}

void
ph_api_close_session(struct ph_api *api)
{
    struct ph_https_request request = {.method = "DELETE",
                                       .path = "/v1/sessions/current",
                                       .bearer = api->session};
    struct ph_https_reply reply;

    ph_https_reply_init(&reply);
    (void)ph_https_do(api->https, &request, &reply, NULL);
    ph_https_reply_close(&reply);
    ph_wipe(api->session, sizeof(api->session));
}

int
ph_api_list(struct ph_api *api, struct ph_station_jobs *out_jobs,
            struct ph_why *why)
{
    struct ph_https_request request = {
        .method = "GET", .path = "/v1/jobs", .bearer = api->session};
    struct ph_https_reply reply;
    int err;

    ph_https_reply_init(&reply);
    err = call(api, &request, REPEAT_LOST, &reply, why);
    if (err == PH_OK &&
        ph_messages_jobs(reply.body.data, reply.body.len, out_jobs) != PH_OK)
        err = ph_why_fail(why, PH_ERR_PROTOCOL,
                          "the workstation sent a list that is not one");
    ph_https_reply_close(&reply);
    return err;
}

/* A request about one job whose answer tells nothing but its status. */
static int
job_call(struct ph_api *api, const char *method, const char *job_id,
         const char *what, const char *json, struct ph_why *why)
{
    char path[PATH_MAX_BYTES];
    struct ph_https_request request = {
        .method = method, .path = path, .bearer = api->session, .json = json};
    struct ph_https_reply reply;
    int err;

    (void)snprintf(path, sizeof(path), "/v1/jobs/%s/%s", job_id, what);
    ph_https_reply_init(&reply);
    err = call(api, &request, REPEAT_LOST, &reply, why);
    ph_https_reply_close(&reply);
    return err;
}

int
ph_api_claim(struct ph_api *api, const char *job_id, struct ph_why *why)
{
    return job_call(api, "POST", job_id, "claim", NULL, why);
}

int
ph_api_unclaim(struct ph_api *api, const char *job_id, struct ph_why *why)
{
    return job_call(api, "DELETE", job_id, "claim", NULL, why);
}

int
ph_api_complete(struct ph_api *api, const char *job_id, const char *result,
                struct ph_why *why)
{
    char json[64];

    (void)snprintf(json, sizeof(json), "{\"result\":\"%s\"}", result);
    return job_call(api, "POST", job_id, "complete", json, why);
}

int
ph_api_document(struct ph_api *api, const char *job_id, uint64_t offset,
                const char *etag, ph_https_body_cb on_body, void *arg,
                struct ph_https_reply *reply, struct ph_why *why)
{
    char path[PATH_MAX_BYTES];
    struct ph_https_request request = {.method = "GET",
                                       .path = path,
                                       .bearer = api->session,
                                       .offset = offset,
                                       .if_range =
                                           etag[0] != '\0' ? etag : NULL,
                                       .on_body = on_body,
                                       .arg = arg};
    int err;

    (void)snprintf(path, sizeof(path), "/v1/jobs/%s/document", job_id);
    err = ph_https_do(api->https, &request, reply, why);
    if (err == PH_OK && reply->status != 200 && reply->status != 206 &&
        reply->status != 416)
        err = refused(reply, why);
    return err;
}
