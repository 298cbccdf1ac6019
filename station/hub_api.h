/*
 * The hub as the station uses it: sign a person in, report what became of the
 * jobs, sign out. An attempt to sign in is sent once: what was right or wrong
 * may be used up when no answer comes.
 *
 * Errors besides those of https.h: PH_ERR_DENIED (the hub says no, with its
 * sentence), PH_ERR_LIMIT (too many attempts, or busy), PH_ERR_PROTOCOL.
 */
#ifndef PRINTHOLD_STATION_HUB_API_H
#define PRINTHOLD_STATION_HUB_API_H

#include "printhold/net/https.h"
#include "hub_messages.h"
#include "printhold/base/why.h"
#include "printhold/proto/sign_in.h"

/* Free the answer with ph_hub_answer_free. */
int ph_hub_sign_in(struct ph_https *hub, const struct ph_sign_in *request,
                   struct ph_hub_answer *out_answer, struct ph_why *why);

/* A report (proto/release_report.h) as text. It has its id in it, so it counts
 * once however often it is sent. */
int ph_hub_report(struct ph_https *hub, const char *session, const char *json,
                  unsigned tries, struct ph_why *why);

/* Another PIN for who is signed in: this one, or, where pin is empty, one that
 * the hub makes and puts there. The session ends with it. */
int ph_hub_set_pin(struct ph_https *hub, const char *session,
                   char pin[PH_PIN_TEXT], struct ph_why *why);

/* Nothing depends on it. */
void ph_hub_sign_out(struct ph_https *hub, const char *session);

#endif
