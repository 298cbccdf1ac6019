#include "sign_in.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "access.h"
#include "audit.h"
#include "printhold/base/err.h"
#include "printhold/base/id.h"
#include "printhold/base/wipe.h"
#include "store_attempts.h"
#include "store_sessions.h"

/* Passwords at work, and waiting for it; a pool has four threads, so at least
 * one is left for everything else. */
#define PASSWORDS_AT_WORK 2
#define PASSWORDS_MAX     3

/* One attempt on its way. */
struct attempt {
    struct hub *hub;
    const struct hub_device *printer; /* or the workstation to be bound */
    const struct ph_identity *peer;
    bool is_binding; /* no session, and no list or quota of a printer */
    const struct ph_sign_in *request;
    int64_t now_ms;
    struct hub_attempt row;
    struct hub_sign_in_facts facts;
    char login[PH_LOGIN_MAX]; /* where badge, PIN or code lead to */
    bool has_kept;
    char kept[PH_PASSWORD_TEXT];
    struct hub_signed_in *out;
};

/* Not there is no error, it is a fact. */
static int
optional(int err, bool *out_there)
{
    *out_there = err == PH_OK;
    return err == PH_ERR_NOT_FOUND ? PH_OK : err;
}

int
hub_ways_of(struct hub *hub, const char *group, struct hub_ways *out_ways)
{
    const struct hub_config *config = hub->config;
    int err = hub_ways_get(hub->store, group, out_ways);

    if (err != PH_ERR_NOT_FOUND)
        return err;
    *out_ways = (struct hub_ways){
        .self_registration = strcmp(config->self_registration, "yes") == 0};
    return ph_sign_in_ways_parse(config->sign_in_ways, &out_ways->ways, NULL);
}

/* --- who is meant --- */

static int
find_by_badge(struct attempt *a)
{
    struct hub_badge badge;
    uint8_t mac[HUB_MAC_BYTES];
    bool there = false;
    int err = hub_mac_badge(a->hub, a->request->badge, mac);

    if (err == PH_OK)
        err = optional(hub_badge_get(a->hub->store, mac, &badge), &there);
    if (there)
        memcpy(a->login, badge.login, sizeof(a->login));
    return err;
}

static int
find_by_pin(struct attempt *a)
{
    struct hub_pin pin;
    uint8_t mac[HUB_MAC_BYTES];
    bool there = false;
    int err = hub_mac_pin_alone(a->hub, a->request->pin, mac);

    if (err == PH_OK)
        err = optional(hub_pin_find(a->hub->store, mac, &pin), &there);
    if (!there)
        return err;
    memcpy(a->login, pin.login, sizeof(a->login));
    a->facts.is_expired = pin.expires_ms != 0 && pin.expires_ms <= a->now_ms;
    return err;
}

static int
find_by_code(struct attempt *a)
{
    uint8_t mac[HUB_MAC_BYTES];
    bool there;
    int err = hub_mac_code(a->hub, a->request->code, mac);

    if (err == PH_OK)
        err = optional(hub_code_find(a->hub->store, mac, a->now_ms, a->login),
                       &there);
    return err;
}

/* Sets login where it leads to somebody, stated or found. */
static int
find_login(struct attempt *a)
{
    switch (a->request->way) {
    case PH_SIGN_IN_BADGE:
    case PH_SIGN_IN_BADGE_PIN:
        return find_by_badge(a);
    case PH_SIGN_IN_PIN:
        return find_by_pin(a);
    case PH_SIGN_IN_CODE:
        return find_by_code(a);
    default:
        memcpy(a->login, a->request->login, sizeof(a->login));
        return PH_OK;
    }
}

/* --- how often it was tried --- */

/* Whom the attempt counts against: the person where there is a guess at a
 * secret of a named one. A name of nobody counts like any other. */
static int
name_attempt(struct attempt *a)
{
    const char *login = a->login, *badge = a->request->badge;

    if (a->request->way != PH_SIGN_IN_BADGE_PIN &&
        a->request->way != PH_SIGN_IN_PASSWORD)
        return PH_OK;
    if (login[0] != '\0')
        return hub_pepper(a->hub, "attempt-login", login, strlen(login),
                          a->row.who);
    return hub_pepper(a->hub, "attempt-badge", badge, strlen(badge),
                      a->row.who);
}

