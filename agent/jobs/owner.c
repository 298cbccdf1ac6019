#include "owner.h"

#include <stdio.h>
#include <string.h>

/* ASCII only: logins of other scripts are left as they are. */
static void
lower(char *text)
{
    for (; *text != '\0'; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
}

/* One word, as a login must be. */
static bool
is_word(const char *account)
{
    for (const char *c = account; *c != '\0'; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return false;
    return account[0] != '\0';
}

bool
ph_owner_login(const struct ph_owner_map *map, const char *domain,
               const char *account, char *dst, size_t cap)
{
    const char *mapped = ph_owner_map_find(map, account);
    const bool has_domain = strchr(account, '@') != NULL;
    int len = -1;

    if (mapped != NULL)
        len = snprintf(dst, cap, "%s", mapped);
    else if (is_word(account) && has_domain)
        len = snprintf(dst, cap, "%s", account);
    else if (is_word(account) && domain[0] != '\0')
        len = snprintf(dst, cap, "%s@%s", account, domain);
    if (len <= 0 || (size_t)len >= cap) {
        dst[0] = '\0';
        return false;
    }
    lower(dst);
    return true;
}
