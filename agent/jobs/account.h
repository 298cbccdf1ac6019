/* Names of local accounts. */
#ifndef PRINTHOLD_AGENT_ACCOUNT_H
#define PRINTHOLD_AGENT_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

/* PH_ERR_NOT_FOUND when there is no such account (now), PH_ERR_TOO_BIG. May
 * block: the system may ask a directory. */
int ph_account_name(uint32_t uid, char *dst, size_t cap);

/* For tests: ask this function instead; NULL restores the system's. */
typedef int (*ph_account_source)(uint32_t uid, char *dst, size_t cap);
void ph_account_set_source(ph_account_source other);

#endif