static bool
names_somebody(const struct attempt *a)
{
    static const uint8_t nobody[HUB_MAC_BYTES] = {0};

    return memcmp(a->row.who, nobody, sizeof(nobody)) != 0;
}

static int
check_limits(struct attempt *a)
{
    const struct hub_config *config = a->hub->config;
    const int64_t span_ms = (int64_t)config->attempts_span_s * 1000;
    const struct ph_limit of_printer = {(size_t)config->printer_attempts,
                                        span_ms};
    const struct ph_limit of_person = {(size_t)config->person_attempts,
                                       span_ms};
    int err = hub_attempts_of_printer(a->hub->store, a->printer->id,
                                      &of_printer, a->now_ms, &a->out->wait_ms);

    if (err == PH_OK && names_somebody(a))
        err = hub_attempts_of_person(a->hub->store, a->row.who, &of_person,
                                     a->now_ms, &a->out->wait_ms);
    a->facts.is_limited = err == PH_ERR_LIMIT;
    return err == PH_ERR_LIMIT ? PH_OK : err;
}

/* --- what is known of the secret --- */

/* The PIN beside a badge: the same work for a badge of nobody. */
static int
check_pin(struct attempt *a)
{
    struct hub_pin pin = {.login = ""};
    uint8_t mac[HUB_MAC_BYTES];
    bool there = false;
    int err = hub_mac_pin(a->hub, a->login, a->request->pin, mac);

    if (err == PH_OK)
        err = optional(hub_pin_get(a->hub->store, a->login, &pin), &there);
    a->facts.is_right =
        CRYPTO_memcmp(mac, pin.mac, sizeof(mac)) == 0 && there && err == PH_OK;
    a->facts.is_expired = pin.expires_ms != 0 && pin.expires_ms <= a->now_ms;
    ph_wipe(mac, sizeof(mac));
    return err;
}

static int
find_secret(struct attempt *a)
{
    switch (a->request->way) {
    case PH_SIGN_IN_BADGE_PIN:
        return check_pin(a);
    case PH_SIGN_IN_PASSWORD:
        return optional(hub_password_get(a->hub->store, a->login, a->kept),
                        &a->has_kept);
    default: /* to have found somebody by it is to have it right */
        a->facts.is_right = a->login[0] != '\0';
        return PH_OK;
    }
}

/* A workstation is bound by password, whatever printers take. */
static int
find_ways(struct attempt *a)
{
    if (!a->is_binding)
        return hub_ways_of(a->hub, a->printer->group, &a->out->ways);
    a->out->ways = (struct hub_ways){.ways = 1U << PH_SIGN_IN_PASSWORD};
    return PH_OK;
}

/* The first transaction. */
static int
write_down(struct attempt *a)
{
    int err = find_ways(a);

    a->facts.ways = a->out->ways.ways;
    a->facts.self_registration = a->out->ways.self_registration;
    if (err == PH_OK)
        err = find_login(a);
    if (err == PH_OK)
        err = name_attempt(a);
    if (err == PH_OK)
        err = check_limits(a);
    if (err != PH_OK || hub_sign_in_begin(&a->facts) != HUB_SIGN_IN_OK)
        return err;
    err = hub_attempt_add(a->hub->store, &a->row);
    return err == PH_OK ? find_secret(a) : err;
}

/* --- the work of a password --- */

static pthread_mutex_t work_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_done = PTHREAD_COND_INITIALIZER;
static unsigned at_work, with_work;

static bool
may_come(void)
{
    bool may;

    (void)pthread_mutex_lock(&work_lock);
    may = with_work < PASSWORDS_MAX;
    with_work += may;
    (void)pthread_mutex_unlock(&work_lock);
    return may;
}

static void
has_left(void)
{
    (void)pthread_mutex_lock(&work_lock);
    with_work--;
    (void)pthread_mutex_unlock(&work_lock);
}

static int
check_password(struct attempt *a)
{
    int err;

    if (a->request->way != PH_SIGN_IN_PASSWORD)
        return PH_OK;
    (void)pthread_mutex_lock(&work_lock);
    while (at_work == PASSWORDS_AT_WORK)
        (void)pthread_cond_wait(&work_done, &work_lock);
    at_work++;
    (void)pthread_mutex_unlock(&work_lock);
    err = ph_password_check(a->has_kept ? a->kept : NULL, a->request->password,
                            strlen(a->request->password));
    (void)pthread_mutex_lock(&work_lock);
    at_work--;
    (void)pthread_cond_signal(&work_done);
    (void)pthread_mutex_unlock(&work_lock);
    a->facts.is_right = err == PH_OK;
    return err == PH_ERR_DENIED ? PH_OK : err;
}

