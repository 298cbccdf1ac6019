/*
 * Signing in at a printer: one attempt, from the request to the session.
 *
 * Two transactions, and the password's work between them. The first writes the
 * attempt down, before any secret is looked at; the second takes it away when
 * everything was right, uses the code up, binds the new badge, opens the
 * session. Between them nothing is held. Every attempt is on the record.
 */
#ifndef PRINTHOLD_HUB_SIGN_IN_H
#define PRINTHOLD_HUB_SIGN_IN_H

#include "hub.h"
#include "printhold/proto/sign_in.h"
#include "quota.h"
#include "sign_in_decide.h"
#include "store_sign_in.h"

#define HUB_SESSION_BYTES 32
#define HUB_SESSION_TEXT  44 /* base64url, NUL included */

struct hub_signed_in {
    enum hub_sign_in_verdict verdict;
    struct hub_ways ways; /* of the printer: told when the way is not allowed */
    struct hub_quota_state quota; /* of the person, when one was found */
    int64_t wait_ms;              /* until the limit lets one through */
    /* What follows when the verdict is HUB_SIGN_IN_OK. */
    struct hub_person person;
    enum ph_sign_in_way way;
    /* False when a badge was registered by a way that does not sign in here:
     * then there is no session. */
    bool has_session;
    char session[HUB_SESSION_TEXT];
    int64_t expires_ms;
};

/* On a thread of the pool. PH_ERR_BUSY: too many passwords at once, nothing was
 * looked at. The verdict is set when PH_OK is returned. */
int hub_sign_in(struct hub *hub, const struct hub_device *printer,
                const struct ph_identity *peer,
                const struct ph_sign_in *request, int64_t now_ms,
                struct hub_signed_in *out);

/* The same by a person at their own workstation, by password, which binds it to
 * them (hub_binding_add); there is no session. What printers take, and whom, and
 * quotas play no part; attempts count with those at printers. */
int hub_sign_in_bind(struct hub *hub, const struct hub_device *workstation,
                     const struct ph_sign_in *request, int64_t now_ms,
                     struct hub_signed_in *out);

/* What the printers of a group take; the settings where nothing is said. In a
 * transaction. */
int hub_ways_of(struct hub *hub, const char *group, struct hub_ways *out_ways);

/* What is over: sessions, codes, attempts that do not count any more, held jobs
 * whose time has passed. In a transaction. */
int hub_sign_in_forget(struct hub *hub, int64_t now_ms);

/* Keyed hashes of what people show and type. */
int hub_mac_badge(const struct hub *hub, const char *badge,
                  uint8_t out_mac[HUB_MAC_BYTES]);
int hub_mac_pin(const struct hub *hub, const char *login, const char *pin,
                uint8_t out_mac[HUB_MAC_BYTES]);
int hub_mac_pin_alone(const struct hub *hub, const char *pin,
                      uint8_t out_mac[HUB_MAC_BYTES]);
int hub_mac_code(const struct hub *hub, const char *code,
                 uint8_t out_mac[HUB_MAC_BYTES]);
int hub_mac_session(const struct hub *hub, const char *session,
                    uint8_t out_mac[HUB_MAC_BYTES]);

/* A badge as it is kept, of its number as typed. */
int hub_badge_make(const struct hub *hub, const char *badge, const char *login,
                   const char *how, int64_t now_ms,
                   struct hub_badge *out_badge);

#endif
