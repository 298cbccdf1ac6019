/*
 * The organisation's policy, and what it becomes on this computer.
 *
 * A policy says nothing, or one value, for each member. Two of them are laid
 * over each other, the workstation's over the tenant's, member by member. What
 * comes out is laid over the configuration, within bounds that no policy moves:
 *
 *   retention-s, history-s        within PH_RETENTION_MIN_S .. _MAX_S
 *   *-max (sizes, counts)         what is less: configuration or policy, and not
 *                                 less than the setting may be
 *   title                         what is stricter: configuration or policy
 *   keep, offline-code            allowed only if both allow it
 *   sign-in                       ways to sign in, one of which a grant must
 *                                 have; none given: any
 *   confidential-amr              words added to those of the configuration
 *
 * So a policy can make this computer hold less, tell less and ask for more; the
 * opposite only for the two spans, within the product's bounds. docs/cloud-protocol.md
 */
#ifndef PRINTHOLD_MODEL_POLICY_H
#define PRINTHOLD_MODEL_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "printhold/model/config.h"
#include "printhold/model/title.h"

enum ph_policy_member {
    PH_POLICY_RETENTION, /* seconds */
    PH_POLICY_HISTORY,   /* seconds */
    PH_POLICY_JOB_SIZE,
    PH_POLICY_SPOOL_SIZE,
    PH_POLICY_USER_SIZE,
    PH_POLICY_USER_JOBS,
    PH_POLICY_KEEP,         /* 0 or 1 */
    PH_POLICY_OFFLINE_CODE, /* 0 or 1 */
    PH_POLICY_TITLE,        /* enum ph_title_policy */
    PH_POLICY_NUMBERS,
    PH_POLICY_SIGN_IN = PH_POLICY_NUMBERS,
    PH_POLICY_CONFIDENTIAL_AMR,
    PH_POLICY_MEMBERS,
};

/* As in the message: "retention-s" ...; static. */
const char *ph_policy_member_name(enum ph_policy_member member);
/* PH_ERR_NOT_FOUND for a name that is none. */
int ph_policy_member_find(const char *name, enum ph_policy_member *out_member);

/* Both lists have 1 to 8 entries, each of words with "+" between; here with a
 * blank between the entries: "badge+pin otp". */
#define PH_POLICY_ENTRIES_MAX 8
#define PH_POLICY_ENTRY_MAX   64
#define PH_POLICY_LIST_MAX    (PH_POLICY_ENTRIES_MAX * PH_POLICY_ENTRY_MAX)

struct ph_policy {
    bool has[PH_POLICY_MEMBERS];
    uint64_t number[PH_POLICY_NUMBERS];
    char sign_in[PH_POLICY_LIST_MAX];
    char confidential_amr[PH_POLICY_LIST_MAX];
};

/* Is this an entry of a list: words of lower-case letters, digits, '-', '_' and
 * '.', with one '+' between? */
bool ph_policy_is_entry(const char *text);

/* over where it says something, else under. out may be one of them. */
void ph_policy_merge(const struct ph_policy *under,
                     const struct ph_policy *over, struct ph_policy *out);

/* What holds here. */
struct ph_rules {
    uint64_t number[PH_POLICY_NUMBERS];
    char sign_in[PH_POLICY_LIST_MAX]; /* empty: any way */
    char confidential_amr[PH_CONFIG_TEXT_MAX + PH_POLICY_LIST_MAX];
    /* The policy said it, and it is not what the configuration says. */
    bool is_policy[PH_POLICY_MEMBERS];
    /* The policy said something else than what holds. */
    bool is_clamped[PH_POLICY_MEMBERS];
};

/* policy may be NULL: the configuration alone. */
void ph_policy_apply(const struct ph_config *config,
                     const struct ph_policy *policy,
                     struct ph_rules *out_rules);

/* What policies changed here, for people: "retention-s 14400, keep no"; empty
 * when nothing. Cut at cap. */
void ph_rules_text(const struct ph_rules *rules, char *dst, size_t cap);

#endif
