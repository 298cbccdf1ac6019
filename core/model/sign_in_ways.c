#include "printhold/model/sign_in_ways.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/attr.h"
#include "printhold/base/err.h"

#define SEPARATORS " ,\t"
#define AMR_MAX    4

static const struct {
    const char *name;
    const char *amr[AMR_MAX];
} ways_table[PH_SIGN_IN_WAYS] = {
    [PH_SIGN_IN_BADGE] = {"badge", {"badge"}},
    [PH_SIGN_IN_PIN] = {"pin", {"pin"}},
    [PH_SIGN_IN_BADGE_PIN] = {"badge+pin", {"badge", "pin", "mfa"}},
    [PH_SIGN_IN_CODE] = {"code", {"otp"}},
    [PH_SIGN_IN_PASSWORD] = {"password", {"pwd"}},
};

const char *
ph_sign_in_way_name(enum ph_sign_in_way way)
{
    return (size_t)way < PH_SIGN_IN_WAYS ? ways_table[way].name : "unknown";
}

static int
find(const char *name, size_t len, enum ph_sign_in_way *out_way)
{
    for (size_t i = 0; i < PH_SIGN_IN_WAYS; i++) {
        if (strlen(ways_table[i].name) == len &&
            memcmp(ways_table[i].name, name, len) == 0) {
            *out_way = (enum ph_sign_in_way)i;
            return PH_OK;
        }
    }
    return PH_ERR_NOT_FOUND;
}

int
ph_sign_in_way_find(const char *name, enum ph_sign_in_way *out_way)
{
    return find(name, strlen(name), out_way);
}

const char *const *
ph_sign_in_way_amr(enum ph_sign_in_way way)
{
    return ways_table[way].amr;
}

int
ph_sign_in_ways_parse(const char *text, unsigned *out_ways, struct ph_why *why)
{
    unsigned ways = 0;

    for (;;) {
        enum ph_sign_in_way way;
        size_t len;

        text += strspn(text, SEPARATORS);
        len = strcspn(text, SEPARATORS);
        if (len == 0)
            break;
        if (find(text, len, &way) != PH_OK)
            return ph_why_fail(why, PH_ERR_INVALID,
                               "%.*s is no way of signing in: badge, pin, "
                               "badge+pin, code, password",
                               (int)(len < 64 ? len : 64), text);
        ways |= 1U << way;
        text += len;
    }
    *out_ways = ways;
    return PH_OK;
}

void
ph_sign_in_ways_format(unsigned ways, char dst[PH_SIGN_IN_WAYS_TEXT])
{
    size_t len = 0;

    dst[0] = '\0';
    for (size_t i = 0; i < PH_SIGN_IN_WAYS; i++) {
        int more;

        if (!ph_sign_in_ways_has(ways, (enum ph_sign_in_way)i))
            continue;
        more = snprintf(dst + len, PH_SIGN_IN_WAYS_TEXT - len, "%s%s",
                        len > 0 ? " " : "", ways_table[i].name);
        len += more > 0 ? (size_t)more : 0;
    }
}
