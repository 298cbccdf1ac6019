#include "owner.h"

#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "printhold/base/err.h"
#include "printhold/base/parse.h"
#include "printhold/base/utf8.h"

#define ENTRY_BYTES 16384

static int
lookup_failed(int errnum, struct ph_why *why)
{
    /* POSIX lets getpw*_r report "no such account" by these, too. */
    if (errnum == 0 || errnum == ENOENT || errnum == ESRCH)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "the account that printed this job does not exist "
                           "on this computer");
    return ph_why_fail(why, PH_ERR_AGAIN,
                       "the account that printed this job cannot be looked up "
                       "now (%s)",
                       strerror(errnum));
}

static int
set_owner(struct ph_ticket *ticket, uid_t uid, const char *name,
          const char *auth, struct ph_why *why)
{
    char clean[PH_TICKET_TEXT_MAX];

    ph_utf8_clean(name, clean, sizeof(clean));
    if (strcmp(clean, name) != 0)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "the name of the account that printed this job is "
                           "too long or not clean text");
    ticket->owner_uid = uid;
    (void)snprintf(ticket->owner_name, sizeof(ticket->owner_name), "%s", name);
    (void)snprintf(ticket->owner_auth, sizeof(ticket->owner_auth), "%s", auth);
    return PH_OK;
}

/* Name given, uid wanted. */
static int
resolve_name(const char *name, const char *auth, struct ph_ticket *ticket,
             struct ph_why *why)
{
    char bytes[ENTRY_BYTES];
    struct passwd entry, *found = NULL;
    int errnum = getpwnam_r(name, &entry, bytes, sizeof(bytes), &found);

    if (found == NULL)
        return lookup_failed(errnum, why);
    return set_owner(ticket, found->pw_uid, found->pw_name, auth, why);
}

/* Both given: the uid is the kernel's word and the name must be one of it. */
static int
resolve_uid(uid_t uid, const char *name, struct ph_ticket *ticket,
            struct ph_why *why)
{
    char bytes[ENTRY_BYTES];
    struct passwd entry, *found = NULL;
    int errnum = getpwuid_r(uid, &entry, bytes, sizeof(bytes), &found);

    if (found == NULL)
        return lookup_failed(errnum, why);
    if (strcmp(found->pw_name, name) == 0)
        return set_owner(ticket, uid, name, "peercred", why);
    /* A second name for the same account (domain suffix, other case). */
    errnum = getpwnam_r(name, &entry, bytes, sizeof(bytes), &found);
    if (found == NULL)
        return lookup_failed(errnum, why);
    if (found->pw_uid != uid)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "the user name and the user number of this job "
                           "belong to different accounts");
    return set_owner(ticket, uid, found->pw_name, "peercred", why);
}

int
ph_owner_resolve(const char *auth_uid, const char *auth_username,
                 struct ph_ticket *ticket, struct ph_why *why)
{
    uint64_t uid;

    if (auth_username == NULL || auth_username[0] == '\0')
        return ph_why_fail(why, PH_ERR_DENIED,
                           "nobody is proven to be the owner of this job; "
                           "print to the queue itself, not through a class or "
                           "by moving a job");
    if (auth_uid == NULL || auth_uid[0] == '\0')
        return resolve_name(auth_username,
                            strcmp(auth_username, "root") == 0 ? "root"
                                                               : "password",
                            ticket, why);
    if (ph_parse_u64(auth_uid, 0, UINT32_MAX - 1, &uid) != PH_OK)
        return ph_why_fail(why, PH_ERR_DENIED,
                           "CUPS gave a user number that is none");
    return resolve_uid((uid_t)uid, auth_username, ticket, why);
}