/* --- the second transaction --- */

/* May the person print here, and anything at all? */
static int
find_rights(struct attempt *a)
{
    const struct hub_person *person = &a->out->person;
    bool may = true;
    int err = hub_access_check(a->hub->store, a->printer, person, &may);

    a->facts.is_kept_out = !may;
    if (err == PH_OK)
        err = hub_quota_check(a->hub->store, person, a->now_ms, &a->out->quota);
    a->facts.is_used_up = a->out->quota.is_limited && a->out->quota.left == 0;
    return err;
}

static int
find_person(struct attempt *a)
{
    struct hub_person *person = &a->out->person;
    int err = optional(hub_person_get(a->hub->store, a->login, person),
                       &a->facts.has_person);

    a->facts.is_blocked = a->facts.has_person && person->is_blocked;
    return err == PH_OK && a->facts.has_person && !a->is_binding
               ? find_rights(a)
               : err;
}

static int
look_at_new_badge(struct attempt *a, struct hub_badge *fresh)
{
    struct hub_badge known;
    bool there = false;
    int err;

    if (!a->facts.brings_badge)
        return PH_OK;
    err =
        hub_badge_make(a->hub, a->request->new_badge, a->login,
                       ph_sign_in_way_name(a->request->way), a->now_ms, fresh);
    if (err == PH_OK)
        err =
            optional(hub_badge_get(a->hub->store, fresh->mac, &known), &there);
    a->facts.badge_is_free = !there;
    return err;
}

static int
open_session(struct attempt *a)
{
    struct hub_signed_in *out = a->out;
    struct hub_session session = {.way = a->request->way, .made_ms = a->now_ms};
    uint8_t bytes[HUB_SESSION_BYTES];
    struct ph_buf text;
    int err;

    out->has_session = ph_sign_in_ways_has(a->facts.ways, a->request->way);
    if (!out->has_session)
        return PH_OK;
    ph_buf_init(&text, HUB_SESSION_TEXT);
    err = ph_random(bytes, sizeof(bytes));
    if (err == PH_OK)
        err = ph_base64url_encode(bytes, sizeof(bytes), &text);
    if (err == PH_OK)
        memcpy(out->session, ph_buf_str(&text), text.len + 1);
    ph_buf_close(&text);
    ph_wipe(bytes, sizeof(bytes));
    if (err == PH_OK)
        err = hub_mac_session(a->hub, out->session, session.mac);
    out->expires_ms =
        a->now_ms + (int64_t)a->hub->config->session_life_s * 1000;
    session.expires_ms = out->expires_ms;
    memcpy(session.login, a->login, sizeof(session.login));
    memcpy(session.printer, a->printer->id, sizeof(session.printer));
    memcpy(session.thumbprint, a->peer->thumbprint, sizeof(session.thumbprint));
    return err == PH_OK ? hub_session_add(a->hub->store, &session) : err;
}

/* PH_ERR_NOT_FOUND when the code was used by another in the meantime. */
static int
use_code(struct attempt *a)
{
    uint8_t mac[HUB_MAC_BYTES];
    int err;

    if (a->request->way != PH_SIGN_IN_CODE)
        return PH_OK;
    err = hub_mac_code(a->hub, a->request->code, mac);
    return err == PH_OK ? hub_code_use(a->hub->store, mac, a->now_ms) : err;
}

static int
let_in(struct attempt *a, const struct hub_badge *fresh)
{
    int err = use_code(a);

    if (err == PH_ERR_NOT_FOUND) {
        a->out->verdict = HUB_SIGN_IN_FAILED;
        return PH_OK;
    }
    if (err == PH_OK)
        err = hub_attempt_remove(a->hub->store, a->row.id);
    if (err == PH_OK && a->facts.brings_badge)
        err = hub_badge_add(a->hub->store, fresh);
    if (err != PH_OK)
        return err;
    return a->is_binding ? hub_binding_add(a->hub->store, a->printer->id,
                                           a->login, "sign-in", a->now_ms)
                         : open_session(a);
}

