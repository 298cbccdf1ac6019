/*
 * May this person sign in at this printer? A pure decision of what was found
 * out: no clock, no store, no secret in it.
 *
 * Whoever asks learns whether the way is one that the printer takes, whether
 * there were too many attempts, and whether it worked; never whether it was
 * the person that is unknown or the secret that was wrong. That a badge is
 * unknown is told only where people may register theirs, and that a PIN is
 * over, that one may not print here, or has no pages left, only to who knew the secret.
 */
#ifndef PRINTHOLD_HUB_SIGN_IN_DECIDE_H
#define PRINTHOLD_HUB_SIGN_IN_DECIDE_H

#include <stdbool.h>

#include "printhold/model/sign_in_ways.h"

enum hub_sign_in_verdict {
    HUB_SIGN_IN_OK,
    HUB_SIGN_IN_WAY,     /* not one of this printer */
    HUB_SIGN_IN_LIMIT,   /* of printer or person */
    HUB_SIGN_IN_FAILED,  /* whatever it was */
    HUB_SIGN_IN_EXPIRED, /* the right PIN, too old */
    HUB_SIGN_IN_UNKNOWN, /* a badge of nobody that may be registered */
    HUB_SIGN_IN_ACCESS,  /* right, but not wanted at this printer */
    HUB_SIGN_IN_QUOTA,   /* right, but the pages are used up */
    HUB_SIGN_IN_TAKEN,   /* the new badge is somebody's already */
    HUB_SIGN_IN_VERDICTS
};

/* "sign-in-failed" and the like, for problem types and the record; static. */
const char *hub_sign_in_keyword(enum hub_sign_in_verdict verdict);

struct hub_sign_in_facts {
    unsigned ways; /* of the printer's group */
    bool self_registration;
    enum ph_sign_in_way way;
    bool brings_badge; /* to be registered */
    bool is_limited;
    bool has_person; /* badge, PIN, code or login lead to one */
    bool is_blocked; /* by an administrator */
    bool is_right;   /* the secret; true where the way has none */
    bool is_expired; /* the PIN */
    bool badge_is_free;
    bool is_kept_out; /* by a list of this printer, its group or the tenant */
    bool is_used_up;  /* the person's quota */
};

enum hub_sign_in_verdict
hub_sign_in_decide(const struct hub_sign_in_facts *facts);

/* Is it allowed to begin with, whoever it will turn out to be? */
enum hub_sign_in_verdict
hub_sign_in_begin(const struct hub_sign_in_facts *facts);

#endif
