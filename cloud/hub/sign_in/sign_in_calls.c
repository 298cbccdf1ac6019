#include "sign_in_calls.h"

#include <string.h>
#include <strings.h>

#include "listing.h"
#include "printhold/base/attr.h"
#include "printhold/base/clock.h"
#include "printhold/base/err.h"
#include "printhold/base/log.h"
#include "printhold/base/wipe.h"
#include "printhold/proto/release_report.h"
#include "quota_json.h"
#include "reports.h"
#include "sign_in.h"
#include "store_sessions.h"

/* --- what this printer takes --- */

static json_t *
ways_json(unsigned ways)
{
    json_t *list = json_array();

    for (size_t i = 0; i < PH_SIGN_IN_WAYS; i++) {
        const enum ph_sign_in_way way = (enum ph_sign_in_way)i;

        if (ph_sign_in_ways_has(ways, way) &&
            json_array_append_new(list,
                                  json_string(ph_sign_in_way_name(way))) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

void
hub_call_ways(struct hub_call *call)
{
    struct hub_ways ways;
    json_t *root;
    int err = hub_store_begin(call->hub->store);

    if (err == PH_OK)
        err = hub_store_end(call->hub->store,
                            hub_ways_of(call->hub, call->device.group, &ways));
    if (err != PH_OK) {
        hub_answer_failure(call, err);
        return;
    }
    root = json_object();
    if (ph_json_set(root, "ways", ways_json(ways.ways)) != PH_OK ||
        ph_json_set(root, "self-registration",
                    json_boolean(ways.self_registration)) != PH_OK) {
        json_decref(root);
        root = NULL;
    }
    hub_answer_json(call, 200, root);
}

/* --- signing in --- */

static int
put_person(json_t *root, const struct hub_person *person)
{
    json_t *object = json_object();
    int err = ph_json_set(object, "login", json_string(person->login));

    if (err == PH_OK && person->name[0] != '\0')
        err = ph_json_set(object, "name", json_string(person->name));
    if (err == PH_OK)
        err = ph_json_set(root, "person", json_incref(object));
    json_decref(object);
    return err;
}

static int
put_amr(json_t *root, enum ph_sign_in_way way)
{
    const char *const *words = ph_sign_in_way_amr(way);
    json_t *list = json_array();

    for (; *words != NULL; words++) {
        if (json_array_append_new(list, json_string(*words)) != 0) {
            json_decref(list);
            return PH_ERR_NOMEM;
        }
    }
    return ph_json_set(root, "amr", list);
}

static int
put_expires(json_t *root, int64_t at_ms)
{
    char text[PH_TIME_TEXT];

    ph_clock_format(at_ms, text);
    return ph_json_set(root, "expires", json_string(text));
}

/* Nothing where there is no limit. */
static int
put_quota(struct hub *hub, const struct hub_listing *listing, json_t *root)
{
    struct hub_quota_state quota = {.is_limited = false};
    int err = hub_store_begin_read(hub->store);

    if (err == PH_OK)
        err = hub_store_end(hub->store,
                            hub_quota_check(hub->store, listing->person,
                                            listing->now_ms, &quota));
    return err == PH_OK && quota.is_limited
               ? ph_json_set(root, "quota", hub_quota_json(&quota))
               : err;
}

/* Person, how, until when, and the list; session NULL: it is known. */
static void
answer_list(struct hub_call *call, unsigned status,
            const struct hub_listing *listing, const char *session,
            int64_t expires_ms)
{
    json_t *root = json_object(), *list = NULL;
    int err = put_person(root, listing->person);

    if (err == PH_OK)
        err = put_amr(root, listing->way);
    if (err == PH_OK && session != NULL)
        err = ph_json_set(root, "session", json_string(session));
    if (err == PH_OK)
        err = put_expires(root, expires_ms);
    if (err == PH_OK)
        err = put_quota(call->hub, listing, root);
    if (err == PH_OK)
        err = hub_listing_make(call->hub, listing, &list);
    if (err == PH_OK)
        err = ph_json_set(root, "workstations", list);
    if (err == PH_OK) {
        hub_answer_json(call, status, root);
        return;
    }
    json_decref(root);
    hub_answer_failure(call, err);
}

static void
answer_registered(struct hub_call *call, const struct hub_person *person)
{
    json_t *root = json_object();

    if (put_person(root, person) != PH_OK ||
        ph_json_set(root, "registered", json_true()) != PH_OK) {
        json_decref(root);
        root = NULL;
    }
    hub_answer_json(call, 200, root);
}

/* A problem with the list of ways under the name. */
static void
add_ways(struct hub_call *call, const char *name, unsigned ways)
{
    if (call->answer != NULL &&
        ph_json_set(call->answer, name, ways_json(ways)) != PH_OK)
        hub_answer_failure(call, PH_ERR_NOMEM);
}

static void
answer_limit(struct hub_call *call, int64_t wait_ms)
{
    hub_answer_problem(call, 429, hub_sign_in_keyword(HUB_SIGN_IN_LIMIT),
                       "There were too many failed attempts; wait %lld "
                       "minutes",
                       (long long)(wait_ms / 60000 + 1));
    hub_answer_retry(call, wait_ms / 1000 + 1);
}

static void
answer_quota(struct hub_call *call, const struct hub_quota_state *quota)
{
    hub_answer_problem(call, 403, hub_sign_in_keyword(HUB_SIGN_IN_QUOTA),
                       "All %lld pages of this %s are used up; print again "
                       "next %s, or ask an administrator",
                       (long long)quota->limit,
                       hub_quota_period_name(quota->period),
                       hub_quota_period_name(quota->period));
    if (call->answer != NULL &&
        ph_json_set(call->answer, "quota", hub_quota_json(quota)) != PH_OK)
        hub_answer_failure(call, PH_ERR_NOMEM);
}

static void
answer_refusal(struct hub_call *call, const struct hub_signed_in *in)
{
    const char *keyword = hub_sign_in_keyword(in->verdict);

    switch (in->verdict) {
    case HUB_SIGN_IN_WAY:
        hub_answer_problem(call, 403, keyword,
                           "One cannot sign in so at this printer");
        add_ways(call, "ways", in->ways.ways);
        break;
    case HUB_SIGN_IN_LIMIT:
        answer_limit(call, in->wait_ms);
        break;
    case HUB_SIGN_IN_EXPIRED:
        hub_answer_problem(call, 403, keyword,
                           "This PIN is over; ask for a new one");
        break;
    case HUB_SIGN_IN_ACCESS:
        hub_answer_problem(call, 403, keyword,
                           "You may not print at this printer; choose another "
                           "one, or ask an administrator");
        break;
    case HUB_SIGN_IN_QUOTA:
        answer_quota(call, &in->quota);
        break;
    case HUB_SIGN_IN_UNKNOWN:
        hub_answer_problem(call, 403, keyword,
                           "This badge is not known yet; register it by code "
                           "or password");
        add_ways(call, "register",
                 1U << PH_SIGN_IN_CODE | 1U << PH_SIGN_IN_PASSWORD);
        break;
    case HUB_SIGN_IN_TAKEN:
        hub_answer_problem(call, 409, keyword,
                           "This badge is registered already; an "
                           "administrator can free it");
        break;
    default:
        hub_answer_problem(call, 403, keyword,
                           "That did not work; try again, or ask an "
                           "administrator");
        break;
    }
}

void
hub_call_sign_in(struct hub_call *call)
{
    const int64_t now_ms = ph_clock_wall_ms();
    struct ph_sign_in request;
    struct hub_signed_in in;
    struct ph_why why = {""};
    int err;

    if (ph_sign_in_take(call->body, &request, &why) != PH_OK) {
        hub_answer_problem(call, 400, "malformed", "%s", why.text);
        return;
    }
    err = hub_sign_in(call->hub, &call->device, &call->peer, &request, now_ms,
                      &in);
    ph_sign_in_wipe(&request);
    if (err != PH_OK) {
        hub_answer_failure(call, err);
        return;
    }
    ph_log_info("%s: a person signs in at %s by %s: %s", call->address,
                call->device.id, ph_sign_in_way_name(in.way),
                hub_sign_in_keyword(in.verdict));
    if (in.verdict != HUB_SIGN_IN_OK) {
        answer_refusal(call, &in);
    } else if (!in.has_session) {
        answer_registered(call, &in.person);
    } else {
        const struct hub_listing listing = {
            .person = &in.person,
            .thumbprint = call->peer.thumbprint,
            .way = in.way,
            .now_ms = now_ms,
        };

        answer_list(call, 201, &listing, in.session, in.expires_ms);
    }
    ph_wipe(&in, sizeof(in));
}

/* --- what a session is good for --- */

/* "Authorization: Bearer" and the session; false when there is none. */
static bool
bearer_of(const struct hub_call *call, char dst[HUB_SESSION_TEXT])
{
    static const char scheme[] = "Bearer ";
    const size_t skip = sizeof(scheme) - 1;
    const struct ph_http_text *field = ph_http_field(
        ph_http_exchange_request(call->exchange), "Authorization");

    if (field == NULL || field->len != skip + HUB_SESSION_TEXT - 1 ||
        strncasecmp(field->at, scheme, skip) != 0 ||
        memchr(field->at, '\0', field->len) != NULL)
        return false;
    memcpy(dst, field->at + skip, HUB_SESSION_TEXT - 1);
    dst[HUB_SESSION_TEXT - 1] = '\0';
    return true;
}

/* In a transaction. PH_ERR_NOT_FOUND for every reason why not. */
static int
find_visit(struct hub_call *call, const char *text, struct hub_visit *out_visit)
{
    uint8_t mac[HUB_MAC_BYTES];
    int err = hub_mac_session(call->hub, text, mac);

    if (err == PH_OK)
        err = hub_session_get(call->hub->store, mac, ph_clock_wall_ms(),
                              &out_visit->session);
    if (err == PH_OK &&
        (strcmp(out_visit->session.thumbprint, call->peer.thumbprint) != 0 ||
         strcmp(out_visit->session.printer, call->device.id) != 0))
        err = PH_ERR_NOT_FOUND;
    if (err == PH_OK)
        err = hub_person_get(call->hub->store, out_visit->session.login,
                             &out_visit->person);
    if (err == PH_OK && out_visit->person.is_blocked)
        err = PH_ERR_NOT_FOUND;
    return err;
}

bool
hub_call_visit(struct hub_call *call, struct hub_visit *out_visit)
{
    char text[HUB_SESSION_TEXT];
    int err = bearer_of(call, text) ? PH_OK : PH_ERR_NOT_FOUND;

    if (err == PH_OK)
        err = hub_store_begin(call->hub->store);
    if (err == PH_OK)
        err =
            hub_store_end(call->hub->store, find_visit(call, text, out_visit));
    ph_wipe(text, sizeof(text));
    if (err == PH_ERR_NOT_FOUND)
        hub_answer_problem(call, 401, "no-session",
                           "Nobody is signed in, or not any more");
    else if (err != PH_OK)
        hub_answer_failure(call, err);
    return err == PH_OK;
}

void
hub_call_directory(struct hub_call *call)
{
    struct hub_visit visit;
    struct hub_listing listing = {.person = &visit.person,
                                  .thumbprint = call->peer.thumbprint,
                                  .now_ms = ph_clock_wall_ms()};

    if (!hub_call_visit(call, &visit))
        return;
    listing.way = visit.session.way;
    answer_list(call, 200, &listing, NULL, visit.session.expires_ms);
}

void
hub_call_sign_out(struct hub_call *call)
{
    struct hub_visit visit;
    int err;

    if (!hub_call_visit(call, &visit))
        return;
    err = hub_store_begin(call->hub->store);
    if (err == PH_OK)
        err = hub_store_end(
            call->hub->store,
            hub_session_remove(call->hub->store, visit.session.mac));
    if (err == PH_OK || err == PH_ERR_NOT_FOUND)
        hub_answer_nothing(call);
    else
        hub_answer_failure(call, err);
}

/* --- what became of a job --- */

void
hub_call_release(struct hub_call *call)
{
    struct ph_printer_report report;
    struct ph_why why = {""};
    struct hub_visit visit;
    int err;

    if (ph_release_report_take(call->body, &report, &why) != PH_OK) {
        hub_answer_problem(call, 400, "malformed", "%s", why.text);
        return;
    }
    if (!hub_call_visit(call, &visit))
        return;
    err = hub_store_begin(call->hub->store);
    if (err == PH_OK)
        err = hub_store_end(
            call->hub->store,
            hub_report_release(call->hub, &report, visit.person.login,
                               &call->device, ph_clock_wall_ms()));
    if (err == PH_OK || err == PH_ERR_EXISTS)
        hub_answer_nothing(call); /* the same again counts once */
    else
        hub_answer_failure(call, err);
}