/* The secret was right, and is told why it opens nothing. */
static bool
is_no_guess(enum hub_sign_in_verdict verdict)
{
    return verdict == HUB_SIGN_IN_ACCESS || verdict == HUB_SIGN_IN_QUOTA;
}

/* As when an administrator binds it. */
static int
record_binding(struct attempt *a)
{
    const struct hub_act act = {.actor = a->printer->id,
                                .act = "workstation.bind",
                                .object = a->printer->id,
                                .detail = a->login};

    return hub_audit(a->hub, &act, a->now_ms);
}

/* Whom it was about is on the record only when it is proven. */
static int
record(struct attempt *a)
{
    const bool is_in = a->out->verdict == HUB_SIGN_IN_OK;
    const bool is_known = is_in || is_no_guess(a->out->verdict);
    char detail[96];
    const struct hub_act act = {
        .actor = a->printer->id,
        .act = is_in && a->facts.brings_badge ? "badge.register" : "sign-in",
        .object = is_known ? a->login : "",
        .detail = detail,
    };

    (void)snprintf(detail, sizeof(detail), "%s %s",
                   ph_sign_in_way_name(a->request->way),
                   hub_sign_in_keyword(a->out->verdict));
    return hub_audit(a->hub, &act, a->now_ms);
}

static int
finish(struct attempt *a)
{
    struct hub_badge fresh;
    int err = look_at_new_badge(a, &fresh);

    if (err == PH_OK)
        err = find_person(a); /* perhaps blocked since */
    if (err != PH_OK)
        return err;
    a->out->verdict = hub_sign_in_decide(&a->facts);
    if (a->out->verdict == HUB_SIGN_IN_OK)
        err = let_in(a, &fresh);
    else if (is_no_guess(a->out->verdict))
        err = hub_attempt_remove(a->hub->store, a->row.id);
    if (err != PH_OK)
        return err;
    return a->is_binding && a->out->verdict == HUB_SIGN_IN_OK
               ? record_binding(a)
               : record(a);
}

static int
in_transaction(struct attempt *a, int (*step)(struct attempt *a))
{
    int err = hub_store_begin(a->hub->store);

    return err == PH_OK ? hub_store_end(a->hub->store, step(a)) : err;
}

static int
attempt(struct attempt *a)
{
    int err = ph_random(a->row.id, sizeof(a->row.id));

    if (err == PH_OK)
        err = in_transaction(a, write_down);
    if (err != PH_OK)
        return err;
    a->out->verdict = hub_sign_in_begin(&a->facts);
    if (a->out->verdict != HUB_SIGN_IN_OK)
        return PH_OK;
    err = check_password(a);
    return err == PH_OK ? in_transaction(a, finish) : err;
}

/* Wipes what it was given. */
static int
try_once(struct attempt *a, struct hub_signed_in *out)
{
    const struct ph_sign_in *request = a->request;
    struct hub_signed_in result = {.way = request->way};
    const bool is_password = request->way == PH_SIGN_IN_PASSWORD;
    int err;

    if (is_password && !may_come())
        return PH_ERR_BUSY;
    a->facts.way = request->way;
    a->facts.brings_badge = request->new_badge[0] != '\0';
    a->out = &result;
    memcpy(a->row.printer, a->printer->id, sizeof(a->row.printer));
    a->row.at_ms = a->now_ms;
    err = attempt(a);
    if (is_password)
        has_left();
    if (err == PH_OK)
        *out = result;
    ph_wipe(a, sizeof(*a));
    ph_wipe(&result, sizeof(result));
    return err;
}

int
hub_sign_in(struct hub *hub, const struct hub_device *printer,
            const struct ph_identity *peer, const struct ph_sign_in *request,
            int64_t now_ms, struct hub_signed_in *out)
{
    struct attempt a = {
        .hub = hub,
        .printer = printer,
        .peer = peer,
        .request = request,
        .now_ms = now_ms,
    };

    return try_once(&a, out);
}

int
hub_sign_in_bind(struct hub *hub, const struct hub_device *workstation,
                 const struct ph_sign_in *request, int64_t now_ms,
                 struct hub_signed_in *out)
{
    struct attempt a = {
        .hub = hub,
        .printer = workstation,
        .is_binding = true,
        .request = request,
        .now_ms = now_ms,
    };

    return try_once(&a, out);
}
