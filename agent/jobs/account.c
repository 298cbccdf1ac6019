#include "account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pwd.h>
#include <sys/types.h>

#include "printhold/base/err.h"

#define ENTRY_FIRST 1024
#define ENTRY_MAX   (1024 * 1024)

static int
ask_system(uint32_t uid, char *dst, size_t cap)
{
    struct passwd entry, *found = NULL;
    char *bytes = NULL;
    int rc = ERANGE, err = PH_ERR_NOT_FOUND;

    for (size_t size = ENTRY_FIRST; rc == ERANGE && size <= ENTRY_MAX;
         size *= 4) {
        free(bytes);
        bytes = malloc(size);
        if (bytes == NULL)
            return PH_ERR_NOMEM;
        rc = getpwuid_r((uid_t)uid, &entry, bytes, size, &found);
    }
    if (rc == 0 && found != NULL) {
        size_t len = strlen(found->pw_name);

        err = len < cap ? PH_OK : PH_ERR_TOO_BIG;
        if (err == PH_OK)
            memcpy(dst, found->pw_name, len + 1);
    }
    free(bytes);
    return err;
}

static ph_account_source source = ask_system;

int
ph_account_name(uint32_t uid, char *dst, size_t cap)
{
    return source(uid, dst, cap);
}

void
ph_account_set_source(ph_account_source other)
{
    source = other != NULL ? other : ask_system;
}
