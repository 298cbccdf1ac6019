/*
 * One request of a device to the hub, and its answer.
 *
 * The request is taken on the loop, the work is done on a thread of the pool,
 * where it may use the store and take its time, and the answer leaves from the
 * loop again. An action runs on the thread: it looks at the call and sets the
 * answer with exactly one of the functions below; one that sets none is
 * answered as out of memory.
 */
#ifndef PRINTHOLD_HUB_CALL_H
#define PRINTHOLD_HUB_CALL_H

#include <uv.h>

#include "hub.h"
#include "printhold/net/http_server.h"
#include "printhold/proto/http_route.h"
#include "printhold/proto/json.h"

struct hub_server; /* serve.h */
struct hub_denied; /* admission.h */

struct hub_call {
    struct hub *hub;
    struct hub_server *server;
    struct ph_identity peer;  /* its id is empty when nobody has shown any */
    struct hub_device device; /* what the store says of peer */
    bool is_superseded;       /* its certificate, and the next one is in use */
    char address[PH_HTTP_ADDRESS_MAX];
    char segment[PH_HTTP_SEGMENT_MAX]; /* what stood for "{}" */
    json_t *body;                      /* NULL when the route takes none */

    /* --- the answer --- */
    unsigned status;
    json_t *answer;
    const char *content_type;
    char fields[96];
    struct ph_buf text; /* instead of answer */

    struct hub_denied *denied; /* as it is after the action; or NULL */

    /* --- of call.c --- */
    const struct ph_http_route *route;
    struct ph_http_exchange *exchange;
    uv_work_t work;
    struct hub_call *next;
};

/* What a request runs with: from the route table. */
typedef void (*hub_action)(struct hub_call *call);

/* The value is consumed; NULL is out of memory. */
void hub_answer_json(struct hub_call *call, unsigned status, json_t *value);
void hub_answer_problem(struct hub_call *call, unsigned status,
                        const char *keyword, const char *fmt, ...)
    PH_PRINTF(4, 5);
/* The same after a failure of the store or of a library: 503 or 500. */
void hub_answer_failure(struct hub_call *call, int err);
/* Text, copied. */
void hub_answer_text(struct hub_call *call, unsigned status,
                     const char *content_type, const void *text, size_t len);
/* 204. */
void hub_answer_nothing(struct hub_call *call);
/* "Retry-After" beside a problem. */
void hub_answer_retry(struct hub_call *call, int64_t seconds);

/* A text member of the body of at most cap - 1 bytes. False when it is absent
 * or not fit; then the answer is set. */
bool hub_call_text(struct hub_call *call, const char *member, char *dst,
                   size_t cap);

/* --- for serve.c --- */

void hub_call_start(struct hub_server *server,
                    const struct ph_http_match *match,
                    struct ph_http_exchange *exchange);
/* What is answered without a thread. */
void hub_call_refuse(struct ph_http_exchange *exchange, unsigned status,
                     const char *keyword, const char *fields,
                     const char *detail);

#endif
