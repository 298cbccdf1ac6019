/* Every request there is: path, method, what it needs, what does it. */
#include "release_private.h"

#include <string.h>
#include <strings.h>

#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"

enum access {
    PRINTER, /* the client certificate is enough */
    SESSION,
};

typedef void (*release_action)(const struct release_request *request);

static const release_action actions[] = {
    release_capabilities, release_open_session, release_close_session,
    release_list,         release_show,         release_delete,
    release_claim,        release_unclaim,      release_document,
    release_complete,
};

static const struct ph_http_route routes[] = {
    {PH_HTTP_GET, "/v1", PRINTER, 0},
    {PH_HTTP_POST, "/v1/sessions", PRINTER, 1},
    {PH_HTTP_DELETE, "/v1/sessions/current", SESSION, 2},
    {PH_HTTP_GET, "/v1/jobs", SESSION, 3},
    {PH_HTTP_GET, "/v1/jobs/{}", SESSION, 4},
    {PH_HTTP_DELETE, "/v1/jobs/{}", SESSION, 5},
    {PH_HTTP_POST, "/v1/jobs/{}/claim", SESSION, 6},
    {PH_HTTP_DELETE, "/v1/jobs/{}/claim", SESSION, 7},
    {PH_HTTP_GET, "/v1/jobs/{}/document", SESSION, 8},
    {PH_HTTP_POST, "/v1/jobs/{}/complete", SESSION, 9},
};

const struct ph_http_route *
release_routes(size_t *out_count)
{
    *out_count = PH_COUNT(routes);
    return routes;
}

bool
release_route_needs_session(const struct ph_http_route *route)
{
    return route->access != PRINTER;
}

static void
refuse(const struct release_request *request, unsigned status,
       const char *keyword, const char *fields, const char *detail)
{
    release_note_refusal(request->lane,
                         ph_http_exchange_peer(request->exchange)->id, NULL,
                         NULL, keyword);
    ph_release_problem(request->exchange, status, keyword, fields, detail);
}

static void
refuse_route(const struct release_request *request, int err, const char *allow)
{
    char fields[PH_HTTP_ALLOW_MAX + 16];

    if (err == PH_ERR_NOT_FOUND) {
        refuse(request, 404, "no-path", NULL, "There is nothing at this path");
        return;
    }
    (void)snprintf(fields, sizeof(fields), "Allow: %s\r\n", allow);
    refuse(request, 405, "no-method", fields,
           "This path does not take this method");
}

static int
find_session(struct release_request *request)
{
    const struct ph_http_text *authorization = ph_http_field(
        ph_http_exchange_request(request->exchange), "Authorization");

    if (authorization == NULL)
        return PH_ERR_DENIED;
    return ph_release_session_use(request->service->sessions, authorization->at,
                                  authorization->len,
                                  ph_http_exchange_peer(request->exchange),
                                  ph_clock_wall_ms(), &request->who);
}

/* A path whose id is no id, or none that the grant names, is answered like
 * that of a job that does not exist. */
static bool
find_job(struct release_request *request, const struct ph_http_match *match)
{
    if (match->segment[0] == '\0')
        return true;
    return ph_id_parse(match->segment, &request->job) == PH_OK &&
           ph_release_who_may(&request->who, &request->job);
}

void
release_on_request(struct ph_http_exchange *exchange, void *arg)
{
    struct release_lane *lane = arg;
    struct release_request request = {
        .lane = lane, .service = lane->service, .exchange = exchange};
    struct ph_http_match match;
    char allow[PH_HTTP_ALLOW_MAX];
    int err =
        ph_http_route_find(routes, PH_COUNT(routes),
                           ph_http_exchange_request(exchange), &match, allow);

    if (err != PH_OK) {
        refuse_route(&request, err, allow);
    } else if (release_route_needs_session(match.route) &&
               find_session(&request) != PH_OK) {
        refuse(&request, 401, "no-session",
               "WWW-Authenticate: Bearer realm=\"printhold\"\r\n",
               "Sign in again: there is no session, or it has ended");
    } else if (!find_job(&request, &match)) {
        release_note_refusal(request.lane, request.who.printer, &request.who,
                             NULL, "no-job");
        ph_release_no_job(exchange);
    } else {
        actions[match.route->action](&request);
    }
}

/* "application/json", perhaps with parameters. */
static bool
is_json(const struct ph_http_request *request)
{
    static const char type[] = "application/json";
    const struct ph_http_text *given = ph_http_field(request, "Content-Type");
    size_t len = sizeof(type) - 1;

    return given != NULL && given->len >= len &&
           strncasecmp(given->at, type, len) == 0 &&
           (given->len == len || given->at[len] == ';' ||
            given->at[len] == ' ');
}

json_t *
release_body(const struct release_request *request)
{
    const struct ph_http_request *http =
        ph_http_exchange_request(request->exchange);
    json_t *root = NULL;
    size_t len;
    const void *body = ph_http_exchange_body(request->exchange, &len);

    if (!is_json(http)) {
        ph_release_problem(request->exchange, 415, "not-json", NULL,
                           "The request must be application/json");
        return NULL;
    }
    if (ph_json_parse(body, len, len, &root) != PH_OK) {
        ph_release_problem(request->exchange, 400, "malformed", NULL,
                           "The request is not a proper JSON object");
        return NULL;
    }
    return root;
}
