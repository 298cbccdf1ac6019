/*
 * What a printer sends to the hub to sign a person in: POST /v1/sign-in
 * (docs/hub-api.openapi.yaml).
 *
 *   {"way":"badge","badge":"04a2b911c0ffee"}
 *   {"way":"pin","pin":"482913"}
 *   {"way":"badge+pin","badge":"04a2b911c0ffee","pin":"4829"}
 *   {"way":"code","code":"00420815"}
 *   {"way":"password","login":"ann@example.com","password":"..."}
 *
 * A way has these members and no other, except that code and password may
 * carry "new-badge": a badge that is to be the person's from then on.
 * Whatever is secret in the struct is wiped by ph_sign_in_wipe.
 */
#ifndef PRINTHOLD_PROTO_SIGN_IN_H
#define PRINTHOLD_PROTO_SIGN_IN_H

#include <stddef.h>

#include "printhold/base/buf.h"
#include "printhold/base/why.h"
#include "printhold/model/login.h"
#include "printhold/model/pin.h"
#include "printhold/model/sign_in_ways.h"
#include "printhold/proto/code.h"
#include "printhold/proto/json.h"

#define PH_SIGN_IN_MAX          4096 /* bytes of a request */
#define PH_BADGE_MIN            4    /* characters, without separators */
#define PH_BADGE_MAX            64
#define PH_BADGE_TEXT           (PH_BADGE_MAX + 1)
#define PH_SIGN_IN_PASSWORD_MAX 256

struct ph_sign_in {
    enum ph_sign_in_way way;
    char badge[PH_BADGE_TEXT]; /* as ph_badge_normalise makes it */
    char pin[PH_PIN_TEXT];
    char code[PH_CODE_TEXT];
    char login[PH_LOGIN_MAX]; /* normalised */
    char password[PH_SIGN_IN_PASSWORD_MAX + 1];
    char new_badge[PH_BADGE_TEXT]; /* empty: none */
};

/* PH_ERR_SYNTAX, PH_ERR_TOO_BIG; why names the member and nothing of what it
 * says. */
int ph_sign_in_parse(const void *text, size_t len,
                     struct ph_sign_in *out_sign_in, struct ph_why *why);

/* The same of an object that was parsed already (ph_json_parse). */
int ph_sign_in_take(const json_t *root, struct ph_sign_in *out_sign_in,
                    struct ph_why *why);

/* The request as text, replaces buf, which the caller closes (that wipes). */
int ph_sign_in_put(const struct ph_sign_in *sign_in, struct ph_buf *buf);

void ph_sign_in_wipe(struct ph_sign_in *sign_in);

/*
 * The number of a badge as readers give it: letters and digits, lower case;
 * colons, hyphens and blanks between them do not count. PH_ERR_SYNTAX for
 * anything else, or fewer than PH_BADGE_MIN.
 */
int ph_badge_normalise(const char *text, char out_badge[PH_BADGE_TEXT]);

#endif
