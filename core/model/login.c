#include "printhold/model/login.h"

#include <stddef.h>
#include <string.h>

#include "printhold/base/err.h"

int
ph_login_normalise(const char *text, char out_login[PH_LOGIN_MAX])
{
    char login[PH_LOGIN_MAX];
    size_t len = strlen(text);

    if (len == 0 || len >= PH_LOGIN_MAX)
        return PH_ERR_INVALID;
    for (size_t i = 0; i <= len; i++) {
        char c = text[i];

        if (i < len && ((c > 0 && c <= ' ') || c == 0x7f))
            return PH_ERR_INVALID;
        login[i] = c;
        if (c >= 'A' && c <= 'Z')
            login[i] = (char)(c - 'A' + 'a');
    }
    memcpy(out_login, login, len + 1);
    return PH_OK;
}
