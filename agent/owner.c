#include "owner.h"

#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"

/* ASCII only: logins of other scripts are left as they are. */
static void
lower(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

int
ph_owner_login(const char *account, const char *domain, char *dst, size_t cap)
{
    const int has_domain = strchr(account, '@') != NULL || domain[0] == '\0';
    int len;

    if (account[0] == '\0')
        return PH_ERR_INVALID;
    for (const char *c = account; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return PH_ERR_INVALID;
    if (strlen(account) + strlen(domain) + 2 > cap)
        return PH_ERR_TOO_BIG;
    len = snprintf(dst, cap, "%s%s%s", account, has_domain ? "" : "@",
                   has_domain ? "" : domain);
    if (len < 0 || (size_t)len >= cap)
        return PH_ERR_TOO_BIG;
    lower(dst);
    return PH_OK;
}
