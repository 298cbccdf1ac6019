/*
 * The ways in which a person can sign in at a printer, and sets of them, as an
 * administrator writes them: "badge+pin, code, password".
 */
#ifndef PRINTHOLD_MODEL_SIGN_IN_WAYS_H
#define PRINTHOLD_MODEL_SIGN_IN_WAYS_H

#include <stdbool.h>
#include <stddef.h>

#include "printhold/base/why.h"

enum ph_sign_in_way {
    PH_SIGN_IN_BADGE,
    PH_SIGN_IN_PIN,
    PH_SIGN_IN_BADGE_PIN,
    PH_SIGN_IN_CODE,
    PH_SIGN_IN_PASSWORD,
};
#define PH_SIGN_IN_WAYS     5
#define PH_SIGN_IN_WAYS_ALL ((1U << PH_SIGN_IN_WAYS) - 1)

/* "badge", "pin", "badge+pin", "code", "password"; static. */
const char *ph_sign_in_way_name(enum ph_sign_in_way way);
/* PH_ERR_NOT_FOUND when there is none of that name. */
int ph_sign_in_way_find(const char *name, enum ph_sign_in_way *out_way);

/*
 * What the grant says of it (RFC 8176 "pin", "otp", "pwd", "mfa"; "badge" has
 * no word there: its number can be copied, so it is neither "sc" nor "hwk").
 * The words, at most 3, static; the end is NULL.
 */
const char *const *ph_sign_in_way_amr(enum ph_sign_in_way way);

/* A set: bit n is way n. */
static inline bool
ph_sign_in_ways_has(unsigned ways, enum ph_sign_in_way way)
{
    return (ways >> way & 1U) != 0;
}

/* Words with blanks or commas between them; "" is no way at all. PH_ERR_INVALID
 * with the word in why. */
int ph_sign_in_ways_parse(const char *text, unsigned *out_ways,
                          struct ph_why *why);

#define PH_SIGN_IN_WAYS_TEXT 64
/* "badge pin"; NUL-ended. */
void ph_sign_in_ways_format(unsigned ways, char dst[PH_SIGN_IN_WAYS_TEXT]);

#endif
