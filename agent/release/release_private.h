/* What the files of the release service share. */
#ifndef PRINTHOLD_AGENT_RELEASE_PRIVATE_H
#define PRINTHOLD_AGENT_RELEASE_PRIVATE_H

#include <stdatomic.h>
#include <uv.h>

#include "jobs.h"
#include "printhold/net/http_server.h"
#include "printhold/proto/http_route.h"
#include "release_answer.h"
#include "release_auth.h"
#include "release_service.h"
#include "release_session.h"
#include "release_trust.h"

/* Documents that are opened, and verified if need be, at a time: fewer than
 * calls, so that a short question never waits for long ones only. */
#define PH_RELEASE_VERIFY_MAX 6

/* Calls at a time, those among them: the other 4 workers of the pool (main.c)
 * are for capture, housekeeping and the cloud link, whatever printers ask for. */
#define PH_RELEASE_CALLS_MAX 8

/* Loops, each with a thread of its own. A person's computer has other things
 * to do: more would only make a crowd of printers faster. */
#define PH_RELEASE_LANES_MAX 2

struct release_call;

/* A loop and what only its thread touches. Which lane a printer's connection
 * comes to is chance, so whatever outlives a connection is the service's. */
struct release_lane {
    struct ph_release_service *service;
    uv_loop_t loop;
    uv_thread_t thread;
    bool runs; /* the thread */
    uv_async_t stop;
    uv_async_t review; /* of those whom we admit */
    struct ph_http_server *http;
    struct release_call *waiting; /* for a place to verify, oldest first */
    unsigned verifying;
    struct release_call *queue; /* for a worker, oldest first */
    unsigned calling;           /* with a worker now */
    uv_work_t refusal_work;
    bool writing_refusals;
    bool more_refusals; /* came since it began */
};

struct ph_release_service {
    /* fixed after the start */
    struct ph_jobs *jobs;
    struct release_trust trust;
    char issuer[PH_CONFIG_TEXT_MAX];
    struct ph_release_policy policy; /* but for what call.policy has */
    uv_mutex_t lock;
    void (*renewed)(void *arg); /* under lock */
    void *renewed_arg;
    void (*busy)(void *arg); /* under lock */
    void *busy_arg;
    uint64_t pulls_max;
    int64_t lease_ms;
    struct ph_http_door *door;
    size_t lane_count;
    struct release_lane lane[PH_RELEASE_LANES_MAX];
    uv_async_t reload; /* on the first lane, as all of trust is */
    struct ph_release_sessions *sessions;
    int64_t log_window_ms; /* of refusals, see release_refused: under lock */
    unsigned log_count;
    /* every thread */
    atomic_int stopping; /* what ph_sealed_reader_verify looks at */
    atomic_uint_fast64_t pulls;
    atomic_uint_fast64_t refused;
};

/* --- release_pulls.c: from any thread --- */

/* Is there room for one more document on its way? Then it is counted until
 * release_pull_end. */
bool release_pull_begin(struct ph_release_service *service);
void release_pull_end(struct ph_release_service *service);

/* What part of a document is asked for, and so the status of the answer. */
struct release_range {
    unsigned status; /* 200 all of it, 206, 416 */
    uint64_t first, last;
    bool hashed; /* sha256 is that of the part */
    uint8_t sha256[PH_SHA256_BYTES];
};

/*
 * Work for one exchange off the loop: run in a thread of the pool, then
 * finish on the loop, which answers the exchange and must not keep the call.
 */
struct release_call {
    uv_work_t work;
    struct release_lane *lane;
    struct ph_release_service *service; /* the lane's */
    struct ph_http_exchange *exchange;
    struct release_call *next;
    struct release_keys *keys; /* of when it came; may be NULL */
    struct ph_rules rules;     /* as well */
    struct ph_release_policy policy;
    void (*run)(struct release_call *call);
    void (*finish)(struct release_call *call);
    struct ph_release_who who;
    struct ph_id job;
    /* what run found */
    int err;
    struct ph_why why;
    struct ph_job_view view;
    json_t *list;
    bool more;
    enum ph_release_refusal refusal;
    int64_t wait_ms;        /* a refusal's: try again after it */
    struct ph_grant *grant; /* a new session's */
    struct ph_release_report report;
    bool chooses; /* a claim: report.choices are given */
    /* a download's */
    struct ph_sealed_reader *reader;
    struct release_range range;
};

/* NULL when memory is short; then the exchange has been answered. */
struct release_call *release_call_new(struct release_lane *lane,
                                      struct ph_http_exchange *exchange,
                                      const struct ph_release_who *who,
                                      const struct ph_id *job);
void release_call_free(struct release_call *call);
/* Queue it, behind those that came before; the call is freed after finish. */
void release_call_start(struct release_call *call);
struct ph_asker release_call_asker(const struct release_call *call);

/* Count and log a connection that was refused. */
void release_refused(struct ph_release_service *service, const char *peer,
                     const char *reason);

/* --- release_refusal.c: refusals to a printer become records of the audit --- */

/* reason is the keyword of the problem. who may be NULL: not known yet. */
void release_note_refusal(struct release_lane *lane, const char *printer,
                          const struct ph_release_who *who,
                          const struct ph_id *job, const char *reason);
/* The same of a call: its job, if it looked at it, and who is there. */
void release_note_refused_call(const struct release_call *call,
                               const char *reason);

/* --- release_lane.c --- */

/* A loop with a server at the service's door, but no thread yet. After a
 * failure the lane is as it was. */
int release_lane_open(struct release_lane *lane,
                      struct ph_release_service *service);
int release_lane_start(struct release_lane *lane);
/* From another thread: end whatever is under way, then the lane. */
void release_lane_close(struct release_lane *lane);

/* --- requests, one function per action --- */

struct release_request {
    struct release_lane *lane;
    struct ph_release_service *service; /* the lane's */
    struct ph_http_exchange *exchange;
    struct ph_release_who who; /* of the session, if the route needs one */
    struct ph_id job;          /* of the path, if it has one */
};

/* Every route there is; does it need a session, or is the certificate enough?
 * What is not in it is answered 404 or 405. */
const struct ph_http_route *release_routes(size_t *out_count);
bool release_route_needs_session(const struct ph_http_route *route);

/* arg is the lane. */
void release_on_request(struct ph_http_exchange *exchange, void *arg);

void release_capabilities(const struct release_request *request);
void release_open_session(const struct release_request *request);
void release_close_session(const struct release_request *request);
void release_list(const struct release_request *request);
void release_show(const struct release_request *request);
void release_delete(const struct release_request *request);
void release_claim(const struct release_request *request);
void release_unclaim(const struct release_request *request);
void release_document(const struct release_request *request);
void release_complete(const struct release_request *request);

/* Off the loop: the range that the request wants of the open document, and its
 * digest when it wants that. */
int release_range_choose(struct release_call *call);
/* The field lines of the answer that tell of the document and of the part. */
int release_range_fields(const struct release_call *call,
                         struct ph_buf *out_fields);

/* release_code.c: the code in call->list becomes call->grant and a login. */
void release_run_code(struct release_call *call);

/* The body as a JSON object, or NULL after the exchange was answered. */
json_t *release_body(const struct release_request *request);

/* PH_ERR_DENIED, with refusal and why, when the job is confidential and the
 * user has not shown enough. */
int release_check_confidential(struct release_call *call,
                               const struct ph_ticket *ticket);

/* Answer for an error of jobs.h that has no meaning of its own. */
void release_answer_error(struct release_call *call);

#endif
