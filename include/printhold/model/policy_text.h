/*
 * Members of a policy as people type and read them:
 *
 *   retention-s, history-s      a span within 1 h and 7 d: "4h", "14400s"
 *   *-size-max                  bytes with K, M, G or T, from 1M on
 *   user-jobs-max               a number
 *   keep, offline-code          yes, no
 *   title                       full, first-word, hidden
 *   sign-in, confidential-amr   entries with blanks between: "badge+pin otp"
 *
 * The bounds are those of the settings of printhold.conf(5): what a workstation
 * would not do as it is said is not said at all.
 */
#ifndef PRINTHOLD_MODEL_POLICY_TEXT_H
#define PRINTHOLD_MODEL_POLICY_TEXT_H

#include <stddef.h>

#include "printhold/base/why.h"
#include "printhold/model/policy.h"

/* Set one member. PH_ERR_INVALID with what it may be; the policy is as before
 * then. */
int ph_policy_take_text(struct ph_policy *policy, enum ph_policy_member member,
                        const char *text, struct ph_why *why);

/* The value of one that is there, in the same form; cut at cap. */
void ph_policy_member_text(const struct ph_policy *policy,
                           enum ph_policy_member member, char *dst, size_t cap);

/* What holds here, for people: "retention-s 4h, keep no"; empty for an empty
 * policy. Cut at cap. */
void ph_policy_text(const struct ph_policy *policy, char *dst, size_t cap);

#endif
